//! What patients are told of their data, what they say yes and no to, and that a no ends what nobody asked for.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::Permissions;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::intake::email::{self, Source as MailSource, Via, processor};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::consents::{
    self, Channel, Decision, NewConsent, Purpose, Source, Whom, Why,
};
use bedside_desk::privacy::notices::{self, PRIVACY};
use bedside_desk::records::{Label, Labels};
use bedside_desk::tickets::{self, Patch, Status, View};
use bedside_desk::{audit_log, jobs};
use bedside_web::Locale;
use common::sink::{self, Sent, Sink, sink};
use common::{Answer, Browser, Desk, Role, both_engines};
use serde_json::json;

const ROSA: &str = "rosa@patient.example";

async fn rosa(desk: &Desk) -> PatientId {
    let new = NewPatient {
        name: "Rosa Quillfeather".to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: Some("RQ-77".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ROSA.to_owned())];
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

async fn why(desk: &Desk, purpose: Purpose, address: &str) -> Why {
    let asked = (purpose, Some(Channel::Email));
    let whom = Whom::Address(address);
    consents::may(&desk.app, desk.organisation, asked, whom, desk.app.now())
        .await
        .unwrap()
}

async fn resolve(desk: &Desk, ticket: TicketId, status: Status) {
    let nurse = desk.ctx(Role::Nurse);
    let version = tickets::view(&desk.app, &nurse, ticket)
        .await
        .unwrap()
        .ticket
        .version;
    let patch = Patch {
        status: Some(status),
        ..Patch::default()
    };
    tickets::change(&desk.app, &nurse, ticket, version, patch)
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(10);
    jobs::drain(&desk.app).await.unwrap();
}

/// The question how it went, as it was sent.
async fn asked(desk: &Desk, sink: &Sink) -> (TicketId, Sent) {
    let ticket = desk.ticket(ROSA, "Hours", "When are you open?").await;
    jobs::drain(&desk.app).await.unwrap();
    sink.take();
    resolve(desk, ticket, Status::Resolved).await;
    (ticket, sink.take().remove(0))
}

/// The path of the link in a mail's header.
fn leaving(mail: &Sent) -> String {
    let head = mail.head().replace("\r\n ", " ");
    let line = head
        .lines()
        .find(|line| line.starts_with("List-Unsubscribe:"))
        .unwrap_or_else(|| panic!("no link in {head}"));
    let (_, token) = line.split_once("/u/").unwrap();
    format!("/u/{}", token.trim_end_matches('>'))
}

/// What a mail program sends for its own button (RFC 8058).
async fn one_click(desk: &Desk, path: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = Body::from("List-Unsubscribe=One-Click");
    desk.stranger()
        .request(Method::POST, path, &form, body)
        .await
}

async fn hand_in(desk: &Desk, id: &str, subject: &str, body: &str) {
    let raw = format!(
        "From: Rosa <{ROSA}>\r\nTo: help@clinic.example\r\nSubject: {subject}\r\nMessage-ID: <{id}@patient.example>\r\n\
         Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\n{body}\r\n"
    );
    let source = MailSource::new(Via::Receiver);
    email::receive(&desk.app, desk.organisation, None, source, raw.as_bytes())
        .await
        .unwrap();
    processor::drain(&desk.app).await.unwrap();
}

async fn count(desk: &Desk) -> usize {
    tickets::list(&desk.app, &desk.system(), &View::Active, None, 100)
        .await
        .unwrap()
        .rows
        .len()
}

fn word(purpose: Option<Purpose>, channel: Option<Channel>, decision: Decision) -> NewConsent {
    NewConsent {
        purpose,
        channel,
        decision,
        address: None,
        party: None,
        text: "May we write to you?".to_owned(),
        locale: Locale::En,
        source: Source::Agent,
    }
}

/// The code of what was refused, with its field.
fn refused<T: std::fmt::Debug>(done: Result<T, DeskError>) -> (&'static str, &'static str) {
    match done.unwrap_err() {
        DeskError::Invalid { field, code, .. } => (field, code),
        other => panic!("{other:?}"),
    }
}

/// Writes and publishes a version through the pages; gives back its path.
async fn publish(admin: &Browser, english: &str, spanish: &str, changes: &str) -> String {
    let list = "/settings/notices";
    let begun = admin
        .submit(list, list, &[("code", "privacy")])
        .await
        .expect(303);
    let page = begun.header("location").unwrap().to_owned();
    let fields = [
        ("version", "1"),
        ("title_en", "How we use your data"),
        ("body_en", english),
        ("changes_en", changes),
        (
            "title_es",
            if spanish.is_empty() {
                ""
            } else {
                "Cómo usamos sus datos"
            },
        ),
        ("body_es", spanish),
        ("changes_es", ""),
    ];
    admin.submit(&page, &page, &fields).await.expect(303);
    admin
        .submit(&page, &format!("{page}/publish"), &[("version", "2")])
        .await
        .expect(303);
    page
}

both_engines! {
    async fn a_notice_is_written_looked_at_and_published_and_then_stays_as_it_is(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let visitor = desk.visitor();
        assert!(!visitor.get("/request").await.expect(200).text().contains("/notice"));
        visitor.get("/notice").await.expect(404);
        desk.browser(Role::Supervisor).await.get("/settings/notices").await.expect(200);
        desk.browser(Role::Agent).await.get("/settings/notices").await.expect(403);

        let list = "/settings/notices";
        for code in ["", "No Key", "../x", "x".repeat(41).as_str()] {
            admin.submit(list, list, &[("code", code)]).await.expect(422);
        }
        let begun = admin.submit(list, list, &[("code", "privacy")]).await.expect(303);
        let page = begun.header("location").unwrap().to_owned();
        // There is one draft at a time.
        let again = admin.submit(list, list, &[("code", "privacy")]).await.expect(303);
        assert_eq!(again.header("location"), Some(page.as_str()));
        // Nothing is published without words in the clinic's own language.
        let refused = admin.submit(&page, &format!("{page}/publish"), &[("version", "1")]).await.expect(422).text();
        assert!(refused.contains("own language first"), "{refused}");
        let spanish = [("version", "1"), ("title_es", "Aviso"), ("body_es", "Sus datos.")];
        admin.submit(&page, &page, &spanish).await.expect(303);
        admin.submit(&page, &format!("{page}/publish"), &[("version", "2")]).await.expect(422);
        // A preview keeps nothing; what is too long or halved comes back with its words.
        let fields = [("version", "2"), ("title_en", "Notice"), ("body_en", "**We** <script>alert(1)</script> ask."), ("do", "preview")];
        let shown = admin.submit(&page, &page, &fields).await.expect(200).text();
        assert!(shown.contains("<strong>We</strong>") && !shown.contains("<script>alert"), "{shown}");
        let long = "x".repeat(100_001);
        for (title, body) in [("Only a title", ""), ("", "Only a text"), ("Notice", long.as_str()), (&long[..201], "Text")] {
            let fields = [("version", "2"), ("title_en", title), ("body_en", body)];
            admin.submit(&page, &page, &fields).await.expect(422);
        }
        admin.submit(&page, &page, &[("version", "1"), ("title_en", "Late"), ("body_en", "Late")]).await.expect(422);
        admin.submit(&page, &page, &[("version", "2"), ("title_en", "Notice"), ("body_en", "We ask *before*.")]).await.expect(303);
        visitor.get("/notice").await.expect(404);
        admin.submit(&page, &format!("{page}/publish"), &[("version", "3")]).await.expect(303);

        let public = visitor.get("/notice").await.expect(200).text();
        assert!(public.contains("We ask <em>before</em>.") && public.contains("Version 1") && public.contains("Mar 2, 2026"), "{public}");
        assert!(visitor.get("/request").await.expect(200).text().contains("/c/clinic/notice?lang=en"));
        // What is published is never changed.
        admin.post(&page, &[("version", "4"), ("title_en", "Other"), ("body_en", "Other")]).await.expect(403);
        for way in ["", "/publish", "/discard"] {
            let token = common::csrf_token(&admin.get("/inbox").await.text());
            let fields = [("csrf_token", token.as_str()), ("version", "4"), ("title_en", "Other"), ("body_en", "Other")];
            admin.post(&format!("{page}{way}"), &fields).await.expect(422);
        }
        assert!(visitor.get("/notice").await.expect(200).text().contains("We ask <em>before</em>."));
        desk.audit_is_whole().await;
    }

    async fn a_new_version_supersedes_and_the_older_can_be_read(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let visitor = desk.visitor();
        publish(&admin, "The first words.", "Las primeras palabras.", "").await;
        desk.clock.advance(60);
        // A draft that begins from the last version and is thrown away leaves nothing.
        let list = "/settings/notices";
        let begun = admin.submit(list, list, &[("code", "privacy")]).await.expect(303);
        let page = begun.header("location").unwrap().to_owned();
        assert!(admin.get(&page).await.expect(200).text().contains("The first words."));
        admin.submit(&page, &format!("{page}/discard"), &[]).await.expect(303);
        admin.get(&page).await.expect(404);
        publish(&admin, "The second words.", "", "We say *more*.").await;
        let now = visitor.get("/c/clinic/notice").await.expect(200).text();
        assert!(now.contains("The second words.") && now.contains("We say <em>more</em>.") && now.contains("Version 1"), "{now}");
        let old = visitor.get("/notice?version=1").await.expect(200).text();
        assert!(old.contains("The first words.") && old.contains("older version"), "{old}");
        // Whoever reads another language sees that the words are not in it.
        let other = visitor.get("/notice?lang=es").await.expect(200).text();
        assert!(other.contains("The second words.") && other.contains("todavía no está en su idioma"), "{other}");
        let own = visitor.get("/notice?lang=es&version=1").await.expect(200).text();
        assert!(own.contains("Las primeras palabras.") && !own.contains("todavía no está"), "{own}");
        for wrong in ["/notice?version=3", "/notice?version=-1", "/notice?about=other", "/notice?about=..%2F", "/c/nobody/notice"] {
            visitor.get(wrong).await.expect(404);
        }
    }

    async fn who_was_given_which_version_is_kept_with_its_very_words(desk: Desk) {
        let patient = rosa(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        let agent = desk.browser(Role::Agent).await;
        let page = format!("/patients/{patient}/consents");
        let keep = format!("/patients/{patient}/notice");
        assert!(agent.get(&page).await.expect(200).text().contains("has not published a notice yet"));
        let paper = [("source", "paper"), ("language", "es")];
        agent.submit(&page, &keep, &paper).await.expect(404);
        publish(&admin, "The first words.", "Las primeras palabras.", "").await;
        assert!(agent.get(&format!("/patients/{patient}")).await.expect(200).text().contains("not been given version 1"));
        for wrong in [("page", "es"), ("", "es"), ("paper", "xx"), ("shouted", "en")] {
            agent.submit(&page, &keep, &[("source", wrong.0), ("language", wrong.1)]).await.expect(422);
        }
        agent.submit(&page, &keep, &paper).await.expect(303);
        assert!(agent.get(&format!("/patients/{patient}")).await.text().contains("They have version 1"));
        let client = desk.client(&Permissions::ALL.codes()).await;
        let way = format!("/api/v1/patients/{patient}/acknowledgements");
        let given = client.get(&way).await.expect(200).json();
        let spanish = notices::current(&desk.app, desk.organisation, PRIVACY).await.unwrap().unwrap();
        let hash = spanish.texts[&Locale::Es].hash();
        assert_eq!((given["items"][0]["language"].as_str(), given["items"][0]["text_hash"].as_str()), (Some("es"), Some(hash.as_str())));
        publish(&admin, "The second words.", "", "").await;
        assert!(agent.get(&page).await.text().contains("They have an older version"));
        // Without words in their language they were shown the clinic's own.
        let body = json!({ "source": "phone", "language": "es" });
        client.post(&way, &body).await.expect(201);
        let given = client.get(&way).await.expect(200).json();
        assert_eq!((given["items"][0]["version"].as_i64(), given["items"][0]["language"].as_str()), (Some(2), Some("en")));
        client.post(&way, &json!({ "source": "page", "version": 1 })).await.expect(201);
        client.post(&way, &json!({ "source": "page", "version": 9 })).await.expect(404);
        client.post(&way, &json!({ "source": "telepathy" })).await.expect(422);
        let nobody = "/api/v1/patients/01890000-0000-7000-8000-000000000000/acknowledgements";
        client.post(nobody, &json!({ "source": "page" })).await.expect(404);
        client.get(nobody).await.expect(404);
        desk.client("patients:read").await.post(&way, &body).await.expect(403);
    }

    async fn staff_keep_a_yes_and_a_no_with_the_very_words(desk: Desk) {
        let patient = rosa(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let (page, form) = (format!("/patients/{patient}/consents"), format!("/patients/{patient}/consents/new"));
        assert_eq!(why(&desk, Purpose::Marketing, ROSA).await, Why::NeverGiven);
        let shown = agent.get(&format!("{form}?purpose=marketing&language=es")).await.expect(200).text();
        assert!(shown.contains("puede enviarme noticias y ofertas") && shown.contains(ROSA), "{shown}");
        let way = shown.split("value=\"email:").nth(1).unwrap().split('"').next().unwrap();
        let way = format!("email:{way}");
        let yes = [("purpose", "marketing"), ("language", "es"), ("text", "Noticias, ¿sí?"), ("way", way.as_str()), ("decision", "given"), ("source", "paper")];
        for missing in 2..yes.len() {
            let mut fields = yes.to_vec();
            fields[missing].1 = "";
            // An empty text is the one that was offered.
            agent.submit(&format!("{form}?purpose=marketing"), &form, &fields).await.expect(422);
        }
        for wrong in [("way", "post:x"), ("way", "email:00"), ("decision", "perhaps"), ("source", "stop_word"), ("purpose", "world")] {
            let fields: Vec<_> = yes.iter().map(|one| if one.0 == wrong.0 { wrong } else { *one }).collect();
            agent.submit(&format!("{form}?purpose=marketing"), &form, &fields).await.expect(422);
        }
        let long = "x".repeat(4001);
        let fields: Vec<_> = yes.iter().map(|one| if one.0 == "text" { ("text", long.as_str()) } else { *one }).collect();
        agent.submit(&format!("{form}?purpose=marketing"), &form, &fields).await.expect(422);
        assert_eq!(why(&desk, Purpose::Marketing, ROSA).await, Why::NeverGiven);

        agent.submit(&format!("{form}?purpose=marketing"), &form, &yes).await.expect(303);
        assert!(matches!(why(&desk, Purpose::Marketing, ROSA).await, Why::Given(_)));
        let history = agent.get(&page).await.expect(200).text();
        assert!(history.contains("Noticias, ¿sí?") && history.contains("On paper") && history.contains("Yes, they said so"), "{history}");
        // A no takes the same two presses.
        desk.clock.advance(1);
        let no = [("purpose", "all"), ("language", "en"), ("text", "No more."), ("way", "all"), ("decision", "withdrawn"), ("source", "agent")];
        agent.submit(&format!("{form}?purpose=all"), &form, &no).await.expect(303);
        for purpose in [Purpose::Marketing, Purpose::Surveys, Purpose::Treatment] {
            assert!(matches!(why(&desk, purpose, ROSA).await, Why::Withdrawn(_)));
        }
        let entries = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        let kept: Vec<_> = entries.iter().filter(|one| one.action == "consent.record").collect();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|one| one.object_id == patient.to_string() && !one.detail.contains("Noticias") && !one.detail.contains(ROSA)));
        desk.browser(Role::Partner).await.get(&page).await.expect(403);
    }

    async fn a_word_that_can_not_be_said_is_refused(desk: Desk) {
        let patient = rosa(&desk).await;
        let ctx = desk.ctx(Role::Agent);
        let keep = async |new| consents::record(&desk.app, &ctx, patient, new).await;
        let cases = [
            (word(None, Some(Channel::Email), Decision::Given), ("purpose", "required")),
            (word(Some(Purpose::Surveys), None, Decision::Given), ("channel", "required")),
            (word(Some(Purpose::Surveys), Some(Channel::Email), Decision::Given), ("address", "required")),
            (word(Some(Purpose::Research), Some(Channel::Email), Decision::Given), ("channel", "invalid")),
            (word(Some(Purpose::Sharing), None, Decision::Given), ("party", "required")),
            (NewConsent { party: Some("Lab".to_owned()), ..word(Some(Purpose::Surveys), Some(Channel::Email), Decision::Withdrawn) }, ("party", "invalid")),
            (NewConsent { party: Some("x".repeat(201)), ..word(Some(Purpose::Sharing), None, Decision::Given) }, ("party", "too_long")),
            (NewConsent { address: Some("other@patient.example".to_owned()), ..word(Some(Purpose::Surveys), Some(Channel::Email), Decision::Given) }, ("address", "unknown")),
            (NewConsent { text: " ".to_owned(), ..word(Some(Purpose::Research), None, Decision::Given) }, ("text", "required")),
            (NewConsent { source: Source::Unsubscribe, ..word(Some(Purpose::Research), None, Decision::Given) }, ("source", "invalid")),
        ];
        for (new, expected) in cases {
            let told = format!("{new:?}");
            assert_eq!(refused(keep(new).await), expected, "{told}");
        }
        // With whom data is shared is compared as people read it.
        let lab = NewConsent { party: Some(" Quest  LAB ".to_owned()), ..word(Some(Purpose::Sharing), None, Decision::Given) };
        keep(lab).await.unwrap();
        let may = async |party| {
            let whom = Whom::Patient(patient, Some(party));
            let asked = (Purpose::Sharing, None);
            consents::may(&desk.app, desk.organisation, asked, whom, desk.app.now()).await.unwrap().may()
        };
        assert!(may("quest lab").await && !may("another lab").await);
        let version = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        assert!(matches!(keep(word(Some(Purpose::Research), None, Decision::Withdrawn)).await, Err(DeskError::Restricted { .. })));
        assert!(matches!(consents::standing(&desk.app, &ctx, patient).await, Err(DeskError::Restricted { .. })));
    }

    async fn one_press_ends_the_question_and_looking_ends_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        let (ticket, mail) = asked(&desk, &sink).await;
        let path = leaving(&mail);
        assert!(mail.head().contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
        assert!(mail.text().contains(&path), "the link stands in the text too");
        assert!(!path.contains("rosa"), "{path}");
        let visitor = desk.visitor();
        for _ in 0..2 {
            let page = visitor.get(&path).await.expect(200).text();
            assert!(page.contains("You need no password"), "{page}");
        }
        assert_eq!(why(&desk, Purpose::Surveys, ROSA).await, Why::NotNeeded);
        one_click(&desk, &path).await.expect(200);
        assert!(matches!(why(&desk, Purpose::Surveys, ROSA).await, Why::Withdrawn(_)));
        assert_eq!(why(&desk, Purpose::Reminders, ROSA).await, Why::NotNeeded);
        one_click(&desk, &path).await.expect(200);
        // Nobody is asked any more, and answers still come.
        desk.clock.advance(48 * 3600);
        resolve(&desk, ticket, Status::Open).await;
        resolve(&desk, ticket, Status::Resolved).await;
        assert!(sink.take().is_empty());
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, tickets::Reply::new("At nine.")).await.unwrap();
        desk.clock.advance(10);
        jobs::drain(&desk.app).await.unwrap();
        let answer = sink.take().remove(0);
        assert!(answer.text().contains("At nine.") && !answer.head().contains("List-Unsubscribe"));
        // The other button ends all that is no answer.
        let all = [("what", "all"), ("lang", "es")];
        let done = visitor.post(&path, &all).await.expect(200).text();
        assert!(done.contains("Listo"), "{done}");
        assert!(matches!(why(&desk, Purpose::Reminders, ROSA).await, Why::Withdrawn(_)));
    }

    async fn a_link_is_of_one_address_and_a_made_up_one_of_none(desk: Desk) {
        let sink = sink(&desk).await;
        let (_, mail) = asked(&desk, &sink).await;
        let path = leaving(&mail);
        let visitor = desk.visitor();
        let middle = path.len() / 2;
        let mut changed = path.clone().into_bytes();
        changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let long = format!("/u/{}", "A".repeat(600));
        for wrong in [changed.as_str(), "/u/-", "/u/x", long.as_str()] {
            visitor.get(wrong).await.expect(410);
            one_click(&desk, wrong).await.expect(410);
        }
        assert_eq!(why(&desk, Purpose::Surveys, ROSA).await, Why::NotNeeded);
        // A site that isn't ours can't press it in a browser without knowing it, and knowing it is all it takes.
        for _ in 0..40 {
            one_click(&desk, &path).await;
        }
        one_click(&desk, &path).await.expect(429);
    }

    async fn a_word_alone_ends_such_mails_and_opens_no_request(desk: Desk) {
        let sink = sink(&desk).await;
        let (ticket, _) = asked(&desk, &sink).await;
        let before = count(&desk).await;
        hand_in(&desk, "one", "", "STOP").await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(count(&desk).await, before);
        for purpose in [Purpose::Surveys, Purpose::Reminders, Purpose::Treatment] {
            assert!(matches!(why(&desk, purpose, ROSA).await, Why::Withdrawn(_)));
        }
        let told = sink.take();
        assert_eq!(told.len(), 1);
        assert!(told[0].head().contains("Auto-Submitted: auto-replied") && told[0].text().contains("no appointment was cancelled"), "{}", told[0].text());
        // Said once more it is told no more.
        hand_in(&desk, "two", "stop", "¡Alto!").await;
        jobs::drain(&desk.app).await.unwrap();
        assert!(sink.take().is_empty());
        // Whoever types a subject has more to say: a person reads it.
        hand_in(&desk, "three", "My appointment on Tuesday", "CANCEL").await;
        assert_eq!(count(&desk).await, before + 1);
        hand_in(&desk, "four", "", "Stop the bleeding, how?").await;
        assert_eq!(count(&desk).await, before + 2);
        desk.clock.advance(48 * 3600);
        resolve(&desk, ticket, Status::Open).await;
        sink.take();
        resolve(&desk, ticket, Status::Resolved).await;
        assert!(sink.take().iter().all(|one| !one.text().contains("/r/")));
        desk.audit_is_whole().await;
    }

    async fn an_address_that_changed_hands_carries_nothing_over(desk: Desk) {
        let patient = rosa(&desk).await;
        let yes = NewConsent { address: Some(ROSA.to_owned()), ..word(Some(Purpose::Marketing), Some(Channel::Email), Decision::Given) };
        consents::record(&desk.app, &desk.ctx(Role::Agent), patient, yes).await.unwrap();
        assert!(why(&desk, Purpose::Marketing, ROSA).await.may());
        let contact = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().contacts[0].id;
        tickets::link_contact(&desk.app, &desk.system(), contact, None).await.unwrap();
        assert_eq!(why(&desk, Purpose::Marketing, ROSA).await, Why::NeverGiven);
        assert_eq!(why(&desk, Purpose::Marketing, "nobody@patient.example").await, Why::NoSuchWay);
    }

    async fn what_was_said_of_another_patient_is_told_in_no_words(desk: Desk) {
        let (app, system) = (&desk.app, desk.system());
        let patient = rosa(&desk).await;
        let no = NewConsent {
            address: Some(ROSA.to_owned()),
            text: "Nothing of the marmalade results to her daughter.".to_owned(),
            ..word(Some(Purpose::Surveys), Some(Channel::Email), Decision::Refused)
        };
        consents::record(app, &desk.ctx(Role::Agent), patient, no).await.unwrap();
        let contact = patients::patient(app, &system, patient).await.unwrap().contacts[0].id;
        let new = NewPatient { name: "Luis Other".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let luis = patients::create_patient(app, &system, new, Vec::new()).await.unwrap();
        tickets::link_contact(app, &system, contact, Some(luis)).await.unwrap();
        // It counts for whoever the contact stands for now.
        assert!(!why(&desk, Purpose::Surveys, ROSA).await.may());
        let page = desk.browser(Role::Nurse).await.get(&format!("/patients/{luis}/consents")).await.expect(200).text();
        assert!(page.contains("in somebody else") && !page.contains("marmalade") && !page.contains("Ana Agent"), "{page}");
        let client = desk.client(&Permissions::ALL.codes()).await;
        let told = client.get(&format!("/api/v1/patients/{luis}/consents")).await.expect(200).json();
        let one = &told["items"][0];
        assert_eq!((one["of_another_patient"].as_bool(), one["decision"].as_str(), one["purpose"].as_str()), (Some(true), Some("refused"), Some("surveys")));
        assert_eq!(["text", "text_hash", "language"].map(|field| &one[field]), ["", "", ""]);
        assert!(one["address"].is_null() && one["party"].is_null(), "{one}");
        // Where it was said it has its words.
        let own = client.get(&format!("/api/v1/patients/{patient}/consents")).await.expect(200).json();
        assert!(own["items"][0]["text"].as_str().unwrap().contains("marmalade"), "{own}");
    }

    async fn the_api_keeps_and_tells_what_a_page_does(desk: Desk) {
        let patient = rosa(&desk).await;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let way = format!("/api/v1/patients/{patient}/consents");
        let yes = json!({ "purpose": "surveys", "channel": "email", "decision": "given", "address": ROSA, "text": "May we ask?", "source": "portal" });
        client.post(&way, &yes).await.expect(201);
        let told = client.get(&way).await.expect(200).json();
        let one = &told["items"][0];
        assert_eq!((one["purpose"].as_str(), one["text"].as_str(), one["address"].as_str()), (Some("surveys"), Some("May we ask?"), Some(ROSA)));
        let surveys = told["stands"].as_array().unwrap().iter().find(|one| one["purpose"] == "surveys" && one["channel"] == "email");
        assert_eq!(surveys.unwrap()["may"], true);
        // Whoever doesn't see addresses sees no more of this one.
        let masked = desk.client("patients:read").await.get(&way).await.expect(200).text();
        assert!(!masked.contains(ROSA), "{masked}");
        for wrong in [json!({}), json!({ "purpose": "world", "decision": "given", "text": "x", "source": "form" }),
            json!({ "purpose": "research", "decision": "given", "text": "x", "source": "stop_word" })] {
            let status = client.post(&way, &wrong).await.status;
            assert_eq!(status, 422, "{wrong}");
        }
        desk.client("patients:read").await.post(&way, &yes).await.expect(403);
        client.get("/api/v1/patients/01890000-0000-7000-8000-000000000000/consents").await.expect(404);
    }

    async fn a_no_between_two_tries_ends_the_question_that_waits(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = desk.ticket(ROSA, "Hours", "When are you open?").await;
        jobs::drain(&desk.app).await.unwrap();
        sink.take();
        // The mail server asks to come again: what it refused is the way to say no.
        sink.answer(sink::Answer::Later);
        resolve(&desk, ticket, Status::Resolved).await;
        let refused = sink.take().remove(0);
        one_click(&desk, &leaving(&refused)).await.expect(200);
        sink.answer(sink::Answer::Accept);
        desk.clock.advance(3600);
        jobs::drain(&desk.app).await.unwrap();
        assert!(sink.take().is_empty(), "they said no before this try");
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        assert!(log.iter().any(|one| one.action == "mail.drop"));
        // The same of a request that is open again, and of a try that nothing speaks against.
        let other = desk.ticket("ana@patient.example", "Hours", "When?").await;
        jobs::drain(&desk.app).await.unwrap();
        sink.answer(sink::Answer::Later);
        resolve(&desk, other, Status::Resolved).await;
        sink.answer(sink::Answer::Accept);
        sink.take();
        desk.clock.advance(3600);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().len(), 1, "it goes out at the second try");
    }

    async fn a_word_that_answers_a_person_is_read_by_one(desk: Desk) {
        let sink = sink(&desk).await;
        let (ticket, _) = asked(&desk, &sink).await;
        hand_in(&desk, "one", "", "STOP").await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().len(), 1);
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, tickets::Reply::new("See you on Friday.")).await.unwrap();
        desk.clock.advance(10);
        jobs::drain(&desk.app).await.unwrap();
        resolve(&desk, ticket, Status::Closed).await;
        sink.take();
        let before = count(&desk).await;
        // What "cancel" means as an answer to that, nobody but a person can tell.
        hand_in(&desk, "two", "Re: Hours", "Cancel").await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(count(&desk).await, before + 1);
        // Said again by itself, it is told again, once a day.
        desk.clock.advance(24 * 3600);
        sink.take();
        hand_in(&desk, "three", "", "STOP").await;
        hand_in(&desk, "four", "", "STOP").await;
        jobs::drain(&desk.app).await.unwrap();
        let told = sink.take();
        assert_eq!(told.iter().filter(|one| one.text().contains("no appointment was cancelled")).count(), 1);
    }

    async fn what_is_published_at_the_same_moment_keeps_its_words(desk: Desk) {
        let ctx = desk.ctx(Role::Administrator);
        for round in 0..12 {
            let id = notices::begin(&desk.app, &ctx, PRIVACY).await.unwrap();
            let words = |body: &str| {
                let text = notices::Text { title: "Notice".to_owned(), body: format!("{body} {round}"), changes: String::new() };
                std::collections::BTreeMap::from([(Locale::En, text)])
            };
            notices::save(&desk.app, &ctx, (id, 1), words("As published")).await.unwrap();
            let task = |publishes: bool, texts| {
                let (app, ctx) = (desk.app.clone(), ctx.clone());
                tokio::spawn(async move {
                    if publishes {
                        notices::publish(&app, &ctx, (id, 2)).await
                    } else {
                        notices::save(&app, &ctx, (id, 2), texts).await
                    }
                })
            };
            let (saved, published) = (task(false, words("Too late")), task(true, words("")));
            let (saved, published) = (saved.await.unwrap(), published.await.unwrap());
            assert!(saved.is_ok() != published.is_ok(), "one of both: {saved:?} {published:?}");
            let now = notices::notice(&desk.app, &ctx, id).await.unwrap();
            let expected = if published.is_ok() { "As published" } else { "Too late" };
            assert!(now.texts[&Locale::En].body.starts_with(expected));
            assert_eq!(now.notice.published_at.is_some(), published.is_ok());
            if published.is_err() {
                notices::discard(&desk.app, &ctx, id).await.unwrap();
            }
        }
    }
}
