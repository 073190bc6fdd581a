//! Signs that only several conversations tell together: each raises what is asked for and stands there with its reason, none
//! is there below its limit, and of the other conversations nothing else is told.

use super::addresses::{NEW, friend};
use super::noticed::wrong_code;
use super::*;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::identity::{self, Answer, Past, Standing, Typed};
use bedside_desk::ids::OrganisationId;
use bedside_desk::orgs;
use common::both_engines;
use common::sink::sink;

const SEVERAL_ASK: &str = "Others tried to be known as the same person";
const TRIED_SEVERAL: &str = "gave the details of several people in the last 7 days";
const TRIED_OFTEN: &str = "could not be confirmed in several requests";
const NEW_ADDRESS: &str = "changed in the last 7 days, and now it is about records or money";
const BROKEN: &str = "now the phone is broken or the number is another.";
const ELSEWHERE: &str = "noticed a sign to be careful in another request of this contact";
/// What somebody at the first level may not hear yet where there is a sign.
const RAISED: &str = "Not yet: times and directions";
const WRONG: &str = "QZ-0000";

/// A try with a wrong record number in a conversation of its own.
async fn fails(desk: &Desk, address: &str, name: &str) -> Talk {
    let talk = Talk::with(desk, address).await;
    let (status, page) = talk.tell(name, BORN, "mrn", WRONG).await;
    assert!(
        status == 303 && page.contains("This could not be confirmed."),
        "{status} {page}"
    );
    talk
}

/// The page with no sign of several conversations on it.
#[track_caller]
fn unsuspected(page: &str) {
    for sign in [
        SEVERAL_ASK,
        TRIED_SEVERAL,
        TRIED_OFTEN,
        NEW_ADDRESS,
        ELSEWHERE,
    ] {
        assert!(!page.contains(sign), "{sign} in {page}");
    }
}

/// Another clinic on the same desk.
async fn neighbour(desk: &Desk) -> OrganisationId {
    let files = bedside_desk::startup::clinic_files(&desk.app.config).unwrap();
    let clinic = bedside_desk::config::clinic::parse(&files).unwrap();
    let now = desk.app.now();
    let new = bedside_desk::config::organisation::new_organisation(
        &clinic,
        "elsewhere",
        &desk.app.ids,
        now,
    );
    orgs::create(&desk.app, new).await.unwrap()
}

/// A conversation of the neighbour's in which a wrong record number is tried by somebody of theirs; what is known of it after.
async fn fails_there(desk: &Desk, organisation: OrganisationId, address: &str) -> Past {
    let system = Ctx::system(organisation, "test", Source::Job);
    let requester = patients::requester_by_email(&desk.app, organisation, address, None, None)
        .await
        .unwrap();
    let new = tickets::NewTicket::new(
        requester,
        bedside_language::Channel::Email,
        "A question",
        "I have one.",
    );
    let id = tickets::create(&desk.app, &system, new).await.unwrap().id;
    let agent = Ctx {
        organisation,
        ..desk.ctx(Role::Agent)
    };
    let typed = Typed {
        name: NAME.to_owned(),
        birth_date: BORN.to_owned(),
        factor: "mrn".to_owned(),
        value: MRN.to_owned(),
    };
    let answer = identity::check_details(&desk.app, &agent, id, &typed)
        .await
        .unwrap();
    assert_ne!(answer, Answer::Matches, "nobody of that name is there");
    let ticket = tickets::view(&desk.app, &system, id).await.unwrap().ticket;
    identity::lock_of(&desk.app, &agent, &ticket, &Standing::default())
        .await
        .unwrap()
        .1
}

both_engines! {
    async fn others_who_fail_as_one_person_raise_what_is_asked_of_the_next(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let one = fails(&desk, "one@else.test", NAME).await;
        let next = Talk::with(&desk, "next@else.test").await;
        next.first().await;
        let page = next.seen().await;
        unsuspected(&page);
        assert!(!page.contains(RAISED), "{page}");
        let two = fails(&desk, "two@else.test", NAME).await;
        for page in [next.seen().await, next.agent.get(&next.page).await.expect(200).text()] {
            assert!(page.contains(SEVERAL_ASK) && page.contains(RAISED), "{page}");
            // Nothing else of the others: not who, and not where.
            for word in ["one@else.test", "two@else.test", WRONG, &format!("{}\"", one.page), &format!("{}\"", two.page)] {
                assert!(!page.contains(word), "{word} in {page}");
            }
        }
        // Those who failed are no others to themselves, and there is one more of them to each.
        unsuspected(&one.seen().await);
        // Whoever asks hears nothing of it.
        for mail in sent(&desk, &sink).await {
            assert!(!mail.text().contains("same person"), "{}", mail.text());
        }
        // Nor is a conversation suspected in which somebody else was tried, or nobody.
        unsuspected(&Talk::with(&desk, "another@else.test").await.seen().await);
        unsuspected(&fails_as(&desk, "last@else.test", "Ann Other", 7).await.seen().await);
        desk.audit_is_whole().await;
    }

    async fn days_later_it_is_no_sign_any_more(desk: Desk) {
        patient(&desk, 40).await;
        fails(&desk, "one@else.test", NAME).await;
        fails(&desk, "two@else.test", NAME).await;
        desk.clock.advance(7 * DAY - 60);
        identity::forget(&desk.app).await.unwrap();
        let before = Talk::with(&desk, "next@else.test").await;
        before.first().await;
        assert!(before.seen().await.contains(SEVERAL_ASK));
        desk.clock.advance(60);
        unsuspected(&before.seen().await);
    }

    async fn wrong_codes_of_others_count_as_well(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let own = Talk::with(&desk, "own@else.test").await;
        own.first().await;
        for (at, expected) in [(0, false), (1, true)] {
            let other = Talk::with(&desk, &format!("guess{at}@else.test")).await;
            other.first().await;
            wrong_code(&desk, &other, &sink).await;
            assert_eq!(own.seen().await.contains(SEVERAL_ASK), expected, "{at}");
        }
    }

    async fn a_wrong_code_in_one_conversation_and_a_broken_phone_in_the_next_are_a_sign(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let broken = "My phone is broken, what can we do?";
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        assert!(!Talk::about(&desk, "caller@else.test", broken).await.seen().await.contains(BROKEN));
        wrong_code(&desk, &talk, &sink).await;
        assert!(Talk::about(&desk, "caller@else.test", broken).await.seen().await.contains(BROKEN));
        assert!(!Talk::about(&desk, "somebody@else.test", broken).await.seen().await.contains(BROKEN));
        desk.clock.advance(DAY);
        assert!(!Talk::about(&desk, "caller@else.test", broken).await.seen().await.contains(BROKEN));
    }

    async fn somebody_who_never_was_is_a_sign_like_anybody(desk: Desk) {
        patient(&desk, 40).await;
        for (at, name) in [NAME, "Never Was"].into_iter().enumerate() {
            for other in 0..2 {
                fails_as(&desk, &format!("other{at}{other}@else.test"), name, at).await;
            }
        }
        let mut talks = Vec::new();
        for (at, name) in [NAME, "Never Was"].into_iter().enumerate() {
            talks.push(fails_as(&desk, &format!("next{at}@else.test"), name, at).await);
        }
        let mut pages = Vec::new();
        for talk in talks {
            let page = talk.seen().await;
            assert!(page.contains(SEVERAL_ASK), "{page}");
            pages.push(masked(&page).replace(&talk.page, "/tickets/N").replace(talk.page.trim_start_matches("/tickets/"), "N"));
        }
        assert_eq!(pages[0], pages[1]);
    }

    async fn one_contact_who_tries_several_people_is_a_sign(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        // A slip of the tongue is no second person.
        talk.tell(NAME, BORN, "mrn", WRONG).await;
        unsuspected(&talk.seen().await);
        let beside = Talk::with(&desk, "caller@else.test").await;
        beside.tell("Never Was", "1999-01-01", "mrn", "QZ-0001").await;
        unsuspected(&talk.seen().await);
        desk.clock.advance(2 * DAY);
        let third = Talk::with(&desk, "caller@else.test").await;
        third.tell("Ann Other", "1980-02-03", "phone", "+1 312 555 0199").await;
        let page = third.seen().await;
        assert!(page.contains(TRIED_SEVERAL) && !page.contains("Never Was") && !page.contains("Quetzalli"), "{page}");
        third.first().await;
        assert!(third.seen().await.contains(RAISED));
        unsuspected(&Talk::with(&desk, "somebody@else.test").await.seen().await);
    }

    async fn one_contact_who_fails_again_and_again_is_a_sign(desk: Desk) {
        patient(&desk, 40).await;
        for times in 0..3 {
            let talk = fails(&desk, "caller@else.test", NAME).await;
            let page = talk.seen().await;
            assert_eq!(page.contains(TRIED_OFTEN), times == 2, "{times}: {page}");
            // Three within a day would lock.
            desk.clock.advance(2 * DAY);
        }
        let next = Talk::with(&desk, "caller@else.test").await;
        next.first().await;
        let page = next.seen().await;
        assert!(page.contains(TRIED_OFTEN) && page.contains(RAISED), "{page}");
        unsuspected(&Talk::with(&desk, "somebody@else.test").await.seen().await);
    }

    async fn a_new_address_before_records_or_money_is_a_sign(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let records = "Please send a copy of my records to me.";
        unsuspected(&Talk::about(&desk, MAIL, records).await.seen().await);
        let talk = Talk::with(&desk, MAIL).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let address = [("kind", "phone"), ("value", "+1 312 555 0100"), ("words", "")];
        assert_eq!(talk.send("address", &address).await.0, 303);
        sent(&desk, &sink).await;
        // Alone it is none.
        unsuspected(&talk.seen().await);
        let after = Talk::about(&desk, MAIL, records).await;
        let page = after.seen().await;
        assert!(page.contains(NEW_ADDRESS) && !page.contains("555 0100") && !page.contains("5550100"), "{page}");
        after.second(&desk, &sink).await;
        after.third().await;
        let another = [("kind", "phone"), ("value", "+1 312 555 0101"), ("words", "")];
        let (status, page) = after.send("address", &another).await;
        assert!(status == 409 && page.contains("both"), "{status} {page}");
        // Nobody else's request is the less trusted for it.
        unsuspected(&Talk::about(&desk, "somebody@else.test", records).await.seen().await);
        desk.clock.advance(7 * DAY);
        unsuspected(&Talk::about(&desk, MAIL, records).await.seen().await);
    }

    async fn the_first_address_of_a_patient_is_no_new_one(desk: Desk) {
        let new = NewPatient {
            name: NAME.to_owned(),
            birth_date: Some(BORN.to_owned()),
            mrn: Some(MRN.to_owned()),
            locale: Some(Locale::En),
            secure_link: false,
        };
        let id = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
        let talk = Talk::about(&desk, "first@else.test", "Please send a copy of my records to me.").await;
        let contact = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().ticket.contact;
        tickets::link_contact(&desk.app, &desk.system(), contact, Some(id)).await.unwrap();
        unsuspected(&talk.seen().await);
    }

    async fn what_a_colleague_noticed_is_a_sign_in_the_next_conversation(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let first = Talk::with(&desk, "caller@else.test").await;
        let second = Talk::with(&desk, "caller@else.test").await;
        // What the desk alone can know nobody ticks.
        for code in ["several_ask", "tried_several", "tried_often", "new_address_before", "noticed_elsewhere"] {
            assert!(!first.seen().await.contains(&format!("value=\"{code}\"")), "{code}");
            assert_eq!(first.send("noticed", &[("flag", code)]).await.0, 422, "{code}");
        }
        unsuspected(&second.seen().await);
        let (status, page) = first.send("noticed", &[("flag", "hung_up"), ("flag", "call_elsewhere")]).await;
        assert!(status == 303 && page.contains("<li>They hang up") && page.contains("<li>They want to be called"), "{page}");
        unsuspected(&page);
        let page = second.seen().await;
        assert!(page.contains(ELSEWHERE), "{page}");
        // Neither which sign, nor who noticed it, nor where.
        for word in ["<li>They hang up", "Noticed by", &format!("{}\"", first.page)] {
            assert!(!page.contains(word), "{word} in {page}");
        }
        second.second(&desk, &sink).await;
        assert!(second.seen().await.contains("Not yet: results and care"));
        unsuspected(&Talk::with(&desk, "somebody@else.test").await.seen().await);
        // As long as the sign itself.
        desk.clock.advance(DAY);
        let later = Talk::with(&desk, "caller@else.test").await;
        unsuspected(&later.seen().await);
    }

    async fn after_a_merge_the_two_are_one_conversation(desk: Desk) {
        patient(&desk, 40).await;
        let from = Talk::with(&desk, "caller@else.test").await;
        let into = Talk::with(&desk, "caller@else.test").await;
        from.send("noticed", &[("flag", "hung_up")]).await;
        from.first().await;
        fails(&desk, "one@else.test", NAME).await;
        fails(&desk, "two@else.test", NAME).await;
        let page = into.seen().await;
        assert!(page.contains(ELSEWHERE) && !page.contains(SEVERAL_ASK), "{page}");
        tickets::merge(&desk.app, &desk.system(), from.id, into.id).await.unwrap();
        let page = into.seen().await;
        assert!(page.contains("<li>They hang up") && page.contains("Noticed by Ana Agent"), "{page}");
        assert!(!page.contains(ELSEWHERE) && page.contains(SEVERAL_ASK), "{page}");
    }

    async fn a_wrong_code_goes_along_into_the_request_of_another_contact(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        // Two who write for one patient.
        friend(&desk, id).await;
        sent(&desk, &sink).await;
        let from = Talk::with(&desk, MAIL).await;
        let into = Talk::about(&desk, NEW, "My phone is broken, what can we do?").await;
        from.first().await;
        wrong_code(&desk, &from, &sink).await;
        assert!(!into.seen().await.contains(BROKEN));
        tickets::merge(&desk.app, &desk.system(), from.id, into.id).await.unwrap();
        assert!(into.seen().await.contains(BROKEN));
        // And on with it.
        let last = Talk::with(&desk, NEW).await;
        tickets::merge(&desk.app, &desk.system(), into.id, last.id).await.unwrap();
        assert!(last.seen().await.contains(BROKEN));
    }

    async fn nothing_of_another_organisation_counts(desk: Desk) {
        patient(&desk, 40).await;
        let elsewhere = neighbour(&desk).await;
        let mut seen = Vec::new();
        for address in ["one@else.test", "two@else.test"] {
            let past = fails_there(&desk, elsewhere, address).await;
            seen.push((past.across.others, past.across.failed_in));
        }
        assert_eq!(seen, [(0, 1), (1, 1)], "there it is counted");
        let talk = Talk::with(&desk, "one@else.test").await;
        talk.first().await;
        let page = talk.seen().await;
        unsuspected(&page);
        assert!(!page.contains(RAISED), "{page}");
        let ticket = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().ticket;
        let (_, past) = identity::lock_of(&desk.app, &desk.ctx(Role::Agent), &ticket, &Standing::default()).await.unwrap();
        assert_eq!((past.across.others, past.across.failed_in, past.across.people), (0, 0, 1));
    }
}

/// A try with a wrong record number that nobody else tries.
async fn fails_as(desk: &Desk, address: &str, name: &str, number: usize) -> Talk {
    let talk = Talk::with(desk, address).await;
    talk.tell(name, BORN, "mrn", &format!("QZ-000{number}"))
        .await;
    talk
}
