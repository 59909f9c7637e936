//! Ports that nobody uses.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Below the range that the kernel takes the ports of outgoing connections from (32768 and up on Linux): so
/// that no client can get the port of a server between its stop and its restart, nor be connected to itself.
const LOWEST: u16 = 10_240;
const HIGHEST: u16 = 32_767;

/// A port of 127.0.0.1 on which nobody listens now.
///
/// Somebody else may take it before it is used: whoever starts a server on it must be ready to try another.
pub(crate) fn free_port() -> u16 {
    let start = RandomState::new().hash_one("port");
    let width = u64::from(HIGHEST - LOWEST) + 1;
    (0..width)
        .map(|step| LOWEST + u16::try_from((start.wrapping_add(step)) % width).expect("width is below 2^16"))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("not all of 20,000 ports are taken")
}

#[cfg(test)]
mod tests {
    use super::{HIGHEST, LOWEST, free_port};

    #[test]
    fn a_free_port_is_no_port_of_outgoing_connections() {
        assert!((LOWEST..=HIGHEST).contains(&free_port()));
    }
}
