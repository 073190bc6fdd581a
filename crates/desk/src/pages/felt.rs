//! What a requester felt about their request, for its page.

use super::layout::Page;
use super::ui;
use crate::error::DeskError;
use crate::events;
use crate::feedback;
use crate::surveys;
use crate::tickets::TicketView;

/// How the requester felt about it.
pub(super) struct Rated {
    pub icon: &'static str,
    pub words: &'static str,
    pub class: &'static str,
    pub comment: Option<String>,
}

/// A theme of the feedback, and how they felt about it.
pub(super) struct Theme {
    pub icon: &'static str,
    pub words: &'static str,
    pub class: &'static str,
    pub name: String,
}

/// How the requester felt about it, where they said so.
pub(super) async fn rating_of(page: &Page, view: &TicketView) -> Result<Option<Rated>, DeskError> {
    if !view
        .events
        .iter()
        .any(|event| event.kind == events::kind::TICKET_RATED)
    {
        return Ok(None);
    }
    let rating = surveys::of_ticket(&page.app, &page.ctx, view.ticket.id).await?;
    Ok(rating.map(|rating| {
        let (icon, words, class) = ui::score(rating.score);
        Rated {
            icon,
            words,
            class,
            comment: rating.comment,
        }
    }))
}

/// What the feedback in it is about.
pub(super) fn themes(page: &Page, view: &TicketView) -> Vec<Theme> {
    let (t, knowledge) = (page.texts(), page.app.knowledge());
    let told = view.feedback.iter();
    told.map(|one| {
        let (icon, words, class) = ui::sentiment(one.sentiment);
        Theme {
            icon,
            words,
            class,
            name: if one.theme == feedback::WHOLE {
                t.text("ticket-feedback-whole").to_owned()
            } else {
                feedback::name_of(&knowledge, &one.theme, t.locale)
            },
        }
    })
    .collect()
}
