//! Rules 30 to 55.

use types::{
    ByteList, Encode, List, PartialSignatureType, QbftMessage, QbftMessageType as Kind, Round, RunnerRole,
    Slot, ValidatorIndex,
};

use super::*;
use crate::DutyKnowledge;

fn of(world: &World, slot: Slot, kind: Kind) -> Draft {
    let draft = world.consensus(RunnerRole::Committee, slot, kind);
    if kind == Kind::Proposal { draft.signed_by(&[2]) } else { draft }
}

fn prepare(world: &mut World, slot: Slot) -> Draft {
    of(world, slot, Kind::Prepare)
}

fn proposal(world: &mut World, slot: Slot) -> Draft {
    of(world, slot, Kind::Proposal).full_data(b"value")
}

fn round_change(world: &mut World, slot: Slot) -> Draft {
    of(world, slot, Kind::RoundChange)
}

fn decided(world: &mut World, slot: Slot) -> Draft {
    of(world, slot, Kind::Commit).signed_by(&[1, 2, 3])
}

/// A prepare of a proposer that proposes in this slot and the one before.
fn proposing(world: &mut World, slot: Slot) -> Draft {
    for slot in [slot, Slot(slot.get() - 1)] {
        world.duties.proposals.insert(slot, DutyKnowledge::Yes);
    }
    world.consensus(RunnerRole::Proposer, slot, Kind::Prepare)
}

fn in_round(draft: Draft, round: u64) -> Draft {
    draft.qbft(|message| message.round = Round(round))
}

/// Received so late that any round is plausible.
fn late(world: &World, slot: Slot, draft: Draft) -> Draft {
    draft.received_at(world.start(slot) + 400_000)
}

fn prepares(draft: Draft, justification: &[u8]) -> Draft {
    let list = List::new(vec![ByteList::try_from(justification).unwrap()]).unwrap();
    draft.qbft(|message: &mut QbftMessage| message.prepare_justification = list)
}

fn round_changes(draft: Draft, justification: &[u8]) -> Draft {
    let list = List::new(vec![ByteList::try_from(justification).unwrap()]).unwrap();
    draft.qbft(|message: &mut QbftMessage| message.round_change_justification = list)
}

fn justification(world: &mut World, slot: Slot) -> Vec<u8> {
    prepare(world, slot).message().as_ssz_bytes()
}

/// So many prepares of one signer in so many slots before this one, of a committee of three validators.
fn busy(world: &mut World, slot: Slot, role: RunnerRole, duties: u64) -> Draft {
    world.committee = world.registry.add_committee(ids(1..=4), 3);
    for next in 0..duties {
        world.accept(&world.consensus(role, Slot(slot.get() + next), Kind::Prepare)).unwrap();
    }
    world.consensus(role, Slot(slot.get() + duties), Kind::Prepare)
}

pub(super) const CASES: &[Case] = &[
    rejected(
        30,
        Refusal::UndecodableData,
        BOTH,
        |w, s| {
            let data = prepare(w, s).message().ssv_message.data.to_vec();
            prepare(w, s).with(|d| d.body = Body::Raw(data))
        },
        // What has no slot is judged under the fork of its receive time.
        |w, s| {
            let data = prepare(w, s).message().ssv_message.data.to_vec();
            prepare(w, s).with(|d| d.body = Body::Raw([data, vec![0]].concat()))
        },
    ),
    rejected(31, Refusal::NonDecidedWithMultipleSigners, BOTH, decided, |w, s| {
        prepare(w, s).signed_by(&[1, 2, 3])
    }),
    rejected(32, Refusal::DecidedNotEnoughSigners, BOTH, decided, |w, s| decided(w, s).signed_by(&[1, 2])),
    rejected(
        33,
        Refusal::PrepareOrCommitWithFullData,
        BOTH,
        |w, s| decided(w, s).full_data(b"value"),
        |w, s| decided(w, s).signed_by(&[1]).full_data(b"value"),
    ),
    rejected(35, Refusal::InvalidHash, BOTH, proposal, |w, s| {
        proposal(w, s).with(|d| d.full_data = b"other".to_vec())
    }),
    rejected(36, Refusal::UnknownQbftType, BOTH, round_change, |w, s| {
        round_change(w, s).qbft(|m| m.msg_type = Kind::from_number(4))
    }),
    rejected(37, Refusal::ZeroRound, BOTH, prepare, |w, s| in_round(prepare(w, s), 0)),
    rejected(38, Refusal::UnexpectedConsensus, BOTH, proposing, |w, s| {
        w.consensus(RunnerRole::ValidatorRegistration, s, Kind::Prepare)
    }),
    ignored(
        39,
        Refusal::RoundTooHigh,
        BOTH,
        |w, s| {
            let draft = in_round(prepare(w, s), 12);
            late(w, s, draft)
        },
        |w, s| {
            let draft = in_round(prepare(w, s), 13);
            late(w, s, draft)
        },
    ),
    rejected(40, Refusal::MismatchedIdentifier, BOTH, prepare, |w, s| {
        let mut identifier = prepare(w, s).id.0.to_vec();
        identifier[55] ^= 1;
        prepare(w, s).with(|d| d.identifier = Some(identifier))
    }),
    rejected(
        41,
        Refusal::MalformedPrepareJustifications,
        BOTH,
        |w, s| prepares(proposal(w, s), &justification(w, s)),
        |w, s| prepares(proposal(w, s), &justification(w, s)[1..]),
    ),
    rejected(
        42,
        Refusal::UnexpectedPrepareJustifications,
        BOTH,
        |w, s| prepares(proposal(w, s), &justification(w, s)),
        |w, s| prepares(round_change(w, s), &justification(w, s)),
    ),
    rejected(
        43,
        Refusal::MalformedRoundChangeJustifications,
        BOTH,
        |w, s| round_changes(round_change(w, s), &justification(w, s)),
        |w, s| round_changes(round_change(w, s), &justification(w, s)[1..]),
    ),
    rejected(
        44,
        Refusal::UnexpectedRoundChangeJustifications,
        BOTH,
        |w, s| round_changes(round_change(w, s), &justification(w, s)),
        |w, s| round_changes(prepare(w, s), &justification(w, s)),
    ),
    rejected(45, Refusal::SignerNotLeader, BOTH, proposal, |w, s| proposal(w, s).signed_by(&[1])),
    ignored(
        46,
        Refusal::RoundAlreadyAdvanced,
        BOTH,
        |w, s| after(w, &in_round(w.prepare_at(s), 1), in_round(w.prepare_at(s), 2)),
        |w, s| after(w, &in_round(w.prepare_at(s), 2), in_round(w.prepare_at(s), 1)),
    ),
    rejected(
        47,
        Refusal::DifferentProposalData,
        BOTH,
        |w, s| {
            let first = proposal(w, s);
            let then = of(w, s, Kind::RoundChange).signed_by(&[2]).full_data(b"value");
            after(w, &first, then)
        },
        |w, s| {
            let first = proposal(w, s);
            let then = of(w, s, Kind::RoundChange).signed_by(&[2]).full_data(b"other");
            after(w, &first, then)
        },
    ),
    rejected(
        48,
        Refusal::DuplicatedMessage,
        BOTH,
        |w, s| after(w, &w.prepare_at(s), of(w, s, Kind::Commit)),
        |w, s| after(w, &w.prepare_at(s), w.prepare_at(s)),
    ),
    ignored(
        49,
        Refusal::DecidedWithSameSigners,
        BOTH,
        |w, s| {
            let first = decided(w, s);
            after(w, &first, first.clone().signed_by(&[1, 2, 4]))
        },
        |w, s| {
            let first = decided(w, s);
            after(w, &first, first.clone())
        },
    ),
    ignored(
        50,
        Refusal::EstimatedRoundTooFar,
        BOTH,
        |w, s| in_round(prepare(w, s), 3).received_at(w.start(s) + 2_000),
        |w, s| in_round(prepare(w, s), 3).received_at(w.start(s) + 1_999),
    ),
    ignored(
        51,
        Refusal::SlotAlreadyAdvanced,
        BOTH,
        |w, s| {
            let (first, then) = (proposing(w, Slot(s.get() - 1)), proposing(w, s));
            after(w, &first, then)
        },
        |w, s| {
            let (first, then) = (proposing(w, s), proposing(w, Slot(s.get() - 1)));
            after(w, &first, then)
        },
    ),
    ignored(52, Refusal::NoDuty, BOTH, proposing, |w, s| w.consensus(RunnerRole::Proposer, s, Kind::Prepare)),
    ignored(
        52,
        Refusal::NoDuty,
        ALAN_ONLY,
        |w, s| {
            w.duties.sync_committee.insert(INDEX);
            w.consensus(RunnerRole::SyncCommitteeContribution, s, Kind::Prepare)
        },
        |w, s| {
            w.duties.sync_committee.insert(ValidatorIndex(INDEX.get() + 1));
            w.consensus(RunnerRole::SyncCommitteeContribution, s, Kind::Prepare)
        },
    ),
    ignored(
        53,
        Refusal::EarlySlot,
        BOTH,
        |w, s| prepare(w, s).received_at(w.start(s) - 50),
        |w, s| prepare(w, s).received_at(w.start(s) - 51),
    ),
    ignored(
        54,
        Refusal::LateSlot,
        BOTH,
        |w, s| prepare(w, s).received_at(w.start(s) + 411_050),
        |w, s| prepare(w, s).received_at(w.start(s) + 411_051),
    ),
    ignored(
        54,
        Refusal::LateSlot,
        BOTH,
        |w, s| proposing(w, s).received_at(w.start(s) + 39_050),
        |w, s| proposing(w, s).received_at(w.start(s) + 39_051),
    ),
    ignored(
        55,
        Refusal::TooManyDuties,
        BOTH,
        |w, s| busy(w, s, RunnerRole::Committee, 5),
        |w, s| busy(w, s, RunnerRole::Committee, 6),
    ),
    ignored(
        55,
        Refusal::TooManyDuties,
        BOOLE_ONLY,
        |w, s| busy(w, s, RunnerRole::AggregatorCommittee, 5),
        |w, s| busy(w, s, RunnerRole::AggregatorCommittee, 6),
    ),
    ignored(
        55,
        Refusal::TooManyDuties,
        ALAN_ONLY,
        |w, s| busy(w, s, RunnerRole::Aggregator, 1),
        |w, s| busy(w, s, RunnerRole::Aggregator, 2),
    ),
    // A bundle is a duty too.
    ignored(
        55,
        Refusal::TooManyDuties,
        ALAN_ONLY,
        |w, s| {
            let proof = w.bundle(RunnerRole::Aggregator, s, PartialSignatureType::SelectionProof);
            after(w, &proof, w.consensus(RunnerRole::Aggregator, s.next(), Kind::Prepare))
        },
        |w, s| {
            for slot in [s, s.next()] {
                w.accept(&w.bundle(RunnerRole::Aggregator, slot, PartialSignatureType::SelectionProof))
                    .unwrap();
            }
            w.consensus(RunnerRole::Aggregator, s.next().next(), Kind::Prepare)
        },
    ),
];
