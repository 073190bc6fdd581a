//! Links for one person.
