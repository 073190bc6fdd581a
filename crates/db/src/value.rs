//! What is bound to a statement's parameters.

use crate::{Id, Timestamp};
use std::borrow::Cow;
use uuid::Uuid;

/// One argument. Borrowed where it can be, so that binding copies nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`; also booleans (0 and 1) and instants (microseconds).
    Int(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `TEXT`.
    Text(Cow<'a, str>),
    /// `BLOB` (`BYTEA` on PostgreSQL).
    Bytes(Cow<'a, [u8]>),
    /// `ID` (16 bytes on SQLite, `UUID` on PostgreSQL).
    Id(Uuid),
}

/// Things that can be bound.
pub trait ToValue {
    /// The value to bind.
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        self.clone()
    }
}
impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}
impl ToValue for i32 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for u32 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for f64 {
    fn to_value(&self) -> Value<'_> {
        Value::Real(*self)
    }
}
impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}
impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}
impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}
impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}
impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}
impl ToValue for Uuid {
    fn to_value(&self) -> Value<'_> {
        Value::Id(*self)
    }
}
impl<T> ToValue for Id<T> {
    fn to_value(&self) -> Value<'_> {
        Value::Id(self.uuid())
    }
}
impl ToValue for Timestamp {
    fn to_value(&self) -> Value<'_> {
        Value::Int(self.micros())
    }
}
impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}
impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

/// The arguments of a statement, in the order of its parameters: `args![organisation, id, "text", None::<i64>]`.
#[macro_export]
macro_rules! args {
    () => { &[] as &[$crate::Value<'_>] };
    ($($value:expr),+ $(,)?) => { &[$($crate::ToValue::to_value(&$value)),+] as &[$crate::Value<'_>] };
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}

impl tokio_postgres::types::ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &tokio_postgres::types::Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        use tokio_postgres::types::{IsNull, Type};
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(value), &Type::INT8) => value.to_sql(ty, out),
            (Self::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Self::Int(value), &Type::NUMERIC) => {
                Err(format!("bind {value} to a BIGINT, not to NUMERIC").into())
            }
            (Self::Real(value), &Type::FLOAT8) => value.to_sql(ty, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::UNKNOWN) => {
                text.as_ref().to_sql(ty, out)
            }
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.as_ref().to_sql(ty, out),
            (Self::Id(id), &Type::UUID) => id.to_sql(ty, out),
            (value, ty) => Err(format!("a {} argument for a {ty} parameter", value.kind()).into()),
        }
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "whole number",
            Self::Real(_) => "real number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Id(_) => "id",
        }
    }
}
