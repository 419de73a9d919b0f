//! Shared by the fixture test and the example that writes fixtures.

pub mod fixture;
pub mod samples;
