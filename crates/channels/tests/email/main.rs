//! Email over real sockets: our receiver with hand-made clients, and our clients and receiver with
//! a real Dovecot and Postfix.

mod imap;
mod receiver;
mod relay;
mod support;
