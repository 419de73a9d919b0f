//! Who breaks the rules loses score: by our verdict, or by the author rule of the wire.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

mod support;

use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, SwarmBuilder, noise, tcp, yamux};
use network::{DisconnectReason, DropReason, NetworkEvent, PeerState, Verdict};
use support::{Node, pair, topic, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_message_costs_forty_and_the_rest_costs_the_connection() {
    let (mut first, mut second) = pair().await;
    let mut rejected = 0_u32;
    let reason = loop {
        // A publication after the end of the connection reaches nobody; the end itself is the next event then.
        let _ = first.handle.publish(topic(114), rejected.to_be_bytes().to_vec()).await;
        let event = second
            .until(|event| match event {
                NetworkEvent::Message(message) => Some(Ok(message)),
                NetworkEvent::PeerDisconnected { reason, .. } => Some(Err(reason)),
                _ => None,
            })
            .await;
        let message = match event {
            Ok(message) => message,
            Err(reason) => break reason,
        };
        second.handle.verdict(message.receipt, Verdict::Reject("SignatureVerification"));
        rejected += 1;
        let record = second.record_of(first.id()).await;
        assert_eq!(
            (record.rejected, record.last_rejection),
            (rejected.into(), Some("SignatureVerification"))
        );
        if record.state == PeerState::Connected {
            let expected = -40.0 * f64::from(rejected * rejected);
            assert!((record.score - expected).abs() < 1.0, "{} after {rejected}", record.score);
        }
    };
    assert_eq!(reason, DisconnectReason::BadScore);
    // Time in the mesh is worth a little: the threshold is met by the twentieth message or the one after it.
    assert!((20..=21).contains(&rejected), "parted after {rejected} rejections");

    // And it may not come back.
    first.until(|event| matches!(event, NetworkEvent::PeerDisconnected { .. }).then_some(())).await;
    let mut drops = second.handle.drops();
    first.handle.dial(second.id(), second.handle.address()).await.unwrap();
    within(drops.wait_for(|drops| drops.get(DropReason::PeerBarred) > 0)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ignoring_costs_nothing_and_accepting_pays() {
    let (first, mut second) = pair().await;
    first.handle.publish(topic(114), &b"ignored"[..]).await.unwrap();
    let message = second.message().await;
    second.handle.verdict(message.receipt, Verdict::Ignore);
    let ignored = second.record_of(first.id()).await.score;
    first.handle.publish(topic(114), &b"accepted"[..]).await.unwrap();
    let message = second.message().await;
    second.handle.verdict(message.receipt, Verdict::Accept);
    let accepted = second.record_of(first.id()).await.score;
    assert!(0.0 <= ignored && ignored < accepted, "{ignored}, then {accepted}");
}

/// A plain gossipsub node that publishes one message to the address in the given author mode, then stays connected.
async fn rogue(address: Multiaddr, authenticity: MessageAuthenticity, key: libp2p::identity::Keypair) {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::None)
        .build()
        .expect("the configuration is valid");
    let mut swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            Ok(gossipsub::Behaviour::<gossipsub::IdentityTransform>::new(authenticity, config)?)
        })
        .unwrap()
        .build();
    let wire = IdentTopic::new("ssv.v2.114");
    swarm.behaviour_mut().subscribe(&wire).unwrap();
    swarm.dial(address).unwrap();
    loop {
        if let SwarmEvent::Behaviour(gossipsub::Event::Subscribed { .. }) = swarm.select_next_some().await {
            swarm.behaviour_mut().publish(wire.clone(), b"rogue".to_vec()).unwrap();
        }
    }
}

/// Runs a rogue against a node until the node has counted the reason; gives the rogue's score.
async fn score_after(
    reason: DropReason,
    authenticity: impl FnOnce(&Node, &libp2p::identity::Keypair) -> MessageAuthenticity,
) -> f64 {
    let mut node = Node::join(None).await;
    let key = libp2p::identity::Keypair::generate_secp256k1();
    let peer: PeerId = key.public().to_peer_id();
    let authenticity = authenticity(&node, &key);
    let mut drops = node.handle.drops();
    let rogue = tokio::spawn(rogue(node.handle.address(), authenticity, key));
    within(drops.wait_for(|drops| drops.get(reason) == 1)).await.unwrap();
    let score = node.record_of(peer).await.score;
    rogue.abort();
    while let Ok(event) = node.events.try_recv() {
        assert!(!matches!(event, NetworkEvent::Message(_)), "the message was handed up");
    }
    score
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_message_is_refused_and_its_forwarder_pays() {
    let score =
        score_after(DropReason::SignaturePresent, |_, key| MessageAuthenticity::Signed(key.clone())).await;
    assert!(score < -39.0, "{score}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_author_is_refused_and_its_forwarder_pays() {
    let score = score_after(DropReason::AuthorMissing, |_, _| MessageAuthenticity::Anonymous).await;
    assert!(score < -39.0, "{score}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_our_name_is_handed_up_like_any_other_and_nobody_pays() {
    let mut node = Node::join(None).await;
    let key = libp2p::identity::Keypair::generate_secp256k1();
    let peer = key.public().to_peer_id();
    let rogue = tokio::spawn(rogue(node.handle.address(), MessageAuthenticity::Author(node.id()), key));
    // It may be anybody's: who takes it away on the strength of its author takes the honest copies as well, for they have its id.
    let message = node.message().await;
    assert_eq!((message.from, message.author, &message.data[..]), (peer, node.id(), &b"rogue"[..]));
    node.handle.verdict(message.receipt, Verdict::Ignore);
    let score = node.record_of(peer).await.score;
    assert!(score >= 0.0, "{score}");
    rogue.abort();
}
