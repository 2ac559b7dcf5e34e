//! Who calls, as far as that is known: the device it says it is and the network address it comes from.

mod device;

use std::net::{IpAddr, Ipv6Addr};

pub use self::device::Device;

/// The program at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// What it says it is.
    pub device: Device,
    /// Where it comes from; unknown for who calls without a gateway.
    pub address: Option<ClientAddress>,
}

/// A network address as limits count it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Answers nothing for the loopback interface: whoever calls from there is the machine itself, or comes through a
    /// proxy that does not say for whom it calls. Counted as one client, all its people would share one limit.
    pub fn new(address: IpAddr) -> Option<Self> {
        let address = address.to_canonical();
        (!address.is_loopback()).then_some(Self(address))
    }

    /// What is counted: an IPv4 address, or the 64 leading bits of an IPv6 address, as every host has all the rest to
    /// itself.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }
    }
}

impl std::fmt::Debug for ClientAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Option<String> {
        ClientAddress::new(address.parse().unwrap()).map(|address| address.network().to_string())
    }

    #[test]
    fn the_loopback_interface_is_nobody_in_particular() {
        for address in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(network(address), None, "{address}");
        }
    }

    #[test]
    fn an_ipv6_host_is_one_client_with_all_its_addresses() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:203.0.113.7").unwrap(), "203.0.113.7");
    }

    #[test]
    fn an_address_does_not_print() {
        let address = ClientAddress::new("203.0.113.7".parse().unwrap());
        assert!(!format!("{address:?}").contains("203"));
    }
}
