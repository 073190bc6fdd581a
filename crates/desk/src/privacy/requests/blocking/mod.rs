//! Information blocking (45 CFR part 171): by which exception a request for access or a copy is not answered, or later than it
//! could be. What can't be done for technical or like reasons has a clock of its own: whoever asked is told why in writing
//! within ten business days (171.204(b)).

mod store;

use super::decide::{held, person};
use super::law;
use super::model::{Kind, Law, Request, State};
use super::service::{end_of, today, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PrivacyRequestId};
use crate::privacy::clocks::{self, Timer};
use bedside_db::Conn;
use futures_util::FutureExt;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde_json::json;

pub use store::ALL as STATEMENTS;

/// The exception that is named for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its code ([`law::exceptions`]).
    pub code: String,
    /// The day of the letter that told why.
    pub told_on: Option<Date>,
    /// The last day for that letter, where the law sets one.
    pub due: Option<Date>,
}

/// Whether an exception can be named: for access and copies under HIPAA, which is where the United States' rules apply, until
/// the request is closed.
pub fn may_name(request: &Request) -> bool {
    request.law == Law::Hipaa
        && matches!(request.kind, Kind::Access | Kind::Copy)
        && request.state != State::Closed
}

/// The day so many business days after `from`: Monday to Friday. No holiday is left out, so that no day is promised that the
/// law might not give.
fn business_days(from: Date, days: i64) -> Result<Date, DeskError> {
    let (mut day, mut left) = (from, days);
    while left > 0 {
        day = day.checked_add(1.days()).map_err(|_| {
            DeskError::invalid("received_on", "invalid", "This day is too far away.")
        })?;
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    Ok(day)
}

/// The last day on which whoever asked is told why, for an exception with such a period.
fn due(code: &str, received: Date) -> Result<Option<Date>, DeskError> {
    match law::exception(code).map(|one| one.business_days) {
        Some(days) if days > 0 => business_days(received, days).map(Some),
        _ => Ok(None),
    }
}

/// The exception that is named for a request, if one is.
pub async fn named(app: &App, ctx: &Ctx, request: &Request) -> Result<Option<Named>, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let mut conn = app.read().await?;
    let found = store::named(&mut conn, ctx.organisation, request.id).await?;
    let Some((code, told_on)) = found else {
        return Ok(None);
    };
    Ok(Some(Named {
        due: due(&code, request.received_on)?,
        code,
        told_on,
    }))
}

/// Names the exception by which a request is not answered, or later; with the day of the letter that told whoever asked why,
/// once there is one. An empty code takes it back.
///
/// # Errors
/// [`DeskError::Conflict`] with `no_exception` for a request of which none can be named; [`DeskError::Invalid`] for a code that
/// is none, and a letter from before the request or of a day to come.
pub async fn name(
    app: &App,
    ctx: &Ctx,
    (id, version): (PrivacyRequestId, i64),
    code: &str,
    told_on: Option<Date>,
) -> Result<(), DeskError> {
    person(ctx)?;
    let code = match code.trim() {
        "" => None,
        code => Some(law::exception(code).ok_or_else(|| {
            DeskError::invalid("exception", "invalid", "Choose one of the list.")
        })?),
    };
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let request = held(work, id, version).await?;
            if !may_name(&request) {
                return Err(DeskError::Conflict {
                    code: "no_exception",
                    text: "An exception is named for access and copies under HIPAA, before they are closed.",
                });
            }
            let told_on = told_on.filter(|_| code.is_some());
            let late = |day: Date| day < request.received_on || day > today(&clinic, work.now);
            if told_on.is_some_and(late) {
                return Err(DeskError::invalid(
                    "exception_told_on",
                    "out_of_range",
                    "The letter is from between the request and today.",
                ));
            }
            let organisation = work.ctx.organisation;
            let code = code.map(|one| one.code.as_str());
            if !store::name(work, organisation, (id, version), code, told_on).await? {
                return Err(DeskError::Stale {
                    version: version + 1,
                    changed: vec!["request".to_owned()],
                });
            }
            let detail = json!({
                "patient": request.patient, "kind": request.kind.code(), "exception": code, "told_on": told_on,
            });
            work.audit(NewEntry::new("privacy.exception", "privacy_request", id).detail(&detail));
            told(work, &request);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The clocks of what is still to be told why, of requests that are not closed. One whose days can't be read is told of by the
/// clock of its answer.
pub(super) async fn timers(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Timer>, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let mut timers = Vec::new();
    for (id, received, code) in store::untold(conn, organisation).await? {
        let Some(received) = received else { continue };
        let Some(last) = due(&code, received)? else {
            continue;
        };
        let Ok(began) = received.to_zoned(clinic.time_zone.clone()) else {
            continue;
        };
        timers.push(Timer {
            work: clocks::Work::Reason(id),
            from: began.timestamp().into(),
            due: end_of(&clinic, last)?,
        });
    }
    Ok(timers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn ten_business_days_are_two_weeks_and_begin_after_the_day_of_receipt() {
        for (received, last) in [
            (date(2026, 3, 2), date(2026, 3, 16)),
            (date(2026, 3, 6), date(2026, 3, 20)),
            // What comes at a weekend counts from Monday.
            (date(2026, 3, 7), date(2026, 3, 20)),
            (date(2026, 3, 8), date(2026, 3, 20)),
        ] {
            assert_eq!(
                due("infeasibility", received).unwrap(),
                Some(last),
                "{received}"
            );
        }
        assert_eq!(due("security", date(2026, 3, 2)).unwrap(), None);
        assert_eq!(due("of a later version", date(2026, 3, 2)).unwrap(), None);
        assert!(business_days(Date::MAX, 1).is_err());
    }
}
