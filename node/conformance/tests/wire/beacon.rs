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

pub const ENTRIES: &[Entry] = &[
    ("AttestationData", |g| whole(&data(g))),
    ("Attestation", |g| whole(&attestation(g))),
    ("AttestationElectra mainnet", |g| whole(&electra::<Mainnet>(g))),
    ("AttestationElectra minimal", |g| whole(&electra::<Minimal>(g))),
    ("SingleAttestation", |g| whole(&single(g))),
    ("AggregateAndProof", |g| {
        whole(&AggregateAndProof {
            aggregator_index: g.validator(),
            aggregate: attestation(g),
            selection_proof: g.signature(),
        })
    }),
    ("AggregateAndProofElectra", |g| {
        whole(&AggregateAndProofElectra::<Mainnet> {
            aggregator_index: g.validator(),
            aggregate: electra(g),
            selection_proof: g.signature(),
        })
    }),
    ("SyncCommitteeMessage", |g| {
        whole(&SyncCommitteeMessage {
            slot: g.slot(),
            beacon_block_root: g.root(),
            validator_index: g.validator(),
            signature: g.signature(),
        })
    }),
    ("SyncCommitteeContribution mainnet", |g| whole(&contribution::<Mainnet>(g))),
    ("SyncCommitteeContribution minimal", |g| whole(&contribution::<Minimal>(g))),
    ("ContributionAndProof", |g| {
        whole(&ContributionAndProof::<Mainnet> {
            aggregator_index: g.validator(),
            contribution: contribution(g),
            selection_proof: g.signature(),
        })
    }),
    ("SyncAggregatorSelectionData", |g| {
        whole(&SyncAggregatorSelectionData { slot: g.slot(), subcommittee_index: g.number() })
    }),
    ("VoluntaryExit", |g| whole(&exit(g))),
    ("SignedVoluntaryExit", |g| whole(&SignedVoluntaryExit { message: exit(g), signature: g.signature() })),
    ("ValidatorRegistration", |g| {
        whole(&ValidatorRegistration {
            fee_recipient: g.address(),
            gas_limit: g.number(),
            timestamp: g.number(),
            pubkey: g.key(),
        })
    }),
    ("BeaconBlockHeader", |g| {
        whole(&BeaconBlockHeader {
            slot: g.slot(),
            proposer_index: g.validator(),
            parent_root: g.root(),
            state_root: g.root(),
            body_root: g.root(),
        })
    }),
];

fn data(g: &mut Generator) -> AttestationData {
    AttestationData {
        slot: g.slot(),
        index: g.committee(),
        beacon_block_root: g.root(),
        source: checkpoint(g),
        target: checkpoint(g),
    }
}

fn attestation(g: &mut Generator) -> Attestation {
    Attestation { aggregation_bits: bit_list!(g), data: data(g), signature: g.signature() }
}

fn electra<P: Preset>(g: &mut Generator) -> AttestationElectra<P> {
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

fn exit(g: &mut Generator) -> VoluntaryExit {
    VoluntaryExit { epoch: g.epoch(), validator_index: g.validator() }
}
