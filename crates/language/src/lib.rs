//! What a message is about, how urgent it is, whether anyone is in danger, and which words find it again.
//!
//! Text goes in, an explained verdict comes out. Nothing here reads a file, a clock or a network: the
//! caller hands over the contents of the clinic's files and gets an [`Engine`] that answers the same
//! way every time.
//!
//! - [`Engine::triage`] gives language, safety, category and urgency, each with the words that decided it.
//! - [`detect`] names the language.
//! - [`search`] turns text into index terms, and what a person types into a query.
//! - [`coach`] says what would make a draft plainer and kinder, [`distress`] what weighs on a person,
//!   [`themes`] what feedback is about.
//! - [`eval`] measures an engine on labelled examples.
//!
//! What the engine knows lives in `clinic/language/`, in files that a clinician can read and change.

pub mod clinic;
pub mod coach;
mod context;
pub mod distress;
mod engine;
pub mod eval;
mod fold;
mod language;
mod lexis;
mod matcher;
pub mod search;
pub mod themes;
mod verdict;

pub use clinic::{ClinicFiles, LoadError};
pub use engine::{Engine, LOOKED_AT};
pub use language::{Detected, Language, detect};
pub use verdict::{
    Category, Channel, Field, Finding, Guard, Level, Message, Reason, Safety, SafetyKind, Scored,
    Span, Truncated, Urgency, Verdict,
};
