//! Every journey in one binary: the stack is linked once, and while one test waits others run.
//!
//! Each file says what it shows. A test starts a world of its own; a test that reads the log gets the lines of its own
//! thread (`mooring_tests_logs`).

mod access_log;
mod answers;
mod attacks;
mod bad_days;
mod bad_input;
mod calls;
mod canaries;
mod crashes;
mod fences;
mod journeys;
mod latency;
mod limits;
mod request_ids;
mod rights;
mod snapshot;
mod syncs;
mod ttl;
mod webhooks;
