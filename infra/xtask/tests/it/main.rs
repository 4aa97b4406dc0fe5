//! The committed files are those that the chores write, and the local runner agrees with the template.

mod docs;
mod mail;
mod new;
mod openapi;
mod promises;
mod queues;
mod released;
