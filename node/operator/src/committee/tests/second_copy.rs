//! Two live nodes with one operator's key, over real gossip: the first message of the other one that this node did not make itself is
//! recognised, and from then on nothing more is said.

use beacon::{Validator, ValidatorStatus};
use types::{Decode, Wire};
use validation::SeenState;

use super::*;
use crate::book::DutyBook;
use crate::directory::Registered;
use crate::identity::SignError;
use crate::intake::{Intake, Porter, Refusals};
use crate::routes::Routes;
use crate::sight::Sight;

/// The intake of the world's node, which knows the committee and that its validator is at work.
fn intake(world: &World) -> Intake {
    let context = &world.context;
    let mut directory = Directory::clone(&context.directory.load());
    directory.operators = members().into_iter().collect();
    directory.validators.insert(public(50), Registered { committee: id(), liquidated: false });
    let roster = Roster::default();
    roster.add(&[Validator {
        public_key: public(50),
        index: VALIDATOR,
        status: ValidatorStatus::ActiveOngoing,
        activation_epoch: Epoch(0),
        exit_epoch: Epoch::FAR_FUTURE,
    }]);
    let sight = Sight::new(&directory, &roster);
    context.directory.store(Arc::new(directory));
    let routes = Routes::default();
    routes.put(id(), world.mailbox.clone());
    Intake {
        context: Arc::clone(context),
        book: Arc::new(DutyBook::default()),
        sight: Arc::new(arc_swap::ArcSwap::from_pointee(sight)),
        routes: Arc::new(routes),
        seen: Arc::new(std::sync::Mutex::new(SeenState::new(8))),
        refusals: Refusals::default(),
    }
}

/// A step of consensus of this slot that the world's operator could say.
fn step(world: &World, msg_type: QbftMessageType) -> qbft::Unsigned {
    let msg_id = world.id().message_id;
    let step = QbftMessage {
        msg_type,
        height: world.slot,
        round: Round(1),
        identifier: ByteList::new(msg_id.0.to_vec()).unwrap(),
        root: Root::repeat_byte(3),
        data_round: Round(0),
        round_change_justification: List::empty(),
        prepare_justification: List::empty(),
    };
    let data = ByteList::new(step.as_ssz_bytes()).unwrap();
    let message = SsvMessage { msg_type: MsgType::Consensus, msg_id, data };
    qbft::Unsigned { message, full_data: ByteList::empty() }
}

/// What another node with the operator's key makes of it.
fn made_elsewhere(world: &World, unsigned: qbft::Unsigned) -> SignedSsvMessage {
    let signature = world.rsa[place(world.own)].sign(&unsigned.message.signed_bytes()).unwrap();
    unsigned.signed(world.own, ByteList::new(signature.to_vec()).unwrap())
}

/// Another node, from which messages reach ours.
async fn neighbour(world: &mut World) -> Witness {
    let mut other = Witness::of(world).await;
    loop {
        if let NetworkEvent::PeerSubscribed { .. } = other.events.recv().await.unwrap() {
            return other;
        }
    }
}

/// Publishes a message from the other node, and takes it in at ours.
async fn bring(world: &mut World, other: &Witness, intake: &Intake, message: &SignedSsvMessage) {
    other.handle.publish(topic(), message.to_wire(SsvFork::Alan).unwrap()).await.unwrap();
    loop {
        if let NetworkEvent::Message(message) = world.events.recv().await.unwrap() {
            return intake.take_in(message);
        }
    }
}

/// The kinds of the messages that reached the committee's mailbox.
fn delivered(world: &mut World) -> Vec<QbftMessageType> {
    let mut kinds = Vec::new();
    while let Ok(letter) = world.letters.try_recv() {
        if let Letter::Message { message, .. } = letter {
            kinds.push(QbftMessage::from_ssz_bytes(&message.ssv_message.data).unwrap().msg_type);
        }
    }
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn another_live_copy_is_recognised_and_nothing_more_is_said() {
    let mut world = World::new().await;
    let other = neighbour(&mut world).await;
    let intake = intake(&world);
    let identity = world.context.identity.clone();
    identity.voice().begin(world.slot.saturating_sub(2));

    // What this node said itself may come back.
    let own = identity.sign(step(&world, QbftMessageType::Prepare)).unwrap();
    bring(&mut world, &other, &intake, &own).await;
    assert_eq!(intake.refusals.all(), []);
    assert_eq!(delivered(&mut world), [QbftMessageType::Prepare]);
    assert!(!identity.voice().is_doubled());

    let foreign = made_elsewhere(&world, step(&world, QbftMessageType::Commit));
    bring(&mut world, &other, &intake, &foreign).await;
    assert_eq!(intake.refusals.all(), []);
    assert!(delivered(&mut world).is_empty(), "nobody acts on it");
    let told = identity.voice().listen().borrow().clone().unwrap();
    assert_eq!((told.operator, told.slot, told.role), (world.own, world.slot, RunnerRole::Committee));
    let again = identity.sign(step(&world, QbftMessageType::RoundChange));
    assert!(matches!(again, Err(SignError::SecondCopy)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_the_start_and_what_others_say_is_nobodys_second_copy() {
    let mut world = World::new().await;
    let other = neighbour(&mut world).await;
    let intake = intake(&world);
    let identity = world.context.identity.clone();
    // Started in this slot: the process before may have spoken in it.
    identity.voice().begin(world.slot);
    let before = made_elsewhere(&world, step(&world, QbftMessageType::Prepare));
    bring(&mut world, &other, &intake, &before).await;

    // Long at work, and somebody else speaks, or says that we did.
    identity.voice().begin(world.slot.saturating_sub(9));
    let next = members().into_iter().find(|member| *member != world.own).unwrap();
    let unsigned = step(&world, QbftMessageType::Commit);
    let signature = world.rsa[place(next)].sign(&unsigned.message.signed_bytes()).unwrap();
    let signature = ByteList::new(signature.to_vec()).unwrap();
    let theirs = unsigned.clone().signed(next, signature.clone());
    bring(&mut world, &other, &intake, &theirs).await;
    assert_eq!(intake.refusals.all(), []);
    let forged = unsigned.signed(world.own, signature);
    bring(&mut world, &other, &intake, &forged).await;
    assert_eq!(intake.refusals.all().len(), 1, "a signature that does not hold");
    assert!(!identity.voice().is_doubled());
    assert_eq!(delivered(&mut world), [QbftMessageType::Prepare, QbftMessageType::Commit]);
}
