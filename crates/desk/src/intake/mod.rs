//! How requests come in.

pub mod email;
