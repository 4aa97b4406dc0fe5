//! What the chores write is what is committed, and what the local runner and the template both say is the same.

mod mail;
mod openapi;
mod promises;
mod queues;
