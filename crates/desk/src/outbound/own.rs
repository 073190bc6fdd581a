//! Our own words, to know them again where a mail program quotes them or a whole mail of ours comes back.

use super::template::{fill, samples};
use super::texts::{TEXTS, shipped_text};
use super::trouble::named;
use super::{letter, store};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::links::Purpose;
use crate::orgs::Clinic;
use crate::sla::Clocks;
use crate::staff;
use crate::tickets::{self, model::Ticket};
use crate::timeline;
use bedside_codecs::mail::ParsedMail;
use bedside_codecs::mail::own_words::OwnWords;
use bedside_db::Timestamp;
use bedside_web::Locale;
use bedside_web::i18n::time::format_date;

/// Answers of a ticket whose words are known again, the newest ones.
const ANSWERS: i64 = 50;
/// The newest of them, for the days on which their links end.
const LINKS: usize = 10;

/// All that the desk may have written about a ticket: its answers, and the mails around them in the clinic's words and in
/// those that ship with the program.
pub async fn own_words(
    app: &App,
    organisation: OrganisationId,
    ticket: &Ticket,
) -> Result<OwnWords, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let mut own = OwnWords::default();
    let (mut names, mut sent) = (vec![String::new()], vec![ticket.created_at]);
    for answer in timeline::answers(app, organisation, ticket.id, ANSWERS).await? {
        own.add(&answer.body);
        if sent.len() < LINKS {
            sent.push(answer.at);
        }
        if let Some(author) = answer.author {
            names.extend(staff::name_of(app, organisation, author).await?);
        }
    }
    names.sort_unstable();
    names.dedup();
    add_templates(&mut own, &clinic, ticket, &names, &sent);
    for key in ["undelivered-subject", "undelivered-text"] {
        own.add(app.i18n.text(clinic.locale, key));
    }
    for locale in Locale::ALL {
        let subjects = ["identity-code-subject", "identity-changed-subject"];
        let left = ["leave-done-subject", letter::LEAVE];
        let lines = [
            letter::CODE_LINES,
            letter::CHANGED_LINES,
            super::opt_out::LINES,
            subjects,
            left,
        ];
        for key in lines.as_flattened() {
            own.add(&letter::notice_line(&clinic, locale, key));
        }
    }
    Ok(own)
}

/// Every mail about the ticket as it reads in every language, signed by each of `names` and sent at each of `sent`.
fn add_templates(
    own: &mut OwnWords,
    clinic: &Clinic,
    ticket: &Ticket,
    names: &[String],
    sent: &[Timestamp],
) {
    // What an acknowledgement promised, before anybody answered and however the clinic's targets were.
    let promises = [
        ticket.clocks,
        Clocks::at_opening(
            clinic,
            &ticket.category,
            ticket.urgency.code(),
            ticket.created_at,
        ),
        Clocks::default(),
    ];
    for at in 0..names.len().max(sent.len()).max(promises.len()) {
        let mut then = ticket.clone();
        then.clocks = promises[at % promises.len()];
        for locale in Locale::ALL {
            let mut known = letter::common(clinic, &then);
            known.insert("agent_name", names[at % names.len()].clone());
            known.insert("answer_by", letter::answer_by(clinic, &then, locale));
            let expires = Purpose::Thread.ends(sent[at % sent.len()]);
            known.insert(
                "link_expires",
                format_date(expires.micros(), &clinic.time_zone, locale),
            );
            for code in TEXTS {
                // What a template is offered beyond that is the answer's own, or a web address.
                let mut values = samples(code, locale).unwrap_or_default();
                for (name, value) in &mut values {
                    *value = known.get(name).cloned().unwrap_or_default();
                }
                let template = clinic.template(code, locale);
                let texts = template.map(|text| (text.subject.as_str(), text.body.as_str()));
                let shipped = shipped_text(code, locale).filter(|shipped| texts != Some(*shipped));
                for (subject, body) in texts.into_iter().chain(shipped) {
                    for (field, text) in [("subject", subject), ("body", body)] {
                        // A text that can't be filled in was never sent.
                        if let Ok(text) = fill(field, text, &values) {
                            own.add(&text);
                        }
                    }
                }
            }
        }
    }
}

/// Whether a mail is one of ours as it went out: its Message-ID names one, and nothing in it is anybody else's.
pub async fn is_ours(
    app: &App,
    organisation: OrganisationId,
    mail: &ParsedMail,
) -> Result<bool, DeskError> {
    let named = named(
        app,
        organisation,
        mail.message_id.as_deref().unwrap_or_default(),
    )?;
    let Some(id) = named.filter(|_| mail.attachments.is_empty()) else {
        return Ok(false);
    };
    let Some(row) = store::one(&mut app.read().await?, organisation, id).await? else {
        return Ok(false);
    };
    let ticket = match tickets::row_for(app, organisation, row.ticket).await {
        Ok(ticket) => ticket,
        Err(DeskError::NotFound | DeskError::Gone) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut own = own_words(app, organisation, &ticket).await?;
    // An answer has the subject that the patient chose.
    match tickets::subject_for(app, organisation, ticket.id).await {
        Ok(subject) => own.add(&subject),
        Err(DeskError::Gone) => {}
        Err(error) => return Err(error),
    }
    let subject = without_prefixes(&mail.subject);
    Ok(own.hold(subject) && own.hold(&mail.readable_text()))
}

/// A subject without the "Re:" and "Fwd:" of many languages in front of it.
pub fn without_prefixes(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once(':')
        && ["re", "fw", "fwd", "aw", "wg", "rv", "ref"]
            .contains(&prefix.trim().to_lowercase().as_str())
        && !after.trim().is_empty()
    {
        rest = after.trim();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_go_and_words_stay() {
        for (subject, bare) in [
            ("Re: AW: Fwd: My pills", "My pills"),
            ("Reminder: pills", "Reminder: pills"),
            ("Re:", "Re:"),
            ("rv: receta", "receta"),
        ] {
            assert_eq!(without_prefixes(subject), bare);
        }
    }
}
