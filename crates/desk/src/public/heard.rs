//! Whoever may be in danger is heard, whatever else is wrong with what they sent.
//!
//! One rule for every form of patients: its words are looked through as they came, before anything about the form is asked.
//! Words of danger are taken in as far as a message reaches, by the way they came where that still says whose they are, else
//! as [`aside`]; what else was wrong is left out, and the answer says whom to call. The same words of one network count once
//! in an hour there, so that pressing a button again changes nothing. Where neither a form's pass nor a link says that a
//! person sent them, one network has only some in an hour, so that a script can't drown others; beyond it the page comes back
//! with whom to call, the words and a fresh form. Of whoever is known nothing is refused: what is more than some in an hour goes
//! into the newest of their requests.

use super::caps::{CRIES_PER_NETWORK, CRIES_PER_PERSON};
use super::ear::Ear;
use super::files::{self, Instead, Sent};
use super::request::{Reach, ThanksPage};
use super::shell::{Shell, page};
use super::told;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::patients::{self, Requester};
use crate::tickets::{self, CLOSED_MEANWHILE, Inbound, NewTicket};
use crate::timeline::{self, MAX_BODY};
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::Channel;
use std::net::IpAddr;

/// The name of such words among the external ids.
const EXTERNAL: &str = "heard";
/// Newest requests of a person that are looked at for a place for more words.
const NEWEST: i64 = 20;
const HOUR_MICROS: i64 = 60 * 60 * 1_000_000;

/// What is kept of such words, as much as a message takes; and all of them to look through, where that is less.
pub fn kept(words: &str) -> (String, Option<String>) {
    let end = words.floor_char_boundary(MAX_BODY);
    let all = (end < words.len()).then(|| words.to_owned());
    (words[..end].to_owned(), all)
}

/// The same with what stands in place of files that came with them and are not kept.
pub fn kept_with(words: &str, instead: &Instead) -> (String, Option<String>) {
    let Instead { said, shown } = instead;
    if said.is_empty() {
        return kept(words);
    }
    let room = MAX_BODY.saturating_sub(shown.len() + 2);
    let start = &words[..words.floor_char_boundary(room)];
    let body = if start.is_empty() {
        shown.clone()
    } else {
        format!("{start}\n\n{shown}")
    };
    (kept(&body).0, Some(format!("{words}\n\n{said}")))
}

/// What stands for the page of a form that can't be told: where it came from, and the hour.
pub fn page_of(app: &App, network: Option<IpAddr>) -> String {
    format!("{} {network:?}", app.now().micros() / HOUR_MICROS)
}

/// Takes one of the cries that a network has in an hour without anything that says that a person sent them;
/// [`DeskError::RateLimited`] when none is left. Networks that nobody names share theirs.
pub fn take_one(app: &App, shell: &Shell, network: Option<IpAddr>) -> Result<(), DeskError> {
    let key = ("cry", shell.clinic.id.uuid(), network);
    app.caps.take(key, CRIES_PER_NETWORK, app.now())
}

/// Adds words of danger to the newest request of whoever wrote them that takes them, and is of the same patient; none where there is
/// none. Asked when a person has had their share of requests: nobody is shut out, and nobody's list is drowned.
async fn to_newest(
    app: &App,
    shell: &Shell,
    theirs: &Requester,
    (body, said, delivery): (&str, Option<&str>, &str),
) -> Result<Option<TicketId>, DeskError> {
    let (organisation, contact) = (shell.clinic.id, theirs.contact);
    for id in tickets::newest_of(app, organisation, contact, NEWEST).await? {
        let row = tickets::row_itself(app, organisation, id).await?;
        if row.merged_into.is_some()
            || row.patient != theirs.patient
            || !row.takes_words_of(contact)
        {
            continue;
        }
        let new = Inbound {
            said: said.map(str::to_owned),
            external: Some((EXTERNAL, delivery.to_owned())),
            ..Inbound::new(contact, Channel::Portal, body)
        };
        match tickets::inbound(app, &shell.ctx(), id, new).await {
            Err(DeskError::Conflict {
                code: CLOSED_MEANWHILE,
                ..
            }) => {}
            Err(DeskError::Conflict {
                code: "duplicate", ..
            }) => return Ok(Some(id)),
            added => return added.map(|landed| Some(landed.id)),
        }
    }
    Ok(None)
}

/// Opens a request of its own for words of danger whose way in leads nowhere, and the files beside them: of whoever wrote them
/// where that is known, else of nobody. [`DeskError::NotFound`] where nobody can say whose desk it is.
async fn aside(
    app: &App,
    shell: &Shell,
    (network, theirs): (Option<IpAddr>, Option<Requester>),
    (words, sent): (&str, &Sent),
) -> Result<TicketId, DeskError> {
    if shell.clinic.slug.is_empty() {
        return Err(DeskError::NotFound);
    }
    let organisation = shell.clinic.id;
    // Nobody is known whose day the files could be taken from: what they say is kept.
    let dropped = (sent.files.as_slice(), sent.left.as_slice());
    let instead = files::instead(app, organisation, dropped).await?;
    let delivery = format!("{} {words:?} {:?}", page_of(app, network), instead.said);
    let earlier = async || {
        let known = timeline::known_external(app, organisation, EXTERNAL, &delivery).await?;
        Ok::<_, DeskError>(known.and_then(|(ticket, _)| ticket))
    };
    if let Some(earlier) = earlier().await? {
        return Ok(earlier);
    }
    let (body, said) = kept_with(words, &instead);
    let (requester, channel) = if let Some(theirs) = theirs {
        let key = ("cry of", organisation.uuid(), theirs.contact.uuid());
        if app.caps.take(key, CRIES_PER_PERSON, app.now()).is_err() {
            let more = (body.as_str(), said.as_deref(), delivery.as_str());
            if let Some(there) = to_newest(app, shell, &theirs, more).await? {
                return Ok(there);
            }
        }
        (theirs, Channel::Portal)
    } else {
        take_one(app, shell, network)?;
        (patients::requester_without_address(app), Channel::WebForm)
    };
    let mut new = NewTicket::new(requester, channel, "", body);
    new.locale = Some(shell.t.locale);
    new.said = said;
    new.external = Some((EXTERNAL, delivery.clone()));
    match tickets::create(app, &shell.ctx(), new).await {
        Err(DeskError::Conflict {
            code: "duplicate", ..
        }) => earlier().await?.ok_or(DeskError::NotFound),
        opened => Ok(opened?.id),
    }
}

/// The answer to words of danger whose way in leads nowhere, or to such words in what was `sent` with them; none for other
/// words, or where they could not be kept, and the caller's page says whom to call.
pub async fn elsewhere(
    app: &App,
    shell: &Shell,
    network: Option<IpAddr>,
    (words, sent): (&str, &Sent),
) -> Option<Response> {
    of_whom(app, shell, (network, None), (words, sent)).await
}

/// The same where it may be known who wrote: then the request is theirs, and the clinic has a way to reach them.
pub async fn of_whom(
    app: &App,
    shell: &Shell,
    (network, theirs): (Option<IpAddr>, Option<Requester>),
    (words, sent): (&str, &Sent),
) -> Option<Response> {
    let (ear, hint) = (Ear::default(), shell.t.locale);
    let said = (words, sent);
    ear.hear_beside(app, Channel::WebForm, said, hint).await;
    if !ear.danger(app, Channel::WebForm, words, hint).await {
        return None;
    }
    let lost = theirs.as_ref().is_none_or(|one| one.email.is_none());
    let taken = async {
        let ticket = aside(app, shell, (network, theirs), said).await?;
        let row = tickets::row_itself(app, shell.clinic.id, ticket).await?;
        Ok::<_, DeskError>((ticket, row.number))
    };
    match taken.await {
        Ok((ticket, number)) => {
            let lost = lost.then_some(ticket);
            Some(called(app, shell, (number, words), lost))
        }
        Err(error) => {
            // The caller's page says whom to call, and holds the words.
            tracing::warn!(%error, "words of danger could not be taken in");
            None
        }
    }
}

/// The page that says whom to call, and that a person at the clinic was told.
pub async fn thanks(
    app: &App,
    shell: &Shell,
    (ticket, words): (TicketId, &str),
) -> Result<Response, DeskError> {
    let ticket = tickets::row_for(app, shell.clinic.id, ticket).await?;
    Ok(called(app, shell, (ticket.number, words), None))
}

/// The same by the request's number. It asks how to reach whoever wrote a request of whom the clinic knows nothing else: `lost`.
pub fn called(
    app: &App,
    shell: &Shell,
    (number, words): (i64, &str),
    lost: Option<TicketId>,
) -> Response {
    let spoken = told::tag_of(app, words, shell.t.locale);
    let shell = shell.telling_in(told::tagged(&spoken), number).staying();
    let shown = ThanksPage {
        shell: &shell,
        number,
        emergency: true,
        reach: lost.map(|ticket| Reach::of(app, &shell, (ticket, app.now(), spoken))),
        answer: String::new(),
    };
    page(StatusCode::OK, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_of_files_is_never_what_is_cut_off() {
        assert_eq!(
            kept_with("Help", &Instead::default()),
            ("Help".to_owned(), None)
        );
        let instead = Instead {
            said: "note.".to_owned(),
            shown: "Left out:\n\nnote.".to_owned(),
        };
        let (body, said) = kept_with("Help", &instead);
        assert_eq!(body, "Help\n\nLeft out:\n\nnote.");
        // The desk's own words are not looked through.
        assert_eq!(said.unwrap(), "Help\n\nnote.");
        assert_eq!(kept_with("", &instead).0, instead.shown);
        for more in 0..30 {
            let words = "é".repeat(usize::midpoint(MAX_BODY - 20, more));
            let (body, said) = kept_with(&words, &instead);
            assert!(body.len() <= MAX_BODY && body.ends_with("\n\nLeft out:\n\nnote."));
            assert_eq!(said.unwrap(), format!("{words}\n\nnote."));
        }
    }
}
