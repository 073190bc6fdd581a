//! Clocks of the law are told of before they run out, and when they have, to whoever watches over them, once each.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{DbError, FixedClock, args, statements};
use bedside_desk::context::{Ctx, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{BreachId, OrganisationId, PatientId, PrivacyRequestId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::patients::{self, NewPatient};
use bedside_desk::privacy::breaches::{self, Conclusion, Data, Duty, Facts, Part, Risk, Words};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said, blocking};
use bedside_desk::privacy::{self, NewOpening, Reason, Verdict, clocks, exceptions};
use bedside_desk::staff::{self, NewStaff};
use bedside_desk::{audit_log, config, jobs, startup};
use bedside_web::Locale;
use common::sink::{Sent, Sink, sink};
use common::{Desk, Engine, Role, both_engines};
use futures_util::FutureExt;
use jiff::civil::{Date, date};
use std::sync::Arc;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// The desk's clock stands on this day, at nine in the morning of the clinic.
const TODAY: Date = date(2026, 3, 2);

statements! {
    /// What somebody asked by law, received on what may be a day, and overdue.
    ASKED = "INSERT INTO privacy_requests (organisation_id, id, patient_id, key_id, kind, law, level, state, received_on, due_at, \
        opened_at, notes_included, version) VALUES ($1, $2, $2, $2, 'access', 'hipaa', 'l0', 'open', $3, 1, 1, 0, 1)";
    /// Takes all that was asked at a clinic away.
    CLEAR = "DELETE FROM privacy_requests WHERE organisation_id = $1";
}

/// Requests at a clinic, each received on what may be a day, instead of what was there.
async fn asked(desk: &Desk, clinic: OrganisationId, received: &[&'static str]) {
    let with_id = |day: &&'static str| (desk.app.id::<()>(), *day);
    let all: Vec<_> = received.iter().map(with_id).collect();
    let write = desk.app.db.write::<_, DbError, _>(move |tx| {
        async move {
            tx.execute(CLEAR, args![clinic]).await?;
            for (id, day) in &all {
                tx.execute(ASKED, args![clinic, *id, *day]).await?;
            }
            Ok(())
        }
        .boxed()
    });
    write.await.unwrap();
}

async fn reminded(desk: &Desk, clinic: OrganisationId) -> usize {
    let ctx = Ctx::system(clinic, "test", Source::Job);
    let log = audit_log::list(&desk.app, &ctx, None, 100).await.unwrap();
    log.iter()
        .filter(|one| one.action == "privacy.remind")
        .count()
}

async fn patient(desk: &Desk) -> PatientId {
    let new = NewPatient {
        name: "Rosa Quillfeather".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    patients::create_patient(&desk.app, &desk.system(), new, Vec::new())
        .await
        .unwrap()
}

async fn ask(desk: &Desk, kind: Kind, received_on: Date) -> PrivacyRequestId {
    let new = NewRequest {
        patient: patient(desk).await,
        kind,
        received_on,
        ticket: None,
        words: "zebrafinch".to_owned(),
    };
    requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap()
}

async fn incident(desk: &Desk) -> BreachId {
    let zone = desk
        .app
        .directory
        .of(desk.organisation)
        .unwrap()
        .time_zone
        .clone();
    let facts = Facts {
        title: "oriolebird".to_owned(),
        story: "A letter went to the wrong house.".to_owned(),
        discovered: zone.to_datetime(desk.app.now().to_jiff()),
        part: Part::Own,
        data: vec![Data::Name],
    };
    breaches::open_breach(&desk.app, &desk.ctx(Role::Compliance), facts)
        .await
        .unwrap()
}

async fn under(desk: &Desk, law: &str) {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let mut settings = clinic.settings.clone();
    law.clone_into(&mut settings.privacy_law);
    let change = Change::General {
        name: clinic.name.clone(),
        time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: clinic.version,
    };
    orgs::change(&desk.app, &desk.ctx(Role::Administrator), change)
        .await
        .unwrap();
}

/// What a look at the clocks sends. Another one right after it says nothing twice.
async fn told(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    let before = sink.sent().len();
    clocks::remind(&desk.app).await.unwrap();
    jobs::drain(&desk.app).await.unwrap();
    let told = sink.sent().split_off(before);
    clocks::remind(&desk.app).await.unwrap();
    jobs::drain(&desk.app).await.unwrap();
    assert_eq!(sink.sent().len(), before + told.len());
    told
}

/// To whom, and whether it says that it is too late.
fn heard(sent: &[Sent]) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = sent
        .iter()
        .map(|one| {
            let text = one.text();
            assert!(
                !text.contains("Rosa")
                    && !text.contains("zebrafinch")
                    && !text.contains("oriolebird"),
                "{text}"
            );
            // Words that are wrapped are on one line here.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let over = text.contains("is over.");
            assert!(
                over || text.contains("answered soon.") || text.contains("patients’ data."),
                "no time stands beside it, as if it were the end: {text}"
            );
            let name = one.to.join(" ");
            (name.trim_matches(['<', '>']).to_owned(), over)
        })
        .collect();
    all.sort();
    all
}

/// Two kinds of news that it is too late, to both.
fn twice_over() -> Vec<(String, bool)> {
    let mut all = [both(true), both(true)].concat();
    all.sort();
    all
}

fn both(over: bool) -> Vec<(String, bool)> {
    ["administrator@clinic.example", "compliance@clinic.example"]
        .map(|name| (name.to_owned(), over))
        .to_vec()
}

/// Another clinic, in which nobody works yet.
async fn neighbour(desk: &Desk) -> OrganisationId {
    let shipped = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    let (ids, now) = (&desk.app.ids, desk.app.now());
    let new = config::organisation::new_organisation(&shipped, "neighbour", ids, now);
    orgs::create(&desk.app, new).await.unwrap()
}

/// Somebody begins to work there who watches over the clocks.
async fn watcher(desk: &Desk, clinic: OrganisationId) {
    let new = NewStaff {
        email: "watcher@else.example".to_owned(),
        name: "Wren Lark".to_owned(),
        role: Role::Compliance.code().to_owned(),
        locale: Locale::En,
    };
    let ctx = Ctx::system(clinic, "test", Source::CommandLine);
    staff::create(&desk.app, &ctx, new).await.unwrap();
}

both_engines! {
    async fn a_request_by_law_is_told_of_at_half_time_three_days_before_and_when_it_is_over(desk: Desk) {
        let sink = sink(&desk).await;
        let id = ask(&desk, Kind::Access, TODAY).await;
        assert!(told(&desk, &sink).await.is_empty());
        // Received on the 2nd of March, it is due at the end of the 1st of April there.
        for (days, says) in [(15, None), (1, Some(false)), (11, None), (1, Some(false)), (2, None), (1, Some(true)), (90, None)] {
            desk.clock.advance(days * DAY);
            let sent = told(&desk, &sink).await;
            assert_eq!(heard(&sent), says.map_or_else(Vec::new, both), "{days}");
            assert!(sent.iter().all(|mail| mail.text().contains("/privacy\n") || mail.text().contains("/privacy\r\n")));
        }
        let entries = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 100).await.unwrap();
        let told_of: Vec<&str> = entries.iter().filter(|one| one.action == "privacy.remind").map(|one| one.object_id.as_str()).collect();
        let id = id.to_string();
        assert_eq!(told_of, [&*id; 3]);
        desk.audit_is_whole().await;
    }

    async fn more_time_begins_the_words_anew_and_what_is_answered_is_not_spoken_of(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let longer = ask(&desk, Kind::Amendment, TODAY).await;
        let done = ask(&desk, Kind::Restriction, TODAY).await;
        let said = Said {
            decision: Decision::Withdrawn,
            reason: String::new(),
            note: String::new(),
            with_notes: false,
        };
        requests::decide(app, &officer, done, 1, said).await.unwrap();
        requests::close(app, &officer, done, 2, TODAY).await.unwrap();
        desk.clock.advance(58 * DAY);
        assert_eq!(told(&desk, &sink).await.len(), 2);
        requests::extend(app, &officer, longer, 1, "The chart is elsewhere.", date(2026, 4, 28)).await.unwrap();
        // Half of the ninety days is over.
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        desk.clock.advance(29 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
        desk.clock.advance(DAY);
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        desk.clock.advance(3 * DAY);
        assert_eq!(heard(&told(&desk, &sink).await), both(true));
    }

    async fn what_comes_in_late_is_told_of_at_once_and_one_mail_speaks_of_all(desk: Desk) {
        let sink = sink(&desk).await;
        for _ in 0..3 {
            ask(&desk, Kind::Copy, date(2026, 2, 10)).await;
        }
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        ask(&desk, Kind::Copy, date(2026, 1, 2)).await;
        assert_eq!(heard(&told(&desk, &sink).await), both(true));
    }

    async fn the_72_hours_are_told_of_a_day_and_six_hours_before_and_when_they_are_over(desk: Desk) {
        let sink = sink(&desk).await;
        under(&desk, "gdpr").await;
        incident(&desk).await;
        assert!(told(&desk, &sink).await.is_empty());
        for (hours, says) in [(47, None), (1, Some(false)), (17, None), (1, Some(false)), (6, None), (1, Some(true)), (72, None)] {
            desk.clock.advance(hours * HOUR);
            let sent = told(&desk, &sink).await;
            assert_eq!(heard(&sent), says.map_or_else(Vec::new, both), "{hours}");
            assert!(sent.iter().all(|mail| mail.text().contains("/privacy/breaches")));
        }
    }

    async fn a_duty_that_is_done_ends_its_clock(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        under(&desk, "gdpr").await;
        let id = incident(&desk).await;
        desk.clock.advance(49 * HOUR);
        assert_eq!(told(&desk, &sink).await.len(), 2);
        breaches::done(app, &officer, (id, 1), Duty::Authority, date(2026, 3, 4)).await.unwrap();
        desk.clock.advance(60 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
        let list = desk.browser(Role::Compliance).await.get("/privacy").await.expect(200).text();
        assert!(!list.contains("past its time"), "{list}");
    }

    async fn the_navigation_says_how_many_are_past_their_time_to_whoever_sees_to_them(desk: Desk) {
        under(&desk, "gdpr").await;
        ask(&desk, Kind::Erasure, TODAY).await;
        incident(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        let before = officer.get("/privacy").await.expect(200).text();
        assert!(!before.contains("past its time"), "{before}");
        desk.clock.advance(73 * HOUR);
        clocks::remind(&desk.app).await.unwrap();
        let one = desk.browser(Role::Compliance).await.get("/privacy").await.expect(200).text();
        assert_eq!(one.matches("one is past its time").count(), 2, "as a title and in words: {one}");
        assert_eq!(one.matches("count-alert").count(), 1, "{one}");
        desk.clock.advance(40 * DAY);
        // A request's end needs no look.
        let two = desk.browser(Role::Compliance).await.get("/privacy/breaches").await.expect(200).text();
        assert_eq!(two.matches("count-alert").count(), 2, "{two}");
        let agent = desk.browser(Role::Agent).await.get("/patients").await.expect(200).text();
        assert!(!agent.contains("past its time"), "{agent}");
    }

    async fn what_cant_be_done_has_a_clock_of_ten_business_days_until_somebody_is_told_why(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = ask(&desk, Kind::Access, TODAY).await;
        let name = async |version, code: &str, on| blocking::name(app, &officer, (id, version), code, on).await;
        let refused = |done: Result<(), DeskError>| match done.unwrap_err() {
            DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(name(1, "infeasible", None).await), "invalid");
        assert_eq!(refused(name(1, "infeasibility", Some(date(2026, 3, 1))).await), "out_of_range");
        assert_eq!(refused(name(1, "infeasibility", Some(date(2026, 3, 3))).await), "out_of_range");
        assert!(matches!(name(2, "infeasibility", None).await, Err(DeskError::Stale { .. })));
        // One without a period is no clock.
        name(1, "manner", None).await.unwrap();
        desk.clock.advance(8 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
        name(2, "infeasibility", None).await.unwrap();
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/{id}")).await.expect(200).text();
        assert!(page.contains("has to be told why in writing by") && page.contains("45 CFR 171.204"), "{page}");
        // Its last day is the 16th; half of the access's own time is over on the 17th.
        desk.clock.advance(6 * DAY);
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        name(3, "infeasibility", Some(date(2026, 3, 16))).await.unwrap();
        desk.clock.advance(DAY);
        assert!(told(&desk, &sink).await.is_empty());

        let amendment = ask(&desk, Kind::Amendment, date(2026, 3, 16)).await;
        let done = blocking::name(app, &officer, (amendment, 1), "privacy", None).await;
        assert_eq!(refused(done), "no_exception");
        desk.audit_is_whole().await;
    }

    async fn the_form_names_an_exception_and_takes_it_back(desk: Desk) {
        let id = ask(&desk, Kind::Copy, TODAY).await;
        let (officer, page) = (desk.browser(Role::Compliance).await, format!("/privacy/{id}"));
        let to = format!("{page}/exception");
        let wrong = [("version", "1"), ("exception", "none of these")];
        assert!(officer.submit(&page, &to, &wrong).await.expect(422).text().contains("href=\"#exception\""));
        let fine = [("version", "1"), ("exception", "fees"), ("exception_told_on", "2026-03-02")];
        officer.submit(&page, &to, &fine).await.expect(303);
        let shown = officer.get(&page).await.expect(200).text();
        assert!(shown.contains("<strong>Fees</strong>") && shown.contains("was told why on"), "{shown}");
        officer.submit(&page, &to, &[("version", "2"), ("exception", "")]).await.expect(303);
        assert!(!officer.get(&page).await.expect(200).text().contains("<strong>Fees</strong>"));
        desk.browser(Role::Agent).await.post(&to, &fine).await.expect(403);
    }

    async fn people_who_are_to_hear_at_once_are_reminded_of_once_the_risk_is_known_to_be_high(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        under(&desk, "gdpr").await;
        let id = incident(&desk).await;
        let high = breaches::Said {
            risks: [Risk::High; 4],
            words: Words {
                factors: ["Names.", "A stranger.", "Read.", "Nothing."].map(str::to_owned),
                reasons: "It was read aloud.".to_owned(),
            },
            conclusion: Conclusion::Breach,
            exception: None,
            high_risk: true,
        };
        breaches::done(app, &officer, (id, 1), Duty::Authority, TODAY).await.unwrap();
        desk.clock.advance(30 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
        breaches::assess(app, &officer, (id, 2), high).await.unwrap();
        breaches::sign(app, &desk.ctx(Role::Administrator), (id, 3), true).await.unwrap();
        for (hours, says) in [(47, None), (1, Some(false)), (18, Some(false)), (7, Some(true)), (72, None)] {
            desk.clock.advance(hours * HOUR);
            assert_eq!(heard(&told(&desk, &sink).await), says.map_or_else(Vec::new, both), "{hours}");
        }
    }

    async fn what_was_done_past_the_rules_is_told_of_again_while_nobody_looks_at_it(desk: Desk) {
        let sink = sink(&desk).await;
        let new = NewOpening {
            patient: patient(&desk).await,
            reason: Reason::Danger,
            words: "She may be in danger tonight.".to_owned(),
        };
        let opened = privacy::open_record(&desk.app, &desk.ctx(Role::Agent), new).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        for (days, says) in [(2, false), (1, true), (3, false), (2, true), (30, false)] {
            desk.clock.advance(days * DAY);
            let sent = told(&desk, &sink).await;
            assert_eq!(!sent.is_empty(), says, "{days}");
            for mail in &sent {
                let text = mail.text();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(text.contains("for a second person to look at it") && text.contains("/reviews"), "{text}");
                assert!(!text.contains("Rosa") && !text.contains("tonight"), "{text}");
            }
        }
        let by = desk.ctx(Role::Compliance);
        let one = (exceptions::Source::Opening, opened.uuid());
        exceptions::sign_off(&desk.app, &by, one, Verdict::Justified, "").await.unwrap();
        desk.clock.advance(30 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
    }

    async fn an_incident_that_is_none_ends_its_clocks(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let (id, other) = (incident(&desk).await, incident(&desk).await);
        desk.clock.advance(40 * DAY);
        assert_eq!(heard(&told(&desk, &sink).await), both(false));
        let low = breaches::Said {
            risks: [Risk::Low; 4],
            words: Words {
                factors: ["Names.", "A colleague.", "Seen.", "Shredded."].map(str::to_owned),
                reasons: "It never left the house.".to_owned(),
            },
            conclusion: Conclusion::LowProbability,
            exception: None,
            high_risk: false,
        };
        breaches::assess(app, &officer, (id, 1), low).await.unwrap();
        breaches::sign(app, &desk.ctx(Role::Administrator), (id, 2), true).await.unwrap();
        desk.clock.advance(40 * DAY);
        assert_eq!(heard(&told(&desk, &sink).await), both(true));
        // One look when both ran, one when the other one was over.
        let entries = audit_log::list(app, &officer, None, 100).await.unwrap();
        let of = |id: BreachId| {
            let id = id.to_string();
            entries.iter().filter(|one| one.action == "privacy.remind" && one.object_id == id).count()
        };
        assert!(of(id) > 0 && of(id) < of(other), "{} {}", of(id), of(other));
    }

    async fn looks_at_the_same_moment_tell_once(desk: Desk) {
        let sink = sink(&desk).await;
        ask(&desk, Kind::Access, TODAY).await;
        desk.clock.advance(16 * DAY);
        let looks = (0..4).map(|_| clocks::remind(&desk.app));
        for look in futures_util::future::join_all(looks).await {
            look.unwrap();
        }
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(heard(&sink.sent()), both(false));
    }

    async fn a_clinic_whose_rows_cant_be_read_keeps_no_other_waiting(desk: Desk) {
        let there = neighbour(&desk).await;
        watcher(&desk, there).await;
        for (broken, well) in [(desk.organisation, there), (there, desk.organisation)] {
            asked(&desk, broken, &["soon"]).await;
            asked(&desk, well, &["2026-01-02"]).await;
            assert!(clocks::remind(&desk.app).await.is_err());
            assert_eq!(reminded(&desk, well).await, 1);
        }
        // Each stands for itself: what one was told of was no news of the other.
        assert_eq!(reminded(&desk, there).await, 1);
    }

    async fn a_row_that_cant_be_read_keeps_no_other_waiting(desk: Desk) {
        let sink = sink(&desk).await;
        asked(&desk, desk.organisation, &["soon", "2026-01-02", "2026-01-03"]).await;
        incident(&desk).await;
        desk.clock.advance(61 * DAY);
        for _ in 0..2 {
            assert!(clocks::remind(&desk.app).await.is_err(), "it is said that one can't be read");
        }
        jobs::drain(&desk.app).await.unwrap();
        // Of the requests and of the incident, to two people each, once.
        assert_eq!(heard(&sink.sent()), twice_over());
        assert!(reminded(&desk, desk.organisation).await >= 3);
    }

    async fn what_nobody_could_hear_is_told_once_somebody_can(desk: Desk) {
        let there = neighbour(&desk).await;
        asked(&desk, there, &["2026-01-02"]).await;
        clocks::remind(&desk.app).await.unwrap();
        assert_eq!(reminded(&desk, there).await, 0);
        watcher(&desk, there).await;
        for _ in 0..2 {
            clocks::remind(&desk.app).await.unwrap();
            assert_eq!(reminded(&desk, there).await, 1);
        }
    }
}

/// The clock of the second one is a day behind: to it, what the first told of has not come yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_tell_once_whatever_their_clocks_show() {
    let desk = Desk::new(Engine::Postgres).await;
    let sink = sink(&desk).await;
    ask(&desk, Kind::Access, TODAY).await;
    desk.clock.advance(16 * DAY);
    let behind = FixedClock::new(desk.app.now().plus_seconds(-DAY));
    let (other, _) = startup::open(desk.app.config.clone(), Arc::new(behind.clone()))
        .await
        .unwrap();
    for node in [&desk.app, &other, &desk.app] {
        clocks::remind(node).await.unwrap();
    }
    assert_eq!(reminded(&desk, desk.organisation).await, 1);
    desk.clock.advance(12 * DAY);
    behind.advance(13 * DAY);
    let looks = [&desk.app, &other, &desk.app, &other].map(clocks::remind);
    for look in futures_util::future::join_all(looks).await {
        look.unwrap();
    }
    jobs::drain(&desk.app).await.unwrap();
    assert_eq!(sink.sent().len(), 4, "two people, twice");
}
