//! Key shares on their way from the staker to the registry: `keyshares.json`, format v1.2.0, as the existing tools read
//! and write it.
//!
//! * [`file`] is the format;
//! * [`verify`] checks one validator's entry without asking anyone;
//! * [`split`] makes one from a validator's secret key.
//!
//! The shares inside are encrypted to the operators, so the file is no secret; but an entry is good for one nonce of
//! one owner only.

pub mod file;
mod layout;
pub mod split;
mod time;
pub mod verify;

pub use file::{Item, Keyshares};

#[cfg(test)]
mod tests;
