//! What somebody sees of themselves.

use super::*;
use bedside_desk::ids::PrivacyRequestId;
use bedside_desk::privacy::disclosures::{self, Known};
use bedside_desk::privacy::{copies, requests};
use bedside_desk::tickets::{self, Reply};
use common::{Role, both_engines};

const MIA: &str = "mia@quetzal.test";

async fn number(desk: &Desk, ticket: TicketId) -> i64 {
    let view = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap();
    view.ticket.number
}

both_engines! {
    async fn a_request_is_written_read_and_answered_signed_in(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let there = writes(&browser, "May I have my blood results?").await;
        let talk = page(&browser, &there).await;
        assert!(talk.contains("May I have my blood results?") && talk.contains("my-nav"), "{talk}");
        let list = page(&browser, "/my").await;
        assert!(list.contains("May I have my blood results?") && list.contains(&there), "{list}");
        assert!(list.contains("You will hear from us") || list.contains("soon"), "{list}");
        // The staff see how far they are known, in this conversation alone.
        let ticket = ticket_of(&there);
        let view = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap();
        assert_eq!((view.ticket.patient, view.ticket.channel.as_str()), (Some(mia), "portal"));
        let nurse = desk.browser(Role::Nurse).await;
        let shown = page(&nurse, &format!("/tickets/{}/verify", number(&desk, ticket).await)).await;
        assert!(shown.contains("Level 2") && shown.contains("signed in to their own pages"), "{shown}");
        let other = desk.ticket(MIA, "By mail", "Hello").await;
        let shown = page(&nurse, &format!("/tickets/{}/verify", number(&desk, other).await)).await;
        assert!(!shown.contains("Level 2"), "{shown}");
        // So a result may go out here and not there, and is read signed in.
        let words = |ticket| Reply {
            class: Some(bedside_desk::records::Class::Clinical),
            ..Reply::new(format!("Your iron is fine. {ticket}"))
        };
        tickets::reply(&desk.app, &desk.ctx(Role::Nurse), ticket, words(1)).await.unwrap();
        let refused = tickets::reply(&desk.app, &desk.ctx(Role::Nurse), other, words(2)).await;
        refused.map(drop).unwrap_err();
        desk.clock.advance(60);
        assert!(page(&browser, &there).await.contains("Your iron is fine."));
        // Written on, with the same weight.
        let form = page(&browser, &there).await;
        let at = form.find("multipart/form-data").unwrap();
        let (token, once) = (csrf_token(&form[at..]), common::hidden(&form[at..], "once").to_owned());
        let fields = [("csrf_token", token.as_str()), ("once", &once), ("message", "Thank you!")];
        for _ in 0..2 {
            let sent = browser.post_files(&format!("{there}/reply"), &fields, &[]).await.expect(303);
            assert_eq!(sent.header("location"), Some(format!("{there}?said=sent").as_str()));
        }
        assert_eq!(page(&browser, &there).await.matches("Thank you!").count(), 1);
        // Who calls about it later is nobody by that: no call back and no second yes rest on it.
        desk.clock.advance(2 * 3600);
        let nurse = desk.browser(Role::Nurse).await;
        let verify = format!("/tickets/{}/verify", number(&desk, ticket).await);
        assert!(page(&nurse, &verify).await.contains("A caller about it still has to be verified."));
        let asked = nurse.submit(&verify, &format!("{verify}/second"), &[]).await;
        assert_eq!(asked.status, 409, "{}", asked.text());
        assert!(asked.text().contains("isn&#39;t verified far enough"), "{}", asked.text());
        tickets::reply(&desk.app, &desk.ctx(Role::Nurse), ticket, words(3)).await.unwrap();
        // After three days it counts no more.
        desk.clock.advance(3 * DAY + 1);
        let nurse = desk.browser(Role::Nurse).await;
        let shown = page(&nurse, &format!("/tickets/{}/verify", number(&desk, ticket).await)).await;
        assert!(!shown.contains("Level 2"), "{shown}");
        desk.audit_is_whole().await;
    }

    async fn signing_out_everywhere_takes_away_what_was_shown(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let ticket = ticket_of(&writes(&browser, "May I have my results?").await);
        let verify = format!("/tickets/{}/verify", number(&desk, ticket).await);
        let nurse = desk.browser(Role::Nurse).await;
        assert!(page(&nurse, &verify).await.contains("Level 2"));
        sends(&browser, "/my/devices", "/my/devices/end", &[]).await.expect(303);
        assert!(!page(&nurse, &verify).await.contains("Level 2"));
    }

    async fn an_address_that_is_new_shows_times_and_no_results(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Noa New", "noa@new.test", 1).await;
        let browser = signed_in(&desk, &sink, "noa@new.test").await;
        let there = writes(&browser, "I have a rash and a fever, what should I do?").await;
        let ticket = ticket_of(&there);
        let view = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap();
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert!(clinic.is_clinical(&view.ticket.category), "{}", view.ticket.category);
        let list = page(&browser, "/my").await;
        assert!(!list.contains("rash") && list.contains("more than 30 days"), "{list}");
        let shut = browser.get(&there).await.expect(403).text();
        assert!(!shut.contains("rash") && shut.contains("It opens by itself on"), "{shut}");
        let shown = page(&desk.browser(Role::Nurse).await, &format!("/tickets/{}/verify", view.ticket.number)).await;
        assert!(shown.contains("Level 1"), "{shown}");
    }

    async fn wrong_words_come_back_with_the_page(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let form = page(&browser, "/my/requests/new").await;
        let at = form.find("multipart/form-data").unwrap();
        let token = csrf_token(&form[at..]);
        let long = "x".repeat(20_001);
        for (token, words, status) in [("", "A question", 422), (token.as_str(), "", 422), (token.as_str(), long.as_str(), 422)] {
            let fields = [("csrf_token", token), ("message", words)];
            let again = browser.post_files("/my/requests/new", &fields, &[]).await.expect(status);
            assert!(again.text().contains(words) && again.text().contains("role=\"alert\""));
        }
        assert!(page(&browser, "/my").await.contains("Nothing here yet"));
    }

    async fn a_cry_in_what_is_asked_by_law_is_heard(desk: Desk) {
        const CRY: &str = "I am going to kill myself tonight";
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let nurse = desk.ctx(Role::Nurse);
        let crises = async || {
            let rows = tickets::list(&desk.app, &nurse, &tickets::View::Active, None, 100).await.unwrap().rows;
            (rows.iter().filter(|row| row.ticket.rank() == 0).count(), rows.len())
        };
        let asks = async |kind: &str, words: &str| sends(&browser, "/my/privacy", "/my/privacy", &[("kind", kind), ("words", words)]).await;
        let kinds = requests::Kind::ALL.len();
        for (count, kind) in requests::Kind::ALL.iter().enumerate() {
            let page = asks(kind.code(), &format!("{CRY} {count}")).await.expect(200).text();
            assert!(page.contains("tel:988") && page.contains("Please read this now"), "{page}");
            assert_eq!(crises().await, (count + 1, count + 1));
        }
        assert_eq!(mails(&desk, &sink).await.iter().filter(|mail| mail.text().contains("988")).count(), 1, "where to call, once in six hours");
        for (count, words) in [format!("{CRY}!"), format!("{}{CRY}", "x ".repeat(1500))].iter().enumerate() {
            let kind = if count == 0 { "" } else { "complaint" };
            for _ in 0..2 {
                let page = asks(kind, words).await.expect(422).text();
                assert!(page.contains("tel:988") && page.contains("We told our team"), "{page}");
            }
            assert_eq!(crises().await, (kinds + count + 1, kinds + count + 1));
        }
        // Where the same is asked already, the words are heard all the same.
        let told = asks("complaint", &format!("{CRY}, once more")).await.expect(409).text();
        assert!(told.contains("You asked for this already on") && told.contains("tel:988"), "{told}");
        assert_eq!(crises().await, (kinds + 3, kinds + 3));
        let cold = [("kind", "complaint"), ("another", "yes"), ("words", "The waiting room is cold.")];
        sends(&browser, "/my/privacy", "/my/privacy", &cold).await.expect(303);
        let officer = desk.ctx(Role::Compliance);
        let open = requests::list(&desk.app, &officer, requests::Which::Open, None, 50).await.unwrap();
        assert_eq!((open.len(), crises().await), (kinds + 1, (kinds + 3, kinds + 3)));
        // What the staff write down of it, whatever is wrong with their form.
        let agent = desk.browser(Role::Agent).await;
        let way = format!("/patients/{mia}/privacy");
        for (count, kind, status) in [(0, "complaint", 303), (1, "", 422)] {
            let words = format!("On the phone: I want to die, I took all my pills {count}");
            sends(&agent, &way, &way, &[("kind", kind), ("received_on", "2026-03-02"), ("words", &words)]).await.expect(status);
            assert_eq!(crises().await, (kinds + count + 4, kinds + count + 4));
        }
        // And an ordinary message with an old page, and too long.
        for (count, words) in [CRY.to_owned(), format!("{}{CRY}", "x ".repeat(11_000))].iter().enumerate() {
            let fields = [("csrf_token", "AAAA"), ("message", words.as_str())];
            let page = browser.post_files("/my/requests/new", &fields, &[]).await.expect(200).text();
            assert!(page.contains("tel:988"), "{page}");
            assert_eq!(crises().await.0, kinds + count + 6);
        }
        desk.audit_is_whole().await;
    }

    async fn a_worry_in_what_is_asked_by_law_is_seen_by_a_person(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let nurse = desk.ctx(Role::Nurse);
        let seen = async || tickets::list(&desk.app, &nurse, &tickets::View::Active, None, 100).await.unwrap().rows.len();
        let asks = async |number: usize| {
            let words = format!("I am not suicidal, I just feel low. {number}");
            let fields = [("kind", "complaint"), ("another", "yes"), ("words", words.as_str())];
            sends(&browser, "/my/privacy", "/my/privacy", &fields).await
        };
        for number in 0..10 {
            let page = asks(number).await.expect(200).text();
            assert!(page.contains("We told our team") && page.contains("tel:988"), "{page}");
            assert_eq!(seen().await, number + 1);
        }
        // Worries have an end in an hour. The cry of somebody who asked too much has none.
        asks(10).await.expect(429);
        assert_eq!(seen().await, 10);
        let fields = [("kind", "complaint"), ("words", "I am going to kill myself tonight")];
        let page = sends(&browser, "/my/privacy", "/my/privacy", &fields).await.expect(409).text();
        assert!(page.contains("tel:988"), "{page}");
        assert_eq!(seen().await, 11);
    }

    async fn who_has_seen_it_is_told_in_plain_words(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let nurse = desk.browser(Role::Nurse).await;
        page(&nurse, &format!("/patients/{mia}")).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let seen = page(&browser, "/my/seen").await;
        // By what they are, as the clinic has it where nobody decided otherwise.
        assert!(seen.contains("Nurse") && !seen.contains("Nia"), "{seen}");
        assert!(!seen.contains("patient.read"), "{seen}");
        // The look itself stands there for the compliance officer.
        let officer = desk.browser(Role::Compliance).await;
        let account = page(&officer, &format!("/privacy/seen/{mia}")).await;
        assert!(account.contains("The patient") || account.contains("writes for them"), "{account}");
    }

    async fn what_is_asked_by_law_has_its_clock_and_its_copy(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        for kind in ["", "everything"] {
            let again = sends(&browser, "/my/privacy", "/my/privacy", &[("kind", kind), ("words", "All of it")]).await.expect(422).text();
            assert!(again.contains("All of it") && again.contains("Please choose"), "{again}");
        }
        let long = "x".repeat(2001);
        sends(&browser, "/my/privacy", "/my/privacy", &[("kind", "copy"), ("words", &long)]).await.expect(422);
        let asked = sends(&browser, "/my/privacy", "/my/privacy", &[("kind", "copy"), ("words", "All of it")]).await.expect(303);
        let shown = page(&browser, asked.header("location").unwrap()).await;
        assert!(shown.contains("A copy of my record") && shown.contains("We answer by") && shown.contains("All of it"), "{shown}");
        // As work of the staff, with what was shown and a second yes that is wanted.
        let officer = desk.ctx(Role::Compliance);
        let open = requests::list(&desk.app, &officer, requests::Which::Open, None, 10).await.unwrap();
        let [view] = open.as_slice() else { panic!("{}", open.len()) };
        let request = &view.request;
        assert_eq!((request.patient, request.level.as_str(), request.opened_by, request.needs_second()), (mia, "l2", None, true));
        let id: PrivacyRequestId = request.id;
        requests::approve(&desk.app, &officer, id, 1).await.unwrap();
        let said = requests::Said { decision: requests::Decision::Granted, reason: String::new(), note: "With pleasure.".to_owned(), with_notes: false };
        let admin = desk.ctx(Role::Administrator);
        requests::decide(&desk.app, &admin, id, 2, said).await.unwrap();
        copies::begin(&desk.app, &admin, id, 3).await.unwrap();
        assert!(!page(&browser, "/my/privacy").await.contains("Download"));
        // One mail for the decision and one for the copy, with nothing of either in them.
        let sent = mails(&desk, &sink).await;
        let waits = |mail: &&Sent| mail.text().contains("something new for you") && !mail.text().contains("copy");
        assert_eq!(sent.iter().filter(waits).count(), 2, "{}", sent.len());
        let shown = page(&browser, "/my/privacy").await;
        assert!(shown.contains("Download the copy") && shown.contains("With pleasure."), "{shown}");
        let copy = shown.split("/my/privacy/copies/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let zip = browser.get(&format!("/my/privacy/copies/{copy}")).await.expect(200);
        assert!(zip.body.starts_with(b"PK") && zip.header("cache-control").unwrap().contains("no-store"));
        // What the patient fetches themselves needs no accounting; what the staff take out is told.
        let known = async || {
            let all = disclosures::accounting(&desk.app, &officer, mia).await.unwrap().known;
            all.iter().map(|one| one.how).collect::<Vec<_>>()
        };
        assert_eq!(known().await, []);
        copies::download(&desk.app, &admin, id, copy.parse().unwrap()).await.unwrap();
        assert_eq!(known().await, [Known::Copy]);
        // For nobody else, and not for ever.
        patient(&desk, "Bo Other", "bo@else.test", 0).await;
        desk.clock.advance(40 * DAY);
        let other = signed_in(&desk, &sink, "bo@else.test").await;
        other.get(&format!("/my/privacy/copies/{copy}")).await.expect(404);
        let browser = signed_in(&desk, &sink, MIA).await;
        browser.get(&format!("/my/privacy/copies/{copy}")).await.expect(404);
    }
}
