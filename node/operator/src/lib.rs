//! The conductor: slot clock, schedule, one task per committee, effects in their order, duty ledger.
//!
//! ```text
//! directory (registry)   roster, book (beacon)          intake (network)
//!          \                  |                              |
//!           schedule: a duty for each committee and slot     |
//!                     |  Prepare, Begin                      |  Message
//!                     v                                      v
//!              committee: one task, one bounded mailbox, one machine a slot
//!                     |  effects
//!                     v
//!              interpret: durable -> sign -> publish -> timers -> submit
//! ```
//!
//! [`Conductor::start`] starts all of it; [`Conductor::status`] and [`Conductor::duties`] tell how it goes.

mod arming;
mod book;
mod books;
mod clock;
mod committee;
mod conductor;
mod context;
mod course;
mod directory;
mod drops;
mod duties;
mod hearing;
mod identity;
mod intake;
mod interpret;
mod ledger;
mod listen;
mod pool;
mod roster;
mod routes;
mod run;
mod schedule;
mod second_copy;
mod sight;
mod signer;
mod submit;
mod survey;
mod views;

pub use arming::{Armory, Justified};
pub use clock::{SlotClock, unix_micros, unix_millis};
pub use conductor::{Conductor, Parts, Safety, StartError, Status};
pub use directory::{Committee, Directory, OwnValidator};
pub use identity::{Identity, SignError};
pub use intake::{Crowd, Gate, Porter, SignerKeys, believe};
pub use ledger::{Balance, Ledger};
pub use pool::{CryptoPool, PoolClosed, PoolError};
pub use second_copy::SecondCopy;
pub use survey::Surveyor;
