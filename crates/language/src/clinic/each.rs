//! One flag for each of several words: `each = ["son", "daughter"]` makes "my {} died" and "be with my {}" speak of the same person.

use toml::Spanned;

use super::LoadError;
use super::file::File;
use super::raw::RawFlag;

/// What stands in a phrase for the word.
const PLACE: &str = "{}";

/// The phrases of a flag for one of its words.
pub(super) struct Said {
    pub terms: Vec<Spanned<String>>,
    pub with_any: Vec<Spanned<String>>,
    pub and: Vec<Spanned<String>>,
    pub unless: Vec<Spanned<String>>,
}

/// A flag's phrases for each of its words, or as they are where it has none. A place without a word is refused, as is a flag
/// whose terms are the same for every word.
pub(super) fn said(file: &File<'_>, flag: &RawFlag) -> Result<Vec<Said>, LoadError> {
    let lists = [&flag.terms, &flag.with_any, &flag.and, &flag.unless];
    let placed = |phrase: &&Spanned<String>| phrase.get_ref().contains(PLACE);
    if flag.each.is_empty()
        && let Some(empty) = lists.into_iter().flatten().find(placed)
    {
        return Err(file.error(
            empty.span(),
            "{} stands for the words of `each`, and there are none",
        ));
    }
    if let Some(first) = flag.each.first()
        && let Some(same) = flag.terms.iter().find(|term| !placed(term))
    {
        let reason = format!(
            "a term of a flag with `each` needs {PLACE} where \"{}\" is to stand",
            first.get_ref()
        );
        return Err(file.error(same.span(), reason));
    }
    if flag.each.is_empty() {
        return Ok(vec![filled(lists, "")]);
    }
    Ok(flag
        .each
        .iter()
        .map(|word| filled(lists, word.get_ref()))
        .collect())
}

fn filled(lists: [&Vec<Spanned<String>>; 4], word: &str) -> Said {
    let fill = |phrase: &Spanned<String>| {
        Spanned::new(phrase.span(), phrase.get_ref().replace(PLACE, word))
    };
    let [terms, with_any, and, unless] = lists.map(|list| list.iter().map(fill).collect());
    Said {
        terms,
        with_any,
        and,
        unless,
    }
}
