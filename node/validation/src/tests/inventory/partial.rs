//! Rules 57 to 75.

use types::{MsgType, OperatorId, PartialSignatureType as Type, RunnerRole, Slot};

use super::*;
use crate::DutyKnowledge;

fn post(world: &mut World, slot: Slot) -> Draft {
    world.bundle(RunnerRole::Committee, slot, Type::PostConsensus)
}

fn registration(world: &mut World, slot: Slot) -> Draft {
    world.bundle(RunnerRole::ValidatorRegistration, slot, Type::ValidatorRegistration)
}

/// A proposer's randomness; it proposes in this slot and the one before.
fn randao(world: &mut World, slot: Slot) -> Draft {
    for slot in [slot, Slot(slot.get() - 1)] {
        world.duties.proposals.insert(slot, DutyKnowledge::Yes);
    }
    world.bundle(RunnerRole::Proposer, slot, Type::Randao)
}

/// A bundle of a committee with so many validators.
fn of_committee(world: &mut World, slot: Slot, role: RunnerRole, validators: u64) -> Draft {
    world.committee = world.registry.add_committee(ids(1..=4), validators);
    world.bundle(role, slot, Type::PostConsensus)
}

pub(super) const CASES: &[Case] = &[
    rejected(
        57,
        Refusal::PartialSignaturesTooBig,
        ALAN_ONLY,
        |w, s| of_committee(w, s, RunnerRole::Committee, 2_000).of_validators(0..1_050),
        |w, s| of_committee(w, s, RunnerRole::Committee, 2_000).of_validators(0..1_051),
    ),
    rejected(
        58,
        Refusal::UndecodableData,
        BOTH,
        |w, s| {
            let data = post(w, s).message().ssv_message.data.to_vec();
            post(w, s).with(|d| (d.body, d.msg_type) = (Body::Raw(data), Some(MsgType::PartialSignature)))
        },
        |w, s| {
            let data = post(w, s).message().ssv_message.data[1..].to_vec();
            post(w, s).with(|d| (d.body, d.msg_type) = (Body::Raw(data), Some(MsgType::PartialSignature)))
        },
    ),
    rejected(59, Refusal::PartialSignatureOneSigner, BOTH, post, |w, s| post(w, s).signed_by(&[1, 2])),
    rejected(60, Refusal::FullDataNotInConsensus, BOTH, post, |w, s| {
        post(w, s).with(|d| d.full_data = vec![1])
    }),
    rejected(61, Refusal::InvalidPartialSignatureType, BOTH, post, |w, s| {
        post(w, s).partial(|b| b.msg_type = Type::from_number(7))
    }),
    rejected(61, Refusal::InvalidPartialSignatureType, ALAN_ONLY, post, |w, s| {
        post(w, s).partial(|b| b.msg_type = Type::AggregatorCommittee)
    }),
    rejected(
        61,
        Refusal::InvalidPartialSignatureType,
        BOOLE_ONLY,
        |w, s| w.bundle(RunnerRole::AggregatorCommittee, s, Type::AggregatorCommittee),
        |w, s| w.bundle(RunnerRole::AggregatorCommittee, s, Type::SelectionProof),
    ),
    rejected(62, Refusal::PartialSignatureTypeRoleMismatch, BOTH, post, |w, s| {
        post(w, s).partial(|b| b.msg_type = Type::Randao)
    }),
    rejected(
        63,
        Refusal::NoPartialSignatures,
        BOTH,
        |w, s| post(w, s).of_validators([1]),
        |w, s| post(w, s).of_validators([]),
    ),
    rejected(
        64,
        Refusal::InconsistentSigners,
        BOTH,
        |w, s| post(w, s).of_validators([1, 2]),
        |w, s| {
            post(w, s).of_validators([1, 2]).partial(|b| b.messages.as_mut_slice()[1].signer = OperatorId(2))
        },
    ),
    ignored(65, Refusal::ValidatorIndexMismatch, BOTH, registration, |w, s| {
        registration(w, s).of_validators([INDEX.get() + 1])
    }),
    ignored(
        66,
        Refusal::SlotAlreadyAdvanced,
        BOTH,
        |w, s| {
            let (first, then) = (randao(w, Slot(s.get() - 1)), randao(w, s));
            after(w, &first, then)
        },
        |w, s| {
            let (first, then) = (randao(w, s), randao(w, Slot(s.get() - 1)));
            after(w, &first, then)
        },
    ),
    ignored(67, Refusal::NoDuty, BOTH, randao, |w, s| w.bundle(RunnerRole::Proposer, s, Type::Randao)),
    // The randomness of an epoch's first slot, while it is the current one.
    ignored(
        67,
        Refusal::NoDuty,
        BOTH,
        |w, s| {
            let first = Slot(s.get() - 1);
            w.duties.proposals.insert(first, DutyKnowledge::NotFetched);
            w.bundle(RunnerRole::Proposer, first, Type::Randao).received_at(w.start(s) - 1)
        },
        |w, s| {
            let first = Slot(s.get() - 1);
            w.duties.proposals.insert(first, DutyKnowledge::NotFetched);
            w.bundle(RunnerRole::Proposer, first, Type::Randao).received_at(w.start(s))
        },
    ),
    rejected(
        68,
        Refusal::InvalidPartialSignatureTypeCount,
        BOTH,
        |w, s| {
            let first = randao(w, s);
            after(w, &first, w.bundle(RunnerRole::Proposer, s, Type::PostConsensus))
        },
        |w, s| {
            let first = randao(w, s);
            after(w, &first, first.clone())
        },
    ),
    ignored(
        69,
        Refusal::EarlySlot,
        BOTH,
        |w, s| post(w, s).received_at(w.start(s) - 50),
        |w, s| post(w, s).received_at(w.start(s) - 51),
    ),
    ignored(
        70,
        Refusal::LateSlot,
        BOTH,
        |w, s| post(w, s).received_at(w.start(s) + 411_050),
        |w, s| post(w, s).received_at(w.start(s) + 411_051),
    ),
    ignored(
        71,
        Refusal::TooManyDuties,
        BOTH,
        |w, s| after(w, &registration_at(w, s, 0), registration_at(w, s, 1)),
        |w, s| {
            w.accept(&registration_at(w, s, 0)).unwrap();
            after(w, &registration_at(w, s, 1), registration_at(w, s, 2))
        },
    ),
    ignored(
        71,
        Refusal::TooManyDuties,
        BOTH,
        |w, s| {
            w.duties.exits = 1;
            w.bundle(RunnerRole::VoluntaryExit, s, Type::VoluntaryExit)
        },
        |w, s| w.bundle(RunnerRole::VoluntaryExit, s, Type::VoluntaryExit),
    ),
    rejected(
        72,
        Refusal::TooManyPartialSignatures,
        BOTH,
        |w, s| of_committee(w, s, RunnerRole::Committee, 3).of_validators([0, 0, 1, 1, 2, 2]),
        |w, s| of_committee(w, s, RunnerRole::Committee, 3).of_validators([0, 0, 1, 1, 2, 2, 3]),
    ),
    rejected(
        72,
        Refusal::TooManyPartialSignatures,
        BOOLE_ONLY,
        |w, s| of_committee(w, s, RunnerRole::AggregatorCommittee, 2).of_validators(0..26),
        |w, s| of_committee(w, s, RunnerRole::AggregatorCommittee, 2).of_validators(0..27),
    ),
    rejected(
        73,
        Refusal::TripleValidatorIndex,
        BOTH,
        |w, s| of_committee(w, s, RunnerRole::Committee, 3).of_validators([0, 0]),
        |w, s| of_committee(w, s, RunnerRole::Committee, 3).of_validators([0, 0, 0]),
    ),
    rejected(
        73,
        Refusal::SextupleValidatorIndex,
        BOOLE_ONLY,
        |w, s| of_committee(w, s, RunnerRole::AggregatorCommittee, 2).of_validators([0; 5]),
        |w, s| of_committee(w, s, RunnerRole::AggregatorCommittee, 2).of_validators([0; 6]),
    ),
    rejected(
        74,
        Refusal::TooManyPartialSignatures,
        ALAN_ONLY,
        |w, s| contribution(w, s).of_validators([INDEX.get(); 13]),
        |w, s| contribution(w, s).of_validators([INDEX.get(); 14]),
    ),
    rejected(75, Refusal::TooManyPartialSignatures, BOTH, registration, |w, s| {
        registration(w, s).of_validators([INDEX.get(); 2])
    }),
];

fn registration_at(world: &World, slot: Slot, later: u64) -> Draft {
    let role = RunnerRole::ValidatorRegistration;
    world.bundle(role, Slot(slot.get() + later), Type::ValidatorRegistration)
}

fn contribution(world: &mut World, slot: Slot) -> Draft {
    world.duties.sync_committee.insert(INDEX);
    world.bundle(RunnerRole::SyncCommitteeContribution, slot, Type::ContributionProofs)
}
