//! One command at work: its transaction, and what goes with it.

use crate::app::App;
use crate::audit_log::{self, NewEntry};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::events::{self, NewEvent};
use crate::ids::{MessageId, TicketId};
use bedside_db::jobs::{self, NewJob};
use bedside_db::{Notice, Timestamp, Tx};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// A command's transaction with its actor. Dereferences to [`Tx`], for the stores.
pub struct Work<'tx> {
    tx: &'tx mut Tx,
    /// The desk.
    pub app: App,
    /// Who acts.
    pub ctx: Ctx,
    /// The instant of the command; one for all of its rows.
    pub now: Timestamp,
    entries: Vec<NewEntry>,
    events: Vec<NewEvent>,
    /// Kinds of work to be done once this is: see [`Work::follow_up`].
    following: BTreeMap<&'static str, String>,
}

/// Something to be done later by the job runner. The struct carries ids and never patient data.
pub trait Job: Serialize + Send {
    /// Constant name of the kind, as stored.
    const KIND: &'static str;
}

impl<'tx> Work<'tx> {
    pub(crate) fn new(tx: &'tx mut Tx, app: App, ctx: Ctx) -> Self {
        let now = app.now();
        Self {
            tx,
            app,
            ctx,
            now,
            entries: Vec::new(),
            events: Vec::new(),
            following: BTreeMap::new(),
        }
    }

    /// Says what is to stand in the audit log.
    pub fn audit(&mut self, entry: NewEntry) {
        self.entries.push(entry);
    }

    /// Says what happened, for live pages, the search index and other parts.
    pub fn event(
        &mut self,
        kind: &'static str,
        ticket: Option<TicketId>,
        message: Option<MessageId>,
        data: &impl Serialize,
    ) {
        let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
        self.events.push(NewEvent {
            kind,
            ticket,
            message,
            data,
        });
    }

    /// Enqueues `job` for `due`. While a job with the same `key` waits, nothing is added.
    pub async fn enqueue<J: Job>(
        &mut self,
        job: &J,
        key: Option<&str>,
        due: Timestamp,
    ) -> Result<(), DeskError> {
        let payload = serde_json::to_string(job)?;
        self.put_in(J::KIND, key, &payload, due).await
    }

    async fn put_in(
        &mut self,
        kind: &'static str,
        key: Option<&str>,
        payload: &str,
        due: Timestamp,
    ) -> Result<(), DeskError> {
        let new = NewJob {
            id: self.app.ids.make(self.now),
            organisation: self.ctx.organisation.uuid(),
            kind,
            key,
            payload,
            due,
        };
        jobs::enqueue(self.tx, new).await?;
        // Number 0 wakes the job runner and nobody else.
        self.tx.notify(Notice {
            organisation: self.ctx.organisation.uuid(),
            sequence: 0,
        });
        Ok(())
    }

    /// Has `job` done once this command is, and once however often it is said: while it waits for one command it does for
    /// the next as well, and one that is being done is done again. It is enqueued last, because whoever enqueues the same
    /// meanwhile waits for this command and must hold nothing that it still needs.
    pub fn follow_up<J: Job>(&mut self, job: &J) -> Result<(), DeskError> {
        self.following.insert(J::KIND, serde_json::to_string(job)?);
        Ok(())
    }

    /// Writes what was said. A command that says nothing to the audit log is a defect.
    /// Gives back the kinds of what happened.
    pub(crate) async fn finish(mut self) -> Result<Vec<&'static str>, DeskError> {
        if self.entries.is_empty() {
            return Err(DeskError::Internal(
                "a command changed something and audited nothing".to_owned(),
            ));
        }
        let now = self.now;
        for (kind, payload) in std::mem::take(&mut self.following) {
            self.put_in(kind, Some(kind), &payload, now).await?;
        }
        for entry in std::mem::take(&mut self.entries) {
            audit_log::write(self.tx, &self.app, &self.ctx, &entry).await?;
        }
        events::append(self.tx, &self.ctx, self.now, &self.events).await?;
        Ok(self.events.iter().map(|event| event.kind).collect())
    }
}

impl Deref for Work<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        self.tx
    }
}

impl DerefMut for Work<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        self.tx
    }
}
