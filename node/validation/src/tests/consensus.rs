//! Rules 30 to 45 and 50 to 54.

use types::{ByteList, Encode, List, QbftMessageType, Root, Round, RunnerRole, Slot};

use super::world::*;
use crate::{DutyKnowledge, Refusal};

const ALL_KINDS: [QbftMessageType; 4] = [
    QbftMessageType::Proposal,
    QbftMessageType::Prepare,
    QbftMessageType::Commit,
    QbftMessageType::RoundChange,
];

fn of(world: &World, kind: QbftMessageType) -> Draft {
    let draft = world.consensus(RunnerRole::Committee, SLOT, kind);
    // At slot 3201 = 1 mod 4 the second operator leads the first round.
    if kind == QbftMessageType::Proposal { draft.signed_by(&[2]) } else { draft }
}

#[test]
fn rule_30_data() {
    let world = World::new();
    let draft = world.prepare();
    let data = draft.message().ssv_message.data.to_vec();
    let raw = |data: Vec<u8>| world.refusal(&draft.clone().with(|d| d.body = Body::Raw(data)));
    assert_eq!(raw(data.clone()), None);
    assert_eq!(raw(data[..data.len() - 57].to_vec()), Some(Refusal::UndecodableData));
    assert_eq!(raw([data, vec![0]].concat()), Some(Refusal::UndecodableData));
}

#[test]
fn rules_31_and_32_many_signers() {
    let mut world = World::new();
    for kind in ALL_KINDS {
        let expected = (kind != QbftMessageType::Commit).then_some(Refusal::NonDecidedWithMultipleSigners);
        assert_eq!(world.refusal(&of(&world, kind).signed_by(&[1, 2, 3])), expected, "{kind:?}");
    }
    let commit = of(&world, QbftMessageType::Commit);
    assert_eq!(world.refusal(&commit.clone().signed_by(&[1])), None);
    assert_eq!(world.refusal(&commit.signed_by(&[1, 2])), Some(Refusal::DecidedNotEnoughSigners));

    world.committee = world.registry.add_committee(ids(1..=13), 10);
    let commit = of(&world, QbftMessageType::Commit);
    assert_eq!(world.refusal(&commit.clone().signed_by(&[1, 2, 3, 4, 5, 6, 7, 8, 9])), None);
    let eight = commit.signed_by(&[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(world.refusal(&eight), Some(Refusal::DecidedNotEnoughSigners));
}

#[test]
fn rules_33_and_35_full_data() {
    let world = World::new();
    for kind in ALL_KINDS {
        let one = of(&world, kind).full_data(b"value");
        let expected = matches!(kind, QbftMessageType::Prepare | QbftMessageType::Commit)
            .then_some(Refusal::PrepareOrCommitWithFullData);
        assert_eq!(world.refusal(&one), expected, "{kind:?}");
    }
    let decided = of(&world, QbftMessageType::Commit).signed_by(&[1, 2, 3]).full_data(b"value");
    assert_eq!(world.refusal(&decided), None);
    let forged = decided.with(|d| d.full_data = b"another".to_vec());
    assert_eq!(world.refusal(&forged), Some(Refusal::InvalidHash));
    // A proposal without its value is for consensus to refuse.
    assert_eq!(world.refusal(&of(&world, QbftMessageType::Proposal)), None);
}

#[test]
fn rules_36_to_39_kind_and_round() {
    let world = World::new();
    let kind =
        |number| world.refusal(&world.prepare().qbft(|m| m.msg_type = QbftMessageType::from_number(number)));
    assert_eq!(kind(3), None);
    assert_eq!(kind(4), Some(Refusal::UnknownQbftType));

    let late = world.start(SLOT) + 400_000;
    let round = |role, round, at| {
        let draft = world.consensus(role, SLOT, QbftMessageType::Prepare).qbft(|m| m.round = Round(round));
        world.refusal(&draft.with(|d| d.received_at = at))
    };
    assert_eq!(round(RunnerRole::Committee, 0, late), Some(Refusal::ZeroRound));
    assert_eq!(round(RunnerRole::Committee, 1, late), None);
    assert_eq!(round(RunnerRole::Committee, 12, late), None);
    assert_eq!(round(RunnerRole::Committee, 13, late), Some(Refusal::RoundTooHigh));
    assert_eq!(round(RunnerRole::Aggregator, 12, late), None);
    assert_eq!(round(RunnerRole::Aggregator, 13, late), Some(Refusal::RoundTooHigh));
    // Within its shorter life a proposer's sixth round is fine; the duty itself is not known here.
    let early = world.start(SLOT) + 12_000;
    assert_eq!(round(RunnerRole::Proposer, 6, early), Some(Refusal::NoDuty));
    assert_eq!(round(RunnerRole::Proposer, 7, early), Some(Refusal::RoundTooHigh));
    assert_eq!(round(RunnerRole::SyncCommitteeContribution, 7, early), Some(Refusal::RoundTooHigh));
    assert_eq!(round(RunnerRole::ValidatorRegistration, 1, early), Some(Refusal::UnexpectedConsensus));
    assert_eq!(round(RunnerRole::VoluntaryExit, 1, early), Some(Refusal::UnexpectedConsensus));
}

#[test]
fn rule_40_identifier() {
    let world = World::new();
    let with =
        |identifier: Vec<u8>| world.refusal(&world.prepare().with(|d| d.identifier = Some(identifier)));
    let id = world.prepare().id.0.to_vec();
    assert_eq!(with(id.clone()), None);
    assert_eq!(with(id[..55].to_vec()), Some(Refusal::MismatchedIdentifier));
    let mut other = id;
    other[55] ^= 1;
    assert_eq!(with(other), Some(Refusal::MismatchedIdentifier));
}

#[test]
fn rules_41_to_44_justifications() {
    let world = World::new();
    let justification = world.prepare().message().as_ssz_bytes();
    let broken = justification[..100].to_vec();
    for kind in ALL_KINDS {
        let prepares = |data: &[u8]| {
            let list = List::new(vec![ByteList::try_from(data).unwrap()]).unwrap();
            world.refusal(&of(&world, kind).qbft(|m| m.prepare_justification = list))
        };
        let round_changes = |data: &[u8]| {
            let list = List::new(vec![ByteList::try_from(data).unwrap()]).unwrap();
            world.refusal(&of(&world, kind).qbft(|m| m.round_change_justification = list))
        };
        let proposal = kind == QbftMessageType::Proposal;
        let either = proposal || kind == QbftMessageType::RoundChange;
        assert_eq!(prepares(&broken), Some(Refusal::MalformedPrepareJustifications));
        assert_eq!(
            prepares(&justification),
            (!proposal).then_some(Refusal::UnexpectedPrepareJustifications),
            "{kind:?}"
        );
        assert_eq!(round_changes(&broken), Some(Refusal::MalformedRoundChangeJustifications));
        assert_eq!(
            round_changes(&justification),
            (!either).then_some(Refusal::UnexpectedRoundChangeJustifications),
            "{kind:?}"
        );
    }
}

#[test]
fn rule_45_leader() {
    let world = World::new();
    let proposal = |signer, round| {
        let draft = of(&world, QbftMessageType::Proposal).signed_by(&[signer]);
        world.refusal(&draft.qbft(|m| m.round = Round(round)))
    };
    assert_eq!(proposal(2, 1), None);
    assert_eq!(proposal(1, 1), Some(Refusal::SignerNotLeader));
    assert_eq!(proposal(2, 2), Some(Refusal::SignerNotLeader));
    assert_eq!(proposal(3, 2), None);
}

#[test]
fn rule_50_estimated_round() {
    let world = World::new();
    let at = |millis: u64, round| {
        let draft = world.prepare().qbft(|m| m.round = Round(round));
        world.refusal(&draft.with(|d| d.received_at = world.start(SLOT) + millis))
    };
    for (millis, highest) in [(0, 2), (2_000, 3), (4_000, 4), (14_000, 9), (16_000, 10), (136_000, 11)] {
        assert_eq!(at(millis, highest), None, "{millis}");
        assert_eq!(at(millis, highest + 1), Some(Refusal::EstimatedRoundTooFar), "{millis}");
    }
    // Decided messages may be of any round.
    let decided = of(&world, QbftMessageType::Commit).signed_by(&[1, 2, 3]).qbft(|m| m.round = Round(12));
    assert_eq!(world.refusal(&decided), None);
    // Before the slot the estimate is the first round.
    let early = world.prepare().with(|d| d.received_at = world.start(SLOT) - 50);
    assert_eq!(world.refusal(&early.clone().qbft(|m| m.round = Round(2))), None);
    assert_eq!(world.refusal(&early.qbft(|m| m.round = Round(3))), Some(Refusal::EstimatedRoundTooFar));
}

#[test]
fn rule_52_duty() {
    let mut world = World::new();
    let proposer = world.consensus(RunnerRole::Proposer, SLOT, QbftMessageType::Prepare);
    assert_eq!(world.refusal(&proposer), Some(Refusal::NoDuty));
    world.duties.proposals.insert(SLOT, DutyKnowledge::NotFetched);
    assert_eq!(world.refusal(&proposer), Some(Refusal::NoDuty));
    world.duties.proposals.insert(SLOT, DutyKnowledge::Yes);
    assert_eq!(world.refusal(&proposer), None);

    let contribution = world.consensus(RunnerRole::SyncCommitteeContribution, SLOT, QbftMessageType::Prepare);
    assert_eq!(world.refusal(&contribution), Some(Refusal::NoDuty));
    world.duties.sync_committee.insert(INDEX);
    assert_eq!(world.refusal(&contribution), None);
}

#[test]
fn rules_53_and_54_slot_window() {
    let mut world = World::new();
    world.duties.proposals.insert(SLOT, DutyKnowledge::Yes);
    world.duties.sync_committee.insert(INDEX);
    let start = world.start(SLOT);
    for (role, life) in [
        (RunnerRole::Committee, 411_050),
        (RunnerRole::Aggregator, 411_050),
        (RunnerRole::Proposer, 39_050),
        (RunnerRole::SyncCommitteeContribution, 39_050),
    ] {
        let at = |millis| {
            let draft = world.consensus(role, SLOT, QbftMessageType::Prepare);
            world.refusal(&draft.with(|d| d.received_at = millis))
        };
        assert_eq!(at(start - 51), Some(Refusal::EarlySlot), "{role}");
        assert_eq!(at(start - 50), None, "{role}");
        assert_eq!(at(start + life), None, "{role}");
        assert_eq!(at(start + life + 1), Some(Refusal::LateSlot), "{role}");
    }
}

#[test]
fn a_slot_that_never_comes_is_early() {
    let world = World::new();
    let draft = world.prepare().qbft(|m| m.height = Slot(SLOT.get() + 1_000));
    assert_eq!(world.refusal(&draft), Some(Refusal::EarlySlot));
    let unprepared = of(&world, QbftMessageType::RoundChange).qbft(|m| m.root = Root::ZERO);
    assert_eq!(world.refusal(&unprepared), None);
}
