//! Identity: UUIDv7 as typed values, so that a ticket's id can't be handed in for a patient's.

use crate::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use uuid::Uuid;

/// Names the kind of thing an [`Id`] points at.
pub trait Identity: 'static {
    /// Short lower-case name, for messages ("ticket").
    const NAME: &'static str;
}

/// The id of a `T`: a UUIDv7, whose first 48 bits are the milliseconds of its making (RFC 9562).
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// Wraps a UUID that is known to name a `T`.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The 16 bytes.
    pub const fn bytes(self) -> [u8; 16] {
        *self.0.as_bytes()
    }

    /// From 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T: Identity> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", T::NAME, self.0)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self::from_uuid)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

/// Makes ids. Within one process they rise strictly, also inside one millisecond.
#[derive(Debug, Default)]
pub struct IdSource(parking_lot::Mutex<Uuid>);

impl IdSource {
    /// A fresh source.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new id made at `now`. The order follows the calls even when the clock steps back.
    pub fn make<T>(&self, now: Timestamp) -> Id<T> {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        let random = Uuid::new_v4();
        let mut bytes = [0_u8; 10];
        bytes.copy_from_slice(&random.as_bytes()[..10]);
        let candidate = uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        let mut last = self.0.lock();
        let next = if candidate > *last {
            candidate
        } else {
            successor(*last)
        };
        *last = next;
        Id::from_uuid(next)
    }
}

/// The next UUIDv7 after `id`: one more in the 62 random bits behind the variant, which do not run out in practice.
fn successor(id: Uuid) -> Uuid {
    let low = 1_u128 << 62;
    let raw = id.as_u128();
    let tail = (raw & (low - 1)) + 1;
    Uuid::from_u128((raw & !(low - 1)) | (tail & (low - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl Identity for Thing {
        const NAME: &'static str = "thing";
    }

    #[test]
    fn ids_rise_even_when_the_clock_steps_back() {
        let source = IdSource::new();
        let mut last = source.make::<Thing>(Timestamp::from_micros(2_000_000_000_000));
        for step in 0..5000_i64 {
            let next =
                source.make::<Thing>(Timestamp::from_micros(2_000_000_000_000 - step * 1000));
            assert!(next > last);
            assert_eq!(next.uuid().get_version_num(), 7);
            last = next;
        }
    }

    #[test]
    fn an_id_survives_its_text() {
        let id = IdSource::new().make::<Thing>(Timestamp::from_micros(1_700_000_000_000_000));
        assert_eq!(id.to_string().parse::<Id<Thing>>().unwrap(), id);
        assert_eq!(format!("{id:?}"), format!("thing:{id}"));
    }
}
