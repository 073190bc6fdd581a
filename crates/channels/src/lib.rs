//! Wire clients and servers, one module per channel.
//!
//! A channel moves bytes and knows no ticket: what a message means is the desk's business.

pub mod clamd;
pub mod door;
pub mod email;
pub mod http;
mod reach;
