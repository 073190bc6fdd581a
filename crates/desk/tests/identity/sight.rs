//! What is before the staff while somebody is on the line: by level, channel, emergency and look, on the ticket's page, the
//! patient's page that was opened from it, the live fragment and the API.

use super::*;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::field_group::FieldGroup;
use bedside_desk::orgs::{self, Change, CustomField};
use bedside_desk::records::Class;
use bedside_desk::tickets::{Answer, Calm, CalmReason, NewTicket, Patch, Reply, Status, Urgency};
use bedside_language::Channel;
use common::sink::sink;
use common::{Client, both_engines};

const EARLIER: &str = "About my earlier results";
const SCOPES: &str =
    "tickets:read patients:read fields:identifiers fields:contact fields:clinical fields:billing";
const PLACEHOLDER: &str = "Hidden until the caller is verified";

/// A request of the patient by this channel.
async fn talk(desk: &Desk, patient: PatientId, channel: Channel) -> Talk {
    asked(desk, patient, channel, "A question", "I have a question.").await
}

async fn asked(
    desk: &Desk,
    patient: PatientId,
    channel: Channel,
    subject: &str,
    words: &str,
) -> Talk {
    let requester = patients::requester_of_patient(&desk.app, desk.organisation, patient)
        .await
        .unwrap();
    let mut new = NewTicket::new(requester, channel, subject, words);
    new.answer = Answer::wanted(false);
    let id = tickets::create(&desk.app, &desk.system(), new)
        .await
        .unwrap()
        .id;
    Talk {
        id,
        page: format!("/tickets/{}", number(desk, id).await),
        agent: desk.browser(Role::Agent).await,
    }
}

/// How much of the addresses there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addresses {
    None,
    Masked,
    Plain,
}

/// What is to be seen: birth date and record number, addresses, and everything else.
type Seen = (bool, Addresses, bool);

const ALL: Seen = (true, Addresses::Plain, true);
const NOTHING: Seen = (false, Addresses::None, false);
/// By level.
const LIVE: [Seen; 4] = [NOTHING, (true, Addresses::Masked, false), ALL, ALL];

#[track_caller]
fn one(name: &str, has: [bool; 2]) -> bool {
    assert_eq!(has[0], has[1], "{name}: half of it");
    has[0]
}

#[track_caller]
fn addresses(text: &str) -> Addresses {
    let text = text.replace("<wbr>", "");
    if one("addresses", [text.contains(MAIL), text.contains(PHONE)]) {
        Addresses::Plain
    } else if one(
        "masks",
        [text.contains(MASKED_MAIL), text.contains(MASKED_PHONE)],
    ) {
        Addresses::Masked
    } else {
        Addresses::None
    }
}

#[track_caller]
fn on(page: &str) -> Seen {
    let ids = one("identifiers", [page.contains(BORN), page.contains(MRN)]);
    (ids, addresses(page), page.contains(EARLIER))
}

/// What a reader sees on the ticket's page, of which the placeholders tell the rest.
async fn on_ticket(reader: &Browser, talk: &Talk) -> Seen {
    let page = reader.get(&talk.page).await.expect(200).text();
    let seen = on(&page);
    assert_eq!(page.contains(PLACEHOLDER), seen != ALL, "{page}");
    assert_eq!(page.contains("/peek\""), seen != ALL, "{page}");
    seen
}

/// What a reader sees on the patient's page, by the link that is beside the request.
async fn on_patient(reader: &Browser, talk: &Talk, patient: PatientId) -> Seen {
    let page = reader.get(&talk.page).await.expect(200).text();
    let way = page.split("href=\"/patients/").nth(1).unwrap();
    let way = format!("/patients/{}", way.split('"').next().unwrap());
    assert!(way.starts_with(&format!("/patients/{patient}")), "{way}");
    let page = reader.get(&way).await.expect(200).text();
    assert!(page.contains(NAME));
    on(&page)
}

/// What another system sees.
async fn by_api(client: &Client, talk: &Talk) -> Seen {
    let ticket = client
        .get(&format!("/api/v1/tickets/{}", talk.id))
        .await
        .expect(200);
    let (text, json) = (ticket.text(), ticket.json());
    let ids = one("identifiers", [text.contains(BORN), text.contains(MRN)]);
    assert_eq!(json["patient"]["birth_date"].is_null(), !ids);
    assert_eq!(
        json["patient"]["unidentified"], false,
        "that is another reason"
    );
    let seen = addresses(&text);
    for one in json["contact"]["addresses"].as_array().unwrap() {
        assert_eq!(one["value"].is_null(), seen == Addresses::None, "{one}");
        assert_eq!(
            one["hidden"] == "unverified",
            seen == Addresses::None,
            "{one}"
        );
        assert_eq!(one["masked"], seen == Addresses::Masked, "{one}");
    }
    let groups = json["hidden"]["groups"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let hides = |group: &str| groups.iter().any(|one| one == group);
    assert_eq!(json["hidden"].is_null(), groups.is_empty());
    assert_eq!(hides("identifiers"), !ids, "{json}");
    assert_eq!(hides("contact"), seen != Addresses::Plain, "{json}");
    assert_eq!(hides("clinical"), hides("billing"));
    (ids, seen, !hides("clinical"))
}

async fn emergency(desk: &Desk, id: TicketId, on: bool) {
    let (app, ctx) = (&desk.app, desk.ctx(Role::Nurse));
    let seen = tickets::view(app, &ctx, id).await.unwrap().ticket.version;
    if on {
        let patch = Patch {
            urgency: Some(Urgency::Emergency),
            ..Patch::default()
        };
        tickets::change(app, &ctx, id, seen, patch).await.unwrap();
    } else {
        let calm = Calm {
            reason: CalmReason::OtherMeaning,
            words: None,
            urgency: Urgency::Standard,
        };
        tickets::not_a_crisis(app, &ctx, id, Some(seen), calm)
            .await
            .unwrap();
    }
}

async fn peek(reader: &Browser, talk: &Talk) {
    let way = format!("{}/peek", talk.page);
    let answer = reader.submit(&talk.page, &way, &[]).await.expect(303);
    assert_eq!(answer.header("location"), Some(talk.page.as_str()));
}

async fn peeks(desk: &Desk, id: TicketId) -> usize {
    let done = log(desk, id).await;
    done.iter()
        .filter(|(action, _)| action == "identity.peek")
        .count()
}

both_engines! {
    async fn each_level_shows_what_it_opens_to_whoever_is_on_the_line(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
        let client = desk.client(SCOPES).await;
        for (channel, live) in [(Channel::Phone, true), (Channel::Email, false)] {
            let talk = talk(&desk, patient, channel).await;
            let nurse = desk.browser(Role::Nurse).await;
            if live {
                peek(&nurse, &talk).await;
                assert_eq!(peeks(&desk, talk.id).await, 1);
            }
            for (level, shown) in LIVE.into_iter().enumerate() {
                match level {
                    0 => {}
                    1 => talk.first().await,
                    2 => drop(talk.code_to(&desk, &sink).await),
                    _ => talk.third().await,
                }
                // Whoever is verified in a mail may have called about it.
                let by_level = if live || level > 0 { shown } else { ALL };
                for danger in [true, false] {
                    emergency(&desk, talk.id, danger).await;
                    let expected = if danger { ALL } else { by_level };
                    let told = format!("{channel:?} level {level} danger {danger}");
                    assert_eq!(on_ticket(&talk.agent, &talk).await, expected, "{told}");
                    assert_eq!(on_patient(&talk.agent, &talk, patient).await, expected, "{told}");
                    // That it can't wait opens nothing to a program.
                    assert_eq!(by_api(&client, &talk).await, by_level, "{told}");
                    // Whoever asked to see it does, for a quarter of an hour.
                    let expected = if live { ALL } else { expected };
                    assert_eq!(on_ticket(&nurse, &talk).await, expected, "{told}");
                    assert_eq!(on_patient(&nurse, &talk, patient).await, expected, "{told}");
                }
            }
            // An hour later somebody else may be on the line.
            desk.clock.advance(3600);
            for role in [Role::Agent, Role::Nurse] {
                let reader = desk.browser(role).await;
                let expected = if live { NOTHING } else { ALL };
                assert_eq!(on_ticket(&reader, &talk).await, expected, "{channel:?}");
                assert_eq!(on_patient(&reader, &talk, patient).await, expected, "{channel:?}");
            }
        }
        desk.audit_is_whole().await;
    }

    async fn it_goes_by_the_channel(desk: Desk) {
        let patient = patient(&desk, 40).await;
        let client = desk.client(SCOPES).await;
        for (channel, live) in [
            (Channel::Phone, true), (Channel::Video, true), (Channel::Sms, true), (Channel::Chat, true),
            (Channel::Email, false), (Channel::Portal, false), (Channel::WebForm, false), (Channel::Social, false), (Channel::Api, false),
        ] {
            asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
            let talk = talk(&desk, patient, channel).await;
            let expected = if live { NOTHING } else { ALL };
            assert_eq!(on_ticket(&talk.agent, &talk).await, expected, "{channel:?}");
            assert_eq!(on_patient(&talk.agent, &talk, patient).await, expected, "{channel:?}");
            assert_eq!(by_api(&client, &talk).await, expected, "{channel:?}");
            // The live fragment, and the messages with the addresses of their mails.
            let part = talk.agent.request(Method::GET, &format!("{}/timeline", talk.page), &[("hx-request", "true")], Body::empty()).await.expect(200).text();
            assert!(part.contains("I have a question.") && !part.contains(BORN) && !part.contains(MRN), "{part}");
            // Whom the desk itself tells of it sees it whole: copies for the patient are made so.
            let whole = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap();
            assert_eq!(whole.contact.email(), Some(MAIL));
        }
    }

    async fn the_addresses_of_mails_within_a_call_are_hidden_with_the_others(desk: Desk) {
        let patient = patient(&desk, 40).await;
        let talk = talk(&desk, patient, Channel::Phone).await;
        let reply = Reply { class: Some(Class::Public), ..Reply::new("We are open until six.") };
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), talk.id, reply).await.unwrap();
        let client = desk.client(SCOPES).await;
        let words = async || client.get(&format!("/api/v1/tickets/{}/messages", talk.id)).await.expect(200).text();
        let text = words().await;
        assert!(text.contains("open until six") && addresses(&text) == Addresses::None, "{text}");
        let page = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(page.contains("Your answer goes to their email on file."), "{page}");
        tells_no_address(&page);
    }

    async fn a_call_about_a_mail_is_a_call(desk: Desk) {
        let patient = patient(&desk, 40).await;
        asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
        let client = desk.client(SCOPES).await;
        // What they said was written down.
        let told = talk(&desk, patient, Channel::Email).await;
        assert_eq!(on_ticket(&told.agent, &told).await, ALL);
        tickets::said(&desk.app, &desk.ctx(Role::Agent), told.id, "I call about my mail.".to_owned(), Vec::new()).await.unwrap();
        // What they claimed was wrong.
        let failed = talk(&desk, patient, Channel::Portal).await;
        failed.tell(NAME, "1951-06-08", "mrn", MRN).await;
        // A call went into the mail it was about.
        let (call, merged) = (talk(&desk, patient, Channel::Phone).await, talk(&desk, patient, Channel::Email).await);
        tickets::merge(&desk.app, &desk.system(), call.id, merged.id).await.unwrap();
        for (name, talk) in [("told", &told), ("failed", &failed), ("merged", &merged)] {
            assert_eq!(on_ticket(&talk.agent, talk).await, NOTHING, "{name}");
            assert_eq!(on_patient(&talk.agent, talk, patient).await, NOTHING, "{name}");
            assert_eq!(by_api(&client, talk).await, NOTHING, "{name}");
        }
        desk.clock.advance(3600);
        let agent = desk.browser(Role::Agent).await;
        for (name, talk) in [("told", &told), ("failed", &failed), ("merged", &merged)] {
            assert_eq!(on_ticket(&agent, talk).await, ALL, "{name}");
        }
    }

    async fn what_was_wrong_goes_along_into_another_request(desk: Desk) {
        let patient = patient(&desk, 40).await;
        asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
        let (wrong, into) = (talk(&desk, patient, Channel::Portal).await, talk(&desk, patient, Channel::Email).await);
        assert_eq!(on_ticket(&into.agent, &into).await, ALL);
        wrong.tell(NAME, "1951-06-08", "mrn", MRN).await;
        tickets::merge(&desk.app, &desk.system(), wrong.id, into.id).await.unwrap();
        assert_eq!(on_ticket(&into.agent, &into).await, NOTHING);
        desk.clock.advance(3600);
        assert_eq!(on_ticket(&desk.browser(Role::Agent).await, &into).await, ALL);
    }

    async fn nobody_is_on_the_line_of_a_closed_call(desk: Desk) {
        let patient = patient(&desk, 40).await;
        asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
        let client = desk.client(SCOPES).await;
        for status in [Status::Resolved, Status::Closed] {
            let talk = talk(&desk, patient, Channel::Phone).await;
            assert_eq!(on_ticket(&talk.agent, &talk).await, NOTHING);
            let seen = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().ticket.version;
            let patch = Patch { status: Some(status), ..Patch::default() };
            tickets::change(&desk.app, &desk.system(), talk.id, seen, patch).await.unwrap();
            assert_eq!(on_ticket(&talk.agent, &talk).await, ALL, "{status:?}");
            assert_eq!(by_api(&client, &talk).await, ALL, "{status:?}");
        }
    }

    async fn whoever_is_looked_for_in_a_call_is_not_told_to_the_caller(desk: Desk) {
        let id = patient(&desk, 40).await;
        asked(&desk, id, Channel::Email, EARLIER, "What did they say?").await;
        let by = patients::requester_by_phone(&desk.app, desk.organisation, "+1 312 555 0147", None, None);
        let mut new = NewTicket::new(by.await.unwrap(), Channel::Phone, "A call", "I have a question.");
        new.answer = Answer::wanted(false);
        let call = tickets::create(&desk.app, &desk.system(), new).await.unwrap().id;
        let number = number(&desk, call).await;
        let contact = tickets::view(&desk.app, &desk.system(), call).await.unwrap().contact.id.to_string();
        let agent = desk.browser(Role::Agent).await;
        let back = format!("/tickets/{number}");
        let way = format!("/patients?contact={contact}&back={back}");
        let look = async |by: (&str, &str)| {
            let asked = [by, ("contact", contact.as_str()), ("back", back.as_str())];
            agent.submit(&way, "/patients", &asked).await.expect(200).text()
        };
        for by in [("phone", PHONE), ("email", MAIL)] {
            let page = look(by).await;
            assert!(page.contains(NAME) && page.contains("the caller has to say them"), "{page}");
            assert!(!page.contains(BORN) && !page.contains(MRN), "{page}");
            let record = format!("/patients/{id}?ticket={number}");
            assert!(page.contains(&format!("href=\"{record}\"")), "{page}");
            let page = agent.get(&record).await.expect(200).text();
            assert_eq!(on(&page), NOTHING);
        }
        agent.submit(&back, &format!("{back}/peek"), &[]).await.expect(303);
        assert!(look(("phone", PHONE)).await.contains(BORN));
        // Beside no conversation nobody is on the line.
        let page = desk.browser(Role::Agent).await.submit("/patients", "/patients", &[("phone", PHONE)]).await.expect(200).text();
        assert!(page.contains(BORN) && page.contains(MRN) && !page.contains("?ticket="), "{page}");
    }

    async fn a_privacy_request_from_a_call_leads_back_to_what_the_call_shows(desk: Desk) {
        let id = patient(&desk, 40).await;
        let talk = talk(&desk, id, Channel::Phone).await;
        let number = talk.page.rsplit('/').next().unwrap();
        let page = talk.agent.get(&format!("/patients/{id}/privacy?ticket={number}")).await.expect(200).text();
        assert_eq!(page.matches(&format!("href=\"/patients/{id}?ticket={number}\"")).count(), 2, "{page}");
        assert!(!page.contains(&format!("href=\"/patients/{id}\"")), "{page}");
        let page = talk.agent.get(&format!("/patients/{id}/privacy?ticket=999999")).await.expect(200).text();
        assert!(page.contains(&format!("href=\"/patients/{id}\"")), "{page}");
    }

    async fn whoever_calls_it_an_emergency_unseen_is_counted_as_looking(desk: Desk) {
        let patient = patient(&desk, 40).await;
        let mail = talk(&desk, patient, Channel::Email).await;
        emergency(&desk, mail.id, true).await;
        let reviews = async || desk.browser(Role::Supervisor).await.get("/reviews").await.expect(200).text();
        assert!(!reviews().await.contains("Looked before"));
        let talk = talk(&desk, patient, Channel::Phone).await;
        emergency(&desk, talk.id, true).await;
        let list = reviews().await;
        assert!(list.contains("Looked before the caller was verified") && list.contains("once"), "{list}");
        // It lasts no longer than the emergency.
        emergency(&desk, talk.id, false).await;
        assert!(!on_ticket(&desk.browser(Role::Nurse).await, &talk).await.0);
    }

    async fn a_look_is_not_told_of_where_all_is_shown_without(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = talk(&desk, patient, Channel::Phone).await;
        peek(&talk.agent, &talk).await;
        let told = async || talk.agent.get(&talk.page).await.expect(200).text().contains("Everything is shown to you until");
        assert!(told().await);
        talk.first().await;
        assert!(told().await);
        talk.code_to(&desk, &sink).await;
        assert!(!told().await, "they may hear it now");
    }

    async fn a_look_at_somebody_elses_record_shows_it(desk: Desk) {
        let sink = sink(&desk).await;
        let first = patient(&desk, 40).await;
        let new = NewPatient { name: "Ulf Ypsilon".to_owned(), birth_date: Some("1980-02-03".to_owned()), mrn: None, locale: None, secure_link: false };
        let second = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
        let talk = talk(&desk, first, Channel::Phone).await;
        talk.second(&desk, &sink).await;
        let page = format!("/patients/{second}?ticket={}", talk.page.rsplit('/').next().unwrap());
        let open = async || talk.agent.get(&page).await.expect(200).text();
        assert!(!open().await.contains("1980-02-03"));
        let (way, id) = (format!("{}/peek", talk.page), second.to_string());
        let fields = [("back", page.as_str()), ("patient", id.as_str())];
        talk.agent.submit(&page, &way, &fields).await.expect(303);
        assert!(open().await.contains("1980-02-03"));
        talk.agent.submit(&page, &way, &fields).await.expect(303);
        assert_eq!(peeks(&desk, talk.id).await, 1);
    }

    async fn a_look_is_for_one_colleague_and_one_conversation_and_is_counted(desk: Desk) {
        let patient = patient(&desk, 40).await;
        let other = talk(&desk, patient, Channel::Sms).await;
        let talk = talk(&desk, patient, Channel::Phone).await;
        let nurse = desk.browser(Role::Nurse).await;
        let client = desk.client(SCOPES).await;
        assert!(!on_ticket(&nurse, &talk).await.0);
        peek(&nurse, &talk).await;
        let page = nurse.get(&talk.page).await.expect(200).text();
        assert!(page.contains(BORN) && page.contains("Everything is shown to you until"), "{page}");
        assert!(page.contains("looked at what is hidden"), "{page}");
        assert!(page.contains("Not verified"), "a look verifies nobody: {page}");
        assert_eq!(on_ticket(&nurse, &other).await, NOTHING);
        assert_eq!(on_ticket(&talk.agent, &talk).await, NOTHING);
        assert!(!by_api(&client, &talk).await.0);
        // Twice within that time is once.
        let way = format!("{}/peek", talk.page);
        nurse.submit(&talk.page, &way, &[("back", "/tickets/1")]).await.expect(303);
        assert_eq!(peeks(&desk, talk.id).await, 1);
        // It leads to no other host, and takes a token of the page.
        let away = nurse.submit(&talk.page, &way, &[("back", "//evil.example/")]).await.expect(303);
        assert_eq!(away.header("location"), Some("/"));
        nurse.post(&way, &[]).await.expect(403);
        client.post(&format!("/api/v1/tickets/{}/peek", talk.id), &serde_json::json!({})).await.expect(404);

        let list = desk.browser(Role::Supervisor).await.get("/reviews").await.expect(200).text();
        assert!(list.contains("Looked before the caller was verified") && list.contains("Nia Nurse") && list.contains("once"), "{list}");
        desk.clock.advance(15 * 60 - 1);
        assert!(nurse.get(&talk.page).await.expect(200).text().contains(BORN));
        desk.clock.advance(1);
        assert!(!on_ticket(&nurse, &talk).await.0);
        peek(&nurse, &talk).await;
        let list = desk.browser(Role::Supervisor).await.get("/reviews").await.expect(200).text();
        assert!(list.contains("2 times"), "{list}");
        assert_eq!(peeks(&desk, talk.id).await, 2);

        // Where nothing is hidden there is nothing to look past.
        let mail = self::talk(&desk, patient, Channel::Email).await;
        nurse.submit(&mail.page, &format!("{}/peek", mail.page), &[]).await.expect(303);
        assert_eq!(peeks(&desk, mail.id).await, 0);
        desk.clock.advance(32 * DAY);
        bedside_desk::identity::forget(&desk.app).await.unwrap();
        let list = desk.browser(Role::Supervisor).await.get("/reviews").await.expect(200).text();
        assert!(!list.contains("Looked before"), "{list}");
        desk.audit_is_whole().await;
    }

    async fn what_somebody_else_showed_shows_nothing_of_this_patient(desk: Desk) {
        let first = patient(&desk, 40).await;
        let new = NewPatient {
            name: "Ulf Ypsilon".to_owned(),
            birth_date: Some("1980-02-03".to_owned()),
            mrn: Some("UY-1001".to_owned()),
            locale: None,
            secure_link: false,
        };
        let second = patients::create_patient(&desk.app, &desk.system(), new, vec![(PointKind::Email, "ulf@ypsilon.test".to_owned())]).await.unwrap();
        let talk = talk(&desk, second, Channel::Phone).await;
        talk.first().await;
        let page = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(page.contains("Level 1") && !page.contains("1980-02-03") && !page.contains("UY-1001"), "{page}");
        let open = async |id: PatientId| talk.agent.get(&format!("/patients/{id}?ticket={}", talk.page.rsplit('/').next().unwrap())).await.expect(200).text();
        assert!(!open(second).await.contains("1980-02-03"));
        assert!(open(first).await.contains(BORN), "that is whom they showed to be");
        talk.agent.get(&format!("/patients/{first}?ticket=999999")).await.expect(404);
    }

    async fn an_emergency_at_the_page_that_verifies_shows_all_of_it(desk: Desk) {
        let patient = patient(&desk, 40).await;
        asked(&desk, patient, Channel::Email, EARLIER, "What did they say?").await;
        let talk = talk(&desk, patient, Channel::Phone).await;
        assert_eq!(on_ticket(&talk.agent, &talk).await, NOTHING);
        talk.send("emergency", &[("reason", "treatment"), ("words", "Her insulin is gone.")]).await;
        assert_eq!(on_ticket(&talk.agent, &talk).await, ALL);
        assert_eq!(on_patient(&talk.agent, &talk, patient).await, ALL);
        desk.clock.advance(3600);
        let agent = desk.browser(Role::Agent).await;
        assert_eq!(on_ticket(&agent, &talk).await, NOTHING);
    }

    async fn fields_of_the_clinics_own_go_by_their_group(desk: Desk) {
        let patient = patient(&desk, 40).await;
        for (code, group) in [("allergy", Some(FieldGroup::Clinical)), ("insurer", Some(FieldGroup::Billing)), ("colour", None)] {
            let field = CustomField {
                code: code.to_owned(),
                names: serde_json::from_value(serde_json::json!({ "en": code, "es": code })).unwrap(),
                kind: "text".to_owned(),
                choices: Vec::new(),
                group,
                position: 1,
                version: 0,
            };
            orgs::change(&desk.app, &desk.system(), Change::PutField(field)).await.unwrap();
        }
        let talk = talk(&desk, patient, Channel::Phone).await;
        let admin = desk.ctx(Role::Administrator);
        let put = async |fields: serde_json::Value| {
            let seen = tickets::view(&desk.app, &admin, talk.id).await.unwrap().ticket.version;
            let patch = Patch { fields: fields.as_object().unwrap().clone(), ..Patch::default() };
            tickets::change(&desk.app, &admin, talk.id, seen, patch).await.unwrap();
        };
        put(serde_json::json!({ "allergy": "zebrafinch", "colour": "oriole" })).await;
        let admin = desk.browser(Role::Administrator).await;
        let page = admin.get(&talk.page).await.expect(200).text();
        assert!(page.contains("oriole") && !page.contains("zebrafinch"), "{page}");
        // What is not there yet can be written down; what is there and hidden can't be written over unseen.
        assert!(page.contains("name=\"field.insurer\"") && !page.contains("name=\"field.allergy\""), "{page}");
        let client = desk.client(SCOPES).await;
        let seen = client.get(&format!("/api/v1/tickets/{}", talk.id)).await.expect(200).json();
        assert_eq!(seen["hidden"]["fields"], serde_json::json!(["allergy"]));
        assert_eq!((&seen["fields"]["colour"], &seen["fields"]["allergy"]), (&serde_json::json!("oriole"), &serde_json::Value::Null));
        let writer = desk.client(&format!("{SCOPES} tickets:write")).await;
        let there = format!("/api/v1/tickets/{}", talk.id);
        let etag = writer.get(&there).await.expect(200).header("etag").unwrap().to_owned();
        for other in [serde_json::Value::Null, serde_json::json!("none")] {
            let patch = serde_json::json!({ "fields": { "allergy": other } });
            let refused = writer.patch(&there, &etag, &patch).await.expect(422);
            assert_eq!(refused.json()["errors"][0]["code"], "hidden");
        }
        writer.patch(&there, &etag, &serde_json::json!({ "fields": { "insurer": "Acme" } })).await.expect(200);
        peek(&admin, &talk).await;
        assert!(admin.get(&talk.page).await.expect(200).text().contains("zebrafinch"));
    }
}
