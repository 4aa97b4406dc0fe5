//! The contract of the adapters, over the real SDK clients and the services of the run: by default the work-alikes in
//! this process, otherwise the endpoints that variables name (`second_opinions.py`). One behaviour, one test.

#![expect(clippy::unwrap_used, reason = "a test that is wrong has to stop at once")]

mod queue;
mod store;
mod vault;
