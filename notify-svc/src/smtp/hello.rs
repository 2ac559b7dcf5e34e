//! The name that this machine greets the relay by (RFC 5321, section 4.1.4): its own where that is a full domain name,
//! else its address, never a name that nobody can look up.

use std::net::{IpAddr, SocketAddr};

/// The argument of EHLO on a connection from `local`.
pub(super) fn name(configured: Option<&str>, local: SocketAddr) -> String {
    let host = || hostname::get().ok()?.into_string().ok();
    match configured.map(str::to_owned).or_else(host) {
        Some(name) if is_domain(&name) => name,
        _ => literal(local.ip()),
    }
}

/// Whether the text is a domain name of at least two labels (RFC 5321, section 4.1.2).
pub(crate) fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(is_label)
        && name.rsplit('.').next().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn literal(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_name_is_said_and_an_address_where_there_is_no_full_name() {
        let local = |text: &str| text.parse().unwrap();
        assert_eq!(name(Some("mail.example.org"), local("192.0.2.1:9")), "mail.example.org");
        for none in
            ["localhost", "f00d1e5", "a b.example", "-a.example", "192.0.2.7", "x.example\r\nQUIT", ""]
        {
            assert_eq!(name(Some(none), local("192.0.2.1:9")), "[192.0.2.1]", "{none:?}");
        }
        assert_eq!(name(Some("none"), local("[2001:db8::1]:9")), "[IPv6:2001:db8::1]");
        assert_eq!(name(Some("none"), local("[::ffff:192.0.2.1]:9")), "[192.0.2.1]");
    }
}
