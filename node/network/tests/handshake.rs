//! The handshake as another implementation speaks it: raw envelope bytes, half-close, answer before judgement.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

mod support;

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::identity::{Keypair, secp256k1};
use libp2p::request_response::{self, Codec, Message, OutboundFailure, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use network::{DisconnectReason, DropReason, NetworkEvent};
use support::{Node, within};

/// The worked example, signed apart from this code: key 01..20, network 0x00000001.
const EXAMPLE_A: &str = concat!(
    "0a25080212210284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0120c7373762f6e6f6465696e66",
    "6f1a9b017b22456e7472696573223a5b22222c2230783030303030303031222c227b5c224e6f646556657273696f6e5c223a5c22",
    "76312e302e305c222c5c22457865637574696f6e4e6f64655c223a5c225c222c5c22436f6e73656e7375734e6f64655c223a5c22",
    "5c222c5c225375626e6574735c223a5c2230303030303030303030303030303030303030303030303030303030303430305c227d",
    "225d7d2a473045022100edac0a578b07221222279dd023444435c6c0332ec9f683b9a1f473076f66eb14022049731befe4fc24bf",
    "05441cba4db3da3bc4587aaf7c539fb376e94484f0d28e15",
);

#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await.map(|_| bytes)
    }

    async fn read_response<T>(&mut self, protocol: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        self.read_request(protocol, io).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }
}

/// Dials the node with the key of example A and sends these bytes as a handshake; gives the answer.
async fn greet(node: &Node, envelope: Vec<u8>) -> Result<Vec<u8>, OutboundFailure> {
    let mut secret: [u8; 32] = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
    let secret = secp256k1::SecretKey::try_from_bytes(&mut secret).unwrap();
    let key = Keypair::from(secp256k1::Keypair::from(secret));
    let mut swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocol = (StreamProtocol::new("/ssv/info/0.0.1"), ProtocolSupport::Outbound);
            request_response::Behaviour::with_codec(Raw, [protocol], request_response::Config::default())
        })
        .unwrap()
        .build();
    swarm.dial(node.handle.address()).unwrap();
    loop {
        let event = swarm.select_next_some().await;
        if let SwarmEvent::ConnectionEstablished { peer_id, .. } = event {
            swarm.behaviour_mut().send_request(&peer_id, envelope.clone());
        } else if let SwarmEvent::Behaviour(request_response::Event::Message {
            message: Message::Response { response, .. },
            ..
        }) = event
        {
            return Ok(response);
        } else if let SwarmEvent::Behaviour(request_response::Event::OutboundFailure { error, .. }) = event {
            return Err(error);
        }
    }
}

async fn refusal(node: &mut Node) -> DisconnectReason {
    node.until(|event| if let NetworkEvent::PeerRefused { reason, .. } = event { Some(reason) } else { None })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_another_network_gets_our_answer_and_then_the_door() {
    let mut node = Node::join(None).await;
    let answer = within(greet(&node, hex::decode(EXAMPLE_A).unwrap())).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains(r#"{"Entries":["","0x00000402","{\"NodeVersion\":"#), "{text}");
    assert!(text.contains(r#"\"Subnets\":\"00000000000000000000000000000400\""#), "{text}");
    assert!(answer.len() < 1024);
    assert_eq!(refusal(&mut node).await, DisconnectReason::OtherNetwork);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_signed_envelope_gets_no_answer() {
    let mut changed = hex::decode(EXAMPLE_A).unwrap();
    changed[100] ^= 1;
    for (number, bytes) in [(1, b"hello".to_vec()), (2, Vec::new()), (3, changed)] {
        let mut node = Node::join(None).await;
        let answer = within(greet(&node, bytes)).await;
        assert!(answer.is_err() || answer.is_ok_and(|bytes| bytes.is_empty()), "case {number} was answered");
        assert_eq!(refusal(&mut node).await, DisconnectReason::HandshakeFailed, "case {number}");
        assert_eq!(node.handle.drops().borrow().get(DropReason::HandshakeInvalid), 1, "case {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_four_kilobytes_are_not_read() {
    let mut node = Node::join(None).await;
    let answer = within(greet(&node, vec![0x0a; 5000])).await;
    assert!(answer.is_err() || answer.is_ok_and(|bytes| bytes.is_empty()));
    refusal(&mut node).await;
}
