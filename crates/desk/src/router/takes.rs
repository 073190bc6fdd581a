//! What requests take of the limits of an hour.

/// What a request takes of the limits of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A read, where it is one.
    Read,
    /// A search: it looks through what there is.
    Search,
    /// Nothing, since pages ask by themselves; it does not count as use of the session either.
    Polled,
    /// Nothing: somebody may be in danger without it, so no limit refuses it.
    Urgent,
}
