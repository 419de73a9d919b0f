//! Duties as the beacon node assigns them.

use crate::call::Call;
use crate::error::{BeaconError, CallError};
use crate::http::{Reply, Request};
use crate::nodes::{BeaconNodes, encode};
use crate::quoted::Quoted;
use crate::state::read_json;
use serde::Deserialize;
use types::{
    BeaconRole, CommitteeIndex, Epoch, List, OverLimit, PublicKeyBytes, Root, Slot, ValidatorDuty,
    ValidatorIndex,
};

/// One validator's attestation in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttesterDuty {
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// Its index.
    pub validator_index: ValidatorIndex,
    /// The slot to attest in.
    pub slot: Slot,
    /// The beacon committee it sits in.
    pub committee_index: CommitteeIndex,
    /// Members of that committee.
    pub committee_length: u64,
    /// Beacon committees of the slot.
    pub committees_at_slot: u64,
    /// Its place in the committee.
    pub validator_committee_index: u64,
}

/// One validator's seats in a sync committee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncDuty {
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// Its index.
    pub validator_index: ValidatorIndex,
    /// Its seats in the committee, ascending as given; at least one.
    pub seats: Vec<u64>,
}

/// The attester duties of an epoch for the indices asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttesterDuties {
    /// The block these duties depend on: when a head event names another, they are stale.
    pub dependent_root: Root,
    /// Computed on a head that no execution client has verified.
    pub execution_optimistic: bool,
    /// One per active validator asked.
    pub duties: Vec<AttesterDuty>,
}

/// The sync committee duties for the indices asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncDuties {
    /// Computed on a head that no execution client has verified.
    pub execution_optimistic: bool,
    /// One per validator that sits in the committee.
    pub duties: Vec<SyncDuty>,
}

/// One validator's proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposerDuty {
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// Its index.
    pub validator_index: ValidatorIndex,
    /// The slot to propose in.
    pub slot: Slot,
}

/// The proposers of an epoch: of the whole chain, one a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposerDuties {
    /// The block these duties depend on. In the first form of the call it is the last before the epoch, which a head event of the epoch
    /// names as its [`current_duty_dependent_root`](crate::Head::current_duty_dependent_root); in the second, the last before the
    /// epoch before, [`previous_duty_dependent_root`](crate::Head::previous_duty_dependent_root). When a head names neither so,
    /// the duties are stale.
    pub dependent_root: Root,
    /// Computed on a head that no execution client has verified.
    pub execution_optimistic: bool,
    /// In the order of the answer.
    pub duties: Vec<ProposerDuty>,
}

impl From<&ProposerDuty> for ValidatorDuty {
    fn from(duty: &ProposerDuty) -> Self {
        Self {
            role: BeaconRole::Proposer,
            public_key: duty.public_key,
            slot: duty.slot,
            validator_index: duty.validator_index,
            committee_index: CommitteeIndex(0),
            committee_length: 0,
            committees_at_slot: 0,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::default(),
        }
    }
}

impl From<&AttesterDuty> for ValidatorDuty {
    fn from(duty: &AttesterDuty) -> Self {
        Self {
            role: BeaconRole::Attester,
            public_key: duty.public_key,
            slot: duty.slot,
            validator_index: duty.validator_index,
            committee_index: duty.committee_index,
            committee_length: duty.committee_length,
            committees_at_slot: duty.committees_at_slot,
            validator_committee_index: duty.validator_committee_index,
            validator_sync_committee_indices: List::default(),
        }
    }
}

impl SyncDuty {
    /// The duty of one slot of the period.
    ///
    /// # Errors
    /// More seats than the protocol's list holds.
    pub fn at(&self, slot: Slot) -> Result<ValidatorDuty, OverLimit> {
        Ok(ValidatorDuty {
            role: BeaconRole::SyncCommittee,
            public_key: self.public_key,
            slot,
            validator_index: self.validator_index,
            committee_index: CommitteeIndex(0),
            committee_length: 0,
            committees_at_slot: 0,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::new(self.seats.clone())?,
        })
    }
}

impl BeaconNodes {
    /// Attester duties of an epoch (at most one ahead) for these validators. No validators, no call.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn attester_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<AttesterDuties, BeaconError> {
        let call = Call::AttesterDuties;
        let request = indices_request(call, "attester", epoch, indices)?;
        let slots_per_epoch = self.preset(call)?.slots_per_epoch();
        let read = |reply: &Reply| {
            let answer: AttesterDutiesJson = read_json(reply)?;
            let slots = answer.data.iter().map(|duty| duty.slot.0);
            all_in(epoch, slots_per_epoch, slots).map(|()| answer)
        };
        Ok(self.read(call, request, read).await?.into())
    }

    /// Sync committee duties in the period of `epoch` for these validators.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn sync_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<SyncDuties, BeaconError> {
        let request = indices_request(Call::SyncDuties, "sync", epoch, indices)?;
        let answer: SyncDutiesJson = self.read(Call::SyncDuties, request, read_json).await?;
        Ok(answer.into())
    }

    /// The proposers of an epoch (at most one ahead), whoever they belong to. Asked for in the first form of the call, as in the
    /// reference node, and in the second where a node does not have the first any more and no other has answered.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn proposer_duties(&self, epoch: Epoch) -> Result<ProposerDuties, BeaconError> {
        let first = self.proposers("v1", epoch).await;
        match first {
            Err(error) if error.is_not_found_somewhere() => self.proposers("v2", epoch).await,
            answer => answer,
        }
    }

    async fn proposers(&self, form: &str, epoch: Epoch) -> Result<ProposerDuties, BeaconError> {
        let call = Call::ProposerDuties;
        let slots_per_epoch = self.preset(call)?.slots_per_epoch();
        let request = Request::get(format!("/eth/{form}/validator/duties/proposer/{}", epoch.0));
        let read = |reply: &Reply| {
            let answer: ProposerDutiesJson = read_json(reply)?;
            let slots = answer.data.iter().map(|duty| duty.slot.0);
            all_in(epoch, slots_per_epoch, slots).map(|()| answer)
        };
        Ok(self.read(call, request, read).await?.into())
    }
}

/// A node that tells of another epoch is not believed: its duties would never be found under their slots.
fn all_in(epoch: Epoch, slots_per_epoch: u64, mut slots: impl Iterator<Item = u64>) -> Result<(), CallError> {
    match slots.find(|slot| slot.checked_div(slots_per_epoch) != Some(epoch.0)) {
        None => Ok(()),
        Some(slot) => {
            Err(CallError::Malformed(format!("a duty in slot {slot} where epoch {epoch} was asked for")))
        }
    }
}

fn indices_request(
    call: Call,
    kind: &str,
    epoch: Epoch,
    indices: &[ValidatorIndex],
) -> Result<Request, BeaconError> {
    if indices.is_empty() {
        return Err(BeaconError::Unsendable { call, why: "no validators to ask for" });
    }
    let indices: Vec<Quoted> = indices.iter().map(|index| Quoted(index.0)).collect();
    Ok(Request::post(format!("/eth/v1/validator/duties/{kind}/{}", epoch.0), encode(call, &indices)?))
}

#[derive(Deserialize)]
struct AttesterDutiesJson {
    dependent_root: Root,
    #[serde(default)]
    execution_optimistic: bool,
    data: Vec<AttesterDutyJson>,
}

#[derive(Deserialize)]
struct AttesterDutyJson {
    pubkey: PublicKeyBytes,
    validator_index: Quoted,
    slot: Quoted,
    committee_index: Quoted,
    committee_length: Quoted,
    committees_at_slot: Quoted,
    validator_committee_index: Quoted,
}

impl From<AttesterDutiesJson> for AttesterDuties {
    fn from(json: AttesterDutiesJson) -> Self {
        let duties = json.data.into_iter().map(|duty| AttesterDuty {
            public_key: duty.pubkey,
            validator_index: ValidatorIndex(duty.validator_index.0),
            slot: Slot(duty.slot.0),
            committee_index: CommitteeIndex(duty.committee_index.0),
            committee_length: duty.committee_length.0,
            committees_at_slot: duty.committees_at_slot.0,
            validator_committee_index: duty.validator_committee_index.0,
        });
        Self {
            dependent_root: json.dependent_root,
            execution_optimistic: json.execution_optimistic,
            duties: duties.collect(),
        }
    }
}

#[derive(Deserialize)]
struct SyncDutiesJson {
    #[serde(default)]
    execution_optimistic: bool,
    data: Vec<SyncDutyJson>,
}

#[derive(Deserialize)]
struct SyncDutyJson {
    pubkey: PublicKeyBytes,
    validator_index: Quoted,
    validator_sync_committee_indices: Vec<Quoted>,
}

impl From<SyncDutiesJson> for SyncDuties {
    fn from(json: SyncDutiesJson) -> Self {
        let duties = json.data.into_iter().map(|duty| SyncDuty {
            public_key: duty.pubkey,
            validator_index: ValidatorIndex(duty.validator_index.0),
            seats: duty.validator_sync_committee_indices.into_iter().map(|seat| seat.0).collect(),
        });
        Self { execution_optimistic: json.execution_optimistic, duties: duties.collect() }
    }
}

#[derive(Deserialize)]
struct ProposerDutiesJson {
    dependent_root: Root,
    #[serde(default)]
    execution_optimistic: bool,
    data: Vec<ProposerDutyJson>,
}

#[derive(Deserialize)]
struct ProposerDutyJson {
    pubkey: PublicKeyBytes,
    validator_index: Quoted,
    slot: Quoted,
}

impl From<ProposerDutiesJson> for ProposerDuties {
    fn from(json: ProposerDutiesJson) -> Self {
        let duties = json.data.into_iter().map(|duty| ProposerDuty {
            public_key: duty.pubkey,
            validator_index: ValidatorIndex(duty.validator_index.0),
            slot: Slot(duty.slot.0),
        });
        Self {
            dependent_root: json.dependent_root,
            execution_optimistic: json.execution_optimistic,
            duties: duties.collect(),
        }
    }
}
