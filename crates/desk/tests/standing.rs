//! What stays of what patients asked by law: restrictions that are kept to until they end, corrections with both sides'
//! words, and objections that become a no.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{args, statements};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, PrivacyRequestId, TicketId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::consents::{self, Channel, Purpose, Whom, Why};
use bedside_desk::privacy::copies;
use bedside_desk::privacy::disclosures::{self, Despite, Typed};
use bedside_desk::privacy::erasure;
use bedside_desk::privacy::requests::standing::{self, Disagreement, End, Ending};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said, Terms};
use bedside_desk::records::{Label, Labels};
use bedside_desk::{audit_log, jobs};
use common::granted::granted;
use common::{Desk, Role, both_engines};
use jiff::civil::{Date, date};

const ROSA: &str = "rosa@patient.example";
/// The desk's clock stands on this day.
const TODAY: Date = date(2026, 3, 2);
const DAY: i64 = 24 * 3600;
const WORDS: &str = "Nothing to the zebrafinch company where I work.";

statements! {
    /// Words that are left of what a patient asked.
    LEFT = "SELECT COUNT(*) FROM privacy_requests WHERE words IS NOT NULL OR note IS NOT NULL OR ended_words IS NOT NULL \
        OR disagreement IS NOT NULL OR rebuttal IS NOT NULL";
}

async fn rosa(desk: &Desk) -> (PatientId, TicketId) {
    let new = NewPatient {
        name: "Rosa Quillfeather".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ROSA.to_owned())];
    let patient = patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap();
    let ticket = desk.ticket(ROSA, "My visits", "Who hears of them?").await;
    (patient, ticket)
}

async fn ask(desk: &Desk, patient: PatientId, kind: Kind, words: &str) -> PrivacyRequestId {
    let new = NewRequest {
        patient,
        kind,
        received_on: TODAY,
        ticket: None,
        words: words.to_owned(),
    };
    requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap()
}

async fn decide(
    desk: &Desk,
    id: PrivacyRequestId,
    (decision, reason, note): (Decision, &str, &str),
    terms: Terms,
) -> Result<(), DeskError> {
    let said = Said {
        decision,
        reason: reason.to_owned(),
        note: note.to_owned(),
        with_notes: false,
    };
    let officer = desk.ctx(Role::Compliance);
    requests::decide_on(&desk.app, &officer, id, 1, (said, terms)).await
}

/// A restriction that was agreed as it was asked for.
async fn agreed(
    desk: &Desk,
    patient: PatientId,
    owed: bool,
    until: Option<Date>,
) -> PrivacyRequestId {
    let id = ask(desk, patient, Kind::Restriction, WORDS).await;
    let terms = Terms {
        until,
        owed: Some(owed),
        stops: None,
        way: None,
    };
    decide(desk, id, (Decision::Granted, "", ""), terms)
        .await
        .unwrap();
    id
}

async fn end(
    desk: &Desk,
    id: PrivacyRequestId,
    version: i64,
    how: End,
    told_on: Date,
) -> Result<(), DeskError> {
    let said = Ending {
        how,
        told_on,
        words: "By telephone.".to_owned(),
    };
    standing::end(&desk.app, &desk.ctx(Role::Compliance), id, version, said).await
}

async fn restricted(desk: &Desk, patient: PatientId) -> bool {
    requests::is_restricted(&desk.app, &desk.ctx(Role::Agent), patient)
        .await
        .unwrap()
}

async fn why(desk: &Desk, purpose: Purpose) -> Why {
    let asked = (purpose, Some(Channel::Email));
    let whom = Whom::Address(ROSA);
    consents::may(&desk.app, desk.organisation, asked, whom, desk.app.now())
        .await
        .unwrap()
}

/// The code of what was refused.
fn refused<T: std::fmt::Debug>(done: Result<T, DeskError>) -> &'static str {
    match done.unwrap_err() {
        DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

fn given(despite: &str) -> Typed {
    Typed {
        day: "2026-02-27".to_owned(),
        recipient: "Vermilion County Court".to_owned(),
        what: "The visit of May".to_owned(),
        basis: "court".to_owned(),
        purpose: "Order 7".to_owned(),
        despite: despite.to_owned(),
        ..Typed::default()
    }
}

both_engines! {
    async fn a_restriction_is_told_wherever_the_record_is_used(desk: Desk) {
        let (patient, ticket) = rosa(&desk).await;
        let id = ask(&desk, patient, Kind::Restriction, WORDS).await;
        let agent = desk.browser(Role::Agent).await;
        let pages = [format!("/patients/{patient}"), format!("/tickets/{ticket}"), format!("/patients/{patient}/disclosure")];
        for page in &pages {
            let shown = agent.get(page).await.expect(200).text();
            assert!(!shown.contains("A restriction to keep to") && !shown.contains(WORDS), "{page}: nobody agreed yet");
        }
        let officer = desk.browser(Role::Compliance).await;
        let page = format!("/privacy/{id}");
        let shown = officer.get(&page).await.expect(200).text();
        assert!(shown.contains(r#"name="owed""#) && shown.contains(r#"name="restricted_until""#), "{shown}");
        let fields = [("version", "1"), ("decision", "granted"), ("note", "Typedfinch."), ("restricted_until", "2026-03-20")];
        let again = officer.submit(&page, &format!("{page}/decide"), &fields).await.expect(422).text();
        assert!(again.contains("care that was paid for in full") && again.contains("Typedfinch."), "{again}");
        let fields = [fields[0], fields[1], fields[2], fields[3], ("owed", "no")];
        officer.submit(&page, &format!("{page}/decide"), &fields).await.expect(303);
        assert!(officer.get(&page).await.expect(200).text().contains("It stands until Mar 20, 2026"));

        for page in &pages {
            let shown = agent.get(page).await.expect(200).text();
            assert!(shown.contains("A restriction to keep to") && shown.contains(WORDS) && shown.contains("Typedfinch."), "{page}: {shown}");
            assert!(shown.contains("until Mar 20, 2026"), "{page}: {shown}");
        }
        let told = desk.client("patients:read").await.get(&format!("/api/v1/patients/{patient}/standing")).await.expect(200).json();
        assert_eq!((told["restrictions"][0]["asked"].as_str(), told["corrections"].as_array().unwrap().len()), (Some(WORDS), 0));
        desk.client("tickets:read").await.get(&format!("/api/v1/patients/{patient}/standing")).await.expect(403);
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        let looks = log.iter().filter(|one| one.action == "privacy.standing" && one.outcome == "ok");
        assert!(looks.clone().count() >= 4 && looks.clone().all(|one| !one.detail.contains("finch")));

        // Of a record that is kept from the reader they hear nothing of it.
        let version = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        let done = standing::standing(&desk.app, &desk.ctx(Role::Agent), patient).await;
        assert!(matches!(done, Err(DeskError::Restricted { .. })));
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        assert!(log.iter().any(|one| one.action == "restricted.refused"), "nobody is told that they looked");
        // Whoever keeps the account of disclosures hears that there is one.
        let account = desk.browser(Role::Compliance).await.get(&format!("/privacy/disclosures/{patient}")).await.expect(200).text();
        assert!(account.contains("A restriction to keep to") && !account.contains(WORDS), "{account}");
        desk.audit_is_whole().await;
    }

    async fn nothing_is_given_out_without_saying_why_it_is_given_all_the_same(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        let agent = desk.ctx(Role::Agent);
        let record = async |despite: &str| disclosures::record(&desk.app, &agent, patient, &given(despite)).await;
        // Where none stands, nothing is said of one.
        record("law").await.unwrap();
        let id = agreed(&desk, patient, false, None).await;
        assert_eq!(refused(record("").await), "restricted");
        assert_eq!(refused(record("because").await), "invalid");
        let browser = desk.browser(Role::Agent).await;
        let form = format!("/patients/{patient}/disclosure");
        let fields = [
            ("day", "2026-02-27"), ("recipient", "Vermilion County Court"), ("what", "The visit"), ("basis", "court"), ("purpose", "Order 8"),
        ];
        let again = browser.submit(&form, &form, &fields).await.expect(422).text();
        assert!(again.contains(r##"href="#despite""##) && again.contains("Order 8"), "{again}");
        let fields = [fields[0], fields[1], fields[2], fields[3], fields[4], ("despite", "emergency")];
        browser.submit(&form, &form, &fields).await.expect(303);
        let officer = desk.ctx(Role::Compliance);
        let said = async || {
            let recorded = disclosures::accounting(&desk.app, &officer, patient).await.unwrap().recorded;
            recorded.iter().map(|one| one.despite).collect::<Vec<_>>()
        };
        assert_eq!(said().await, [Some(Despite::Emergency), None]);
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/disclosures/{patient}")).await.expect(200).text();
        assert!(page.contains("given despite a restriction: Somebody needs it to treat an emergency"), "{page}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        assert!(log.iter().any(|one| one.action == "disclosure.record" && one.detail.contains(r#""despite":"emergency""#)));

        // What the clinic ended by itself counts on for what was kept before; the patient's own word ends it.
        end(&desk, id, 2, End::Told, TODAY).await.unwrap();
        assert_eq!(refused(record("").await), "restricted");
        let other = agreed(&desk, patient, false, None).await;
        end(&desk, other, 2, End::Asked, TODAY).await.unwrap();
        let kept = standing::standing(&desk.app, &agent, patient).await.unwrap().restrictions;
        assert_eq!(kept.iter().map(|one| (one.id, one.before)).collect::<Vec<_>>(), [(id, Some(TODAY))]);
    }

    async fn a_restriction_ends_by_its_day_by_the_patients_word_or_by_telling_them(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        let own = agreed(&desk, patient, true, None).await;
        assert!(restricted(&desk, patient).await);
        assert_eq!(refused(end(&desk, own, 2, End::Told, TODAY).await), "owed");
        assert_eq!(refused(end(&desk, own, 2, End::Asked, date(2026, 3, 3)).await), "out_of_range");
        assert_eq!(refused(end(&desk, own, 2, End::Asked, date(2026, 3, 1)).await), "out_of_range");
        assert!(matches!(end(&desk, own, 1, End::Asked, TODAY).await, Err(DeskError::Stale { .. })));
        let agent = desk.ctx(Role::Agent);
        let said = Ending { how: End::Asked, told_on: TODAY, words: String::new() };
        assert!(matches!(standing::end(&desk.app, &agent, own, 2, said).await, Err(DeskError::Forbidden)));
        let officer = desk.browser(Role::Compliance).await;
        let page = format!("/privacy/{own}");
        let shown = officer.get(&page).await.expect(200).text();
        assert!(shown.contains(r#"value="asked""#) && !shown.contains(r#"value="told""#) && shown.contains("only the patient can end it"), "{shown}");
        let fields = [("version", "2"), ("how", "told"), ("told_on", "2026-03-02")];
        officer.submit(&page, &format!("{page}/end"), &fields).await.expect(409);
        let fields = [("version", "2"), ("how", "asked"), ("told_on", "2026-03-02"), ("ended_words", "A letter.")];
        officer.submit(&page, &format!("{page}/end"), &fields).await.expect(303);
        let shown = officer.get(&page).await.expect(200).text();
        assert!(shown.contains("Ended by the patient") && shown.contains("A letter.") && shown.contains("Cleo Compliance"), "{shown}");
        assert!(!restricted(&desk, patient).await);
        assert_eq!(refused(end(&desk, own, 3, End::Asked, TODAY).await), "not_standing");
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        let ended = log.iter().find(|one| one.action == "privacy.end" && one.outcome == "ok").unwrap();
        assert!(ended.detail.contains(&patient.to_string()) && !ended.detail.contains("letter"));

        // With a last day it ends by itself.
        let timed = agreed(&desk, patient, false, Some(date(2026, 3, 5))).await;
        desk.clock.advance(3 * DAY);
        assert!(restricted(&desk, patient).await, "on its last day it stands");
        desk.clock.advance(DAY);
        assert!(!restricted(&desk, patient).await);
        assert_eq!(refused(end(&desk, timed, 2, End::Asked, date(2026, 3, 5)).await), "not_standing");
        for wrong in [date(2026, 3, 6), date(2126, 3, 6)] {
            let id = ask(&desk, patient, Kind::Restriction, WORDS).await;
            let terms = Terms { until: Some(wrong), owed: Some(false), stops: None, way: None };
            assert_eq!(refused(decide(&desk, id, (Decision::Granted, "", ""), terms).await), "out_of_range");
        }
    }

    async fn what_the_law_makes_a_clinic_agree_to_is_not_refused(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        let id = ask(&desk, patient, Kind::Restriction, "Not to my health plan: I paid.").await;
        let terms = |owed| Terms { owed, ..Terms::default() };
        let no = (Decision::Refused, "not_required", "");
        assert_eq!(refused(decide(&desk, id, no, terms(None)).await), "required");
        assert_eq!(refused(decide(&desk, id, no, terms(Some(true))).await), "must_agree");
        assert_eq!(refused(decide(&desk, id, (Decision::Partly, "not_required", "Some of it."), terms(Some(true))).await), "must_agree");
        // Whoever keeps to it has to read what it is.
        assert_eq!(refused(decide(&desk, id, (Decision::Partly, "not_identified", ""), terms(Some(false))).await), "required");
        let bare = ask(&desk, patient, Kind::Restriction, "").await;
        assert_eq!(refused(decide(&desk, bare, (Decision::Granted, "", ""), terms(Some(false))).await), "required");
        decide(&desk, bare, (Decision::Granted, "", "No calls at work."), terms(Some(false))).await.unwrap();
        decide(&desk, id, no, terms(Some(false))).await.unwrap();
        let kept = standing::standing(&desk.app, &desk.ctx(Role::Agent), patient).await.unwrap().restrictions;
        assert_eq!(kept.len(), 1, "what was refused is nothing to keep to");
        assert_eq!((kept[0].asked.as_deref(), kept[0].note.as_deref()), (None, Some("No calls at work.")));
    }

    async fn nobody_is_asked_how_it_went_while_a_restriction_stands(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        assert!(why(&desk, Purpose::Surveys).await.may());
        let id = agreed(&desk, patient, false, None).await;
        assert_eq!(why(&desk, Purpose::Surveys).await, Why::Restricted);
        let page = desk.browser(Role::Agent).await.get(&format!("/patients/{patient}/consents")).await.expect(200).text();
        assert!(page.contains("Not while a restriction stands on the record"), "{page}");
        end(&desk, id, 2, End::Told, TODAY).await.unwrap();
        assert!(why(&desk, Purpose::Surveys).await.may(), "what was kept before stays under it, and is not asked for");
    }

    async fn a_granted_objection_is_a_no_from_then_on(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        let refused_one = ask(&desk, patient, Kind::Objection, "No questions, please.").await;
        let terms = Terms { owed: Some(false), ..Terms::default() };
        decide(&desk, refused_one, (Decision::Refused, "not_required", ""), terms).await.unwrap();
        assert!(why(&desk, Purpose::Surveys).await.may());
        let one = ask(&desk, patient, Kind::Objection, "No plumfinch questions, please.").await;
        let terms = Terms { stops: Some(Purpose::Surveys), ..Terms::default() };
        decide(&desk, one, (Decision::Granted, "", ""), terms).await.unwrap();
        assert!(matches!(why(&desk, Purpose::Surveys).await, Why::Withdrawn(_)));
        assert!(!matches!(why(&desk, Purpose::Reminders).await, Why::Withdrawn(_)), "it was about one purpose");
        let history = consents::standing(&desk.app, &desk.ctx(Role::Agent), patient).await.unwrap().history;
        assert_eq!((history.len(), history[0].text.as_str()), (1, "No plumfinch questions, please."));
        // To everything, from the page, without words of their own.
        let all = ask(&desk, patient, Kind::Objection, "").await;
        let officer = desk.browser(Role::Compliance).await;
        let page = format!("/privacy/{all}");
        let fields = [("version", "1"), ("decision", "granted"), ("stops", "everything")];
        officer.submit(&page, &format!("{page}/decide"), &fields).await.expect(422);
        let fields = [("version", "1"), ("decision", "granted"), ("stops", "all")];
        officer.submit(&page, &format!("{page}/decide"), &fields).await.expect(303);
        for purpose in [Purpose::Surveys, Purpose::Reminders] {
            assert!(matches!(why(&desk, purpose).await, Why::Withdrawn(_)), "{purpose:?}");
        }
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        assert_eq!(log.iter().filter(|one| one.action == "consent.record" && one.object_id == patient.to_string()).count(), 2);
        desk.audit_is_whole().await;
    }

    async fn both_sides_of_a_correction_stand_with_the_record(desk: Desk) {
        let (patient, ticket) = rosa(&desk).await;
        let id = ask(&desk, patient, Kind::Amendment, "I never smoked, says the rosefinch.").await;
        decide(&desk, id, (Decision::Refused, "is_accurate", "The chart says so, cardinalfinch."), Terms::default()).await.unwrap();
        let officer = desk.ctx(Role::Compliance);
        let say = async |version, words: &str, on, rebuttal: &str| {
            let said = Disagreement { words: words.to_owned(), on, rebuttal: rebuttal.to_owned() };
            standing::disagree(&desk.app, &officer, id, version, said).await
        };
        assert_eq!(refused(say(2, " ", TODAY, "First.").await), "required");
        assert_eq!(refused(say(2, "I disagree.", date(2026, 3, 3), "").await), "out_of_range");
        assert_eq!(refused(say(2, &"x".repeat(2001), TODAY, "").await), "too_long");
        say(2, "I disagree, quailfinch.", TODAY, "").await.unwrap();
        assert_eq!(refused(say(3, "Once more.", TODAY, "").await), "required", "a statement is not changed after");
        let browser = desk.browser(Role::Compliance).await;
        let page = format!("/privacy/{id}");
        let fields = [("version", "3"), ("disagreed_on", "2026-03-02"), ("rebuttal", "We asked twice, heronfinch.")];
        browser.submit(&page, &format!("{page}/disagree"), &fields).await.expect(303);
        assert_eq!(refused(say(4, "", TODAY, "Again.").await), "disagreed");
        let said = ["rosefinch", "cardinalfinch", "quailfinch", "heronfinch"];
        let agent = desk.browser(Role::Agent).await;
        for place in [format!("/patients/{patient}"), format!("/tickets/{ticket}"), format!("/patients/{patient}/disclosure")] {
            let shown = agent.get(&place).await.expect(200).text();
            assert!(said.iter().all(|word| shown.contains(word)), "{place}: {shown}");
            assert!(shown.contains("Correction refused on Mar 2, 2026") && !shown.contains("A restriction to keep to"), "{place}");
        }
        let told = desk.client("patients:read").await.get(&format!("/api/v1/patients/{patient}/standing")).await.expect(200).json();
        let one = &told["corrections"][0];
        assert_eq!((one["decision"].as_str(), one["reason"].as_str()), (Some("refused"), Some("is_accurate")));
        assert_eq!(one["disagreement"].as_str(), Some("I disagree, quailfinch."));

        // Whoever was given the wrong words is named where a correction is carried out.
        disclosures::record(&desk.app, &officer, patient, &given("")).await.unwrap();
        let granted = ask(&desk, patient, Kind::Amendment, "My street is another one.").await;
        decide(&desk, granted, (Decision::Granted, "", ""), Terms::default()).await.unwrap();
        let shown = browser.get(&format!("/privacy/{granted}")).await.expect(200).text();
        assert!(shown.contains("Whom to tell") && shown.contains("Vermilion County Court"), "{shown}");
        assert_eq!(refused(standing::disagree(&desk.app, &officer, granted, 2, Disagreement { words: "No.".to_owned(), on: TODAY, rebuttal: String::new() }).await), "not_refused");

        // All of it is in the copy, for people and for machines.
        agreed(&desk, patient, false, None).await;
        let copy = ask(&desk, patient, Kind::Copy, "All of it.").await;
        requests::approve(&desk.app, &officer, copy, 1).await.unwrap();
        let boss = desk.ctx(Role::Administrator);
        let yes = Said { decision: Decision::Granted, reason: String::new(), note: String::new(), with_notes: false };
        requests::decide(&desk.app, &boss, copy, 2, yes).await.unwrap();
        copies::begin(&desk.app, &boss, copy, 3).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        let made = copies::of_request(&desk.app, &boss, copy).await.unwrap().remove(0);
        let archive = desk.browser(Role::Administrator).await.get(&format!("/privacy/{copy}/copy/{}", made.id)).await.expect(200);
        let text = String::from_utf8_lossy(&archive.body).into_owned();
        for word in said {
            assert!(text.matches(word).count() >= 2, "{word} stands on the page and in the bundle");
        }
        assert!(text.contains(WORDS) && text.contains("\"resourceType\": \"Consent\"") && text.contains("request for amendment"));
        desk.audit_is_whole().await;
    }

    async fn under_the_gdpr_telling_the_patient_ends_it_for_all_of_the_record(desk: Desk) {
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let mut settings = clinic.settings.clone();
        "gdpr".clone_into(&mut settings.privacy_law);
        let change = Change::General {
            name: clinic.name.clone(),
            time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
            locale: clinic.locale,
            settings: Box::new(settings),
            version: clinic.version,
        };
        orgs::change(&desk.app, &desk.ctx(Role::Administrator), change).await.unwrap();
        let (patient, _) = rosa(&desk).await;
        let id = ask(&desk, patient, Kind::Restriction, WORDS).await;
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/{id}")).await.expect(200).text();
        assert!(!page.contains(r#"name="owed""#), "health plans are not its business");
        decide(&desk, id, (Decision::Granted, "", ""), Terms::default()).await.unwrap();
        assert!(restricted(&desk, patient).await);
        end(&desk, id, 2, End::Told, TODAY).await.unwrap();
        assert!(!restricted(&desk, patient).await);
        disclosures::record(&desk.app, &desk.ctx(Role::Agent), patient, &given("")).await.unwrap();
    }

    async fn of_somebody_who_was_erased_no_words_are_left(desk: Desk) {
        let (patient, _) = rosa(&desk).await;
        let restriction = agreed(&desk, patient, false, None).await;
        end(&desk, restriction, 2, End::Told, TODAY).await.unwrap();
        let id = ask(&desk, patient, Kind::Amendment, "The rosefinch is wrong.").await;
        decide(&desk, id, (Decision::Refused, "is_accurate", "It is not."), Terms::default()).await.unwrap();
        let said = Disagreement { words: "It is.".to_owned(), on: TODAY, rebuttal: "No.".to_owned() };
        standing::disagree(&desk.app, &desk.ctx(Role::Compliance), id, 2, said).await.unwrap();
        let left = async || {
            let mut conn = desk.app.read().await.unwrap();
            conn.query_one(LEFT, args![], |row| row.get::<i64>(0)).await.unwrap()
        };
        assert_eq!(left().await, 2);
        let (erase, version) = granted(&desk, patient).await;
        erasure::erase(&desk.app, &desk.ctx(Role::Administrator), erase, version).await.unwrap();
        assert_eq!(left().await, 0);
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/{restriction}")).await.expect(200).text();
        assert!(page.contains("Ended by telling the patient") && !page.contains("By telephone."), "{page}");
    }
}
