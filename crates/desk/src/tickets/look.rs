//! The look at what the patient's side wrote, before anything else is done with it.

use super::model::Written;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::orgs::Clinic;
use crate::timeline::{self, NewAttachment};
use crate::triage::{self, Beside, Placed, Text};
use bedside_codecs::mail::file_words::ALL;
use bedside_language::{Channel, Level};
use bedside_web::Locale;
use std::borrow::Cow;

/// Texts of files that are looked at one by one; what further ones say is read as one.
const ONE_BY_ONE: usize = 100;

/// What somebody wrote.
pub(super) struct Words<'a> {
    /// How it came.
    pub channel: Channel,
    /// Subject line.
    pub subject: &'a str,
    /// The words as they are kept.
    pub body: &'a str,
    /// The words that are looked through in their place, if others.
    pub said: Option<&'a str>,
    /// The names they gave with them.
    pub called: &'a [String],
    /// Their files.
    pub files: &'a [NewAttachment],
    /// The language the person is known to prefer.
    pub hint: Option<Locale>,
    /// When it was written.
    pub written: Written,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// Who wrote, and for which patient; none of whom nothing is known yet.
    pub known: Option<(ContactId, Option<PatientId>)>,
}

impl Words<'_> {
    /// The names in it, and what its files say, as far as files are read.
    fn beside(&self) -> Beside<'_> {
        let files = self.files.iter();
        let inside = self.files.iter().flat_map(|file| &file.words.names);
        let names = files.map(|file| file.name.as_str());
        let names = names.chain(inside.map(String::as_str));
        let mut left = ALL;
        let mut texts = |pieces: bool| {
            let files = self.files.iter();
            let files = files.filter(move |file| file.words.pieces == pieces);
            let texts = files.flat_map(|file| &file.words.texts).map(|text| {
                let text = &text[..text.floor_char_boundary(left.min(text.len()))];
                left -= text.len();
                text
            });
            one_by_one(texts)
        };
        Beside {
            names: self.called.iter().map(String::as_str).collect(),
            files: names.collect(),
            texts: texts(false),
            pieces: texts(true),
        }
    }
}

fn one_by_one<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let texts = texts.filter(|text| !text.is_empty());
    let mut texts: Vec<Cow<'a, str>> = texts.map(Cow::Borrowed).collect();
    if texts.len() > ONE_BY_ONE {
        let further = texts.split_off(ONE_BY_ONE);
        texts.push(Cow::Owned(further.join("\n\n")));
    }
    texts
}

/// What it is about, and whether anybody is in danger. What the same person wrote in the last days counts, but for words of
/// long ago and those that a machine sends on by itself; the latter add to nothing either, unless they are an emergency.
pub(super) async fn look(
    app: &App,
    organisation: OrganisationId,
    clinic: &Clinic,
    words: &Words<'_>,
) -> Result<Placed, DeskError> {
    let at = words.written.at().unwrap_or_else(|| app.now());
    let alone = words.automatic || words.written.is_history();
    let earlier = match words.known.filter(|_| !alone) {
        Some(who) => {
            let mut conn = app.read().await?;
            timeline::left_behind(&mut conn, organisation, who, at).await?
        }
        None => Vec::new(),
    };
    let text = Text {
        channel: words.channel,
        subject: words.subject,
        body: words.said.unwrap_or(words.body),
        hint: words.hint,
        at,
        beside: words.beside(),
    };
    let mut placed = triage::look(app, clinic, &text, &earlier)?;
    if let Some(said) = words.said {
        placed.found = placed.found.within(said, words.body);
    }
    if words.automatic && placed.found.level < Level::Emergency {
        placed.found.danger = 0;
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_files_of_a_word_are_no_ten_thousand_looks() {
        let many = one_by_one(std::iter::repeat_n("word", 10_000));
        assert_eq!(many.len(), ONE_BY_ONE + 1);
        assert!(many[ONE_BY_ONE].starts_with("word\n\nword"));
        assert_eq!(one_by_one(["a", "", "b"].into_iter()), ["a", "b"]);
    }
}
