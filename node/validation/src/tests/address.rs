//! Rules 19 to 28.

use types::{
    CommitteeId, DomainType, Epoch, MessageId, OperatorId, PublicKeyBytes, QbftMessageType, RunnerRole,
    SsvFork, SubnetId,
};

use super::world::*;
use crate::{Refusal, Topic, ValidatorStanding};

#[test]
fn rule_19_domain() {
    let world = World::new();
    let with = |domain: DomainType| {
        let id = MessageId::committee(domain, RunnerRole::Committee, &world.committee);
        world.refusal(&world.prepare().with(|d| d.id = id))
    };
    assert_eq!(with(ALAN), None);
    assert_eq!(with(BOOLE), Some(Refusal::WrongDomain));
    assert_eq!(with(DomainType([0, 0, 0, 1])), Some(Refusal::WrongDomain));
}

#[test]
fn rule_20_role() {
    let world = World::new();
    let with = |role| {
        let id = MessageId::committee(ALAN, role, &world.committee);
        world.refusal(&world.prepare().with(|d| d.id = id))
    };
    assert_eq!(with(RunnerRole::Committee), None);
    assert_eq!(with(RunnerRole::AggregatorCommittee), Some(Refusal::InvalidRole));
    assert_eq!(with(RunnerRole::Other(7)), Some(Refusal::InvalidRole));
    assert_eq!(with(RunnerRole::UNKNOWN), Some(Refusal::InvalidRole));
}

#[test]
fn rules_21_and_22_committee() {
    let mut world = World::new();
    let empty = world.registry.add_committee(ids(5..=8), 0);
    let of = |committee: &CommitteeId| {
        let id = MessageId::committee(ALAN, RunnerRole::Committee, committee);
        world.refusal(&world.prepare().with(|d| d.id = id))
    };
    assert_eq!(of(&world.committee), None);
    assert_eq!(of(&CommitteeId([1; 32])), Some(Refusal::NonExistentCommittee));
    assert_eq!(of(&empty), Some(Refusal::NoValidators));
    // The 16 bytes before the committee id are not looked at.
    assert_eq!(world.refusal(&world.prepare().with(|d| d.id.0[8] = 1)), None);
}

#[test]
fn rules_23_to_26_validator() {
    let mut world = World::new();
    let draft = world.consensus(RunnerRole::Aggregator, SLOT, QbftMessageType::Prepare);
    assert_eq!(world.refusal(&draft), None);
    let other = MessageId::validator(ALAN, RunnerRole::Aggregator, &PublicKeyBytes([1; 48]));
    assert_eq!(world.refusal(&draft.clone().with(|d| d.id = other)), Some(Refusal::UnknownValidator));

    let now = world.rules.network.epoch_of(SLOT);
    let committee = world.committee;
    let mut with = |liquidated, standing| {
        world.registry.validators.insert(KEY, (committee, liquidated, standing));
        world.refusal(&draft)
    };
    let attesting = ValidatorStanding::Attesting { index: INDEX };
    let pending = |epoch| ValidatorStanding::PendingFrom { index: INDEX, activation: Epoch(epoch) };
    assert_eq!(with(true, attesting), Some(Refusal::ValidatorLiquidated));
    assert_eq!(with(false, ValidatorStanding::Unknown), Some(Refusal::NoShareMetadata));
    assert_eq!(with(false, ValidatorStanding::NotAttesting), Some(Refusal::ValidatorNotAttesting));
    assert_eq!(with(false, pending(now.get())), None);
    assert_eq!(with(false, pending(now.get() + 1)), Some(Refusal::ValidatorNotAttesting));
}

#[test]
fn rule_27_signer_of_the_committee() {
    let world = World::new();
    assert_eq!(world.refusal(&world.prepare().signed_by(&[4])), None);
    assert_eq!(world.refusal(&world.prepare().signed_by(&[5])), Some(Refusal::SignerNotInCommittee));
    let aggregator = world.consensus(RunnerRole::Aggregator, SLOT, QbftMessageType::Prepare);
    assert_eq!(world.refusal(&aggregator.signed_by(&[5])), Some(Refusal::SignerNotInCommittee));
}

#[test]
fn rule_28_topic() {
    let world = World::new();
    let on = |fork, subnet| {
        let topic = Topic { fork, subnet: SubnetId::new(subnet).unwrap() };
        world.refusal(&world.prepare().with(|d| d.topic = topic))
    };
    assert_eq!(on(SsvFork::Alan, 114), None);
    assert_eq!(on(SsvFork::Alan, 113), Some(Refusal::IncorrectTopic));
    assert_eq!(on(SsvFork::Boole, 114), Some(Refusal::IncorrectTopic));
    assert_eq!(on(SsvFork::Boole, 11), Some(Refusal::IncorrectTopic));
}

#[test]
fn operators_of_a_committee_may_sign_for_its_validators_alone() {
    let mut world = World::new();
    world.registry.operators.remove(&OperatorId(4));
    // Removed from the registry, although its committees keep it.
    assert_eq!(world.refusal(&world.prepare().signed_by(&[4])), Some(Refusal::UnknownOperator));
}
