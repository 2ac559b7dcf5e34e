//! The client of a call, as the gateway describes it in metadata.
//!
//! Only the gateway can reach this port from outside, and it sets both entries itself, whatever its own caller sends.
//! Who calls without a gateway has neither: such a client is nobody in particular and has no limit of its own.

use std::net::IpAddr;

use tonic::metadata::MetadataMap;

use crate::client::{Client, ClientAddress, Device};

const USER_AGENT: &str = "x-client-user-agent";
const ADDRESS: &str = "x-client-address";

/// Reads the client from the metadata of a call; what cannot be read is as good as absent.
pub(super) fn from(metadata: &MetadataMap) -> Client {
    let text = |name| metadata.get(name).and_then(|value| value.to_str().ok());
    let address = text(ADDRESS).and_then(|text| text.parse::<IpAddr>().ok());
    Client {
        device: Device::from_user_agent(text(USER_AGENT).unwrap_or_default()),
        address: address.and_then(ClientAddress::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_from_what_the_gateway_says() {
        let mut metadata = MetadataMap::new();
        metadata.insert(USER_AGENT, "curl/8.5.0".parse().unwrap());
        metadata.insert(ADDRESS, "203.0.113.7".parse().unwrap());
        let client = from(&metadata);
        assert_eq!(client.device.name(), "curl");
        assert_eq!(client.address.unwrap().network().to_string(), "203.0.113.7");
    }

    #[test]
    fn without_a_gateway_and_with_nonsense_there_is_no_client_in_particular() {
        assert_eq!(from(&MetadataMap::new()), Client::default());
        let mut metadata = MetadataMap::new();
        metadata.insert(ADDRESS, "not an address".parse().unwrap());
        assert_eq!(from(&metadata), Client::default());
    }
}
