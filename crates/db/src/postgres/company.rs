//! Who else is at work on a database. Every desk that serves holds one advisory lock together with the others for as
//! long as it lives; the server frees the lock of a desk that ended, however it ended.

use super::tls::Connector;
use crate::DbError;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// The lock of those at work.
const AT_WORK: i64 = 4203;
/// How often a desk that comes in looks whether it is alone: the server may need a moment to see that another ended.
const LOOKS: usize = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Pause before a lost connection is made anew.
const PAUSE: Duration = Duration::from_secs(1);
/// How long another desk that came in first may keep the door.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of its own, which the lock hangs on.
struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

impl Session {
    async fn open(config: &tokio_postgres::Config, connector: &Connector) -> Result<Self, DbError> {
        let (client, connection) = config.connect(connector.clone()).await?;
        let connection = tokio::spawn(async move {
            // How it ended makes no difference: it is made anew.
            let _ = connection.await;
        });
        Ok(Self { client, connection })
    }

    async fn is_alone(&self) -> Result<bool, DbError> {
        let asked = "SELECT pg_try_advisory_lock($1)";
        Ok(self.client.query_one(asked, &[&AT_WORK]).await?.get(0))
    }

    async fn share(&self) -> Result<(), DbError> {
        let asked = "SELECT pg_advisory_lock_shared($1)";
        let shared = self.client.execute(asked, &[&AT_WORK]);
        tokio::time::timeout(PATIENCE, shared)
            .await
            .map_err(|_| DbError::Busy)??;
        Ok(())
    }
}

/// A desk that came in and keeps the door shut behind it when nobody else was there.
pub(crate) struct Entering {
    session: Session,
    config: tokio_postgres::Config,
    connector: Connector,
    alone: bool,
}

impl Entering {
    pub(super) async fn begin(
        config: tokio_postgres::Config,
        connector: Connector,
    ) -> Result<Self, DbError> {
        let session = Session::open(&config, &connector).await?;
        let mut alone = session.is_alone().await?;
        for _ in 1..LOOKS {
            if alone {
                break;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            alone = session.is_alone().await?;
        }
        Ok(Self {
            session,
            config,
            connector,
            alone,
        })
    }

    pub(crate) fn alone(&self) -> bool {
        self.alone
    }

    /// Lets others in, and stays.
    pub(crate) async fn stay(self) -> Result<Staying, DbError> {
        self.session.share().await?;
        if self.alone {
            let open = "SELECT pg_advisory_unlock($1)";
            self.session.client.execute(open, &[&AT_WORK]).await?;
        }
        Ok(Staying(tokio::spawn(keep(
            self.session,
            self.config,
            self.connector,
        ))))
    }
}

/// A desk at work, until this is dropped.
pub(crate) struct Staying(JoinHandle<()>);

impl Drop for Staying {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep(mut session: Session, config: tokio_postgres::Config, connector: Connector) {
    loop {
        let _ = (&mut session.connection).await;
        tracing::warn!("the connection by which other desks know of this one was lost");
        session = loop {
            tokio::time::sleep(PAUSE).await;
            let Ok(fresh) = Session::open(&config, &connector).await else {
                continue;
            };
            if fresh.share().await.is_ok() {
                break fresh;
            }
        };
    }
}
