//! Nodes find each other by one record, shake hands and exchange messages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

mod support;

use std::collections::HashSet;
use std::net::IpAddr;

use network::{
    DisconnectReason, DropReason, Network, NetworkConfig, NetworkEvent, NetworkKey, PeerState, PublishError,
    StartError, SubnetBits, Topic, Verdict, message_id,
};
use support::{Node, other_rules, pair, rules, rules_with, topic, within};
use types::SsvFork;

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_meet_by_one_record_and_a_message_arrives_once() {
    let (first, mut second) = pair().await;

    let id = first.handle.publish(topic(114), &b"test message"[..]).await.unwrap();
    assert_eq!(hex::encode(id), "ffaa0039ab94cfaf00000000");
    let again = first.handle.publish(topic(114), &b"test message"[..]).await;
    assert_eq!(again, Err(PublishError::Duplicate));

    let message = second.message().await;
    assert_eq!(message.receipt.message_id(), id);
    assert_eq!((message.topic, &message.data[..]), (topic(114), &b"test message"[..]));
    assert_eq!((message.from, message.author), (first.id(), first.id()));
    second.handle.verdict(message.receipt, Verdict::Accept);

    let other = first.handle.publish(topic(114), &b"another"[..]).await.unwrap();
    assert_eq!(second.message().await.receipt.message_id(), other, "the first message came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_node_knows_what_the_other_said_of_itself() {
    let (first, second) = pair().await;
    let subnets: SubnetBits = [topic(114).subnet].into_iter().collect();
    // The first was on its subnet before the second came; the second may have been asked before it knew its own.
    assert_eq!(second.record_of(first.id()).await.announced, subnets);
    for (node, other) in [(&first, &second), (&second, &first)] {
        let record = node.record_of(other.id()).await;
        assert_eq!(record.state, PeerState::Connected);
        assert_eq!(record.subscribed, subnets);
        assert_eq!(record.node_version.as_deref(), Some(concat!("capstan/v", env!("CARGO_PKG_VERSION"))));
        assert!(record.score >= 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_goes_through_and_a_larger_one_is_not_sent() {
    let (first, mut second) = pair().await;
    let large = vec![0x5a; 2 << 20];
    let id = first.handle.publish(topic(114), large.clone()).await.unwrap();
    assert_eq!(id, message_id(&large));
    assert_eq!(second.message().await.data, large);

    let too_large = vec![0; network::MAX_PUBLISH_BYTES + 1];
    let refused = first.handle.publish(topic(114), too_large).await;
    assert_eq!(refused, Err(PublishError::TooLarge(network::MAX_PUBLISH_BYTES + 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_meet_by_the_record_of_the_first_and_nobody_hears_anything_twice() {
    let mut nodes = vec![Node::join(None).await];
    for _ in 0..3 {
        let node = Node::join(nodes.first()).await;
        nodes.push(node);
    }
    for node in &nodes {
        node.until_peers(3).await;
    }
    let ids: Vec<_> = nodes.iter().map(Node::id).collect();
    for node in &mut nodes {
        let mut missing: HashSet<_> = ids.iter().copied().filter(|id| *id != node.id()).collect();
        node.until(|event| {
            if let NetworkEvent::PeerSubscribed { peer, .. } = event {
                missing.remove(&peer);
            }
            missing.is_empty().then_some(())
        })
        .await;
    }

    for round in 0..4_u8 {
        let author = ids[usize::from(round)];
        let data = vec![round; 100];
        let sender = nodes.iter().find(|node| node.id() == author).unwrap();
        sender.handle.publish(topic(114), data.clone()).await.unwrap();
        for node in nodes.iter_mut().filter(|node| node.id() != author) {
            // The next message is this one: the earlier ones did not come again.
            let message = node.message().await;
            assert_eq!((message.author, &message.data[..]), (author, &data[..]));
            node.handle.verdict(message.receipt, Verdict::Accept);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_dial_each_other_at_once_stay_connected() {
    let mut first = Node::join(None).await;
    let mut second = Node::join(None).await;
    let (to_second, to_first) = tokio::join!(
        first.handle.dial(second.id(), second.handle.address()),
        second.handle.dial(first.id(), first.handle.address()),
    );
    to_second.unwrap();
    to_first.unwrap();
    first.until_subscribed(second.id(), topic(114)).await;
    second.until_subscribed(first.id(), topic(114)).await;
    first.until_peers(1).await;
    second.until_peers(1).await;

    for number in 0..3_u8 {
        first.handle.publish(topic(114), vec![number]).await.unwrap();
        assert_eq!(second.message().await.data[..], [number]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_network_is_refused_by_both() {
    let mut ours = Node::join(None).await;
    let mut theirs = Node::start(NetworkConfig::loopback(), other_rules()).await;
    theirs.handle.dial(ours.id(), ours.handle.address()).await.unwrap();

    let refused = |event| match event {
        NetworkEvent::PeerRefused { peer, reason } => Some((peer, reason)),
        NetworkEvent::PeerConnected { .. } => panic!("the handshake was accepted"),
        _ => None,
    };
    let here = ours.until(refused).await;
    let there = theirs.until(refused).await;
    assert_eq!(here, (theirs.id(), DisconnectReason::OtherNetwork));
    assert_eq!(there, (ours.id(), DisconnectReason::OtherNetwork));
    assert_eq!(*ours.handle.connected().borrow(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_changes_the_domain_and_with_it_who_is_let_in() {
    let mut first = Node::join(None).await;
    let mut second = Node::join(None).await;
    first.handle.set_fork(types::SsvFork::Boole).await.unwrap();
    second.handle.dial(first.id(), first.handle.address()).await.unwrap();
    let refused = |event| match event {
        NetworkEvent::PeerRefused { reason, .. } => Some(reason),
        _ => None,
    };
    for node in [&mut first, &mut second] {
        assert_eq!(node.until(refused).await, DisconnectReason::OtherNetwork);
    }

    second.handle.set_fork(types::SsvFork::Boole).await.unwrap();
    first.handle.dial(second.id(), second.handle.address()).await.unwrap();
    first.until_connected(second.id()).await;
    second.until_connected(first.id()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn around_a_fork_both_topics_carry_and_the_record_states_what_comes() {
    let domains = |node: &Node| {
        let record: enr::Enr<enr::CombinedKey> = node.handle.local_enr().parse().unwrap();
        ["domaintype", "next_domaintype"].map(|key| record.get_raw_rlp(key).unwrap()[1..].to_vec())
    };
    let scheduled = rules_with("[domains]", "[forks]\nboole = 10\n[domains]");
    let (alan, boole) = (vec![0, 0, 4, 2], vec![0, 0, 4, 3]);
    let mut first = Node::start(NetworkConfig::loopback(), scheduled.clone()).await;
    let bootnodes = vec![first.handle.local_enr()];
    let mut second = Node::start(NetworkConfig { bootnodes, ..NetworkConfig::loopback() }, scheduled).await;
    let (old, new) = (topic(114), Topic { fork: SsvFork::Boole, ..topic(11) });
    for node in [&first, &second] {
        node.handle.subscribe([old, new]).await.unwrap();
        assert_eq!(domains(node), [alan.clone(), boole.clone()]);
    }
    first.until_subscribed(second.id(), new).await;
    second.until_subscribed(first.id(), new).await;
    // Handshakes under way when the domain changes are refused.
    first.until_peers(1).await;
    second.until_peers(1).await;

    // The slot of a message chooses its topic: before the fork begins and after it, either may be due.
    for fork in [SsvFork::Alan, SsvFork::Boole] {
        first.handle.set_fork(fork).await.unwrap();
        second.handle.set_fork(fork).await.unwrap();
        for (number, due) in [old, new].into_iter().enumerate() {
            let data = format!("{fork} {number}").into_bytes();
            first.handle.publish(due, data.clone()).await.unwrap();
            let message = second.message().await;
            assert_eq!((message.topic, &message.data[..]), (due, &data[..]));
        }
    }
    assert_eq!(domains(&first), [boole.clone(), boole]);
    let both: SubnetBits = [old.subnet, new.subnet].into_iter().collect();
    assert_eq!(second.record_of(first.id()).await.subscribed, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_joined_and_left_while_running() {
    let (first, mut second) = pair().await;
    first.handle.subscribe([topic(114), topic(36)]).await.unwrap();
    second.until_subscribed(first.id(), topic(36)).await;
    first.handle.subscribe([topic(36)]).await.unwrap();
    second
        .until(|event| match event {
            NetworkEvent::PeerUnsubscribed { peer, topic: left } => {
                assert_eq!((peer, left), (first.id(), topic(114)));
                Some(())
            }
            _ => None,
        })
        .await;
    let only: SubnetBits = [topic(36).subnet].into_iter().collect();
    assert_eq!(second.record_of(first.id()).await.subscribed, only);
    let record: enr::Enr<enr::CombinedKey> = first.handle.local_enr().parse().unwrap();
    let subnets = record.get_decodable::<bytes::Bytes>("subnets").unwrap().unwrap();
    assert_eq!(SubnetBits::from_wire(&subnets), only);

    let left = second.handle.publish(topic(114), &b"to nobody"[..]).await;
    assert_eq!(left, Err(PublishError::NoPeers));
    assert_eq!(second.handle.drops().borrow().get(DropReason::NoPeerOnTopic), 1);
    second.handle.publish(topic(36), &b"from outside the topic"[..]).await.unwrap();
    let mut first = first;
    assert_eq!(first.message().await.topic, topic(36));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_node_that_restarts_is_found_again() {
    let key = NetworkKey::generate();
    // An address of its own: no other test can take the ports while the node is down.
    let address = IpAddr::from([127, 0, 0, 77]);
    let with_ports = |tcp_port, udp_port| NetworkConfig {
        key: NetworkKey::from_bytes(*key.to_bytes()).unwrap(),
        listen: address,
        external_address: Some(address),
        tcp_port,
        udp_port,
        ..NetworkConfig::loopback()
    };
    let first = Node::start(with_ports(0, 0), rules()).await;
    let record: enr::Enr<enr::CombinedKey> = first.handle.local_enr().parse().unwrap();
    let mut second = Node::join(Some(&first)).await;
    second.until_connected(first.id()).await;

    first.handle.shutdown().await;
    second
        .until(|event| match event {
            NetworkEvent::PeerDisconnected { peer, reason } => {
                assert_eq!((peer, reason), (first.id(), DisconnectReason::Remote));
                Some(())
            }
            _ => None,
        })
        .await;

    // The second node dials again by itself; the first knows nobody.
    let ports = with_ports(record.tcp4().unwrap(), record.udp4().unwrap());
    let first = Node::start(ports, rules()).await;
    first.handle.subscribe([]).await.unwrap();
    second.until_connected(first.id()).await;
    first.until_peers(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named() {
    let node = Node::join(None).await;
    let record: enr::Enr<enr::CombinedKey> = node.handle.local_enr().parse().unwrap();
    let tcp = NetworkConfig { tcp_port: record.tcp4().unwrap(), ..NetworkConfig::loopback() };
    let error = Network::start(tcp, rules()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    assert!(error.to_string().contains("p2p.tcp_port"), "{error}");

    let udp = NetworkConfig { udp_port: record.udp4().unwrap(), ..NetworkConfig::loopback() };
    let error = Network::start(udp, rules()).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("p2p.udp_port"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_works_after_the_end_and_nothing_hangs() {
    let (first, mut second) = pair().await;
    within(first.handle.shutdown()).await;
    assert_eq!(first.handle.publish(topic(114), &b"late"[..]).await, Err(PublishError::Stopped));
    assert!(first.handle.peers().await.is_err());
    within(first.handle.shutdown()).await;
    second.until(|event| matches!(event, NetworkEvent::PeerDisconnected { .. }).then_some(())).await;
}
