//! Rules and their order that no published vector tells apart.

use std::sync::Arc;

use qbft::{
    Committee, Config, Controller, Effect, Instance, InstanceInput, ProcessingMessage, Refusal, RoundRobin,
    State, Step, Unsigned, Value,
};
use types::message::full_data_root;
use types::{
    ByteList, Decode, Encode, List, MessageId, OperatorId, QbftMessage, RefusalCode, Round, SignedSsvMessage,
    Slot, Thresholds,
};

use crate::world::{AnyValue, CUT_OFF, HashSigner, sign, value_of};

const ID: MessageId = MessageId([7; 56]);
/// 4 mod 4 = 0: operator 1 leads round 1, operator 2 round 2, operator 3 round 3.
const HEIGHT: Slot = Slot(4);

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

fn instance(own: u64, round: u64) -> Instance {
    let mut state = State::new(ID, HEIGHT);
    state.round = Round(round);
    Instance::restore(config(own), state, Some(value_of(0)), Arc::new(AnyValue))
}

fn message(signed: SignedSsvMessage) -> ProcessingMessage {
    ProcessingMessage::new(signed).unwrap()
}

fn prepare(signer: u64, round: u64, value: &Value) -> ProcessingMessage {
    let unsigned = instance(signer, round).create_prepare(Round(round), full_data_root(value)).unwrap();
    message(sign(OperatorId(signer), unsigned))
}

fn prepares(round: u64, value: &Value) -> Vec<ProcessingMessage> {
    [1, 2, 3].map(|signer| prepare(signer, round, value)).to_vec()
}

/// A round change to `round` by a `signer` that prepared `value` in round `prepared`.
fn prepared_change(signer: u64, round: u64, prepared: u64, value: &Value) -> SignedSsvMessage {
    let mut state = State::new(ID, HEIGHT);
    state.last_prepared_round = Round(prepared);
    state.last_prepared_value = Some(value.clone());
    prepares(prepared, value).into_iter().for_each(|prepare| {
        state.prepares.add(Arc::new(prepare));
    });
    let instance = Instance::restore(config(signer), state, None, Arc::new(AnyValue));
    sign(OperatorId(signer), instance.create_round_change(Round(round)).unwrap())
}

fn unprepared_change(signer: u64, round: u64) -> SignedSsvMessage {
    sign(OperatorId(signer), instance(signer, 1).create_round_change(Round(round)).unwrap())
}

fn proposal(
    signer: u64,
    round: u64,
    value: &Value,
    changes: &[SignedSsvMessage],
    prepares: &[ProcessingMessage],
) -> SignedSsvMessage {
    let changes: Vec<_> = changes.iter().cloned().map(message).collect();
    sign(OperatorId(signer), instance(signer, round).create_proposal(value, &changes, prepares).unwrap())
}

/// Changes the inner message and signs again.
fn altered(signed: &SignedSsvMessage, change: impl FnOnce(&mut QbftMessage)) -> SignedSsvMessage {
    let mut inner = QbftMessage::from_ssz_bytes(&signed.ssv_message.data).unwrap();
    change(&mut inner);
    let mut unsigned = Unsigned { message: signed.ssv_message.clone(), full_data: signed.full_data.clone() };
    unsigned.message.data = ByteList::new(inner.as_ssz_bytes()).unwrap();
    sign(signed.operator_ids[0], unsigned)
}

fn with_empty_signature(mut signed: SignedSsvMessage) -> SignedSsvMessage {
    signed.signatures.as_mut_slice()[0] = ByteList::empty();
    signed
}

fn with_second_signer(mut signed: SignedSsvMessage) -> SignedSsvMessage {
    let signature = signed.signatures[0].clone();
    signed.signatures.push(signature).unwrap();
    signed.operator_ids.push(OperatorId(4)).unwrap();
    signed
}

fn feed(instance: &mut Instance, signed: SignedSsvMessage) -> Step {
    instance.step(InstanceInput::Message(Arc::new(message(signed))))
}

fn refusal(own: u64, signed: SignedSsvMessage) -> Refusal {
    let step = feed(&mut instance(own, 1), signed);
    assert!(step.effects.is_empty(), "{step:?}");
    step.refusal.unwrap()
}

#[test]
fn a_prepared_round_change_must_prove_what_it_claims() {
    let value = value_of(1);
    let good = prepared_change(3, 3, 2, &value);
    assert_eq!(feed(&mut instance(1, 1), good.clone()), Step::default());

    let mut other_value = good.clone();
    other_value.full_data = value_of(2);
    assert_eq!(refusal(1, other_value), RefusalCode::RootHashInvalid.into());

    assert_eq!(refusal(1, prepared_change(3, 3, 4, &value)), Refusal::PreparedAboveRound);
    assert_eq!(feed(&mut instance(1, 1), prepared_change(3, 3, 3, &value)), Step::default());

    let justification = |prepare: SignedSsvMessage| {
        altered(&good, |inner| {
            let mut items = inner.round_change_justification.clone().into_vec();
            items[1] = ByteList::new(prepare.as_ssz_bytes()).unwrap();
            inner.round_change_justification = List::new(items).unwrap();
        })
    };
    let of_two = prepare(2, 2, &value).signed().clone();
    assert_eq!(feed(&mut instance(1, 1), justification(of_two.clone())), Step::default());
    assert_eq!(
        refusal(1, justification(with_empty_signature(of_two.clone()))),
        RefusalCode::EmptySignature.into()
    );
    assert_eq!(
        refusal(1, justification(with_second_signer(of_two.clone()))),
        RefusalCode::MessageAllowsOneSignerOnly.into()
    );
    assert_eq!(refusal(1, justification(unprepared_change(2, 2))), Refusal::NotPrepare);
    let mut no_message = of_two;
    no_message.ssv_message.data = ByteList::empty();
    assert_eq!(refusal(1, justification(no_message)), Refusal::JustificationUndecodable);
}

#[test]
fn each_round_change_of_a_proposal_is_judged_in_order() {
    let value = value_of(1);
    let changes = |third: SignedSsvMessage| [unprepared_change(1, 2), unprepared_change(2, 2), third];
    let with = |third| proposal(2, 2, &value, &changes(third), &[]);

    let step = feed(&mut instance(1, 1), with(unprepared_change(3, 2)));
    assert!(matches!(step.effects[..], [Effect::ArmTimer { round: Round(2), .. }, Effect::Broadcast(_)]));
    assert_eq!(step.refusal, None);

    let cases = [
        (unprepared_change(3, 3), RefusalCode::WrongMessageRound),
        (with_second_signer(unprepared_change(3, 2)), RefusalCode::MessageAllowsOneSignerOnly),
        (
            with_second_signer(with_empty_signature(unprepared_change(3, 2))),
            RefusalCode::MessageAllowsOneSignerOnly,
        ),
        (with_empty_signature(unprepared_change(3, 2)), RefusalCode::EmptySignature),
        (unprepared_change(2, 2), RefusalCode::RoundChangeNoQuorum),
        (prepared_change(3, 2, 1, &value_of(2)), RefusalCode::RootHashInvalid),
    ];
    for (third, code) in cases {
        assert_eq!(refusal(1, with(third)), code.into());
    }
    assert_eq!(refusal(1, with(prepare(3, 2, &value).signed().clone())), Refusal::NotRoundChange);
}

#[test]
fn the_highest_prepared_round_is_the_one_to_prove() {
    let value = value_of(1);
    for order in [[1, 2], [2, 1]] {
        let changes = [
            prepared_change(1, 3, order[0], &value),
            prepared_change(2, 3, order[1], &value),
            unprepared_change(3, 3),
        ];
        let step = feed(&mut instance(1, 1), proposal(3, 3, &value, &changes, &prepares(2, &value)));
        assert_eq!(step.refusal, None);
        let old = proposal(3, 3, &value, &changes, &prepares(1, &value));
        assert_eq!(refusal(1, old), RefusalCode::PrepareMessageInvalid.into());
        let none = proposal(3, 3, &value, &changes, &[]);
        assert_eq!(refusal(1, none), Refusal::PreparesNoQuorum);
    }
}

#[test]
fn the_leader_proposes_once_in_a_round() {
    let mut fresh = instance(2, 2);
    let mut proposed = instance(2, 2);
    let changes = [1, 3, 4].map(|signer| unprepared_change(signer, 2));
    let own = proposal(2, 2, &value_of(1), &changes, &[]);
    assert_eq!(feed(&mut proposed, own).refusal, None);
    let mut sent = Vec::new();
    for change in changes {
        sent.extend(feed(&mut fresh, change.clone()).effects);
        assert_eq!(feed(&mut proposed, change), Step::default());
    }
    assert!(matches!(sent[..], [Effect::Broadcast(_)]), "{sent:?}");
}

#[test]
fn the_leader_carries_a_prepared_value_on() {
    let mut leader = instance(2, 2);
    let value = value_of(3);
    let mut sent = Vec::new();
    for change in [unprepared_change(1, 2), prepared_change(3, 2, 1, &value), unprepared_change(4, 2)] {
        sent.extend(feed(&mut leader, change).effects);
    }
    let [Effect::Broadcast(proposal)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(proposal.full_data, value);
    let step = feed(&mut instance(1, 1), sign(OperatorId(2), proposal.clone()));
    assert_eq!(step.refusal, None);
}

#[test]
fn a_controller_takes_only_its_own_identifier() {
    let mut controller = Controller::restore(config(1), ID, HEIGHT, Vec::new());
    let other = altered(&unprepared_change(2, 2), |inner| {
        inner.identifier = ByteList::new(vec![8; 56]).unwrap();
    });
    let step = controller.step(qbft::Input::Message(other));
    assert_eq!(step.refusal, Some(RefusalCode::MessageIdentifierInvalid.into()));
    let step = controller.step(qbft::Input::Message(unprepared_change(2, 2)));
    assert_eq!(step.refusal, Some(Refusal::NoInstance));
    let mut garbage = unprepared_change(2, 2);
    garbage.ssv_message.data = ByteList::new(vec![1; 10]).unwrap();
    assert_eq!(controller.step(qbft::Input::Message(garbage)).refusal, Some(Refusal::Undecodable));
}
