//! The committed files are those that the chores write, and the local runner agrees with the template.

mod mail;
mod new;
mod openapi;
mod promises;
mod queues;
mod released;
