//! Enumerations with a stable code for each value, as stored and as the API shows them.

pub(crate) use bedside_access::codes;
