//! Looking things up in the log: who, what, which object, when. Every look is itself written down.

use super::store::{self, Of};
use super::{NewEntry, Shown};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_audit::SignedCheckpoint;
use bedside_db::{Conn, Timestamp};
use std::collections::HashMap;

/// Entries that are read at a time.
const STEP: i64 = 500;
/// Places rise with time, but for commands that overlap: seconds on the safe side, before [`Filter::fits`] decides.
const OVERLAP: i64 = 60;
/// Entries that one look reads at most; what lies further back is the next page.
const MOST_READ: usize = 10_000;

/// What is looked for. Everything that is set has to fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Id of who acted, or a part's name.
    pub actor: Option<String>,
    /// Ids of what it was done to, any of them; none for whatever it was.
    pub objects: Option<Vec<String>>,
    /// What was done, or its beginning up to a dot (`ticket` finds `ticket.read`).
    pub action: Option<String>,
    /// `ok`, `denied` or `failed`.
    pub outcome: Option<String>,
    /// The way in: `page`, `api`, `public`, `mail`, `job` or `command_line`.
    pub source: Option<String>,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

impl Filter {
    fn fits(&self, entry: &Shown) -> bool {
        let same =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let action = |wanted: &str| {
            entry
                .action
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        same(&self.actor, &entry.actor_id)
            && self
                .objects
                .as_ref()
                .is_none_or(|any| any.contains(&entry.object_id))
            && same(&self.source, &entry.source)
            && same(&self.outcome, &entry.outcome)
            && self.action.as_deref().is_none_or(action)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }

    fn names(&self) -> Vec<&'static str> {
        let set = [
            ("actor", self.actor.is_some()),
            ("object", self.objects.is_some()),
            ("action", self.action.is_some()),
            ("outcome", self.outcome.is_some()),
            ("source", self.source.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
        ];
        set.into_iter()
            .filter(|(_, set)| *set)
            .map(|(name, _)| name)
            .collect()
    }
}

/// What a look found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Entries, newest first.
    pub entries: Vec<Shown>,
    /// Where to go on, if there may be more.
    pub next: Option<i64>,
}

/// Entries that fit `filter`, newest first, at most `limit`, before the place `before`.
pub async fn search(
    app: &App,
    ctx: &Ctx,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Found, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let looked = NewEntry::new("audit.read", "organisation", ctx.organisation);
    let looked = match filter.names() {
        names if names.is_empty() => looked,
        names => looked.detail(&serde_json::json!({ "by": names })),
    };
    app.audit(ctx, looked).await?;
    let mut conn = app.read_newest().await?;
    let end = store::last(&mut conn).await? + 1;
    let from = match filter.from {
        Some(at) => place_at(&mut conn, at.plus_seconds(-OVERLAP), end).await?,
        None => 0,
    };
    let until = match filter.until {
        Some(at) => place_at(&mut conn, at.plus_seconds(OVERLAP), end).await?,
        None => end,
    };
    let mut place = before.unwrap_or(i64::MAX).min(until);
    let (mut entries, mut read) = (Vec::new(), 0);
    loop {
        let some = some(&mut conn, ctx.organisation, filter, (place, from)).await?;
        read += some.len();
        let whole = i64::try_from(some.len()).unwrap_or(STEP) == STEP;
        for entry in some {
            place = entry.sequence;
            if filter.fits(&entry) {
                entries.push(entry);
                if entries.len() == limit {
                    return Ok(Found {
                        entries,
                        next: Some(place),
                    });
                }
            }
        }
        if !whole {
            return Ok(Found {
                entries,
                next: None,
            });
        }
        if read >= MOST_READ {
            return Ok(Found {
                entries,
                next: Some(place),
            });
        }
    }
}

/// The next [`STEP`] entries that may fit, by whichever index leads to them.
async fn some(
    conn: &mut Conn,
    organisation: OrganisationId,
    filter: &Filter,
    (before, from): (i64, i64),
) -> Result<Vec<Shown>, DeskError> {
    let of = match (&filter.objects, &filter.actor) {
        (Some(objects), _) => {
            let objects = objects.iter().map(String::as_str);
            let step = usize::try_from(STEP).unwrap_or(usize::MAX);
            let mut found = about(conn, organisation, objects, before, step).await?;
            found.retain(|entry| entry.sequence >= from);
            return Ok(found);
        }
        (None, Some(actor)) => Of::Actor(actor),
        (None, None) => Of::All,
    };
    store::range(conn, organisation, &of, (before, from), STEP).await
}

/// When each of these actors last did something that the log tells of, as far as it tells: for whoever looks at who uses
/// what they may do. The caller has written down why they are looked at.
pub(crate) async fn last_acts(
    conn: &mut Conn,
    organisation: OrganisationId,
    actors: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, Timestamp>, DeskError> {
    let mut last = HashMap::new();
    for actor in actors {
        let of = Of::Actor(&actor);
        let newest = store::range(conn, organisation, &of, (i64::MAX, 0), 1).await?;
        if let Some(entry) = newest.first() {
            last.insert(actor, entry.at);
        }
    }
    Ok(last)
}

/// The newest entries about any of these objects before the place `before`, newest first, at most `limit`. The caller has
/// written down why they are looked at, and decides who sees them.
pub(crate) async fn about(
    conn: &mut Conn,
    organisation: OrganisationId,
    objects: impl IntoIterator<Item = &str>,
    before: i64,
    limit: usize,
) -> Result<Vec<Shown>, DeskError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let (mut found, mut from) = (Vec::new(), 0);
    for object in objects {
        let of = Of::Object(object);
        let some = store::range(conn, organisation, &of, (before, from), most).await?;
        if some.is_empty() {
            continue;
        }
        found.extend(some);
        found.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.sequence));
        found.truncate(limit);
        // What is older than all of these is not among them, whatever it is about.
        if let Some(last) = found.get(limit.wrapping_sub(1)) {
            from = last.sequence + 1;
        }
    }
    Ok(found)
}

/// Entries from one instant to before another, newest first, below the place `before` (none to begin), some `step` of them;
/// and where to go on, if there may be more; of one actor alone where there is one. The caller has written down why they are
/// looked at.
pub(crate) async fn between(
    conn: &mut Conn,
    organisation: OrganisationId,
    actor: Option<&str>,
    (from, until): (Timestamp, Timestamp),
    before: Option<i64>,
    step: i64,
) -> Result<(Vec<Shown>, Option<i64>), DeskError> {
    let end = store::last(conn).await? + 1;
    let first = place_at(conn, from.plus_seconds(-OVERLAP), end).await?;
    let place = match before {
        Some(place) => place,
        None => place_at(conn, until.plus_seconds(OVERLAP), end).await?,
    };
    let of = actor.map_or(Of::All, Of::Actor);
    let mut some = store::range(conn, organisation, &of, (place, first), step).await?;
    let whole = i64::try_from(some.len()).unwrap_or(step) == step;
    let next = some.last().filter(|_| whole).map(|entry| entry.sequence);
    some.retain(|entry| entry.at >= from && entry.at < until);
    Ok((some, next))
}

/// The first place whose entry is not before `at`.
async fn place_at(conn: &mut Conn, at: Timestamp, end: i64) -> Result<i64, DeskError> {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        match store::next_from(conn, middle).await? {
            Some((sequence, when)) if when < at => low = sequence + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The newest signed checkpoint of the log, if there is one.
pub async fn checkpoint(app: &App, ctx: &Ctx) -> Result<Option<SignedCheckpoint>, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let latest = store::latest(&mut app.read_newest().await?).await?;
    Ok(latest.and_then(|(_, note)| SignedCheckpoint::parse(&note).ok()))
}
