//! What validators sign and beacon nodes take.

use types::beacon::{
    AggregateAndProof, AggregateAndProofElectra, Attestation, AttestationData, AttestationElectra,
    BeaconBlockHeader, ContributionAndProof, SignedVoluntaryExit, SingleAttestation,
    SyncAggregatorSelectionData, SyncCommitteeContribution, SyncCommitteeMessage, ValidatorRegistration,
    VoluntaryExit,
};
use types::{Mainnet, Minimal, Preset};

use crate::Entry;
use crate::generate::{Generator, bit_list, bit_vector, whole};
use crate::messages::checkpoint;

/// SSZ with the root, and the JSON of the beacon API.
macro_rules! entries {
    ($($name:literal: $value:expr,)*) => {
        pub const ENTRIES: &[Entry] = &[$(($name, |g| whole(&$value(g))),)*];
        pub const JSON: &[Entry] = &[$((concat!($name, " JSON"), |g| serde_json::to_vec(&$value(g)).unwrap()),)*];
    };
}

entries! {
    "AttestationData": data,
    "Attestation": attestation,
    "AttestationElectra mainnet": electra::<Mainnet>,
    "AttestationElectra minimal": electra::<Minimal>,
    "SingleAttestation": single,
    "AggregateAndProof": aggregate,
    "AggregateAndProofElectra": aggregate_electra,
    "SyncCommitteeMessage": sync_message,
    "SyncCommitteeContribution mainnet": contribution::<Mainnet>,
    "SyncCommitteeContribution minimal": contribution::<Minimal>,
    "ContributionAndProof": contribution_and_proof,
    "SyncAggregatorSelectionData": selection,
    "VoluntaryExit": exit,
    "SignedVoluntaryExit": signed_exit,
    "ValidatorRegistration": registration,
    "BeaconBlockHeader": header,
}

fn aggregate(g: &mut Generator) -> AggregateAndProof {
    AggregateAndProof {
        aggregator_index: g.validator(),
        aggregate: attestation(g),
        selection_proof: g.signature(),
    }
}

fn aggregate_electra(g: &mut Generator) -> AggregateAndProofElectra<Mainnet> {
    AggregateAndProofElectra {
        aggregator_index: g.validator(),
        aggregate: electra(g),
        selection_proof: g.signature(),
    }
}

fn sync_message(g: &mut Generator) -> SyncCommitteeMessage {
    SyncCommitteeMessage {
        slot: g.slot(),
        beacon_block_root: g.root(),
        validator_index: g.validator(),
        signature: g.signature(),
    }
}

fn contribution_and_proof(g: &mut Generator) -> ContributionAndProof<Mainnet> {
    ContributionAndProof {
        aggregator_index: g.validator(),
        contribution: contribution(g),
        selection_proof: g.signature(),
    }
}

fn selection(g: &mut Generator) -> SyncAggregatorSelectionData {
    SyncAggregatorSelectionData { slot: g.slot(), subcommittee_index: g.number() }
}

fn signed_exit(g: &mut Generator) -> SignedVoluntaryExit {
    SignedVoluntaryExit { message: exit(g), signature: g.signature() }
}

fn registration(g: &mut Generator) -> ValidatorRegistration {
    ValidatorRegistration {
        fee_recipient: g.address(),
        gas_limit: g.number(),
        timestamp: g.number(),
        pubkey: g.key(),
    }
}

pub fn header(g: &mut Generator) -> BeaconBlockHeader {
    BeaconBlockHeader {
        slot: g.slot(),
        proposer_index: g.validator(),
        parent_root: g.root(),
        state_root: g.root(),
        body_root: g.root(),
    }
}

pub fn data(g: &mut Generator) -> AttestationData {
    AttestationData {
        slot: g.slot(),
        index: g.committee(),
        beacon_block_root: g.root(),
        source: checkpoint(g),
        target: checkpoint(g),
    }
}

pub fn attestation(g: &mut Generator) -> Attestation {
    Attestation { aggregation_bits: bit_list!(g), data: data(g), signature: g.signature() }
}

pub fn electra<P: Preset>(g: &mut Generator) -> AttestationElectra<P> {
    AttestationElectra {
        aggregation_bits: bit_list!(g),
        data: data(g),
        signature: g.signature(),
        committee_bits: bit_vector!(g),
    }
}

fn single(g: &mut Generator) -> SingleAttestation {
    SingleAttestation {
        committee_index: g.committee(),
        attester_index: g.validator(),
        data: data(g),
        signature: g.signature(),
    }
}

pub fn contribution<P: Preset>(g: &mut Generator) -> SyncCommitteeContribution<P> {
    SyncCommitteeContribution {
        slot: g.slot(),
        beacon_block_root: g.root(),
        subcommittee_index: g.number(),
        aggregation_bits: bit_vector!(g),
        signature: g.signature(),
    }
}

pub fn exit(g: &mut Generator) -> VoluntaryExit {
    VoluntaryExit { epoch: g.epoch(), validator_index: g.validator() }
}
