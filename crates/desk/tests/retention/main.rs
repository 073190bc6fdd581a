//! What goes by age: a preview that is kept, nothing within its period, under a hold or of the young, and an account of it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod kept;
mod kinds;
mod people;

use bedside_db::{Timestamp, args, statements};
use bedside_desk::config;
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::intake::email;
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::retention::{self, Period, Record, WAIT, When, Wish};
use bedside_desk::{jobs, orgs, search, startup, tickets};
use common::canaries::found;
use common::opened::everything;
use common::{Desk, Role, both_engines, csrf_token};
use futures_util::FutureExt;
use serde_json::json;

const DAY: i64 = 24 * 3600;

statements! {
    /// Has a request be done since an instant.
    DONE = "UPDATE tickets SET status = 'closed', active = 0, updated_at = $3 WHERE organisation_id = $1 AND id = $2";
    /// Has every mail be of an instant.
    CAME = "UPDATE inbound_mails SET received_at = $2 WHERE organisation_id = $1";
    /// Whether the words of a request went.
    EMPTIED = "SELECT emptied_at FROM tickets WHERE organisation_id = $1 AND id = $2";
    /// Rows of messages, and of mails.
    ROWS = "SELECT (SELECT COUNT(*) FROM messages WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM inbound_mails WHERE organisation_id = $1)";
    /// Keys.
    KEYS = "SELECT COUNT(*) FROM data_keys WHERE organisation_id = $1";
}

async fn done_since(desk: &Desk, ticket: TicketId, at: Timestamp) {
    let organisation = desk.organisation;
    let changed = desk.app.db.write::<_, DeskError, _>(move |tx| {
        async move { Ok(tx.execute(DONE, args![organisation, ticket, at]).await?) }.boxed()
    });
    assert_eq!(changed.await.unwrap(), 1);
}

async fn is_gone(desk: &Desk, ticket: TicketId) -> bool {
    let mut conn = desk.app.read_newest().await.unwrap();
    let args = args![desk.organisation, ticket];
    let at: Option<Timestamp> = conn
        .query_one(EMPTIED, args, |row| row.get(0))
        .await
        .unwrap();
    at.is_some()
}

async fn rows(desk: &Desk) -> (i64, i64) {
    let mut conn = desk.app.read_newest().await.unwrap();
    let read = |row: &bedside_db::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    conn.query_one(ROWS, args![desk.organisation], read)
        .await
        .unwrap()
}

async fn keys(desk: &Desk) -> i64 {
    let mut conn = desk.app.read_newest().await.unwrap();
    conn.query_one(KEYS, args![desk.organisation], |row| row.get(0))
        .await
        .unwrap()
}

async fn patient(desk: &Desk, name: &str, born: Option<&str>, address: &str) -> PatientId {
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: born.map(str::to_owned),
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, address.to_owned())];
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

const fn period(days: i64) -> Period {
    Period { days, age: 18 }
}

/// Looks, decides, and waits until it counts.
async fn switch_on(desk: &Desk, record: Record, period: Period) {
    let boss = desk.ctx(Role::Compliance);
    let (rule, _) = retention::look(&desk.app, &boss, record, period)
        .await
        .unwrap();
    let wish = Wish::After(period);
    let when = retention::decide(&desk.app, &boss, record, wish, rule.version)
        .await
        .unwrap();
    assert!(matches!(when, When::Later(_)));
    retention::daily(&desk.app).await.unwrap();
    assert!(
        runs(desk).await.is_empty(),
        "nothing counts before a day is over"
    );
    desk.clock.advance(WAIT);
}

/// What each run did: went, held, young, and whether its signature is right.
async fn runs(desk: &Desk) -> Vec<(u64, u64, u64, bool)> {
    let (runs, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None)
        .await
        .unwrap();
    let told = |run: &retention::Run| {
        let proven = retention::is_proven(&desk.app, run).unwrap();
        (run.told.records, run.told.held, run.told.young, proven)
    };
    runs.iter().map(told).collect()
}

fn code<T: std::fmt::Debug>(done: Result<T, DeskError>) -> &'static str {
    match done.unwrap_err() {
        DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
        DeskError::Stale { .. } => "stale",
        DeskError::Forbidden => "forbidden",
        other => panic!("{other:?}"),
    }
}

/// Numbers that look like chance, always the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % most).unwrap()
    }
}

both_engines! {
    async fn what_a_preview_counts_is_what_goes_and_nothing_else(desk: Desk) {
        let held = patient(&desk, "Held", Some("1950-01-01"), "held@patient.example").await;
        patient(&desk, "Young", Some("2015-06-01"), "young@patient.example").await;
        patient(&desk, "Unknown", None, "unknown@patient.example").await;
        patient(&desk, "Old", Some("1950-01-01"), "old@patient.example").await;
        erasure::place(&desk.app, &desk.ctx(Role::Compliance), held, HoldReason::Audit, "", None).await.unwrap();
        // A rule of 100 days, decided one day from now: what counts then is `now`.
        let now = desk.app.now().plus_seconds(WAIT);
        let (mut chance, mut all) = (Chance(7), Vec::new());
        let people = ["held", "young", "unknown", "old", "stranger"];
        for number in 0..40 {
            let who = people[usize::try_from(chance.below(5)).unwrap()];
            // Around the edge to the second, and far from it; over both changes of clocks of a year.
            let age = match number % 4 {
                0 => 100 * DAY + chance.below(3) - 1,
                1 => chance.below(100) * DAY,
                2 => (95 + chance.below(10)) * DAY + chance.below(86_400),
                _ => chance.below(800) * DAY,
            };
            let ticket = desk.ticket(&format!("{who}@patient.example"), "Hello", "Words.").await;
            let is_open = number % 9 == 8;
            if !is_open {
                done_since(&desk, ticket, now.plus_seconds(-age)).await;
            }
            all.push((ticket, who, age, is_open));
        }
        switch_on(&desk, Record::Requests, period(100)).await;
        assert_eq!(desk.app.now(), now);
        let rules = retention::list(&desk.app, &desk.ctx(Role::Compliance)).await.unwrap();
        let (_, offered) = rules.iter().find(|(rule, _)| rule.record == Record::Requests).unwrap();
        assert_eq!(offered.today, 0, "what ships is ten years");
        let (_, preview) = retention::look(&desk.app, &desk.ctx(Role::Compliance), Record::Requests, period(100)).await.unwrap();
        retention::daily(&desk.app).await.unwrap();
        let (mut goes, mut kept, mut young) = (0, 0, 0);
        for (ticket, who, age, is_open) in all {
            let is_old = age > 100 * DAY && !is_open;
            let expected = is_old && ["old", "stranger"].contains(&who);
            assert_eq!(is_gone(&desk, ticket).await, expected, "{who} {age} {is_open}");
            goes += u64::from(expected);
            kept += u64::from(is_old && who == "held");
            young += u64::from(is_old && ["young", "unknown"].contains(&who));
        }
        assert!(goes > 3 && kept > 1 && young > 1, "{goes} {kept} {young}");
        assert_eq!((preview.today, preview.held, preview.young, preview.more), (goes, kept, young, false));
        assert_eq!(runs(&desk).await, [(goes, kept, young, true)]);
        // The same day nothing runs again, and the next nothing is left.
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await.len(), 1);
        let (_, preview) = retention::look(&desk.app, &desk.ctx(Role::Compliance), Record::Requests, period(100)).await.unwrap();
        assert_eq!((preview.today, preview.span), (0, None));
        desk.audit_is_whole().await;
    }

    async fn a_run_that_is_killed_goes_on_and_counts_right(desk: Desk) {
        let long_ago = desk.app.now().plus_seconds(-200 * DAY);
        let mut all = Vec::new();
        for number in 0..30 {
            let ticket = desk.ticket(&format!("p{number}@patient.example"), "Hello", "Words.").await;
            done_since(&desk, ticket, long_ago).await;
            all.push(ticket);
        }
        let open = desk.ticket("open@patient.example", "Hello", "Words.").await;
        switch_on(&desk, Record::Requests, period(100)).await;
        let ctx = Ctx::system(desk.organisation, "retention", Source::Job);
        // The first look has the decision count, without going on.
        assert!(!retention::advance(&desk.app, &ctx, Record::Requests).await.unwrap());
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await, [(30, 0, 0, true)]);
        // A second batch of old ones a day later, of which a kill leaves a part.
        for number in 0..30 {
            let ticket = desk.ticket(&format!("q{number}@patient.example"), "Hello", "Words.").await;
            done_since(&desk, ticket, long_ago).await;
            all.push(ticket);
        }
        desk.clock.advance(DAY);
        assert!(retention::advance(&desk.app, &ctx, Record::Requests).await.unwrap(), "it begins");
        assert!(retention::advance(&desk.app, &ctx, Record::Requests).await.unwrap(), "a part goes");
        let (newest, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        assert_eq!((newest[0].told.records, newest[0].note.is_none()), (25, true));
        // Whoever comes after the kill goes on, hours later too.
        desk.clock.advance(5 * 3600);
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await, [(30, 0, 0, true), (30, 0, 0, true)]);
        for ticket in all {
            assert!(is_gone(&desk, ticket).await);
        }
        assert!(!is_gone(&desk, open).await);
        // What was decided otherwise ends a run, and nothing more goes.
        desk.clock.advance(DAY);
        assert!(retention::advance(&desk.app, &ctx, Record::Requests).await.unwrap());
        let boss = desk.ctx(Role::Compliance);
        let rule = retention::one(&desk.app, &boss, Record::Requests).await.unwrap();
        retention::decide(&desk.app, &boss, Record::Requests, Wish::Off, rule.version).await.unwrap();
        retention::daily(&desk.app).await.unwrap();
        let (newest, _) = retention::runs(&desk.app, &boss, None).await.unwrap();
        assert!(newest[0].told.cut_short && newest.len() == 3);
        desk.audit_is_whole().await;
    }

    async fn what_went_is_found_nowhere_and_does_not_come_back_from_the_mailbox(desk: Desk) {
        let client = desk.client(&Permissions::ALL.codes()).await;
        let raw = "From: <kestrelmail@patient.example>\r\nTo: help@clinic.example\r\nSubject: About oriolebird\r\n\
            Message-ID: <once@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nI am zebrafinch.\r\n";
        let read = async |via| {
            let source = email::Source::new(via);
            email::receive(&desk.app, desk.organisation, None, source, raw.as_bytes()).await.unwrap();
            email::processor::drain(&desk.app).await.unwrap();
        };
        read(email::Via::Receiver).await;
        let active = async || tickets::list(&desk.app, &desk.system(), &tickets::View::Active, None, 100).await.unwrap().rows;
        let ticket = active().await[0].ticket.id;
        client.post(&format!("/api/v1/tickets/{ticket}/notes"), &json!({ "body": "quailnote" })).await.expect(201);
        jobs::drain(&desk.app).await.ok();
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let finds = async |word: &str| {
            let answer = client.post("/api/v1/search", &json!({ "q": word })).await.expect(200).json();
            !answer["items"].as_array().unwrap().is_empty()
        };
        assert!(finds("zebrafinch").await && finds("quailnote").await);
        done_since(&desk, ticket, desk.app.now().plus_seconds(-120 * DAY)).await;
        switch_on(&desk, Record::Requests, period(90)).await;
        let before = keys(&desk).await;
        retention::daily(&desk.app).await.unwrap();
        assert!(is_gone(&desk, ticket).await);
        assert_eq!(rows(&desk).await, (0, 0));
        // The mail's key went; what has to stay without words has one that seals nothing else.
        assert_eq!(keys(&desk).await, before);
        jobs::drain(&desk.app).await.ok();
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        for word in ["zebrafinch", "oriolebird", "quailnote"] {
            assert!(!finds(word).await, "{word}");
        }
        let left = found(&everything(&desk).await, &["zebrafinch", "oriolebird", "quailnote"]);
        assert!(left.is_empty(), "{left:?}");
        for via in [email::Via::Receiver, email::Via::Import] {
            read(via).await;
            assert!(active().await.is_empty(), "it still lies in the mailbox");
        }
        let (runs, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        let destroyed = &runs[0].told.destroyed;
        assert_eq!((destroyed["tickets"], destroyed["messages"], destroyed["inbound_mails"]), (1, 2, 1));
        // Another desk's word, or one that was changed, is no proof.
        let mut changed = runs[0].clone();
        changed.text = changed.text.replace("\"records\":1", "\"records\":0");
        assert_ne!(changed.text, runs[0].text);
        assert!(!retention::is_proven(&desk.app, &changed).unwrap());
    }

    async fn a_raw_mail_goes_and_its_message_stays(desk: Desk) {
        let raw = "From: <rosa@patient.example>\r\nTo: help@clinic.example\r\nSubject: Refill\r\n\
            Message-ID: <raw@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nPlease send marzipan.\r\n";
        let source = email::Source::new(email::Via::Receiver);
        email::receive(&desk.app, desk.organisation, None, source, raw.as_bytes()).await.unwrap();
        email::processor::drain(&desk.app).await.unwrap();
        let organisation = desk.organisation;
        let at = desk.app.now().plus_seconds(-60 * DAY);
        let came = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute(CAME, args![organisation, at]).await?) }.boxed()
        });
        assert_eq!(came.await.unwrap(), 1);
        switch_on(&desk, Record::RawMails, Period { days: 30, age: 0 }).await;
        let before = keys(&desk).await;
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(rows(&desk).await, (1, 0));
        assert_eq!(keys(&desk).await, before - 1);
        let row = tickets::list(&desk.app, &desk.system(), &tickets::View::Active, None, 10).await.unwrap().rows[0].ticket.id;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let shown = client.get(&format!("/api/v1/tickets/{row}/messages")).await.expect(200).text();
        assert!(shown.contains("marzipan"));
    }

    async fn a_decision_needs_a_look_waits_a_day_and_can_be_taken_back(desk: Desk) {
        let (app, boss) = (&desk.app, desk.ctx(Role::Compliance));
        let record = Record::Drafts;
        let ten = Period { days: 10, age: 0 };
        assert_eq!(code(retention::decide(app, &boss, record, Wish::After(ten), 0).await), "not_seen");
        let (rule, _) = retention::look(app, &boss, record, ten).await.unwrap();
        // Somebody else's look, another period's, and one of long ago are none.
        assert_eq!(code(retention::decide(app, &desk.ctx(Role::Administrator), record, Wish::After(ten), rule.version).await), "not_seen");
        let nine = Wish::After(Period { days: 9, age: 0 });
        assert_eq!(code(retention::decide(app, &boss, record, nine, rule.version).await), "not_seen");
        assert_eq!(code(retention::decide(app, &boss, record, Wish::After(ten), rule.version - 1).await), "stale");
        desk.clock.advance(3600);
        assert_eq!(code(retention::decide(app, &boss, record, Wish::After(ten), rule.version).await), "not_seen");
        let (rule, _) = retention::look(app, &boss, record, ten).await.unwrap();
        let when = retention::decide(app, &boss, record, Wish::After(ten), rule.version).await.unwrap();
        assert_eq!(when, When::Later(app.now().plus_seconds(WAIT)));
        desk.clock.advance(WAIT - 1);
        retention::daily(app).await.unwrap();
        let rule = retention::one(app, &boss, record).await.unwrap();
        assert!(!rule.active && rule.next.is_some());
        retention::take_back(app, &desk.ctx(Role::Administrator), record, rule.version).await.unwrap();
        desk.clock.advance(2);
        retention::daily(app).await.unwrap();
        let rule = retention::one(app, &boss, record).await.unwrap();
        assert!(!rule.active && rule.next.is_none());
        switch_on(&desk, record, ten).await;
        retention::daily(app).await.unwrap();
        let rule = retention::one(app, &boss, record).await.unwrap();
        assert!(rule.active && rule.period == ten);
        // Longer counts at once and needs no look; shorter waits again.
        let twenty = Wish::After(Period { days: 20, age: 0 });
        assert_eq!(retention::decide(app, &boss, record, twenty, rule.version).await.unwrap(), When::Now);
        let rule = retention::one(app, &boss, record).await.unwrap();
        assert_eq!(code(retention::decide(app, &boss, record, Wish::After(ten), rule.version).await), "not_seen");
        for days in [0, -1, 6, 1_000_000_000, i64::MAX, i64::MIN] {
            let bad = Period { days, age: 0 };
            let expected = if days < 7 { "below_minimum" } else { "out_of_range" };
            assert_eq!(code(retention::look(app, &boss, record, bad).await), expected);
            assert_eq!(code(retention::decide(app, &boss, record, Wish::After(bad), rule.version).await), expected);
        }
        for kind in [Record::Identity, Record::PrivacyRequests, Record::Disclosures] {
            let short = Period { days: 6 * 365, age: 30 };
            assert_eq!(code(retention::look(app, &boss, kind, short).await), "below_minimum", "the law's six years");
        }
        for age in [0, 17, 41] {
            assert_eq!(code(retention::look(app, &boss, Record::Requests, Period { days: 400, age }).await), "out_of_range");
        }
        for role in [Role::Agent, Role::Nurse, Role::Supervisor] {
            let who = desk.ctx(role);
            assert_eq!(code(retention::list(app, &who).await), "forbidden");
            assert_eq!(code(retention::look(app, &who, record, ten).await), "forbidden");
            assert_eq!(code(retention::decide(app, &who, record, Wish::Off, rule.version).await), "forbidden");
            assert_eq!(code(retention::take_back(app, &who, record, rule.version).await), "forbidden");
            assert_eq!(code(retention::runs(app, &who, None).await.map(|_| ())), "forbidden");
        }
        // Nobody does it in the desk's own name.
        assert_eq!(code(retention::decide(app, &desk.system(), record, Wish::Off, rule.version).await), "forbidden");
    }

    async fn another_clinic_keeps_its_own(desk: Desk) {
        let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
        let new = config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, desk.app.now());
        let neighbour = orgs::create(&desk.app, new).await.unwrap();
        let ticket = desk.ticket("rosa@patient.example", "Hello", "Words.").await;
        done_since(&desk, ticket, desk.app.now().plus_seconds(-200 * DAY)).await;
        switch_on(&desk, Record::Requests, period(100)).await;
        let theirs = Ctx::system(neighbour, "retention", Source::Job);
        assert!(!retention::advance(&desk.app, &theirs, Record::Requests).await.unwrap());
        retention::daily(&desk.app).await.unwrap();
        assert!(is_gone(&desk, ticket).await);
        let (mine, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        assert_eq!(mine.len(), 1);
        assert!(retention::run(&desk.app, &theirs, mine[0].told.id).await.is_err());
    }

    async fn the_pages_lead_through_a_look_and_a_decision(desk: Desk) {
        let officer = desk.browser(Role::Compliance).await;
        let page = officer.get("/privacy/retention").await.expect(200).text();
        assert!(page.contains("Requests that are done") && page.contains("45 CFR 164.316(b)(2)(i)"), "{page}");
        let one = officer.get("/privacy/retention/drafts").await.expect(200).text();
        let token = csrf_token(&one);
        let post = async |end: &str, fields: &[(&str, &str)]| {
            let fields = [&[("csrf_token", &*token)], fields].concat();
            officer.post(&format!("/privacy/retention/drafts{end}"), &fields).await
        };
        for days in ["0", "1000000000", "6", "ten", "", "99999999999999999999"] {
            let page = post("/look", &[("days", days)]).await.expect(422).text();
            assert!(page.contains("error-summary"), "{days}");
        }
        post("", &[("days", "10"), ("version", "0")]).await.expect(409);
        let looked = post("/look", &[("days", "10")]).await.expect(200).text();
        assert!(looked.contains("Nothing would go today") && looked.contains("Have them go"), "{looked}");
        post("", &[("days", "10"), ("version", "0")]).await.expect(412);
        let done = post("", &[("days", "10"), ("version", "1")]).await.expect(303);
        assert_eq!(done.header("location"), Some("/privacy/retention"));
        let page = officer.get("/privacy/retention").await.expect(200).text();
        assert!(page.contains("Take it back"), "{page}");
        post("/keep", &[("version", "2")]).await.expect(303);
        let page = officer.get("/privacy/retention").await.expect(200).text();
        assert!(!page.contains("Take it back"), "{page}");
        officer.get("/privacy/retention/nothing").await.expect(404);
        switch_on(&desk, Record::Drafts, Period { days: 10, age: 0 }).await;
        retention::daily(&desk.app).await.unwrap();
        let officer = desk.browser(Role::Compliance).await;
        let list = officer.get("/privacy/retention/runs").await.expect(200).text();
        assert!(list.contains("nothing went"), "{list}");
        let (all, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        let way = format!("/privacy/retention/runs/{}", all[0].told.id);
        let page = officer.get(&way).await.expect(200).text();
        assert!(page.contains("The signature is this desk") && page.contains("/retention"), "{page}");
        let file = officer.get(&format!("{way}/file")).await.expect(200).json();
        assert_eq!(file["account"], all[0].text);
        desk.browser(Role::Agent).await.get(&way).await.expect(403);
    }

    async fn a_hold_is_placed_and_taken_away_on_the_patients_page(desk: Desk) {
        let rosa = patient(&desk, "Rosa Alvarez", None, "rosa@patient.example").await;
        let officer = desk.browser(Role::Compliance).await;
        let page = desk.browser(Role::Administrator).await.get(&format!("/patients/{rosa}")).await.expect(200).text();
        let way = format!("/patients/{rosa}/holds");
        assert!(page.contains(&way));
        let token = csrf_token(&officer.get(&way).await.expect(200).text());
        let place = async |reason: &str, until: &str, words: &str| {
            let fields = [("csrf_token", &*token), ("hold_reason", reason), ("hold_until", until), ("hold_words", words)];
            officer.post(&way, &fields).await
        };
        for (reason, until) in [("", ""), ("litigation", "yesterday"), ("litigation", "2020-01-01")] {
            let page = place(reason, until, "kept words").await.expect(422).text();
            assert!(page.contains("kept words") && page.contains("error-summary"), "{page}");
        }
        place("litigation", "", &"x".repeat(2001)).await.expect(422);
        place("litigation", "", "A lawyer wrote.").await.expect(303);
        let holds = erasure::holds(&desk.app, &desk.ctx(Role::Compliance), rosa).await.unwrap();
        assert!(holds.len() == 1 && holds[0].words == "A lawyer wrote.");
        let page = officer.get(&way).await.expect(200).text();
        assert!(page.contains("A lawyer wrote.") && page.contains("Take it away"), "{page}");
        let id = holds[0].id.to_string();
        officer.post(&format!("{way}/release"), &[("csrf_token", &token), ("hold", &id)]).await.expect(303);
        officer.post(&format!("{way}/release"), &[("csrf_token", &token), ("hold", &id)]).await.expect(404);
        let agent = desk.browser(Role::Agent).await;
        agent.get(&way).await.expect(403);
        assert!(!agent.get(&format!("/patients/{rosa}")).await.expect(200).text().contains(&way));
    }
}
