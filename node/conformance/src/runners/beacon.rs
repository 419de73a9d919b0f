//! The beacon node of the runner vectors: what it answers, and the root under which it files what it is given.

use anyhow::{Context, Result, anyhow};
use duty::{AttestationIndex, OwnView, SignedObject, SigningObject, Watermark};
use ssz::BitList;
use types::beacon::{Attestation, SingleAttestation, SyncCommitteeMessage};
use types::signing::{BeaconDomain, BeaconDomainType, compute_domain, signing_root};
use types::{BeaconVote, Checkpoint, Epoch, ForkVersion, Root, Slot, TreeHash};

/// The first epoch of Electra in the vectors.
const ELECTRA_EPOCH: u64 = 232_000;
const SLOTS_PER_EPOCH: u64 = 32;

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

/// The domain of a kind: always of fork version zero and genesis root zero.
pub(super) fn domain(kind: BeaconDomainType) -> BeaconDomain {
    compute_domain(kind, ForkVersion::default(), Root::ZERO)
}

fn has_electra(slot: Slot) -> bool {
    slot.get() / SLOTS_PER_EPOCH >= ELECTRA_EPOCH
}

/// Which committee index attestations of a slot carry.
pub(super) fn attestation_index(slot: Slot) -> AttestationIndex {
    if has_electra(slot) { AttestationIndex::Zero } else { AttestationIndex::OfDuty }
}

/// What a share signs for this object.
pub(super) fn root_to_sign(object: &SigningObject) -> Root {
    match object {
        SigningObject::Attestation(data) => {
            signing_root(data.tree_hash_root(), domain(BeaconDomainType::Attester))
        }
        SigningObject::SyncMessage(root) => signing_root(*root, domain(BeaconDomainType::SyncCommittee)),
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
