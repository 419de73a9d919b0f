//! The handshake stream `/ssv/info/0.0.1`: raw envelope bytes, no length prefix, the end of the stream is the end of the
//! message.
//!
//! The dialer writes, closes its half and reads; the listener reads to the end, writes, closes. The half-close is done by
//! libp2p's request-response after each write. Source: ssv `network/peers/connections/handshaker.go`.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;

/// The protocol name.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/ssv/info/0.0.1");

/// The largest envelope we read. Implementations keep it under 1024 bytes; four times that leaves room for long versions.
const MAX_ENVELOPE_BYTES: u64 = 4096;

/// Carries envelopes as they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnvelopeCodec;

async fn read_to_end<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = io.take(MAX_ENVELOPE_BYTES + 1).read_to_end(&mut bytes).await?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MAX_ENVELOPE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the envelope is larger than 4096 bytes"));
    }
    Ok(bytes)
}

impl request_response::Codec for EnvelopeCodec {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &Self::Protocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_to_end(io).await
    }

    async fn read_response<T>(&mut self, _: &Self::Protocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_to_end(io).await
    }

    async fn write_request<T>(&mut self, _: &Self::Protocol, io: &mut T, request: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&request).await
    }

    async fn write_response<T>(&mut self, _: &Self::Protocol, io: &mut T, response: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&response).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::request_response::Codec;

    #[tokio::test]
    async fn bytes_go_through_unframed_and_too_many_are_refused() {
        let mut written = Vec::new();
        EnvelopeCodec.write_request(&PROTOCOL, &mut written, vec![1, 2, 3]).await.unwrap();
        assert_eq!(written, [1, 2, 3]);

        let limit = usize::try_from(MAX_ENVELOPE_BYTES).unwrap();
        let fits = vec![7; limit];
        let read = EnvelopeCodec.read_request(&PROTOCOL, &mut fits.as_slice()).await.unwrap();
        assert_eq!(read, fits);
        let surplus = vec![7; limit + 1];
        assert!(EnvelopeCodec.read_response(&PROTOCOL, &mut surplus.as_slice()).await.is_err());
    }
}
