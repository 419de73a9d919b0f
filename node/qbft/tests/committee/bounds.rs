//! What stays bounded, what stale inputs do, and in which order effects come: the rules that no published vector reaches.

use std::sync::Arc;

use qbft::{
    Committee, Config, Controller, Effect, Input, Instance, InstanceInput, ProcessingMessage, RoundRobin,
    State, Step,
};
use types::{
    List, MessageId, OperatorId, QbftMessageType, RefusalCode, Round, SignedSsvMessage, Slot, Thresholds,
};

use crate::world::{AnyValue, CUT_OFF, HashSigner, sign, value_of};

const ID: MessageId = MessageId([7; 56]);

fn config(own: u64) -> Arc<Config> {
    let members: Vec<_> = (1..=4).map(OperatorId).collect();
    Arc::new(Config {
        committee: Committee::new(OperatorId(own), members.clone(), Thresholds::of_size(4)),
        leader: Arc::new(RoundRobin::new(members, None)),
        verifier: Arc::new(HashSigner),
        cut_off: CUT_OFF,
        capacity: 2,
    })
}

fn controller(own: u64) -> Controller {
    Controller::restore(config(own), ID, Slot(0), Vec::new())
}

fn start(controller: &mut Controller, height: u64) -> Step {
    controller.step(Input::Start { height: Slot(height), value: value_of(0), check: Arc::new(AnyValue) })
}

fn instance(own: u64, height: u64, round: u64) -> Instance {
    let mut state = State::new(ID, Slot(height));
    state.round = Round(round);
    Instance::restore(config(own), state, Some(value_of(0)), Arc::new(AnyValue))
}

fn round_change(signer: u64, height: u64, round: u64) -> SignedSsvMessage {
    sign(OperatorId(signer), instance(signer, height, 1).create_round_change(Round(round)).unwrap())
}

fn code(step: &Step) -> Option<RefusalCode> {
    step.refusal.as_ref().and_then(qbft::Refusal::code)
}

fn heights(controller: &Controller) -> Vec<u64> {
    controller.instances().iter().map(|instance| instance.state().height.get()).collect()
}

#[test]
fn the_lowest_height_makes_room_and_earlier_ones_are_stopped() {
    let mut controller = controller(1);
    for height in [5, 6, 9] {
        assert_eq!(start(&mut controller, height).refusal, None);
    }
    assert_eq!(heights(&controller), [9, 6]);
    assert!(controller.instance(Slot(6)).unwrap().is_stopped());
    assert!(!controller.instance(Slot(9)).unwrap().is_stopped());
    assert_eq!(code(&start(&mut controller, 9)), Some(RefusalCode::InstanceAlreadyRunning));
    assert_eq!(code(&start(&mut controller, 8)), Some(RefusalCode::StartInstance));
}

#[test]
fn timers_of_other_heights_and_rounds_left_mean_nothing() {
    let mut controller = controller(1);
    let _ = start(&mut controller, 5);
    let timeout = |controller: &mut Controller, height, round| {
        controller.step(Input::Timeout { height: Slot(height), round: Round(round) })
    };
    assert_eq!(timeout(&mut controller, 4, 1), Step::default());
    assert_eq!(timeout(&mut controller, 5, 1).effects.len(), 2);
    assert_eq!(controller.instance(Slot(5)).unwrap().state().round, Round(2));
    assert_eq!(timeout(&mut controller, 5, 1), Step::default());
    assert_eq!(controller.instance(Slot(5)).unwrap().state().round, Round(2));
}

#[test]
fn the_leader_arms_its_timer_before_it_proposes_and_others_only_arm() {
    // 4 mod 4 = 0: operator 1 leads round 1.
    let effects = start(&mut controller(1), 4).effects;
    assert!(matches!(
        effects[..],
        [Effect::ArmTimer { height: Slot(4), round: Round(1) }, Effect::Broadcast(_)]
    ));
    let effects = start(&mut controller(2), 4).effects;
    assert!(matches!(effects[..], [Effect::ArmTimer { .. }]));
}

#[test]
fn a_timeout_asks_for_the_next_round_before_it_arms_the_timer() {
    let mut instance = instance(1, 5, 11);
    let step = instance.step(InstanceInput::Timeout);
    assert!(matches!(step.effects[..], [Effect::Broadcast(_), Effect::ArmTimer { round: CUT_OFF, .. }]));
    assert_eq!(step.refusal, None);
    let step = instance.step(InstanceInput::Timeout);
    assert_eq!((step.effects.len(), code(&step)), (0, Some(RefusalCode::TimeoutInstance)));
}

#[test]
fn a_jump_to_the_cut_off_round_moves_the_state_and_is_refused() {
    let mut controller = controller(1);
    let _ = start(&mut controller, 5);
    let first = controller.step(Input::Message(round_change(2, 5, CUT_OFF.get())));
    assert_eq!(first, Step::default());
    let second = controller.step(Input::Message(round_change(3, 5, CUT_OFF.get())));
    assert_eq!(second.effects, [Effect::ArmTimer { height: Slot(5), round: CUT_OFF }]);
    assert_eq!(code(&second), Some(RefusalCode::InstanceStoppedProcessingMessages));
    assert_eq!(controller.instance(Slot(5)).unwrap().state().round, CUT_OFF);
}

#[test]
fn round_changes_past_the_cut_off_are_not_kept() {
    let mut controller = controller(1);
    let _ = start(&mut controller, 5);
    for round in 13..1_000 {
        assert_eq!(controller.step(Input::Message(round_change(2, 5, round))), Step::default());
        assert_eq!(controller.step(Input::Message(round_change(3, 5, round))), Step::default());
    }
    let state = controller.instance(Slot(5)).unwrap().state();
    assert!(state.round_changes.is_empty());
    assert_eq!(state.round, Round(1));
}

#[test]
fn a_container_is_full_at_its_bound() {
    let mut container = qbft::Container::default();
    for round in 1..2_000 {
        let message = ProcessingMessage::new(round_change(2, 5, round)).unwrap();
        container.add_first(Arc::new(message));
    }
    assert_eq!(container.len(), qbft::container::MAX_MESSAGES);
}

#[test]
fn the_decision_comes_before_its_publication() {
    let mut controller = controller(2);
    let _ = start(&mut controller, 4);
    let leader = instance(1, 4, 1);
    let proposal = leader.create_proposal(&value_of(1), [], []).unwrap();
    let root = types::message::full_data_root(&value_of(1));
    let step = controller.step(Input::Message(sign(OperatorId(1), proposal)));
    assert!(matches!(step.effects[..], [Effect::Broadcast(_)]));
    let mut last = Step::default();
    for signer in [1, 3, 4] {
        let commit = instance(signer, 4, 1).create_commit(root).unwrap();
        last = controller.step(Input::Message(sign(OperatorId(signer), commit)));
    }
    let [Effect::Decided(decided), Effect::PublishDecided(published)] = &last.effects[..] else {
        panic!("{last:?}");
    };
    assert_eq!(decided, published);
    assert_eq!(decided.operator_ids[..], [1, 3, 4].map(OperatorId));
    assert_eq!(decided.full_data, value_of(1));

    // Once is enough: the same from others changes nothing, and the height is over.
    assert_eq!(controller.step(Input::Message(decided.clone())), Step::default());
    let late = ProcessingMessage::new(sign(OperatorId(3), leader.create_commit(root).unwrap())).unwrap();
    assert_eq!(late.kind(), QbftMessageType::Commit);
    let step = controller.step(Input::Message(late.signed().clone()));
    assert_eq!(code(&step), Some(RefusalCode::SkipConsensusMessageAsInstanceIsDecided));
    let step = controller.step(Input::Timeout { height: Slot(4), round: Round(1) });
    assert_eq!(step, Step::default());
}

#[test]
fn before_anything_was_started_every_message_is_of_the_future() {
    let mut controller = controller(1);
    for height in [0, 1] {
        let step = controller.step(Input::Message(round_change(2, height, 2)));
        assert_eq!(code(&step), Some(RefusalCode::FutureMessage));
    }
    let _ = start(&mut controller, 0);
    assert_eq!(controller.step(Input::Message(round_change(2, 0, 2))), Step::default());
}

#[test]
fn an_instance_decides_once_and_still_keeps_late_commits() {
    let mut instance = instance(2, 4, 1);
    let root = types::message::full_data_root(&value_of(1));
    let leader = self::instance(1, 4, 1);
    let mut feed =
        |signed| instance.step(InstanceInput::Message(Arc::new(ProcessingMessage::new(signed).unwrap())));
    let _ = feed(sign(OperatorId(1), leader.create_proposal(&value_of(1), [], []).unwrap()));
    let commit = |signer| sign(OperatorId(signer), self::instance(signer, 4, 1).create_commit(root).unwrap());
    let decisions: Vec<usize> = [1, 1, 2, 3, 4].map(|signer| feed(commit(signer)).effects.len()).to_vec();
    assert_eq!(decisions, [0, 0, 0, 1, 0]);
    assert_eq!(instance.state().commits.len(), 4);
}

#[test]
fn the_largest_set_of_commits_without_a_common_signer() {
    let commit = |signers: &[u64], value: &qbft::Value| {
        let root = types::message::full_data_root(value);
        let mut commit = sign(OperatorId(signers[0]), instance(1, 4, 1).create_commit(root).unwrap());
        commit.operator_ids = List::new(signers.iter().copied().map(OperatorId).collect()).unwrap();
        Arc::new(ProcessingMessage::new(commit).unwrap())
    };
    let (one, other) = (value_of(1), value_of(2));
    let mut container = qbft::Container::default();
    for signers in [&[1, 2][..], &[2, 3], &[1], &[4], &[4]] {
        container.add(commit(signers, &one));
    }
    container.add(commit(&[5, 6, 7], &other));
    let longest = |value| {
        let unique = container.longest_unique_signers(Round(1), types::message::full_data_root(value));
        let signers: Vec<u64> = unique.signers.iter().map(|signer| signer.get()).collect();
        (signers, unique.messages.len())
    };
    // From the second on: 2, 3 with 1 and 4. From the first on only 1, 2 and 4.
    assert_eq!(longest(&one), (vec![1, 2, 3, 4], 3));
    assert_eq!(longest(&other), (vec![5, 6, 7], 1));
    assert_eq!(longest(&value_of(3)), (vec![], 0));
    // The first of two equal ones.
    container.add(commit(&[7, 6, 5], &other));
    let unique = container.longest_unique_signers(Round(1), types::message::full_data_root(&other));
    assert_eq!(unique.messages[0].signers(), [5, 6, 7].map(OperatorId));
}

#[test]
fn a_decided_message_of_others_needs_good_signatures_and_decides_a_height_never_started() {
    let root = types::message::full_data_root(&value_of(1));
    let mut decided = sign(OperatorId(1), instance(1, 9, 3).create_commit(root).unwrap());
    decided.full_data = value_of(1);
    for signer in [2, 3] {
        let commit = sign(OperatorId(signer), instance(signer, 9, 3).create_commit(root).unwrap());
        decided.operator_ids.push(OperatorId(signer)).unwrap();
        decided.signatures.push(commit.signatures[0].clone()).unwrap();
    }
    let mut controller = controller(4);
    let mut forged = decided.clone();
    forged.operator_ids.as_mut_slice()[2] = OperatorId(4);
    assert_eq!(code(&controller.step(Input::Message(forged))), Some(RefusalCode::MessageSignatureInvalid));
    assert!(controller.instances().is_empty());

    let step = controller.step(Input::Message(decided.clone()));
    assert_eq!(step, Step { effects: vec![Effect::Decided(decided)], refusal: None });
    assert_eq!((controller.height(), heights(&controller)), (Slot(9), vec![9]));
    assert_eq!(code(&start(&mut controller, 9)), Some(RefusalCode::InstanceAlreadyRunning));
}
