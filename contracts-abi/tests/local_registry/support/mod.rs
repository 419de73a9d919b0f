//! What tests against a real execution client need: the pinned npm packages, an `anvil`, JSON-RPC, and the local
//! registry deployed on it. `npm.rs` and `anvil.rs` also serve the tests of crates that speak to the registry.

pub mod anvil;
pub mod npm;
pub mod registry;
pub mod rpc;
