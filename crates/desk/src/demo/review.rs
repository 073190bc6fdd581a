//! A round in which the clinic looks at who may do what: open for some days, and half way through.

use super::clock::DemoClock;
use super::history::Colleague;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::recertification::{self, Asked, Decision};

/// Days that it is open already.
const DAYS: i64 = 4;
/// Of so many, one is still to be looked at.
const ONE_OF: usize = 3;

/// Opens the round some days ago, and decides on some of it as whoever watches over privacy.
pub(super) async fn begin(
    app: &App,
    clock: &DemoClock,
    ctx: &Ctx,
    team: &[Colleague],
) -> Result<(), DeskError> {
    clock.set(app.now().plus_seconds(-DAYS * 86_400), 1000);
    let told = decide(app, ctx, team).await;
    clock.release();
    told
}

async fn decide(app: &App, ctx: &Ctx, team: &[Colleague]) -> Result<(), DeskError> {
    let round = recertification::open(app, ctx).await?;
    let watches = |one: &&Colleague| {
        let may = one.role.permissions;
        may.has(Permission::PrivacyReview) && !may.has(Permission::StaffManage)
    };
    let Some(officer) = team.iter().find(watches) else {
        return Ok(());
    };
    let officer = officer.ctx(ctx.organisation);
    let shown = recertification::read(app, &officer, round).await?;
    let others = shown.lines.into_iter().filter(|line| !line.own);
    for (at, line) in others.enumerate() {
        let (Some(version), false) = (line.version, at % ONE_OF == 0) else {
            continue;
        };
        let asked = Asked {
            round,
            subject: line.subject,
            version,
        };
        let decision = if at == 1 && line.person {
            Decision::Change
        } else {
            Decision::Keep
        };
        recertification::decide(app, &officer, asked, decision).await?;
    }
    Ok(())
}
