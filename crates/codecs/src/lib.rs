//! Formats of the outside world, parsed and built without touching network, disk, clock or chance.
//!
//! Every function here takes bytes or text that a stranger may have written, holds it to stated
//! limits, and answers with a plain value or a typed error. What a value *means* for a ticket is
//! decided elsewhere.

pub mod mail;
pub mod picture;
