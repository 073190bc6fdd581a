//! How a round opens, goes on and ends.

use super::model::{Decision, Facts, due, is_alone, kind, quarter, reminders, waits};
use super::store::{self, Round, Row};
use super::{DECIDE, may, subject};
use crate::app::App;
use crate::audit_log::{self, NewEntry};
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{AccessRoundId, SubjectId};
use crate::orgs::{AccessReview, Clinic};
use crate::staff::{self, Access, What, Whose};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use jiff::civil::Date;
use serde_json::json;
use std::collections::HashMap;

/// Rounds that are looked back at, to see whether this quarter had one.
const LOOKED_BACK: i64 = 20;

/// What each access is now, for a page.
pub(super) async fn now_of(
    conn: &mut Conn,
    ctx: &Ctx,
    now: Timestamp,
) -> Result<Vec<(Access, Facts)>, DeskError> {
    let all = staff::accesses(conn, ctx.organisation, now).await?;
    let last = last_of(conn, ctx, &all).await?;
    Ok(with_facts(all, &last))
}

/// When each was last used.
type Last = HashMap<String, Timestamp>;

/// The same as far as the log tells: a query each, so never asked inside a write.
async fn last_of(conn: &mut Conn, ctx: &Ctx, all: &[Access]) -> Result<Last, DeskError> {
    let ids: Vec<String> = all
        .iter()
        .map(|one| subject(one.whose).to_string())
        .collect();
    audit_log::last_acts(conn, ctx.organisation, ids).await
}

fn with_facts(all: Vec<Access>, last: &Last) -> Vec<(Access, Facts)> {
    let facts = |one: Access| {
        let last = last.get(&subject(one.whose).to_string()).copied();
        let facts = Facts::of(&one, last);
        (one, facts)
    };
    all.into_iter().map(facts).collect()
}

/// When everybody was last here, before a command begins.
async fn last_acts(app: &App, ctx: &Ctx) -> Result<Last, DeskError> {
    let mut conn = app.read().await?;
    let all = staff::accesses(&mut conn, ctx.organisation, app.now()).await?;
    last_of(&mut conn, ctx, &all).await
}

fn today(clinic: &Clinic, now: Timestamp) -> Date {
    clinic.time_zone.to_datetime(now.to_jiff()).date()
}

/// Opens a round now. [`DeskError::Conflict`] with `round_open` while one is open.
pub async fn open(app: &App, ctx: &Ctx) -> Result<AccessRoundId, DeskError> {
    may(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let rules = clinic.settings.privacy.access;
    let now = app.now();
    let round = Round {
        id: app.id(),
        quarter: quarter(today(&clinic, now)).0,
        opened_at: now,
        opened_by: ctx.actor.staff(),
        due_at: due(now, rules.days),
        reminded: 0,
        closed_at: None,
        closed_by: None,
    };
    let id = round.id;
    let last = last_acts(app, ctx).await?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::open(work, organisation, &round).await? {
                return Err(DeskError::Conflict {
                    code: "round_open",
                    text: "A round is open already.",
                });
            }
            let all = staff::accesses(work, organisation, round.opened_at).await?;
            let count = all.len();
            // Where nobody is there who may decide on anything, nobody is asked to.
            let asks = all.iter().any(|one| !is_alone(one, &all));
            add(work, id, with_facts(all, &last)).await?;
            let detail = json!({ "quarter": round.quarter, "count": count });
            work.audit(NewEntry::new("access.open", "access_round", id).detail(&detail));
            if asks {
                staff::tell_any(work, &DECIDE, round.opened_by, What::AccessRound).await?;
            }
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Brings these into a round, where they are not in it; how many came.
async fn add(
    work: &mut Work<'_>,
    id: AccessRoundId,
    all: Vec<(Access, Facts)>,
) -> Result<usize, DeskError> {
    let organisation = work.ctx.organisation;
    let mut came = 0;
    for (access, facts) in all {
        let text = serde_json::to_string(&facts)?;
        let new = (subject(access.whose), kind(access.whose), text.as_str());
        came += usize::from(store::add(work, organisation, id, new).await?);
    }
    Ok(came)
}

/// What rounds need now and then, in every clinic: one opens with the quarter, who joined comes in, who decides is reminded,
/// and what is due is closed.
pub async fn hourly(app: &App) -> Result<(), DeskError> {
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "recertification", Source::Job);
        // What is wrong in one clinic keeps no other one waiting.
        match tend(app, &ctx, &clinic).await {
            // Another node, or a person, was first.
            Ok(()) | Err(DeskError::Conflict { code: "closed", .. }) => {}
            Err(error) => {
                tracing::error!(%error, organisation = %clinic.id, "a round of access can't go on");
            }
        }
    }
    Ok(())
}

async fn tend(app: &App, ctx: &Ctx, clinic: &Clinic) -> Result<(), DeskError> {
    let open_now = store::open_round(&mut app.read().await?, clinic.id).await?;
    match open_now {
        Some(round) => go_on(app, ctx, clinic, round).await,
        None => with_the_quarter(app, ctx, clinic).await,
    }
}

/// Opens the quarter's round, unless it had one, or the clinic itself is newer than the quarter.
async fn with_the_quarter(app: &App, ctx: &Ctx, clinic: &Clinic) -> Result<(), DeskError> {
    if !clinic.settings.privacy.access.quarterly {
        return Ok(());
    }
    let (code, first) = quarter(today(clinic, app.now()));
    let begins = first.to_zoned(clinic.time_zone.clone());
    let begins = begins.map_err(|error| DeskError::Internal(error.to_string()))?;
    // An id tells when it was made (RFC 9562, section 5.7).
    let made = clinic.id.uuid().get_timestamp();
    let made = made.and_then(|at| i64::try_from(at.to_unix().0).ok());
    if made.is_none_or(|made| made >= begins.timestamp().as_second()) {
        return Ok(());
    }
    let rounds = store::rounds(&mut app.read().await?, clinic.id, LOOKED_BACK).await?;
    if rounds.iter().any(|round| round.quarter == code) {
        return Ok(());
    }
    match open(app, ctx).await {
        // Another node, or a person, was first.
        Ok(_) | Err(DeskError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn go_on(app: &App, ctx: &Ctx, clinic: &Clinic, round: Round) -> Result<(), DeskError> {
    let now = app.now();
    if now >= round.due_at {
        let rules = clinic.settings.privacy.access;
        return end(app, ctx, round.id, Some(rules)).await;
    }
    let mut conn = app.read().await?;
    let rows = store::rows(&mut conn, clinic.id, round.id).await?;
    let all = staff::accesses(&mut conn, clinic.id, now).await?;
    let mut joined = all.clone();
    joined.retain(|one| rows.iter().all(|row| row.subject != subject(one.whose)));
    let last = last_of(&mut conn, ctx, &joined).await?;
    drop(conn);
    let times = reminders(round.due_at, now);
    let mut waits = joined.iter().any(|one| !is_alone(one, &all));
    for row in &rows {
        waits |= asks(row, &all)?;
    }
    let joined = with_facts(joined, &last);
    let reminds = waits && times > round.reminded;
    if joined.is_empty() && !reminds {
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let held = store::held(work, organisation, round.id).await?;
            let held = held.filter(|held| held.closed_at.is_none());
            let count = match held {
                Some(_) => add(work, round.id, joined).await?,
                None => 0,
            };
            // Another node may have reminded of it meanwhile.
            let reminds = reminds && held.is_some_and(|held| times > held.reminded);
            if reminds {
                store::reminded(work, organisation, round.id, times).await?;
                staff::tell_any(work, &DECIDE, None, What::AccessRoundEnds).await?;
            }
            let detail = json!({ "count": count, "reminded": reminds });
            work.audit(NewEntry::new("access.go_on", "access_round", round.id).detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Whether somebody is there who may decide on a row that waits.
fn asks(row: &Row, all: &[Access]) -> Result<bool, DeskError> {
    let Some(access) = all.iter().find(|one| subject(one.whose) == row.subject) else {
        return Ok(false);
    };
    let now = Facts::of(access, None);
    Ok(waits(row.decision, &row.facts()?, Some(&now)) && !is_alone(access, all))
}

/// Closes a round by hand. [`DeskError::Conflict`] with `rows_wait` while something in it is undecided.
pub async fn close(app: &App, ctx: &Ctx, id: AccessRoundId) -> Result<(), DeskError> {
    may(ctx)?;
    end(app, ctx, id, None).await
}

/// Ends a round: at its time, with the clinic's rules for what nobody confirmed, or by hand, when nothing waits.
async fn end(
    app: &App,
    ctx: &Ctx,
    id: AccessRoundId,
    at_its_time: Option<AccessReview>,
) -> Result<(), DeskError> {
    let last = last_acts(app, ctx).await?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let round = store::held(work, organisation, id).await?;
            let round = round.ok_or(DeskError::NotFound)?;
            if round.closed_at.is_some() {
                return Err(DeskError::Conflict {
                    code: "closed",
                    text: "This round is over.",
                });
            }
            let all = staff::accesses(work, organisation, now).await?;
            let rows = store::rows(work, organisation, id).await?;
            let mut joined = with_facts(all.clone(), &last);
            joined.retain(|(one, _)| rows.iter().all(|row| row.subject != subject(one.whose)));
            add(work, id, joined).await?;
            let by = work.ctx.actor.staff();
            let left = settle(work, id, (&all, &last), at_its_time).await?;
            store::close(work, organisation, id, (now, by)).await?;
            let detail = json!({ "quarter": round.quarter, "unconfirmed": left });
            work.audit(NewEntry::new("access.close", "access_round", id).detail(&detail));
            if left > 0 {
                let told = [Permission::PrivacyReview];
                staff::tell_any(work, &told, None, What::AccessUnconfirmed).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Says what becomes of the rows that nobody decided, and of those that were to be changed and were not; how many nobody
/// confirmed. What nobody may decide on but the one whose it is stays, and is marked so.
async fn settle(
    work: &mut Work<'_>,
    id: AccessRoundId,
    (all, last): (&[Access], &Last),
    at_its_time: Option<AccessReview>,
) -> Result<usize, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let live = with_facts(all.to_vec(), last);
    let live: HashMap<SubjectId, (Access, Facts)> = live
        .into_iter()
        .map(|(one, facts)| (subject(one.whose), (one, facts)))
        .collect();
    let mut left = 0;
    for mut row in store::rows(work, organisation, id).await? {
        let current = live.get(&row.subject);
        if !waits(row.decision, &row.facts()?, current.map(|(_, facts)| facts)) {
            continue;
        }
        let decision = match (current, at_its_time) {
            (None, _) => Decision::Ended,
            (Some((access, _)), _) if is_alone(access, all) => Decision::Alone,
            (Some(_), None) => {
                return Err(DeskError::Conflict {
                    code: "rows_wait",
                    text: "Something in this round still waits for a decision.",
                });
            }
            (Some((access, _)), Some(rules)) => {
                left += 1;
                unconfirmed(work, access.whose, rules.suspend).await?
            }
        };
        if let Some((_, facts)) = current {
            row.facts = serde_json::to_string(facts)?;
        }
        // The desk itself says so, whoever closes the round, and whoever said before that it is to be changed.
        (row.decision, row.by, row.at) = (Some(decision), None, Some(now));
        told(work, id, &row, decision);
        store::decide(work, organisation, id, &row).await?;
    }
    Ok(left)
}

/// Takes away what nobody confirmed, where the clinic wants that and somebody is left to set the desk up.
async fn unconfirmed(
    work: &mut Work<'_>,
    whose: Whose,
    suspend: bool,
) -> Result<Decision, DeskError> {
    if !suspend {
        return Ok(Decision::Unconfirmed);
    }
    match staff::end_access(work, whose).await {
        // Tokens end with whoever made them.
        Ok(()) | Err(DeskError::NotFound) => Ok(Decision::Suspended),
        Err(DeskError::Conflict { .. }) => Ok(Decision::Unconfirmed),
        Err(error) => Err(error),
    }
}

/// The entry of the log that says what was decided.
pub(super) fn told(work: &mut Work<'_>, id: AccessRoundId, row: &Row, decision: Decision) {
    let detail = json!({ "decision": decision.code(), row.kind.as_str(): row.subject });
    work.audit(NewEntry::new("access.decide", "access_round", id).detail(&detail));
}
