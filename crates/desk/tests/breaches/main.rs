//! Incidents that may be breaches: whose data it was by the audit log, two persons who say what it is, clocks, and letters
//! that reach everybody once.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod holes;
mod reached;

use bedside_desk::audit_log;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{BreachId, PatientId, TicketId};
use bedside_desk::outbound;
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::breaches::{
    self, Act, BreachView, Conclusion, Counts, Data, Facts, Letter, Part, PersonView, Query, Risk,
    Said, Told, Way, Words,
};
use bedside_desk::privacy::erasure;
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest};
use bedside_desk::timeline::MessageState;
use bedside_desk::{jobs, staff, tickets};
use bedside_web::Locale;
use common::sink::{Answer, Sink, sink};
use common::{Browser, Desk, Role, both_engines};

const NAMES: [(&str, &str); 3] = [
    ("Zenobia Quillfeather", "zenobia@patient.example"),
    ("Ambrose Tallow", "ambrose@patient.example"),
    ("Perpetua Lark", ""),
];

async fn patient(desk: &Desk, name: &str, email: &str) -> PatientId {
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: None,
        mrn: Some(format!("MRN-{name}").replace(' ', "-")),
        locale: (name == NAMES[1].0).then_some(Locale::Es),
        secure_link: false,
    };
    let points = if email.is_empty() {
        Vec::new()
    } else {
        vec![(PointKind::Email, email.to_owned())]
    };
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

/// Three patients whose records the agent has looked at, two by reading and one by a search.
async fn touched(desk: &Desk) -> [PatientId; 3] {
    let mut all = Vec::new();
    for (name, email) in NAMES {
        all.push(patient(desk, name, email).await);
    }
    let agent = desk.ctx(Role::Agent);
    let request = desk.ticket(NAMES[0].1, "Hello", "How are you?").await;
    tickets::view(&desk.app, &agent, request).await.unwrap();
    patients::patient(&desk.app, &agent, all[0]).await.unwrap();
    patients::patient(&desk.app, &agent, all[1]).await.unwrap();
    let wanted = patients::Wanted {
        mrn: Some("MRN-Perpetua-Lark".to_owned()),
        ..patients::Wanted::default()
    };
    let found = patients::find_patients(&desk.app, &agent, &wanted)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    desk.clock.advance(60);
    all.try_into().unwrap()
}

fn facts() -> Facts {
    Facts {
        title: "Wrong hands".to_owned(),
        story: "A colleague looked at records without a reason.".to_owned(),
        discovered: jiff::civil::date(2026, 3, 2).at(10, 0, 0, 0),
        part: Part::Own,
        data: vec![Data::Name, Data::Health],
    }
}

fn query(desk: &Desk, acts: &[Act]) -> Query {
    Query {
        actor: desk.id_of(Role::Agent).to_string(),
        from: desk.app.now().plus_seconds(-24 * 3600),
        until: desk.app.now().plus_seconds(1),
        acts: acts.to_vec(),
    }
}

fn said(conclusion: Conclusion) -> Said {
    Said {
        risks: [Risk::Low, Risk::Medium, Risk::Low, Risk::Low],
        words: Words {
            factors: ["Names.", "A colleague.", "Seen.", "Nothing yet."].map(str::to_owned),
            reasons: "It was seen.".to_owned(),
        },
        conclusion,
        exception: None,
        high_risk: false,
    }
}

fn letter(word: &str) -> Letter {
    Letter {
        happened: format!("{word}: a colleague looked at your record."),
        data: "Name and requests.".to_owned(),
        protect: "Call us.".to_owned(),
        doing: "We closed the account.".to_owned(),
        contact: "800 555 0100".to_owned(),
    }
}

async fn view(desk: &Desk, id: BreachId) -> BreachView {
    breaches::view(&desk.app, &desk.ctx(Role::Compliance), id)
        .await
        .unwrap()
}

async fn version(desk: &Desk, id: BreachId) -> (BreachId, i64) {
    (id, view(desk, id).await.breach.version)
}

async fn list(desk: &Desk, id: BreachId) -> Vec<PersonView> {
    let ctx = desk.ctx(Role::Compliance);
    let breach = view(desk, id).await.breach;
    let (mut all, more) = breaches::people(&desk.app, &ctx, &breach, None)
        .await
        .unwrap();
    assert!(more.is_none());
    all.sort_by_key(|one| one.patient.as_ref().map(|(_, name)| name.clone()));
    all
}

/// An incident with its list, decided by two persons, with letters.
async fn decided(desk: &Desk) -> BreachId {
    let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
    let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
    breaches::take(app, &officer, (id, 1), query(desk, Act::ALL))
        .await
        .unwrap();
    breaches::assess(app, &officer, (id, 2), said(Conclusion::Breach))
        .await
        .unwrap();
    breaches::sign(app, &desk.ctx(Role::Administrator), (id, 3), true)
        .await
        .unwrap();
    for (locale, word) in [(Locale::En, "Plumage"), (Locale::Es, "Plumaje")] {
        let at = version(desk, id).await;
        breaches::write_letter(app, &officer, at, locale, letter(word))
            .await
            .unwrap();
    }
    id
}

/// Runs what is due, undo windows included, and gives what went to patients.
async fn goes_out(desk: &Desk, sink: &Sink) -> Vec<common::sink::Sent> {
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(60);
    jobs::drain(&desk.app).await.unwrap();
    let mut sent = sink.take();
    sent.retain(|one| one.to.iter().any(|to| to.contains("@patient.example")));
    sent
}

fn code<T>(done: Result<T, DeskError>) -> &'static str {
    match done.err().unwrap() {
        DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
        DeskError::Stale { .. } => "stale",
        DeskError::NotFound => "not_found",
        DeskError::Forbidden => "forbidden",
        other => panic!("{other:?}"),
    }
}

const FACTS: [(&str, &str); 5] = [
    ("title", "Wrong hands"),
    ("story", "A colleague looked."),
    ("discovered", "2026-03-02T09:30"),
    ("part", "own"),
    ("data_name", "on"),
];

async fn open(browser: &Browser, more: &[(&str, &str)]) -> common::Answer {
    let new = "/privacy/breaches/new";
    let mut fields = FACTS.to_vec();
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(more);
    browser.submit(new, new, &fields).await
}

both_engines! {
    async fn an_incident_is_seen_through_on_its_page(desk: Desk) {
        touched(&desk).await;
        let sink = sink(&desk).await;
        goes_out(&desk, &sink).await;
        let officer = desk.browser(Role::Compliance).await;
        for (field, text, at) in [
            ("title", " ", "#title"), ("title", &*"x".repeat(201), "#title"), ("story", "", "#story"), ("part", "none", "#part"),
            ("discovered", "soon", "#discovered"), ("discovered", "2026-03-02T10:30", "#discovered"), ("discovered", "2020-02-01T09:00", "#discovered"),
            ("data_name", "", "#data"),
        ] {
            let page = open(&officer, &[(field, text)]).await.expect(422).text();
            assert!(page.contains(&format!("href=\"{at}\"")), "{field}: {page}");
            assert!(field == "story" || page.contains("A colleague looked."), "what was typed is kept");
        }
        let here = open(&officer, &[]).await.expect(303).header("location").unwrap().to_owned();
        let page = officer.get(&here).await.expect(200).text();
        // The clock runs from the discovery: sixty days after the second of March, and after the year's end.
        assert!(page.contains("Wrong hands") && page.contains("May 1, 2026") && page.contains("Mar 1, 2027"), "{page}");
        assert!(page.contains("Nobody has assessed it"));
        let list = officer.get("/privacy/breaches").await.expect(200).text();
        assert!(list.contains("Wrong hands") && list.contains("To be assessed"));

        let agent = desk.id_of(Role::Agent).to_string();
        let ask = |what: &'static str| vec![
            ("version", "1".to_owned()), ("actor", agent.clone()), ("from", "2026-03-02T09:00".to_owned()), ("until", "2026-03-02T11:00".to_owned()),
            ("act_read", "on".to_owned()), ("act_search", "on".to_owned()), ("do", what.to_owned()),
        ];
        let post = async |way: &str, fields: &[(&str, &str)]| officer.submit(&here, &format!("{here}/{way}"), fields).await;
        let asked = async |what: &'static str, more: &[(&'static str, &str)]| {
            let mut fields = ask(what);
            fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            fields.extend_from_slice(more);
            post("people", &fields).await
        };
        for (field, text) in [("actor", ""), ("actor", "nobody"), ("until", "2026-03-02T09:00"), ("until", "2027-03-04T09:00"), ("from", "")] {
            asked("look", &[(field, text)]).await.expect(422);
        }
        asked("look", &[("act_read", ""), ("act_search", "")]).await.expect(422);
        let looked = asked("look", &[]).await.expect(200).text();
        assert!(looked.contains("The log names 3 people.") && looked.contains("Not on the list: 3."), "{looked}");
        assert!(!looked.contains("Zenobia"), "nothing is kept yet");
        asked("take", &[]).await.expect(303);
        asked("take", &[]).await.expect(412);
        let page = officer.get(&here).await.text();
        for (name, _) in NAMES {
            assert!(page.contains(name), "{name}");
        }
        assert!(page.contains("3 people") && page.contains("read (2)") && page.contains("found (1)"), "{page}");

        // A low probability does not stand beside a high factor, nor a conclusion without words.
        let factors = [("risk_nature", "high"), ("nature", "Much."), ("risk_who", "low"), ("who", "A colleague."), ("risk_seen", "low"), ("seen", "Yes."),
            ("risk_mitigated", "low"), ("mitigated", "Gone."), ("reasons", "Because."), ("version", "2")];
        let page = post("assess", &[&factors[..], &[("conclusion", "low_probability")]].concat()).await.expect(422).text();
        assert!(page.contains("a low probability is not shown") && page.contains("Much."), "{page}");
        post("assess", &factors).await.expect(422);
        post("assess", &[&factors[..], &[("conclusion", "exception")]].concat()).await.expect(422);
        post("assess", &[&factors[..8], &[("conclusion", "breach"), ("version", "2")]].concat()).await.expect(422);
        post("assess", &[&factors[..], &[("conclusion", "breach")]].concat()).await.expect(303);
        // Whoever assessed doesn't sign, and nothing goes out before somebody else has.
        assert!(officer.get(&here).await.text().contains("Somebody else has to sign"));
        post("sign", &[("version", "3"), ("word", "yes")]).await.expect(409);
        let written = [("version", "3"), ("locale", "en"), ("happened", "Plumage was seen."), ("data", "Names."), ("protect", "Call."), ("doing", "Much."), ("contact", "800 555 0100")];
        post("letter", &[&written[..6], &[("contact", " ")]].concat()).await.expect(422);
        post("letter", &written).await.expect(303);
        let preview = officer.get(&format!("{here}/letter/en")).await.expect(200).text();
        assert!(preview.contains("Plumage was seen.") && preview.contains("We are sorry"), "{preview}");
        officer.get(&format!("{here}/letter/es")).await.expect(404);
        post("send", &[("version", "4"), ("how", "mail")]).await.expect(409);
        let second = desk.browser(Role::Administrator).await;
        second.submit(&here, &format!("{here}/sign"), &[("version", "4"), ("word", "")]).await.expect(422);
        second.submit(&here, &format!("{here}/sign"), &[("version", "4"), ("word", "yes")]).await.expect(303);
        post("assess", &[&factors[..9], &[("conclusion", "breach"), ("version", "5")]].concat()).await.expect(409);
        post("close", &[("version", "5")]).await.expect(409);
        post("send", &[("version", "5"), ("how", "mail")]).await.expect(303);
        let sent = goes_out(&desk, &sink).await;
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|one| !one.text().contains("Plumage") && one.text().contains("/t/")), "the words stay behind the link");
        let page = officer.get(&here).await.text();
        assert!(page.contains("2 mailed") && page.contains("1 to be printed"), "{page}");
        post("done", &[("version", "6"), ("duty", "people"), ("on", "2026-03-02")]).await.expect(409);
        let printed = page.split("/print/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let paper = officer.get(&format!("{here}/print/{printed}")).await.expect(200).text();
        assert!(paper.contains("Perpetua Lark") && paper.contains("Plumage was seen."));
        post(&format!("posted/{printed}"), &[("version", "6")]).await.expect(303);
        post(&format!("posted/{printed}"), &[("version", "7")]).await.expect(409);
        post("done", &[("version", "7"), ("duty", "people"), ("on", "2026-03-01")]).await.expect(422);
        post("done", &[("version", "7"), ("duty", "media"), ("on", "2026-03-02")]).await.expect(409);
        post("done", &[("version", "7"), ("duty", "people"), ("on", "2026-03-02")]).await.expect(303);
        post("close", &[("version", "8")]).await.expect(409);
        post("done", &[("version", "8"), ("duty", "authority"), ("on", "2026-03-02")]).await.expect(303);
        post("close", &[("version", "9")]).await.expect(303);
        post("add", &[("version", "10"), ("added", "MRN-Perpetua-Lark"), ("reason", "x")]).await.expect(409);
        assert!(officer.get("/privacy/breaches?closed=true").await.text().contains("Wrong hands"));
        assert!(!officer.get("/privacy/breaches").await.text().contains("Wrong hands"));
        // Nothing of a patient, nor of what happened, stands in the log.
        let log = audit_log::list(&desk.app, &desk.system(), None, 200).await.unwrap();
        let told = log.iter().filter(|entry| entry.action == "breach.notify" && entry.object_kind == "patient");
        assert_eq!(told.count(), 3);
        assert!(log.iter().any(|entry| entry.action == "breach.sign" && entry.outcome == "denied"));
        assert!(log.iter().all(|entry| !entry.detail.contains("Plumage") && !entry.detail.contains("Zenobia") && !entry.detail.contains("Wrong")));
        desk.audit_is_whole().await;
    }

    async fn the_list_is_what_the_log_said_and_later_looks_tell_the_difference(desk: Desk) {
        let [zenobia, ambrose, perpetua] = touched(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
        let read = breaches::look(app, &officer, id, &query(&desk, &[Act::Read])).await.unwrap();
        assert_eq!((read.people, read.new, read.not_found), (2, 2, 0));
        let sent = breaches::look(app, &officer, id, &query(&desk, &[Act::Sent, Act::Export])).await.unwrap();
        assert_eq!(sent.people, 0);
        // Of another one, and of another time, the log says nothing.
        let nurse = Query { actor: desk.id_of(Role::Nurse).to_string(), ..query(&desk, Act::ALL) };
        assert_eq!(breaches::look(app, &officer, id, &nurse).await.unwrap().people, 0);
        let before = Query { until: desk.app.now().plus_seconds(-3600), ..query(&desk, Act::ALL) };
        assert_eq!(breaches::look(app, &officer, id, &before).await.unwrap().people, 0);

        breaches::take(app, &officer, (id, 1), query(&desk, &[Act::Read])).await.unwrap();
        let people = list(&desk, id).await;
        assert_eq!(people.len(), 2);
        assert_eq!(people[0].patient.as_ref().unwrap().0, ambrose);
        assert_eq!(people[1].acts[&Act::Read], 2, "the request and the record");
        assert!(!people[1].by_hand && people[1].between.is_some() && people[1].told == Told::Waiting);
        // What happens later is in later answers, and the list stays.
        let request = desk.ticket("late@patient.example", "Late", "Late.").await;
        let contact = tickets::view(app, &desk.system(), request).await.unwrap().contact.id;
        tickets::link_contact(app, &desk.system(), contact, Some(perpetua)).await.unwrap();
        tickets::view(app, &desk.ctx(Role::Agent), request).await.unwrap();
        let later = breaches::look(app, &officer, id, &query(&desk, &[Act::Read])).await.unwrap();
        assert_eq!((later.people, later.new, later.not_found), (3, 1, 0));
        assert_eq!(list(&desk, id).await.len(), 2);
        let search = breaches::look(app, &officer, id, &query(&desk, &[Act::Search])).await.unwrap();
        assert_eq!((search.people, search.new, search.not_found), (1, 1, 0), "another question takes nothing back");

        // By hand, with a reason.
        let add = async |who: &str, reason: &str| {
            let added = breaches::Added { who: who.to_owned(), reason: reason.to_owned() };
            breaches::add(app, &officer, version(&desk, id).await, added).await
        };
        assert_eq!(code(add("MRN-Perpetua-Lark", " ").await), "required");
        for nobody in ["MRN-nobody", "", "#999", "#x", "nobody@patient.example"] {
            assert_eq!(code(add(nobody, "x").await), "unknown", "{nobody}");
        }
        assert_eq!(code(add("ambrose@patient.example", "x").await), "listed");
        add("MRN-Perpetua-Lark", "She called.").await.unwrap();
        let people = list(&desk, id).await;
        let hers = people.iter().find(|one| one.patient.as_ref().unwrap().0 == perpetua).unwrap();
        assert!(hers.by_hand && hers.added.2.as_deref() == Some("She called."));
        let out = async |reason: &str| breaches::remove(app, &officer, version(&desk, id).await, hers.id, reason).await;
        assert_eq!(code(out("").await), "required");
        out("It was her own look.").await.unwrap();
        assert_eq!(code(out("Again.").await), "not_found");
        let people = list(&desk, id).await;
        let gone = people.iter().find(|one| one.id == hers.id).unwrap();
        assert_eq!(gone.removed.as_ref().unwrap().2, "It was her own look.");
        assert_eq!(view(&desk, id).await.counts.all(), 2);
        let whose = tickets::view(app, &desk.system(), request).await.unwrap().ticket.number;
        assert_eq!(code(add(&format!("#{whose}"), " ").await), "required");
        // Whoever was taken off stays off when the log is asked again, until somebody puts them back.
        breaches::take(app, &officer, version(&desk, id).await, query(&desk, &[Act::Search])).await.unwrap();
        assert_eq!(view(&desk, id).await.counts.all(), 2);
        add(&format!("#{whose}"), "Back.").await.unwrap();
        assert_eq!(view(&desk, id).await.counts, Counts { waiting: 3, ..Counts::default() });
        let _ = zenobia;
    }

    async fn a_letter_reaches_everybody_once_in_their_language(desk: Desk) {
        let [zenobia, ambrose, _] = touched(&desk).await;
        let (app, officer, sink) = (&desk.app, desk.ctx(Role::Compliance), sink(&desk).await);
        goes_out(&desk, &sink).await;
        let id = decided(&desk).await;
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        // Told twice before anything has run, as after a crash, and once more after it has.
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        assert_eq!(goes_out(&desk, &sink).await.len(), 2);
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        assert!(goes_out(&desk, &sink).await.is_empty());
        assert_eq!(view(&desk, id).await.counts, Counts { mailed: 2, print: 1, ..Counts::default() });
        let people = list(&desk, id).await;
        let letter_of = async |patient: PatientId| {
            let one = people.iter().find(|one| one.patient.as_ref().unwrap().0 == patient).unwrap();
            let (ticket, message, state) = one.letter.unwrap();
            let view = tickets::view(app, &desk.ctx(Role::Agent), ticket).await.unwrap();
            assert_eq!(view.ticket.patient, Some(patient));
            assert_eq!(view.ticket.status, tickets::Status::Resolved, "nobody has to work on it");
            let said = view.messages.iter().find(|one| one.id == message).unwrap();
            (said.body.clone(), state.unwrap(), ticket, view.messages.len())
        };
        let (english, state, ticket, count) = letter_of(zenobia).await;
        assert!(english.contains("Plumage") && english.contains("**What happened**") && state == MessageState::Accepted);
        assert_eq!(count, 1);
        let (spanish, ..) = letter_of(ambrose).await;
        assert!(spanish.contains("Plumaje") && spanish.contains("**Qué pasó**") && spanish.contains("Lo sentimos"));
        // One that comes back is on the list again, to be posted.
        let mail = one_mail(&desk, ticket).await;
        let system = desk.system();
        let noted = app.command(&system, move |work| Box::pin(async move { outbound::bounced(work, mail, "5.1.1").await }));
        assert!(noted.await.unwrap().is_some());
        let lost = list(&desk, id).await.into_iter().find(PersonView::is_lost).unwrap();
        assert_eq!(view(&desk, id).await.lost, 1);
        let other = people.iter().find(|one| one.patient.as_ref().unwrap().0 == ambrose).unwrap();
        assert_eq!(code(breaches::posted(app, &officer, version(&desk, id).await, other.id).await), "told");
        breaches::posted(app, &officer, version(&desk, id).await, lost.id).await.unwrap();
        let after = view(&desk, id).await;
        assert_eq!((after.lost, after.counts), (0, Counts { mailed: 1, print: 1, posted: 1, ..Counts::default() }));
        assert_eq!(code(breaches::remove(app, &officer, version(&desk, id).await, lost.id, "x").await), "not_found");
    }

    async fn a_batch_that_was_cut_off_goes_on_and_paper_needs_no_mail(desk: Desk) {
        touched(&desk).await;
        let (app, officer, sink) = (&desk.app, desk.ctx(Role::Compliance), sink(&desk).await);
        let id = decided(&desk).await;
        sink.answer(Answer::Later);
        breaches::send(app, &officer, version(&desk, id).await, Way::Mail).await.unwrap();
        jobs::drain(app).await.unwrap();
        // The process dies: what it held is taken up again.
        jobs::free_all(app).await.unwrap();
        sink.take();
        jobs::drain(app).await.unwrap();
        assert_eq!(view(&desk, id).await.counts, Counts { mailed: 2, print: 1, ..Counts::default() });
        let log = audit_log::list(app, &desk.system(), None, 200).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.action == "breach.notify").count(), 2);

        let other = decided(&desk).await;
        breaches::send(app, &officer, version(&desk, other).await, Way::Print).await.unwrap();
        jobs::drain(app).await.unwrap();
        assert_eq!(view(&desk, other).await.counts, Counts { print: 3, ..Counts::default() });
    }

    async fn two_persons_decide_and_nobody_else_comes_near(desk: Desk) {
        touched(&desk).await;
        let (app, officer, admin) = (&desk.app, desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
        assert_eq!(code(breaches::open_breach(app, &desk.ctx(Role::Agent), facts()).await), "forbidden");
        assert_eq!(code(breaches::open_breach(app, &desk.system(), facts()).await), "forbidden");
        let id = breaches::open_breach(app, &officer, facts()).await.unwrap();
        assert_eq!(code(breaches::sign(app, &admin, (id, 1), true).await), "not_assessed");
        breaches::assess(app, &officer, (id, 1), said(Conclusion::LowProbability)).await.unwrap();
        assert_eq!(code(breaches::sign(app, &officer, (id, 2), true).await), "same_person");
        assert!(!view(&desk, id).await.duties.is_empty(), "one person's word ends no clock");
        breaches::sign(app, &admin, (id, 2), false).await.unwrap();
        assert_eq!(code(breaches::close(app, &officer, (id, 3)).await), "undecided");
        assert_eq!(code(breaches::assess(app, &officer, (id, 1), said(Conclusion::Breach)).await), "stale");
        breaches::assess(app, &admin, (id, 3), said(Conclusion::LowProbability)).await.unwrap();
        breaches::sign(app, &officer, (id, 4), true).await.unwrap();
        assert!(view(&desk, id).await.duties.is_empty());
        assert_eq!(code(breaches::send(app, &officer, (id, 5), Way::Mail).await), "undecided");
        breaches::close(app, &officer, (id, 5)).await.unwrap();
        assert_eq!(code(breaches::change(app, &officer, (id, 6), facts()).await), "closed");

        let own = decided(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        for way in ["/privacy/breaches".to_owned(), format!("/privacy/breaches/{own}"), format!("/privacy/breaches/{own}/letter/en")] {
            agent.get(&way).await.expect(403);
        }
        let browser = desk.browser(Role::Compliance).await;
        let here = format!("/privacy/breaches/{own}");
        let page = browser.get(&here).await.expect(200).text();
        assert!(page.contains("Let them go"));
        desk.clock.advance(staff::PROOF_SECONDS);
        let at = version(&desk, own).await.1.to_string();
        browser.submit(&here, &format!("{here}/send"), &[("version", &at), ("how", "mail")]).await.expect(403);
        assert_eq!(view(&desk, own).await.counts.waiting, 3);
    }

    async fn who_is_erased_counts_still_and_is_nobody(desk: Desk) {
        let [zenobia, ..] = touched(&desk).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let id = decided(&desk).await;
        let new = NewRequest {
            patient: zenobia,
            kind: Kind::Erasure,
            received_on: jiff::civil::date(2026, 3, 2),
            ticket: None,
            words: String::new(),
        };
        let asked = requests::open_request(app, &desk.ctx(Role::Agent), new).await.unwrap();
        requests::approve(app, &officer, asked, 1).await.unwrap();
        let yes = requests::Said { decision: Decision::Granted, reason: String::new(), note: String::new(), with_notes: false };
        requests::decide(app, &desk.ctx(Role::Administrator), asked, 2, yes).await.unwrap();
        erasure::erase(app, &desk.ctx(Role::Administrator), asked, 3).await.unwrap();
        let counts = view(&desk, id).await.counts;
        assert_eq!(counts, Counts { waiting: 2, gone: 1, ..Counts::default() });
        let people = list(&desk, id).await;
        assert_eq!(people.iter().filter(|one| one.patient.is_none()).count(), 1);
        let page = desk.browser(Role::Compliance).await.get(&format!("/privacy/breaches/{id}")).await.expect(200).text();
        assert!(page.contains("A person who was erased") && !page.contains("Zenobia"));
        breaches::send(app, &officer, version(&desk, id).await, Way::Print).await.unwrap();
        assert_eq!(view(&desk, id).await.counts, Counts { print: 2, gone: 1, ..Counts::default() });
    }

    async fn unusual_looks_that_wait_are_counted_beside_their_page(desk: Desk) {
        let [zenobia, ..] = touched(&desk).await;
        let browser = desk.browser(Role::Compliance).await;
        let count = async || {
            let page = browser.get("/privacy/looks").await.expect(200).text();
            let item = page.split("href=\"/privacy/looks\"").nth(1).unwrap().split("</a>").next().unwrap().to_owned();
            item.split("class=\"count\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
        };
        assert_eq!(count().await, "");
        let quiet = patient(&desk, "Quiet Person", "quiet@patient.example").await;
        patients::patient(&desk.app, &desk.ctx(Role::Agent), quiet).await.unwrap();
        bedside_desk::privacy::watch::look_now(&desk.app, &desk.ctx(Role::Compliance)).await.unwrap();
        assert_ne!(count().await, "");
        let _ = zenobia;
    }
}

/// The mail of a letter.
async fn one_mail(desk: &Desk, ticket: TicketId) -> bedside_desk::ids::OutboundMailId {
    use bedside_db::{args, statements};
    statements! {
        /// The mails of a request.
        OF_TICKET = "SELECT id FROM outbound_mails WHERE organisation_id = $1 AND ticket_id = $2";
    }
    let mut conn = desk.app.read().await.unwrap();
    conn.query_one(OF_TICKET, args![desk.organisation, ticket], |row| {
        row.get(0)
    })
    .await
    .unwrap()
}
