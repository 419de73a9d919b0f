//! The binary `capstan` as a person or a script meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod duty;
mod help;
mod history;
mod keys;
mod node;
mod run;
mod start;
mod support;
