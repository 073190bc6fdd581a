//! How it went, said behind a link.

use super::closed::end;
use super::{ATTACK, contact, link_of, messages};
use crate::common::Role;
use crate::common::{both_engines, csrf_token, hidden};
use bedside_db::{DbError, args, statements};
use bedside_desk::links::{self, Purpose};
use bedside_desk::surveys;
use bedside_desk::tickets::{self, Inbound, Status, Urgency};
use bedside_language::Channel;
use futures_util::FutureExt;

statements! {
    /// Nobody gives a second rating any more.
    ONE_RATING = "CREATE UNIQUE INDEX one_rating ON ratings (organisation_id)";
}

/// A worry, as the rules see it.
const WORRY: &str = "I am not suicidal, I just feel low.";

both_engines! {
    async fn a_rating_is_pressed_not_clicked_and_counted_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Zebrafish", "When are you open?").await;
        let link = link_of(&desk, Purpose::Rating, ticket).await;
        let supervisor = desk.ctx(Role::Supervisor);
        let day = surveys::day_of(desk.app.now());
        let counted = async || {
            let sum = surveys::summary(&desk.app, &supervisor, day, day).await.unwrap().all;
            (sum.answers, sum.positive, sum.score_sum)
        };
        let rating = links::rating_url(&desk.app, &link, 4);
        let path = rating.strip_prefix("http://desk.example").unwrap();
        let visitor = desk.visitor();
        let mut page = String::new();
        for _ in 0..3 {
            let shown = visitor.get(path).await.expect(200);
            assert_eq!(shown.header("x-robots-tag").unwrap(), "noindex, nofollow, noarchive");
            page = shown.text();
        }
        assert_eq!(counted().await, (0, 0, 0), "looking is no vote");
        assert!(page.contains("<bd-send-seen><form"), "a script sends what the link chose: {page}");
        assert!(page.contains("value=\"4\" required checked") && page.matches(" checked").count() == 1, "{page}");
        assert!(!page.contains("Zebrafish"));
        let to = format!("/r/{link}");
        let none = visitor.submit(path, &to, &[("comment", ATTACK)]).await.expect(422).text();
        assert!(none.contains("Please choose one.") && none.contains("alert(1)") && !none.contains("<script>alert"), "{none}");
        visitor.submit(path, &to, &[("score", "9")]).await.expect(422);
        // Up to more than any form may hold, all in one piece.
        for length in [2001, 3 << 20, 9 << 20] {
            let words = format!("Kind people{}", "x".repeat(length - 11));
            let long = visitor.submit(path, &to, &[("score", "4"), ("comment", &words)]).await.expect(422).text();
            assert!(long.contains("Your message is too long") && long.contains("Kind peoplexxx"), "{length}");
        }
        visitor.post(&to, &[("score", "1"), ("csrf_token", "AAAA")]).await.expect(303);
        assert_eq!(counted().await, (0, 0, 0));

        let sent = visitor.submit(path, &to, &[("score", "4"), ("comment", "Kind people")]).await.expect(303);
        let thanks = visitor.get(sent.header("location").unwrap()).await.expect(200).text();
        assert!(thanks.contains("Thank you"), "{thanks}");
        assert_eq!(counted().await, (1, 1, 4));
        let again = format!("{to}?again=1&score=4");
        let way_back = format!("href=\"{}", again.replace('&', "&#38;"));
        assert!(thanks.contains(&way_back), "{way_back} in {thanks}");
        for path in [&again, &to] {
            let page = visitor.get(path).await.expect(200).text();
            assert!(!page.contains("bd-send-seen"), "who comes to say something else is waited for: {page}");
        }
        visitor.submit(path, &to, &[("score", "2"), ("comment", "")]).await.expect(303);
        assert_eq!(counted().await, (1, 0, 2));
        let stored = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!((stored.score, stored.comment.as_deref()), (2, Some("Kind people")));
        let most = "é".repeat(2000);
        visitor.submit(path, &to, &[("score", "2"), ("comment", &most)]).await.expect(303);
        let stored = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!(stored.comment, Some(most));

        visitor.get("/r/unknown?score=5").await.expect(410);
        visitor.get(&format!("/t/{link}")).await.expect(410);
        let odd = visitor.get(&format!("{to}?score=%3Cscript%3E")).await.expect(200).text();
        assert!(!odd.contains(" checked"), "{odd}");
        desk.audit_is_whole().await;
    }

    async fn nobody_rates_after_a_crisis(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Help", "I want to kill myself").await;
        let link = link_of(&desk, Purpose::Rating, ticket).await;
        desk.visitor().get(&format!("/r/{link}?score=5")).await.expect(410);
    }

    async fn a_cry_for_help_in_a_rating_is_heard(desk: Desk) {
        const CRY: &str = "I want to kill myself tonight";
        let nurse = desk.ctx(Role::Nurse);
        let view = async |ticket| tickets::view(&desk.app, &nurse, ticket).await.unwrap();
        for (address, closed) in [("rosa@patients.test", true), ("ruth@patients.test", false)] {
            let ticket = desk.ticket(address, "Hours", "When are you open?").await;
            let ends: &[Status] = if closed { &[Status::Resolved, Status::Closed] } else { &[Status::Resolved] };
            end(&desk, ticket, ends).await;
            let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
            let to = format!("/r/{link}");
            let cry = async || visitor.submit(&to, &to, &[("score", "1"), ("comment", CRY)]).await;
            let page = cry().await.expect(200).text();
            assert!(page.contains("tel:911") && page.contains("tel:988"), "who may be in danger reads at once whom to call: {page}");
            let rated = view(ticket).await;
            let heard = if closed { view(rated.links[0].ticket).await } else { view(ticket).await };
            assert_eq!((heard.ticket.urgency, heard.ticket.rank(), heard.ticket.status.is_active()), (Urgency::Emergency, 0, true));
            assert_eq!(heard.messages.last().unwrap().body, CRY);
            assert!(page.contains(&heard.ticket.number.to_string()), "{page}");
            assert_eq!(rated.ticket.status == Status::Closed, closed);
            let rating = surveys::of_ticket(&desk.app, &nurse, ticket).await.unwrap().unwrap();
            assert_eq!((rating.score, rating.comment.as_deref()), (1, Some(CRY)));
            let anywhere = desk.browser(Role::Nurse).await.get("/patients").await.expect(200).text();
            assert!(anywhere.contains("Someone may be in danger"), "{anywhere}");
        }
        desk.audit_is_whole().await;
    }

    async fn a_cry_is_heard_whatever_is_wrong_with_its_form(desk: Desk) {
        const CRY: &str = "I want to kill myself tonight";
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let visitor = desk.visitor();
        let thread = link_of(&desk, Purpose::Thread, ticket).await;
        crate::open(&visitor, &thread).await;
        let reply = format!("/t/{thread}/reply");
        let long = format!("{}{CRY}", "x ".repeat(11_000));
        for (count, words) in [CRY, long.as_str()].into_iter().enumerate() {
            visitor.post_files(&reply, &[("csrf_token", "AAAA"), ("message", words)], &[]).await.expect(303);
            assert_eq!(messages(&desk, ticket).await.len(), count + 2);
        }
        visitor.post_files(&reply, &[("csrf_token", "AAAA"), ("message", "When?")], &[]).await.expect(422);
        let ticket = desk.ticket("ruth@patients.test", "Hours", "When are you open?").await;
        end(&desk, ticket, &[Status::Resolved]).await;
        let link = link_of(&desk, Purpose::Rating, ticket).await;
        let to = format!("/r/{link}");
        let numbers = |page: String| assert!(page.contains("tel:988") && page.contains("We told our team"), "{page}");
        let token = csrf_token(&visitor.get(&to).await.expect(200).text());
        numbers(visitor.post(&to, &[("csrf_token", &token), ("comment", CRY)]).await.expect(200).text());
        numbers(visitor.post(&to, &[("csrf_token", &token), ("score", "1"), ("comment", &long)]).await.expect(200).text());
        numbers(visitor.post(&to, &[("score", "1"), ("csrf_token", "AAAA"), ("comment", "I will kill myself now")]).await.expect(200).text());
        assert_eq!(messages(&desk, ticket).await.len(), 4);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Nurse), ticket).await.unwrap();
        assert_eq!((view.ticket.urgency, view.ticket.rank()), (Urgency::Emergency, 0));
        // Behind a link that opens nothing any more it is a request of nobody known.
        crate::revoke(&desk, ticket).await;
        for _ in 0..2 {
            numbers(visitor.post(&to, &[("score", "1"), ("comment", CRY)]).await.expect(200).text());
        }
        numbers(desk.visitor().post_files("/t/unknown/reply", &[("message", "I want to die, I took all my pills")], &[]).await.expect(200).text());
        let nurse = desk.browser(Role::Nurse).await.get("/inbox/crisis").await.expect(200).text();
        assert!(nurse.contains("#1003") && nurse.contains("#1004") && !nurse.contains("#1005"), "{nurse}");
    }

    async fn a_cry_that_is_sent_twice_stands_there_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        end(&desk, ticket, &[Status::Resolved]).await;
        let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
        let to = format!("/r/{link}");
        let page = visitor.get(&to).await.expect(200).text();
        let form = [("csrf_token", hidden(&page, "csrf_token")), ("once", hidden(&page, "once")), ("score", "1")];
        let send = async |comment| visitor.post(&to, &[form.as_slice(), &[("comment", comment)]].concat()).await;
        for _ in 0..2 {
            assert!(send("I want to kill myself tonight").await.expect(200).text().contains("tel:988"));
            assert_eq!(messages(&desk, ticket).await.len(), 2);
        }
        send("I want to kill myself now").await.expect(200);
        assert_eq!(messages(&desk, ticket).await.len(), 3, "other words on the same page are said too");
    }

    async fn a_cry_that_cannot_be_stored_comes_back_with_whom_to_call(desk: Desk) {
        for (address, status) in [("rosa@patients.test", 303), ("ruth@patients.test", 503)] {
            let ticket = desk.ticket(address, "Hours", "When are you open?").await;
            let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
            let to = format!("/r/{link}");
            if status == 503 {
                desk.app.db.write::<_, DbError, _>(|tx| async move { tx.execute(ONE_RATING, args![]).await }.boxed()).await.unwrap();
                let page = visitor.submit(&to, &to, &[("score", "1"), ("comment", "I want to kill myself tonight")]).await.expect(503).text();
                assert!(page.contains("tel:988") && page.contains("kill myself tonight</textarea>") && page.contains("role=\"alert\""), "{page}");
                assert_eq!(messages(&desk, ticket).await.len(), 1);
            }
            let sent = visitor.submit(&to, &to, &[("score", "4"), ("comment", "Kind people")]).await.expect(status).text();
            assert_eq!(sent.contains("Kind people</textarea>"), status == 503);
        }
    }

    async fn a_worry_in_a_rating_is_looked_at(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        end(&desk, ticket, &[Status::Resolved]).await;
        let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
        let to = format!("/r/{link}");
        let sent = visitor.submit(&to, &to, &[("score", "2"), ("comment", WORRY)]).await.expect(303);
        visitor.get(sent.header("location").unwrap()).await.expect(200);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Nurse), ticket).await.unwrap();
        assert_eq!((view.ticket.safety.as_str(), view.ticket.status, view.messages.len()), ("concern", Status::Open, 2));
    }

    async fn a_worry_in_a_rating_adds_to_those_before(desk: Desk) {
        let mut danger = Vec::new();
        for (address, worries) in [("rosa@patients.test", 5), ("ruth@patients.test", 0)] {
            let ticket = desk.ticket(address, "Hours", "When are you open?").await;
            end(&desk, ticket, &[Status::Resolved]).await;
            for _ in 0..worries {
                desk.ticket(address, "", "Everything feels hopeless and I cry every night.").await;
            }
            let link = link_of(&desk, Purpose::Rating, ticket).await;
            let rated = surveys::rate(&desk.app, &link, 2, Some(WORRY.to_owned()), None).await.unwrap();
            let after = tickets::view(&desk.app, &desk.ctx(Role::Nurse), ticket).await.unwrap().ticket;
            danger.push((rated.danger, after.safety));
        }
        assert_eq!(danger, [(true, "emergency".to_owned()), (false, "concern".to_owned())]);
    }

    async fn a_worry_after_a_crisis_is_heard_without_a_rating(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
        let to = format!("/r/{link}");
        let page = visitor.get(&to).await.expect(200).text();
        let token = hidden(&page, "csrf_token");
        let cry = Inbound::new(contact(&desk, ticket).await, Channel::Portal, "I want to kill myself");
        tickets::inbound(&desk.app, &desk.system(), ticket, cry).await.unwrap();
        // With a whole form, without a face, and with a page that stood open for days.
        for (count, (token, score)) in (3..).zip([(token, "1"), (token, ""), ("AAAA", "1")]) {
            let fields = [("csrf_token", token), ("score", score), ("comment", "I feel empty and tired of it all")];
            let page = visitor.post(&to, &fields).await.expect(200).text();
            assert!(page.contains("tel:988") && page.contains("We told our team"), "{page}");
            assert_eq!(messages(&desk, ticket).await.len(), count);
        }
        let rating = surveys::of_ticket(&desk.app, &desk.ctx(Role::Nurse), ticket).await.unwrap();
        assert!(rating.is_none());
    }

    async fn a_comment_is_heard_after_what_was_written_before(desk: Desk) {
        for (address, count) in [("bo@patients.test", 1), ("rosa@patients.test", 2)] {
            let ticket = desk.ticket(address, "Hours", "When are you open?").await;
            end(&desk, ticket, &[Status::Resolved]).await;
            let link = link_of(&desk, Purpose::Rating, ticket).await;
            if count == 2 {
                desk.ticket(address, "Help", "I want to kill myself").await;
                desk.clock.advance(60);
            }
            let (to, visitor) = (format!("/r/{link}"), desk.visitor());
            let fields = [("score", "3"), ("comment", "I do not know how to go on")];
            visitor.submit(&to, &to, &fields).await;
            assert_eq!(messages(&desk, ticket).await.len(), count, "{address}");
        }
    }

    async fn the_comment_of_a_page_that_stood_open_comes_back(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
        let to = format!("/r/{link}");
        let old = [("csrf_token", "AAAA"), ("score", "4"), ("comment", "Kind people")];
        let page = visitor.post(&to, &old).await.expect(422).text();
        assert!(page.contains("Kind people</textarea>") && page.contains("value=\"4\" required checked"), "{page}");
        let gone = visitor.post("/r/unknown", &old).await.expect(410).text();
        assert!(gone.contains("Kind people") && gone.contains("readonly"), "{gone}");
    }

    async fn after_a_crisis_nobody_rates_and_everybody_is_heard(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let (link, visitor) = (link_of(&desk, Purpose::Rating, ticket).await, desk.visitor());
        let to = format!("/r/{link}");
        let page = visitor.get(&to).await.expect(200).text();
        let token = hidden(&page, "csrf_token");
        let send = async |comment: &str| visitor.post(&to, &[("csrf_token", token), ("score", "1"), ("comment", comment)]).await;
        let carer = Inbound::new(contact(&desk, ticket).await, Channel::Portal, "I want to kill myself");
        tickets::inbound(&desk.app, &desk.system(), ticket, carer).await.unwrap();
        let ended = send("Thanks for everything").await.expect(410).text();
        assert!(ended.contains("Thanks for everything</textarea>") && ended.contains("readonly") && ended.contains("tel:988"), "{ended}");
        // However often.
        for count in 3..40 {
            assert!(send("I want to kill myself tonight").await.expect(200).text().contains("tel:988"));
            assert_eq!(messages(&desk, ticket).await.len(), count);
        }
        let rating = surveys::of_ticket(&desk.app, &desk.ctx(Role::Nurse), ticket).await.unwrap();
        assert!(rating.is_none());
    }
}
