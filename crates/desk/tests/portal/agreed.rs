//! What somebody said yes and no to, on their own pages: taken back with one press, and given where that is sound; and the
//! notice that they read.

use super::*;
use bedside_desk::privacy::consents::{
    self, Channel, Decision, NewConsent, Purpose, Source, Standing, Whom, Why,
};
use bedside_desk::privacy::notices::{self, PRIVACY, Text};
use bedside_desk::privacy::requests::{self, Kind, NewRequest, Terms};
use bedside_desk::tickets::{self, Patch, Status};
use common::{Role, both_engines};
use std::collections::BTreeMap;

const MIA: &str = "mia@quetzal.test";
const MUM: &str = "mum@family.test";
const WHERE: &str = "/my/consents";
const NOTICE: &str = "/my/notice";

/// The form of a page with this button pressed.
fn pressed(page: &str, say: &str) -> Vec<(&'static str, String)> {
    let form = &page[page.find("action=\"/my/consents\"").unwrap()..];
    let names = ["csrf_token", "once", "whose", "lang", "words"];
    let mut fields = names
        .map(|name| (name, common::hidden(form, name).to_owned()))
        .to_vec();
    fields.push(("say", say.to_owned()));
    fields
}

async fn send(browser: &Browser, fields: &[(&'static str, String)]) -> Answer {
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
    browser.post(WHERE, &fields.collect::<Vec<_>>()).await
}

/// Presses a button of the page as it is now.
async fn press(browser: &Browser, say: &str) -> Answer {
    let shown = page(browser, WHERE).await;
    send(browser, &pressed(&shown, say)).await
}

/// The button on a page whose name begins so.
fn button(page: &str, begin: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("value=\"{begin}"))?;
    Some(format!("{begin}{}", rest.split('"').next().unwrap()))
}

async fn said(desk: &Desk, patient: PatientId) -> Standing {
    consents::standing(&desk.app, &desk.ctx(Role::Agent), patient)
        .await
        .unwrap()
}

async fn may(desk: &Desk, purpose: Purpose, whom: Whom<'_>) -> bool {
    let way = match whom {
        Whom::Patient(..) => None,
        Whom::Address(_) | Whom::About(..) => Some(Channel::Email),
    };
    let asked = (purpose, way);
    let why = consents::may(&desk.app, desk.organisation, asked, whom, desk.app.now());
    why.await.unwrap().may()
}

/// Settles a request of whoever has this address; whether they are asked how it went.
async fn is_asked(desk: &Desk, sink: &Sink, email: &str) -> bool {
    let ticket = desk.ticket(email, "Hours", "When are you open?").await;
    mails(desk, sink).await;
    let nurse = desk.ctx(Role::Nurse);
    let view = tickets::view(&desk.app, &nurse, ticket).await.unwrap();
    let patch = Patch {
        status: Some(Status::Resolved),
        ..Patch::default()
    };
    tickets::change(&desk.app, &nurse, ticket, view.ticket.version, patch)
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(10);
    let sent = mails(desk, sink).await;
    sent.iter().any(|one| one.text().contains("/r/"))
}

/// Publishes a version of the notice.
async fn publish(desk: &Desk, english: &str, spanish: &str) {
    let (app, admin) = (&desk.app, desk.ctx(Role::Administrator));
    let id = notices::begin(app, &admin, PRIVACY).await.unwrap();
    let text = |body: &str| match body {
        "" => Text::default(),
        body => Text {
            title: "How we use your data".to_owned(),
            body: body.to_owned(),
            changes: String::new(),
        },
    };
    let words = BTreeMap::from([(Locale::En, text(english)), (Locale::Es, text(spanish))]);
    notices::save(app, &admin, (id, 1), words).await.unwrap();
    notices::publish(app, &admin, (id, 2)).await.unwrap();
}

/// The yes of a patient to give data to somebody, kept by the staff.
async fn shares(desk: &Desk, patient: PatientId, party: &str) {
    let new = NewConsent {
        purpose: Some(Purpose::Sharing),
        channel: None,
        decision: Decision::Given,
        address: None,
        party: Some(party.to_owned()),
        text: "May we share it?".to_owned(),
        locale: Locale::En,
        source: Source::Paper,
    };
    consents::record(&desk.app, &desk.ctx(Role::Agent), patient, new)
        .await
        .unwrap();
    desk.clock.advance(1);
}

both_engines! {
    async fn a_no_takes_one_press_and_the_next_question_is_not_sent(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let bo = patient(&desk, "Bo Other", "bo@else.test", 0).await;
        assert!(is_asked(&desk, &sink, MIA).await, "nobody is asked at all");
        let browser = signed_in(&desk, &sink, MIA).await;
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("We may, unless you say no") && shown.contains("Not without your yes"), "{shown}");
        let fields = pressed(&shown, "no:surveys");
        for _ in 0..2 {
            let done = send(&browser, &fields).await.expect(303);
            assert_eq!(done.header("location"), Some("/my/consents?said=consent-no"));
        }
        // From a second tab it is said once as well.
        let mut other = fields.clone();
        other[1].1 = desk.app.id::<()>().to_string();
        send(&browser, &other).await.expect(303);
        let told = page(&browser, "/my/consents?said=consent-no").await;
        assert!(told.contains("We keep to your no from now on.") && button(&told, "no:surveys").is_none(), "{told}");
        assert!(button(&told, "no:reminders").is_some());
        // The very words are kept, with language, way and time.
        let standing = said(&desk, mia).await;
        let [kept] = standing.history.as_slice() else { panic!("{}", standing.history.len()) };
        assert_eq!((kept.source, kept.locale.as_str(), kept.word.purpose), (Source::Portal, "en", Some(Purpose::Surveys)));
        assert_eq!((kept.word.decision, kept.recorded_by, kept.word.channel), (Decision::Refused, None, None));
        assert!(kept.text.contains("may ask me how it went") && kept.text.ends_with("No: Questions about how it went"), "{}", kept.text);
        let staff = page(&desk.browser(Role::Agent).await, &format!("/patients/{mia}/consents")).await;
        assert!(staff.contains("On their own pages"), "{staff}");
        assert!(!is_asked(&desk, &sink, MIA).await);
        // Nobody else's.
        assert!(said(&desk, bo).await.history.is_empty());
        assert!(is_asked(&desk, &sink, "bo@else.test").await);
        desk.audit_is_whole().await;
    }

    async fn one_is_taken_back_or_all(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        for party in ["Sister Agnes", "Harbor Gym"] {
            shares(&desk, mia, party).await;
        }
        let browser = signed_in(&desk, &sink, MIA).await;
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("Sister Agnes, Harbor Gym") || shown.contains("Harbor Gym, Sister Agnes"), "{shown}");
        let ways: Vec<_> = shown.split("value=\"no:sharing:").skip(1).collect();
        let [one, _] = ways.as_slice() else { panic!("{}", ways.len()) };
        let mark = one.split('"').next().unwrap();
        let gone = if one.split("</button>").next().unwrap().contains("Agnes") { "Sister Agnes" } else { "Harbor Gym" };
        let fields = pressed(&shown, &format!("no:sharing:{mark}"));
        for _ in 0..2 {
            send(&browser, &fields).await.expect(303);
        }
        for party in ["Sister Agnes", "Harbor Gym"] {
            assert_eq!(may(&desk, Purpose::Sharing, Whom::Patient(mia, Some(party))).await, party != gone, "{party}");
        }
        let newest = said(&desk, mia).await.history.remove(0);
        assert_eq!((newest.party.as_deref(), newest.word.decision), (Some(gone), Decision::Withdrawn));
        desk.clock.advance(1);
        // All of it, with one press as well.
        for _ in 0..2 {
            let done = press(&browser, "no").await.expect(303);
            assert_eq!(done.header("location"), Some("/my/consents?said=consent-nothing"));
            desk.clock.advance(1);
        }
        for party in ["Sister Agnes", "Harbor Gym"] {
            assert!(!may(&desk, Purpose::Sharing, Whom::Patient(mia, Some(party))).await, "{party}");
        }
        for purpose in [Purpose::Treatment, Purpose::Reminders, Purpose::Surveys] {
            assert!(!may(&desk, purpose, Whom::Address(MIA)).await, "{purpose:?}");
        }
        assert_eq!(said(&desk, mia).await.history.len(), 4);
        // Answers to what somebody asks go out whatever was said.
        let none = page(&browser, WHERE).await;
        assert!(button(&none, "no:").is_none() && none.contains("Answers to what you ask us"), "{none}");
    }

    async fn a_yes_is_pressed_where_that_is_enough_and_to_the_words_that_are_kept(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        patient(&desk, "Bo Other", "bo@else.test", 0).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let shown = page(&browser, WHERE).await;
        // What is fine without a yes asks for none, and what has to be signed offers none.
        assert!(button(&shown, "yes:").is_none(), "{shown}");
        press(&browser, "no:reminders").await.expect(303);
        desk.clock.advance(1);
        let shown = page(&browser, WHERE).await;
        let yes = button(&shown, "yes:reminders:email:").unwrap();
        let mark = yes.rsplit(':').next().unwrap().to_owned();
        let mut changed = pressed(&shown, &yes);
        changed[4].1 = "0".repeat(64);
        assert!(send(&browser, &changed).await.expect(409).text().contains("have changed"));
        for wrong in [
            format!("yes:research:email:{mark}"),
            format!("yes:marketing:email:{mark}"),
            format!("yes:reminders:post:{mark}"),
            format!("yes:reminders:email:{}", "0".repeat(mark.len())),
            format!("yes:surveys:email:{mark}"),
            format!("no:sharing:{mark}:x"),
            format!("no:{}", "x".repeat(200)),
            "yes:reminders".to_owned(),
            "no:world".to_owned(),
            String::new(),
        ] {
            let again = send(&browser, &pressed(&shown, &wrong)).await.expect(422).text();
            assert!(again.contains("nothing was changed") && again.contains("role=\"alert\""), "{wrong}");
        }
        assert_eq!(said(&desk, mia).await.history.len(), 1);
        for _ in 0..2 {
            let done = send(&browser, &pressed(&shown, &yes)).await.expect(303);
            assert_eq!(done.header("location"), Some("/my/consents?said=consent-yes"));
        }
        let standing = said(&desk, mia).await;
        assert_eq!(standing.history.len(), 2);
        let kept = &standing.history[0];
        assert_eq!((kept.source, kept.word.decision, kept.address.as_deref()), (Source::Portal, Decision::Given, Some(MIA)));
        assert!(kept.text.contains("may remind me") && kept.text.contains(MIA), "{}", kept.text);
        assert!(may(&desk, Purpose::Reminders, Whom::Address(MIA)).await);
        desk.clock.advance(1);
        // And taken back again, as no more and not as a first no.
        press(&browser, "no:reminders").await.expect(303);
        assert_eq!(said(&desk, mia).await.history[0].word.decision, Decision::Withdrawn);
        assert!(!may(&desk, Purpose::Reminders, Whom::Address(MIA)).await);
    }

    async fn whoever_acts_says_it_for_whom_they_may_and_nobody_else(desk: Desk) {
        let sink = sink(&desk).await;
        let ines = patient(&desk, "Ines Mother", MUM, 40).await;
        let (leo, ada) = (alone(&desk, "Leo Child").await, alone(&desk, "Ada Grown").await);
        let mum = contact_of(&desk, MUM).await;
        acts(&desk, mum, leo, Group::ALL, None).await;
        acts(&desk, mum, ada, &[Group::Logistics], None).await;
        shares(&desk, ada, "Sister Agnes").await;
        publish(&desk, "We ask before.", "Preguntamos antes.").await;
        let (his, hers) = (leo.to_string(), ada.to_string());
        let browser = signed_in(&desk, &sink, MUM).await;
        let own = page(&browser, WHERE).await;
        assert!(!own.contains("This is about"), "{own}");
        sends(&browser, "/my", "/my/acting", &[("patient", hers.as_str())]).await.expect(303);
        for path in [WHERE, NOTICE] {
            let shut = browser.get(path).await.expect(403).text();
            assert!(shut.contains("This is not open to you") && !shut.contains("Agnes"), "{shut}");
        }
        let mut fields = pressed(&own, "no:sharing");
        fields[2].1.clone_from(&hers);
        send(&browser, &fields).await.expect(403);
        let acknowledged = [("number", "1"), ("lang", "en"), ("whose", hers.as_str())];
        sends(&browser, "/my", NOTICE, &acknowledged).await.expect(403);
        assert!(may(&desk, Purpose::Sharing, Whom::Patient(ada, Some("Sister Agnes"))).await);
        assert!(!page(&browser, "/my").await.contains("href=\"/my/notice\""));
        // For her child, as whoever acts for him, and not for herself.
        sends(&browser, "/my", "/my/acting", &[("patient", his.as_str())]).await.expect(303);
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("This is about Leo Child.") && shown.contains("We may, unless you say no"), "{shown}");
        // A tab from before writes for nobody else.
        let late = send(&browser, &pressed(&own, "no:surveys")).await.expect(409).text();
        assert!(late.contains("somebody else than before"), "{late}");
        assert!(said(&desk, leo).await.history.is_empty() && said(&desk, ines).await.history.is_empty());
        press(&browser, "no:surveys").await.expect(303);
        assert_eq!(said(&desk, leo).await.history.len(), 1);
        assert!(said(&desk, ines).await.history.is_empty());
        // What is about him is not asked her any more; what is about her is.
        assert!(!may(&desk, Purpose::Surveys, Whom::About(MUM, Some(leo))).await);
        assert!(may(&desk, Purpose::Surveys, Whom::About(MUM, Some(ines))).await);
        desk.clock.advance(1);
        let yes = button(&page(&browser, WHERE).await, "yes:surveys:email:").unwrap();
        press(&browser, &yes).await.expect(303);
        assert!(may(&desk, Purpose::Surveys, Whom::About(MUM, Some(leo))).await);
        // The notice is read for him, and not for herself by that.
        let read = [("number", "1"), ("lang", "en"), ("whose", his.as_str())];
        sends(&browser, NOTICE, NOTICE, &read).await.expect(303);
        assert!(!page(&browser, "/my").await.contains("href=\"/my/notice\""));
        sends(&browser, "/my", "/my/acting", &[("patient", "")]).await.expect(303);
        assert!(page(&browser, "/my").await.contains("href=\"/my/notice\""));
        desk.audit_is_whole().await;
    }

    async fn whoever_is_new_says_no_and_reads_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        let noa = patient(&desk, "Noa New", "noa@new.test", 1).await;
        shares(&desk, noa, "Sister Agnes").await;
        let browser = signed_in(&desk, &sink, "noa@new.test").await;
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("still new to us") && !shown.contains("Agnes") && !shown.contains("unless you say no"), "{shown}");
        for say in ["no:surveys", "no:sharing"] {
            send(&browser, &pressed(&shown, say)).await.expect(303);
        }
        assert!(!may(&desk, Purpose::Surveys, Whom::Address("noa@new.test")).await);
        assert!(!may(&desk, Purpose::Sharing, Whom::Patient(noa, Some("Sister Agnes"))).await);
        let forged = format!("yes:surveys:email:{}", "0".repeat(32));
        send(&browser, &pressed(&shown, &forged)).await.expect(422);
        assert!(said(&desk, noa).await.history.iter().all(|one| one.word.decision != Decision::Given || one.source == Source::Paper));
    }

    async fn whoever_is_nobodys_patient_is_told_so(desk: Desk) {
        let sink = sink(&desk).await;
        publish(&desk, "We ask before.", "Preguntamos antes.").await;
        desk.ticket("who@else.test", "Hello", "Do you take new patients?").await;
        mails(&desk, &sink).await;
        let browser = signed_in(&desk, &sink, "who@else.test").await;
        for path in [WHERE, NOTICE] {
            let shut = browser.get(path).await.expect(403).text();
            assert!(shut.contains("as a patient yet"), "{shut}");
        }
        assert!(!page(&browser, "/my").await.contains("href=\"/my/notice\""));
    }

    async fn the_notice_is_read_once_for_each_version(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        assert!(page(&browser, NOTICE).await.contains("has not published a notice yet"));
        assert!(!page(&browser, "/my").await.contains("href=\"/my/notice\""));
        publish(&desk, "We ask *before*.", "Preguntamos *antes*.").await;
        assert!(page(&browser, "/my").await.contains("href=\"/my/notice\""));
        let shown = page(&browser, "/my/notice?lang=es").await;
        assert!(shown.contains("Preguntamos <em>antes</em>.") && shown.contains("Lo he leído"), "{shown}");
        let whose = mia.to_string();
        let reads = async |number: &str| {
            let fields = [("number", number), ("lang", "es"), ("whose", whose.as_str())];
            sends(&browser, NOTICE, NOTICE, &fields).await
        };
        for _ in 0..2 {
            let done = reads("1").await.expect(303);
            assert_eq!(done.header("location"), Some("/my/notice?said=notice-read"));
        }
        let agent = desk.ctx(Role::Agent);
        let given = async || notices::acknowledgements(&desk.app, &agent, mia).await.unwrap();
        let all = given().await;
        let [one] = all.as_slice() else { panic!("{}", all.len()) };
        let words = notices::current(&desk.app, desk.organisation, PRIVACY).await.unwrap().unwrap();
        assert_eq!((one.source, one.locale.as_str(), one.recorded_by), (notices::Source::Page, "es", None));
        assert_eq!(one.text_hash, words.texts[&Locale::Es].hash());
        assert!(!page(&browser, "/my?lang=en").await.contains("href=\"/my/notice\""));
        assert!(page(&browser, NOTICE).await.contains("You have our notice since"));
        // A new version is read anew; the words of the old one are no word about the new.
        desk.clock.advance(60);
        publish(&desk, "We ask twice.", "").await;
        assert!(page(&browser, "/my").await.contains("href=\"/my/notice\""));
        reads("1").await.expect(303);
        assert!(page(&browser, "/my").await.contains("href=\"/my/notice\""));
        for wrong in ["", "x", "-1"] {
            let told = reads(wrong).await;
            assert!(matches!(told.status, 303 | 404), "{wrong}: {}", told.status);
        }
        reads("9").await.expect(404);
        let other = [("number", "2"), ("lang", "en"), ("whose", "")];
        let told = sends(&browser, NOTICE, NOTICE, &other).await.expect(303);
        assert_eq!(told.header("location"), Some("/my/notice?said=notice-again"));
        assert_eq!(given().await.len(), 1);
        reads("2").await.expect(303);
        let all = given().await;
        assert_eq!((all.len(), all[0].notice.number, all[0].locale.as_str()), (2, 2, "en"));
        assert!(!page(&browser, "/my").await.contains("href=\"/my/notice\""));
        desk.audit_is_whole().await;
    }

    async fn what_stands_is_said_in_the_readers_language(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let shown = page(&browser, "/my/consents?lang=es").await;
        assert!(shown.contains("Podemos, salvo que diga que no"), "{shown}");
        send(&browser, &pressed(&shown, "no:surveys")).await.expect(303);
        let kept = said(&desk, mia).await.history.remove(0);
        assert_eq!(kept.locale, "es");
        assert!(kept.text.contains("No: "), "{}", kept.text);
        assert!(matches!(
            said(&desk, mia).await.stands.iter().find(|one| one.purpose == Purpose::Surveys).unwrap().why,
            Why::Refused(_)
        ));
    }

    async fn the_same_no_counts_again_after_a_yes(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let no = pressed(&page(&browser, WHERE).await, "no:reminders");
        send(&browser, &no).await.expect(303);
        desk.clock.advance(1);
        let yes = button(&page(&browser, WHERE).await, "yes:reminders:email:").unwrap();
        press(&browser, &yes).await.expect(303);
        assert!(may(&desk, Purpose::Reminders, Whom::Address(MIA)).await);
        desk.clock.advance(1);
        // A step back in the browser: the page of before, with the number of before.
        send(&browser, &no).await.expect(303);
        assert!(!may(&desk, Purpose::Reminders, Whom::Address(MIA)).await);
        assert_eq!(said(&desk, mia).await.history.len(), 3);
    }

    async fn no_yes_is_offered_to_what_rests(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let new = NewRequest {
            patient: mia,
            kind: Kind::Restriction,
            received_on: jiff::civil::date(2026, 4, 10),
            ticket: None,
            words: "Nothing that I did not ask for.".to_owned(),
        };
        let id = requests::open_request(app, &officer, new).await.unwrap();
        let yes = requests::Said {
            decision: requests::Decision::Granted,
            reason: String::new(),
            note: String::new(),
            with_notes: false,
        };
        let terms = Terms { owed: Some(false), ..Terms::default() };
        requests::decide_on(app, &officer, id, 1, (yes, terms)).await.unwrap();
        let browser = signed_in(&desk, &sink, MIA).await;
        let shown = page(&browser, WHERE).await;
        assert!(button(&shown, "no:surveys").is_some() && button(&shown, "yes:surveys").is_none(), "{shown}");
    }
}
