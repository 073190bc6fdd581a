//! What is old enough, and what of it is kept all the same.

use super::kinds;
use super::model::{DAY, Kept, Old, Period, Place, Preview, Record};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId};
use crate::patients;
use crate::privacy::{erasure, requests};
use bedside_db::{Conn, Timestamp};
use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

/// Days ahead that a preview looks.
pub const AHEAD: i64 = 90;
/// Records that would go, as a preview finds them, at most; then it says that there are more.
const FOUND: u64 = 5000;
/// Records that it looks at for them, at most: those that are kept cost no more than this.
const LOOKED_AT: u64 = 100_000;
/// Records that it reads at a time.
const ROUND: i64 = 500;

/// When somebody was born.
#[derive(Clone, Copy)]
enum Birth {
    /// There is no such patient.
    OfNobody,
    /// On this day, where it is known.
    Of(Option<Date>),
}

/// Says of records whether they are kept. Made anew for each look: holds come and go.
pub(super) struct Judge {
    period: Period,
    now: Timestamp,
    held: HashSet<PatientId>,
    births: HashMap<PatientId, Birth>,
}

impl Judge {
    pub(super) async fn new(
        conn: &mut Conn,
        organisation: OrganisationId,
        period: Period,
        now: Timestamp,
    ) -> Result<Self, DeskError> {
        let mut held = erasure::every_held(conn, organisation, now).await?;
        held.extend(requests::patients_who_wait(conn, organisation).await?);
        Ok(Self {
            period,
            now,
            held,
            births: HashMap::new(),
        })
    }

    /// Why a record is kept; none where it goes.
    pub(super) async fn kept(
        &mut self,
        app: &App,
        conn: &mut Conn,
        organisation: OrganisationId,
        old: &Old,
    ) -> Result<Option<Kept>, DeskError> {
        let patients = || old.patients.into_iter().flatten();
        if patients().any(|patient| self.held.contains(&patient)) {
            return Ok(Some(Kept::Held));
        }
        if self.period.age == 0 {
            return Ok(None);
        }
        for patient in patients() {
            // Of somebody who was erased nothing says how old they are, and nothing is left that would be theirs.
            let Birth::Of(birth) = self.birth(app, conn, organisation, patient).await? else {
                continue;
            };
            if self.period.is_young(birth, old.place.at, self.now) {
                return Ok(Some(Kept::Young));
            }
        }
        Ok(None)
    }

    /// When a patient was born.
    async fn birth(
        &mut self,
        app: &App,
        conn: &mut Conn,
        organisation: OrganisationId,
        patient: PatientId,
    ) -> Result<Birth, DeskError> {
        if let Some(known) = self.births.get(&patient) {
            return Ok(*known);
        }
        let found = match patients::birth_date_of(app, conn, organisation, patient).await {
            Ok(birth) => Birth::Of(birth),
            Err(DeskError::NotFound) => Birth::OfNobody,
            // What can't be opened is not known, and is no reason to stop a rule.
            Err(DeskError::Gone | DeskError::Internal(_)) => Birth::Of(None),
            Err(error) => return Err(error),
        };
        self.births.insert(patient, found);
        Ok(found)
    }
}

/// What a rule would do today and within [`AHEAD`] days, in counts and days alone.
pub(super) async fn preview(
    app: &App,
    organisation: OrganisationId,
    record: Record,
    period: Period,
) -> Result<Preview, DeskError> {
    let now = app.now();
    let (today, ahead) = (
        period.cutoff(now),
        period.cutoff(now.plus_seconds(AHEAD * DAY)),
    );
    let mut conn = app.read_newest().await?;
    let mut judge = Judge::new(&mut conn, organisation, period, now).await?;
    let (mut after, mut looked, mut found) = (Place::start(), 0, Preview::default());
    loop {
        let some = kinds::old(&mut conn, organisation, record, ahead, after, ROUND).await?;
        let Some(last) = some.last() else {
            return Ok(found);
        };
        after = last.place;
        for old in &some {
            looked += 1;
            if looked > LOOKED_AT || found.today + found.soon >= FOUND {
                found.more = true;
                return Ok(found);
            }
            let kept = judge.kept(app, &mut conn, organisation, old).await?;
            let at = old.since;
            match (kept, at < today) {
                (Some(Kept::Held), true) => found.held += 1,
                (Some(Kept::Young), true) => found.young += 1,
                (Some(_), false) => {}
                (None, false) => found.soon += 1,
                (None, true) => {
                    found.today += 1;
                    // A list is in the order of its rows, not of when each period began.
                    let (oldest, newest) = found.span.unwrap_or((at, at));
                    found.span = Some((oldest.min(at), newest.max(at)));
                }
            }
        }
    }
}
