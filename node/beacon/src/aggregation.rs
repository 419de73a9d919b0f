//! Aggregates and sync committee contributions: had from the best node that has any, submitted to all.
//!
//! A node that has collected nothing says 404, and the next one is asked at once; when all say so the duty cannot be completed, and
//! nobody is at fault ([`BeaconError::is_not_found`]). Answers are held against the question: an aggregate of other data or of another
//! committee would be signed in vain.

use crate::broadcast::Submission;
use crate::call::Call;
use crate::error::{BeaconError, CallError};
use crate::http::{Encoding, Reply, Request};
use crate::nodes::{BeaconNodes, encode};
use crate::state::{Data, read_json};
use types::beacon::{
    AnyAttestation, AnyContribution, Attestation, AttestationElectra, SignedAggregate, SignedContribution,
    SyncCommitteeContribution,
};
use types::preset::{ByPreset, Preset};
use types::{BeaconFork, CommitteeIndex, Decode, DecodeError, PresetName, Root, Slot, TreeHash};

/// An aggregate in the layout of its fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// Before Electra.
    Phase0(Attestation),
    /// From Electra on.
    Electra(AnyAttestation),
}

impl BeaconNodes {
    /// The aggregate of one beacon committee's votes for the attestation data of this root, in a slot of `fork`.
    ///
    /// # Errors
    /// See [`BeaconError`]; [`BeaconError::is_not_found`] when no node has collected any.
    pub async fn aggregate(
        &self,
        slot: Slot,
        fork: BeaconFork,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> Result<Aggregate, BeaconError> {
        let preset = self.preset(Call::Aggregate)?;
        let path = format!(
            "/eth/v2/validator/aggregate_attestation?attestation_data_root={data_root}&slot={}&committee_index={}",
            slot.0, committee.0
        );
        let read = |reply: &Reply| {
            let aggregate = read_aggregate(reply, fork, preset)?;
            answers(&aggregate, slot, data_root, committee)?;
            Ok(aggregate)
        };
        self.read(Call::Aggregate, Request::get(path).prefer_ssz(), read).await
    }

    /// The votes of one sync subcommittee for this head block.
    ///
    /// # Errors
    /// See [`BeaconError`]; [`BeaconError::is_not_found`] when no node has collected any.
    pub async fn contribution(
        &self,
        slot: Slot,
        subcommittee: u64,
        block_root: Root,
    ) -> Result<AnyContribution, BeaconError> {
        let preset = self.preset(Call::Contribution)?;
        let path = format!(
            "/eth/v1/validator/sync_committee_contribution?slot={}&subcommittee_index={subcommittee}&beacon_block_root={block_root}",
            slot.0
        );
        let read = |reply: &Reply| {
            let contribution = match preset {
                PresetName::Mainnet => ByPreset::Mainnet(object(reply)?),
                PresetName::Minimal => ByPreset::Minimal(object(reply)?),
            };
            let found = match &contribution {
                ByPreset::Mainnet(contribution) => about(contribution),
                ByPreset::Minimal(contribution) => about(contribution),
            };
            if found == (slot, subcommittee, block_root) {
                return Ok(contribution);
            }
            Err(CallError::Malformed("the contribution of another slot, subcommittee or head".into()))
        };
        self.read(Call::Contribution, Request::get(path).prefer_ssz(), read).await
    }

    /// Submits signed aggregates of one slot of `fork` to every node.
    ///
    /// # Errors
    /// See [`BeaconError`]. A batch that is accepted in part is no error: look at [`Submission::refused`].
    pub async fn submit_aggregates(
        &self,
        fork: BeaconFork,
        aggregates: &[SignedAggregate],
    ) -> Result<Submission, BeaconError> {
        let call = Call::SubmitAggregates;
        if aggregates.is_empty() {
            return Err(BeaconError::Unsendable { call, why: "an empty batch" });
        }
        if !aggregates.iter().all(|aggregate| aggregate.fits(fork)) {
            return Err(BeaconError::Unsendable {
                call,
                why: "the aggregates are not in the form of the fork",
            });
        }
        let body = encode(call, aggregates)?;
        let request = Request::post("/eth/v2/validator/aggregate_and_proofs".into(), body);
        self.submit(call, request.version(fork.name())).await
    }

    /// Submits signed contributions of one slot to every node.
    ///
    /// # Errors
    /// As [`Self::submit_aggregates`].
    pub async fn submit_contributions(
        &self,
        contributions: &[SignedContribution],
    ) -> Result<Submission, BeaconError> {
        let call = Call::SubmitContributions;
        if contributions.is_empty() {
            return Err(BeaconError::Unsendable { call, why: "an empty batch" });
        }
        let body = encode(call, contributions)?;
        self.submit(call, Request::post("/eth/v1/validator/contribution_and_proofs".into(), body)).await
    }
}

/// One object, in SSZ or as the `data` of JSON.
fn object<T: Decode + serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, CallError> {
    let unreadable = |error: DecodeError| CallError::Malformed(format!("not valid SSZ: {error:?}"));
    match reply.encoding {
        Encoding::Ssz => T::from_ssz_bytes(&reply.body).map_err(unreadable),
        Encoding::Json => Ok(read_json::<Data<T>>(reply)?.data),
    }
}

/// The layout follows from the fork of the slot; a node that says otherwise is not believed.
fn read_aggregate(reply: &Reply, fork: BeaconFork, preset: PresetName) -> Result<Aggregate, CallError> {
    if let Some(said) =
        reply.version.filter(|said| said.has_electra_attestations() != fork.has_electra_attestations())
    {
        return Err(CallError::Malformed(format!("an aggregate of {said} in a slot of {fork}")));
    }
    if !fork.has_electra_attestations() {
        return object(reply).map(Aggregate::Phase0);
    }
    match preset {
        PresetName::Mainnet => object(reply).map(ByPreset::Mainnet),
        PresetName::Minimal => object(reply).map(ByPreset::Minimal),
    }
    .map(Aggregate::Electra)
}

fn answers(
    aggregate: &Aggregate,
    slot: Slot,
    data_root: Root,
    committee: CommitteeIndex,
) -> Result<(), CallError> {
    let (data, of_committee) = match aggregate {
        Aggregate::Phase0(aggregate) => (&aggregate.data, aggregate.data.index == committee),
        Aggregate::Electra(ByPreset::Mainnet(aggregate)) => (&aggregate.data, is_of(aggregate, committee)),
        Aggregate::Electra(ByPreset::Minimal(aggregate)) => (&aggregate.data, is_of(aggregate, committee)),
    };
    if data.slot != slot || data.tree_hash_root() != data_root {
        return Err(CallError::Malformed("an aggregate of other attestation data".into()));
    }
    if !of_committee {
        return Err(CallError::Malformed(format!("an aggregate of other committees than {committee}")));
    }
    Ok(())
}

/// Whether an aggregate is of this committee alone, as gossip demands.
fn is_of<P: Preset>(aggregate: &AttestationElectra<P>, committee: CommitteeIndex) -> bool {
    let bits = &aggregate.committee_bits;
    let set = usize::try_from(committee.0).is_ok_and(|index| bits.get(index).unwrap_or(false));
    set && bits.num_set_bits() == 1
}

fn about<P: Preset>(contribution: &SyncCommitteeContribution<P>) -> (Slot, u64, Root) {
    (contribution.slot, contribution.subcommittee_index, contribution.beacon_block_root)
}
