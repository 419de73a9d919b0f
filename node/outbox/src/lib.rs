//! What happened, told once, durably, to whoever subscribed.
//!
//! * [`DutyRecord`]: one duty of one validator, as the API shows it and the journal keeps it;
//! * [`DutyLog`]: the journal's table of duties. A duty is written when it is scheduled and again when it has ended, so that a
//!   node that was killed knows at its next start which duties it left behind.
//! * [`figures`]: the sums over all records of a running node, for metrics.
//!
//! **Bound**: the log keeps [`DutyLog::KEEP_SLOTS`] slots, and [`DutyLog::KEEP_BYTES`] bytes of records; the oldest slots are removed
//! with the writes of newer ones.

pub mod figures;
mod log;
mod record;
mod steps;

pub use figures::Figures;
pub use log::{DutyLog, LogError};
pub use record::{DutyRecord, DutyRole, Outcome};
pub use steps::{Heard, Inclusion, MAX_OPERATORS, Micros, RoundSpan, StartCause, Times, quorum_time};
