//! Which headers travel between HTTP and gRPC.

use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::metadata::MetadataMap;

use crate::BuildError;

/// A client may send metadata of its own under this prefix, and services answer with theirs.
const PREFIX: &str = "grpc-metadata-";

/// Headers that reach the services unless the builder says otherwise.
const DEFAULT_FORWARDED: [&str; 4] = ["authorization", "traceparent", "tracestate", "x-request-id"];

/// Headers that describe one connection or one message and mean something else on the next.
const RESERVED: [&str; 15] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// The headers that are let through.
#[derive(Clone, Debug)]
pub(crate) struct Forwarding {
    to_backend: Vec<HeaderName>,
    to_client: Vec<HeaderName>,
}

impl Default for Forwarding {
    fn default() -> Self {
        Self { to_backend: DEFAULT_FORWARDED.map(HeaderName::from_static).into(), to_client: Vec::new() }
    }
}

impl Forwarding {
    /// Lets a request header through, under its own name.
    pub(crate) fn add_to_backend(&mut self, name: &str) -> Result<(), BuildError> {
        self.to_backend.push(header_name(name)?);
        Ok(())
    }

    /// Lets a key of the answer's metadata through, as a header of the same name.
    pub(crate) fn add_to_client(&mut self, name: &str) -> Result<(), BuildError> {
        self.to_client.push(header_name(name)?);
        Ok(())
    }

    /// The metadata of a call.
    pub(crate) fn request_metadata(&self, headers: &HeaderMap) -> MetadataMap {
        let mut metadata = HeaderMap::with_capacity(self.to_backend.len() + 4);
        for name in &self.to_backend {
            copy(headers, name, &mut metadata);
        }
        for (name, value) in headers {
            if let Some(key) = name.as_str().strip_prefix(PREFIX)
                && !is_reserved(key)
                && let Ok(key) = HeaderName::from_bytes(key.as_bytes())
                // A forwarded header has one way in only; otherwise a proxy in front could not police it.
                && !self.to_backend.contains(&key)
            {
                metadata.append(key, value.clone());
            }
        }
        MetadataMap::from_headers(metadata)
    }

    /// Copies metadata of an answer to the headers of the response.
    pub(crate) fn response_headers(&self, metadata: MetadataMap, headers: &mut HeaderMap<HeaderValue>) {
        if self.to_client.is_empty() {
            return;
        }
        let metadata = metadata.into_headers();
        for name in &self.to_client {
            copy(&metadata, name, headers);
        }
    }
}

fn copy(from: &HeaderMap, name: &HeaderName, to: &mut HeaderMap) {
    for value in from.get_all(name) {
        to.append(name.clone(), value.clone());
    }
}

fn header_name(name: &str) -> Result<HeaderName, BuildError> {
    HeaderName::from_bytes(name.as_bytes())
        .ok()
        .filter(|name| !is_reserved(name.as_str()))
        .ok_or_else(|| BuildError::ReservedHeader(name.to_owned()))
}

fn is_reserved(name: &str) -> bool {
    name.starts_with("grpc-") || RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_listed_headers_and_prefixed_metadata_reach_the_backend() {
        let mut forwarding = Forwarding::default();
        forwarding.add_to_backend("X-Tenant").unwrap();
        let metadata = forwarding.request_metadata(&headers(&[
            ("Authorization", "Bearer token"),
            ("Traceparent", "00-1-2-01"),
            ("X-Tenant", "blue"),
            ("Cookie", "no"),
            ("Grpc-Timeout", "1S"),
            ("Te", "trailers"),
            ("Grpc-Metadata-Colour", "red"),
            ("Grpc-Metadata-Te", "no"),
            ("Grpc-Metadata-Host", "no"),
            ("Grpc-Metadata-Grpc-Timeout", "no"),
            ("Grpc-Metadata-Authorization", "Bearer other"),
            ("Grpc-Metadata-", "no"),
        ]));
        let mut keys: Vec<_> = metadata.into_headers().keys().map(ToString::to_string).collect();
        keys.sort();
        assert_eq!(keys, ["authorization", "colour", "traceparent", "x-tenant"]);
    }

    #[test]
    fn a_header_of_the_protocol_cannot_be_forwarded() {
        let mut forwarding = Forwarding::default();
        for name in ["Grpc-Timeout", "te", "Transfer-Encoding", "not a name"] {
            assert!(forwarding.add_to_backend(name).is_err(), "{name}");
        }
    }
}
