//! A round as it is shown, printed and handed out.

use super::model::{self, Change, Decision, Facts, is_alone, waits};
use super::rounds::now_of;
use super::store::{self, Round};
use super::{may, subject};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{AccessRoundId, StaffId, SubjectId};
use crate::staff::{ADMINISTRATOR, Access, Whose};
use bedside_db::{Conn, Timestamp};
use std::collections::HashMap;

/// Rounds that the list shows.
const SHOWN: i64 = 40;

/// One access in a round.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Line {
    /// Whose, as the round knows them.
    pub subject: SubjectId,
    /// Whether it is a person of the staff; else it is an API token.
    pub person: bool,
    /// What they may do: now, while it is undecided, else what it was when it was decided.
    pub facts: Facts,
    /// What is different from the round before.
    pub changes: Vec<Change>,
    /// What became of it, who said so (none for the desk itself) and when.
    pub decided: Option<(Decision, Option<StaffId>, Timestamp)>,
    /// Of what was to be changed: whether it was.
    pub carried_out: bool,
    /// Whether something is to be said of it: nobody has, or it was to be changed and was not.
    pub waits: bool,
    /// Whether nobody is there who may decide on it but the one whose it is.
    pub alone: bool,
    /// As what it is shown, for whoever decides on it; none where it has ended.
    pub version: Option<String>,
    /// Whether it is the reader's own, so that somebody else decides.
    pub own: bool,
    /// Whether it opens more than the reader may hand on, so that somebody else decides.
    pub beyond: bool,
    /// Whether this person is the only one who can set the desk up.
    pub only_administrator: bool,
}

/// A round with all that is in it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The round.
    pub round: Round,
    /// What waits for a decision, then what is decided.
    pub lines: Vec<Line>,
}

/// The newest rounds, newest first. [`DeskError::Forbidden`] for whoever decides nothing.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Round>, DeskError> {
    may(ctx)?;
    let entry = NewEntry::new("access.list", "organisation", ctx.organisation);
    app.audit(ctx, entry).await?;
    store::rounds(&mut app.read().await?, ctx.organisation, SHOWN).await
}

/// One round.
pub async fn read(app: &App, ctx: &Ctx, id: AccessRoundId) -> Result<Shown, DeskError> {
    noted(app, ctx, id, "access.read").await
}

/// The same to be handed out.
pub async fn report(app: &App, ctx: &Ctx, id: AccessRoundId) -> Result<Shown, DeskError> {
    noted(app, ctx, id, "access.export").await
}

async fn noted(
    app: &App,
    ctx: &Ctx,
    id: AccessRoundId,
    action: &'static str,
) -> Result<Shown, DeskError> {
    may(ctx)?;
    let entry = NewEntry::new(action, "access_round", id);
    app.audit(ctx, entry).await?;
    let organisation = ctx.organisation;
    let mut conn = app.read_newest().await?;
    let round = store::round_of(&mut conn, organisation, id).await?;
    let round = round.ok_or(DeskError::NotFound)?;
    let before = facts_before(&mut conn, ctx, id).await?;
    let live = now_of(&mut conn, ctx, app.now()).await?;
    let all: Vec<Access> = live.iter().map(|(access, _)| access.clone()).collect();
    let administrators = all.iter().filter(|one| one.role == ADMINISTRATOR).count();
    let live: HashMap<SubjectId, (Access, Facts)> = live
        .into_iter()
        .map(|(access, facts)| (subject(access.whose), (access, facts)))
        .collect();
    let mut lines = Vec::new();
    for row in store::rows(&mut conn, organisation, id).await? {
        let now = live.get(&row.subject);
        let facts = match (row.decision, now) {
            (None, Some((_, facts))) if round.closed_at.is_none() => facts.clone(),
            _ => row.facts()?,
        };
        let first = before.is_empty();
        let changes = facts.changes(before.get(&row.subject));
        let access = now.map(|(access, _)| access);
        lines.push(Line {
            subject: row.subject,
            person: row.kind == "staff",
            // In the first round everything is new.
            changes: if first { Vec::new() } else { changes },
            carried_out: match (row.decision, now) {
                (Some(Decision::Change), Some((_, now))) => now.opens_other(&facts),
                (Some(Decision::Change), None) => true,
                _ => false,
            },
            waits: round.closed_at.is_none()
                && waits(row.decision, &row.facts()?, now.map(|(_, facts)| facts)),
            alone: access.is_some_and(|access| is_alone(access, &all)),
            decided: row
                .decision
                .zip(row.at)
                .map(|(what, at)| (what, row.by, at)),
            version: access.map(|access| access.version.clone()),
            own: access.is_some_and(|access| is_own(ctx, access)),
            beyond: access.is_some_and(|access| is_beyond(ctx, access)),
            only_administrator: administrators == 1 && facts.role == ADMINISTRATOR,
            facts,
        });
    }
    lines.sort_by_cached_key(|line| {
        let name = line.facts.name.to_lowercase();
        (line.decided.is_some(), !line.person, name)
    });
    Ok(Shown { round, lines })
}

fn is_own(ctx: &Ctx, access: &Access) -> bool {
    ctx.actor
        .staff()
        .is_some_and(|me| model::is_own(me, access))
}

fn is_beyond(ctx: &Ctx, access: &Access) -> bool {
    ctx.decides_on(&access.reach).is_err()
}

/// What everybody could do when they were looked at in the round before.
async fn facts_before(
    conn: &mut Conn,
    ctx: &Ctx,
    id: AccessRoundId,
) -> Result<HashMap<SubjectId, Facts>, DeskError> {
    let Some(before) = store::before(conn, ctx.organisation, id).await? else {
        return Ok(HashMap::new());
    };
    let mut found = HashMap::new();
    for row in store::rows(conn, ctx.organisation, before.id).await? {
        found.insert(row.subject, row.facts()?);
    }
    Ok(found)
}

/// The open round in which this person's access is to be changed, for the page where that is done.
pub async fn awaits(
    app: &App,
    ctx: &Ctx,
    person: StaffId,
) -> Result<Option<AccessRoundId>, DeskError> {
    let mut conn = app.read().await?;
    let Some(round) = store::open_round(&mut conn, ctx.organisation).await? else {
        return Ok(None);
    };
    let whose = subject(Whose::Person(person));
    let row = store::row_of(&mut conn, ctx.organisation, round.id, whose).await?;
    let waits = row.is_some_and(|row| row.decision == Some(Decision::Change));
    Ok(waits.then_some(round.id))
}
