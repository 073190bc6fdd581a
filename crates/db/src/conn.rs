//! Running statements, the same way on both engines.

use crate::{DbError, Notice, Row, Statement, Value, postgres, sqlite};
use futures_util::TryStreamExt;
use std::ops::{Deref, DerefMut};
use std::pin::pin;

/// A connection that runs statements. From [`Db::read`](crate::Db::read) it only reads.
pub enum Conn {
    /// On the embedded engine; its futures are ready at once.
    Sqlite(sqlite::Handle),
    /// On a server.
    Postgres(postgres::Handle),
}

impl Conn {
    /// Runs a statement and says how many rows it changed.
    pub async fn execute(
        &mut self,
        statement: Statement,
        args: &[Value<'_>],
    ) -> Result<u64, DbError> {
        begin(&statement, args)?;
        match self {
            Self::Sqlite(handle) => {
                let mut prepared = handle.prepare_cached(statement.question)?;
                let changed = prepared.execute(rusqlite::params_from_iter(args))?;
                Ok(changed as u64)
            }
            Self::Postgres(handle) => {
                let prepared = handle.prepare_cached(statement.dollar).await?;
                Ok(handle.execute_raw(&prepared, args).await?)
            }
        }
    }

    /// All rows of a query, each turned into a `T` by `map`.
    pub async fn query<T: Send>(
        &mut self,
        statement: Statement,
        args: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<Vec<T>, DbError> {
        begin(&statement, args)?;
        let mut found = Vec::new();
        match self {
            Self::Sqlite(handle) => {
                let mut prepared = handle.prepare_cached(statement.question)?;
                let mut rows = prepared.query(rusqlite::params_from_iter(args))?;
                while let Some(row) = rows.next()? {
                    found.push(map(&Row::Sqlite(row))?);
                }
            }
            Self::Postgres(handle) => {
                let prepared = handle.prepare_cached(statement.dollar).await?;
                let rows = handle.query_raw(&prepared, args).await?;
                let mut rows = pin!(rows);
                while let Some(row) = rows.try_next().await? {
                    found.push(map(&Row::Postgres(&row))?);
                }
            }
        }
        Ok(found)
    }

    /// The first row of a query, if there is one.
    pub async fn query_opt<T: Send>(
        &mut self,
        statement: Statement,
        args: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<Option<T>, DbError> {
        Ok(self.query(statement, args, map).await?.into_iter().next())
    }

    /// The first row of a query that must have one; none is [`DbError::NoRow`].
    pub async fn query_one<T: Send>(
        &mut self,
        statement: Statement,
        args: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<T, DbError> {
        self.query_opt(statement, args, map)
            .await?
            .ok_or(DbError::NoRow(statement.name))
    }

    /// Several statements without parameters, for the schema.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(handle) => Ok(handle.execute_batch(sql)?),
            Self::Postgres(handle) => Ok(handle.batch_execute(sql).await?),
        }
    }
}

/// Under which name the log tells of every statement, at its most talkative: its name and its text, never what is bound.
const ASKED: &str = "bedside_db::asked";

/// Tells of a statement that is about to run, where its arguments are as many as it has parameters.
fn begin(statement: &Statement, args: &[Value<'_>]) -> Result<(), DbError> {
    expect_count(statement, args)?;
    tracing::trace!(target: ASKED, name = statement.name, text = statement.dollar);
    Ok(())
}

fn expect_count(statement: &Statement, args: &[Value<'_>]) -> Result<(), DbError> {
    if statement.parameters == args.len() {
        return Ok(());
    }
    Err(DbError::Arguments {
        statement: statement.name,
        given: args.len(),
        wanted: statement.parameters,
    })
}

/// One command's transaction: a [`Conn`] that also writes.
pub struct Tx {
    conn: Conn,
    pub(crate) after: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) notices: Vec<Notice>,
}

impl Tx {
    pub(crate) fn new(conn: Conn) -> Self {
        Self {
            conn,
            after: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Closes the connection instead of giving it back to where others take it from.
    pub(crate) fn discard(self) {
        if let Conn::Postgres(handle) = self.conn {
            drop(postgres::Handle::take(handle));
        }
    }

    /// Runs `then` once the command is durable; forgotten when it is not.
    pub fn after_commit(&mut self, then: impl FnOnce() + Send + 'static) {
        self.after.push(Box::new(then));
    }

    /// Tells every reader, in this process and in others, once the command is durable.
    pub fn notify(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
