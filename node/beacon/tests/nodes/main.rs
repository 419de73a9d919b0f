//! The beacon nodes of the crate against real HTTP servers that say what the test tells them to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod aggregation;
mod blocks;
mod choice;
mod clock;
mod connect;
mod events;
mod reads;
mod submit;
mod support;
mod votes;
mod wishes;
