//! The conductor: slot clock, schedule, one task per committee, effects in their order, duty ledger.
//!
//! ```text
//! directory (registry)   roster, book (beacon)          intake (network)
//!          \                  |                              |
//!           schedule, plan: the duties of each committee     |
//!                     |  Prepare, Begin                      |  Message
//!                     v                                      v
//!              committee: one task, one bounded mailbox, one machine a duty
//!                     |  effects
//!                     v
//!              interpret: durable -> sign -> publish -> timers -> submit
//! ```
//!
//! [`Conductor::start`] starts all of it; [`Conductor::status`] and [`Conductor::duties`] tell how it goes.

mod arming;
mod assign;
mod book;
mod books;
mod changes;
mod clock;
mod clock_offset;
mod committee;
mod conductor;
mod context;
mod course;
mod directory;
mod doppelganger;
mod drops;
mod duties;
mod duty_sight;
mod early;
mod exits;
mod fetch;
mod guards;
mod hearing;
mod identity;
mod inclusion;
mod intake;
mod interpret;
mod ledger;
mod listen;
mod lookout;
mod machine;
mod memo;
mod plan;
mod pool;
mod proposals;
mod recipients;
mod registrations;
mod roster;
mod routes;
mod run;
mod schedule;
mod second_copy;
mod sight;
mod signer;
mod starts;
mod submit;
mod survey;
mod tasks;
mod together;
mod views;
mod window;
mod worth;

pub use arming::{Armory, Justified};
pub use clock::{SlotClock, unix_micros, unix_millis};
pub use clock_offset::ClockState;
pub use conductor::{Conductor, Parts, Safety, StartError, Status};
pub use directory::{Committee, Directory, OwnValidator};
pub use doppelganger::Observation;
pub use identity::{Identity, SignError};
pub use intake::{Crowd, Gate, Porter, SignerKeys, believe};
pub use ledger::{Balance, Ledger};
pub use pool::{CryptoPool, PoolClosed, PoolError};
pub use proposals::Proposals;
pub use recipients::{Difference, Disagreement};
pub use second_copy::SecondCopy;
pub use survey::Surveyor;
