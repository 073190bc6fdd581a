//! Two callers with a symptom whom an agent asked and handed to a nurse: one waits still, about the other it is decided.

use super::clock::DemoClock;
use super::history::Colleague;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::patients;
use crate::tickets::{self, Answer, Asked, Decided, NewTicket};
use bedside_language::{Category, Channel};
use bedside_web::Locale;

/// Minutes since when the two called.
const MINUTES: [i64; 2] = [50, 6];

/// Name, mail address, subject and words of each.
const CALLERS: [(&str, &str, &str, &str); 2] = [
    (
        "Gloria Pruitt",
        "gloria.pruitt@mail.example",
        "A sore ankle",
        "I twisted my ankle on the stairs yesterday. It is a bit thick, and I can walk on it.",
    ),
    (
        "Harold Brandt",
        "harold.brandt@mail.example",
        "A cough for two weeks",
        "I have had a dry cough for two weeks. I feel fine otherwise. Should somebody look at it?",
    ),
];

/// What both were asked and said.
const ANSWERS: [(&str, &str); 5] = [
    ("awake", "yes"),
    ("breath", "no"),
    ("pain", "no"),
    ("worse", "no"),
    ("today", "no"),
];

/// Lets both call some minutes ago.
pub(super) async fn begin(
    app: &App,
    clock: &DemoClock,
    ctx: &Ctx,
    team: &[Colleague],
) -> Result<(), DeskError> {
    let writes = |one: &&Colleague| one.role.permissions.has(Permission::TicketsWrite);
    let mut agents = team.iter().filter(writes);
    let (Some(agent), Some(nurse)) = (
        agents.find(|one| !one.role.clinical),
        team.iter().find(|one| one.role.clinical),
    ) else {
        return Ok(());
    };
    let (agent, nurse) = (agent.ctx(ctx.organisation), nurse.ctx(ctx.organisation));
    let now = app.now();
    for (caller, minutes) in CALLERS.iter().zip(MINUTES) {
        clock.set(now.plus_seconds(-minutes * 60), 1000);
        let told = hand_over(app, &agent, caller).await;
        let decided = match told {
            Ok(ticket) if minutes == MINUTES[0] => {
                clock.set(now.plus_seconds((20 - minutes) * 60), 1000);
                decide(app, &nurse, ticket).await
            }
            other => other.map(drop),
        };
        clock.release();
        decided?;
    }
    Ok(())
}

async fn hand_over(
    app: &App,
    agent: &Ctx,
    (name, email, subject, words): &(&str, &str, &str, &str),
) -> Result<TicketId, DeskError> {
    let organisation = agent.organisation;
    let locale = Some(Locale::En);
    let by = patients::requester_by_email(app, organisation, email, Some(*name), locale).await?;
    let mut new = NewTicket::new(by, Channel::Phone, *subject, *words);
    new.category = Some(Category::Symptom.code().to_owned());
    new.answer = Answer::Nothing;
    let ticket = tickets::create(app, agent, new).await?.id;
    let answers = ANSWERS.map(|(question, answer)| (question.to_owned(), answer.to_owned()));
    let asked = Asked {
        questions: "other".to_owned(),
        answers: answers.to_vec(),
    };
    tickets::hand_over(app, agent, ticket, None, asked).await?;
    Ok(ticket)
}

async fn decide(app: &App, nurse: &Ctx, ticket: TicketId) -> Result<(), DeskError> {
    let decided = Decided {
        disposition: "within_days".to_owned(),
        words: Some("Called back. Dr. Lowell looks at it on Thursday at nine.".to_owned()),
    };
    tickets::dispose(app, nurse, ticket, None, decided).await?;
    Ok(())
}
