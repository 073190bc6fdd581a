//! Whether a requester's address is known to be theirs, in words for the staff.

use crate::timeline::{Doubt, MessageKind, MessageView};
use uuid::Uuid;

/// Why nobody knows that the requester is who they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unproven {
    /// The address was typed into a form.
    Form,
    /// Nothing shows that the mail is from the address it names.
    Mail,
    /// The mail server says that it may not be.
    Failed,
}

impl Unproven {
    /// Key of the sign.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Form | Self::Mail => "address-unproven",
            Self::Failed => "sender-failed",
        }
    }

    /// Whether what it means is told beside the message as well.
    pub(super) const fn is_grave(self) -> bool {
        matches!(self, Self::Failed)
    }

    /// Key of what it means.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Form => "address-unproven-help",
            Self::Mail => "address-unproven-mail-help",
            Self::Failed => "sender-failed-help",
        }
    }
}

/// Why nobody knows that a message is from the contact it names, by itself.
pub(super) fn one(message: &MessageView) -> Option<Unproven> {
    if message.kind != MessageKind::Inbound || message.author_kind != "contact" {
        return None;
    }
    let doubt = message
        .envelope
        .as_ref()
        .and_then(|envelope| envelope.doubt);
    match (message.channel.as_str(), doubt) {
        (_, Some(Doubt::Failed)) => Some(Unproven::Failed),
        (_, Some(Doubt::Unproven | Doubt::Unchecked)) => Some(Unproven::Mail),
        ("web_form", None) => Some(Unproven::Form),
        _ => None,
    }
}

/// Whether nobody has shown yet that a contact's address is theirs. A proven mail, an answer to one of ours, or words
/// from behind the link show it, because only that address gets those; not for what the mail server refuses to believe
/// later on.
pub(super) fn of(messages: &[MessageView], contact: Option<Uuid>) -> Option<Unproven> {
    let (mut proven, mut doubted) = (false, None);
    for message in messages
        .iter()
        .filter(|message| message.author_id == contact)
    {
        match one(message) {
            Some(Unproven::Failed) => doubted = Some(Unproven::Failed),
            Some(why) if !proven => doubted = doubted.or(Some(why)),
            None if is_proof(message) => (proven, doubted) = (true, None),
            Some(_) | None => {}
        }
    }
    doubted
}

/// Whether only their address could have sent this; of what nobody doubts. A machine that answers proves nothing: whoever
/// types an address gets its vacation notice sent here.
fn is_proof(message: &MessageView) -> bool {
    message.kind == MessageKind::Inbound
        && !message.automatic
        && message.author_kind == "contact"
        && matches!(message.channel.as_str(), "email" | "portal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Envelope;
    use bedside_db::Timestamp;

    fn said(kind: MessageKind, author: &str, channel: &str) -> MessageView {
        MessageView {
            id: crate::ids::MessageId::from_uuid(Uuid::nil()),
            kind,
            channel: channel.to_owned(),
            author_kind: author.to_owned(),
            written_by: None,
            author_id: None,
            recipient: None,
            body: String::new(),
            html: None,
            envelope: None,
            locale: "en".to_owned(),
            automatic: false,
            state: crate::timeline::MessageState::Stored,
            state_at: Timestamp::from_micros(0),
            attachments: Vec::new(),
            found: None,
            created_at: Timestamp::from_micros(0),
        }
    }

    fn mail(doubt: Option<Doubt>) -> MessageView {
        MessageView {
            envelope: Some(Envelope {
                doubt,
                ..Envelope::default()
            }),
            ..said(MessageKind::Inbound, "contact", "email")
        }
    }

    #[test]
    fn an_address_is_proven_by_what_only_it_gets() {
        let form = || said(MessageKind::Inbound, "contact", "web_form");
        let answer = || said(MessageKind::Outbound, "staff", "email");
        let proven = || mail(None);
        assert_eq!(of(&[], None), None);
        assert_eq!(of(&[proven(), answer()], None), None);
        assert_eq!(of(&[form()], None), Some(Unproven::Form));
        let ours = of(&[form(), answer()], None);
        assert_eq!(ours, Some(Unproven::Form), "our own mail shows nothing");
        assert_eq!(of(&[form(), answer(), proven()], None), None);
        assert_eq!(of(&[proven(), form()], None), None);
        let behind_the_link = said(MessageKind::Inbound, "contact", "portal");
        assert_eq!(of(&[form(), behind_the_link], None), None);
    }

    #[test]
    fn neither_a_machine_nor_somebody_else_proves_an_address() {
        let form = || said(MessageKind::Inbound, "contact", "web_form");
        let away = MessageView {
            automatic: true,
            ..mail(None)
        };
        assert_eq!(of(&[form(), away], None), Some(Unproven::Form));
        let other = MessageView {
            author_id: Some(Uuid::max()),
            ..mail(None)
        };
        assert_eq!(of(&[form(), other], None), Some(Unproven::Form));
    }

    #[test]
    fn a_mail_is_only_as_good_as_what_its_server_says() {
        for doubt in [Doubt::Unproven, Doubt::Unchecked] {
            assert_eq!(of(&[mail(Some(doubt))], None), Some(Unproven::Mail));
            assert_eq!(of(&[mail(Some(doubt)), mail(None)], None), None);
            assert_eq!(of(&[mail(None), mail(Some(doubt))], None), None);
        }
        let failed = || mail(Some(Doubt::Failed));
        assert_eq!(of(&[failed()], None), Some(Unproven::Failed));
        assert_eq!(
            of(&[mail(None), failed()], None),
            Some(Unproven::Failed),
            "an earlier mail says nothing of a later one"
        );
        assert_eq!(of(&[failed(), mail(None)], None), None);
    }
}
