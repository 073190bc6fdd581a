//! Sending one mail: the job.

use super::letter;
use super::model::{Content, Kind, SendMail, State, code};
use super::store::{self, MailRow, Place};
use super::trouble::not_delivered;
use super::whose;
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::jobs::Done;
use crate::links::{self, Purpose};
use crate::mailboxes::{self, SendAs};
use crate::observe::{self, name};
use crate::privacy::consents;
use crate::records::{self, Sealing};
use crate::timeline::files::{UNCHECKED, WAITING};
use crate::timeline::{self, MessageState};
use crate::work::Work;
use crate::{patients, surveys, tickets};
use bedside_channels::email::smtp::SendError;
use bedside_db::Timestamp;
use futures_util::FutureExt;
use std::sync::Arc;

/// How often it may stay unknown whether the mail server has a mail before a person must look.
const UNCERTAIN: i64 = 1;
/// Seconds between two questions how it went about one request.
const ASK_PAUSE: i64 = 24 * 3600;
/// What a question how it went is asked for.
const QUESTION: (consents::Purpose, Option<consents::Channel>) =
    (consents::Purpose::Surveys, Some(consents::Channel::Email));
/// Seconds until it is looked again whether the files of an answer were checked for viruses.
const WAIT_FOR_SCAN: i64 = 3;
/// How often it is tried to write down what came of a mail whose ticket changes at the same moment.
const TRIES: usize = 10;

/// Tries to send a mail once, and says when to try again. Run any number of times, it sends a mail once, save when
/// nobody can know whether it went out ([`code::MAY_HAVE_ARRIVED`]).
pub(super) async fn send(
    app: &App,
    organisation: OrganisationId,
    payload: &str,
) -> Result<Done, DeskError> {
    let SendMail { mail: id } = serde_json::from_str(payload)?;
    let Some(mail) = store::one(&mut app.read().await?, organisation, id).await? else {
        return Ok(Done::Finished);
    };
    if mail.state != State::Queued {
        return Ok(Done::Finished);
    }
    let now = app.now();
    if now < mail.send_after {
        return Ok(Done::Again(mail.send_after));
    }
    let sending = Sending {
        ctx: Ctx::system(organisation, "outbound", Source::Job),
        // A try that began and never ended: the desk died while the mail server answered.
        uncertain: mail.uncertain + i64::from(mail.response.as_deref() == Some(code::SENDING)),
        mail: Arc::new(mail),
        app: app.clone(),
    };
    sending.run(now).await
}

/// The job is not tried again: the mail failed, and somebody must see to it.
pub(super) async fn give_up(
    app: &App,
    organisation: OrganisationId,
    payload: &str,
) -> Result<(), DeskError> {
    let SendMail { mail: id } = serde_json::from_str(payload)?;
    let mail = store::one(&mut app.read().await?, organisation, id).await?;
    let Some(mail) = mail.filter(|mail| mail.state == State::Queued) else {
        return Ok(());
    };
    // A try that began may have reached the mail server.
    let begun = mail.response.as_deref() == Some(code::SENDING);
    let sending = Sending {
        ctx: Ctx::system(organisation, "outbound", Source::Job),
        uncertain: mail.uncertain + i64::from(begun),
        mail: Arc::new(mail),
        app: app.clone(),
    };
    let why = if begun {
        code::MAY_HAVE_ARRIVED
    } else {
        code::GAVE_UP
    };
    sending.fail(why).await.map(drop)
}

struct Sending {
    app: App,
    ctx: Ctx,
    mail: Arc<MailRow>,
    uncertain: i64,
}

/// How a try may begin.
#[derive(serde::Serialize, serde::Deserialize)]
enum Begun {
    Yes,
    /// Somebody else has it, or it was taken back.
    Taken,
    /// The address had its mails of this hour.
    Capped,
    /// Whoever has the address said no a moment ago.
    Unwanted,
}

impl Sending {
    async fn run(self, now: Timestamp) -> Result<Done, DeskError> {
        let organisation = self.ctx.organisation;
        if self.uncertain > UNCERTAIN {
            return self.fail(code::MAY_HAVE_ARRIVED).await;
        }
        let sender = mailboxes::sender_for(&self.app, organisation, self.mail.mailbox).await?;
        let Some(sender) = sender else {
            // Taken up again when a mailbox is there; until then it is visible, and nothing is tried in vain.
            self.wait(code::NO_MAILBOX).await?;
            return Ok(Done::Finished);
        };
        if now >= self.mail.give_up_at {
            return self.fail(code::GAVE_UP).await;
        }
        let (content, raw) = match self.written(&sender, now).await {
            Ok(Some(written)) => written,
            Ok(None) => return self.drop_quietly().await,
            Err(
                error
                @ (DeskError::Unavailable(_) | DeskError::Storage(_) | DeskError::Internal(_)),
            ) => {
                tracing::warn!(mail = %self.mail.id, %error, "a mail can't be written");
                return self.later(error.code(), now).await;
            }
            // Seconds, as a rule: nobody need hear of it.
            Err(DeskError::Conflict { code: WAITING, .. }) => {
                return Ok(Done::Again(now.plus_seconds(WAIT_FOR_SCAN)));
            }
            Err(DeskError::Conflict {
                code: UNCHECKED, ..
            }) => return self.later(UNCHECKED, now).await,
            Err(error) => return self.fail(error.code()).await,
        };
        match self.begin(&content, &sender).await? {
            Begun::Yes => self.hand_over(&content, &sender, &raw).await,
            Begun::Taken => Ok(Done::Finished),
            Begun::Capped => Ok(Done::Again(next_hour(now))),
            Begun::Unwanted => self.drop_quietly().await,
        }
    }

    /// What the mail holds and its bytes; none when nothing needs to be sent any more.
    async fn written(
        &self,
        sender: &SendAs,
        now: Timestamp,
    ) -> Result<Option<(Content, Vec<u8>)>, DeskError> {
        let (content, sealing) = self.frozen().await?;
        if content
            .code
            .as_ref()
            .is_some_and(|(_, until)| *until <= now)
        {
            return Ok(None);
        }
        if self.mail.kind == Kind::Rating && !self.may_ask(&content, now).await? {
            return Ok(None);
        }
        let organisation = self.ctx.organisation;
        let content = whose::rerouted(&self.app, organisation, &self.mail, content).await?;
        let content = self.with_link(content, sealing).await?;
        let raw = letter::write(&self.app, organisation, &self.mail, &content, sender, now).await?;
        Ok(Some((content, raw)))
    }

    /// Whether it is time to ask how it went: the request is still resolved, nobody said how it went, whoever would be
    /// asked did not say that they don't want to be, and nobody was asked about it within a day. Asked before each try: a
    /// server that says "later" leaves days in which people change their minds. The mail's own link, and what a try before
    /// this one began, is no other question.
    async fn may_ask(&self, content: &Content, now: Timestamp) -> Result<bool, DeskError> {
        let (app, organisation) = (&self.app, self.ctx.organisation);
        let ticket = tickets::row_for(app, organisation, self.mail.ticket).await?;
        if ticket.status.is_active() || surveys::is_rated(app, organisation, ticket.id).await? {
            return Ok(false);
        }
        let whom = consents::Whom::About(&content.to, ticket.patient);
        if !consents::may(app, organisation, QUESTION, whom, now)
            .await?
            .may()
        {
            return Ok(false);
        }
        let since = now.plus_seconds(-ASK_PAUSE);
        Ok(self.mail.attempts > 0
            || content.link.is_some()
            || !links::made_since(app, organisation, ticket.id, Purpose::Rating, since).await?)
    }

    /// Nothing needs to be sent any more.
    async fn drop_quietly(&self) -> Result<Done, DeskError> {
        let (mail, uncertain) = (Arc::clone(&self.mail), self.uncertain);
        self.app
            .command(&self.ctx, move |work| {
                async move {
                    let place = Place {
                        state: State::Cancelled,
                        response: None,
                        trouble: false,
                        uncertain,
                    };
                    work.audit(about("mail.drop", &mail));
                    settle(work, &mail, &place).await?;
                    forget_link(work, &mail).await?;
                    Ok(())
                }
                .boxed()
            })
            .await?;
        Ok(Done::Finished)
    }

    /// What was frozen, and what it is sealed with.
    async fn frozen(&self) -> Result<(Content, Sealing), DeskError> {
        let (app, organisation, mail) = (&self.app, self.ctx.organisation, &self.mail);
        let sealing = records::sealing(app, &mut app.read().await?, organisation, mail.key).await?;
        let plain = sealing.open_text("outbound_mails", "content", mail.id, &mail.content)?;
        Ok((serde_json::from_str(&plain)?, sealing))
    }

    /// The same with the link that this mail needs, made at its first try and again where it was ended meanwhile.
    async fn with_link(
        &self,
        mut content: Content,
        sealing: Sealing,
    ) -> Result<Content, DeskError> {
        let (app, organisation, mail) = (&self.app, self.ctx.organisation, Arc::clone(&self.mail));
        let owner = whose::owner(app, organisation, &mail, &content).await?;
        let (Some(purpose), Some(contact)) = (letter::link_in(mail.kind, &content), owner) else {
            return Ok(content);
        };
        if let Some(link) = &content.link
            && links::works(app, link, purpose).await?
        {
            return Ok(content);
        }
        let ticket = tickets::row_for(app, organisation, mail.ticket).await?;
        app.command(&self.ctx, move |work| {
            async move {
                content.link = Some(links::make(work, purpose, ticket.id, contact).await?);
                content.link_ends = Some(purpose.ends(work.now));
                let json = serde_json::to_string(&content)?;
                let sealed = sealing.text("outbound_mails", "content", mail.id, &json);
                store::set_content(work, organisation, mail.id, &sealed).await?;
                Ok(content)
            }
            .boxed()
        })
        .await
    }

    async fn begin(&self, content: &Content, sender: &SendAs) -> Result<Begun, DeskError> {
        let (mail, uncertain) = (Arc::clone(&self.mail), self.uncertain);
        let (to, mailbox) = (content.to.clone(), sender.mailbox);
        let patient = match mail.kind {
            Kind::Rating => {
                let ticket = tickets::row_for(&self.app, self.ctx.organisation, mail.ticket);
                ticket.await?.patient
            }
            _ => None,
        };
        self.app
            .command(&self.ctx, move |work| {
                async move {
                    let organisation = work.ctx.organisation;
                    work.audit(about("mail.try", &mail));
                    if mail.kind == Kind::Rating {
                        let (app, now) = (work.app.clone(), work.now);
                        let whom = consents::Whom::About(&to, patient);
                        let why = consents::may_in(&app, work, organisation, QUESTION, whom, now);
                        if !why.await?.may() {
                            return Ok(Begun::Unwanted);
                        }
                    }
                    // The cap is for patients' addresses; a colleague's is not counted, and where to call at once
                    // waits for nothing.
                    let free = matches!(mail.kind, Kind::Undelivered | Kind::Emergency);
                    let counted = mail.attempts == 0 && !free;
                    if counted && !patients::take_hourly_send(work, &to).await? {
                        return Ok(Begun::Capped);
                    }
                    let begun = store::begin(work, organisation, &mail, uncertain, mailbox).await?;
                    Ok(if begun { Begun::Yes } else { Begun::Taken })
                }
                .boxed()
            })
            .await
    }

    async fn hand_over(
        &self,
        content: &Content,
        sender: &SendAs,
        raw: &[u8],
    ) -> Result<Done, DeskError> {
        let Ok(pool) = self.app.senders.of(sender.mailbox, &sender.smtp) else {
            return self.later(code::SETTINGS, self.app.now()).await;
        };
        // What answers by itself has no return path, so that two machines can't write to each other for ever (RFC 3834,
        // section 3.3). The warning has one all the same: somebody must hear when it comes back, days later too, and what
        // a machine writes to the desk is never answered.
        let from = match self.mail.kind {
            Kind::Acknowledgement | Kind::Undelivered => None,
            Kind::Emergency
            | Kind::Reply
            | Kind::Rating
            | Kind::Link
            | Kind::Code
            | Kind::AddressChanged => Some(sender.from_address.as_str()),
        };
        let outcome = pool.send(from, &[&content.to], raw).await;
        let now = self.app.now();
        match outcome {
            Ok(_) => self.accepted().await,
            Err(SendError::Permanent { code, text }) => {
                self.refused(&content.to, &smtp_code(code, &text)).await
            }
            Err(SendError::Temporary { code, text }) => {
                self.later(&smtp_code(code, &text), now).await
            }
            Err(SendError::Connection {
                may_have_arrived: false,
                ..
            }) => self.later(code::CONNECTION, now).await,
            Err(SendError::Connection {
                may_have_arrived: true,
                ..
            }) => self.may_have_arrived(now).await,
            Err(SendError::Address) => self.fail(code::ADDRESS).await,
        }
    }

    async fn accepted(&self) -> Result<Done, DeskError> {
        // That it may have gone out twice stays to be seen.
        let response = (self.uncertain > 0).then_some(code::MAY_HAVE_ARRIVED);
        self.end(State::Accepted, response, None).await
    }

    async fn fail(&self, code: &str) -> Result<Done, DeskError> {
        self.end(State::Failed, Some(code), None).await
    }

    /// The mail server will never take it; a status of 5.1 speaks of the address (RFC 3463).
    async fn refused(&self, to: &str, code: &str) -> Result<Done, DeskError> {
        let bad_address = code.contains(" 5.1.").then(|| to.to_owned());
        self.end(State::Failed, Some(code), bad_address).await
    }

    async fn end(
        &self,
        state: State,
        response: Option<&str>,
        bad_address: Option<String>,
    ) -> Result<Done, DeskError> {
        // The ticket may change at the same moment: what the mail server said must be written down all the same.
        for _ in 0..TRIES {
            match self.write_end(state, response, bad_address.clone()).await {
                Err(DeskError::Stale { .. }) => {}
                outcome => return outcome.map(|()| Done::Finished),
            }
        }
        Err(DeskError::Unavailable(
            "the same ticket changes all the time".to_owned(),
        ))
    }

    async fn write_end(
        &self,
        state: State,
        response: Option<&str>,
        bad_address: Option<String>,
    ) -> Result<(), DeskError> {
        let (mail, uncertain) = (Arc::clone(&self.mail), self.uncertain);
        let response = response.map(str::to_owned);
        let ticket = tickets::row_for(&self.app, self.ctx.organisation, mail.ticket).await?;
        let settled = self
            .app
            .command(&self.ctx, move |work| {
                async move {
                    let trouble = state != State::Accepted;
                    let place = Place {
                        state,
                        response: response.as_deref(),
                        trouble,
                        uncertain,
                    };
                    if trouble {
                        work.audit(about("mail.fail", &mail).outcome(Outcome::Failed));
                    } else {
                        work.audit(about("mail.send", &mail));
                    }
                    if !settle(work, &mail, &place).await? {
                        return Ok(false);
                    }
                    forget_link(work, &mail).await?;
                    if let Some(address) = bad_address {
                        patients::note_bounce(work, &address).await?;
                    }
                    if trouble {
                        not_delivered(work, &mail, ticket.id, MessageState::Failed).await?;
                    } else if let Some(message) = mail.message {
                        let state = MessageState::Accepted;
                        timeline::set_state(work, ticket.id, message, state).await?;
                    }
                    Ok(true)
                }
                .boxed()
            })
            .await?;
        if settled {
            observe::mail(if state == State::Accepted {
                name::MAILS_SENT
            } else {
                name::MAILS_FAILED
            });
        }
        Ok(())
    }

    async fn may_have_arrived(&self, now: Timestamp) -> Result<Done, DeskError> {
        let again = Self {
            uncertain: self.uncertain + 1,
            app: self.app.clone(),
            ctx: self.ctx.clone(),
            mail: Arc::clone(&self.mail),
        };
        if again.uncertain > UNCERTAIN {
            return again.fail(code::MAY_HAVE_ARRIVED).await;
        }
        again.later(code::MAY_HAVE_ARRIVED, now).await
    }

    async fn later(&self, code: &str, now: Timestamp) -> Result<Done, DeskError> {
        self.wait(code).await?;
        Ok(Done::Again(
            letter::next_try(&self.mail, now).min(self.mail.give_up_at.max(now.plus_seconds(1))),
        ))
    }

    /// Leaves the mail queued, with what stands in its way.
    async fn wait(&self, code: &str) -> Result<(), DeskError> {
        let (mail, uncertain, code) = (Arc::clone(&self.mail), self.uncertain, code.to_owned());
        self.app
            .command(&self.ctx, move |work| {
                async move {
                    let place = Place {
                        state: State::Queued,
                        response: Some(&code),
                        trouble: true,
                        uncertain,
                    };
                    work.audit(about("mail.wait", &mail).outcome(Outcome::Failed));
                    settle(work, &mail, &place).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// A link or a code that was sent is nowhere but in the mail.
async fn forget_link(work: &mut Work<'_>, mail: &MailRow) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let sealing = match records::sealing(&app, work, organisation, mail.key).await {
        Err(DeskError::Gone) => return Ok(()),
        found => found?,
    };
    let plain = sealing.open_text("outbound_mails", "content", mail.id, &mail.content)?;
    let mut content: Content = serde_json::from_str(&plain)?;
    if letter::link_in(mail.kind, &content).is_some() || content.code.is_some() {
        (content.link, content.link_ends, content.code) = (None, None, None);
        let json = serde_json::to_string(&content)?;
        let sealed = sealing.text("outbound_mails", "content", mail.id, &json);
        store::set_content(work, organisation, mail.id, &sealed).await?;
    }
    Ok(())
}

async fn settle(work: &mut Work<'_>, mail: &MailRow, place: &Place<'_>) -> Result<bool, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::settle(work, organisation, (mail.id, State::Queued), place, now).await
}

fn about(action: &'static str, mail: &MailRow) -> NewEntry {
    let detail = serde_json::json!({ "kind": mail.kind.code(), "ticket": mail.ticket });
    NewEntry::new(action, "outbound_mail", mail.id).detail(&detail)
}

/// A server's refusal as a code: its reply code and its status (RFC 3463), never its words.
fn smtp_code(code: u16, text: &str) -> String {
    let is_status = |word: &&str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3
            && parts.iter().all(|part| {
                (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let mut words = text.split(|c: char| c.is_whitespace() || c == ';' || c == ',');
    match words.find(is_status) {
        Some(status) => format!("smtp {code} {status}"),
        None => format!("smtp {code}"),
    }
}

fn next_hour(now: Timestamp) -> Timestamp {
    let hour = 3_600_000_000;
    Timestamp::from_micros((now.micros().div_euclid(hour) + 1) * hour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_is_kept_as_a_code() {
        assert_eq!(
            smtp_code(550, "5.1.1 <[address]>: Ana is unknown"),
            "smtp 550 5.1.1"
        );
        assert_eq!(smtp_code(421, "go away 1.2"), "smtp 421");
    }

    proptest! {
        #[test]
        fn no_word_of_the_server_is_kept(text in "\\PC{0,80}") {
            let code = smtp_code(550, &text);
            prop_assert!(code.starts_with("smtp 550") && code.len() <= 20);
            prop_assert!(code["smtp ".len()..].bytes().all(|byte| byte.is_ascii_digit() || b". ".contains(&byte)));
        }

        #[test]
        fn the_next_hour_is_within_an_hour(micros in 0_i64..4_000_000_000_000_000) {
            let now = Timestamp::from_micros(micros);
            prop_assert!((1..=3_600_000_000).contains(&(next_hour(now).micros() - micros)));
        }
    }
}
