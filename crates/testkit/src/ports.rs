//! Free TCP ports.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// A TCP port of the loopback address that was free a moment ago.
///
/// The system hands such ports out in a random order, so two tests seldom get the same one; a
/// helper that starts a server tries again when that happens.
pub fn free() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
