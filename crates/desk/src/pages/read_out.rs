//! Where to call, for whoever tells a colleague of danger: it is read out, and not mailed.

use crate::orgs::Clinic;
use crate::outbound;
use crate::tickets::TicketView;
use crate::timeline::{MessageKind, MessageView};
use bedside_language::{Channel, Language};
use bedside_web::Locale;

/// The clinic's wording of an emergency in one language.
pub(super) struct ReadOut {
    /// Language tag.
    pub tag: &'static str,
    /// Which way it is written.
    pub dir: &'static str,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// What to read out where the newest words were told to somebody: in the language of whoever told them, and below it in the
/// colleague's own where that is another one. None where they wrote themselves.
pub(super) fn of(clinic: &Clinic, view: &TicketView, own: Locale) -> Vec<ReadOut> {
    let mut newest = view.messages.iter().rev();
    let Some(told) = newest
        .find(|message| message.kind == MessageKind::Inbound)
        .filter(|message| is_told(message))
    else {
        return Vec::new();
    };
    let theirs = language_of(told).or_else(|| {
        let known = view.contact.locale.as_deref();
        Language::from_tag(known.unwrap_or(&told.locale))
    });
    let mut languages: Vec<Language> = theirs.into_iter().collect();
    if let Some(own) = Language::from_tag(own.tag())
        && theirs != Some(own)
    {
        languages.push(own);
    }
    let number = view.ticket.number;
    let shown = languages.into_iter().filter_map(|language| {
        Some(ReadOut {
            tag: language.tag(),
            dir: outbound::direction(language),
            paragraphs: outbound::where_to_call(clinic, number, language)?,
        })
    });
    shown.collect()
}

fn is_told(message: &MessageView) -> bool {
    let spoken = [Channel::Phone, Channel::Video].map(Channel::code);
    message.written_by.is_some() || spoken.contains(&message.channel.as_str())
}

/// The language of the words of danger, where it is none that the pages speak: nobody can choose that one for a person.
fn language_of(message: &MessageView) -> Option<Language> {
    let mut reasons = message.found.as_ref()?.reasons.iter();
    let language = reasons.find_map(|one| Language::from_tag(one.rule.split('.').next()?))?;
    let spoken = Locale::ALL
        .iter()
        .any(|locale| locale.tag() == language.tag());
    (!spoken).then_some(language)
}
