//! Places of which there are only so many, and of which nobody gets all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a client is, as coarse as one client can move: its address, or with IPv6 the /56 that a line is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 56)).into()),
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// So many places, of which one network gets no more than its share; clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total: usize,
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_network: HashMap<Network, usize>,
}

/// Places that are free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    network: Option<Network>,
    count: usize,
}

impl Places {
    /// `total` places, `share` of them at most for one network.
    pub fn new(total: usize, share: usize) -> Self {
        Self(Arc::new(Shared { total, share, taken: Mutex::default() }))
    }

    /// Takes so many places, or none if not all of them are free. Without a network only the total counts.
    pub fn take(&self, network: Option<Network>, count: usize) -> Option<Place> {
        let mut place = Place { places: self.clone(), network, count: 0 };
        place.grow(count).then_some(place)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Takes so many more, or answers false and stays as it is.
    pub fn grow(&mut self, count: usize) -> bool {
        let (total, share) = (self.places.0.total, self.places.0.share);
        let mut taken = self.places.taken();
        if taken.total + count > total {
            return false;
        }
        if let Some(network) = self.network {
            let of_network = taken.by_network.get(&network).copied().unwrap_or_default() + count;
            if of_network > share {
                return false;
            }
            taken.by_network.insert(network, of_network);
        }
        taken.total += count;
        drop(taken);
        self.count += count;
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.total -= self.count;
        if let Some(network) = self.network
            && let Some(of_network) = taken.by_network.get_mut(&network)
        {
            *of_network -= self.count;
            if *of_network == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn a_network_gets_its_share_and_all_together_the_total() {
        let places = Places::new(4, 2);
        let (anna, boris) = (Some(network("192.0.2.1")), Some(network("192.0.2.2")));
        let mut first = places.take(anna, 1).unwrap();
        assert!(first.grow(1));
        assert!(!first.grow(1) && places.take(anna, 1).is_none());
        let _second = places.take(boris, 1).unwrap();
        assert!(places.take(None, 2).is_none());
        let third = places.take(None, 1).unwrap();
        assert!(places.take(boris, 1).is_none());
        drop((first, third));
        assert!(places.take(anna, 2).is_some());
    }

    #[test]
    fn nothing_is_left_of_a_network_that_is_gone() {
        let places = Places::new(4, 2);
        drop(places.take(Some(network("192.0.2.1")), 2));
        assert!(places.take(Some(network("192.0.2.1")), 3).is_none());
        assert!(places.taken().by_network.is_empty());
        assert_eq!(places.taken().total, 0);
    }

    #[test]
    fn addresses_of_one_line_are_one_network() {
        assert_eq!(network("2001:db8:0:1200::1"), network("2001:db8:0:12ff:ffff::2"));
        assert_ne!(network("2001:db8:0:1200::1"), network("2001:db8:0:1300::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
