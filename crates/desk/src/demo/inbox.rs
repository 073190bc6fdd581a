//! A mail server on the loopback interface that keeps what the desk sends, for visitors to read. It delivers to nobody.

use bedside_channels::email::receiver::{Envelope, Mailroom, RcptVerdict, Verdict};
use bedside_codecs::mail::{Limits, parse};
use bedside_db::Timestamp;
use parking_lot::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Mails kept; the oldest go first.
const KEPT: usize = 2000;

/// One mail, sent or received by an invented patient.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Counts up; names it in addresses.
    pub number: u64,
    /// The patient's address.
    pub person: String,
    /// Whether the patient wrote it.
    pub own: bool,
    /// Where an answer goes.
    pub answer_to: String,
    /// Subject line.
    pub subject: String,
    /// The words.
    pub text: String,
    /// Its Message-ID, and those of the conversation before it.
    pub conversation: Vec<String>,
    /// When it was sent or came.
    pub at: Timestamp,
    /// The mail as it came; empty for the patient's own.
    pub raw: Vec<u8>,
}

/// All mails of the demo; cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    mails: VecDeque<Arc<Mail>>,
    /// Numbers of those that a mail program took out of its mailbox.
    taken: BTreeSet<u64>,
    last: u64,
}

impl Inbox {
    /// Keeps a mail; its number is given here.
    pub fn keep(&self, mut mail: Mail) -> u64 {
        let mut kept = self.0.lock();
        kept.last += 1;
        mail.number = kept.last;
        mail.person = mail.person.to_lowercase();
        kept.mails.push_back(Arc::new(mail));
        if kept.mails.len() > KEPT {
            let oldest = kept.mails.pop_front().map(|mail| mail.number);
            oldest.map(|number| kept.taken.remove(&number));
        }
        kept.last
    }

    /// The mails of one address, newest first.
    pub fn of(&self, person: &str) -> Vec<Arc<Mail>> {
        let person = person.to_lowercase();
        self.0
            .lock()
            .mails
            .iter()
            .rev()
            .filter(|mail| mail.person == person)
            .cloned()
            .collect()
    }

    /// What came for one address and was not taken out of the mailbox, newest first.
    pub(super) fn arrived(&self, person: &str) -> Vec<Arc<Mail>> {
        let mut mails = self.of(person);
        let kept = self.0.lock();
        mails.retain(|mail| !mail.own && !kept.taken.contains(&mail.number));
        mails
    }

    /// Takes mails out of the mailbox; the pages go on showing them.
    pub(super) fn forget(&self, numbers: impl Iterator<Item = u64>) {
        self.0.lock().taken.extend(numbers);
    }

    /// One mail.
    pub fn one(&self, number: u64) -> Option<Arc<Mail>> {
        self.0
            .lock()
            .mails
            .iter()
            .find(|mail| mail.number == number)
            .cloned()
    }
}

/// Takes what the desk sends.
pub(super) struct Sink {
    pub(super) inbox: Inbox,
    pub(super) now: fn() -> Timestamp,
}

impl Mailroom for Sink {
    async fn accepts(&self, _rcpt: &str) -> RcptVerdict {
        RcptVerdict::Accepted
    }

    async fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> Verdict {
        let Ok(mail) = parse(&raw, &Limits::default()) else {
            return Verdict::Refused(554, "This mail can't be read".to_owned());
        };
        let answer_to = mail.reply_to.first().or(mail.from.as_ref());
        let answer_to = answer_to
            .map(|party| party.address.clone())
            .unwrap_or_default();
        let mut conversation = mail.references.clone();
        conversation.extend(mail.message_id.clone());
        for person in envelope.rcpts {
            self.inbox.keep(Mail {
                number: 0,
                person,
                own: false,
                answer_to: answer_to.clone(),
                subject: mail.subject.clone(),
                text: mail.readable_text().trim().to_owned(),
                conversation: conversation.clone(),
                at: (self.now)(),
                raw: raw.clone(),
            });
        }
        Verdict::Stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(person: &str) -> Mail {
        Mail {
            number: 0,
            person: person.to_owned(),
            own: true,
            answer_to: String::new(),
            subject: String::new(),
            text: String::new(),
            conversation: Vec::new(),
            at: Timestamp::default(),
            raw: Vec::new(),
        }
    }

    #[test]
    fn each_person_sees_their_own_newest_first_and_the_oldest_go() {
        let inbox = Inbox::default();
        let first = inbox.keep(mail("Ana@mail.example"));
        inbox.keep(mail("bo@mail.example"));
        let last = inbox.keep(mail("ana@mail.example"));
        let seen: Vec<_> = inbox
            .of("ANA@mail.example")
            .iter()
            .map(|mail| mail.number)
            .collect();
        assert_eq!(seen, [last, first]);
        for _ in 0..KEPT {
            inbox.keep(mail("bo@mail.example"));
        }
        assert!(inbox.one(first).is_none() && inbox.of("ana@mail.example").is_empty());
    }
}
