//! Real servers for tests, and what strangers may send.
//!
//! Everything here listens on loopback alone, takes a free port, keeps its files in a temporary
//! folder and ends with the test, so that tests run in parallel and leave nothing behind. A server
//! that is not installed is an error with the package to install, never a test that is passed over.
//!
//! - [`pg`]: PostgreSQL, one server for a whole test run and an empty database for every test;
//! - [`mail`]: Dovecot (IMAP, LMTP) and Postfix (SMTP);
//! - [`clamd`]: a virus scanner with one signature;
//! - [`XSS`]: markup that must never run;
//! - [`Random`]: changes drawn from a seed;
//! - [`Memory`]: what a process holds at the most;
//! - [`wait_until`]: the one way a test waits for something.

pub mod clamd;
mod error;
pub mod mail;
mod memory;
pub mod pg;
pub mod ports;
mod process;
mod random;
mod wait;
mod xss;

pub use error::StartError;
pub use memory::Memory;
pub use random::Random;
pub use wait::{TimedOut, wait_until, wait_until_async};
pub use xss::XSS;

/// The Debian packages whose programs the tests start, the browser tests' Chromium and the fuzzer's C++ compiler included.
pub const DEBIAN_PACKAGES: &[&str] = &[
    "postgresql",
    "dovecot-imapd",
    "dovecot-lmtpd",
    "postfix",
    "clamav-daemon",
    "chromium",
    "g++",
];
