//! The JSON API through its router, on both engines.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod attacks;
mod contract;
mod dsl;
mod events;
mod files;
mod fixtures;
mod matrix;
mod operators;
mod people;
mod reach;
mod restricted;
mod schema;
mod tickets;
mod twice;
mod walls;
