//! What operators send each other, and what they agree on.

use types::beacon::ForkVersion;
use types::consensus_data::{
    AggregatorCommitteeConsensusData, AssignedAggregator, Contribution, Contributions, ProposerConsensusData,
};
use types::signing::{BeaconDomain, ForkData, SigningData};
use types::{
    BeaconRole, BeaconVote, Checkpoint, CommitteeMember, DataVersion, Encode, Mainnet, Minimal, MsgType,
    Operator, OperatorKeyPem, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType,
    Preset, QbftMessage, QbftMessageType, Share, ShareMember, SignedSsvMessage, SsvFork, SsvMessage,
    ValidatorDuty,
};

use crate::Entry;
use crate::beacon::contribution;
use crate::generate::{Generator, whole};

pub const ENTRIES: &[Entry] = &[
    ("SSVMessage", |g| whole(&ssv_message(g))),
    ("SignedSSVMessage", |g| whole(&signed(g))),
    ("QBFTMessage", |g| whole(&qbft(g))),
    ("PartialSignatureMessage", |g| whole(&partial_signature(g))),
    ("PartialSignatureMessages", partial_signatures),
    ("BeaconVote", |g| whole(&vote(g))),
    ("ValidatorDuty", |g| whole(&duty(g))),
    ("ProposerConsensusData", |g| whole(&consensus_data(g))),
    ("AggregatorCommitteeConsensusData mainnet", |g| whole(&aggregators::<Mainnet>(g))),
    ("AggregatorCommitteeConsensusData minimal", |g| whole(&aggregators::<Minimal>(g))),
    ("Contributions mainnet", |g| whole(&contributions::<Mainnet>(g))),
    ("Contributions minimal", |g| whole(&contributions::<Minimal>(g))),
    ("Share", |g| whole(&share(g))),
    ("CommitteeMember", |g| whole(&member(g))),
    ("ForkData", |g| {
        whole(&ForkData { current_version: ForkVersion(g.array()), genesis_validators_root: g.root() })
    }),
    ("SigningData", |g| whole(&SigningData { object_root: g.root(), domain: BeaconDomain(g.array()) })),
];

fn ssv_message(g: &mut Generator) -> SsvMessage {
    SsvMessage { msg_type: MsgType::from(g.below(4)), msg_id: g.message_id(), data: g.byte_list(300) }
}

fn signed(g: &mut Generator) -> SignedSsvMessage {
    SignedSsvMessage {
        signatures: g.list(13, |g| g.byte_list(256)),
        operator_ids: g.list(13, Generator::operator),
        ssv_message: ssv_message(g),
        full_data: g.byte_list(300),
    }
}

fn qbft(g: &mut Generator) -> QbftMessage {
    QbftMessage {
        msg_type: QbftMessageType::from(g.below(5)),
        height: g.slot(),
        round: g.round(),
        identifier: g.byte_list(56),
        root: g.root(),
        data_round: g.round(),
        round_change_justification: g.list(5, |g| g.byte_list(300)),
        prepare_justification: g.list(5, |g| g.byte_list(300)),
    }
}

fn partial_signature(g: &mut Generator) -> PartialSignatureMessage {
    PartialSignatureMessage {
        partial_signature: g.signature(),
        signing_root: g.root(),
        signer: g.operator(),
        validator_index: g.validator(),
    }
}

/// Its root depends on the fork's limit.
fn partial_signatures(g: &mut Generator) -> Vec<u8> {
    let bundle = PartialSignatureMessages {
        msg_type: PartialSignatureType::from(g.below(8)),
        slot: g.slot(),
        messages: g.list(20, partial_signature),
    };
    let roots = [SsvFork::Alan, SsvFork::Boole].map(|fork| bundle.tree_hash_root(fork));
    [bundle.as_ssz_bytes(), roots[0].to_vec(), roots[1].to_vec()].concat()
}

pub fn checkpoint(g: &mut Generator) -> Checkpoint {
    Checkpoint { epoch: g.epoch(), root: g.root() }
}

fn vote(g: &mut Generator) -> BeaconVote {
    BeaconVote { block_root: g.root(), source: checkpoint(g), target: checkpoint(g) }
}

fn duty(g: &mut Generator) -> ValidatorDuty {
    ValidatorDuty {
        role: BeaconRole::from_number(g.below(8)),
        public_key: g.key(),
        slot: g.slot(),
        validator_index: g.validator(),
        committee_index: g.committee(),
        committee_length: g.number(),
        committees_at_slot: g.number(),
        validator_committee_index: g.number(),
        validator_sync_committee_indices: g.list(13, Generator::number),
    }
}

fn consensus_data(g: &mut Generator) -> ProposerConsensusData {
    ProposerConsensusData { duty: duty(g), version: version(g), data_ssz: g.byte_list(300) }
}

fn version(g: &mut Generator) -> DataVersion {
    DataVersion::from(g.below(8))
}

fn assigned(g: &mut Generator) -> AssignedAggregator {
    AssignedAggregator {
        validator_index: g.validator(),
        selection_proof: g.signature(),
        committee_index: g.committee(),
    }
}

fn aggregators<P: Preset>(g: &mut Generator) -> AggregatorCommitteeConsensusData<P> {
    AggregatorCommitteeConsensusData {
        version: version(g),
        aggregators: g.list(9, assigned),
        aggregators_committee_indexes: g.list(4, Generator::committee),
        aggregated_attestations: g.list(4, |g| g.byte_list(300)),
        contributors: g.list(9, assigned),
        sync_committee_contributions: g.list(4, contribution),
    }
}

fn contributions<P: Preset>(g: &mut Generator) -> Contributions<P> {
    let item =
        |g: &mut Generator| Contribution { selection_proof: g.signature(), contribution: contribution(g) };
    Contributions(g.list(13, item))
}

fn share(g: &mut Generator) -> Share {
    let member = |g: &mut Generator| ShareMember { share_public_key: g.key(), signer: g.operator() };
    Share {
        validator_index: g.validator(),
        validator_public_key: g.key(),
        share_public_key: g.key(),
        committee: g.list(13, member),
        domain: g.domain(),
        fee_recipient: g.address(),
        graffiti: g.root(),
    }
}

fn pem(g: &mut Generator) -> OperatorKeyPem {
    OperatorKeyPem::try_from(&g.array::<459>()[..]).unwrap()
}

fn member(g: &mut Generator) -> CommitteeMember {
    let operator = |g: &mut Generator| Operator { operator_id: g.operator(), public_key: pem(g) };
    CommitteeMember {
        operator_id: g.operator(),
        committee_id: g.committee_id(),
        public_key: pem(g),
        faulty_nodes: g.number(),
        committee: g.list(13, operator),
        domain: g.domain(),
    }
}
