//! One event, applied: a pure function of the state so far and of chain data.
//!
//! The order of the checks is the published one, because a registration that is refused still uses up the owner's nonce
//! from the second step on, and the next registration is judged by it. Nothing may be refused here that other nodes accept:
//! share keys that are no points, shares that do not interpolate and foreign ciphertexts are none of our business.

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts_abi::RegistryEvent;
use crypto::bls::SecretKey;
use crypto::rsa::ShareError;
use types::{Address, OperatorId, PublicKeyBytes, SignatureBytes};

use crate::blob::ShareBlob;
use crate::ports::ShareDecryptor;
use crate::rows::{Member, OperatorRow, OwnerRow, ShareRow, ValidatorRow};
use crate::state::{Change, Changed, State, cluster_of};

/// Why an event was skipped. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(u8)]
pub enum Malformed {
    /// Topics or data do not fit the event. Without any effect.
    #[error("topics or data do not fit the event")]
    Undecodable = 1,
    /// An operator with this id exists.
    #[error("the operator id exists already")]
    OperatorExists = 2,
    /// Another operator has this key.
    #[error("the operator key is that of another operator")]
    OperatorKeyTaken = 3,
    /// No operator has this id.
    #[error("no operator has this id")]
    OperatorUnknown = 4,
    /// A registration without operators.
    #[error("the registration names no operators")]
    CommitteeEmpty = 5,
    /// More than 13 operators.
    #[error("the registration names more than 13 operators")]
    CommitteeTooLarge = 6,
    /// Not 4, 7, 10 or 13 operators.
    #[error("the registration names another number of operators than 4, 7, 10 or 13")]
    CommitteeSize = 7,
    /// An operator twice.
    #[error("the registration names an operator twice")]
    CommitteeDuplicate = 8,
    /// An operator that does not exist.
    #[error("the registration names an operator that does not exist")]
    CommitteeUnknown = 9,
    /// The shares have another length than the committee needs.
    #[error("the shares have the wrong length for this committee")]
    SharesLength = 10,
    /// Signature or validator key are none, or the signature is over another owner or nonce.
    #[error("the owner-nonce signature does not verify")]
    Signature = 11,
    /// The validator belongs to another owner.
    #[error("the validator is registered by another owner")]
    OtherOwner = 12,
    /// Our own share does not decrypt to what was registered. Malformed for this operator alone.
    #[error("our own share cannot be used")]
    OwnShare = 13,
    /// No validator has this key.
    #[error("no validator has this key")]
    ValidatorUnknown = 14,
}

impl Malformed {
    /// The number in the database.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The state changed as the event says.
    Applied,
    /// The event is in order and changes nothing.
    Unchanged,
    /// An exit is asked for.
    Exit {
        /// Of this validator.
        validator: PublicKeyBytes,
    },
    /// The event breaks a rule. What it changed until then stays.
    Skipped(Malformed),
    /// An event that no node acts upon.
    Ignored,
}

/// Outcome, changes, and the secret of our share if the event brought one.
pub(crate) struct Applied {
    pub changes: Vec<Change>,
    pub outcome: Outcome,
    pub secret: Option<SecretKey>,
}

/// What an event is judged with, besides the state.
pub(crate) struct Judge<'a> {
    /// The text of our own operator's key, as it would be registered.
    pub own_text: &'a [u8],
    /// Opens our own shares.
    pub decryptor: &'a dyn ShareDecryptor,
    /// Whether a signature ties a validator key to an owner and nonce.
    pub owner_nonce: &'a dyn Fn(&PublicKeyBytes, &SignatureBytes, &Address, u16) -> bool,
}

/// Applies one event. The changes are not entered into the state.
pub(crate) fn apply(state: &State, event: &RegistryEvent, judge: &Judge<'_>) -> Applied {
    let mut changes = Vec::new();
    let mut secret = None;
    let outcome = match event {
        RegistryEvent::OperatorAdded { operator_id, owner, public_key, fee: _ } => {
            operator_added(state, OperatorId(*operator_id), *owner, public_key, &mut changes)
        }
        RegistryEvent::OperatorRemoved { operator_id } => {
            operator_removed(state, OperatorId(*operator_id), &mut changes)
        }
        RegistryEvent::ValidatorAdded { owner, operator_ids, public_key, shares, cluster: _ } => {
            let registration = Registration { owner: *owner, operator_ids, public_key, shares };
            validator_added(state, &registration, judge, &mut changes, &mut secret)
        }
        RegistryEvent::ValidatorRemoved { owner, public_key, operator_ids: _, cluster: _ } => {
            validator_removed(state, *owner, public_key, &mut changes)
        }
        RegistryEvent::ValidatorExited { owner, public_key, operator_ids: _ } => {
            known(state, *owner, public_key).map(|row| Outcome::Exit { validator: row.key })
        }
        RegistryEvent::ClusterLiquidated { owner, operator_ids, cluster: _ } => {
            Ok(set_liquidated(state, *owner, operator_ids, true, &mut changes))
        }
        RegistryEvent::ClusterReactivated { owner, operator_ids, cluster: _ } => {
            Ok(set_liquidated(state, *owner, operator_ids, false, &mut changes))
        }
        RegistryEvent::FeeRecipientAddressUpdated { owner, recipient } => {
            Ok(fee_recipient_updated(state, *owner, *recipient, &mut changes))
        }
        RegistryEvent::ClusterDeposited { .. }
        | RegistryEvent::ClusterWithdrawn { .. }
        | RegistryEvent::ClusterMigratedToEth { .. }
        | RegistryEvent::ClusterBalanceUpdated { .. }
        | RegistryEvent::Ignored { .. } => Ok(Outcome::Ignored),
    };
    Applied { changes, outcome: outcome.unwrap_or_else(Outcome::Skipped), secret }
}

fn operator_added(
    state: &State,
    id: OperatorId,
    owner: Address,
    public_text: &[u8],
    changes: &mut Vec<Change>,
) -> Result<Outcome, Malformed> {
    if state.operators.contains_key(&id) {
        return Err(Malformed::OperatorExists);
    }
    if state.operator_with(public_text).is_some() {
        return Err(Malformed::OperatorKeyTaken);
    }
    let row = Arc::new(OperatorRow { id, owner, public_text: public_text.to_vec() });
    changes.push(Change::Operator(Changed { key: id, before: None, after: Some(row) }));
    Ok(Outcome::Applied)
}

fn operator_removed(state: &State, id: OperatorId, changes: &mut Vec<Change>) -> Result<Outcome, Malformed> {
    let row = state.operators.get(&id).ok_or(Malformed::OperatorUnknown)?;
    changes.push(Change::Operator(Changed { key: id, before: Some(Arc::clone(row)), after: None }));
    Ok(Outcome::Applied)
}

struct Registration<'a> {
    owner: Address,
    operator_ids: &'a [u64],
    public_key: &'a [u8],
    shares: &'a [u8],
}

fn validator_added(
    state: &State,
    registration: &Registration<'_>,
    judge: &Judge<'_>,
    changes: &mut Vec<Change>,
    secret: &mut Option<SecretKey>,
) -> Result<Outcome, Malformed> {
    let owner = registration.owner;
    let nonce = state.next_nonce(&owner);
    changes.push(bump(state, owner));
    check_committee(state, registration.operator_ids)?;
    let blob = ShareBlob::split(registration.shares, registration.operator_ids.len())
        .ok_or(Malformed::SharesLength)?;
    let key = PublicKeyBytes::try_from(registration.public_key).map_err(|_| Malformed::Signature)?;
    if !(judge.owner_nonce)(&key, &blob.signature, &owner, nonce) {
        return Err(Malformed::Signature);
    }
    if let Some(row) = state.validators.get(&key) {
        return if row.owner == owner { Ok(Outcome::Unchanged) } else { Err(Malformed::OtherOwner) };
    }
    let operators = registration.operator_ids.iter().map(|id| OperatorId(*id));
    let committee = operators.zip(blob.keys()).map(|(operator, share)| Member { operator, share }).collect();
    let row = Arc::new(ValidatorRow { key, owner, committee, liquidated: false });
    changes.push(Change::Validator(Changed { key, before: None, after: Some(Arc::clone(&row)) }));
    let own = state.operator_with(judge.own_text).and_then(|own| own_part(&row, &blob, own));
    let Some((share, ciphertext)) = own else { return Ok(Outcome::Applied) };
    let opened: Result<SecretKey, ShareError> = judge.decryptor.decrypt(ciphertext, &share);
    let stored = Arc::new(ShareRow { usable: opened.is_ok(), ciphertext: ciphertext.to_vec() });
    changes.push(Change::Share(Changed { key, before: None, after: Some(stored) }));
    *secret = Some(opened.map_err(|_| Malformed::OwnShare)?);
    Ok(Outcome::Applied)
}

/// Share key and ciphertext of our operator.
fn own_part<'a>(
    row: &ValidatorRow,
    blob: &ShareBlob<'a>,
    own: OperatorId,
) -> Option<(PublicKeyBytes, &'a [u8])> {
    let position = row.committee.iter().position(|member| member.operator == own)?;
    Some((row.committee.get(position)?.share, blob.ciphertexts().nth(position)?))
}

fn check_committee(state: &State, ids: &[u64]) -> Result<(), Malformed> {
    match ids.len() {
        0 => return Err(Malformed::CommitteeEmpty),
        4 | 7 | 10 | 13 => {}
        14.. => return Err(Malformed::CommitteeTooLarge),
        _ => return Err(Malformed::CommitteeSize),
    }
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err(Malformed::CommitteeDuplicate);
    }
    if !ids.iter().all(|id| state.operators.contains_key(&OperatorId(*id))) {
        return Err(Malformed::CommitteeUnknown);
    }
    Ok(())
}

/// Uses up one nonce; the first registration of an owner makes it its own fee recipient.
fn bump(state: &State, owner: Address) -> Change {
    let before = state.owners.get(&owner).copied();
    let row = before.unwrap_or(OwnerRow { owner, fee_recipient: owner, next_nonce: 0 });
    let after = Some(OwnerRow { next_nonce: row.next_nonce.wrapping_add(1), ..row });
    Change::Owner(Changed { key: owner, before, after })
}

/// The validator with this key, if it belongs to the owner.
fn known<'s>(state: &'s State, owner: Address, key: &[u8]) -> Result<&'s Arc<ValidatorRow>, Malformed> {
    let key = PublicKeyBytes::try_from(key).map_err(|_| Malformed::ValidatorUnknown)?;
    let row = state.validators.get(&key).ok_or(Malformed::ValidatorUnknown)?;
    if row.owner == owner { Ok(row) } else { Err(Malformed::OtherOwner) }
}

fn validator_removed(
    state: &State,
    owner: Address,
    key: &[u8],
    changes: &mut Vec<Change>,
) -> Result<Outcome, Malformed> {
    let row = known(state, owner, key)?;
    changes.push(Change::Validator(Changed { key: row.key, before: Some(Arc::clone(row)), after: None }));
    if let Some(share) = state.shares.get(&row.key) {
        changes.push(Change::Share(Changed { key: row.key, before: Some(Arc::clone(share)), after: None }));
    }
    Ok(Outcome::Applied)
}

fn set_liquidated(
    state: &State,
    owner: Address,
    ids: &[u64],
    liquidated: bool,
    changes: &mut Vec<Change>,
) -> Outcome {
    let id = cluster_of(owner, ids.to_vec());
    let rows = state.cluster(&id).filter_map(|key| state.validators.get(key));
    for row in rows.filter(|row| row.liquidated != liquidated) {
        let after = Some(Arc::new(ValidatorRow { liquidated, ..ValidatorRow::clone(row) }));
        changes.push(Change::Validator(Changed { key: row.key, before: Some(Arc::clone(row)), after }));
    }
    if changes.is_empty() { Outcome::Unchanged } else { Outcome::Applied }
}

fn fee_recipient_updated(
    state: &State,
    owner: Address,
    recipient: Address,
    changes: &mut Vec<Change>,
) -> Outcome {
    let before = state.owners.get(&owner).copied();
    if before.is_some_and(|row| row.fee_recipient == recipient) {
        return Outcome::Unchanged;
    }
    let next_nonce = before.map_or(0, |row| row.next_nonce);
    let after = Some(OwnerRow { owner, fee_recipient: recipient, next_nonce });
    changes.push(Change::Owner(Changed { key: owner, before, after }));
    Outcome::Applied
}
