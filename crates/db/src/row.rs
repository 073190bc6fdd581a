//! What comes back from a query.

use crate::{DbError, Id, Timestamp};
use rusqlite::types::ValueRef;
use uuid::Uuid;

/// One row of a result, of either engine.
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The column at `index`, from 0.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, DbError> {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(index).map_err(|error| wrong(index, &error))?;
                T::from_sqlite(value).map_err(|reason| wrong(index, &reason))
            }
            Self::Postgres(row) => {
                T::from_postgres(row, index).map_err(|error| wrong(index, &error))
            }
        }
    }

    /// The code at `index` as `read` knows it; [`DbError::unknown_code`] where it doesn't.
    pub fn coded<T>(&self, index: usize, read: impl Fn(&str) -> Option<T>) -> Result<T, DbError> {
        let code: String = self.get(index)?;
        read(&code).ok_or_else(|| DbError::unknown_code(index))
    }
}

fn wrong(column: usize, reason: &dyn std::fmt::Display) -> DbError {
    DbError::Column {
        column,
        reason: reason.to_string(),
    }
}

/// Things that can be read from a column.
pub trait Column: Sized {
    /// From a SQLite value; the error says what it was instead.
    fn from_sqlite(value: ValueRef<'_>) -> Result<Self, String>;
    /// From a PostgreSQL row.
    fn from_postgres(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Self, tokio_postgres::Error>;
    /// From a PostgreSQL row where the column may be null.
    fn from_postgres_nullable(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Option<Self>, tokio_postgres::Error>;
}

fn other(value: ValueRef<'_>, wanted: &str) -> String {
    format!("{} where {wanted} was expected", value.data_type())
}

macro_rules! plain_column {
    ($type:ty, $through:ty, $sqlite:expr, $convert:expr) => {
        impl Column for $type {
            fn from_sqlite(value: ValueRef<'_>) -> Result<Self, String> {
                let read: fn(ValueRef<'_>) -> Result<Self, String> = $sqlite;
                read(value)
            }
            fn from_postgres(
                row: &tokio_postgres::Row,
                index: usize,
            ) -> Result<Self, tokio_postgres::Error> {
                row.try_get::<_, $through>(index).map($convert)
            }
            fn from_postgres_nullable(
                row: &tokio_postgres::Row,
                index: usize,
            ) -> Result<Option<Self>, tokio_postgres::Error> {
                row.try_get::<_, Option<$through>>(index)
                    .map(|value| value.map($convert))
            }
        }
    };
}

fn sqlite_int(value: ValueRef<'_>) -> Result<i64, String> {
    match value {
        ValueRef::Integer(number) => Ok(number),
        value => Err(other(value, "a whole number")),
    }
}

fn sqlite_uuid(value: ValueRef<'_>) -> Result<Uuid, String> {
    match value {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).map_err(|_| "not 16 bytes".to_owned()),
        value => Err(other(value, "an id")),
    }
}

plain_column!(i64, i64, sqlite_int, |value| value);
plain_column!(
    bool,
    i64,
    |value| sqlite_int(value).map(|number| number != 0),
    |value| value != 0
);
plain_column!(
    Timestamp,
    i64,
    |value| sqlite_int(value).map(Self::from_micros),
    Timestamp::from_micros
);
plain_column!(
    f64,
    f64,
    |value| match value {
        ValueRef::Real(number) => Ok(number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "SQLite stores a whole real as an integer"
        )]
        ValueRef::Integer(number) => Ok(number as f64),
        value => Err(other(value, "a number")),
    },
    |value| value
);
plain_column!(
    String,
    String,
    |value| match value {
        ValueRef::Text(text) =>
            String::from_utf8(text.to_vec()).map_err(|_| "text that is not UTF-8".to_owned()),
        value => Err(other(value, "text")),
    },
    |value| value
);
plain_column!(
    Vec<u8>,
    Vec<u8>,
    |value| match value {
        ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
        value => Err(other(value, "bytes")),
    },
    |value| value
);
plain_column!(Uuid, Uuid, sqlite_uuid, |value| value);

impl<T> Column for Id<T> {
    fn from_sqlite(value: ValueRef<'_>) -> Result<Self, String> {
        sqlite_uuid(value).map(Self::from_uuid)
    }
    fn from_postgres(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Self, tokio_postgres::Error> {
        row.try_get::<_, Uuid>(index).map(Self::from_uuid)
    }
    fn from_postgres_nullable(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Option<Self>, tokio_postgres::Error> {
        row.try_get::<_, Option<Uuid>>(index)
            .map(|value| value.map(Self::from_uuid))
    }
}

impl<T: Column> Column for Option<T> {
    fn from_sqlite(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_sqlite(value).map(Some),
        }
    }
    fn from_postgres(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Self, tokio_postgres::Error> {
        T::from_postgres_nullable(row, index)
    }
    fn from_postgres_nullable(
        row: &tokio_postgres::Row,
        index: usize,
    ) -> Result<Option<Self>, tokio_postgres::Error> {
        T::from_postgres_nullable(row, index).map(Some)
    }
}
