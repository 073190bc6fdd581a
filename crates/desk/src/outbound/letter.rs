//! What a mail says, from its template and the ticket as they are when it is sent.

use super::model::{Content, Kind};
use super::own::without_prefixes;
use super::store::MailRow;
use super::template::{Values, fill, fill_subject, rating_names, to_html};
use super::texts::{EMERGENCY, text_in};
use crate::app::App;
use crate::downloads::bytes_to_send;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, StaffId, TicketId};
use crate::links::{self, Purpose};
use crate::mailboxes::SendAs;
use crate::orgs::Clinic;
use crate::patients;
use crate::privacy::consents;
use crate::sla::{self, NOTHING_DUE};
use crate::staff;
use crate::tickets::{self, model::Ticket};
use crate::timeline::{self, MessageView};
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::compose::{Automatic, Outgoing, OutgoingFile, Party, compose};
use bedside_codecs::mail::html::{markdown_to_html, markdown_to_text};
use bedside_codecs::mail::quote::reply_marker;
use bedside_codecs::mail::threading::{OwnMessage, ReplyToken};
use bedside_db::Timestamp;
use bedside_language::Language;
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use bedside_web::i18n::time::{format_date, format_time};

/// Longest part of an address before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Earlier mails of the patient that an answer refers to.
const REFERENCES: i64 = 10;
/// Working minutes until an answer, where no policy says otherwise: two days of eight hours.
const USUAL_MINUTES: i64 = 2 * 8 * 60;

/// Which link a mail of this kind carries.
pub(super) fn link_in(kind: Kind, content: &Content) -> Option<Purpose> {
    match kind {
        Kind::Rating => Some(Purpose::Rating),
        Kind::Link => Some(Purpose::Thread),
        Kind::Reply if content.secure_link => Some(Purpose::Thread),
        Kind::Reply
        | Kind::Acknowledgement
        | Kind::Emergency
        | Kind::Undelivered
        | Kind::Code
        | Kind::AddressChanged => None,
    }
}

/// The words of a mail.
struct Words {
    subject: String,
    text: String,
    html: String,
    files: Vec<OutgoingFile>,
}

/// The bytes of a mail that is tried `now`, ready for the mail server. Every try has the mail's own Message-ID, by which a
/// second copy is known.
pub(super) async fn write(
    app: &App,
    organisation: OrganisationId,
    mail: &MailRow,
    content: &Content,
    sender: &SendAs,
    now: Timestamp,
) -> Result<Vec<u8>, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let ticket = tickets::row_for(app, organisation, mail.ticket).await?;
    let mut words = words(app, &clinic, mail, content, &ticket).await?;
    let unsubscribe = ending(app, organisation, mail.kind, &content.to).await?;
    if let Some(link) = &unsubscribe {
        words.end_with(&notice_line(&clinic, ticket.locale, LEAVE), link);
    }
    // A colleague's mail is no part of the patient's conversation, and who may not be the requester is told nothing of it.
    let apart = matches!(
        mail.kind,
        Kind::Undelivered | Kind::Code | Kind::AddressChanged
    );
    let (in_reply_to, references) = match mail.kind {
        _ if apart => (None, Vec::new()),
        _ => conversation(app, organisation, mail.ticket, ticket.id).await?,
    };
    let from = address(&sender.from_address)?;
    let name = if sender.from_name.is_empty() {
        clinic.name.clone()
    } else {
        sender.from_name.clone()
    };
    let reply_to = match mail.kind {
        // A colleague's answer is none of the patient's, and who hears of a change opens a request of their own.
        Kind::Undelivered | Kind::AddressChanged => None,
        // The token lets words into the conversation: it is of whoever asks, and the code may go to somebody else.
        Kind::Code if !is_requesters(app, organisation, &content.to, &ticket).await? => None,
        _ => Some(Party {
            name: Some(name.clone()),
            address: reply_address(app, organisation, &from, mail.ticket, ticket.contact)?,
        }),
    };
    compose(Outgoing {
        reply_to,
        from: Party {
            name: Some(name),
            address: from,
        },
        to: vec![Party {
            name: content.to_name.clone(),
            address: address(&content.to)?,
        }],
        cc: Vec::new(),
        subject: words.subject,
        message_id: mail.header_id.clone(),
        in_reply_to,
        references,
        date: now.micros(),
        text: words.text,
        html: Some(words.html),
        files: words.files,
        automatic: match mail.kind {
            Kind::Acknowledgement | Kind::Emergency => Some(Automatic::Reply),
            Kind::Rating | Kind::Link | Kind::Undelivered | Kind::Code | Kind::AddressChanged => {
                Some(Automatic::Notice)
            }
            Kind::Reply => None,
        },
        unsubscribe,
        origin: app.config.mail_domain(),
    })
    .map_err(|error| DeskError::Internal(error.to_string()))
}

/// The line before the link that ends such mails.
pub(super) const LEAVE: &str = "leave-line";

impl Words {
    /// The same with a link that ends such mails below it: in the text as an address, in the formatted part as words.
    fn end_with(&mut self, words: &str, link: &str) {
        for line in ["", words, link] {
            self.text.push_str(line);
            self.text.push('\n');
        }
        let shown = to_html(words, &Values::new(), Locale::En);
        let shown = shown.replace("<p>", "").replace("</p>", "");
        let end = format!("<p><small><a href=\"{link}\">{shown}</a></small></p></body></html>");
        self.html = self.html.replace("</body></html>", &end);
    }
}

/// Where one press ends mails of this kind to this address: those that nobody asked for.
async fn ending(
    app: &App,
    organisation: OrganisationId,
    kind: Kind,
    to: &str,
) -> Result<Option<String>, DeskError> {
    let purpose = match kind {
        Kind::Rating => consents::Purpose::Surveys,
        Kind::Acknowledgement
        | Kind::Emergency
        | Kind::Reply
        | Kind::Link
        | Kind::Undelivered
        | Kind::Code
        | Kind::AddressChanged => return Ok(None),
    };
    let owner = patients::contact_of_address(app, organisation, to).await?;
    let url = owner.map(|owner| consents::leaving_url(app, organisation, (owner, to), purpose));
    url.transpose()
}

/// Whether an address is that of whoever asks in `ticket`.
async fn is_requesters(
    app: &App,
    organisation: OrganisationId,
    address: &str,
    ticket: &Ticket,
) -> Result<bool, DeskError> {
    let whose = patients::contact_of_address(app, organisation, address).await?;
    Ok(whose == Some(ticket.contact))
}

/// The Message-ID that a mail answers, and those of the conversation, oldest first. `frozen` is the ticket that the mail was
/// queued for, `ticket` the one it belongs to now.
async fn conversation(
    app: &App,
    organisation: OrganisationId,
    frozen: TicketId,
    ticket: TicketId,
) -> Result<(Option<String>, Vec<String>), DeskError> {
    let ids = timeline::inbound_message_ids(app, organisation, ticket, REFERENCES).await?;
    let newest = ids.last().cloned();
    let mut all = vec![root(app, organisation, frozen)?];
    all.extend(ids);
    Ok((newest, all))
}

pub(super) fn address(text: &str) -> Result<Address, DeskError> {
    Address::parse(text).map_err(|_| {
        DeskError::invalid(
            "to",
            super::model::code::ADDRESS,
            "This is not a mail address.",
        )
    })
}

/// A Message-ID that no mail has and every mail of a ticket refers to, so that mail programs keep them together even
/// when the request came by a form (RFC 5322, 3.6.4; programs thread by common references).
fn root(app: &App, organisation: OrganisationId, ticket: TicketId) -> Result<String, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let own = OwnMessage {
        ticket: ticket.bytes(),
        message: ticket.bytes(),
    };
    Ok(own.message_id(&app.config.mail_domain(), &|parts| {
        vault.threading.sign(parts)
    }))
}

/// The signed address that brings an answer of `contact` back to `ticket`, made of the mailbox's; the mailbox's own where
/// that would grow too long: then the Message-ID alone brings it back.
pub fn reply_address(
    app: &App,
    organisation: OrganisationId,
    mailbox: &Address,
    ticket: TicketId,
    contact: ContactId,
) -> Result<Address, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let token = ReplyToken::sign(ticket.bytes(), &contact.bytes(), &|parts| {
        vault.threading.sign(parts)
    });
    let local = token.local_part(mailbox.local());
    if local.len() > MAX_LOCAL {
        return Ok(mailbox.clone());
    }
    address(&format!("{local}@{}", mailbox.domain()))
}

async fn words(
    app: &App,
    clinic: &Clinic,
    mail: &MailRow,
    content: &Content,
    ticket: &Ticket,
) -> Result<Words, DeskError> {
    let locale = ticket.locale;
    let code = match mail.kind {
        Kind::Undelivered => return Ok(for_colleague(app, clinic, ticket)),
        Kind::Code => return code_words(clinic, content, ticket.locale),
        Kind::AddressChanged => {
            let text = notice(clinic, ticket.locale, &CHANGED_LINES, None);
            return Ok(text);
        }
        Kind::Acknowledgement => "acknowledgement",
        Kind::Emergency => EMERGENCY,
        Kind::Rating => "resolved",
        Kind::Reply if !content.secure_link => "reply",
        Kind::Reply | Kind::Link => "secure_link",
    };
    let in_their_own = content.language.and_then(|language| {
        let text = text_in(clinic, code, language)?;
        Some((text, Tongue::of(language)))
    });
    let in_ours = || {
        let own = clinic.template(code, locale)?;
        Some((
            (own.subject.as_str(), own.body.as_str()),
            Tongue::spoken(locale),
        ))
    };
    let found = in_their_own.filter(|_| code == EMERGENCY);
    let ((subject, body), tongue) = found.or_else(in_ours).ok_or(DeskError::Conflict {
        code: super::model::code::TEMPLATE,
        text: "This text is missing.",
    })?;
    let mut values = common(clinic, ticket);
    match code {
        "acknowledgement" => {
            values.insert("answer_by", answer_by(clinic, ticket, locale));
        }
        "secure_link" => {
            let link = links::thread_url(app, token(content)?);
            // Mails of earlier releases keep no end.
            let expires = content
                .link_ends
                .unwrap_or_else(|| Purpose::Thread.ends(mail.send_after));
            values.insert(
                "link_expires",
                format_date(expires.micros(), &clinic.time_zone, locale),
            );
            values.insert("link", link);
        }
        "resolved" => {
            let token = token(content)?;
            for (score, name) in (1..).zip(rating_names()) {
                values.insert(name, links::rating_url(app, token, score));
            }
            values.insert("rating_good_link", links::rating_url(app, token, 5));
            values.insert("rating_bad_link", links::rating_url(app, token, 1));
        }
        "reply" => {
            return reply(app, clinic, mail, ticket, (subject, body), values).await;
        }
        _ => {}
    }
    let text = fill("body", body, &values)?;
    Ok(Words {
        subject: fill_subject(subject, &values)?,
        html: page(tongue, &to_html(&marked(locale, &text), &values, locale)),
        text: marked(locale, &text),
        files: Vec::new(),
    })
}

/// Nothing but where to look.
fn for_colleague(app: &App, clinic: &Clinic, ticket: &Ticket) -> Words {
    let say = |key: &str| app.i18n.text(clinic.locale, key).to_owned();
    let link = format!("{}/tickets/{}", app.config.public_url, ticket.number);
    let (text, html) = for_staff(clinic.locale, &say("undelivered-text"), link);
    Words {
        subject: say("undelivered-subject"),
        text,
        html,
        files: Vec::new(),
    }
}

/// Words for the staff and a link below them, as plain text and as HTML.
pub(super) fn for_staff(locale: Locale, words: &str, link: String) -> (String, String) {
    let text = format!("{words}\n\n{link}\n");
    let values = Values::from([("link", link)]);
    let html = page(Tongue::spoken(locale), &to_html(&text, &values, locale));
    (text, html)
}

/// Words without a link, as plain text and as HTML.
pub(super) fn plain(locale: Locale, words: &str) -> (String, String) {
    let text = format!("{words}\n");
    let html = page(
        Tongue::spoken(locale),
        &to_html(&text, &Values::new(), locale),
    );
    (text, html)
}

/// The lines of the mail with a one-time code: before it, and behind it.
pub(super) const CODE_LINES: [&str; 2] = ["identity-code-before", "identity-code-after"];
/// The lines of the news that an address changed.
pub(super) const CHANGED_LINES: [&str; 2] = ["identity-changed-what", "identity-changed-call"];

/// One of these lines as it stands in a mail of the clinic.
pub(super) fn notice_line(clinic: &Clinic, locale: Locale, key: &str) -> String {
    let settings = &clinic.settings;
    let values = [
        ("clinic", clinic.name.as_str().into()),
        ("phone", settings.phone.as_str().into()),
        ("emergency", settings.emergency.number.as_str().into()),
    ];
    Texts::new(locale).format(key, &values).into_owned()
}

fn code_words(clinic: &Clinic, content: &Content, locale: Locale) -> Result<Words, DeskError> {
    let (code, _) = content
        .code
        .as_ref()
        .ok_or_else(|| DeskError::Internal("a mail without its code".to_owned()))?;
    Ok(notice(clinic, locale, &CODE_LINES, Some(code)))
}

/// A mail in the desk's own words: nothing of the patient, and nothing of the request.
fn notice(clinic: &Clinic, locale: Locale, lines: &[&str; 2], between: Option<&str>) -> Words {
    let [first, last] = lines.map(|key| notice_line(clinic, locale, key));
    let between = between
        .map(|word| format!("{word}\n\n"))
        .unwrap_or_default();
    let subject = if between.is_empty() {
        "identity-changed-subject"
    } else {
        "identity-code-subject"
    };
    let text = format!("{first}\n\n{between}{last}\n");
    Words {
        subject: notice_line(clinic, locale, subject),
        html: page(
            Tongue::spoken(locale),
            &to_html(&text, &Values::new(), locale),
        ),
        text,
        files: Vec::new(),
    }
}

/// Subject, text and HTML of a mail in the desk's own words that answers no request.
pub(super) fn notice_mail(
    clinic: &Clinic,
    locale: Locale,
    subject: &str,
    lines: &[&str; 2],
) -> (String, String, String) {
    let words = notice(clinic, locale, lines, None);
    (notice_line(clinic, locale, subject), words.text, words.html)
}

fn token(content: &Content) -> Result<&str, DeskError> {
    content
        .link
        .as_deref()
        .ok_or_else(|| DeskError::Internal("a mail without its link".to_owned()))
}

/// What every template is offered.
pub(super) fn common(clinic: &Clinic, ticket: &Ticket) -> Values {
    let emergency = &clinic.settings.emergency;
    Values::from([
        ("clinic_name", clinic.name.clone()),
        ("clinic_phone", clinic.settings.phone.clone()),
        ("ticket_number", format!("#{}", ticket.number)),
        ("emergency_number", emergency.number.clone()),
        ("crisis_number", emergency.crisis_line.clone()),
    ])
}

pub(super) fn answer_by(clinic: &Clinic, ticket: &Ticket, locale: Locale) -> String {
    let usual = || {
        let hours = &clinic.settings.hours;
        sla::after_working_minutes(hours, &clinic.time_zone, ticket.created_at, USUAL_MINUTES)
    };
    let mut due = ticket.clocks.first_response.unwrap_or_else(usual);
    if due >= NOTHING_DUE {
        due = ticket.created_at.plus_seconds(3 * 24 * 3600);
    }
    format_time(due.micros(), &clinic.time_zone, locale)
}

/// The answer itself, inside its template. Only here does a mail carry what a person wrote.
async fn reply(
    app: &App,
    clinic: &Clinic,
    mail: &MailRow,
    ticket: &Ticket,
    (subject, body): (&str, &str),
    mut values: Values,
) -> Result<Words, DeskError> {
    let organisation = clinic.id;
    let id = mail
        .message
        .ok_or_else(|| DeskError::Internal("an answer without words".to_owned()))?;
    let message = timeline::message_for_sending(app, organisation, ticket.id, id).await?;
    let author = match (message.author_kind.as_str(), message.author_id) {
        ("staff", Some(id)) => staff::name_of(app, organisation, StaffId::from_uuid(id)).await?,
        _ => None,
    };
    let asked = tickets::subject_for(app, organisation, ticket.id).await?;
    // An answer of a program has no name of its own; the clinic's stands below it already.
    values.insert("agent_name", author.unwrap_or_default());
    values.insert("subject", without_prefixes(&asked).to_owned());
    values.insert("reply_text", markdown_to_text(&message.body));
    let text = fill("body", body, &values)?;
    // The HTML part has the answer's own formatting where the template has its words.
    let mark = format!("answer{}", mail.id.uuid().simple());
    values.insert("reply_text", mark.clone());
    let around = to_html(
        &marked(ticket.locale, &fill("body", body, &values)?),
        &values,
        ticket.locale,
    );
    let formatted = markdown_to_html(&message.body);
    // Words in a paragraph of the template's end it and begin another.
    let html = around
        .replace(&format!("<p>{mark}</p>"), &formatted)
        .replace(&mark, &format!("</p>{formatted}<p>"));
    Ok(Words {
        subject: fill_subject(subject, &values)?,
        text: marked(ticket.locale, &text),
        html: page(Tongue::spoken(ticket.locale), &html),
        files: files(app, organisation, message).await?,
    })
}

/// The text below the line that keeps what a patient writes apart from what their mail program quotes.
fn marked(locale: Locale, text: &str) -> String {
    format!("{}\n\n{}\n", reply_marker(locale.tag()), text.trim())
}

/// The language of a mail's words and where they begin, for its HTML part.
#[derive(Clone, Copy)]
struct Tongue {
    tag: &'static str,
    dir: &'static str,
}

impl Tongue {
    /// A language of the pages.
    const fn spoken(locale: Locale) -> Self {
        Self {
            tag: locale.tag(),
            dir: locale.dir(),
        }
    }

    const fn of(language: Language) -> Self {
        Self {
            tag: language.tag(),
            dir: super::texts::direction(language),
        }
    }
}

fn page(Tongue { tag, dir }: Tongue, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\" dir=\"{dir}\"><head><meta charset=\"utf-8\"></head><body>{body}</body></html>"
    )
}

async fn files(
    app: &App,
    organisation: OrganisationId,
    message: MessageView,
) -> Result<Vec<OutgoingFile>, DeskError> {
    let mut files = Vec::with_capacity(message.attachments.len());
    for file in message.attachments {
        files.push(OutgoingFile {
            bytes: bytes_to_send(app, organisation, &file).await?,
            file_name: file.name,
            media_type: file.media_type,
            content_id: file.content_id.filter(|_| file.inline),
        });
    }
    Ok(files)
}

/// When a mail that failed is tried again: after half as long as it has been waiting, between half a minute and an hour.
pub(super) fn next_try(mail: &MailRow, now: Timestamp) -> Timestamp {
    let waited = now.seconds_since(mail.send_after);
    let share = i64::from(mail.id.bytes()[15]);
    let pause = (waited / 2).clamp(30, 3600);
    now.plus_seconds(pause + pause * share / 1024)
}
