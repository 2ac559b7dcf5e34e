//! Connections: frames in, frames out, one request after the other.
//!
//! Kafka answers the requests of a connection in their order, so a request that waits (a fetch without records, a
//! member that waits for the others) holds up the ones behind it, and clients use several connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::api::Api;

/// The default of Kafka's `socket.request.max.bytes`.
const MAX_FRAME: usize = 100 * 1024 * 1024;

/// Answers requests until the peer closes.
pub(super) async fn serve(
    mut stream: TcpStream,
    api: Arc<Api>,
    advertised: Option<SocketAddr>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // Unless told otherwise: the address the client has reached is the one it can reach again.
    let advertised = advertised.map_or_else(|| stream.local_addr(), Ok)?;
    let mut input = BytesMut::new();
    while let Some(frame) = read_frame(&mut stream, &mut input).await? {
        // The peer's silence must be watched while a request waits: a member that has gone would otherwise be waited
        // for. With the next request in the buffer already there is nothing to see, and nothing to wait for either.
        let answer = tokio::select! {
            biased;
            answer = api.answer(frame, advertised) => answer.map_err(io::Error::other)?,
            () = closed(&stream), if input.is_empty() => return Ok(()),
        };
        if let Some(answer) = answer {
            stream.write_all(&answer).await?;
        }
    }
    Ok(())
}

/// The next frame without its length; `None` at the end of the connection.
async fn read_frame(stream: &mut TcpStream, input: &mut BytesMut) -> io::Result<Option<Bytes>> {
    loop {
        if let Some(length) = input.first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > MAX_FRAME {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too large"));
            }
            if input.len() >= 4 + length {
                return Ok(Some(input.split_to(4 + length).freeze().slice(4..)));
            }
            input.reserve(4 + length - input.len());
        }
        if stream.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

/// Ends when the peer has closed the connection; waits for ever once it has sent more instead.
async fn closed(stream: &TcpStream) {
    if let Ok(1..) = stream.peek(&mut [0]).await {
        std::future::pending::<()>().await;
    }
}

/// The host and port of an address as the protocol carries them.
pub(super) fn host_and_port(address: SocketAddr) -> (String, i32) {
    (address.ip().to_string(), i32::from(address.port()))
}
