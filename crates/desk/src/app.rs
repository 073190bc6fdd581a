//! What every part of the desk stands on, and the one route of a command.

use crate::audit_log;
use crate::config::Config;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::knowledge::{Knowledge, Shelf};
use crate::observe;
use crate::orgs::Directory;
use crate::outbound::Senders;
use crate::records::{Keyring, restricted};
use crate::storage::Storage;
use crate::work::Work;
use bedside_db::search::SearchIndex;
use bedside_db::{Clock, Conn, Db, Id, IdSource, Lane, Timestamp};
use bedside_web::I18n;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::Deref;
use std::sync::Arc;

/// The running desk; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of [`App`].
pub struct Parts {
    /// The rows.
    pub db: Db,
    /// The search index.
    pub search: SearchIndex,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: IdSource,
    /// The keys of all organisations.
    pub keyring: Keyring,
    /// What is known of language.
    pub shelf: Shelf,
    /// The settings of all organisations, held in memory.
    pub directory: Directory,
    /// How many tickets the views hold.
    pub counts: crate::tickets::Counts,
    /// How much visitors of the public pages have sent lately.
    pub caps: crate::public::Caps,
    /// How much people of the staff and tokens have read lately: beside visitors and patients, who can't use up their room.
    pub reads: crate::public::Caps,
    /// How much patients have read lately.
    pub patients_reads: crate::public::Caps,
    /// Connections to the mail servers.
    pub senders: Senders,
    /// Asks other systems over HTTPS.
    pub others: bedside_channels::http::Client,
    /// What the providers of single sign-on say of themselves.
    pub providers: crate::staff::sso::Providers,
    /// Whether anything can be stored.
    pub storage: Storage,
    /// The texts people read.
    pub i18n: &'static I18n,
    /// How this process was set up.
    pub config: Config,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What is known of language, as it is in use now.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        self.shelf.knowledge()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id.
    pub fn id<T>(&self) -> Id<T> {
        self.ids.make(self.now())
    }

    /// A connection for queries.
    pub async fn read(&self) -> Result<Conn, DeskError> {
        Ok(self.db.read().await?)
    }

    /// The same, for the audit log: it shows who looked at something a moment ago.
    pub async fn read_newest(&self) -> Result<Conn, DeskError> {
        Ok(self.db.read_newest().await?)
    }

    /// The one way to change anything: `run` writes rows, and says to [`Work`] what to audit, which events happened
    /// and which jobs follow; all of it is committed together or not at all.
    ///
    /// The caller has been authorized by then: services ask [`Ctx::authorize`] first.
    ///
    /// With [`Ctx::once`] set, a second delivery of the same request gets the first one's answer and runs nothing.
    pub async fn command<T, F>(&self, ctx: &Ctx, run: F) -> Result<T, DeskError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'a, 'tx> FnOnce(&'a mut Work<'tx>) -> BoxFuture<'a, Result<T, DeskError>>
            + Send
            + 'static,
    {
        let refused = ctx;
        let (app, ctx) = (self.clone(), ctx.clone());
        let once = ctx.once.clone().filter(|once| once.take());
        let kept = once.clone();
        let lane = match ctx.source {
            Source::Job => Lane::Machinery,
            _ => Lane::People,
        };
        let done = self
            .db
            .write_in(lane, move |tx| {
                async move {
                    let (organisation, now) = (ctx.organisation, app.now());
                    if let Some(once) = &kept
                        && let Some(answer) = once.claim(tx, organisation, now).await?
                    {
                        return Ok((serde_json::from_str(&answer)?, Vec::new()));
                    }
                    let mut work = Work::new(tx, app, ctx);
                    let value = run(&mut work).await?;
                    let events = work.finish().await?;
                    if let Some(once) = &kept {
                        once.keep(tx, organisation, &serde_json::to_string(&value)?)
                            .await?;
                    }
                    Ok((value, events))
                }
                .boxed()
            })
            .await;
        self.storage.saw(&done, self.now());
        match done {
            Ok((value, events)) => {
                observe::events(&events);
                Ok(value)
            }
            Err(error) => {
                if let Some(once) = once {
                    once.give_back();
                }
                // Nothing of the command is left, so that it is told here that it was tried.
                restricted::noted(self, refused, Err(error)).await
            }
        }
    }

    /// Writes an audit entry for something that changed nothing (a read, a search, a denial) and returns once it is
    /// durable.
    pub async fn audit(&self, ctx: &Ctx, entry: audit_log::NewEntry) -> Result<(), DeskError> {
        self.audit_all(ctx, vec![entry]).await
    }

    /// The same for several at once, which wait for the disk once.
    pub async fn audit_all(
        &self,
        ctx: &Ctx,
        entries: Vec<audit_log::NewEntry>,
    ) -> Result<(), DeskError> {
        let (app, ctx) = (self.clone(), ctx.clone());
        let done = self
            .db
            .write_in(Lane::Notes, move |tx| {
                async move {
                    for entry in &entries {
                        audit_log::write(tx, &app, &ctx, entry).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await;
        self.storage.saw(&done, self.now());
        done
    }
}
