//! Every kind of record goes after its own time, and nothing else does. The words of the rows are no words: nothing here opens
//! them.

use super::common::{Desk, Role, both_engines};
use super::{DAY, WAIT, done_since, is_gone, patient, runs};
use bedside_db::{Id, Timestamp, Value, args, statements};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::intake::email;
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::retention::{self, Period, Record, Wish};
use futures_util::FutureExt;

statements! {
    DRAFT = "INSERT INTO drafts (organisation_id, ticket_id, staff_id, key_id, body, note, updated_at) \
        VALUES ($1, $2, $3, $3, $4, 0, $5)";
    RATING = "INSERT INTO ratings (organisation_id, ticket_id, contact_id, queue_id, key_id, score, comment, created_at, updated_at) \
        VALUES ($1, $2, $3, $3, $3, 4, $4, $5, $5)";
    CORRECTION = "INSERT INTO corrections (organisation_id, message_id, ticket_id, found, meant, staff_id, at) \
        VALUES ($1, $2, $3, 'a', 'b', $2, $4)";
    EVIDENCE = "INSERT INTO identity_evidence (organisation_id, id, ticket_id, contact_id, patient_id, method, attested, staff_id, \
        made_at, expires_at) VALUES ($1, $2, $3, $2, $4, 'details', $5, $2, $6, $6)";
    TASK = "INSERT INTO identity_tasks (organisation_id, id, ticket_id, patient_id, kind, asked_by, asked_at, outcome) \
        VALUES ($1, $2, $3, $4, 'call', $2, $5, 'confirmed')";
    DISCLOSURE = "INSERT INTO disclosures (organisation_id, id, patient_id, key_id, basis, made_at, recipient, address, what, purpose, \
        staff_id, recorded_at) VALUES ($1, $2, $3, $2, 'law', $5, $4, $4, $4, $4, $2, $5)";
    BY_LAW = "INSERT INTO privacy_requests (organisation_id, id, patient_id, key_id, kind, law, level, state, received_on, due_at, \
        opened_at, notes_included, closed_at, version) VALUES ($1, $2, $3, $2, $4, 'hipaa', 'l2', 'closed', '2020-01-01', $5, $5, 0, \
        $5, 1)";
    OPENING = "INSERT INTO openings (organisation_id, id, staff_id, patient_id, key_id, reason, words, opened_at, until, reviewed_at) \
        VALUES ($1, $2, $2, $3, $2, 'care', $4, $5, $5, $6)";
    REVIEW = "INSERT INTO identity_reviews (organisation_id, id, ticket_id, reason, key_id, words, staff_id, at, reviewed_at) \
        VALUES ($1, $2, $3, 'emergency', $2, $4, $2, $5, $6)";
    FINDING = "INSERT INTO watch_findings (organisation_id, id, day, rule, staff_id, subject, patient_id, figures, found_at, \
        signed_at, key_id) VALUES ($1, $2, '2020-01-01', 'many', $2, '', $3, '{}', $4, $5, $2)";
    KEY = "INSERT INTO data_keys (organisation_id, id, wrapped, created_at) VALUES ($1, $2, $3, $4)";
    INCIDENT = "INSERT INTO breaches (organisation_id, id, key_id, law, part, state, discovered_at, title, story, kinds, opened_by, \
        opened_at, high_risk, closed_at, version) VALUES ($1, $2, $2, 'hipaa', 'covered', $3, $4, $5, $5, '', $2, $4, 0, $6, 1)";
    TOUCHED = "INSERT INTO breach_people (organisation_id, id, breach_id, patient_id, by_hand, seen, added_by, added_at, told) \
        VALUES ($1, $2, $3, $4, 1, '{}', $2, $5, 'mailed')";
    LETTER = "INSERT INTO breach_letters (organisation_id, id, breach_id, locale, words, written_by, written_at) \
        VALUES ($1, $2, $2, 'en', $3, $2, $4)";
    DUTY = "INSERT INTO breach_duties (organisation_id, breach_id, duty, done_on, done_by, done_at) \
        VALUES ($1, $2, 'people', '2020-01-01', $2, $3)";
    CONSENT = "INSERT INTO consents (organisation_id, id, patient_id, key_id, purpose, channel, decision, said, text_hash, locale, \
        source, at) VALUES ($1, $2, $3, $2, $4, 'email', 'given', $5, '', 'en', 'paper', $6)";
    NOTICE = "INSERT INTO notices (organisation_id, id, code, number, state, made_at, version) \
        VALUES ($1, $2, $3, $4, 'published', $5, 1)";
    TOLD = "INSERT INTO notice_acknowledgements (organisation_id, id, patient_id, notice_id, locale, text_hash, source, at) \
        VALUES ($1, $2, $3, $4, 'en', '', 'paper', $5)";
    ACTED = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, ticket_id, asked_at, state, ended_at) \
        VALUES ($1, $2, $3, $2, $2, 'parent', 'parent', 0, 0, $5, $4, $5, $6, $7)";
    HELD_ONCE = "INSERT INTO legal_holds (organisation_id, id, patient_id, key_id, reason, words, placed_by, placed_at, until, \
        released_by, released_at) VALUES ($1, $2, $3, $2, 'audit', $4, $2, $5, NULL, $2, $5)";
    /// Rows of each table, and ratings with words.
    LEFT = "SELECT (SELECT COUNT(*) FROM drafts WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM ratings WHERE organisation_id = $1 AND comment IS NOT NULL), \
        (SELECT COUNT(*) FROM corrections WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM identity_evidence WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM identity_tasks WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM disclosures WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM privacy_requests WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM openings WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM identity_reviews WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM watch_findings WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM breaches WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM breach_people WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM breach_letters WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM breach_duties WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM consents WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM notice_acknowledgements WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM representatives WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM legal_holds WHERE organisation_id = $1), \
        (SELECT COUNT(*) FROM data_keys WHERE organisation_id = $1)";
    /// Closes what was asked by law.
    CLOSE = "UPDATE privacy_requests SET state = 'closed', closed_at = $3 WHERE organisation_id = $1 AND id = $2";
    /// Contacts with an address.
    REACHED = "SELECT COUNT(*) FROM contact_points WHERE organisation_id = $1";
}

/// Tables of [`LEFT`], in its order.
const TABLES: [&str; 19] = [
    "drafts",
    "ratings",
    "corrections",
    "identity_evidence",
    "identity_tasks",
    "disclosures",
    "privacy_requests",
    "openings",
    "identity_reviews",
    "watch_findings",
    "breaches",
    "breach_people",
    "breach_letters",
    "breach_duties",
    "consents",
    "notice_acknowledgements",
    "representatives",
    "legal_holds",
    "data_keys",
];

/// The kinds that this looks at; requests, raw mails and people are looked at beside it.
const KINDS: [Record; 12] = [
    Record::Ratings,
    Record::Identity,
    Record::PrivacyRequests,
    Record::Disclosures,
    Record::Corrections,
    Record::Drafts,
    Record::Exceptions,
    Record::Findings,
    Record::Incidents,
    Record::Consents,
    Record::Representatives,
    Record::Holds,
];

async fn put(desk: &Desk, statement: bedside_db::Statement, values: &[Value<'_>]) {
    let values: Vec<Value<'static>> = values.iter().cloned().map(owned).collect();
    let done = desk.app.db.write::<_, DeskError, _>(move |tx| {
        async move { Ok(tx.execute(statement, &values).await?) }.boxed()
    });
    assert_eq!(done.await.unwrap(), 1);
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Int(value) => Value::Int(value),
        Value::Real(value) => Value::Real(value),
        Value::Text(text) => Value::Text(text.into_owned().into()),
        Value::Bytes(bytes) => Value::Bytes(bytes.into_owned().into()),
        Value::Id(id) => Value::Id(id),
    }
}

async fn left(desk: &Desk) -> Vec<i64> {
    let mut conn = desk.app.read_newest().await.unwrap();
    let read =
        |row: &bedside_db::Row<'_>| (0..TABLES.len()).map(|column| row.get(column)).collect();
    conn.query_one(LEFT, args![desk.organisation], read)
        .await
        .unwrap()
}

/// Closes what was asked by law.
pub async fn close(desk: &Desk, request: &str) {
    let id: Id<()> = request.parse().unwrap();
    put(desk, CLOSE, args![desk.organisation, id, desk.app.now()]).await;
}

/// What of a kind is put for one person: how many of it are old enough at `since`.
struct Person {
    patient: PatientId,
    ticket: TicketId,
    since: Timestamp,
}

/// Puts a record of the kind whose period began at the person's instant, and beside it what has no period that ends.
async fn record(desk: &Desk, kind: Record, of: &Person) {
    let organisation = desk.organisation;
    let id = || desk.app.id::<()>();
    let (one, none) = (id(), Vec::<u8>::new());
    let (patient, ticket, at) = (of.patient, of.ticket, of.since);
    let nobody: Option<Timestamp> = None;
    match kind {
        Record::Drafts => put(desk, DRAFT, args![organisation, ticket, one, none, at]).await,
        Record::Ratings => put(desk, RATING, args![organisation, ticket, one, none, at]).await,
        Record::Corrections => put(desk, CORRECTION, args![organisation, one, ticket, at]).await,
        Record::Identity => {
            put(
                desk,
                EVIDENCE,
                args![organisation, one, ticket, patient, none, at],
            )
            .await;
            put(desk, TASK, args![organisation, id(), ticket, patient, at]).await;
        }
        Record::Disclosures => {
            let values = args![organisation, one, patient, none, at];
            put(desk, DISCLOSURE, values).await;
        }
        Record::PrivacyRequests => {
            put(desk, BY_LAW, args![organisation, one, patient, "copy", at]).await;
            // The certificate hangs on it.
            put(
                desk,
                BY_LAW,
                args![organisation, id(), patient, "erasure", at],
            )
            .await;
        }
        Record::Exceptions => {
            put(
                desk,
                OPENING,
                args![organisation, one, patient, none, at, at],
            )
            .await;
            put(
                desk,
                REVIEW,
                args![organisation, id(), ticket, none, at, at],
            )
            .await;
            // Nobody looked at these yet.
            put(
                desk,
                OPENING,
                args![organisation, id(), patient, none, at, nobody],
            )
            .await;
            put(
                desk,
                REVIEW,
                args![organisation, id(), ticket, none, at, nobody],
            )
            .await;
        }
        Record::Findings => {
            for signed in [Some(at), nobody] {
                let one = id();
                put(desk, KEY, args![organisation, one, none, at]).await;
                put(desk, FINDING, args![organisation, one, patient, at, signed]).await;
            }
        }
        Record::Incidents => incidents(desk, of).await,
        Record::Consents => consents(desk, of).await,
        Record::Representatives => {
            // And somebody who acts for them still.
            for (state, ended) in [("ended", Some(at)), ("confirmed", nobody)] {
                let one = id();
                let values = args![organisation, one, patient, ticket, at, state, ended];
                put(desk, ACTED, values).await;
            }
        }
        Record::Holds => put(desk, HELD_ONCE, args![organisation, one, patient, none, at]).await,
        Record::Requests | Record::RawMails | Record::Contacts | Record::Patients => {
            unreachable!("looked at beside it")
        }
    }
}

/// One that is closed, and one that is not.
async fn incidents(desk: &Desk, of: &Person) {
    let (organisation, patient, at) = (desk.organisation, of.patient, of.since);
    let id = || desk.app.id::<()>();
    let (none, nobody): (_, Option<Timestamp>) = (Vec::<u8>::new(), None);
    for (state, closed) in [("closed", Some(at)), ("open", nobody)] {
        let one = id();
        put(desk, KEY, args![organisation, one, none, at]).await;
        put(
            desk,
            INCIDENT,
            args![organisation, one, state, at, none, closed],
        )
        .await;
        put(desk, TOUCHED, args![organisation, id(), one, patient, at]).await;
        put(desk, LETTER, args![organisation, one, none, at]).await;
        put(desk, DUTY, args![organisation, one, at]).await;
    }
}

/// Of two matters, one of which was said and told anew.
async fn consents(desk: &Desk, of: &Person) {
    let (organisation, patient, ticket, at) = (desk.organisation, of.patient, of.ticket, of.since);
    let id = || desk.app.id::<()>();
    let none = Vec::<u8>::new();
    let before = at.plus_seconds(-DAY);
    for (purpose, at) in [("surveys", before), ("surveys", at), ("research", before)] {
        put(
            desk,
            CONSENT,
            args![organisation, id(), patient, purpose, none, at],
        )
        .await;
    }
    let (first, second, other) = (id(), id(), id());
    let code = format!("npp-{ticket}");
    let codes = [
        (first, &*code, 1_i64),
        (second, &*code, 2),
        (other, &*code, 1),
    ];
    for (notice, code, number) in codes {
        let code = if notice == other {
            format!("{code}-other")
        } else {
            code.to_owned()
        };
        put(
            desk,
            NOTICE,
            args![organisation, notice, code, number, before],
        )
        .await;
    }
    for (notice, at) in [(first, before), (second, at), (other, before)] {
        put(desk, TOLD, args![organisation, id(), patient, notice, at]).await;
    }
}

/// What one record of a kind takes from the tables when it goes.
const fn takes(kind: Record) -> &'static [&'static str] {
    match kind {
        Record::Drafts => &["drafts"],
        Record::Ratings => &["ratings"],
        Record::Corrections => &["corrections"],
        Record::Identity => &["identity_evidence", "identity_tasks"],
        Record::Disclosures => &["disclosures"],
        Record::PrivacyRequests => &["privacy_requests"],
        Record::Exceptions => &["openings", "identity_reviews"],
        Record::Findings => &["watch_findings", "data_keys"],
        Record::Incidents => &[
            "breaches",
            "breach_people",
            "breach_letters",
            "breach_duties",
            "data_keys",
        ],
        Record::Consents => &["consents", "notice_acknowledgements"],
        Record::Representatives => &["representatives"],
        Record::Holds => &["legal_holds"],
        Record::Requests | Record::RawMails | Record::Contacts | Record::Patients => &[],
    }
}

/// Records that those are: rows that go by themselves.
const fn records(kind: Record) -> u64 {
    match kind {
        Record::Identity | Record::Exceptions | Record::Consents => 2,
        _ => 1,
    }
}

/// Switches every kind on as it ships, and waits until that counts.
pub async fn switch_all_on(desk: &Desk, kinds: &[Record]) {
    let boss = desk.ctx(Role::Compliance);
    for kind in kinds {
        let period = Period::offered(*kind);
        let (rule, _) = retention::look(&desk.app, &boss, *kind, period)
            .await
            .unwrap();
        retention::decide(&desk.app, &boss, *kind, Wish::After(period), rule.version)
            .await
            .unwrap();
    }
    retention::daily(&desk.app).await.unwrap();
    assert!(
        runs(desk).await.is_empty(),
        "nothing counts before a day is over"
    );
    desk.clock.advance(WAIT);
}

both_engines! {
    async fn every_kind_goes_after_its_own_time_and_says_what_went(desk: Desk) {
        let now = desk.app.now().plus_seconds(WAIT);
        // Who is old enough twice, with what is too new and what is old enough; somebody held; somebody young.
        let people = [("grown", "1950-01-01"), ("later", "1950-01-01"), ("held", "1950-01-01"), ("young", "2015-06-01")];
        let mut all = Vec::new();
        for (name, born) in people {
            let address = format!("{name}@patient.example");
            let patient = patient(&desk, name, Some(born), &address).await;
            all.push((name, patient, desk.ticket(&address, "Hello", "Words.").await));
        }
        let held = all[2].1;
        erasure::place(&desk.app, &desk.ctx(Role::Compliance), held, HoldReason::Litigation, "", None).await.unwrap();
        for kind in KINDS {
            let days = Period::offered(kind).days;
            for (name, patient, ticket) in &all {
                let late = if *name == "later" { 1 } else { -1 };
                let since = now.plus_seconds(late - days * DAY);
                record(&desk, kind, &Person { patient: *patient, ticket: *ticket, since }).await;
            }
        }
        let mut expected = left(&desk).await;
        switch_all_on(&desk, &KINDS).await;
        assert_eq!(desk.app.now(), now);
        let boss = desk.ctx(Role::Compliance);
        let mut promised = Vec::new();
        for kind in KINDS {
            let (_, preview) = retention::look(&desk.app, &boss, kind, Period::offered(kind)).await.unwrap();
            let by_age = kind.offer().by_age;
            let goes = records(kind) * if by_age { 1 } else { 2 };
            let young = records(kind) * u64::from(by_age);
            assert_eq!((preview.today, preview.held, preview.young), (goes, records(kind), young), "{kind:?}");
            assert_eq!(preview.soon, records(kind), "what is too new today, {kind:?}");
            promised.push((kind, goes, records(kind), young));
            for table in takes(kind) {
                let place = TABLES.iter().position(|one| one == table).unwrap();
                expected[place] -= if by_age { 1 } else { 2 };
            }
        }
        retention::daily(&desk.app).await.unwrap();
        let (told, _) = retention::runs(&desk.app, &boss, None).await.unwrap();
        assert_eq!(told.len(), KINDS.len());
        for (kind, goes, held, young) in promised {
            let run = told.iter().find(|run| run.told.record == kind).unwrap();
            assert_eq!((run.told.records, run.told.held, run.told.young), (goes, held, young), "{kind:?}");
            let each = if kind.offer().by_age { 1 } else { 2 };
            for table in takes(kind) {
                assert_eq!(run.told.destroyed[*table], each, "{kind:?} {table}");
            }
            assert_eq!(run.told.destroyed.len(), takes(kind).len(), "{kind:?} {:?}", run.told.destroyed);
            assert!(retention::is_proven(&desk.app, run).unwrap());
        }
        let pairs = |rows: &[i64]| TABLES.into_iter().zip(rows.to_vec()).collect::<Vec<_>>();
        assert_eq!(pairs(&left(&desk).await), pairs(&expected));
        desk.audit_is_whole().await;
    }

    async fn an_incident_is_kept_while_anybody_on_its_list_is_held(desk: Desk) {
        let mut people = Vec::new();
        for name in ["one", "two", "three"] {
            people.push(patient(&desk, name, None, &format!("{name}@patient.example")).await);
        }
        let organisation = desk.organisation;
        let (incident, none): (Id<()>, Vec<u8>) = (desk.app.id(), Vec::new());
        let at = desk.app.now().plus_seconds(-2600 * DAY);
        put(&desk, KEY, args![organisation, incident, none, at]).await;
        put(&desk, INCIDENT, args![organisation, incident, "closed", at, none, Some(at)]).await;
        for patient in &people {
            put(&desk, TOUCHED, args![organisation, desk.app.id::<()>(), incident, *patient, at]).await;
        }
        let boss = desk.ctx(Role::Compliance);
        // One whose hold is over, and one whose hold counts.
        let soon = desk.app.now().plus_seconds(3600);
        erasure::place(&desk.app, &boss, people[0], HoldReason::Audit, "", Some(soon)).await.unwrap();
        let hold = erasure::place(&desk.app, &boss, people[2], HoldReason::Litigation, "", None).await.unwrap();
        switch_all_on(&desk, &[Record::Incidents]).await;
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await, [(0, 1, 0, true)]);
        erasure::release(&desk.app, &boss, people[2], hold).await.unwrap();
        desk.clock.advance(DAY);
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(runs(&desk).await[0], (1, 0, 0, true));
    }

    async fn who_wrote_goes_with_their_last_request_unless_something_of_them_stays(desk: Desk) {
        let known = patient(&desk, "Known", Some("1950-01-01"), "known@patient.example").await;
        let mut all = Vec::new();
        for who in ["stranger", "twice", "twice", "known", "refuses"] {
            let ticket = desk.ticket(&format!("{who}@patient.example"), "Hello", "Words.").await;
            all.push(ticket);
        }
        let stop = "From: <refuses@patient.example>\r\nTo: help@clinic.example\r\nSubject: \r\nMessage-ID: <stop@patient.example>\r\n\
            Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nSTOP\r\n";
        email::receive(&desk.app, desk.organisation, None, email::Source::new(email::Via::Receiver), stop.as_bytes()).await.unwrap();
        email::processor::drain(&desk.app).await.unwrap();
        let long_ago = desk.app.now().plus_seconds(-4000 * DAY);
        for ticket in [all[0], all[1], all[3], all[4]] {
            done_since(&desk, ticket, long_ago).await;
        }
        let reached = async || -> i64 {
            let mut conn = desk.app.read_newest().await.unwrap();
            conn.query_one(REACHED, args![desk.organisation], |row| row.get(0)).await.unwrap()
        };
        assert_eq!(reached().await, 4);
        switch_all_on(&desk, &[Record::Requests]).await;
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(reached().await, 3, "the stranger went");
        let (told, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        assert_eq!((told[0].told.records, told[0].told.destroyed["contacts"]), (4, 1));
        done_since(&desk, all[2], long_ago).await;
        desk.clock.advance(DAY);
        retention::daily(&desk.app).await.unwrap();
        assert_eq!(reached().await, 2, "and whoever's last request went");
        // They are somebody new when they write again.
        let again = desk.ticket("stranger@patient.example", "Hello", "Words.").await;
        assert!(!is_gone(&desk, again).await);
        assert_eq!(reached().await, 3);
        assert!(bedside_desk::patients::patient(&desk.app, &desk.system(), known).await.is_ok());
        desk.audit_is_whole().await;
    }
}
