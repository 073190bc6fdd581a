//! The PostgreSQL engine: a pool, one transaction a command, and a listener for other nodes' notices.

pub(crate) mod company;
mod tls;

use crate::{Conn, DbError, Notice, Statement, Tx};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tls::Connector;
pub use tls::is_unprotected;
use tokio::sync::{broadcast, oneshot};
use tokio_postgres::AsyncMessage;

/// The `NOTIFY` channel of all desks on one database.
const CHANNEL: &str = "bedside";
/// Connections in all; a command that finds none free waits.
const CONNECTIONS: usize = 24;

/// A handle on the server; cheap to clone.
#[derive(Clone)]
pub struct Postgres(Arc<Inner>);

struct Inner {
    pool: Pool,
    config: tokio_postgres::Config,
    connector: Connector,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// A pooled connection.
pub type Handle = Object;

impl Postgres {
    pub(crate) async fn open(
        url: &str,
        notices: broadcast::Sender<Notice>,
    ) -> Result<Self, DbError> {
        let (config, connector) = tls::read(url)?;
        let manager = Manager::from_config(
            config.clone(),
            connector.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(10)))
            .create_timeout(Some(Duration::from_secs(10)))
            .build()
            .map_err(|error| DbError::Connection(error.to_string()))?;
        let version: i32 = {
            let client = pool.get().await?;
            client
                .query_one("SELECT current_setting('server_version_num')::int", &[])
                .await?
                .get(0)
        };
        if version < 150_000 {
            return Err(DbError::Unsupported("Bedside needs PostgreSQL 15 or newer"));
        }
        let (ready, listening) = oneshot::channel();
        let listener = tokio::spawn(listen(config.clone(), connector.clone(), notices, ready));
        // Whoever opens the database hears of everything that is committed from now on.
        tokio::time::timeout(Duration::from_secs(10), listening)
            .await
            .map_err(|_| DbError::Connection("listening for changes took too long".to_owned()))?
            .map_err(|_| DbError::Connection("listening for changes failed".to_owned()))?;
        Ok(Self(Arc::new(Inner {
            pool,
            config,
            connector,
            listener,
        })))
    }

    pub(crate) async fn enter(&self) -> Result<company::Entering, DbError> {
        company::Entering::begin(self.0.config.clone(), self.0.connector.clone()).await
    }

    pub(crate) async fn reader(&self) -> Result<Handle, DbError> {
        Ok(self.0.pool.get().await?)
    }

    pub(crate) async fn write<T, E, F>(&self, command: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let store = self.clone();
        // In a task of its own: a caller that goes away must not leave a transaction half done.
        let running = tokio::spawn(async move {
            let mut tx = Tx::new(Conn::Postgres(store.reader().await?));
            let outcome = AssertUnwindSafe(in_transaction(&mut tx, command))
                .catch_unwind()
                .await;
            let (ended, outcome) = outcome.unwrap_or_else(|_| {
                let panicked = DbError::Engine("a command panicked".to_owned());
                (false, Err(panicked.into()))
            });
            if !ended {
                tx.discard();
            }
            outcome
        });
        running
            .await
            .map_err(|_| DbError::Engine("a command was broken off".to_owned()))?
    }

    pub(crate) async fn check(&self, statement: &Statement) -> Result<(), DbError> {
        let prepared = self.reader().await?.prepare(statement.dollar).await?;
        if prepared.params().len() == statement.parameters {
            return Ok(());
        }
        Err(DbError::Arguments {
            statement: statement.name,
            given: prepared.params().len(),
            wanted: statement.parameters,
        })
    }

    pub(crate) async fn ping(&self) -> Result<(), DbError> {
        self.reader().await?.simple_query("SELECT 1").await?;
        Ok(())
    }
}

/// Runs `command`; says, beside its outcome, whether the transaction has ended for certain. A connection on which it has
/// not must never be used again: the next command would be part of this one.
async fn in_transaction<T, E, F>(tx: &mut Tx, command: F) -> (bool, Result<T, E>)
where
    F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    E: From<DbError>,
{
    if let Err(error) = tx.batch("BEGIN").await {
        return (false, Err(error.into()));
    }
    match command(tx).await {
        Ok(value) => match commit(tx).await {
            Ok(()) => {
                for then in std::mem::take(&mut tx.after) {
                    then();
                }
                (true, Ok(value))
            }
            Err(error) => (false, Err(error.into())),
        },
        Err(error) => (tx.batch("ROLLBACK").await.is_ok(), Err(error)),
    }
}

async fn commit(tx: &mut Tx) -> Result<(), DbError> {
    for notice in std::mem::take(&mut tx.notices) {
        let Conn::Postgres(client) = &mut **tx else {
            continue;
        };
        let tell = client.prepare_cached("SELECT pg_notify($1, $2)").await?;
        client
            .execute(&tell, &[&CHANNEL, &notice.to_payload()])
            .await?;
    }
    tx.batch("COMMIT").await
}

/// Passes the server's notices on, and connects again when the connection is lost.
/// `ready` hears once, when listening has begun.
async fn listen(
    config: tokio_postgres::Config,
    connector: Connector,
    notices: broadcast::Sender<Notice>,
    ready: oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    loop {
        if let Err(error) = listen_once(&config, &connector, &notices, &mut ready).await {
            tracing::warn!(%error, "the connection that listens for changes was lost");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen_once(
    config: &tokio_postgres::Config,
    connector: &Connector,
    notices: &broadcast::Sender<Notice>,
    ready: &mut Option<oneshot::Sender<()>>,
) -> Result<(), DbError> {
    let (client, mut connection) = config.connect(connector.clone()).await?;
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let pump = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message
                && sender.send(notification).is_err()
            {
                break;
            }
        }
    });
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    if let Some(ready) = ready.take() {
        // Nobody waits any more when opening was given up.
        let _ = ready.send(());
    }
    while let Some(notification) = received.recv().await {
        if let Some(notice) = Notice::from_payload(notification.payload()) {
            let _ = notices.send(notice);
        }
    }
    pump.abort();
    Err(DbError::Connection(
        "the server closed the connection".to_owned(),
    ))
}
