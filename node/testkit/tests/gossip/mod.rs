//! Real nodes that validate, and messages that are really signed.

pub mod line;
pub mod messages;
