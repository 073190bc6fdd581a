//! What happens in a tale: each step through the service that a page or a mail would use.

use super::{Colleague, Place, Step, Tale};
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Source};
use crate::demo::people::Person;
use crate::demo::script::script;
use crate::demo::{MAILBOX, files};
use crate::error::DeskError;
use crate::ids::{ContactId, MessageId, TicketId};
use crate::links::{self, Purpose};
use crate::patients;
use crate::records::blobs;
use crate::surveys;
use crate::tickets::model::Ticket;
use crate::tickets::{self, Inbound, NewTicket, Patch, Reply, Status, Urgency};
use crate::timeline::{self, Envelope, MessageState, NewAttachment};
use bedside_codecs::mail::file_words::FileWords;
use bedside_language::Channel;
use bedside_web::Locale;
use futures_util::FutureExt;

/// Does the tale's next step.
pub(super) async fn act(
    place: &Place<'_>,
    people: &[Person],
    mut tale: Tale,
) -> Result<Tale, DeskError> {
    let Some((_, step)) = tale.steps.pop_front() else {
        return Ok(tale);
    };
    if step == Step::Open {
        open(place, &people[tale.person], &mut tale).await?;
        return Ok(tale);
    }
    let (Some(ticket), Some(contact)) = (tale.ticket, tale.contact) else {
        return Ok(tale);
    };
    let now = tickets::row_for(place.app, place.organisation, ticket).await?;
    let colleague = whose(place, &tale, step, &now)?;
    let ctx = colleague.ctx(place.organisation);
    let says = |tale: &mut Tale, list: &[String]| {
        let text = tale.chance.pick(list).to_owned();
        tale.words.fill(&text, colleague.first_name())
    };
    let story = tale.story;
    let script = tale.script;
    match step {
        Step::Open => {}
        _ if now.status == Status::Closed => tale.steps.clear(),
        Step::Take => {
            let mut patch = Patch {
                assignee: Some(Some(colleague.id)),
                ..Patch::default()
            };
            if tale.chance.percent(15) {
                let tags = [
                    "callback",
                    "new-patient",
                    "pharmacy",
                    "interpreter",
                    "follow-up",
                ];
                let index = usize::try_from(tale.chance.next() % 5).unwrap_or(0);
                patch.add_tags.push(tags[index].to_owned());
            }
            change(place, &ctx, ticket, patch).await?;
        }
        Step::Note => {
            let text = says(&mut tale, &story.notes);
            tickets::note(place.app, &ctx, ticket, text, Vec::new()).await?;
        }
        Step::Answer => {
            let text = says(&mut tale, &story.answers);
            tale.answer = Some(reply(place, &ctx, ticket, text, None).await?);
        }
        Step::AnswerAgain => {
            let text = says(&mut tale, &story.answers_again);
            reply(place, &ctx, ticket, text, None).await?;
        }
        Step::SettleByReply => {
            let text = says(&mut tale, &script.resolved);
            reply(place, &ctx, ticket, text, Some(Status::Resolved)).await?;
        }
        Step::Settle => {
            let patch = Patch {
                status: Some(Status::Resolved),
                ..Patch::default()
            };
            change(place, &ctx, ticket, patch).await?;
        }
        Step::Again | Step::Thanks => {
            let list = if step == Step::Again {
                &story.again
            } else {
                &script.thanks
            };
            let text = says(&mut tale, list);
            write(place, &tale, ticket, contact, text, false).await?;
        }
        Step::Nudge | Step::OutOfOffice => {
            let text = says_as_patient(&tale, step);
            let automatic = step == Step::OutOfOffice;
            write(place, &tale, ticket, contact, text, automatic).await?;
        }
        Step::Rate => rate(place, &mut tale, ticket, contact).await?,
        Step::Bounce => bounce(place, &people[tale.person], ticket, tale.answer).await?,
    }
    Ok(tale)
}

/// Who does a step: whoever has the request. An emergency is a nurse's from its first minute, and what the desk took for a
/// clinical request is settled by one.
fn whose<'a>(
    place: &Place<'a>,
    tale: &Tale,
    step: Step,
    ticket: &Ticket,
) -> Result<&'a Colleague, DeskError> {
    let own = &place.team[tale.colleague];
    let settles = matches!(step, Step::Settle | Step::SettleByReply);
    let clinic = place.app.directory.of(place.organisation)?;
    let emergency = ticket.urgency == Urgency::Emergency;
    let clinical = emergency || (settles && clinic.is_clinical(&ticket.category));
    if own.role.clinical || !clinical {
        return Ok(own);
    }
    let nurse = place.team.iter().find(|one| one.role.clinical);
    Ok(nurse.unwrap_or(own))
}

fn says_as_patient(tale: &Tale, step: Step) -> String {
    let mut chance = tale.chance.clone();
    match step {
        Step::Nudge => chance.pick(&tale.script.nudges).to_owned(),
        _ if std::ptr::eq(tale.script, script(Locale::Es)) => {
            "Estoy fuera de la oficina y respondo a mi regreso. Este es un mensaje automático."
                .to_owned()
        }
        _ => "I am out of the office and will answer when I am back. This is an automatic message."
            .to_owned(),
    }
}

async fn open(place: &Place<'_>, person: &Person, tale: &mut Tale) -> Result<(), DeskError> {
    let (email, name) = if tale.stranger {
        (person.email.replace('@', "+home@"), None)
    } else {
        (person.email.clone(), Some(person.name.as_str()))
    };
    let locale = Some(person.locale);
    let requester =
        patients::requester_by_email(place.app, place.organisation, &email, name, locale).await?;
    let picked = tale.chance.pick(&tale.story.subjects).to_owned();
    let subject = tale.words.fill(&picked, "");
    let picked = tale.chance.pick(&tale.story.bodies).to_owned();
    let letter = tale.script.letter(&mut tale.chance, &picked);
    let body = tale.words.fill(&letter, "");
    let contact = requester.contact;
    let mut new = NewTicket::new(requester, tale.channel, subject.clone(), body);
    if tale.channel == Channel::Email {
        let id = format!("{:016x}@mail.example", tale.chance.next());
        new.external = Some(("email", id.clone()));
        new.mailbox = place.mailbox;
        new.envelope = Some(Envelope {
            from: email,
            to: vec![MAILBOX.to_owned()],
            subject,
            message_id: id,
            ..Envelope::default()
        });
    }
    // A file is sealed with a key that must be stored before.
    if !new.requester.is_new() && tale.story.attachment.is_some() && tale.chance.percent(60) {
        new.attachments.push(file(place, tale, &new).await?);
    }
    let ctx = Ctx {
        organisation: place.organisation,
        actor: Actor::Contact { id: contact },
        source: Source::Mail,
        locale: person.locale,
        once: None,
    };
    let created = tickets::create(place.app, &ctx, new).await?;
    tale.ticket = Some(created.id);
    tale.contact = Some(contact);
    let ticket = tickets::row_for(place.app, place.organisation, created.id).await?;
    let goes_on = !tale.steps.is_empty();
    if goes_on && ticket.urgency == Urgency::Emergency {
        tale.steps = super::at_once(&mut tale.chance);
        tale.steps.pop_front();
    }
    Ok(())
}

async fn file(
    place: &Place<'_>,
    tale: &mut Tale,
    new: &NewTicket,
) -> Result<NewAttachment, DeskError> {
    let (name, media_type, bytes) = if tale.story.attachment.as_deref() == Some("pdf") {
        (
            "release-form.pdf",
            "application/pdf",
            files::document("Release of records, signed"),
        )
    } else {
        let hue = u8::try_from(tale.chance.between(40, 220)).unwrap_or(90);
        ("insurance-card.png", "image/png", files::picture(hue))
    };
    let size = i64::try_from(bytes.len()).unwrap_or(0);
    let blob = blobs::write(
        place.app,
        place.organisation,
        &new.requester.sealing,
        &bytes,
    )
    .await?;
    Ok(NewAttachment {
        blob,
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size,
        content_id: None,
        inline: false,
        words: FileWords::default(),
    })
}

async fn write(
    place: &Place<'_>,
    tale: &Tale,
    ticket: TicketId,
    contact: ContactId,
    body: String,
    automatic: bool,
) -> Result<(), DeskError> {
    let ctx = Ctx {
        organisation: place.organisation,
        actor: Actor::Contact { id: contact },
        source: Source::Mail,
        locale: Locale::En,
        once: None,
    };
    let new = Inbound {
        automatic,
        ..Inbound::new(contact, tale.channel, body)
    };
    tickets::inbound(place.app, &ctx, ticket, new).await?;
    Ok(())
}

async fn reply(
    place: &Place<'_>,
    ctx: &Ctx,
    ticket: TicketId,
    body: String,
    status: Option<Status>,
) -> Result<MessageId, DeskError> {
    let reply = Reply {
        status,
        ..Reply::new(body)
    };
    tickets::reply(place.app, ctx, ticket, reply).await
}

async fn change(
    place: &Place<'_>,
    ctx: &Ctx,
    ticket: TicketId,
    patch: Patch,
) -> Result<(), DeskError> {
    let version = tickets::row_for(place.app, place.organisation, ticket)
        .await?
        .version;
    tickets::change(place.app, ctx, ticket, version, patch).await?;
    Ok(())
}

/// The patient says how it went, through a link as the mail would carry it. Most are content, and few say more.
async fn rate(
    place: &Place<'_>,
    tale: &mut Tale,
    ticket: TicketId,
    contact: ContactId,
) -> Result<(), DeskError> {
    let status = tickets::row_for(place.app, place.organisation, ticket)
        .await?
        .status;
    if status != Status::Resolved {
        return Ok(());
    }
    let (score, words) = match tale.chance.between(0, 100) {
        0..52 => (5, &tale.script.happy),
        52..79 => (4, &tale.script.content),
        79..90 => (3, &tale.script.mixed),
        90..96 => (2, &tale.script.unhappy),
        _ => (1, &tale.script.unhappy),
    };
    // Whoever is unhappy says why more often.
    let says = if score > 3 { 30 } else { 65 };
    let comment = tale.chance.percent(says).then(|| {
        let picked = tale.chance.pick(words).to_owned();
        tale.words
            .fill(&picked, place.team[tale.colleague].first_name())
    });
    let ctx = Ctx::system(place.organisation, "demo", Source::Mail);
    let token = place
        .app
        .command(&ctx, move |work| {
            links::make(work, Purpose::Rating, ticket, contact).boxed()
        })
        .await?;
    match surveys::rate(place.app, &token, score, comment, None).await {
        // What was once taken for an emergency is never asked about, in the demo as elsewhere.
        Ok(_) | Err(DeskError::Gone) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The mail with an answer came back.
async fn bounce(
    place: &Place<'_>,
    person: &Person,
    ticket: TicketId,
    answer: Option<MessageId>,
) -> Result<(), DeskError> {
    let Some(answer) = answer else { return Ok(()) };
    let ctx = Ctx::system(place.organisation, "demo", Source::Mail);
    let email = person.email.clone();
    place
        .app
        .command(&ctx, move |work| {
            async move {
                timeline::set_state(work, ticket, answer, MessageState::Bounced).await?;
                patients::note_bounce(work, &email).await?;
                work.audit(NewEntry::new("message.bounce", "ticket", ticket));
                Ok(())
            }
            .boxed()
        })
        .await
}
