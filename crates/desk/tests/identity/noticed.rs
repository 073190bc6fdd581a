//! Signs that words on the telephone tell, and those that somebody of the staff hears.

use super::*;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::orgs::{self, Change};
use common::both_engines;
use common::sink::sink;

/// What stands there where words tell it, and where somebody noticed it; the latter is the name of its box as well.
const SIGN: &str = "now the phone is broken or the number is another.";
const NOTICED: &str = "<li>A code was wrong, and now the phone is broken or another.";

/// Writes down what they say.
async fn says(talk: &Talk, words: &str) {
    let page = talk.agent.get(&talk.page).await.expect(200).text();
    let token = common::csrf_token(&page);
    let fields = [
        ("csrf_token", token.as_str()),
        ("kind", "said"),
        ("body", words),
    ];
    talk.agent
        .post_files(&format!("{}/messages", talk.page), &fields, &[])
        .await
        .expect(303);
}

/// Changes the phone number at the third level: the status, and the page.
async fn another_number(talk: &Talk) -> (u16, String) {
    let fields = [
        ("kind", "phone"),
        ("value", "+1 312 555 0100"),
        ("words", ""),
    ];
    talk.send("address", &fields).await
}

/// A code that is not the one that went out.
pub async fn wrong_code(desk: &Desk, talk: &Talk, sink: &Sink) {
    let code = talk.mailed(desk, sink).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let (_, page) = talk.send("answer", &[("code", wrong)]).await;
    assert!(page.contains("This is not the code."), "{page}");
}

both_engines! {
    async fn a_wrong_code_and_then_a_broken_phone_on_the_telephone_take_both(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        wrong_code(&desk, &talk, &sink).await;
        assert!(!talk.seen().await.contains(SIGN), "a wrong code alone is none");
        says(&talk, "He says that his phone is broken, so he can't read the code.").await;
        let page = talk.seen().await;
        assert!(page.contains(SIGN) && !page.contains("Noticed by"), "{page}");
        talk.code_to(&desk, &sink).await;
        talk.third().await;
        let (status, page) = another_number(&talk).await;
        assert!(status == 409 && page.contains("both"), "{status} {page}");
        // Nobody else's conversation is any the less trusted.
        let other = Talk::with(&desk, "somebody@else.test").await;
        assert!(!other.seen().await.contains(SIGN));
    }

    async fn what_somebody_noticed_raises_what_is_asked_for_a_day(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let page = talk.seen().await;
        for code in ["urgent_and_secret", "address_and_records", "many_patients", "broken_phone", "earlier_lock"] {
            assert!(page.contains(&format!("name=\"flag\" value=\"{code}\"> ")), "{code} in {page}");
        }
        for wrong in [&[][..], &[("flag", "whim")], &[("flag", "broken_phone"), ("flag", "whim")]] {
            let (status, page) = talk.send("noticed", wrong).await;
            assert!(status == 422 && page.contains("Choose what you noticed."), "{status} {page}");
        }
        talk.second(&desk, &sink).await;
        assert!(talk.seen().await.contains("results and care"));
        let (status, page) = talk.send("noticed", &[("flag", "broken_phone"), ("flag", "urgent_and_secret")]).await;
        assert!(status == 303 && page.contains("It counts for a day."), "{page}");
        for words in [NOTICED, "Noticed by Ana Agent", "Not yet: results and care"] {
            assert!(page.contains(words), "{words} in {page}");
        }
        // It can't be ticked again, nor taken back.
        assert!(page.contains("value=\"broken_phone\" checked disabled") && page.contains("value=\"many_patients\"> "), "{page}");
        talk.third().await;
        let (status, page) = another_number(&talk).await;
        assert!(status == 409 && page.contains("both"), "{status} {page}");
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("Ana Agent noticed a sign to be careful") && story.contains("Noticed by Ana Agent"), "{story}");
        let entries = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        let kept = entries.iter().find(|entry| entry.action == "identity.notice").unwrap();
        assert_eq!(kept.detail, r#"{"flags":["broken_phone","urgent_and_secret"]}"#);

        desk.clock.advance(DAY);
        bedside_desk::identity::forget(&desk.app).await.unwrap();
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&talk.verify()).await.expect(200).text();
        assert!(!page.contains("Noticed by"), "{page}");
        desk.audit_is_whole().await;
    }

    async fn what_was_noticed_goes_with_a_merge(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let into = Talk::with(&desk, "caller@else.test").await;
        assert_eq!(talk.send("noticed", &[("flag", "broken_phone")]).await.0, 303);
        assert!(!into.seen().await.contains("Noticed by"));
        desk.clock.advance(60);
        tickets::merge(&desk.app, &desk.system(), talk.id, into.id).await.unwrap();
        let page = into.seen().await;
        assert!(page.contains(NOTICED) && page.contains("Noticed by Ana Agent"), "{page}");
        // It counts from when it was noticed, and no longer.
        desk.clock.advance(DAY - 60);
        let page = desk.browser(Role::Agent).await.get(&into.verify()).await.expect(200).text();
        assert!(!page.contains("Noticed by"), "{page}");
    }

    async fn nobody_notices_who_may_not_write_or_where_nothing_goes_on(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let flag = [("flag", "earlier_lock")];
        // What went into another request is that one: the sign counts there.
        let into = Talk::with(&desk, "caller@else.test").await;
        let verify = talk.verify();
        let token = common::csrf_token(&talk.seen().await);
        tickets::merge(&desk.app, &desk.system(), talk.id, into.id).await.unwrap();
        let fields = [("csrf_token", token.as_str()), flag[0]];
        talk.agent.post(&format!("{verify}/noticed"), &fields).await.expect(303);
        assert!(into.seen().await.contains("Noticed by Ana Agent"));
        let missing = talk.agent.post("/tickets/999/verify/noticed", &fields).await;
        assert_eq!(missing.status, 404);
        // And whoever may only read is refused.
        let mut reader = desk.role(Role::Agent).as_ref().clone();
        reader.permissions = Permissions::of(&[Permission::TicketsRead, Permission::PatientsRead]);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(reader)).await.unwrap();
        assert!(!into.seen().await.contains("verify/noticed"));
        assert_eq!(into.send("noticed", &flag).await.0, 403);
    }
}
