//! What feedback is about and how people felt: stored in codes as it comes in, shown, and counted.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::feedback::{self, Count, Told, WHOLE};
use bedside_desk::ids::TicketId;
use bedside_desk::links::{self, Purpose};
use bedside_desk::surveys;
use bedside_desk::tickets::{self, Inbound, NewTicket, model::Written};
use bedside_language::Channel;
use bedside_language::themes::Sentiment;
use common::{Desk, both_engines};
use futures_util::FutureExt;

const LATE: &str = "I waited two hours and nobody told me why. Terrible.";
const KIND: &str = "The nurse was very kind and friendly.";

/// The patient's rating of a ticket.
async fn rate(desk: &Desk, ticket: TicketId, score: i64, comment: Option<&str>) {
    let contact = view(desk, ticket).await.ticket.contact;
    let ctx = Ctx::system(desk.organisation, "test", Source::Mail);
    let make = desk.app.command(&ctx, move |work| {
        links::make(work, Purpose::Rating, ticket, contact).boxed()
    });
    let token = make.await.unwrap();
    surveys::rate(&desk.app, &token, score, comment.map(str::to_owned), None)
        .await
        .unwrap();
}

async fn view(desk: &Desk, ticket: TicketId) -> tickets::TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Supervisor), ticket)
        .await
        .unwrap()
}

/// Themes with their sentiment, the whole left out.
async fn told(desk: &Desk, ticket: TicketId) -> Vec<(String, Sentiment)> {
    let told = view(desk, ticket).await.feedback.into_iter();
    told.filter(|one| one.theme != WHOLE)
        .map(|Told { theme, sentiment }| (theme, sentiment))
        .collect()
}

/// Praise, complaints and neither of a theme over 90 days.
async fn counted(desk: &Desk, theme: &str) -> (i64, i64, i64) {
    let today = surveys::day_of(desk.app.now());
    let supervisor = desk.ctx(Role::Supervisor);
    let all = feedback::summary(&desk.app, &supervisor, today - 89, today)
        .await
        .unwrap();
    assert!(all.iter().all(|(code, _)| code != WHOLE));
    let found = all.into_iter().find(|(code, _)| code == theme);
    let Count {
        positive,
        negative,
        neutral,
    } = found.map(|(_, count)| count).unwrap_or_default();
    (positive, negative, neutral)
}

fn is(told: &[(String, Sentiment)], theme: &str, bad: bool) -> bool {
    let side = |sentiment: Sentiment| match sentiment {
        Sentiment::VeryNegative | Sentiment::Negative => bad,
        Sentiment::Positive | Sentiment::VeryPositive => !bad,
        Sentiment::Neutral => false,
    };
    told.iter().any(|(code, felt)| code == theme && side(*felt))
}

both_engines! {
    async fn a_comment_on_a_rating_is_sorted_and_its_change_counts_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        assert_eq!(told(&desk, ticket).await, []);
        rate(&desk, ticket, 5, None).await;
        assert_eq!(told(&desk, ticket).await, [], "a score says nothing about what");
        rate(&desk, ticket, 1, Some(LATE)).await;
        let first = told(&desk, ticket).await;
        assert!(is(&first, "waiting", true), "{first:?}");
        assert_eq!(counted(&desk, "waiting").await, (0, 1, 0));
        rate(&desk, ticket, 2, None).await;
        assert_eq!(told(&desk, ticket).await, first, "a comment that is left out stays");
        rate(&desk, ticket, 5, Some(KIND)).await;
        let second = told(&desk, ticket).await;
        assert!(is(&second, "staff_manner", false), "{second:?}");
        assert_eq!((counted(&desk, "waiting").await, counted(&desk, "staff_manner").await), ((0, 0, 0), (1, 0, 0)));
        desk.clock.advance(90 * 24 * 3600);
        assert_eq!(counted(&desk, "staff_manner").await, (0, 0, 0), "ninety days are over");
    }

    async fn surveys_and_requests_about_feedback_are_sorted_and_others_are_not(desk: Desk) {
        let survey = NewTicket::new(desk.requester("rosa@patients.test").await, Channel::Survey, "", LATE);
        let survey = tickets::create(&desk.app, &desk.system(), survey).await.unwrap().id;
        assert!(is(&told(&desk, survey).await, "waiting", true));
        let mut thanks = NewTicket::new(desk.requester("ruth@patients.test").await, Channel::WebForm, "Thanks", KIND);
        thanks.category = Some("feedback".to_owned());
        let thanks = tickets::create(&desk.app, &desk.system(), thanks).await.unwrap().id;
        assert!(is(&told(&desk, thanks).await, "staff_manner", false));
        let contact = view(&desk, thanks).await.ticket.contact;
        tickets::inbound(&desk.app, &desk.system(), thanks, Inbound::new(contact, Channel::Email, LATE)).await.unwrap();
        let both = told(&desk, thanks).await;
        assert!(is(&both, "staff_manner", false) && is(&both, "waiting", true), "{both:?}");

        let mut other = NewTicket::new(desk.requester("rolf@patients.test").await, Channel::Email, "Bill", LATE);
        other.category = Some("billing".to_owned());
        let other = tickets::create(&desk.app, &desk.system(), other).await.unwrap().id;
        assert_eq!(told(&desk, other).await, []);
        assert_eq!(counted(&desk, "waiting").await, (0, 2, 0));
    }

    async fn what_no_person_wrote_just_now_is_no_feedback_and_subjects_are_read(desk: Desk) {
        let machine = desk.requester("robot@patients.test").await;
        let machine = NewTicket { automatic: true, ..NewTicket::new(machine, Channel::Survey, "", LATE) };
        let past = Written::History(desk.app.now().plus_seconds(-90 * 24 * 3600));
        let old = desk.requester("ruth@patients.test").await;
        let old = NewTicket { written: past, ..NewTicket::new(old, Channel::Survey, "", LATE) };
        for new in [machine, old] {
            let id = tickets::create(&desk.app, &desk.system(), new).await.unwrap().id;
            assert_eq!(told(&desk, id).await, []);
        }
        let short = desk.requester("rosa@patients.test").await;
        let short = NewTicket::new(short, Channel::Survey, "The nurse was very kind and friendly", "Thanks.");
        let short = tickets::create(&desk.app, &desk.system(), short).await.unwrap().id;
        assert!(is(&told(&desk, short).await, "staff_manner", false));
        let contact = view(&desk, short).await.ticket.contact;
        for more in [
            Inbound { automatic: true, ..Inbound::new(contact, Channel::Survey, LATE) },
            Inbound { written: past, ..Inbound::new(contact, Channel::Survey, LATE) },
        ] {
            tickets::inbound(&desk.app, &desk.system(), short, more).await.unwrap();
        }
        assert_eq!(counted(&desk, "waiting").await, (0, 0, 0));
    }

    async fn what_was_said_goes_with_its_message(desk: Desk) {
        let requester = desk.requester("rosa@patients.test").await;
        let survey = NewTicket::new(requester, Channel::Survey, "", LATE);
        let survey = tickets::create(&desk.app, &desk.system(), survey).await.unwrap().id;
        let kept = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        tickets::merge(&desk.app, &desk.ctx(Role::Supervisor), survey, kept).await.unwrap();
        assert!(is(&told(&desk, kept).await, "waiting", true));
        assert_eq!(told(&desk, survey).await, []);
        let message = view(&desk, kept).await.messages.iter().find(|message| message.body == LATE).unwrap().id;
        let split = tickets::split(&desk.app, &desk.ctx(Role::Supervisor), kept, vec![message], "Feedback".to_owned()).await.unwrap();
        assert!(is(&told(&desk, split).await, "waiting", true));
        assert_eq!(told(&desk, kept).await, []);
        assert_eq!(counted(&desk, "waiting").await, (0, 1, 0));
    }

    async fn pages_and_the_api_say_it_in_words(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let supervisor = desk.browser(Role::Supervisor).await;
        assert!(!supervisor.get("/ratings").await.expect(200).text().contains("What feedback is about"));
        rate(&desk, ticket, 1, Some(LATE)).await;
        let number = view(&desk, ticket).await.ticket.number;
        let page = supervisor.get(&format!("/tickets/{number}")).await.expect(200).text();
        assert!(page.contains("title=\"Waiting and punctuality: ") && page.contains("On the whole"), "{page}");
        let page = supervisor.get("/ratings").await.expect(200).text();
        assert!(page.contains("What feedback is about"));
        let row = page.split("Waiting and punctuality").nth(1).unwrap().split("</tr>").next().unwrap();
        let cells: Vec<_> = row.split("class=\"num\">").skip(1).map(|cell| &cell[..1]).collect();
        assert_eq!(cells, ["0", "1", "0", "1"], "praise, complaints, neither, all");
        desk.clock.advance(8 * 24 * 3600);
        let supervisor = desk.browser(Role::Supervisor).await;
        let has = async |days: &str| supervisor.get(&format!("/ratings?days={days}")).await.expect(200).text().contains("What feedback is about");
        assert_eq!((has("7").await, has("30").await), (false, true), "the period is the one that was chosen");
        let client = desk.client("tickets:read").await;
        let shown = client.get(&format!("/api/v1/tickets/{ticket}")).await.expect(200).json();
        let waiting = shown["feedback"].as_array().unwrap().iter().find(|one| one["theme"] == "waiting").unwrap();
        assert!(waiting["sentiment"].as_str().unwrap().ends_with("negative"), "{waiting}");
    }
}
