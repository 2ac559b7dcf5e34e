//! The question whether a broker answers.

use std::io;
use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, MetadataRequest, MetadataResponse, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const VERSION: i16 = 9;
/// Far more than the metadata of a broker in a test.
const MAX_FRAME: usize = 16 * 1024 * 1024;

/// How many brokers the one at `address` knows of, itself among them once it serves clients.
pub(super) async fn known_brokers(address: SocketAddr) -> io::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request().map_err(io::Error::other)?).await?;
    let length = stream.read_u32().await? as usize;
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is too large"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    let mut answer = Bytes::from(answer);
    ResponseHeader::decode(&mut answer, MetadataResponse::header_version(VERSION))
        .map_err(io::Error::other)?;
    let metadata = MetadataResponse::decode(&mut answer, VERSION).map_err(io::Error::other)?;
    Ok(metadata.brokers.len())
}

fn request() -> Result<BytesMut, Box<dyn std::error::Error + Send + Sync>> {
    let header = RequestHeader::default()
        .with_request_api_key(ApiKey::Metadata as i16)
        .with_request_api_version(VERSION)
        .with_correlation_id(1);
    let mut body = BytesMut::new();
    header.encode(&mut body, MetadataRequest::header_version(VERSION))?;
    // No topics: the brokers are what is asked for.
    MetadataRequest::default().with_topics(Some(Vec::new())).encode(&mut body, VERSION)?;
    let mut frame = BytesMut::with_capacity(4 + body.len());
    frame.put_u32(u32::try_from(body.len())?);
    frame.put(body);
    Ok(frame)
}
