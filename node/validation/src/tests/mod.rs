//! One message just inside and one just outside of every rule.

mod address;
mod consensus;
mod envelope;
mod fork;
mod inventory;
mod page;
mod partial;
mod repetition;
mod robust;
mod state;
mod world;
