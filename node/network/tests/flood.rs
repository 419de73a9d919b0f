//! What a stranger can make us hold: connections, frames, handshakes, announcements and send queues are bounded, and what is
//! refused is counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

mod support;

use std::sync::Arc;
use std::{io, iter};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::core::SignedEnvelope;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Codec, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};
use network::{
    DisconnectReason, DropReason, MAX_MESSAGE_BYTES, NetworkConfig, NetworkEvent, PeerState, SubnetBits,
    Verdict,
};
use support::{Node, pair, rules_with, topic, within};
use tokio::sync::watch;

/// Writes what it is given to a stream, then waits until the other side ends it. Tells how many bytes were taken.
#[derive(Clone, Default)]
struct Spout {
    taken: Arc<watch::Sender<usize>>,
}

#[derive(Debug, Clone)]
struct Pour {
    first: Vec<u8>,
    /// So many zeros after it.
    zeros: usize,
}

impl Pour {
    fn once(bytes: Vec<u8>) -> Self {
        Self { first: bytes, zeros: 0 }
    }
}

impl Codec for Spout {
    type Protocol = StreamProtocol;
    type Request = Pour;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Pour>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(Pour::once(bytes))
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, pour: Pour) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&pour.first).await?;
        let zeros = [0; 64 * 1024];
        let mut left = pour.zeros;
        while left > 0 {
            let part = left.min(zeros.len());
            io.write_all(&zeros[..part]).await?;
            self.taken.send_modify(|taken| *taken += part);
            left -= part;
        }
        io.flush().await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }
}

/// Message ids that we ask a peer for at once. It may send all of the messages together, as the Go node does.
const IN_ONE_RPC: usize = 1500;

type Rogue = Swarm<request_response::Behaviour<Spout>>;

fn rogue(protocol: &'static str, spout: Spout) -> Rogue {
    rogue_with(Keypair::generate_secp256k1(), &[(protocol, ProtocolSupport::Full)], spout)
}

fn rogue_with(key: Keypair, protocols: &[(&'static str, ProtocolSupport)], spout: Spout) -> Rogue {
    SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocols = protocols.iter().map(|(name, how)| (StreamProtocol::new(name), how.clone()));
            let config = request_response::Config::default().with_request_timeout(support::DEADLINE);
            request_response::Behaviour::with_codec(spout, protocols, config)
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(support::DEADLINE))
        .build()
}

/// Waits until the node has taken the connection.
async fn connect(swarm: &mut Rogue, address: Multiaddr) -> PeerId {
    swarm.dial(address).unwrap();
    loop {
        if let SwarmEvent::ConnectionEstablished { peer_id, .. } = swarm.select_next_some().await {
            return peer_id;
        }
    }
}

async fn until_closed(swarm: &mut Rogue) {
    while !matches!(
        swarm.select_next_some().await,
        SwarmEvent::ConnectionClosed { .. } | SwarmEvent::OutgoingConnectionError { .. }
    ) {}
}

/// An unsigned varint.
fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_beyond_the_limit_ends_its_stream_and_nothing_else() {
    let (first, mut second) = pair().await;
    let spout = Spout::default();
    let mut taken = spout.taken.subscribe();
    let mut swarm = rogue("/meshsub/1.1.0", spout);
    let peer = connect(&mut swarm, second.handle.address()).await;
    // It declares 4 GB and sends 77 MB of it.
    let declared = varint(usize::try_from(u32::MAX).unwrap());
    swarm.behaviour_mut().send_request(&peer, Pour { first: declared, zeros: 8 * MAX_MESSAGE_BYTES });
    let flood = tokio::spawn(async move {
        while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionClosed { .. }) {}
    });
    within(taken.wait_for(|taken| *taken >= MAX_MESSAGE_BYTES)).await.unwrap();

    // As much again goes through in honest messages meanwhile.
    for number in 0..40_u8 {
        let body = vec![number; 2 << 20];
        first.handle.publish(topic(114), body.clone()).await.unwrap();
        let message = second.message().await;
        assert_eq!(message.data, body);
        second.handle.verdict(message.receipt, Verdict::Accept);
    }
    // What was taken beyond the limit lies in the windows of the stream.
    assert!(*taken.borrow() < 3 * MAX_MESSAGE_BYTES, "{} bytes of one frame were taken", *taken.borrow());
    second.handle.shutdown().await;
    within(flood).await.unwrap();
}

/// A subscription announcement: field 1 of the RPC, with `subscribe` and the topic.
fn announcement(topics: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut rpc = Vec::new();
    for topic in topics {
        let entry = [&[0x08, 0x01, 0x12][..], &varint(topic.len()), topic.as_bytes()].concat();
        rpc.extend([&[0x0a][..], &varint(entry.len()), &entry].concat());
    }
    [varint(rpc.len()), rpc].concat()
}

/// A field of protobuf with a length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(bytes.len()), bytes].concat()
}

/// Messages on a topic: each is field 2 of the RPC, with author, data, sequence number and topic.
fn publications(author: &PeerId, topic: &str, data: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let message = |data: Vec<u8>| {
        let parts =
            [field(1, &author.to_bytes()), field(2, &data), field(3, &[7; 8]), field(4, topic.as_bytes())];
        field(2, &parts.concat())
    };
    let rpc: Vec<u8> = data.into_iter().flat_map(message).collect();
    [varint(rpc.len()), rpc].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_a_topic_that_is_not_ours_does_not_hide_it_on_its_own() {
    let (first, mut second) = pair().await;
    let mut swarm = rogue("/meshsub/1.1.0", Spout::default());
    let peer = connect(&mut swarm, second.handle.address()).await;
    let rogue = *swarm.local_peer_id();
    let elsewhere = ["ssv.v2.7", "nowhere"].map(|name| publications(&rogue, name, [b"hidden".to_vec()]));
    // What comes after them on the stream is there when they have been read.
    let marker = announcement(["ssv.v2.9".into()]);
    swarm.behaviour_mut().send_request(&peer, Pour::once([elsewhere.concat(), marker].concat()));
    let run = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    second.until_subscribed(rogue, topic(9)).await;
    assert_eq!(second.handle.drops().borrow().get(DropReason::TopicNotJoined), 2);

    first.handle.publish(topic(114), &b"hidden"[..]).await.unwrap();
    let message = second.message().await;
    assert_eq!((message.from, &message.data[..]), (first.id(), &b"hidden"[..]));
    assert!(second.record_of(rogue).await.score >= 0.0);
    run.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_messages_as_we_ask_for_may_come_in_one_rpc() {
    let mut node = Node::join(None).await;
    let mut swarm = rogue("/meshsub/1.1.0", Spout::default());
    let peer = connect(&mut swarm, node.handle.address()).await;
    let id = *swarm.local_peer_id();
    let bodies: Vec<Vec<u8>> = (0..IN_ONE_RPC).map(|number| number.to_be_bytes().to_vec()).collect();
    let answer = publications(&id, "ssv.v2.114", bodies.clone());
    swarm.behaviour_mut().send_request(&peer, Pour::once(answer));
    let run = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    for body in bodies {
        assert_eq!(node.message().await.data, body);
    }
    run.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_floods_is_let_go() {
    // On one topic 11,000 messages may come at once; as many again are a flood.
    const BURST: usize = 11_000;
    let limited = rules_with("inbound_rate_limit = 0", "inbound_rate_limit = 8");
    let mut node = Node::start(NetworkConfig::loopback(), limited).await;
    node.handle.subscribe([topic(114)]).await.unwrap();
    let mut swarm = rogue("/meshsub/1.1.0", Spout::default());
    let peer = connect(&mut swarm, node.handle.address()).await;
    let id = *swarm.local_peer_id();
    // All the same, so that the events of the node do not overflow; and what comes back while they are read makes no difference.
    let frame = publications(&id, "ssv.v2.114", vec![b"again".to_vec(); IN_ONE_RPC]);
    let flood = frame.repeat(8 * BURST / IN_ONE_RPC);
    swarm.behaviour_mut().send_request(&peer, Pour::once(flood));
    let run = tokio::spawn(async move { until_closed(&mut swarm).await });
    let parted = node
        .until(|event| match event {
            NetworkEvent::PeerRefused { peer, reason } => Some((peer, reason)),
            _ => None,
        })
        .await;
    assert_eq!(parted, (id, DisconnectReason::Flooding));
    assert!(node.handle.drops().borrow().get(DropReason::MessageRate) >= u64::try_from(BURST).unwrap());
    within(run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_announcements_than_a_node_may_make_are_refused_together_and_foreign_topics_alone() {
    let mut node = Node::join(None).await;
    let mut swarm = rogue("/meshsub/1.1.0", Spout::default());
    let peer = connect(&mut swarm, node.handle.address()).await;
    let rogue = *swarm.local_peer_id();
    let name = |number: usize| format!("ssv.v2.{number}");
    let surplus = announcement((0..128).map(name).chain([name(0), name(1)]));
    let foreign = announcement(["ssv.v2.128".into(), "elsewhere".into(), name(7)]);
    swarm.behaviour_mut().send_request(&peer, Pour::once([surplus, foreign].concat()));
    let run = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    node.until_subscribed(rogue, topic(7)).await;
    let seven: SubnetBits = [topic(7).subnet].into_iter().collect();
    assert_eq!(node.record_of(rogue).await.subscribed, seven);
    run.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn places_for_those_that_dial_us_are_bounded_and_one_address_does_not_take_all() {
    // Four peers wanted and three more for the subnet; half of them may have dialled us; three connections in a burst from one address.
    let limited = rules_with("inbound_rate_limit = 0", "inbound_rate_limit = 5");
    let config = NetworkConfig { max_peers: 4, ..NetworkConfig::loopback() };
    let node = Node::start(config, limited).await;
    node.handle.subscribe([topic(114)]).await.unwrap();
    let mut drops = node.handle.drops();

    let mut inside = Vec::new();
    for _ in 0..3 {
        let mut swarm = rogue("/ssv/info/0.0.1", Spout::default());
        connect(&mut swarm, node.handle.address()).await;
        inside.push(swarm);
    }
    for refused in 1..=2 {
        let mut swarm = rogue("/ssv/info/0.0.1", Spout::default());
        swarm.dial(node.handle.address()).unwrap();
        within(until_closed(&mut swarm)).await;
        within(drops.wait_for(|drops| drops.get(DropReason::ConnectionLimit) == refused)).await.unwrap();
    }
    let mut sixth = rogue("/ssv/info/0.0.1", Spout::default());
    sixth.dial(node.handle.address()).unwrap();
    within(until_closed(&mut sixth)).await;
    within(drops.wait_for(|drops| drops.get(DropReason::InboundRate) == 1)).await.unwrap();
    assert_eq!(node.handle.peers().await.unwrap().len(), 3);
    assert!(inside.iter().all(|swarm| swarm.network_info().num_peers() == 1));
}

/// Subnet 114.
const OURS: &str = "00000000000000000000000000000400";
/// Subnet 115.
const OTHERS: &str = "00000000000000000000000000000800";

/// Our handshake of the local network with these subnets, signed by this key.
fn envelope(key: &Keypair, subnets: &str) -> Vec<u8> {
    let payload = [
        r#"{"Entries":["","0x00000402","{\"NodeVersion\":\"v1\",\"ExecutionNode\":\"\","#,
        r#"\"ConsensusNode\":\"\",\"Subnets\":\""#,
        subnets,
        r#"\"}"]}"#,
    ]
    .concat();
    SignedEnvelope::new(key, "ssv".into(), b"ssv/nodeinfo".to_vec(), payload.into())
        .unwrap()
        .into_protobuf_encoding()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_keeps_shaking_hands_is_let_go() {
    let mut node = Node::join(None).await;
    let key = Keypair::generate_secp256k1();
    let mut swarm = SwarmBuilder::with_existing_identity(key.clone())
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocol = (StreamProtocol::new("/ssv/info/0.0.1"), ProtocolSupport::Outbound);
            request_response::Behaviour::with_codec(
                Spout::default(),
                [protocol],
                request_response::Config::default(),
            )
        })
        .unwrap()
        .build();
    let peer = connect(&mut swarm, node.handle.address()).await;
    swarm.behaviour_mut().send_request(&peer, Pour::once(envelope(&key, OURS)));
    let mut answers = 0;
    let shaking = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(request_response::Event::Message { .. }) => {
                    answers += 1;
                    swarm.behaviour_mut().send_request(&peer, Pour::once(envelope(&key, OURS)));
                }
                SwarmEvent::ConnectionClosed { .. } => return,
                _ => {}
            }
        }
    };
    within(shaking).await;
    assert_eq!(answers, 8);
    let reason = node
        .until(|event| match event {
            NetworkEvent::PeerDisconnected { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, DisconnectReason::HandshakeFailed);
    assert_eq!(node.handle.drops().borrow().get(DropReason::HandshakeTooOften), 1);
    let state = node.record_of(key.public().to_peer_id()).await.state;
    assert!(matches!(state, PeerState::Disconnected { reason: DisconnectReason::HandshakeFailed, .. }));
}

/// A peer that shakes hands, and then opens connections until it has so many. They stay open while it runs.
async fn caller(node: &Node, subnets: &str, connections: usize) -> tokio::task::JoinHandle<()> {
    let key = Keypair::generate_secp256k1();
    // It takes our gossip, and says nothing there.
    let protocols =
        [("/ssv/info/0.0.1", ProtocolSupport::Outbound), ("/meshsub/1.1.0", ProtocolSupport::Inbound)];
    let mut swarm = rogue_with(key.clone(), &protocols, Spout::default());
    let peer = connect(&mut swarm, node.handle.address()).await;
    swarm.behaviour_mut().send_request(&peer, Pour::once(envelope(&key, subnets)));
    let answered =
        |event: &_| matches!(event, SwarmEvent::Behaviour(request_response::Event::Message { .. }));
    while !answered(&swarm.select_next_some().await) {}
    for _ in 1..connections {
        let another = DialOpts::peer_id(peer).condition(PeerCondition::Always);
        let another = another.addresses(vec![node.handle.address()]).allocate_new_port();
        swarm.dial(another.build()).unwrap();
        while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}
    }
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_peers_with_many_connections_do_not_keep_newcomers_out() {
    // Five peers wanted and three more for the subnet: four connections may come from outside.
    let limited = rules_with("inbound_rate_limit = 0", "inbound_rate_limit = 100");
    let config = NetworkConfig { max_peers: 5, ..NetworkConfig::loopback() };
    let mut node = Node::start(config, limited).await;
    node.handle.subscribe([topic(114)]).await.unwrap();
    let drops = node.handle.drops();
    let closed = |number| {
        let mut drops = drops.clone();
        async move {
            within(drops.wait_for(|drops| drops.get(DropReason::ConnectionLimit) == number)).await.unwrap();
        }
    };

    // One peer takes all places, and is left two.
    let first = within(caller(&node, OTHERS, 4)).await;
    closed(2).await;
    // The second takes the others: two peers, and no place for a third.
    let second = within(caller(&node, OTHERS, 2)).await;
    let mut late = rogue("/ssv/info/0.0.1", Spout::default());
    late.dial(node.handle.address()).unwrap();
    within(until_closed(&mut late)).await;
    closed(3).await;
    // Neither is of use to us, so they make room.
    for _ in 0..2 {
        let reason = node
            .until(|event| match event {
                NetworkEvent::PeerDisconnected { reason, .. } => Some(reason),
                _ => None,
            })
            .await;
        assert_eq!(reason, DisconnectReason::NoSharedSubnet);
    }
    let third = within(caller(&node, OURS, 1)).await;
    node.until_peers(1).await;
    [first, second, third].iter().for_each(tokio::task::JoinHandle::abort);
}

/// A gossipsub peer on the topic that takes nothing any more.
async fn sleeper(node: &mut Node) -> Swarm<gossipsub::Behaviour> {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::None)
        .max_transmit_size(MAX_MESSAGE_BYTES)
        .build()
        .unwrap();
    let key = Keypair::generate_secp256k1();
    let author = MessageAuthenticity::Author(key.public().to_peer_id());
    let mut swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Ok(gossipsub::Behaviour::new(author, config)?))
        .unwrap()
        .build();
    swarm.behaviour_mut().subscribe(&IdentTopic::new("ssv.v2.114")).unwrap();
    swarm.dial(node.handle.address()).unwrap();
    let id = *swarm.local_peer_id();
    tokio::select! {
        () = node.until_subscribed(id, topic(114)) => {}
        () = async { loop { swarm.select_next_some().await; } } => {}
    }
    swarm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_costs_the_others_no_message() {
    let (mut first, mut second) = pair().await;
    let asleep = sleeper(&mut first).await;
    let mut drops = first.handle.drops();
    // 64 MB: more than the sleeper's windows and its queue of 512 messages take.
    let numbers = 0..2048_u32;
    let bodies = numbers.zip(iter::repeat([0x5a_u8; 32 * 1024])).map(|(number, mut body)| {
        body[..4].copy_from_slice(&number.to_be_bytes());
        body.to_vec()
    });
    for body in bodies {
        first.handle.publish(topic(114), body.clone()).await.unwrap();
        let message = second.message().await;
        assert_eq!(message.data[..4], body[..4]);
        second.handle.verdict(message.receipt, Verdict::Accept);
    }
    within(drops.wait_for(|drops| drops.get(DropReason::PeerQueueFull) > 0)).await.unwrap();
    drop(asleep);
}
