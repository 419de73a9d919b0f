//! The registry of local networks: is the committed code what the sources compile to, and does it do on a real
//! execution client what the real registry does?

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail the test")]

mod artifact;
mod calls;
mod dev_tools;
mod operators;
mod support;
mod validators;
mod worked;
