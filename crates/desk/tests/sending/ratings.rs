//! How it went is asked at the right time, once, and counted.

use super::{answer, asked, by_mail, drain, send, token, troubled, waiting_jobs};
use crate::common::Role;
use crate::common::sink::sink;
use crate::common::{Desk, both_engines};
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::surveys;
use bedside_desk::tickets::{self, Patch, Reply, Status};

both_engines! {
    async fn one_click_rates_and_a_second_one_corrects(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        resolve(&desk, ticket).await;
        send(&desk).await;
        let mail = sink.take().remove(0);
        assert!(mail.head().contains("Auto-Submitted: auto-generated"));
        let text = mail.text();
        let link = token(&text, "/r/");
        for score in 1..=5 {
            assert!(text.contains(&format!("/r/{link}?score={score}")));
        }
        // Where formatting is shown there are words to click, and no address to read.
        let html = mail.mail().html.unwrap();
        for (score, words) in [(1, "Bad"), (2, "Not good"), (3, "Okay"), (4, "Good"), (5, "Very good")] {
            let begins = format!("/r/{link}?score={score}\">");
            let (_, shown) = html.split_once(&begins).unwrap_or_else(|| panic!("{score} in {html}"));
            let shown = shown.split("</a>").next().unwrap();
            assert!(shown.ends_with(&format!(" {words}")) && shown.chars().count() == words.len() + 2, "{shown}");
        }
        assert_eq!(html.matches(&link).count(), 5, "{html}");
        assert!(!html.contains("Good: ") && !html.contains(">http"), "{html}");
        let day = surveys::day_of(desk.app.now());
        let supervisor = desk.ctx(Role::Supervisor);
        let counted = async || surveys::summary(&desk.app, &supervisor, day, day + 1).await.unwrap().all;
        assert_eq!(counted().await.csat(), None);
        surveys::rate(&desk.app, &link, 5, Some("Canary kindness".to_owned()), None).await.unwrap();
        let first = counted().await;
        assert_eq!((first.answers, first.positive, first.score_sum, first.csat()), (1, 1, 5, Some(100.0)));
        desk.clock.advance(24 * 3600);
        surveys::rate(&desk.app, &link, 2, None, None).await.unwrap();
        let second = counted().await;
        assert_eq!((second.answers, second.positive, second.score_sum, second.csat()), (1, 0, 2, Some(0.0)));
        let rating = surveys::of_ticket(&desk.app, &supervisor, ticket).await.unwrap().unwrap();
        assert_eq!((rating.score, rating.comment.as_deref()), (2, Some("Canary kindness")));
        let (leader, stranger) = (desk.browser(Role::Supervisor).await, desk.browser(Role::Compliance).await);
        for path in ["/ratings", "/ratings?days=7&low=1", "/ratings?days=365"] {
            let page = leader.get(path).await.expect(200).text();
            assert!(page.contains("Canary kindness") && page.contains("Not good") && page.contains("/tickets/"), "{page}");
        }
        leader.get("/ratings?before=x").await.expect(422);
        stranger.get("/ratings").await.expect(403);
        // Whose queues it is in none of see the counts alone.
        let other = desk.browser(Role::Billing).await.get("/ratings").await.expect(200).text();
        assert!(!other.contains(&format!("/tickets/{ticket}")) && !other.contains("Canary kindness"), "{other}");
        let seen = leader.get(&format!("/tickets/{ticket}")).await.expect(200).text();
        assert!(seen.contains("Canary kindness"), "{seen}");
        for wrong in [0, 6, -1, i64::MAX] {
            assert!(matches!(surveys::rate(&desk.app, &link, wrong, None, None).await, Err(DeskError::Invalid { .. })));
        }
        desk.clock.advance(30 * 24 * 3600);
        assert!(matches!(surveys::rate(&desk.app, &link, 5, None, None).await, Err(DeskError::Gone)));
        let compliance = surveys::summary(&desk.app, &desk.ctx(Role::Compliance), day, day).await;
        assert!(matches!(compliance, Err(DeskError::Forbidden)));
        desk.audit_is_whole().await;
    }

    async fn how_it_went_is_asked_once_in_a_day_and_never_again_once_it_was_said(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let asked = async |hours: i64| {
            desk.clock.advance(hours * 3600);
            reopen(&desk, ticket).await;
            resolve(&desk, ticket).await;
            send(&desk).await;
            assert_eq!(waiting_jobs(&desk).await, 0);
            sink.take()
        };
        assert_eq!(asked(0).await.len(), 1);
        assert_eq!(asked(1).await.len(), 0, "asked an hour ago");
        let second = asked(24).await;
        assert_eq!(second.len(), 1, "a day later");
        surveys::rate(&desk.app, &token(&second[0].text(), "/r/"), 5, None, None).await.unwrap();
        assert_eq!(asked(48).await.len(), 0, "said already");
        assert!(troubled(&desk).await.is_empty());
    }

    async fn a_question_that_had_to_wait_is_still_asked(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        for _ in 0..20 {
            answer(&desk, ticket, "At nine").await;
        }
        send(&desk).await;
        assert_eq!(sink.take().len(), 20, "what an address gets in an hour");
        resolve(&desk, ticket).await;
        send(&desk).await;
        desk.clock.advance(3600);
        drain(&desk).await;
        desk.clock.advance(3600);
        drain(&desk).await;
        let asked = sink.take().iter().filter(|sent| sent.text().contains("/r/")).count();
        assert_eq!((asked, waiting_jobs(&desk).await), (1, 0));
    }

    async fn a_question_that_had_to_wait_is_not_asked_when_the_request_is_open_again(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        for _ in 0..20 {
            answer(&desk, ticket, "At nine").await;
        }
        send(&desk).await;
        resolve(&desk, ticket).await;
        send(&desk).await;
        reopen(&desk, ticket).await;
        desk.clock.advance(3600);
        drain(&desk).await;
        let asked = sink.take().iter().filter(|sent| sent.text().contains("/r/")).count();
        assert_eq!((asked, waiting_jobs(&desk).await), (0, 0));
    }

    async fn nobody_is_asked_about_a_request_that_is_open_again(desk: Desk) {
        let (sink, ticket) = asked(&desk).await;
        let reply = Reply { status: Some(Status::Resolved), ..Reply::new("At nine") };
        let agent = desk.ctx(Role::Agent);
        let message = tickets::reply(&desk.app, &agent, ticket, reply).await.unwrap();
        tickets::undo(&desk.app, &agent, ticket, message).await.unwrap();
        send(&desk).await;
        assert_eq!((sink.take().len(), waiting_jobs(&desk).await), (0, 0));
    }

    async fn ratings_are_counted_for_who_had_the_request(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Hours", "When are you open?").await;
        let nurse = desk.ctx(Role::Nurse);
        let version = tickets::view(&desk.app, &nurse, ticket).await.unwrap().ticket.version;
        let mine = Patch { assignee: Some(nurse.actor.staff()), ..Patch::default() };
        tickets::change(&desk.app, &nurse, ticket, version, mine).await.unwrap();
        drain(&desk).await;
        sink.take();
        resolve(&desk, ticket).await;
        send(&desk).await;
        let link = token(&sink.take()[0].text(), "/r/");
        surveys::rate(&desk.app, &link, 1, None, None).await.unwrap();
        surveys::rate(&desk.app, &link, 4, None, None).await.unwrap();
        let day = surveys::day_of(desk.app.now());
        let people = async |role| surveys::summary(&desk.app, &desk.ctx(role), day, day).await.unwrap().people;
        let counted = people(Role::Supervisor).await;
        assert_eq!(counted.len(), 1);
        assert_eq!((Some(counted[0].0), counted[0].1.answers, counted[0].1.score_sum), (nurse.actor.staff(), 1, 4));
        assert_eq!(people(Role::Nurse).await, counted);
        assert_eq!(people(Role::Agent).await, vec![], "figures of others are for those who lead");
    }

    async fn nobody_is_asked_after_a_crisis(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Rosa", "Help", "I want to kill myself").await;
        drain(&desk).await;
        sink.take();
        resolve(&desk, ticket).await;
        send(&desk).await;
        assert_eq!(sink.take().len(), 0);
    }
}

async fn resolve(desk: &Desk, ticket: TicketId) {
    set_status(desk, ticket, Status::Resolved).await;
}

async fn reopen(desk: &Desk, ticket: TicketId) {
    set_status(desk, ticket, Status::Open).await;
}

async fn set_status(desk: &Desk, ticket: TicketId, status: Status) {
    let nurse = desk.ctx(Role::Nurse);
    let version = tickets::view(&desk.app, &nurse, ticket)
        .await
        .unwrap()
        .ticket
        .version;
    let patch = Patch {
        status: Some(status),
        ..Patch::default()
    };
    tickets::change(&desk.app, &nurse, ticket, version, patch)
        .await
        .unwrap();
}
