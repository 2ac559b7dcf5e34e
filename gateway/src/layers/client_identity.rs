//! Who is calling, in words that the services can trust: browser and network address.
//!
//! Clients could write anything into the headers that carry it, so these are always written here. The address is that
//! of the connection. Behind a proxy that would be the proxy's own; of a proxy that the operator has named, the last
//! hop of `X-Forwarded-For` is believed, which that proxy wrote itself. Hops before it are hearsay.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chassis::http_server::Peer;
use chassis::http_server::places::Network;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What the client says it is, shortened.
pub(crate) const USER_AGENT: HeaderName = HeaderName::from_static("x-client-user-agent");
/// Where the client is.
pub(crate) const ADDRESS: HeaderName = HeaderName::from_static("x-client-address");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const MAX_USER_AGENT_BYTES: usize = 256;

/// The network of the client, an extension of every request; none where nothing is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientNetwork(pub(crate) Option<Network>);

/// The proxies whose word is taken for the address of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Block>);

/// A network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    address: IpAddr,
    prefix: u32,
}

/// A text that names no networks.
#[derive(Debug, thiserror::Error)]
#[error("has to be addresses or networks such as 10.0.0.1,192.168.0.0/16")]
pub struct NetworkError;

/// Writes the two headers, whatever the client sent under their names.
pub(super) async fn client_identity(
    State(proxies): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let user_agent = request.headers().get(header::USER_AGENT).map(shortened);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    let address = peer.map(|peer| proxies.client(peer, request.headers()));
    request.extensions_mut().insert(ClientNetwork(address.map(Network::of)));
    let headers = request.headers_mut();
    headers.remove(USER_AGENT);
    headers.remove(ADDRESS);
    if let Some(user_agent) = user_agent {
        headers.insert(USER_AGENT, user_agent);
    }
    if let Some(address) = address {
        let address = HeaderValue::from_str(&address.to_string()).expect("an address is ASCII");
        headers.insert(ADDRESS, address);
    }
    next.run(request).await
}

/// gRPC metadata is printable ASCII; anything else in a name of a browser is no loss.
fn shortened(user_agent: &HeaderValue) -> HeaderValue {
    let printable = |&byte: &u8| if (0x20..=0x7e).contains(&byte) { byte } else { b'?' };
    let text: Vec<u8> = user_agent.as_bytes().iter().take(MAX_USER_AGENT_BYTES).map(printable).collect();
    HeaderValue::from_bytes(&text).expect("printable ASCII makes a header")
}

impl TrustedProxies {
    /// Whether the address is that of a proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|block| block.contains(address))
    }

    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contains(peer) {
            return peer;
        }
        let hops = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|hops| hops.to_str().ok());
        let last = hops.and_then(|hops| hops.rsplit(',').next()).and_then(|hop| address(hop.trim()));
        last.unwrap_or(peer)
    }
}

/// Proxies write addresses with and without port.
fn address(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

impl FromStr for TrustedProxies {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Block {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| NetworkError)?;
        if prefix > bits { Err(NetworkError) } else { Ok(Self { address: address.to_canonical(), prefix }) }
    }
}

impl Block {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for hops in forwarded {
            headers.append(FORWARDED_FOR, hops.parse().unwrap());
        }
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        assert_eq!(client("", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &["198.51.100.7", "203.0.113.9:443"]), "203.0.113.9");
        assert_eq!(client("fd00::/8", "fd00::1", &["2001:db8::5"]), "2001:db8::5");
        assert_eq!(client("10.1.2.3", "10.1.2.3", &["unknown"]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", "10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn networks_that_are_none_are_refused() {
        for text in ["here", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129"] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_browser_with_a_long_or_strange_name_is_shortened_to_printable_ascii() {
        let strange = HeaderValue::from_bytes("Brauser Ж".as_bytes()).unwrap();
        assert_eq!(shortened(&strange), "Brauser ??");
        let long = HeaderValue::from_str(&"x".repeat(1000)).unwrap();
        assert_eq!(shortened(&long).len(), MAX_USER_AGENT_BYTES);
    }
}
