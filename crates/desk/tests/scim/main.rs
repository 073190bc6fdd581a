//! SCIM 2.0: people and groups as identity providers send them, and what follows for whoever is at work.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod ending;
mod lives;
mod page;
mod provider;
mod races;
mod rules;
mod walls;
mod with_sso;
