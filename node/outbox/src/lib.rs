//! What happened, told once, durably, to whoever subscribed.
//!
//! * [`DutyRecord`]: one duty of one validator, as the API shows it and the journal keeps it;
//! * [`DutyLog`]: the journal's table of duties. A duty is written when it is scheduled and again when it has ended, so that a
//!   node that was killed knows at its next start which duties it left behind.
//!
//! **Bound**: the log keeps [`DutyLog::KEEP_SLOTS`] slots; older ones are removed with the writes of newer ones.

mod log;
mod record;

pub use log::{DutyLog, LogError};
pub use record::{DutyRecord, DutyRole, Micros, Outcome, StartCause};
