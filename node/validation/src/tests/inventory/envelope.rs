//! Rules 1 to 28.

use types::{
    CommitteeId, Encode, Epoch, MessageId, MsgType, PartialSignatureType, PublicKeyBytes,
    QbftMessageType as Kind, RunnerRole, Slot, SubnetId,
};

use super::*;
use crate::{Topic, ValidatorStanding};

fn prepare(world: &mut World, slot: Slot) -> Draft {
    world.prepare_at(slot)
}

/// A decided message of three operators.
fn decided(world: &mut World, slot: Slot) -> Draft {
    world.consensus(RunnerRole::Committee, slot, Kind::Commit).signed_by(&[1, 2, 3])
}

/// A message about a validator rather than a committee, in a role that both forks have.
fn registration(world: &mut World, slot: Slot) -> Draft {
    world.bundle(RunnerRole::ValidatorRegistration, slot, PartialSignatureType::ValidatorRegistration)
}

fn standing(world: &mut World, liquidated: bool, standing: ValidatorStanding) {
    world.registry.validators.insert(KEY, (world.committee, liquidated, standing));
}

/// In the queue, to be activated so many epochs from the slot's on.
fn pending(world: &mut World, slot: Slot, epochs: u64) {
    let activation = Epoch(world.rules.network.epoch_of(slot).get() + epochs);
    standing(world, false, ValidatorStanding::PendingFrom { index: INDEX, activation });
}

fn in_role(world: &mut World, slot: Slot, role: RunnerRole) -> Draft {
    let id = MessageId::new(world.rules.network.domain_at(slot), role, &world.prepare_at(slot).id.executor());
    world.prepare_at(slot).with(|draft| draft.id = id)
}

pub(super) const CASES: &[Case] = &[
    rejected(1, Refusal::NoData, BOTH, prepare, |w, s| prepare(w, s).with(|d| d.payload = Some(Vec::new()))),
    ignored(
        2,
        Refusal::DataTooBig,
        BOTH,
        // Nothing that decodes comes closer to the limit than the largest value in consensus.
        |w, s| {
            let proposal = w.consensus(RunnerRole::Committee, s, Kind::Proposal).signed_by(&[2]);
            proposal.full_data(&vec![7; types::message::MAX_FULL_DATA_LEN])
        },
        |w, s| prepare(w, s).with(|d| d.payload = Some(vec![0; 9_589_484])),
    ),
    rejected(3, Refusal::Malformed, BOTH, prepare, |w, s| {
        let mut bytes = prepare(w, s).message().as_ssz_bytes();
        bytes[0] = 15;
        prepare(w, s).with(|d| d.payload = Some(bytes))
    }),
    rejected(5, Refusal::NoSigners, BOTH, decided, |w, s| decided(w, s).signed_by(&[])),
    rejected(6, Refusal::NoSignatures, BOTH, decided, |w, s| {
        decided(w, s).with(|d| d.signatures = Some(vec![]))
    }),
    rejected(7, Refusal::WrongSignatureSize, BOTH, decided, |w, s| {
        decided(w, s).with(|d| d.signatures = Some(vec![vec![9; 256], vec![9; 255], vec![9; 256]]))
    }),
    rejected(8, Refusal::SignersNotSorted, BOTH, decided, |w, s| decided(w, s).signed_by(&[2, 1, 3])),
    rejected(9, Refusal::SignerCountMismatch, BOTH, decided, |w, s| {
        decided(w, s).with(|d| d.signatures = Some(vec![vec![9; 256]; 2]))
    }),
    rejected(10, Refusal::ZeroSigner, BOTH, decided, |w, s| decided(w, s).signed_by(&[0, 1, 2])),
    rejected(11, Refusal::DuplicatedSigner, BOTH, decided, |w, s| decided(w, s).signed_by(&[1, 2, 2])),
    ignored(13, Refusal::UnknownOperator, BOTH, decided, |w, s| decided(w, s).signed_by(&[1, 2, 14])),
    rejected(15, Refusal::EmptyData, BOTH, prepare, |w, s| {
        prepare(w, s).with(|d| d.body = Body::Raw(vec![]))
    }),
    rejected(17, Refusal::EventMessage, BOTH, prepare, |w, s| {
        prepare(w, s).with(|d| d.msg_type = Some(MsgType::Other(200)))
    }),
    rejected(18, Refusal::UnknownMessageType, BOTH, prepare, |w, s| {
        prepare(w, s).with(|d| d.msg_type = Some(MsgType::Dkg))
    }),
    ignored(19, Refusal::WrongDomain, BOTH, prepare, |w, s| {
        let other = if w.rules.network.domain_at(s) == ALAN { BOOLE } else { ALAN };
        prepare(w, s).with(|d| d.id.0[..4].copy_from_slice(&other.0))
    }),
    rejected(20, Refusal::InvalidRole, ALAN_ONLY, prepare, |w, s| {
        in_role(w, s, RunnerRole::AggregatorCommittee)
    }),
    rejected(20, Refusal::InvalidRole, BOOLE_ONLY, prepare, |w, s| in_role(w, s, RunnerRole::Aggregator)),
    ignored(21, Refusal::NonExistentCommittee, BOTH, prepare, |w, s| {
        let id =
            MessageId::committee(w.rules.network.domain_at(s), RunnerRole::Committee, &CommitteeId([1; 32]));
        prepare(w, s).with(|d| d.id = id)
    }),
    rejected(
        22,
        Refusal::NoValidators,
        BOTH,
        |w, s| {
            w.committee = w.registry.add_committee(ids(1..=4), 1);
            prepare(w, s)
        },
        |w, s| {
            w.committee = w.registry.add_committee(ids(1..=4), 0);
            prepare(w, s)
        },
    ),
    ignored(23, Refusal::UnknownValidator, BOTH, registration, |w, s| {
        let other = PublicKeyBytes([1; 48]);
        let id =
            MessageId::validator(w.rules.network.domain_at(s), RunnerRole::ValidatorRegistration, &other);
        registration(w, s).with(|d| d.id = id)
    }),
    ignored(24, Refusal::ValidatorLiquidated, BOTH, registration, |w, s| {
        standing(w, true, ValidatorStanding::Attesting { index: INDEX });
        registration(w, s)
    }),
    ignored(25, Refusal::NoShareMetadata, BOTH, registration, |w, s| {
        standing(w, false, ValidatorStanding::Unknown);
        registration(w, s)
    }),
    ignored(
        26,
        Refusal::ValidatorNotAttesting,
        BOTH,
        |w, s| {
            pending(w, s, 0);
            registration(w, s)
        },
        |w, s| {
            pending(w, s, 1);
            registration(w, s)
        },
    ),
    rejected(
        27,
        Refusal::SignerNotInCommittee,
        BOTH,
        |w, s| prepare(w, s).signed_by(&[4]),
        |w, s| prepare(w, s).signed_by(&[5]),
    ),
    ignored(28, Refusal::IncorrectTopic, BOTH, prepare, |w, s| {
        let Topic { fork, subnet } = prepare(w, s).topic;
        let next = SubnetId::new((subnet.get() + 1) % SubnetId::COUNT).unwrap();
        prepare(w, s).with(|d| d.topic = Topic { fork, subnet: next })
    }),
];
