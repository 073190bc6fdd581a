//! Words that belong together, with why they stand where they do: `[[cue]]` of a file that holds several lists.

use serde::Deserialize;
use toml::Spanned;

use super::{File, LoadError};

/// What a phrase of a context file does to a red flag near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cue {
    /// Negates what follows.
    Negation,
    /// Negates the words right behind it: a bare "not".
    NegationNear,
    /// Negates what stands before.
    NegationAfter,
    /// Holds a negated list together ("no fever, cough **or** pain").
    List,
    /// Makes what follows a condition.
    Hypothetical,
    /// Makes what stands before a condition or a question ("…的症状是什么").
    HypotheticalAfter,
    /// Puts its surroundings in the past.
    Historical,
    /// Looks like a cue inside and isn't one ("no relief from"), or says that it is happening now.
    Overrules,
    /// Says that it is happening while it is written ("right now").
    Now,
    /// Ends the reach of every cue ("but").
    Stop,
    /// Ends the reach of a denial before it: somebody begins to speak of themselves ("I").
    Subject,
    /// Denies only where a pain goes, behind it ("chest pain **not radiating**"): it is there, and known.
    DetailDenied,
    /// Someone else's, when it is also past ("my grandfather").
    Relative,
    /// Makes what is near a figure of speech ("haha", "when I saw the bill").
    Figure,
    /// Said of conditions, of what is past and in figures of speech, and as often of what is happening ("signs of", "had
    /// a", "the bill"): the model hears it, no flag is taken back.
    HypotheticalHint,
    HistoricalHint,
    FigureHint,
}

/// The lists of a context file, and whether every language has words for them.
pub(super) const CUES: [(Cue, &str, bool); 17] = [
    (Cue::Negation, "negation", true),
    (Cue::NegationNear, "negation_near", false),
    (Cue::NegationAfter, "negation_after", true),
    (Cue::List, "list", true),
    (Cue::Hypothetical, "hypothetical", true),
    (Cue::HypotheticalAfter, "hypothetical_after", false),
    (Cue::Historical, "historical", true),
    (Cue::Overrules, "overrules", true),
    (Cue::Now, "now", false),
    (Cue::Stop, "stop", true),
    (Cue::Subject, "subject", false),
    (Cue::DetailDenied, "detail_denied", false),
    (Cue::Relative, "relative", false),
    (Cue::Figure, "figure", false),
    (Cue::HypotheticalHint, "hypothetical_hint", false),
    (Cue::HistoricalHint, "historical_hint", false),
    (Cue::FigureHint, "figure_hint", false),
];

/// Some words of one list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCue {
    list: Spanned<String>,
    words: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

impl File<'_> {
    /// The words of each of these lists, in the file's order. Lists that are `needed` hold words.
    ///
    /// # Errors
    /// A cue names no list, has no words, no reason or no date, or a list that is needed has no cue: a file that was cut off
    /// is no wish.
    pub(crate) fn cues<const N: usize>(
        &self,
        cues: &[RawCue],
        lists: [&str; N],
        needed: &[&str],
    ) -> Result<[Vec<Spanned<String>>; N], LoadError> {
        let mut all = lists.map(|_| Vec::new());
        for cue in cues {
            let named = cue.list.get_ref();
            let Some(list) = lists.iter().position(|list| list == named) else {
                let reason = format!("\"{named}\" is none of: {}", lists.join(", "));
                return Err(self.error(cue.list.span(), reason));
            };
            if cue.words.is_empty() {
                return Err(self.error(cue.list.span(), "a cue needs at least one word"));
            }
            self.grounds(&cue.reason, &cue.review)?;
            all[list].extend_from_slice(&cue.words);
        }
        let lacks = |(list, words): &(&&str, &Vec<_>)| words.is_empty() && needed.contains(*list);
        match lists.iter().zip(&all).find(lacks) {
            Some((list, _)) => {
                let reason = format!("there is no cue of the list \"{list}\"");
                Err(LoadError::whole(self.name(), reason))
            }
            None => Ok(all),
        }
    }
}
