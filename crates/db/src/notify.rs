//! Telling whoever listens that something was committed.

use uuid::Uuid;

/// "This organisation has events up to this number." Carries ids only; the reader asks for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whose event.
    pub organisation: Uuid,
    /// The event's sequence number within the organisation; 0 says only that jobs may be due.
    pub sequence: i64,
}

impl Notice {
    pub(crate) fn to_payload(self) -> String {
        format!("{} {}", self.organisation, self.sequence)
    }

    pub(crate) fn from_payload(payload: &str) -> Option<Self> {
        let (organisation, sequence) = payload.split_once(' ')?;
        Some(Self {
            organisation: organisation.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }
}
