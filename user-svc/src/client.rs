//! Who calls, as far as that is known: the device it says it is and the network address it comes from.

mod device;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

    /// What is counted as one customer: an IPv4 address, or the 56 leading bits of an IPv6 address, as a provider gives
    /// a home that many networks and more (RFC 6177).
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.leading(32),
            IpAddr::V6(_) => self.leading(56),
        }
    }

    /// The networks that the address belongs to, the customer's first, each with its length and as how many customers
    /// it counts: who has a wide network at hand must not have a limit for each part of it.
    pub fn networks(self) -> Vec<(IpAddr, u8, u32)> {
        let levels: &[(u8, u32)] = match self.0 {
            IpAddr::V4(_) => &[(32, 1), (24, 8)],
            IpAddr::V6(_) => &[(56, 1), (48, 4), (32, 64)],
        };
        levels.iter().map(|&(length, customers)| (self.leading(length), length, customers)).collect()
    }

    fn leading(self, length: u8) -> IpAddr {
        match self.0 {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
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
        assert_eq!(network("2001:db8:1:2::9"), network("2001:db8:1:ff::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:102::9"));
        assert_eq!(network("::ffff:203.0.113.7").unwrap(), "203.0.113.7");
    }

    #[test]
    fn an_address_belongs_to_wider_networks_that_count_as_more_customers() {
        let networks = |address: &str| {
            let networks = ClientAddress::new(address.parse().unwrap()).unwrap().networks();
            networks
                .iter()
                .map(|(network, length, count)| format!("{network}/{length} {count}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(networks("203.0.113.7"), ["203.0.113.7/32 1", "203.0.113.0/24 8"]);
        assert_eq!(
            networks("2001:db8:1:234:5::6"),
            ["2001:db8:1:200::/56 1", "2001:db8:1::/48 4", "2001:db8::/32 64"]
        );
    }

    #[test]
    fn an_address_does_not_print() {
        let address = ClientAddress::new("203.0.113.7".parse().unwrap());
        assert!(!format!("{address:?}").contains("203"));
    }
}
