//! Key shares and signing history: the only place a validator signature is made.
//!
//! # Rules
//!
//! 1. **No slashable signature without a permit.** [`Vault::permit_attestations`] and [`Vault::permit_blocks`] check and
//!    record a whole committee and slot in one transaction of the signing history, and return only when it is on disk.
//!    [`Vault::sign_many`] takes the permits and uses them up. A [`Permit`] cannot be made, copied or read from bytes
//!    outside this crate. What nobody can be slashed for ([`Object`], sync committee messages) needs none.
//! 2. **The vault computes what it signs.** Requests are typed objects; their domain and signing root are computed here from
//!    the chain the history is bound to. Nothing signs bytes, or a root that a caller brings.
//! 3. **Three answers.** Safe, the same data again (safe as well: the signature would be the same), or refused because.
//!    See [`rules`].
//! 4. **A missing record refuses.** A share signs only after it was armed with a floor ([`floor`]), durably.
//! 5. **A failed write stops the signer.** Shares whose record could not be written sign nothing more, slashable or not,
//!    until the node is started again: [`Refused::Stopped`], and [`Vault::stopped`] makes the readiness red.
//! 6. **Consensus is a promise too.** [`Vault::begin_consensus`] records the slot before the first own message of it; a node that
//!    restarts does not speak twice for one slot.
//! 7. **An exit needs a request.** It cannot be taken back, so it is signed only while the history holds the owner's request for
//!    it ([`Vault::put_exit`]), which survives a restart.
//! 8. Secrets live in memory only, in one place ([`Vault::arm`] moves them in), zeroized when dropped.
//!
//! # The records
//!
//! The history keeps one row of marks per share: the highest source, target and block slot it signed, which is the
//! "minimal" strategy of EIP-3076. Next to it stand the latest votes one by one, with their signing root: they let a
//! repeated request be told from a second vote, and they let anyone see that no history holds two votes for a target
//! ([`interchange::show`]). The key is the share's public key, since that is what signs (ssv `ssvsigner/ekm`).
//!
//! # Deviations from the Go node
//!
//! * Marks survive the removal of a validator; the Go node deletes them and relies on the floor at the next addition.
//! * The same vote may be signed again, as EIP-3076 allows; the Go node refuses it.
//! * The floor follows the justified epoch of a synced beacon node; see [`floor`] for why that is safe.

mod error;
mod exits;
#[cfg(feature = "faulty-disk")]
mod faulty_disk;
pub mod floor;
mod history;
pub mod interchange;
mod keys;
mod object;
mod permit;
pub mod rules;
mod sign;
mod vault;

pub use error::{ArmError, HistoryError, Refused};
pub use exits::{ExitError, MAX_PENDING, PendingExit};
pub use floor::Floor;
pub use history::Marks;
pub use keys::ArmShare;
pub use object::{Object, ObjectRequest};
pub use permit::{AttestationRequest, BlockRequest, Permit, Signer};
pub use sign::Signed;
pub use vault::{Arming, Consensus, HistoryMark, Vault};

#[cfg(test)]
mod tests;
