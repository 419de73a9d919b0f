//! Decided data that say two different things of one validator's duty, as a traitor that leads can make them.

use duty::runner::{Effect, Input, Past, Plan, Runner, ShareRequest, Stage};
use types::beacon::{AttestationElectra, SyncCommitteeContribution};
use types::consensus_data::{AggregatorCommitteeConsensusData, AssignedAggregator};
use types::message::full_data_root;
use types::{
    BeaconFork, ByteList, CommitteeIndex, DataVersion, Encode, List, Mainnet, MsgType, QbftMessage,
    QbftMessageType, Root, Round, SignatureBytes, SignedSsvMessage, SsvFork, SsvMessage, ValidatorIndex,
};

use crate::roles::aggregator_committee_plan;
use crate::runner::{Recipe, Selects, setup};
use crate::standin::{FIRST, QUORUM, SLOT, STANDING, own};
use crate::tag::Tag;

type Data = AggregatorCommitteeConsensusData<Mainnet>;

fn assigned(validator: u64, proof: u8, index: u64) -> AssignedAggregator {
    AssignedAggregator {
        validator_index: ValidatorIndex(validator),
        selection_proof: SignatureBytes([proof; 96]),
        committee_index: CommitteeIndex(index),
    }
}

fn contribution(subcommittee_index: u64) -> SyncCommitteeContribution<Mainnet> {
    SyncCommitteeContribution {
        slot: SLOT,
        beacon_block_root: Root::repeat_byte(4),
        subcommittee_index,
        aggregation_bits: ssz::BitVector::new(),
        signature: SignatureBytes([5; 96]),
    }
}

fn data(aggregators: Vec<AssignedAggregator>, contributors: Vec<AssignedAggregator>) -> Data {
    let attestation = AttestationElectra::<Mainnet> {
        aggregation_bits: ssz::BitList::with_capacity(8).unwrap(),
        data: types::beacon::AttestationData::default(),
        signature: SignatureBytes([3; 96]),
        committee_bits: ssz::BitVector::new(),
    };
    Data {
        version: DataVersion::Fulu,
        aggregators: List::new(aggregators).unwrap(),
        aggregators_committee_indexes: List::new(vec![CommitteeIndex(0)]).unwrap(),
        aggregated_attestations: List::new(vec![ByteList::new(attestation.as_ssz_bytes()).unwrap()]).unwrap(),
        contributors: List::new(contributors).unwrap(),
        sync_committee_contributions: List::new(vec![contribution(0), contribution(1)]).unwrap(),
    }
}

/// A quorum's word for a value.
fn decided(recipe: &Recipe, value: Vec<u8>) -> SignedSsvMessage {
    let msg_id = setup(recipe, own(0)).message_id(&recipe.plan);
    let inner = QbftMessage {
        msg_type: QbftMessageType::Commit,
        height: SLOT,
        round: Round::FIRST,
        identifier: ByteList::new(msg_id.0.to_vec()).unwrap(),
        root: full_data_root(&value),
        data_round: Round::NONE,
        round_change_justification: List::empty(),
        prepare_justification: List::empty(),
    };
    let data = ByteList::new(inner.as_ssz_bytes()).unwrap();
    let ssv_message = SsvMessage { msg_type: MsgType::Consensus, msg_id, data };
    let digest = ssv_message.signed_digest();
    let signers = &STANDING.operators[..QUORUM];
    SignedSsvMessage {
        signatures: List::collect(signers.iter().map(|signer| Tag::of(*signer, &digest))).unwrap(),
        operator_ids: List::collect(signers.iter().copied()).unwrap(),
        ssv_message,
        full_data: ByteList::new(value).unwrap(),
    }
}

/// What is to be signed of a decided value.
fn signed(data: &Data) -> ShareRequest {
    let plan: Plan = aggregator_committee_plan();
    let recipe = Recipe { plan, fork: SsvFork::Boole, beacon_fork: BeaconFork::Fulu, selects: Selects::All };
    let mut runner = Runner::new(setup(&recipe, own(3)), recipe.plan.clone(), Past::default()).unwrap();
    let _ = runner.step(Input::Begin);
    let step = runner.step(Input::Message(decided(&recipe, data.as_ssz_bytes())));
    assert!(step.refusal.is_none(), "{:?}", step.refusal);
    let requests = step
        .effects
        .into_iter()
        .filter_map(|effect| if let Effect::Sign(request) = effect { Some(request) } else { None });
    let mut requests = requests.filter(|request| request.stage == Stage::Post);
    requests.next_back().unwrap()
}

#[test]
fn of_two_different_objects_for_one_duty_the_first_is_signed() {
    let honest = data(
        vec![assigned(FIRST, 1, 0), assigned(FIRST + 1, 1, 0)],
        vec![assigned(FIRST, 1, 0), assigned(FIRST, 1, 1)],
    );
    let doubled = data(
        vec![assigned(FIRST, 1, 0), assigned(FIRST + 1, 1, 0), assigned(FIRST, 2, 0)],
        vec![assigned(FIRST, 1, 0), assigned(FIRST, 2, 0), assigned(FIRST, 1, 1)],
    );
    assert_eq!(signed(&honest).tasks.len(), 4);
    assert_eq!(signed(&doubled).tasks, signed(&honest).tasks);
}

/// Two places in one subcommittee are in the data twice, and in the bundle.
#[test]
fn the_same_object_twice_is_signed_twice() {
    let contributors = vec![assigned(FIRST, 1, 0), assigned(FIRST, 1, 1), assigned(FIRST, 1, 1)];
    let twice = data(vec![assigned(FIRST, 1, 0)], contributors);
    assert_eq!(signed(&twice).tasks.len(), 4);
}
