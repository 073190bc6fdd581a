//! Running the rules: once a day each, some records in each command, with a signed account of it at the end.

use super::find::Judge;
use super::kinds;
use super::model::{DAY, Kept, Old, Place, Record, Rule, Run, Told};
use super::{rules, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::privacy::{erasure, requests};
use crate::work::Work;
use bedside_audit::{Checkpoint, Origin, SignedCheckpoint};
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use serde_json::json;

/// Pause from the beginning of one run of a rule to the next, in seconds: an hour less than a day, so that what looks once an
/// hour runs it daily.
const EVERY: i64 = DAY - 3600;
/// Records that go in one command: few enough for other commands to pass.
const BATCH: usize = 25;
/// Records that are looked at for them, at most, and read at a time: what is kept takes no command of its own.
const LOOKED_AT: usize = 5000;
const ROUND: i64 = 500;
/// Commands for one rule each hour; what is left goes on in the next.
const COMMANDS: usize = 200;

/// Has decisions count whose time has come, and runs every rule of every clinic as far as it gets.
pub async fn daily(app: &App) -> Result<(), DeskError> {
    let mut done = Ok(());
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "retention", Source::Job);
        for record in Record::ALL {
            if let Err(error) = work_off(app, &ctx, *record).await {
                done = Err(error);
            }
        }
    }
    done
}

async fn work_off(app: &App, ctx: &Ctx, record: Record) -> Result<(), DeskError> {
    rules::begin_due(app, ctx, record).await?;
    for _ in 0..COMMANDS {
        if !advance(app, ctx, record).await? {
            break;
        }
    }
    Ok(())
}

/// Does the next piece of a rule's work: begins a run that is due, goes on with one, or ends it. Whether there may be more.
pub async fn advance(app: &App, ctx: &Ctx, record: Record) -> Result<bool, DeskError> {
    let organisation = ctx.organisation;
    let (rule, newest) = {
        let mut conn = app.read_newest().await?;
        let rules = store::rules(&mut conn, organisation).await?;
        let rule = rules.into_iter().find(|rule| rule.record == record);
        let newest = store::newest_of(&mut conn, organisation, record).await?;
        (rule.unwrap_or_else(|| Rule::offered(record)), newest)
    };
    let going = newest.as_ref().filter(|run| run.note.is_none());
    let done = match going {
        Some(run) if !is_of(run, &rule) => end(app, ctx, run, true).await.map(|()| true),
        Some(run) => go_on(app, ctx, run).await,
        None => {
            let now = app.now();
            let rests = newest.is_some_and(|run| now.seconds_since(run.told.started) < EVERY);
            if !rule.active || rests {
                return Ok(false);
            }
            begin(app, ctx, record).await.map(|()| true)
        }
    };
    match done {
        // Somebody changed the rule, or another node was first: what is there now is looked at anew.
        Err(DeskError::Conflict { code: CHANGED, .. }) => Ok(true),
        done => done,
    }
}

const CHANGED: &str = "changed";

const fn changed<T>() -> Result<T, DeskError> {
    Err(DeskError::Conflict {
        code: CHANGED,
        text: "Somebody changed this meanwhile.",
    })
}

/// Whether a run is of the rule as it is now.
fn is_of(run: &Run, rule: &Rule) -> bool {
    rule.active && rule.period == run.told.period
}

async fn begin(app: &App, ctx: &Ctx, record: Record) -> Result<(), DeskError> {
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let rule = store::held_rule(work, organisation, record).await?;
            let newest = store::newest(work, organisation, record).await?;
            let rests = newest.is_some_and(|run| now.seconds_since(run.told.started) < EVERY);
            let Some((by, at)) = rule.set.filter(|_| rule.active && !rests) else {
                return changed();
            };
            let told = Told {
                id: work.app.id(),
                organisation,
                record,
                period: rule.period,
                decided_by: by,
                decided_at: at,
                cutoff: rule.period.cutoff(now),
                started: now,
                ended: None,
                cut_short: false,
                records: 0,
                destroyed: std::collections::BTreeMap::new(),
                held: 0,
                young: 0,
                list: String::new(),
            };
            store::insert_run(work, organisation, &told).await?;
            let entry = NewEntry::new("retention.run", "retention_run", told.id);
            let detail = json!({ "record": record.code(), "cutoff": told.cutoff });
            work.audit(entry.detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The next records of a run, with why each is kept or not: up to [`BATCH`] that go, and those that are kept among them.
async fn next(
    app: &App,
    organisation: OrganisationId,
    run: &Run,
) -> Result<Vec<(Old, Option<Kept>)>, DeskError> {
    let (record, cutoff) = (run.told.record, run.told.cutoff);
    let mut conn = app.read_newest().await?;
    let mut judge = Judge::new(&mut conn, organisation, run.told.period, app.now()).await?;
    let (mut judged, mut go, mut place) = (Vec::new(), 0, run.place);
    while go < BATCH && judged.len() < LOOKED_AT {
        let some = kinds::old(&mut conn, organisation, record, cutoff, place, ROUND).await?;
        let Some(last) = some.last() else {
            break;
        };
        place = last.place;
        for old in some {
            let kept = judge.kept(app, &mut conn, organisation, &old).await?;
            go += usize::from(kept.is_none());
            judged.push((old, kept));
            if go == BATCH {
                break;
            }
        }
    }
    Ok(judged)
}

/// The next records of a run, in one command that also says how far it is: one that is killed goes on behind the last that
/// was committed, and counts nothing twice.
async fn go_on(app: &App, ctx: &Ctx, run: &Run) -> Result<bool, DeskError> {
    let (organisation, record) = (ctx.organisation, run.told.record);
    let some = next(app, organisation, run).await?;
    if some.is_empty() {
        return end(app, ctx, run, false).await.map(|()| false);
    }
    let before = run.place;
    app.command(ctx, move |work| {
        async move {
            let mut run = held(work, record, before).await?;
            let rule = store::held_rule(work, organisation, record).await?;
            if !is_of(&run, &rule) {
                return changed();
            }
            for (old, kept) in some {
                run.place = old.place;
                one(work, &mut run.told, &old, kept).await?;
            }
            store::save_run(work, organisation, &run.told, run.place).await?;
            let told = &run.told;
            let entry = NewEntry::new("retention.destroy", "retention_run", told.id);
            work.audit(entry.detail(&json!({
                "record": record.code(), "records": told.records, "held": told.held, "young": told.young,
                "list": told.list,
            })));
            Ok(true)
        }
        .boxed()
    })
    .await
}

/// The run that is going on, where it is at the place that the caller saw.
async fn held(work: &mut Work<'_>, record: Record, place: Place) -> Result<Run, DeskError> {
    let organisation = work.ctx.organisation;
    let newest = store::newest(work, organisation, record).await?;
    match newest.filter(|run| run.note.is_none() && run.place == place) {
        Some(run) => Ok(run),
        None => changed(),
    }
}

/// One record: it goes, unless it is kept, or is another now than it was.
async fn one(
    work: &mut Work<'_>,
    told: &mut Told,
    old: &Old,
    kept: Option<Kept>,
) -> Result<(), DeskError> {
    match kept {
        Some(Kept::Held) => told.held += 1,
        Some(Kept::Young) => told.young += 1,
        None if is_held(work, old).await? => told.held += 1,
        None => gone(work, told, old).await?,
    }
    Ok(())
}

/// A hold that was placed a moment ago counts, and so does what was asked by law; neither comes until the command ends.
async fn is_held(work: &mut Work<'_>, old: &Old) -> Result<bool, DeskError> {
    for patient in old.patients.into_iter().flatten() {
        if erasure::is_held(work, patient).await? || requests::waits(work, patient).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn gone(work: &mut Work<'_>, told: &mut Told, old: &Old) -> Result<(), DeskError> {
    let gone = kinds::destroy(work, told, old).await?;
    if gone.is_empty() {
        return Ok(());
    }
    told.records += 1;
    for (table, rows) in gone {
        *told.destroyed.entry(table.to_owned()).or_default() += rows;
    }
    let next = format!("{}{}{}", told.list, old.place.one, old.place.other);
    told.list = HEXLOWER.encode(&erasure::sum(&next));
    Ok(())
}

/// Ends a run with its signed account.
async fn end(app: &App, ctx: &Ctx, run: &Run, cut_short: bool) -> Result<(), DeskError> {
    let (record, place) = (run.told.record, run.place);
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let mut told = held(work, record, place).await?.told;
            (told.ended, told.cut_short) = (Some(now), cut_short);
            let text = serde_json::to_string(&told)?;
            let note = Checkpoint {
                origin: origin(&work.app, organisation)?,
                size: told.records,
                root: erasure::sum(&text),
                at: now.micros(),
            };
            let note = note.sign(work.app.keyring.audit_key()).to_string();
            store::end_run(work, organisation, (told.id, &text, &note), now).await?;
            let entry = NewEntry::new("retention.end", "retention_run", told.id);
            work.audit(entry.detail(&json!({
                "record": record.code(), "records": told.records, "destroyed": told.destroyed, "held": told.held,
                "young": told.young, "cut_short": cut_short, "sum": HEXLOWER.encode(&erasure::sum(&text)),
            })));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What the accounts of this organisation are signed as.
fn origin(app: &App, organisation: OrganisationId) -> Result<Origin, DeskError> {
    let slug = &app.directory.of(organisation)?.slug;
    Origin::new(&format!("{slug}/retention"))
        .map_err(|error| DeskError::Internal(error.to_string()))
}

/// Whether this desk signed the account of a run as it is kept.
pub fn is_proven(app: &App, run: &Run) -> Result<bool, DeskError> {
    if run.told.id != run.id {
        return Ok(false);
    }
    let Some(Ok(note)) = run.note.as_deref().map(SignedCheckpoint::parse) else {
        return Ok(false);
    };
    let Ok(said) = note.verify(&app.keyring.audit_key().verifying_key()) else {
        return Ok(false);
    };
    let whole = said.origin == origin(app, run.told.organisation)?;
    Ok(whole && said.root == erasure::sum(&run.text))
}
