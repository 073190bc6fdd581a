//! Finding tickets by their words.
//!
//! The index holds keyed hashes of stemmed words and never a word ([`bedside_db::search`]). It is kept up to date from
//! the events ([`index`]): a position an organisation, moved together with the tokens, so that nothing is missed and a
//! lost index is rebuilt from the first event. [`find`] asks it for the newest documents that hold every word, opens
//! those few under leave, ranks them by how well they fit, and says where the words stand.

mod filters;
mod find;
pub mod index;
mod rank;

pub use find::{Hit, Place, Results, find};
pub use index::{catch_up, lag, run};

use bedside_language::search::Query;
use bedside_vault::{SearchKey, TokenKind};

/// The tokens that a document must have for `query`: of each inner list at least one.
fn wanted(key: &SearchKey, query: &Query) -> bedside_db::search::Wanted {
    let words = |variants: &[String]| -> Vec<String> {
        variants
            .iter()
            .map(|stem| key.token(TokenKind::Word, stem).to_string())
            .collect()
    };
    let mut wanted: Vec<Vec<String>> = query
        .terms
        .iter()
        .map(|term| words(&term.variants))
        .collect();
    if let Some(prefix) = &query.prefix {
        let mut group = words(&prefix.variants);
        group.extend(
            prefix
                .lookup
                .as_deref()
                .map(|start| key.token(TokenKind::Prefix, start).to_string()),
        );
        wanted.push(group);
    }
    wanted.retain(|group| !group.is_empty());
    wanted
}
