//! What a message is about, how urgent it is, whether anyone is in danger, and which words find it again.
//!
//! Text goes in, an explained verdict comes out. Nothing here reads a file, a clock or a network: the
//! caller hands over the contents of the clinic's files and gets an [`Engine`] that answers the same
//! way every time.
//!
//! - [`Engine::triage`] gives language, safety, category and urgency, each with the words that decided it.
//! - [`History`] adds danger up over the messages of one person.
//! - [`Engine::detect`] names the language.
//! - [`search`] turns text into index terms, and what a person types into a query.
//! - [`train`](mod@train) makes a model from [`examples`]; [`eval`] measures an engine.
//! - [`coach`] says what would make a draft plainer and kinder, [`distress`] what weighs on a person,
//!   [`themes`] what feedback is about, [`pretexts`] what somebody says who may play a part.
//! - [`questions`] are asked by whoever is no clinician before a nurse takes over.
//!
//! What the engine knows lives in `clinic/language/`, in files that a clinician can read and change.

pub mod clinic;
pub mod coach;
mod context;
mod detect;
pub mod distress;
mod engine;
pub mod eval;
pub mod examples;
mod fold;
mod history;
mod language;
mod lexis;
mod markup;
mod matcher;
mod model;
pub mod pretexts;
pub mod questions;
pub mod search;
mod segments;
pub mod themes;
mod verdict;

pub use clinic::{ClinicFiles, LoadError};
pub use detect::Detected;
pub use engine::{Engine, LOOKED_AT, MODEL_FILE};
pub use history::{History, InContext, Trace};
pub use language::Language;
pub use model::train;
pub use model::{About, Model, ModelError};
pub use verdict::{
    Category, Channel, Field, Finding, Guard, Level, Message, Reason, Safety, SafetyKind, Scored,
    Span, Truncated, Urgency, Verdict,
};
