//! Rounds in which somebody else looks at who may do what: every quarter, once for each, with evidence.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Timestamp, args, statements};
use bedside_desk::audit_log::{self, NewEntry};
use bedside_desk::context::{Actor, Ctx, Permission, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{AccessRoundId, OrganisationId, StaffId, SubjectId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::recertification::{self, Asked, Decision, Line, Round};
use bedside_desk::staff::{self, NewStaff, NewToken, Queues};
use bedside_desk::{config, startup};
use bedside_testkit::wait_until_async;
use bedside_web::Locale;
use common::{Browser, Client, Desk, Engine, Role, both_engines};
use futures_util::future::Either;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const DAY: i64 = 24 * 3600;

statements! {
    /// News of staff that waits to be mailed.
    NEWS = "SELECT COUNT(*) FROM jobs WHERE kind = 'staff.notice' AND payload LIKE $1";
    /// How many commands wait for a row that another one holds.
    WAITING = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
}

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn go_to(desk: &Desk, text: &str) {
    desk.clock.advance(at(text).seconds_since(desk.app.now()));
}

async fn rounds(desk: &Desk, organisation: OrganisationId) -> Vec<Round> {
    let ctx = Ctx::system(organisation, "test", Source::Job);
    recertification::list(&desk.app, &ctx).await.unwrap()
}

async fn open(desk: &Desk) -> AccessRoundId {
    recertification::open(&desk.app, &desk.ctx(Role::Compliance))
        .await
        .unwrap()
}

async fn lines(desk: &Desk, round: AccessRoundId) -> Vec<Line> {
    let shown = recertification::read(&desk.app, &desk.ctx(Role::Compliance), round).await;
    shown.unwrap().lines
}

async fn line_of(desk: &Desk, round: AccessRoundId, id: StaffId) -> Line {
    let all = lines(desk, round).await;
    let found = all
        .into_iter()
        .find(|line| line.subject.uuid() == id.uuid());
    found.unwrap()
}

async fn asked(desk: &Desk, round: AccessRoundId, id: StaffId) -> Asked {
    let line = line_of(desk, round, id).await;
    Asked {
        round,
        subject: line.subject,
        version: line.version.unwrap_or_default(),
    }
}

async fn says(
    desk: &Desk,
    by: &Ctx,
    (round, id): (AccessRoundId, StaffId),
    decision: Decision,
) -> Result<(), DeskError> {
    let asked = asked(desk, round, id).await;
    recertification::decide(&desk.app, by, asked, decision).await
}

fn code(done: &Result<(), DeskError>) -> &'static str {
    match done {
        Ok(()) => "done",
        Err(DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. }) => code,
        Err(DeskError::Forbidden) => "forbidden",
        Err(DeskError::NotFound) => "not_found",
        Err(error) => panic!("{error}"),
    }
}

fn access(desk: &Desk, change: impl FnOnce(&mut orgs::AccessReview)) -> Change {
    access_in(desk, desk.organisation, change)
}

fn access_in(
    desk: &Desk,
    organisation: OrganisationId,
    change: impl FnOnce(&mut orgs::AccessReview),
) -> Change {
    let clinic = desk.app.directory.of(organisation).unwrap();
    let mut settings = clinic.settings.clone();
    change(&mut settings.privacy.access);
    Change::General {
        name: clinic.name.clone(),
        time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: clinic.version,
    }
}

async fn neighbour(desk: &Desk, time_zone: &str) -> OrganisationId {
    let mut clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    clinic.profile.time_zone = time_zone.to_owned();
    let now = desk.app.now();
    let new = config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, now);
    orgs::create(&desk.app, new).await.unwrap()
}

/// Everything that waits in the round is kept by somebody who may.
async fn keep_all(desk: &Desk, round: AccessRoundId) {
    for line in lines(desk, round).await {
        if line.decided.is_some() {
            continue;
        }
        let by = if line.own {
            Role::Administrator
        } else {
            Role::Compliance
        };
        let asked = Asked {
            round,
            subject: line.subject,
            version: line.version.unwrap(),
        };
        recertification::decide(&desk.app, &desk.ctx(by), asked, Decision::Keep)
            .await
            .unwrap();
    }
}

/// Somebody who manages the staff and opens little else.
async fn manager(desk: &Desk) -> Ctx {
    let mut role = desk.role(Role::Agent).as_ref().clone();
    (role.code, role.version) = ("office".to_owned(), 0);
    role.permissions = role
        .permissions
        .with(Permission::StaffManage)
        .with(Permission::SettingsRead);
    orgs::change(&desk.app, &desk.system(), Change::PutRole(role.clone()))
        .await
        .unwrap();
    let new = NewStaff {
        email: "office@clinic.example".to_owned(),
        name: "Olga Office".to_owned(),
        role: role.code.clone(),
        locale: Locale::En,
    };
    let id = staff::create(&desk.app, &desk.system(), new).await.unwrap();
    Ctx {
        actor: Actor::Staff {
            id,
            role: Arc::new(role),
            name: "Olga Office".into(),
        },
        ..desk.ctx(Role::Agent)
    }
}

/// How often each kind of news of a round waits to be mailed.
async fn told(desk: &Desk, what: &str) -> usize {
    let mut conn = desk.app.db.read().await.unwrap();
    let of = format!("%\"{what}\"%");
    let count = conn.query(NEWS, args![of], |row| row.get::<i64>(0)).await;
    usize::try_from(count.unwrap()[0]).unwrap()
}

/// The only person of a clinic, who made the key of its laboratory.
async fn alone(desk: &Desk, organisation: OrganisationId) -> (Ctx, Client) {
    let system = Ctx::system(organisation, "test", Source::Job);
    let new = NewStaff {
        email: "alone@clinic.example".to_owned(),
        name: "Alma Alone".to_owned(),
        role: staff::ADMINISTRATOR.to_owned(),
        locale: Locale::En,
    };
    let id = staff::create(&desk.app, &system, new).await.unwrap();
    let clinic = desk.app.directory.of(organisation).unwrap();
    let me = Ctx {
        actor: Actor::Staff {
            id,
            role: clinic.role(staff::ADMINISTRATOR).unwrap().clone(),
            name: "Alma Alone".into(),
        },
        organisation,
        ..desk.ctx(Role::Administrator)
    };
    let new = NewToken {
        name: "laboratory".to_owned(),
        scopes: Permissions::of(&[Permission::TicketsRead]),
        queues: Queues::All,
        expires_at: None,
    };
    let (_, secret) = staff::create_token(&desk.app, &me, new).await.unwrap();
    (me, Client::new(&desk.app, Some(secret)))
}

/// A colleague changes the role while somebody decides on who has it: on one of the two engines both can be under way at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_on_is_what_was_seen() {
    let desk = Desk::new(Engine::Postgres).await;
    let round = open(&desk).await;
    let seen = asked(&desk, round, desk.id_of(Role::Agent)).await;
    let mut role = desk.role(Role::Agent).as_ref().clone();
    role.permissions = role.permissions.with(Permission::AuditRead);
    let (system, officer) = (desk.system(), desk.ctx(Role::Compliance));
    let (put, over) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (was_put, may_end) = (Arc::clone(&put), Arc::clone(&over));
    let changing = desk.app.command(&system, move |work| {
        Box::pin(async move {
            assert!(staff::put_role(work, &role).await?);
            work.audit(NewEntry::new("role.change", "role", "agent"));
            was_put.notify_one();
            may_end.notified().await;
            Ok(())
        })
    });
    let deciding = async {
        put.notified().await;
        let decide = pin!(recertification::decide(
            &desk.app,
            &officer,
            seen,
            Decision::Keep
        ));
        let is_waiting = async || {
            let mut conn = desk.app.db.read().await.unwrap();
            let waiting = conn.query(WAITING, args![], |row| row.get::<i64>(0)).await;
            waiting.unwrap()[0] > 0
        };
        let waits = pin!(wait_until_async(is_waiting, Duration::from_mins(1)));
        let first = futures_util::future::select(decide, waits).await;
        over.notify_one();
        match first {
            Either::Left((done, _)) => done,
            Either::Right((_, decide)) => decide.await,
        }
    };
    let (changed, decided) = futures_util::join!(changing, deciding);
    changed.unwrap();
    assert_eq!(code(&decided), "changed");
}

both_engines! {
    async fn a_round_opens_with_each_quarter_of_the_clinics_own_calendar(desk: Desk) {
        let far = neighbour(&desk, "Pacific/Auckland").await;
        let both = async || (rounds(&desk, desk.organisation).await.len(), rounds(&desk, far).await.len());
        // A clinic that is newer than the quarter waits for the next one.
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(both().await, (0, 0));
        // The first of April is earlier in Auckland than in New York.
        go_to(&desk, "2026-03-31T10:59:59Z");
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(both().await, (0, 0));
        go_to(&desk, "2026-03-31T11:00:00Z");
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(both().await, (0, 1));
        go_to(&desk, "2026-04-01T03:59:59Z");
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(both().await, (0, 1));
        go_to(&desk, "2026-04-01T04:00:00Z");
        for _ in 0..3 {
            recertification::hourly(&desk.app).await.unwrap();
        }
        assert_eq!(both().await, (1, 1));
        let first = &rounds(&desk, desk.organisation).await[0];
        assert_eq!((first.quarter.as_str(), first.opened_by), ("2026-Q2", None));
        assert_eq!(first.due_at.seconds_since(first.opened_at), 21 * DAY);
        // At its end it closes, and none opens again until the next quarter.
        desk.clock.advance(21 * DAY - 1);
        recertification::hourly(&desk.app).await.unwrap();
        assert!(rounds(&desk, desk.organisation).await[0].closed_at.is_none());
        desk.clock.advance(1);
        recertification::hourly(&desk.app).await.unwrap();
        recertification::hourly(&desk.app).await.unwrap();
        assert!(rounds(&desk, desk.organisation).await[0].closed_at.is_some());
        assert_eq!(both().await, (1, 1));
        go_to(&desk, "2026-07-01T04:00:00Z");
        recertification::hourly(&desk.app).await.unwrap();
        let all = rounds(&desk, desk.organisation).await;
        assert_eq!((all.len(), all[0].quarter.as_str()), (2, "2026-Q3"));
        // A clinic that wants none gets none by itself.
        desk.clock.advance(21 * DAY);
        recertification::hourly(&desk.app).await.unwrap();
        orgs::change(&desk.app, &desk.system(), access(&desk, |rules| rules.quarterly = false)).await.unwrap();
        go_to(&desk, "2026-10-01T04:00:00Z");
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(both().await.0, 2);
        desk.audit_is_whole().await;
    }

    async fn each_access_is_kept_changed_or_taken_away_by_somebody_else(desk: Desk) {
        let (officer, admin) = (desk.browser(Role::Compliance).await, desk.browser(Role::Administrator).await);
        let nurse = desk.browser(Role::Nurse).await;
        // One that opens less than the partner's.
        let mut narrow = desk.role(Role::Partner).as_ref().clone();
        (narrow.code, narrow.version) = ("narrow".to_owned(), 0);
        narrow.permissions = Permissions::of(&[Permission::TicketsRead]);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(narrow)).await.unwrap();
        for role in [Role::Agent, Role::Nurse, Role::Supervisor, Role::Partner] {
            desk.browser(role).await.get("/privacy/access").await.expect(403);
        }
        let opened = officer.submit("/privacy/access", "/privacy/access/open", &[]).await.expect(303);
        let here = opened.header("location").unwrap().to_owned();
        let round: AccessRoundId = here.rsplit('/').next().unwrap().parse().unwrap();
        desk.browser(Role::Agent).await.get(&here).await.expect(403);
        let second = admin.submit(&here, "/privacy/access/open", &[]).await.expect(409).text();
        assert!(second.contains("A round is open already"), "{second}");
        let page = officer.get(&here).await.expect(200).text();
        assert!(page.contains("8 wait for a decision") && page.contains("only administrator") && page.contains("This is yours"), "{page}");
        // A form is refused for what it stands for, not for what it is.
        let send = async |browser: &Browser, role: Role, what: &str| {
            let line = line_of(&desk, round, desk.id_of(role)).await;
            let way = format!("{here}/{}/{what}", line.subject);
            let version = line.version.unwrap_or_default();
            browser.submit(&here, &way, &[("version", &version)]).await
        };
        let own = send(&officer, Role::Compliance, "keep").await.expect(409).text();
        assert!(own.contains("This is yours"), "{own}");
        send(&officer, Role::Agent, "keep").await.expect(303);
        let twice = send(&admin, Role::Agent, "take").await.expect(409).text();
        assert!(twice.contains("A colleague was first"), "{twice}");
        // What changed since it was shown is looked at again.
        let billing = line_of(&desk, round, desk.id_of(Role::Billing)).await;
        let mut role = desk.role(Role::Billing).as_ref().clone();
        role.permissions = role.permissions.with(Permission::AuditRead);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let way = format!("{here}/{}/keep", billing.subject);
        let old = officer.submit(&here, &way, &[("version", &billing.version.unwrap())]).await.expect(409).text();
        assert!(old.contains("changed while you looked"), "{old}");
        officer.submit(&here, &way, &[]).await.expect(409);
        officer.submit(&here, &format!("{here}/{round}/keep"), &[("version", "1")]).await.expect(404);
        // Taken away, whoever it was is out at once.
        nurse.get("/inbox").await.expect(200);
        send(&officer, Role::Nurse, "take").await.expect(303);
        nurse.get("/inbox").await.expect(401);
        // To be changed: on to the role, and back.
        let on = send(&admin, Role::Partner, "change").await.expect(303);
        let person = format!("/settings/staff/{}", desk.id_of(Role::Partner));
        assert_eq!(on.header("location"), Some(person.as_str()));
        let waits = officer.get(&here).await.expect(200).text();
        assert!(waits.contains("To be changed"), "{waits}");
        let back = common::form::fill(&admin, &person, &person, &[("role", "narrow")]).await.expect(303);
        assert_eq!(back.header("location"), Some(here.as_str()));
        let done = officer.get(&here).await.expect(200).text();
        assert!(done.contains("<strong>Changed</strong>") && !done.contains("To be changed"), "{done}");
        // Nothing is closed while something waits, and then it stays as it is.
        officer.submit(&here, &format!("{here}/close"), &[]).await.expect(409);
        keep_all(&desk, round).await;
        officer.submit(&here, &format!("{here}/close"), &[]).await.expect(303);
        let over = send(&admin, Role::Agent, "take").await.expect(409).text();
        assert!(over.contains("This round is over"), "{over}");
        let file = officer.get(&format!("{here}/csv")).await.expect(200).text();
        assert_eq!(file.lines().count(), 9, "{file}");
        assert!(file.contains("Taken away") && file.contains("Cleo Compliance") && file.contains("2026-03-02T"), "{file}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 500).await.unwrap();
        let count = |action: &str, outcome: &str| log.iter().filter(|entry| entry.action == action && entry.outcome == outcome).count();
        assert_eq!((count("access.decide", "ok"), count("access.decide", "denied")), (8, 1));
        assert!(log.iter().any(|entry| entry.action == "staff.disable" && entry.object_id == desk.id_of(Role::Nurse).to_string()));
        desk.audit_is_whole().await;
    }

    async fn two_who_decide_at_once_decide_once(desk: Desk) {
        let round = open(&desk).await;
        let agent = desk.id_of(Role::Agent);
        let seen = asked(&desk, round, agent).await;
        let (one, other) = (desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
        let both = futures_util::join!(
            recertification::decide(&desk.app, &one, seen.clone(), Decision::Keep),
            recertification::decide(&desk.app, &other, seen, Decision::Take),
        );
        let mut codes = [code(&both.0), code(&both.1)];
        codes.sort_unstable();
        assert_eq!(codes, ["decided", "done"]);
        let ctxs = [desk.ctx(Role::Compliance), desk.ctx(Role::Administrator)];
        keep_all(&desk, round).await;
        let closed = futures_util::future::join_all(ctxs.iter().map(|ctx| recertification::close(&desk.app, ctx, round))).await;
        assert_eq!(closed.iter().filter(|done| done.is_ok()).count(), 1, "{closed:?}");
        let opened = futures_util::future::join_all(ctxs.iter().map(|ctx| recertification::open(&desk.app, ctx))).await;
        assert_eq!(opened.iter().filter(|done| done.is_ok()).count(), 1, "{opened:?}");
    }

    async fn nobody_decides_on_more_than_they_may_or_on_what_they_made(desk: Desk) {
        let office = manager(&desk).await;
        let new = |name: &str| NewToken { name: name.to_owned(), scopes: Permissions::of(&[Permission::TicketsRead]), queues: Queues::All, expires_at: None };
        let (token, secret) = staff::create_token(&desk.app, &office, new("lab")).await.unwrap();
        let old = NewToken { expires_at: Some(desk.app.now().plus_seconds(1)), ..new("old") };
        staff::create_token(&desk.app, &office, old).await.unwrap();
        desk.clock.advance(2);
        let client = Client::new(&desk.app, Some(secret));
        client.get("/api/v1/tickets").await.expect(200);
        let round = open(&desk).await;
        let all = lines(&desk, round).await;
        assert!(all.iter().any(|line| line.facts.name == "lab" && line.facts.last.is_some()));
        assert!(all.iter().all(|line| line.facts.name != "old"), "what works no more is not looked at");
        let office_id = office.actor.staff().unwrap();
        for (id, decision, expected) in [
            (desk.id_of(Role::Administrator), Decision::Keep, "forbidden"),
            (desk.id_of(Role::Nurse), Decision::Take, "forbidden"),
            (office_id, Decision::Keep, "own_access"),
            (desk.id_of(Role::Agent), Decision::Suspended, "required"),
            (desk.id_of(Role::Agent), Decision::Keep, "done"),
        ] {
            assert_eq!(code(&says(&desk, &office, (round, id), decision).await), expected);
        }
        let subject = SubjectId::from_bytes(token.bytes());
        let of_token = Asked { round, subject, version: "1".to_owned() };
        let own = recertification::decide(&desk.app, &office, of_token.clone(), Decision::Take).await;
        assert_eq!(code(&own), "own_access");
        for by in [desk.ctx(Role::Agent), desk.ctx(Role::Supervisor)] {
            let done = recertification::decide(&desk.app, &by, of_token.clone(), Decision::Take).await;
            assert_eq!(code(&done), "forbidden");
        }
        let officer = desk.ctx(Role::Compliance);
        let changed = recertification::decide(&desk.app, &officer, of_token.clone(), Decision::Change).await;
        assert_eq!(code(&changed), "required");
        recertification::decide(&desk.app, &officer, of_token, Decision::Take).await.unwrap();
        client.get("/api/v1/tickets").await.expect(401);
        // The last administrator is confirmed by whoever watches over privacy, and taken away by nobody.
        let admin = desk.id_of(Role::Administrator);
        assert!(line_of(&desk, round, admin).await.only_administrator);
        assert_eq!(code(&says(&desk, &desk.ctx(Role::Administrator), (round, admin), Decision::Keep).await), "own_access");
        assert_eq!(code(&says(&desk, &officer, (round, admin), Decision::Take).await), "last_administrator");
        assert_eq!(code(&says(&desk, &officer, (round, admin), Decision::Keep).await), "done");
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "access.decide" && entry.outcome == "denied" && entry.actor_id == office_id.to_string()));
    }

    async fn who_joins_comes_in_who_leaves_is_marked_and_what_nobody_confirmed_is_told(desk: Desk) {
        let round = open(&desk).await;
        assert_eq!(lines(&desk, round).await.len(), 8);
        let office = manager(&desk).await;
        staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Billing)).await.unwrap();
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(lines(&desk, round).await.len(), 9);
        assert_eq!(code(&says(&desk, &desk.ctx(Role::Compliance), (round, desk.id_of(Role::Billing)), Decision::Keep).await), "ended");
        assert_eq!(code(&says(&desk, &desk.ctx(Role::Compliance), (round, desk.id_of(Role::Agent)), Decision::Keep).await), "done");
        assert_eq!(code(&says(&desk, &desk.ctx(Role::Compliance), (round, desk.id_of(Role::Partner)), Decision::Change).await), "done");
        let reminded = async || rounds(&desk, desk.organisation).await[0].reminded;
        for (days, times) in [(13, 0), (1, 1), (4, 1), (1, 2)] {
            desk.clock.advance(days * DAY);
            recertification::hourly(&desk.app).await.unwrap();
            recertification::hourly(&desk.app).await.unwrap();
            assert_eq!(reminded().await, times, "after {days} more days");
        }
        desk.clock.advance(2 * DAY);
        recertification::hourly(&desk.app).await.unwrap();
        let all = lines(&desk, round).await;
        let of = |id: StaffId| all.iter().find(|line| line.subject.uuid() == id.uuid()).unwrap().decided.unwrap().0;
        assert_eq!(of(desk.id_of(Role::Agent)), Decision::Keep);
        assert_eq!(of(desk.id_of(Role::Billing)), Decision::Ended);
        // What was to be changed and was not counts as confirmed by nobody.
        assert_eq!(of(desk.id_of(Role::Partner)), Decision::Unconfirmed);
        // Who said that it is to be changed is not who left it unconfirmed.
        let partner = line_of(&desk, round, desk.id_of(Role::Partner)).await;
        assert_eq!(partner.decided.unwrap().1, None);
        assert_eq!(of(office.actor.staff().unwrap()), Decision::Unconfirmed);
        assert!(all.iter().all(|line| line.decided.is_some()));
        // Told, and nobody was locked out for it.
        desk.browser(Role::Nurse).await.get("/inbox").await.expect(200);
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "access.close" && entry.detail.contains("\"unconfirmed\":7")), "{log:?}");
        // The next round tells what is different from this one.
        let next = open(&desk).await;
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.permissions = role.permissions.with(Permission::AuditRead);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let agent = line_of(&desk, next, desk.id_of(Role::Agent)).await;
        assert_eq!(agent.changes, [recertification::Change::More]);
        assert_eq!(line_of(&desk, next, desk.id_of(Role::Nurse)).await.changes, []);
    }

    async fn a_clinic_may_lock_out_whom_nobody_confirmed(desk: Desk) {
        orgs::change(&desk.app, &desk.system(), access(&desk, |rules| (rules.suspend, rules.days) = (true, 7))).await.unwrap();
        let nurse = desk.browser(Role::Nurse).await;
        let client = desk.client("tickets:read").await;
        client.get("/api/v1/tickets").await.expect(200);
        let round = open(&desk).await;
        assert_eq!(code(&says(&desk, &desk.ctx(Role::Compliance), (round, desk.id_of(Role::Agent)), Decision::Keep).await), "done");
        desk.clock.advance(7 * DAY);
        recertification::hourly(&desk.app).await.unwrap();
        nurse.get("/inbox").await.expect(401);
        client.get("/api/v1/tickets").await.expect(401);
        let shown = recertification::read(&desk.app, &desk.system(), round).await.unwrap().lines;
        let of = |id: StaffId| shown.iter().find(|line| line.subject.uuid() == id.uuid()).unwrap().decided.unwrap().0;
        assert_eq!(of(desk.id_of(Role::Agent)), Decision::Keep);
        assert_eq!(of(desk.id_of(Role::Nurse)), Decision::Suspended);
        // Somebody has to be left who can set the desk up.
        assert_eq!(of(desk.id_of(Role::Administrator)), Decision::Unconfirmed);
        desk.browser(Role::Administrator).await.get("/inbox").await.expect(200);
        desk.audit_is_whole().await;
    }

    async fn what_is_to_be_changed_waits_until_it_is_or_is_kept_after_all(desk: Desk) {
        let round = open(&desk).await;
        let (officer, admin) = (desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
        let (agent, partner) = (desk.id_of(Role::Agent), desk.id_of(Role::Partner));
        assert_eq!(code(&says(&desk, &admin, (round, desk.id_of(Role::Nurse)), Decision::Change).await), "done");
        assert_eq!(told(&desk, "access_change").await, 0, "whoever says it does it");
        let next = async |who, what| says(&desk, &officer, (round, who), what).await;
        assert_eq!(code(&next(desk.id_of(Role::Nurse), Decision::Keep).await), "done");
        // Whoever manages the staff hears of the first one.
        for who in [partner, agent] {
            assert_eq!(code(&next(who, Decision::Change).await), "done");
            assert_eq!(told(&desk, "access_change").await, 1);
        }
        assert_eq!(code(&next(partner, Decision::Change).await), "decided");
        keep_all(&desk, round).await;
        // It keeps the round open, on the page as well, and those who decide are reminded of it.
        assert_eq!(code(&recertification::close(&desk.app, &officer, round).await), "rows_wait");
        let page = desk.browser(Role::Administrator).await.get(&format!("/privacy/access/{round}")).await.expect(200).text();
        assert!(page.contains("2 wait for a decision") && page.contains("To be changed") && page.contains("Change it now"), "{page}");
        assert_eq!(page.matches("/take\"").count(), 2, "{page}");
        assert!(!page.contains("Close the round"), "{page}");
        desk.clock.advance(14 * DAY);
        recertification::hourly(&desk.app).await.unwrap();
        assert_eq!(rounds(&desk, desk.organisation).await[0].reminded, 1);
        assert!(told(&desk, "access_round_ends").await > 0);
        // One is kept after all, one is changed: then nobody decides on it anew.
        assert_eq!(code(&says(&desk, &admin, (round, partner), Decision::Keep).await), "done");
        assert_eq!(code(&says(&desk, &officer, (round, partner), Decision::Take).await), "decided");
        let kept = line_of(&desk, round, partner).await.decided.unwrap();
        assert_eq!((kept.0, kept.1), (Decision::Keep, admin.actor.staff()));
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.permissions = role.permissions.with(Permission::AuditRead);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        assert_eq!(code(&says(&desk, &officer, (round, agent), Decision::Keep).await), "decided");
        recertification::close(&desk.app, &officer, round).await.unwrap();
        desk.audit_is_whole().await;
    }

    async fn where_nobody_else_may_decide_nothing_is_taken_and_nobody_is_asked(desk: Desk) {
        let lone = neighbour(&desk, "America/New_York").await;
        let (me, client) = alone(&desk, lone).await;
        let system = Ctx::system(lone, "test", Source::Job);
        orgs::change(&desk.app, &system, access_in(&desk, lone, |rules| (rules.suspend, rules.days) = (true, 21))).await.unwrap();
        let first = recertification::open(&desk.app, &me).await.unwrap();
        let all = async |round| recertification::read(&desk.app, &me, round).await.unwrap().lines;
        assert_eq!(all(first).await.iter().filter(|line| line.alone && line.waits).count(), 2);
        for (days, what) in [(15, "access_round_ends"), (5, "access_round_ends"), (1, "access_unconfirmed")] {
            desk.clock.advance(days * DAY);
            recertification::hourly(&desk.app).await.unwrap();
            assert_eq!((told(&desk, "access_round").await, told(&desk, what).await), (0, 0), "after {days} more days");
        }
        assert!(rounds(&desk, lone).await[0].closed_at.is_some());
        for line in all(first).await {
            let (decision, by, _) = line.decided.unwrap();
            assert_eq!((decision, by), (Decision::Alone, None), "{}", line.facts.name);
        }
        client.get("/api/v1/tickets").await.expect(200);
        // By hand it can be closed at once; with a colleague who may, it waits for them.
        let second = recertification::open(&desk.app, &me).await.unwrap();
        recertification::close(&desk.app, &me, second).await.unwrap();
        let new = NewStaff {
            email: "second@clinic.example".to_owned(),
            name: "Sam Second".to_owned(),
            role: Role::Compliance.code().to_owned(),
            locale: Locale::En,
        };
        staff::create(&desk.app, &system, new).await.unwrap();
        let third = recertification::open(&desk.app, &me).await.unwrap();
        assert_eq!(told(&desk, "access_round").await, 1, "not whoever opened it");
        assert!(all(third).await.iter().all(|line| !line.alone));
        assert_eq!(code(&recertification::close(&desk.app, &me, third).await), "rows_wait");
        client.get("/api/v1/tickets").await.expect(200);
    }

    async fn rounds_of_another_organisation_are_nowhere(desk: Desk) {
        let theirs = neighbour(&desk, "America/New_York").await;
        let ctx = Ctx::system(theirs, "test", Source::Job);
        let round = recertification::open(&desk.app, &ctx).await.unwrap();
        assert!(rounds(&desk, desk.organisation).await.is_empty());
        let officer = desk.browser(Role::Compliance).await;
        officer.get(&format!("/privacy/access/{round}")).await.expect(404);
        officer.get(&format!("/privacy/access/{round}/csv")).await.expect(404);
        officer.submit("/privacy/access", &format!("/privacy/access/{round}/close"), &[]).await.expect(404);
        let mine = open(&desk).await;
        let nurse = line_of(&desk, mine, desk.id_of(Role::Nurse)).await;
        let way = format!("/privacy/access/{round}/{}/take", nurse.subject);
        officer.submit("/privacy/access", &way, &[("version", &nurse.version.unwrap())]).await.expect(404);
        desk.browser(Role::Nurse).await.get("/inbox").await.expect(200);
        assert!(rounds(&desk, theirs).await[0].closed_at.is_none());
    }
}
