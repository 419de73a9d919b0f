//! The beacon node of the runner vectors: what it answers, and the root under which it files what it is given.

use anyhow::{Context, Result, anyhow};
use duty::runner::{Aggregate, Domains, Submission};
use duty::{AttestationIndex, OwnView, SignedObject, SigningObject, Watermark};
use ssz::{BitList, BitVector};
use tree_hash_derive::TreeHash;
use types::beacon::{
    AnyAttestation, AnyContribution, AnyProposedBlock, Attestation, AttestationData, AttestationElectra,
    SingleAttestation, SyncCommitteeContribution, SyncCommitteeMessage,
};
use types::signing::{BeaconDomainType, signing_root};
use types::{
    BeaconFork, BeaconVote, Checkpoint, CommitteeIndex, Epoch, PresetName, Root, SignatureBytes, Slot,
    TreeHash,
};

use crate::suite::Archive;

/// Slots of an epoch.
pub(super) const SLOTS_PER_EPOCH: u64 = 32;

/// The block root of every test: 1 to 10, repeated.
fn test_root() -> Root {
    let mut root = [0; 32];
    for (byte, value) in root.iter_mut().zip((1..=10).cycle()) {
        *byte = value;
    }
    Root::from(root)
}

/// What the beacon node votes for, whatever the slot. Nothing was signed before.
pub(super) fn view(shares: usize) -> OwnView {
    let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: test_root() };
    let vote = BeaconVote { block_root: test_root(), source: checkpoint(0), target: checkpoint(1) };
    OwnView { vote, watermarks: vec![Watermark { source: Epoch(0), target: Epoch(0) }; shares] }
}

/// Where the forks of the vectors' chain begin.
const FORKS: [(u64, BeaconFork); 6] = [
    (242_000, BeaconFork::Fulu),
    (232_000, BeaconFork::Electra),
    (231_680, BeaconFork::Deneb),
    (162_304, BeaconFork::Capella),
    (144_896, BeaconFork::Bellatrix),
    (74_240, BeaconFork::Altair),
];

/// The fork at a slot.
pub(super) fn fork_at(slot: Slot) -> BeaconFork {
    let epoch = slot.get() / SLOTS_PER_EPOCH;
    FORKS.iter().find(|(first, _)| epoch >= *first).map_or(BeaconFork::Phase0, |(_, fork)| *fork)
}

fn has_electra(slot: Slot) -> bool {
    fork_at(slot).has_electra_attestations()
}

/// The block of a slot: always the full one of its fork, as the vectors of the types show it.
pub(super) fn block(archive: &Archive, slot: Slot) -> Result<AnyProposedBlock> {
    let fork = fork_at(slot);
    let bytes = archive.blocks.get(&fork).with_context(|| format!("no vector has a block of {fork:?}"))?;
    Ok(AnyProposedBlock::of_ssz(PresetName::Mainnet, fork, false, bytes)?)
}

/// The slot in the data of every aggregate before Electra, and from Electra on.
const AGGREGATE_SLOTS: [Slot; 2] = [Slot(12), Slot(7_424_012)];
/// The beacon committee of every aggregate before Electra, and its size.
const AGGREGATE_COMMITTEE: CommitteeIndex = CommitteeIndex(3);
const COMMITTEE_SIZE: usize = 128;

/// Nobody's bits; the two kinds of lists differ in their limit.
macro_rules! no_bits {
    () => {
        BitList::with_capacity(COMMITTEE_SIZE).map_err(|error| anyhow!("{error:?}"))
    };
}

/// The aggregate of a slot, whatever the beacon committee.
pub(super) fn aggregate(slot: Slot) -> Result<Aggregate> {
    let vote = view(0).vote;
    let signature = SignatureBytes::default();
    let [before, since] = AGGREGATE_SLOTS;
    if has_electra(slot) {
        let data = AttestationData::of_vote(&vote, since, CommitteeIndex(0));
        let (aggregation_bits, committee_bits) = (no_bits!()?, BitVector::new());
        let aggregate = AttestationElectra { aggregation_bits, data, signature, committee_bits };
        return Ok(Aggregate::Electra(AnyAttestation::Mainnet(aggregate)));
    }
    let data = AttestationData::of_vote(&vote, before, AGGREGATE_COMMITTEE);
    Ok(Aggregate::Phase0(Attestation { aggregation_bits: no_bits!()?, data, signature }))
}

/// The contribution of a subcommittee, whatever the slot.
pub(super) fn contribution(subcommittee_index: u64) -> AnyContribution {
    let [slot, _] = AGGREGATE_SLOTS;
    AnyContribution::Mainnet(SyncCommitteeContribution {
        slot,
        beacon_block_root: test_root(),
        subcommittee_index,
        aggregation_bits: BitVector::new(),
        signature: SignatureBytes::default(),
    })
}

/// The signed form of any object has this root.
#[derive(TreeHash)]
struct SignedRoot {
    message: Root,
    signature: SignatureBytes,
}

/// The roots under which the beacon node files these.
pub(super) fn submission_roots(submission: &Submission) -> Vec<Root> {
    match submission {
        Submission::Block { proposal, .. } => vec![proposal.root()],
        Submission::Objects(objects) => objects
            .iter()
            .map(|signed| {
                SignedRoot { message: signed.object.root(), signature: signed.signature }.tree_hash_root()
            })
            .collect(),
    }
}

/// Which committee index attestations of a slot carry.
pub(super) fn attestation_index(slot: Slot) -> AttestationIndex {
    if has_electra(slot) { AttestationIndex::Zero } else { AttestationIndex::OfDuty }
}

/// What a share signs for this object.
pub(super) fn root_to_sign(object: &SigningObject) -> Root {
    match object {
        SigningObject::Attestation(data) => {
            signing_root(data.tree_hash_root(), Domains::default().of(BeaconDomainType::Attester))
        }
        SigningObject::SyncMessage(root) => {
            signing_root(*root, Domains::default().of(BeaconDomainType::SyncCommittee))
        }
    }
}

/// The root under which the beacon node files this object.
pub(super) fn submission_root(object: &SignedObject) -> Result<Root> {
    let SignedObject { duty, object, signature } = object;
    let data = match object {
        SigningObject::SyncMessage(root) => {
            let message = SyncCommitteeMessage {
                slot: duty.slot,
                beacon_block_root: *root,
                validator_index: duty.validator_index,
                signature: *signature,
            };
            return Ok(message.tree_hash_root());
        }
        SigningObject::Attestation(data) => *data,
    };
    if has_electra(duty.slot) {
        let attestation = SingleAttestation {
            committee_index: duty.committee_index,
            attester_index: duty.validator_index,
            data,
            signature: *signature,
        };
        return Ok(attestation.tree_hash_root());
    }
    let length = usize::try_from(duty.committee_length)?;
    let place = usize::try_from(duty.validator_committee_index)?;
    let mut aggregation_bits = BitList::with_capacity(length).map_err(|error| anyhow!("{error:?}"))?;
    aggregation_bits
        .set(place, true)
        .map_err(|error| anyhow!("{error:?}"))
        .context("place in the committee")?;
    Ok(Attestation { aggregation_bits, data, signature: *signature }.tree_hash_root())
}
