//! Groups of fields that a role may be kept from while it sees the rest of a record.

pub use bedside_access::FieldGroup;
