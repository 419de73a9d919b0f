//! TCP without delay, noise, yamux; nothing else is offered.
//!
//! A connection whose other end takes nothing for a while is cut by the system: the machine is gone, or its program does not
//! read. Pings keep something under way, so that it is noticed. Without the limit a dead connection whose send buffer is full cannot even be
//! closed, and its peer, back on another one, is taken for the dead.

use std::time::Duration;

use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::tcp::tokio::TcpStream;
use libp2p::{PeerId, noise, tcp, yamux};
use socket2::SockRef;
use tracing::debug;

/// How long what was sent may wait for its acknowledgement.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);
/// Streams a peer may have open at once: one per protocol, and some to spare.
const MAX_STREAMS: usize = 64;

pub(crate) fn build(key: &Keypair) -> Result<Boxed<(PeerId, StreamMuxerBox)>, noise::Error> {
    let mut muxer = yamux::Config::default();
    muxer.set_max_num_streams(MAX_STREAMS);
    Ok(tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .map(|stream, _| impatient(stream))
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(key)?)
        .multiplex(muxer)
        .boxed())
}

/// Sets the limit where the system has it; elsewhere only pings tell that a peer is gone.
fn impatient(stream: TcpStream) -> TcpStream {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&stream.0).set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
        debug!(%error, "a connection has no limit for unacknowledged data");
    }
    stream
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_has_the_limit() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = impatient(TcpStream(stream));
        assert_eq!(SockRef::from(&stream.0).tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
    }
}
