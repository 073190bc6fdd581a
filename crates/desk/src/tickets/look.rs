//! The look at what the patient's side wrote, before anything else is done with it.

use super::model::Written;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::orgs::Clinic;
use crate::timeline::{self, NewAttachment};
use crate::triage::{self, Beside, Placed, Text};
use bedside_language::{Channel, Level};
use bedside_web::Locale;
use std::borrow::Cow;

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
        let files: Vec<_> = files
            .map(|file| (file.name.as_str(), &file.words))
            .collect();
        Beside {
            names: self
                .called
                .iter()
                .map(|name| Cow::Borrowed(name.as_str()))
                .collect(),
            ..Beside::files(&files)
        }
    }
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
    let mut placed = triage::look(app, clinic, &text, &earlier).await?;
    if let Some(said) = words.said {
        placed.found = placed.found.within(said, words.body);
    }
    if words.automatic && placed.found.level < Level::Emergency {
        placed.found.danger = 0;
    }
    Ok(placed)
}
