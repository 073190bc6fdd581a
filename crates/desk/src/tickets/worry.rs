//! How much words worry that are not taken in yet.

use super::look::{Words, look};
use super::model::Written;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use bedside_language::{Channel, Level};
use bedside_web::Locale;

/// Words that may be taken in.
pub(crate) struct Unheard<'a> {
    /// How they came.
    pub channel: Channel,
    /// Subject line; empty where there is none.
    pub subject: &'a str,
    /// The words.
    pub body: &'a str,
    /// The names that came with them.
    pub called: &'a [String],
    /// The language they are likely in.
    pub hint: Locale,
    /// Who wrote, and for which patient, where that is known.
    pub known: Option<(ContactId, Option<PatientId>)>,
}

/// Whoever words are of, where they are of a patient, and nobody knows yet which of their contacts speaks.
pub(crate) const ANYBODY: ContactId = ContactId::from_bytes([0; 16]);

/// How much words worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// How sure it is that somebody is in danger, by them and by what was before them.
    pub level: Level,
    /// Whether they are so by themselves.
    pub alone: bool,
}

impl Weighed {
    /// Whether they say by themselves that somebody is in danger.
    pub fn is_cry(self) -> bool {
        self.alone && self.level == Level::Emergency
    }
}

/// How sure it is that somebody is in danger, by these words and by what the same person wrote in the last days. For a week
/// after an emergency every message is a worry; of words that may be left out only those are that add to it themselves: a
/// thank you, and what somebody asks for by law, are none.
pub(crate) async fn weigh(
    app: &App,
    organisation: OrganisationId,
    unheard: &Unheard<'_>,
) -> Result<Weighed, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let words = Words {
        channel: unheard.channel,
        subject: unheard.subject,
        body: unheard.body,
        said: None,
        called: unheard.called,
        files: &[],
        hint: Some(unheard.hint),
        written: Written::Now,
        automatic: false,
        known: unheard.known,
    };
    let found = look(app, organisation, &clinic, &words).await?.found;
    let alone = !found.is_raised();
    Ok(Weighed {
        level: if alone || found.danger > 0 {
            found.level
        } else {
            Level::None
        },
        alone,
    })
}
