//! Failures: what they tell, which is nothing, and what they lock.

use super::*;
use common::both_engines;
use common::sink::sink;

const WRONG: &str = "QZ-0000";

both_engines! {
    async fn whoever_may_not_see_a_patient_compares_with_nobody(desk: Desk) {
        let patient = patient(&desk, 40).await;
        // Verified before the label came: it counts no more for whoever may not see it.
        let before = Talk::with(&desk, "before@else.test").await;
        before.first().await;
        let choice = choice(&before.seen().await, MASKED_MAIL);
        label(&desk, patient, Label::Part2).await;
        let page = before.seen().await;
        assert!(page.contains("Not verified") && !page.contains("Quetzalli") && !page.contains(MASKED_MAIL), "{page}");
        for (form, fields) in [("code", &[("choice", choice.as_str())][..]), ("answer", &[("code", "123456")]), ("second", &[]), ("tie", &[])] {
            let (status, page) = before.send(form, fields).await;
            assert!(status >= 400 && !page.contains("Quetzalli"), "{form}: {status}");
        }
        // Right details of theirs and wrong ones of anybody read the same.
        let right = Talk::with(&desk, "one@else.test").await;
        let nobody = Talk::with(&desk, "two@else.test").await;
        let (first, here) = right.tell(NAME, BORN, "mrn", MRN).await;
        let (second, there) = nobody.tell("Never Was", BORN, "mrn", WRONG).await;
        let plain = |page: &str, talk: &Talk| {
            masked(page).replace(&talk.page, "/tickets/N").replace(talk.page.trim_start_matches("/tickets/"), "N")
        };
        assert_eq!((first, plain(&here, &right)), (second, plain(&there, &nobody)));
        assert_eq!(log(&desk, right.id).await, log(&desk, nobody.id).await);
        // Each form that was refused above, and the comparison.
        let entries = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        let refused = entries.iter().filter(|one| one.action == "restricted.refused" && one.object_id == patient.to_string());
        assert_eq!(refused.count(), 5);
    }

    async fn a_lock_of_the_patient_stops_every_conversation(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let own = Talk::with(&desk, "caller@else.test").await;
        own.second(&desk, &sink).await;
        let phone = choice(&own.seen().await, MASKED_PHONE);
        own.send("call", &[("choice", &phone)]).await;
        // Three wrong codes about the same patient, in conversations of others.
        for at in 0..2 {
            let other = Talk::with(&desk, &format!("guess{at}@else.test")).await;
            other.first().await;
            let code = other.mailed(&desk, &sink).await;
            let wrong = if code == "000000" { "000001" } else { "000000" };
            other.send("answer", &[("code", wrong)]).await;
            if at == 1 {
                let (_, page) = other.send("answer", &[("code", wrong)]).await;
                assert!(page.contains("nothing more can be tried"), "{page}");
            }
        }
        assert!(own.seen().await.contains("Not verified"), "what was shown of them counts no more");
        let (_, page) = own.tell(NAME, BORN, "mrn", MRN).await;
        assert!(page.contains("Level 1"), "{page}");
        let mail = choice(&own.seen().await, MASKED_MAIL);
        let fields = [("kind", "phone"), ("value", "+1 312 555 0177"), ("words", "She says so.")];
        for (form, fields) in [("code", &[("choice", mail.as_str())][..]), ("address", &fields)] {
            let (status, page) = own.send(form, fields).await;
            assert!(status == 409 && page.contains("a supervisor can lift the lock"), "{form}: {page}");
        }
    }

    async fn conversations_at_once_count_together(desk: Desk) {
        patient(&desk, 40).await;
        let mut talks = Vec::new();
        for at in 0..6 {
            talks.push(Talk::with(&desk, &format!("caller{at}@else.test")).await);
        }
        let wrong = ["QZ-1", "QZ-2", "QZ-3", "QZ-4", "QZ-5", "QZ-6"];
        let tries = talks.iter().zip(wrong).map(|(talk, mrn)| talk.tell(NAME, BORN, "mrn", mrn));
        let told = futures_util::future::join_all(tries).await;
        let open = told.iter().filter(|(_, page)| page.contains("This could not be confirmed.")).count();
        assert_eq!(open, 2, "the third one locks, whoever was first");
    }

    async fn nobody_there_reads_as_a_wrong_answer(desk: Desk) {
        patient(&desk, 40).await;
        let wrong = Talk::with(&desk, "one@else.test").await;
        let nobody = Talk::with(&desk, "two@else.test").await;
        let pairs = [
            ((NAME, BORN, "mrn", WRONG), ("Never Was", BORN, "mrn", WRONG)),
            ((NAME, "1951-06-08", "mrn", MRN), ("Never Was", "1951-06-08", "phone", "+1 312 555 0199")),
            (("Another Name", BORN, "email", MAIL), ("Never Was", "1999-01-01", "email", "no@body.test")),
        ];
        for (at, (one, other)) in pairs.into_iter().enumerate() {
            let (first, mut here) = wrong.tell(one.0, one.1, one.2, one.3).await;
            let (second, mut there) = nobody.tell(other.0, other.1, other.2, other.3).await;
            // Their numbers are all that tells the two conversations apart.
            here = here.replace(&wrong.page, "/tickets/N").replace(wrong.page.trim_start_matches("/tickets/"), "N");
            there = there.replace(&nobody.page, "/tickets/N").replace(nobody.page.trim_start_matches("/tickets/"), "N");
            assert_eq!((first, masked(&here)), (second, masked(&there)), "try {at}");
            let last = if at == 2 { "nothing more can be tried for 24 hours" } else { "This could not be confirmed." };
            assert!(here.contains(last), "{here}");
            tells_no_address(&here);
        }
        assert_eq!(log(&desk, wrong.id).await, log(&desk, nobody.id).await);
        assert_eq!(log(&desk, wrong.id).await.len(), 3);
    }

    async fn the_third_failure_locks_for_a_day(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        for _ in 0..2 {
            talk.tell(NAME, BORN, "mrn", WRONG).await;
        }
        // What can't be compared is no failure, nor is the same form twice.
        assert_eq!(talk.tell(NAME, "7 June", "mrn", MRN).await.0, 422);
        assert_eq!(talk.tell("", BORN, "mrn", MRN).await.0, 422);
        assert_eq!(talk.tell(NAME, BORN, "ssn", "1234").await.0, 422, "nobody is asked for that");
        assert!(!talk.seen().await.contains("Locked until"));
        let (_, page) = talk.tell("Never Was", "1999-01-01", "mrn", "QZ-1").await;
        assert!(page.contains("Locked until") && page.contains("come in with an ID"), "{page}");
        // Right or wrong, all reads the same now.
        for (name, mrn) in [(NAME, MRN), ("Never Was", WRONG)] {
            let (_, page) = talk.tell(name, BORN, "mrn", mrn).await;
            assert!(page.contains("nothing more can be tried") && page.contains("Not verified"), "{page}");
        }
        let done = log(&desk, talk.id).await;
        assert_eq!(done.iter().filter(|one| one.1 == "failed").count(), 3, "{done:?}");
        assert_eq!(done.iter().filter(|one| one.1 == "denied").count(), 2, "{done:?}");
        // The same contact is locked in a conversation beside it too.
        let beside = Talk::with(&desk, "caller@else.test").await;
        let (_, page) = beside.tell(NAME, BORN, "mrn", MRN).await;
        assert!(page.contains("nothing more can be tried"), "{page}");
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("Verifying is locked for 24 hours"), "{story}");

        desk.clock.advance(DAY - 1);
        let agent = desk.browser(Role::Agent).await;
        assert!(agent.get(&talk.verify()).await.expect(200).text().contains("Locked until"));
        desk.clock.advance(1);
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&talk.verify()).await.expect(200).text();
        assert!(!page.contains("Locked until"), "{page}");
        // The earlier lock is a sign, and asks for one level more.
        assert!(page.contains("locked for this contact in the last 30 days"), "{page}");
        let (_, page) = send(&agent, &talk.verify(), "details", &[("name", NAME), ("birth_date", BORN), ("factor", "mrn"), ("value", MRN)]).await;
        assert!(page.contains("Level 1") && page.contains("what anybody may know"), "{page}");
    }

    async fn a_lock_takes_away_what_was_shown_before(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        for _ in 0..3 {
            talk.tell("Never Was", BORN, "mrn", WRONG).await;
        }
        let page = talk.seen().await;
        assert!(page.contains("Not verified") && page.contains("Locked until") && !page.contains("Quetzalli"), "{page}");
        assert_eq!(talk.send("code", &[("choice", "0000000000000000")]).await.0, 409);
    }

    async fn what_was_claimed_is_locked_wherever_it_is_tried(desk: Desk) {
        patient(&desk, 40).await;
        for at in 0..3 {
            let talk = Talk::with(&desk, &format!("caller{at}@else.test")).await;
            talk.tell(NAME, BORN, "mrn", &format!("QZ-{at}")).await;
        }
        let talk = Talk::with(&desk, "another@else.test").await;
        let (_, page) = talk.tell(NAME, BORN, "mrn", MRN).await;
        assert!(page.contains("nothing more can be tried"), "{page}");
        // So it is with somebody who never was.
        for at in 0..3 {
            let talk = Talk::with(&desk, &format!("guest{at}@else.test")).await;
            talk.tell("Never Was", BORN, "mrn", &format!("QZ-9{at}")).await;
        }
        let talk = Talk::with(&desk, "last@else.test").await;
        let (_, page) = talk.tell("Never Was", BORN, "mrn", MRN).await;
        assert!(page.contains("nothing more can be tried"), "{page}");
        // And with one record number beside guessed names.
        for (at, name) in ["Ann One", "Ann Two", "Ann Three"].into_iter().enumerate() {
            let talk = Talk::with(&desk, &format!("guess{at}@else.test")).await;
            talk.tell(name, BORN, "phone", "+1 312 555 0000").await;
        }
        let talk = Talk::with(&desk, "end@else.test").await;
        let (_, page) = talk.tell("Ann Four", BORN, "phone", "312 555 0000").await;
        assert!(page.contains("nothing more can be tried"), "{page}");
    }

    async fn the_way_a_conversation_came_proves_nothing(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, MAIL).await;
        let (status, page) = talk.tell(NAME, BORN, "email", MAIL).await;
        assert!(status == 422 && page.contains("The conversation came by this address"), "{page}");
        assert!(log(&desk, talk.id).await.is_empty(), "it is no failure");
        let (_, page) = talk.tell(NAME, BORN, "phone", PHONE).await;
        assert!(page.contains("Level 1"), "{page}");
        // From elsewhere, the address on file is an answer.
        let other = Talk::with(&desk, "caller@else.test").await;
        let (_, page) = other.tell(NAME, BORN, "email", MAIL).await;
        assert!(page.contains("Level 1"), "{page}");
    }

    async fn whoever_calls_about_their_mail_is_known_by_neither_way_in(desk: Desk) {
        patient(&desk, 40).await;
        let said = async |talk: &Talk| {
            let words = "I call about my mail.".to_owned();
            tickets::said(&desk.app, &desk.ctx(Role::Agent), talk.id, words, Vec::new()).await.unwrap();
        };
        let talk = Talk::with(&desk, MAIL).await;
        said(&talk).await;
        for (factor, value) in [("phone", PHONE), ("email", MAIL)] {
            let (status, page) = talk.tell(NAME, BORN, factor, value).await;
            assert!(status == 422 && page.contains("The conversation came by this address"), "{factor}: {page}");
        }
        assert!(log(&desk, talk.id).await.is_empty(), "it is no failure");
        let (_, page) = talk.tell(NAME, BORN, "mrn", MRN).await;
        assert!(page.contains("Level 1"), "{page}");
        // An hour later nobody is on the line, and the number says something again.
        let later = Talk::with(&desk, MAIL).await;
        said(&later).await;
        desk.clock.advance(3600);
        let later = Talk { agent: desk.browser(Role::Agent).await, ..later };
        let (_, page) = later.tell(NAME, BORN, "phone", PHONE).await;
        assert!(page.contains("Level 1"), "{page}");
    }

    async fn the_same_form_twice_is_one_try(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let page = talk.seen().await;
        let (token, once) = (common::csrf_token(&page), common::hidden(&page, "once").to_owned());
        let fields = [("csrf_token", token.as_str()), ("once", &once), ("name", NAME), ("birth_date", BORN), ("factor", "mrn"), ("value", WRONG)];
        for _ in 0..4 {
            talk.agent.post(&format!("{}/details", talk.verify()), &fields).await.expect(303);
        }
        assert_eq!(log(&desk, talk.id).await.len(), 1);
    }

    async fn signs_raise_what_is_asked_for(desk: Desk) {
        patient(&desk, 40).await;
        let words = "This is urgent, and please don't tell my husband. I have a new phone. Send my records.";
        let talk = Talk::about(&desk, "caller@else.test", words).await;
        talk.first().await;
        for page in [talk.seen().await, talk.agent.get(&talk.page).await.expect(200).text()] {
            assert!(page.contains("nobody may know of it") && page.contains("and for records in one conversation"), "{page}");
            assert!(page.contains("what anybody may know") && page.contains("Not yet: times and directions"), "{page}");
        }
    }
}
