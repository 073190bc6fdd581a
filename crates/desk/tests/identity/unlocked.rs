//! A lock that is lifted before its time, and two commands about one patient at once.

use super::*;
use common::both_engines;
use common::sink::sink;
use futures_util::future::join_all;

const WHY: &str = "She wrote the old number down. I spoke with her here.";

both_engines! {
    async fn a_supervisor_lifts_a_lock_that_others_made(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let supervisor = desk.browser(Role::Supervisor).await;
        let lift = async |words: &str| send(&supervisor, &talk.verify(), "unlock", &[("words", words)]).await;
        assert_eq!(lift(WHY).await.0, 409, "nothing is locked");
        for _ in 0..3 {
            talk.tell(NAME, BORN, "mrn", "QZ-0000").await;
        }
        assert!(talk.seen().await.contains("Locked until") && !talk.seen().await.contains("verify/unlock"));
        assert_eq!(talk.send("unlock", &[("words", WHY)]).await.0, 403);
        for words in [" ", &"x".repeat(501)] {
            assert_eq!(lift(words).await.0, 422);
        }
        let (status, page) = lift(WHY).await;
        assert!(status == 303 && page.contains("The lock is lifted."), "{page}");
        assert!(!page.contains("Locked until") && page.contains("locked for this contact in the last 30 days"), "{page}");
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("lifted the lock") && !story.contains("old number"), "{story}");
        desk.clock.advance(1);
        // The failures before it count no more, and what was claimed is free as well.
        let (_, page) = talk.tell(NAME, BORN, "mrn", "QZ-0001").await;
        assert!(page.contains("This could not be confirmed."), "{page}");
        talk.second(&desk, &sink).await;
        // The reason waits for somebody else's look.
        let waiting = supervisor.get("/reviews").await.expect(200).text();
        assert!(waiting.contains("A lock was lifted") && waiting.contains(WHY) && waiting.contains("This is yours"), "{waiting}");
        let done = log(&desk, talk.id).await;
        assert!(done.contains(&("identity.unlock".to_owned(), "ok".to_owned())), "{done:?}");
        // Three more lock again.
        for _ in 0..2 {
            talk.tell(NAME, BORN, "mrn", "QZ-0000").await;
        }
        assert!(talk.seen().await.contains("Locked until"));
        desk.audit_is_whole().await;
    }

    async fn nobody_lifts_what_they_failed_themselves(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let supervisor = desk.browser(Role::Supervisor).await;
        let tell = [("name", NAME), ("birth_date", BORN), ("factor", "mrn"), ("value", "QZ-0000")];
        send(&supervisor, &talk.verify(), "details", &tell).await;
        for _ in 0..2 {
            talk.tell(NAME, BORN, "mrn", "QZ-0000").await;
        }
        let (status, page) = send(&supervisor, &talk.verify(), "unlock", &[("words", WHY)]).await;
        assert!(status == 409 && page.contains("your own word twice"), "{page}");
        assert!(log(&desk, talk.id).await.contains(&("identity.unlock".to_owned(), "denied".to_owned())));
        let admin = desk.browser(Role::Administrator).await;
        assert_eq!(send(&admin, &talk.verify(), "unlock", &[("words", WHY)]).await.0, 303);
    }

    async fn commands_that_end_a_patients_evidence_at_once_neither_wait_for_each_other_nor_lose_any(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        // Two conversations with a code each, two contacts to link, and every one of them ends all that was shown.
        let (one, two) = (Talk::with(&desk, "one@else.test").await, Talk::with(&desk, "two@else.test").await);
        let mut wrong = Vec::new();
        for talk in [&one, &two] {
            talk.first().await;
            let code = talk.mailed(&desk, &sink).await;
            wrong.push(if code == "000000" { "000001" } else { "000000" });
        }
        let mut contacts = Vec::new();
        for at in 0..4 {
            let talk = Talk::with(&desk, &format!("kin{at}@else.test")).await;
            contacts.push(tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().contact.id);
        }
        let (app, ctx) = (&desk.app, desk.system());
        let links = join_all(contacts.iter().map(|contact| tickets::link_contact(app, &ctx, *contact, Some(patient))));
        let guesses = [(&one, wrong[0]), (&two, wrong[1])];
        let tries = join_all(guesses.into_iter().cycle().take(4).map(|(talk, code)| async move {
            talk.send("answer", &[("code", code)]).await.0
        }));
        let (linked, answers) = futures_util::future::join(links, tries).await;
        for done in linked {
            done.unwrap();
        }
        // A form that comes too late is refused; none waits for ever, fails inside, or is lost.
        assert!(answers.iter().all(|status| matches!(status, 303 | 409)), "{answers:?}");
        for contact in contacts {
            let seen = patients::contact(app, &ctx, contact).await.unwrap();
            assert_eq!(seen.patient_id, Some(patient));
        }
        for talk in [&one, &two] {
            let page = talk.seen().await;
            assert!(page.contains("Not verified"), "{page}");
        }
        desk.audit_is_whole().await;
    }
}
