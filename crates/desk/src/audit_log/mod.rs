//! Who did what to which object, why, from where, and how it ended. Owns `audit_entries` and `audit_checkpoints`.
//!
//! Entries are written in the transaction of what they tell of. Every second the sealer gives the new ones their place
//! in a Merkle log and signs a checkpoint ([`seal`]); checkpoints are kept in the database and in
//! `audit/checkpoints.txt` of the data folder, from where they can be shipped elsewhere. [`verify`] finds any change,
//! removal or reorder. Entries hold ids and codes, never patient data: they stay when a patient's data is erased.

mod seal;
mod search;
mod store;
mod verify;

use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AuditEntryId, OrganisationId};
use bedside_audit::Entry;
use bedside_db::{Id, Timestamp, Tx};
use serde::Serialize;

pub use seal::{Sealer, run as run_sealer};
pub use search::{Filter, Found, checkpoint, search};
pub(crate) use search::{about, between, last_acts};
pub use store::ALL as STATEMENTS;
pub(crate) use verify::goes_on_from;
pub use verify::{Proof, prove, prove_for, verify};

/// How something ended, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ok,
    /// Refused by the policy.
    Denied,
    /// Tried and failed.
    Failed,
}

impl Outcome {
    const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// An entry to be written; who, when and from where come from the context.
#[derive(Clone, Debug)]
pub struct NewEntry {
    action: &'static str,
    object_kind: &'static str,
    object_id: String,
    purpose: &'static str,
    outcome: Outcome,
    detail: String,
}

impl NewEntry {
    /// `action` (such as `ticket.read`) was done to the object of `kind` with `id`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids are copied, and texts are given away"
    )]
    pub fn new(action: &'static str, kind: &'static str, id: impl ToString) -> Self {
        Self {
            action,
            object_kind: kind,
            object_id: id.to_string(),
            purpose: "operations",
            outcome: Outcome::Ok,
            detail: String::new(),
        }
    }

    /// Why (a code such as `treatment`).
    #[must_use]
    pub const fn purpose(mut self, purpose: &'static str) -> Self {
        self.purpose = purpose;
        self
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Short JSON with what else matters: names of changed fields, counts. Never patient data.
    #[must_use]
    pub fn detail(mut self, detail: &impl Serialize) -> Self {
        self.detail = serde_json::to_string(detail).unwrap_or_default();
        self.detail.truncate(
            self.detail
                .floor_char_boundary(bedside_audit::MAX_DETAIL_LEN),
        );
        self
    }
}

/// Writes `new` in the caller's transaction.
pub(crate) async fn write(
    tx: &mut Tx,
    app: &App,
    ctx: &Ctx,
    new: &NewEntry,
) -> Result<(), DeskError> {
    let now = app.now();
    let id: AuditEntryId = app.ids.make(now);
    let entry = Entry {
        id: id.bytes(),
        at: now.micros(),
        organisation: ctx.organisation.bytes(),
        actor_kind: ctx.actor.kind().into(),
        actor_id: ctx.actor.id_text().into(),
        action: new.action.into(),
        object_kind: new.object_kind.into(),
        object_id: new.object_id.clone().into(),
        purpose: new.purpose.into(),
        source: ctx.source.code().into(),
        outcome: new.outcome.code().into(),
        detail: new.detail.clone().into(),
    };
    entry
        .check()
        .map_err(|error| DeskError::Internal(error.to_string()))?;
    store::insert(tx, &entry).await
}

/// An entry as shown.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Place in the database; rises with time. The cursor of lists.
    pub sequence: i64,
    /// Place in the Merkle log; none in the first second.
    pub leaf: Option<i64>,
    /// The entry's id.
    pub id: AuditEntryId,
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// What was done.
    pub action: String,
    /// To what kind of object.
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// Why.
    pub purpose: String,
    /// The way in.
    pub source: String,
    /// How it ended.
    pub outcome: String,
    /// What else matters, as JSON.
    pub detail: String,
}

/// An entry as other systems get it, in the program's log and from `bedside audit entries`: the names and forms of its values
/// are the same in both, so that what was lost of one can be filled up with the other.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// Place in the Merkle log, without gaps.
    pub leaf: Option<i64>,
    /// Place in the database.
    pub sequence: i64,
    /// The entry's id.
    pub entry: String,
    /// When, as RFC 3339 has it.
    pub at: String,
    /// What kind of actor.
    pub actor_kind: &'a str,
    /// Which one.
    pub actor_id: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what kind of object.
    pub object_kind: &'a str,
    /// Which one.
    pub object_id: &'a str,
    /// Why.
    pub purpose: &'a str,
    /// The way in.
    pub source: &'a str,
    /// How it ended.
    pub outcome: &'a str,
    /// What else matters, as JSON.
    pub detail: &'a str,
}

impl<'a> From<&'a Shown> for Line<'a> {
    fn from(entry: &'a Shown) -> Self {
        Self {
            leaf: entry.leaf,
            sequence: entry.sequence,
            entry: entry.id.to_string(),
            at: entry.at.to_string(),
            actor_kind: &entry.actor_kind,
            actor_id: &entry.actor_id,
            action: &entry.action,
            object_kind: &entry.object_kind,
            object_id: &entry.object_id,
            purpose: &entry.purpose,
            source: &entry.source,
            outcome: &entry.outcome,
            detail: &entry.detail,
        }
    }
}

impl Shown {
    fn from_entry(sequence: i64, leaf: Option<i64>, entry: Entry) -> Self {
        Self {
            sequence,
            leaf,
            id: Id::from_bytes(entry.id),
            at: Timestamp::from_micros(entry.at),
            actor_kind: entry.actor_kind.into_owned(),
            actor_id: entry.actor_id.into_owned(),
            action: entry.action.into_owned(),
            object_kind: entry.object_kind.into_owned(),
            object_id: entry.object_id.into_owned(),
            purpose: entry.purpose.into_owned(),
            source: entry.source.into_owned(),
            outcome: entry.outcome.into_owned(),
            detail: entry.detail.into_owned(),
        }
    }
}

/// The organisation's newest entries before `before`, newest first. Reading the log is itself audited.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Shown>, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    app.audit(
        ctx,
        NewEntry::new("audit.read", "organisation", ctx.organisation),
    )
    .await?;
    let organisation: OrganisationId = ctx.organisation;
    store::list(
        &mut app.read_newest().await?,
        organisation,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .await
}

/// Entries of every organisation with a place after `leaf`, in the log's order; some at a time. For the command line of
/// whoever runs the desk.
pub(crate) async fn sealed_after(app: &App, leaf: i64) -> Result<Vec<Shown>, DeskError> {
    store::sealed_shown(&mut app.read_newest().await?, leaf + 1, 500).await
}
