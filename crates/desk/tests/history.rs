//! What a person wrote in the last days adds to what they write next.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_db::{DbError, args};
use bedside_desk::corrections;
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::orgs::model::purpose;
use bedside_desk::patients::{self, NewPatient};
use bedside_desk::tickets::model::Written;
use bedside_desk::tickets::{
    self, Calm, CalmReason, Inbound, NewTicket, Patch, Status, TicketView, Urgency,
};
use bedside_desk::triage::Found;
use bedside_language::{Channel, Level, SafetyKind};
use common::{Desk, both_engines};
use futures_util::FutureExt;

const CRY: &str = "I took all of my sleeping pills an hour ago. I want to die.";
const WORRY: &str = "Everything feels hopeless and I cry every night.";
const RETRACTION: &str = "Please ignore my last message.";
const THANKS: &str = "Thank you, that helps a lot. See you on Thursday.";
const DAY: i64 = 24 * 3600;

bedside_db::statements! {
    /// Whatever added nothing adds a little.
    SLIGHT = "UPDATE messages SET danger = 100, found = '{\"level\":\"concern\"}' WHERE danger = 0";
}

async fn seen(desk: &Desk, id: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
}

/// How dangerous a new request is taken to be, and how soon somebody looks.
async fn asks(desk: &Desk, address: &str, words: &str) -> (String, Urgency) {
    let id = desk.ticket(address, "", words).await;
    let ticket = seen(desk, id).await.ticket;
    (ticket.safety, ticket.urgency)
}

async fn writes(desk: &Desk, id: TicketId, words: &str) -> TicketView {
    let contact = seen(desk, id).await.ticket.contact;
    let words = Inbound::new(contact, Channel::Email, words);
    tickets::inbound(&desk.app, &desk.system(), id, words)
        .await
        .unwrap();
    seen(desk, id).await
}

/// The same by a machine that sends words on by itself.
async fn sends_on(desk: &Desk, address: &str, words: &str) -> TicketId {
    let requester = desk.requester(address).await;
    let mut new = NewTicket::new(requester, Channel::Email, "", words);
    new.automatic = true;
    tickets::create(&desk.app, &desk.system(), new)
        .await
        .unwrap()
        .id
}

fn found(level: Level, urgency: Urgency) -> (String, Urgency) {
    (level.code().to_owned(), urgency)
}

fn worry() -> (String, Urgency) {
    found(Level::Concern, Urgency::Urgent)
}

fn cry() -> (String, Urgency) {
    found(Level::Emergency, Urgency::Emergency)
}

/// Whether it is earlier messages that make a request's first one as dangerous as it is.
fn is_raised(view: &TicketView) -> bool {
    let found = view.messages[0].found.as_ref();
    found.is_some_and(Found::is_raised)
}

async fn calms(desk: &Desk, id: TicketId) -> Result<i64, DeskError> {
    let said = Calm {
        reason: CalmReason::OtherMeaning,
        words: None,
        urgency: Urgency::Standard,
    };
    tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), id, None, said).await
}

async fn calm(desk: &Desk, id: TicketId) {
    calms(desk, id).await.unwrap();
}

async fn changes(desk: &Desk, id: TicketId, patch: Patch) {
    let version = seen(desk, id).await.ticket.version;
    tickets::change(&desk.app, &desk.ctx(Role::Agent), id, version, patch)
        .await
        .unwrap();
}

both_engines! {
    async fn three_worries_of_one_person_add_up_and_a_strangers_do_not(desk: Desk) {
        let first = desk.ticket("ana@example.org", "", WORRY).await;
        desk.clock.advance(3600);
        let again = writes(&desk, first, WORRY).await;
        assert_eq!((again.ticket.safety, again.ticket.urgency), worry(), "two are two");
        desk.clock.advance(3600);
        // Another person's worry is theirs.
        assert_eq!(asks(&desk, "ben@example.org", WORRY).await, worry());
        let third = desk.ticket("ana@example.org", "", WORRY).await;
        let third = seen(&desk, third).await;
        assert_eq!((third.ticket.safety.clone(), third.ticket.urgency), cry());
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!(third.ticket.queue, clinic.queue_for(purpose::CRISIS).unwrap().id);
        let why = third.ticket.triage.read();
        assert_eq!(why.danger.as_deref(), Some("self_harm"));
        // What was found, where and when.
        assert!(is_raised(&third));
        let earlier = &third.messages[0].found.as_ref().unwrap().earlier;
        let told: Vec<_> = earlier.iter().map(|one| (one.number, one.at, one.level, one.kind)).collect();
        let (number, now, kind) = (again.ticket.number, desk.app.now(), Some(SafetyKind::SelfHarm));
        assert_eq!(told, [
            (number, now.plus_seconds(-3600), Level::Concern, kind),
            (number, now.plus_seconds(-7200), Level::Concern, kind),
        ]);
    }

    async fn after_eight_days_they_do_not(desk: Desk) {
        for _ in 0..2 {
            assert_eq!(asks(&desk, "ana@example.org", WORRY).await, worry());
        }
        desk.clock.advance(8 * DAY);
        let third = desk.ticket("ana@example.org", "", WORRY).await;
        let third = seen(&desk, third).await;
        assert_eq!((third.ticket.safety.clone(), third.ticket.urgency), worry());
        assert!(!is_raised(&third));
    }

    async fn a_retraction_takes_nothing_back_for_a_week(desk: Desk) {
        desk.ticket("ana@example.org", "", CRY).await;
        desk.clock.advance(3600);
        let id = desk.ticket("ana@example.org", "", RETRACTION).await;
        let view = seen(&desk, id).await;
        assert_eq!((view.ticket.safety.clone(), view.ticket.urgency), worry());
        let earlier = &view.messages[0].found.as_ref().unwrap().earlier;
        assert_eq!((earlier.len(), earlier[0].level), (1, Level::Emergency));
        assert_eq!(asks(&desk, "ben@example.org", RETRACTION).await.0, "none", "a stranger takes nothing back");
        desk.clock.advance(8 * DAY);
        assert_eq!(asks(&desk, "ana@example.org", RETRACTION).await.0, "none");
    }

    async fn a_persons_word_ends_it_for_its_request_and_a_new_danger_rings(desk: Desk) {
        let song = desk.ticket("ana@example.org", "", CRY).await;
        let other = desk.ticket("ana@example.org", "", CRY).await;
        calm(&desk, song).await;
        assert_eq!(asks(&desk, "ana@example.org", THANKS).await.0, "concern", "the other request stands");
        calm(&desk, other).await;
        assert_eq!(asks(&desk, "ana@example.org", THANKS).await.0, "none");
        assert!(seen(&desk, song).await.messages[0].found.is_some(), "what was found stays written down");
        assert_eq!(asks(&desk, "ana@example.org", CRY).await, cry());
    }

    async fn those_who_write_for_the_same_patient_are_heard_together(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let new = NewPatient { name: "Ada Example".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &agent, new, Vec::new()).await.unwrap();
        for address in ["mother@example.org", "father@example.org"] {
            let id = desk.ticket(address, "", "A question about a bill").await;
            let contact = seen(&desk, id).await.ticket.contact;
            tickets::link_contact(&desk.app, &desk.system(), contact, Some(patient)).await.unwrap();
        }
        assert_eq!(asks(&desk, "mother@example.org", CRY).await, cry());
        assert_eq!(asks(&desk, "father@example.org", RETRACTION).await, worry());
    }

    async fn what_a_machine_sends_on_is_no_worry(desk: Desk) {
        for _ in 0..2 {
            sends_on(&desk, "ana@example.org", WORRY).await;
        }
        let id = desk.ticket("ana@example.org", "", WORRY).await;
        assert!(!is_raised(&seen(&desk, id).await));
        desk.ticket("ben@example.org", "", CRY).await;
        let away = sends_on(&desk, "ben@example.org", "I am out of office until Monday.").await;
        assert_eq!(seen(&desk, away).await.ticket.safety, "none");
    }

    async fn what_earlier_messages_make_of_it_is_no_example(desk: Desk) {
        desk.ticket("ana@example.org", "", CRY).await;
        let id = desk.ticket("ana@example.org", "", RETRACTION).await;
        changes(&desk, id, Patch { category: Some("billing".to_owned()), ..Patch::default() }).await;
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (0, 1), "{examples:?}");
    }

    async fn nor_is_it_when_somebody_calms_it(desk: Desk) {
        for _ in 0..2 {
            desk.ticket("ana@example.org", "", WORRY).await;
        }
        let third = desk.ticket("ana@example.org", "", WORRY).await;
        assert_eq!(seen(&desk, third).await.ticket.safety, "emergency");
        calm(&desk, third).await;
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (0, 1), "{examples:?}");
    }

    async fn what_a_message_was_found_with_decides_about_examples(desk: Desk) {
        desk.ticket("ana@example.org", "", CRY).await;
        let id = desk.ticket("ana@example.org", "", RETRACTION).await;
        desk.clock.advance(8 * DAY);
        // The request still says that earlier messages made it urgent; these words are a worry of their own.
        let view = writes(&desk, id, WORRY).await;
        assert!(!view.messages[1].found.as_ref().unwrap().is_raised());
        calm(&desk, id).await;
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (1, 0), "{examples:?}");
    }

    async fn a_worry_is_ended_by_a_person_once(desk: Desk) {
        let worried = desk.ticket("ana@example.org", "", WORRY).await;
        let view = seen(&desk, worried).await;
        let (path, agent) = (format!("/tickets/{}", view.ticket.number), desk.browser(Role::Agent).await);
        assert!(agent.get(&path).await.expect(200).text().contains("panel calm"));
        calm(&desk, worried).await;
        let view = seen(&desk, worried).await;
        assert_eq!((view.ticket.urgency, view.ticket.safety.as_str()), (Urgency::Standard, "concern"));
        assert!(!agent.get(&path).await.expect(200).text().contains("panel calm"));
        let twice = calms(&desk, worried).await;
        assert!(matches!(twice, Err(DeskError::Conflict { code: "no_crisis", .. })), "{twice:?}");
        // Two more are two.
        desk.ticket("ana@example.org", "", WORRY).await;
        assert_eq!(asks(&desk, "ana@example.org", WORRY).await, worry());
        // A new worry in the calmed request can be ended as well; what nobody worries about can't.
        writes(&desk, worried, WORRY).await;
        calm(&desk, worried).await;
        let bill = desk.ticket("ben@example.org", "", "What is this charge on my bill?").await;
        assert!(calms(&desk, bill).await.is_err());
    }

    async fn whoever_raises_it_again_takes_it_all_back(desk: Desk) {
        let id = desk.ticket("ana@example.org", "", CRY).await;
        calm(&desk, id).await;
        assert_eq!(asks(&desk, "ana@example.org", THANKS).await.0, "none");
        changes(&desk, id, Patch { urgency: Some(Urgency::Urgent), ..Patch::default() }).await;
        assert_eq!(asks(&desk, "ana@example.org", THANKS).await.0, "none", "urgent is no emergency");
        changes(&desk, id, Patch { urgency: Some(Urgency::Emergency), ..Patch::default() }).await;
        assert_eq!(asks(&desk, "ana@example.org", THANKS).await, worry());
    }

    async fn a_danger_of_long_ago_rings_nobody_and_is_looked_at_today(desk: Desk) {
        let past = Written::History(desk.app.now().plus_seconds(-90 * DAY));
        for status in [Status::Resolved, Status::WaitingOnPatient] {
            let id = desk.ticket("ana@example.org", "", "When are you open?").await;
            changes(&desk, id, Patch { status: Some(status), ..Patch::default() }).await;
            let before = seen(&desk, id).await.ticket;
            let contact = before.contact;
            let comes = async |words: &str| {
                let words = Inbound { written: past, ..Inbound::new(contact, Channel::Email, words) };
                tickets::inbound(&desk.app, &desk.system(), id, words).await.unwrap();
                seen(&desk, id).await
            };
            for calm in [THANKS, WORRY] {
                let now = comes(calm).await.ticket;
                assert_eq!((now.status, now.urgency, now.safety), (status, before.urgency, "none".to_owned()), "{calm}");
            }
            let view = comes(CRY).await;
            assert_eq!((view.ticket.safety.clone(), view.ticket.urgency), worry());
            assert_eq!(view.ticket.status, Status::Open);
            assert_eq!(view.ticket.queue, before.queue, "those of today stand in the crisis queue");
            assert!(view.ticket.clocks.due() > desk.app.now(), "somebody is to look today");
            // It stands at its day, with the words that say why.
            let told = view.messages.iter().find(|one| one.body == CRY).unwrap();
            assert_eq!(Some(told.created_at), past.at());
            let found = told.found.as_ref().unwrap();
            assert!(found.level == Level::Emergency && found.reasons.iter().any(|one| !one.places.is_empty()), "{found:?}");
        }
    }

    async fn a_cry_in_the_subject_alone_is_told_as_one(desk: Desk) {
        let id = desk.ticket("ana@example.org", "I want to kill myself tonight", "Please call me.").await;
        let view = seen(&desk, id).await;
        let found = view.messages[0].found.as_ref().unwrap();
        assert_eq!(found.level, Level::Emergency);
        assert!(found.reasons.iter().any(|spoke| spoke.in_subject && spoke.places.is_empty()), "{found:?}");
        let page = desk.browser(Role::Agent).await.get(&format!("/tickets/{}", view.ticket.number)).await.expect(200).text();
        assert!(page.contains("(in the subject)"), "{page}");
    }

    async fn many_messages_push_no_emergency_out(desk: Desk) {
        let cry = desk.ticket("ana@example.org", "", CRY).await;
        let many = desk.ticket("ana@example.org", "", WORRY).await;
        let number = seen(&desk, cry).await.ticket.number;
        for _ in 0..205 {
            writes(&desk, many, THANKS).await;
        }
        let slight = desk.app.db.write::<_, DbError, _>(|tx| async move { tx.execute(SLIGHT, args![]).await }.boxed());
        assert!(slight.await.unwrap() > 200);
        desk.clock.advance(60);
        let thanks = desk.ticket("ana@example.org", "", THANKS).await;
        let view = seen(&desk, thanks).await;
        let earlier = &view.messages[0].found.as_ref().unwrap().earlier;
        assert_eq!((earlier[0].number, earlier[0].level), (number, Level::Emergency), "{earlier:?}");
    }

    async fn the_page_says_what_was_found_why_and_what_was_written_before(desk: Desk) {
        let cry = desk.ticket("ana@example.org", "", CRY).await;
        let number = seen(&desk, cry).await.ticket.number;
        let thanks = desk.ticket("ana@example.org", "", THANKS).await;
        let denied = "I have no chest pain, I only need the form for my insurance <today>.";
        let form = desk.ticket("ben@example.org", "", denied).await;
        let agent = desk.browser(Role::Agent).await;
        let show = async |id| {
            let number = seen(&desk, id).await.ticket.number;
            agent.get(&format!("/tickets/{number}")).await.expect(200).text()
        };
        for (language, id, said) in [
            ("en", cry, &["Possible emergency: ", "<mark class=\"found\">", "<q dir=\"auto\""][..]),
            ("en", thanks, &["Earlier messages of the last days add to it", "Written before by this person"]),
            ("en", form, &["Words of danger, probably not meant", "Lowered because it is said not to be so.", "<q dir=\"auto\" lang=\"en\">chest pain</q>", "no <mark class=\"found\">chest pain</mark>", "&lt;today&gt;"]),
            ("es", cry, &["Posible emergencia: ", "<mark class=\"found\">"]),
            ("es", thanks, &["Se suman mensajes anteriores de los últimos días", "Escrito antes por esta persona"]),
            ("es", form, &["Cuenta menos porque se dice que no es así."]),
        ] {
            let _ = agent.submit("/inbox", "/look", &[("language", language), ("back", "/inbox")]).await.expect(303);
            let page = show(id).await;
            for words in said {
                assert!(page.contains(words), "{language}: {words}\n{page}");
            }
            assert_eq!(page.contains(&format!("<a href=\"/tickets/{number}\">#{number}</a> · ")), id == thanks, "{language}");
        }
    }

    async fn places_are_those_of_the_text_as_it_is_kept(desk: Desk) {
        let id = desk.ticket("ana@example.org", "", "Hello,\r\n\r\nmy name is Zoë.\r\nI want to kill myself tonight.\r\n").await;
        let view = seen(&desk, id).await;
        let (body, found) = (&view.messages[0].body, view.messages[0].found.as_ref().unwrap());
        let places = found.reasons.iter().flat_map(|spoke| &spoke.places);
        let words: Vec<&str> = places.map(|place| &body[place.clone()]).collect();
        assert!(words.contains(&"kill myself"), "{words:?}");
        let stored = serde_json::to_string(found).unwrap();
        assert!(!stored.contains("kill") && !stored.contains("Zo"), "places and codes, no words: {stored}");
    }
}
