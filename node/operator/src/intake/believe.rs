//! From bytes to belief: the rules, the signatures, and the memory of what was seen. The one way a message takes in the node and in its
//! benchmark.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qbft::{CommitteeKeys, VerifySigner};
use types::{CommitteeId, OperatorId, Slot};
use validation::{Candidate, Context, Inbound, Refusal, SeenState};

/// Finds the parsed keys of a committee.
pub trait SignerKeys {
    /// The keys of the committee all of whose `signers` are still registered.
    ///
    /// # Errors
    /// [`Refusal::NonExistentCommittee`] or [`Refusal::UnknownOperator`]: who left the registry a moment ago is unknown, and nobody is to
    /// blame for relaying him.
    fn keys_of(&self, committee: CommitteeId, signers: &[OperatorId]) -> Result<Arc<CommitteeKeys>, Refusal>;
}

/// Decides whether a message is believed, and remembers it if so. Blocks for as long as its RSA signatures take (12 microseconds each):
/// for the crypto pool. The memory is locked twice for a moment, never while bytes are decoded, hashed or verified. `now` is the slot
/// of the wall clock.
///
/// # Errors
/// The first rule that it breaks; it has left no trace then. A duplicate is refused before any signature is looked at.
pub fn believe(
    context: &Context<'_>,
    seen: &Mutex<SeenState>,
    keys: &impl SignerKeys,
    inbound: &Inbound<'_>,
    now: Slot,
) -> Result<Candidate, Refusal> {
    let examined = context.examine(inbound)?;
    let candidate = examined.judge(&lock(seen))?;
    let keys = keys.keys_of(candidate.committee, &candidate.message.operator_ids)?;
    let mut checks = candidate.signature_checks();
    if !checks.all(|check| keys.verify(check.signer, &check.digest, check.signature)) {
        return Err(Refusal::SignatureVerification);
    }
    drop(checks);
    // Another message may have come in between: the state is looked at once more.
    lock(seen).commit(&candidate.update, now)?;
    Ok(candidate)
}

fn lock(seen: &Mutex<SeenState>) -> MutexGuard<'_, SeenState> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
