//! Words to find a text again: the same words go into the index and into a query.
//!
//! A document is indexed under its stems in one language. A query asks for the stems of every language,
//! so that nobody has to say in which language they are looking.

mod index;
mod query;
mod words;

pub use index::{IndexTerm, MAX_INDEX_TERMS, PREFIX_LENGTHS, TermKind, index_terms};
pub use query::{
    Filter, FilterKey, MAX_QUERY_CHARS, MAX_QUERY_TERMS, Prefix, Query, QueryError, QueryTerm,
    highlight, parse_query,
};
pub use words::{MAX_WORD, MIN_WORD, Term, terms};
