//! Announced messages are asked for while the announcer answers pings, and not otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

mod support;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Codec, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, StreamProtocol, Swarm, SwarmBuilder, noise, ping, tcp, yamux};
use network::DropReason;
use support::{Node, within};
use tokio::sync::{Mutex, mpsc};

const ID_START: &[u8] = b"announced";
const TOPIC: &[u8] = b"ssv.v2.114";

/// A gossip stream written frame by frame; the other side's stream is read until it asks for an announced message.
#[derive(Clone)]
struct Feed {
    frames: Arc<Mutex<mpsc::Receiver<Vec<u8>>>>,
}

impl Codec for Feed {
    type Protocol = StreamProtocol;
    type Request = ();
    type Response = ();

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<()>
    where
        T: AsyncRead + Unpin + Send,
    {
        let (mut read, mut byte) = (Vec::new(), [0]);
        while !read.ends_with(ID_START) {
            io.read_exact(&mut byte).await?;
            read.extend(byte);
        }
        Ok(())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<()>
    where
        T: AsyncRead + Unpin + Send,
    {
        io.read_to_end(&mut Vec::new()).await.map(|_| ())
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, (): ()) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let mut frames = self.frames.lock().await;
        while let Some(frame) = frames.recv().await {
            io.write_all(&frame).await?;
            io.flush().await?;
        }
        Ok(())
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, (): ()) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

/// An RPC that announces message `number`: field 3 (control), in it field 1 (IHAVE) with topic and message id.
fn announcement(number: u8) -> Vec<u8> {
    let field = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let id = [ID_START, &[0, 0, number]].concat();
    let ihave = [field(0x0a, TOPIC), field(0x12, &id)].concat();
    let rpc = field(0x1a, &field(0x0a, &ihave));
    [&[u8::try_from(rpc.len()).unwrap()], &rpc[..]].concat()
}

#[derive(NetworkBehaviour)]
struct Announcer<P: NetworkBehaviour> {
    gossip: request_response::Behaviour<Feed>,
    ping: P,
}

fn announcer<P>(ping: P) -> (Swarm<Announcer<P>>, mpsc::Sender<Vec<u8>>)
where
    P: NetworkBehaviour + Send,
    <P as NetworkBehaviour>::ToSwarm: Send + std::fmt::Debug,
{
    let (frames, queue) = mpsc::channel(64);
    let feed = Feed { frames: Arc::new(Mutex::new(queue)) };
    let protocol = (StreamProtocol::new("/meshsub/1.1.0"), ProtocolSupport::Full);
    let config = request_response::Config::default().with_request_timeout(support::DEADLINE);
    let gossip = request_response::Behaviour::with_codec(feed, [protocol], config);
    let swarm = SwarmBuilder::with_existing_identity(Keypair::generate_secp256k1())
        .with_tokio()
        .with_tcp(tcp::Config::new(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| Announcer { gossip, ping })
        .unwrap()
        .build();
    (swarm, frames)
}

/// Dials the node and opens the gossip stream.
async fn open<P: NetworkBehaviour>(swarm: &mut Swarm<Announcer<P>>, node: &Node) -> PeerId {
    swarm.dial(node.handle.address()).unwrap();
    loop {
        if let SwarmEvent::ConnectionEstablished { peer_id, .. } = swarm.select_next_some().await {
            swarm.behaviour_mut().gossip.send_request(&peer_id, ());
            return peer_id;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_pings_is_asked_for_what_it_announces() {
    let node = Node::join(None).await;
    let ping = ping::Behaviour::new(ping::Config::new().with_interval(Duration::from_millis(10)));
    let (mut swarm, frames) = announcer(ping);
    open(&mut swarm, &node).await;
    let mut number = 0;
    let asked = async {
        loop {
            match swarm.select_next_some().await {
                // Our ping came back, so the line is open; the node's own may still be under way: announce another one.
                SwarmEvent::Behaviour(AnnouncerEvent::Ping(_)) => {
                    frames.send(announcement(number)).await.unwrap();
                    number = number.wrapping_add(1);
                }
                SwarmEvent::Behaviour(AnnouncerEvent::Gossip(request_response::Event::Message {
                    message: request_response::Message::Request { .. },
                    ..
                })) => return,
                _ => {}
            }
        }
    };
    within(asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_no_ping_is_not_asked() {
    let node = Node::join(None).await;
    let mut drops = node.handle.drops();
    let (mut swarm, frames) = announcer(libp2p::swarm::dummy::Behaviour);
    open(&mut swarm, &node).await;
    frames.send(announcement(0)).await.unwrap();
    let ignored = drops.wait_for(|drops| drops.get(DropReason::StaleAnnouncement) == 1);
    let run = async {
        loop {
            let event = swarm.select_next_some().await;
            let is_asked = matches!(
                event,
                SwarmEvent::Behaviour(AnnouncerEvent::Gossip(request_response::Event::Message { .. }))
            );
            assert!(!is_asked, "an announcement over a line that is not current was believed");
        }
    };
    tokio::select! {
        counted = within(ignored) => { counted.unwrap(); }
        () = run => {}
    }
}
