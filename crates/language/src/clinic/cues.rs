//! Words that belong together, with why they stand where they do: `[[cue]]` of a file that holds several lists.

use serde::Deserialize;
use toml::Spanned;

use super::{File, LoadError};

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
