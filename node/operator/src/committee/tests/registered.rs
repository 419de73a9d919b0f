//! A registration that another operator makes in another way: it is named, with what differs.

use duty::runner::Stage;
use types::beacon::ValidatorRegistration;
use types::{
    Address, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, SignatureBytes,
    TreeHash, signing,
};

use super::*;
use crate::assign::Office;
use crate::directory::OwnValidator;
use crate::plan::Plan;

const OURS: ValidatorRegistration = ValidatorRegistration {
    fee_recipient: Address::repeat_byte(1),
    gas_limit: 36_000_000,
    timestamp: 1_700_000_000,
    pubkey: PublicKeyBytes([0; 48]),
};

pub(super) fn own_validator(world: &World) -> OwnValidator {
    let shares = members().into_iter().map(|operator| (operator, share(operator).share));
    OwnValidator {
        public_key: public(50),
        owner: Address::repeat_byte(2),
        fee_recipient: OURS.fee_recipient,
        committee: id(),
        share: share(world.own).share,
        keys: Arc::new(ValidatorKeys::parse(&public(50), shares).unwrap()),
        liquidated: false,
    }
}

/// The registration of the world's validator, begun.
async fn begin(world: &mut World, ours: ValidatorRegistration) -> RunId {
    let duty = ValidatorDuty {
        role: BeaconRole::ValidatorRegistration,
        public_key: public(50),
        slot: world.slot,
        validator_index: VALIDATOR,
        committee_index: CommitteeIndex(0),
        committee_length: 0,
        committees_at_slot: 0,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    };
    let rules = Arc::clone(world.context.clock.rules());
    world.context.ledger.schedule(rules.network.epoch_of(world.slot), id(), std::slice::from_ref(&duty));
    let own = HashMap::from([(VALIDATOR, Arc::new(own_validator(world)))]);
    let plan = Plan { registrations: vec![(duty, ours)], own, ..Plan::default() };
    let committee = listed(&world.rsa);
    let office = Office {
        rules: &rules,
        own: world.own,
        committee: &committee,
        slot: world.slot,
        highest_block: &|_| Slot(0),
    };
    let duties = office.assign(&plan).at_once;
    let message_id = duties[0].machine.message_id();
    let run = RunId { slot: world.slot, message_id };
    world.committee.open(Letter::Prepare { slot: world.slot, duties }).await;
    world.committee.open(Letter::Begin(vec![run], Start::CLOCK)).await;
    run
}

/// What an operator sends that registers so.
fn bundle(world: &World, run: RunId, signer: OperatorId, theirs: ValidatorRegistration) -> SignedSsvMessage {
    let rules = world.context.clock.rules();
    let domain = rules.beacon.domain(BeaconDomainType::ApplicationBuilder, Epoch(0));
    let entry = PartialSignatureMessage {
        partial_signature: SignatureBytes([1; 96]),
        signing_root: signing::signing_root(theirs.tree_hash_root(), domain),
        signer,
        validator_index: VALIDATOR,
    };
    let bundle = PartialSignatureMessages {
        msg_type: PartialSignatureType::ValidatorRegistration,
        slot: world.slot,
        messages: List::new(vec![entry]).unwrap(),
    };
    let data = ByteList::new(bundle.as_ssz_bytes()).unwrap();
    let message = SsvMessage { msg_type: MsgType::PartialSignature, msg_id: run.message_id, data };
    let signature = world.rsa[place(signer)].sign(&message.signed_bytes()).unwrap();
    let unsigned = qbft::Unsigned { message, full_data: ByteList::empty() };
    unsigned.signed(signer, ByteList::new(signature.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_with_another_gas_limit_is_named_in_the_ledger_and_in_the_status() {
    let mut world = World::new().await;
    let ours = ValidatorRegistration { pubkey: public(50), ..OURS };
    let run = begin(&mut world, ours).await;
    let others: Vec<_> = members().into_iter().filter(|member| *member != world.own).collect();
    let theirs = ValidatorRegistration { gas_limit: 30_000_000, ..ours };
    for (operator, registration) in [(others[0], theirs), (others[1], ours), (others[2], theirs)] {
        let message = bundle(&world, run, operator, registration);
        world.committee.open(Letter::Message { id: run, message }).await;
    }
    let named: Vec<_> = world
        .context
        .guards
        .disagreements
        .all()
        .into_iter()
        .map(|one| (one.operator, one.difference.gas_limit, one.count))
        .collect();
    let differs = |operator| (operator, Some(30_000_000), 1);
    assert_eq!(named, [differs(others[0]), differs(others[2])]);

    // With our own signature two and two have signed: the others' difference is why it failed.
    let Input::Signed { stage: Stage::Pre, signatures } = world.open_answer().await else {
        panic!("the registration is to be signed")
    };
    assert!(signatures.iter().all(Result::is_ok));
    world.give_up().await;
    let record = world.context.ledger.of_slot(world.slot).unwrap().remove(0);
    assert_eq!(record.reason.as_deref(), Some("pre_signatures_disagree"));
    assert_eq!(record.disagreeing, [others[0], others[2]]);
}
