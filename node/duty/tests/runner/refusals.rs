//! The first broken rule names the refusal (`ssv-spec ssv/runner_validations.go`, `ssv/validator.go`, `ssv/committee.go`).

use std::sync::Arc;

use duty::runner::{Input, Past, Progress, Runner};
use duty::{CommitteeKeys, Refusal};
use qbft::Committee;
use types::{
    Encode, List, MessageId, MsgType, PartialSignatureMessage, PartialSignatureMessages,
    PartialSignatureType, QbftMessage, QbftMessageType, RefusalCode, Root, Round, RunnerRole, SignatureBytes,
    SignedSsvMessage, Slot, ValidatorIndex,
};

use crate::world::{Conduct, Recipe, SLOT, World};
use crate::{AGGREGATION, COMMITTEE, CONTRIBUTION, EXIT, PROPOSAL, REGISTRATION};

fn bundle(
    world: &World,
    kind: PartialSignatureType,
    slot: Slot,
    entries: &[(u64, Root)],
) -> SignedSsvMessage {
    let signer = world.nodes[1].id;
    let entry = |(validator, signing_root): &(u64, Root)| PartialSignatureMessage {
        partial_signature: SignatureBytes([1; 96]),
        signing_root: *signing_root,
        signer,
        validator_index: ValidatorIndex(*validator),
    };
    let messages = List::new(entries.iter().map(entry).collect()).unwrap();
    let bundle = PartialSignatureMessages { msg_type: kind, slot, messages };
    world.message(1, MsgType::PartialSignature, bundle.as_ssz_bytes())
}

fn begun(recipe: &Recipe) -> World {
    let mut world =
        World::new(50, recipe, &[Conduct::Honest, Conduct::Silent, Conduct::Silent, Conduct::Silent]);
    world.feed(0, Input::Begin);
    world.deliver_all();
    world
}

const WRONG: Root = Root::repeat_byte(9);

#[test]
fn one_validators_bundles_before_consensus() {
    for (recipe, count) in
        [(&REGISTRATION, 1), (&EXIT, 1), (&PROPOSAL, 1), (&AGGREGATION, 1), (&CONTRIBUTION, 3)]
    {
        let mut world = begun(recipe);
        let kind = world.plan.pre_type();
        let mut code = |slot, entries: &[(u64, Root)]| {
            let message = bundle(&world, kind, slot, entries);
            world.refusal(0, message)
        };
        assert_eq!(code(SLOT, &[]), Some(19));
        assert_eq!(code(Slot(40), &[(7, WRONG)]), Some(46));
        assert_eq!(code(Slot(42), &[(7, WRONG)]), Some(47));
        assert_eq!(code(SLOT, &[(7, WRONG)]), Some(48));
        assert_eq!(code(SLOT, &vec![(100, WRONG); count + 1]), Some(49));
        assert_eq!(code(SLOT, &vec![(100, WRONG); count]), Some(41));
    }
}

#[test]
fn bundles_after_consensus_and_messages_of_consensus_where_there_is_none() {
    for (recipe, post, consensus) in
        [(&REGISTRATION, Some(36), Some(35)), (&EXIT, Some(38), Some(37)), (&PROPOSAL, Some(43), Some(2))]
    {
        let mut world = begun(recipe);
        let message = bundle(&world, PartialSignatureType::PostConsensus, SLOT, &[(100, WRONG)]);
        assert_eq!(world.refusal(0, message), post);
        let inner = QbftMessage {
            msg_type: QbftMessageType::Prepare,
            height: SLOT,
            round: Round(1),
            identifier: types::ByteList::try_from(world.setups[0].message_id(&world.plan).as_ref()).unwrap(),
            root: WRONG,
            data_round: Round(0),
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        let message = world.message(1, MsgType::Consensus, inner.as_ssz_bytes());
        assert_eq!(world.refusal(0, message), consensus);
    }
}

#[test]
fn after_its_end_and_before_its_start_a_duty_does_not_run() {
    for recipe in [&REGISTRATION, &PROPOSAL, &COMMITTEE] {
        let mut world = World::new(51, recipe, &[Conduct::Honest; 4]);
        let kind = world.plan.pre_type();
        let message = bundle(&world, kind, SLOT, &[(100, WRONG)]);
        assert_eq!(world.refusal(0, message.clone()), Some(4));
        world.run(1);
        assert!(world.nodes[0].machine.is_finished());
        // A committee that has begun to decide does not look at selection proofs any more.
        let late = if *world.plan.entries() == world.plan.entries()[..1] { Some(4) } else { None };
        assert_eq!(world.refusal(0, message), late);
    }
}

#[test]
fn a_committee_looks_at_its_id_and_its_slot_first() {
    let mut world = begun(&COMMITTEE);
    let kind = world.plan.pre_type();
    let foreign = types::CommitteeId([9; 32]);
    let (domain, ours) = (world.setups[0].domain, world.setups[0].committee_id);
    let mut message = bundle(&world, kind, Slot(1), &[(100, WRONG)]);
    assert_eq!(world.refusal(0, message.clone()), Some(20));
    message.ssv_message.msg_id = MessageId::committee(domain, RunnerRole::Proposer, &foreign);
    assert_eq!(world.refusal(0, message.clone()), Some(28));
    message.ssv_message.msg_id = MessageId::committee(domain, RunnerRole::Proposer, &ours);
    assert_eq!(world.refusal(0, message), Some(85));
    // Roots and validators it does not know are no error.
    let message = bundle(&world, kind, SLOT, &[(7, WRONG), (100, WRONG)]);
    assert_eq!(world.refusal(0, message), None);
    let message = bundle(&world, PartialSignatureType::PostConsensus, SLOT, &[(7, WRONG)]);
    assert_eq!(world.refusal(0, message), Some(43));
}

/// What a duty that walked there itself never lacks: an instance (44) that is decided (45).
#[test]
fn a_decided_value_without_its_consensus() {
    let mut world = begun(&PROPOSAL);
    let mut honest = World::new(50, &PROPOSAL, &[Conduct::Honest; 4]);
    honest.run(1);
    let value = honest.nodes[0].machine.decided_value().unwrap().to_vec();
    for (running, code) in [(false, 44), (true, 45)] {
        let progress = Progress {
            controller: world.nodes[0].machine.controller().clone(),
            running,
            pre: Vec::new(),
            post: Vec::new(),
            decided_value: Some(value.clone()),
            finished: false,
        };
        let (setup, plan) = (world.setups[0].clone(), world.plan.clone());
        world.nodes[0].machine = Runner::restore(setup, plan, progress).unwrap();
        let message = bundle(&world, PartialSignatureType::PostConsensus, SLOT, &[(7, WRONG)]);
        assert_eq!(world.refusal(0, message), Some(code));
    }
}

#[test]
fn strangers_are_refused_whatever_they_sign() {
    let mut world = begun(&PROPOSAL);
    let committee: &Committee = &world.setups[0].committee;
    assert!(!committee.contains(types::OperatorId(5)));
    let mut message = bundle(&world, PartialSignatureType::Randao, SLOT, &[(100, WRONG)]);
    message.operator_ids = List::new(vec![types::OperatorId(5)]).unwrap();
    // The signer of the message is not the one inside.
    assert_eq!(world.refusal(0, message), Some(42));
}

/// A committee's duty takes the shares there are, the duty of one validator exactly its own
/// (`ssv-spec ssv/spectest/tests/runner/construction`).
#[test]
fn the_duty_of_one_validator_takes_one_share() {
    let both = World::new(1, &COMMITTEE, &[Conduct::Honest; 4]).keys;
    let of = |indices: &[u64]| -> Arc<CommitteeKeys> {
        let one = |index: &u64| {
            let index = ValidatorIndex(*index);
            (index, Arc::new(both.get(index).unwrap().clone()))
        };
        Arc::new(indices.iter().map(one).collect())
    };
    let made = |recipe: &Recipe, indices: &[u64]| {
        let world = World::new(1, recipe, &[Conduct::Honest; 4]);
        let mut setup = world.setups[0].clone();
        setup.keys = of(indices);
        Runner::new(setup, world.plan, Past::default()).err()
    };
    let nobody: Refusal = RefusalCode::NoValidatorShares.into();
    for recipe in [&REGISTRATION, &EXIT, &PROPOSAL, &AGGREGATION, &CONTRIBUTION] {
        assert_eq!(made(recipe, &[100]), None);
        assert_eq!(made(recipe, &[]), Some(Refusal::NotOneShare { held: 0 }));
        assert_eq!(made(recipe, &[100, 101]), Some(Refusal::NotOneShare { held: 2 }));
        assert_eq!(made(recipe, &[101]), Some(nobody.clone()));
    }
    assert_eq!(made(&COMMITTEE, &[100, 101]), None);
    assert_eq!(made(&COMMITTEE, &[101]), None);
    assert_eq!(made(&COMMITTEE, &[]), Some(nobody));
}
