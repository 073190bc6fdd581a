//! Looks at patients' data, by the staff and by API tokens, that somebody should look at: a daily look through the audit log by a few plain rules, each with
//! its figures, as a list to sign off. Owns `watch_findings`, `watch_days` and `watch_runs`.
//!
//! A finding is a question, no verdict. Its row holds ids and counts, no names: names are compared under leave while the
//! day is looked through, and shown under leave to whoever reads the list.
//!
//! Invariants: a day is looked through as often as one likes and leaves each finding once; what was signed off is not
//! touched again; nobody signs off what is about themselves or a token that they made. A token is looked at for how many
//! patients it read, against its own days before, and for labelled ones; a program has no hours and no family.

mod look;
mod model;
mod store;

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{ApiTokenId, FindingId, PatientId, StaffId, SubjectId};
use crate::patients;
use crate::records::restricted::Verdict;
use crate::records::{self, Purpose, Sealing};
use crate::staff;
use bedside_db::Timestamp;
use futures_util::FutureExt;
use jiff::civil::Date;
use serde_json::json;
use std::collections::HashMap;

pub use model::{Rule, Who, bound, family_names};
pub use store::ALL as STATEMENTS;

/// Findings of either kind that the list shows.
const SHOWN: i64 = 200;
/// Days back that are looked through when the desk did not run on them.
const BACK: i64 = 7;

/// A look, or a day of looks, that somebody should look at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// The day, as `YYYY-MM-DD` in the clinic's zone.
    pub day: String,
    /// Why; none for a rule of a later version.
    pub rule: Option<Rule>,
    /// Whose looks.
    pub who: Who,
    /// Who made the token whose looks they are.
    pub made_by: Option<StaffId>,
    /// At whom, where it is one patient: their id and name.
    pub patient: Option<(PatientId, String)>,
    /// Counts by name.
    pub figures: Vec<(String, i64)>,
    /// Who signed it off, when, how and with which words.
    pub signed: Option<(StaffId, Timestamp, Verdict, String)>,
}

/// Looks through today so far and yesterday, now.
pub async fn look_now(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyReview)?;
    let today = today(app, ctx)?;
    if let Ok(yesterday) = today.yesterday() {
        look::look(app, ctx, yesterday).await?;
    }
    look::look(app, ctx, today).await?;
    Ok(())
}

fn today(app: &App, ctx: &Ctx) -> Result<Date, DeskError> {
    let zone = app.directory.of(ctx.organisation)?.time_zone.clone();
    Ok(zone.to_datetime(app.now().to_jiff()).date())
}

/// Looks through every day that is over and was not looked through since, of every clinic.
pub async fn daily(app: &App) -> Result<(), DeskError> {
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "watch", Source::Job);
        let today = today(app, &ctx)?;
        for back in (1..=BACK).rev() {
            let day = today.saturating_sub(jiff::Span::new().days(back));
            let over = day.tomorrow().ok();
            let over = over.and_then(|day| day.to_zoned(clinic.time_zone.clone()).ok());
            let Some(over) = over.map(|at| Timestamp::from(at.timestamp())) else {
                continue;
            };
            let ran = {
                let mut conn = app.read().await?;
                store::run_of(&mut conn, clinic.id, &day.to_string()).await?
            };
            if ran.is_none_or(|at| at < over) {
                look::look(app, &ctx, day).await?;
            }
        }
    }
    Ok(())
}

/// How many findings wait, counted up to `limit`; none for whoever doesn't watch over privacy.
pub async fn count_waiting(app: &App, ctx: &Ctx, limit: i64) -> Result<i64, DeskError> {
    if !ctx.permissions().has(Permission::PrivacyReview) {
        return Ok(0);
    }
    store::count_waiting(&mut app.read().await?, ctx.organisation, limit).await
}

/// Findings that wait, oldest first, or else the newest that were signed off.
pub async fn findings(app: &App, ctx: &Ctx, waiting: bool) -> Result<Vec<Finding>, DeskError> {
    let organisation = ctx.organisation;
    let leave = records::open(
        app,
        ctx,
        Permission::PrivacyReview,
        Purpose::Operations,
        "watch.list",
        "view",
        if waiting { "waiting" } else { "reviewed" },
    )
    .await?;
    let mut conn = app.read().await?;
    let makers = staff::token_makers(&mut conn, organisation).await?;
    let mut found = Vec::new();
    for row in store::findings(&mut conn, organisation, waiting, SHOWN).await? {
        let patient = match row.patient {
            // Who was erased is nobody any more.
            Some(id) => match patients::name_in(&leave, &mut conn, organisation, id).await {
                Ok(name) => Some((id, name)),
                Err(DeskError::NotFound) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let signed = match row.signed {
            Some(signed) => {
                let note = match signed.note {
                    Some((key, sealed)) => {
                        let place = ("watch_findings", "note");
                        leave.text(&mut conn, key, place, row.id, &sealed).await?
                    }
                    None => String::new(),
                };
                let verdict = Verdict::from_code(&signed.verdict);
                let verdict = verdict.unwrap_or(Verdict::Unjustified);
                Some((signed.by, signed.at, verdict, note))
            }
            None => None,
        };
        let figures: std::collections::BTreeMap<String, Option<i64>> =
            serde_json::from_str(&row.figures).unwrap_or_default();
        let (who, made_by) = whose(&makers, row.who);
        found.push(Finding {
            id: row.id,
            day: row.day,
            rule: Rule::from_code(&row.rule),
            who,
            made_by,
            patient,
            figures: figures
                .into_iter()
                .filter_map(|(name, count)| Some((name, count?)))
                .collect(),
            signed,
        });
    }
    Ok(found)
}

/// Whose looks a row tells of, and of a token who made it. No token is ever deleted, so every other id is a person's.
fn whose(makers: &HashMap<ApiTokenId, Option<StaffId>>, id: SubjectId) -> (Who, Option<StaffId>) {
    let token = ApiTokenId::from_bytes(id.bytes());
    match makers.get(&token) {
        Some(made_by) => (Who::Token(token), *made_by),
        None => (Who::Person(StaffId::from_bytes(id.bytes())), None),
    }
}

/// Signs a finding off. [`DeskError::Conflict`] with `own_word` for whoever it is about.
pub async fn sign_off(
    app: &App,
    ctx: &Ctx,
    id: FindingId,
    verdict: Verdict,
    note: &str,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyReview)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let note = super::exceptions::checked_note(verdict, note)?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let organisation = work.ctx.organisation;
                let row = store::held(work, organisation, id).await?;
                let row = row.ok_or(DeskError::NotFound)?;
                let makers = staff::token_makers(work, organisation).await?;
                let (who, made_by) = whose(&makers, row.who);
                if who == Who::Person(by) || made_by == Some(by) {
                    return Err(DeskError::Conflict {
                        code: "own_word",
                        text: "Somebody else has to look at it.",
                    });
                }
                let note = match note {
                    Some(note) => {
                        let sealing = Sealing::fresh(&work.app);
                        sealing.store(work).await?;
                        let sealed = sealing.text("watch_findings", "note", id, &note);
                        Some((sealing.id, sealed))
                    }
                    None => None,
                };
                let signed = store::Signed {
                    by,
                    at: work.now,
                    verdict: verdict.code().to_owned(),
                    note,
                };
                // Somebody was first.
                if !store::sign(work, organisation, id, &signed).await? {
                    return Err(DeskError::NotFound);
                }
                let kind = who.kind();
                let detail = json!({ "verdict": verdict.code(), kind: row.who });
                work.audit(NewEntry::new("watch.sign", "finding", id).detail(&detail));
                Ok(())
            }
            .boxed()
        })
        .await;
    if matches!(done, Err(DeskError::Conflict { .. })) {
        let entry = NewEntry::new("watch.sign", "finding", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}
