//! Addresses for servers that have to be known before they start.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the system gives to outgoing connections: one of those could take the port before its server.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// An address at which nobody listens and that no other caller gets.
pub(crate) fn free_addr() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test runs beside this one begin somewhere else.
    let start = std::process::id().wrapping_mul(97) % u32::from(COUNT);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + ((start + u32::from(step)) % u32::from(COUNT)) as u16;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}
