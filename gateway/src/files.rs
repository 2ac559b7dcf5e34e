//! The bytes of files, in and out: the two calls that are streams and therefore not the transcoder's.
//!
//! Bytes pass through in the pieces in which they arrive; nothing here ever holds a whole file. Listing and deleting
//! are plain calls, and `shared` leaves them to the transcoder.

mod download;
mod parts;
mod shared;
mod upload;

use std::time::Duration;

use chassis::http_server::body::BodyRate;
use fitness_proto::fitness::user::v1::file_service_client::FileServiceClient;
use http::{HeaderMap, header};
use tonic::metadata::MetadataMap;

pub(crate) use self::download::download;
pub(crate) use self::shared::{Other, other_method};
pub(crate) use self::upload::upload;
use crate::layers::client_identity;
use crate::services::Guarded;

/// Longest pause between two pieces of a file before it is given up.
const STALL_LIMIT: Duration = Duration::from_secs(20);

/// The slowest line on which a file may go up or down.
const RATE: BodyRate = BodyRate { grace: Duration::from_secs(30), bytes_per_second: 16 * 1024 };

/// The longest file in bytes; user-svc keeps to the same.
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

/// What the routes of files work with.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) client: FileServiceClient<Guarded>,
    /// Longest wait for the first word of user-svc.
    pub(crate) timeout: Duration,
}

/// What travels with a call beside its message; the same that the transcoder passes on.
pub(crate) fn request<T>(message: T, headers: &HeaderMap) -> tonic::Request<T> {
    let mut metadata = HeaderMap::new();
    let request_id = http::HeaderName::from_static("x-request-id");
    for name in [header::AUTHORIZATION, request_id, client_identity::USER_AGENT, client_identity::ADDRESS] {
        if let Some(value) = headers.get(&name) {
            metadata.insert(name, value.clone());
        }
    }
    let mut request = tonic::Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(metadata);
    request
}
