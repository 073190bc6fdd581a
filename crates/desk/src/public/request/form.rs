//! The request form as values: what was typed, whether it can be used, and the form's own pass.

use super::super::ear::Ear;
use super::super::files::Sent;
use super::super::shell::Shell;
use super::{FORM, FormPass};
use crate::app::App;
use crate::orgs::Clinic;
use crate::triage::{self, Whose};
use bedside_codecs::mail::address::Address;
use bedside_db::Timestamp;
use bedside_language::Channel;
use bedside_web::cursor;
use std::iter;

/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Longest message, in characters.
pub const MAX_WORDS: usize = 20_000;
/// Nobody reads and fills the form in fewer seconds.
const FASTEST: i64 = 2;
/// Seconds after which a form has to be looked at again. A day: somebody may write it in several goes.
const OLDEST: i64 = 24 * 60 * 60;

/// What was typed where a name belongs, and where an address does and none stands there.
fn called(sent: &Sent) -> Vec<String> {
    let address = sent.text("email");
    let is_none = !address.is_empty() && Address::parse(address).is_err();
    // Its sign would make an address of words.
    let odd = is_none.then(|| address.replace('@', " "));
    iter::once(sent.text("name").to_owned())
        .chain(odd)
        .collect()
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Category code; empty when the person isn't sure.
    pub category: String,
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// The words.
    pub message: String,
    /// Whether files were chosen: they have to be chosen again when the form comes back.
    pub had_files: bool,
    /// What stood in place of a mail address and is none, for a person to make out.
    pub unusable: String,
    /// The name as it was typed, and what stands in place of an address: some write in the first field they see.
    pub called: Vec<String>,
    /// What is known of the words.
    ear: Ear,
    /// A field that people don't see.
    trap: String,
}

/// One thing to put right: the field's name and the text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Name and id of the input.
    pub field: &'static str,
    /// Fluent key.
    pub key: &'static str,
}

impl Form {
    /// The form as it was sent.
    pub fn from_sent(sent: &Sent) -> Self {
        Self {
            category: sent.text("category").to_owned(),
            name: sent.text("name").to_owned(),
            email: sent.text("email").to_owned(),
            message: sent.text("message").to_owned(),
            had_files: sent.had_files(),
            unusable: String::new(),
            called: called(sent),
            ear: sent.ear.clone(),
            trap: sent.text("company").to_owned(),
        }
    }

    /// Whether what was typed is taken in whatever the caps say: nobody who may be in danger is told to come back later.
    pub async fn is_urgent(&self, app: &App, shell: &Shell) -> bool {
        let (words, hint) = (self.message.as_str(), shell.t.locale);
        let danger = self.ear.danger(app, Channel::WebForm, words, hint);
        danger.await || self.is_called(app, shell).await
    }

    /// Whether danger stands where a name or an address belongs.
    async fn is_called(&self, app: &App, shell: &Shell) -> bool {
        let (words, hint) = (self.message.as_str(), shell.t.locale);
        for name in &self.called {
            let typed = (words, name.as_str());
            let called = triage::danger_called(app, Whose::Visitor, Channel::WebForm, typed, hint);
            // What could not be looked at is taken for the worst.
            if called.await.unwrap_or(true) {
                return true;
            }
        }
        false
    }

    /// All of what was typed where the name belongs, where danger stands in it; else nothing.
    pub async fn cry_in_name(&self, app: &App, shell: &Shell) -> String {
        let Some(name) = self.called.first().filter(|name| !name.is_empty()) else {
            return String::new();
        };
        let typed = (self.message.as_str(), name.as_str());
        let (way, hint) = (Channel::WebForm, shell.t.locale);
        let called = triage::danger_called(app, Whose::Visitor, way, typed, hint).await;
        // What could not be looked at is taken for the worst.
        if called.unwrap_or(true) {
            name.clone()
        } else {
            String::new()
        }
    }

    /// The words of danger in a form that belongs to no clinic: those of its message, with the names where those are it.
    pub async fn cry(&self, app: &App, shell: &Shell) -> String {
        let words = self.message.clone();
        if !self.is_called(app, shell).await {
            return words;
        }
        let names = self.called.iter().cloned();
        iter::once(words)
            .chain(names)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Looks through what came beside the words, before [`is_urgent`](Self::is_urgent) is asked.
    pub async fn hear_beside(&self, app: &App, shell: &Shell, sent: &Sent) {
        let said = (self.message.as_str(), sent);
        let hint = shell.t.locale;
        self.ear
            .hear_beside(app, Channel::WebForm, said, hint)
            .await;
    }

    /// Whether the field that people don't see was filled in.
    pub fn trapped(&self) -> bool {
        !self.trap.is_empty()
    }

    /// As much of it as can be used.
    pub fn usable(&self, clinic: &Clinic) -> Self {
        let mut usable = self.clone();
        for wrong in self.check(clinic) {
            match wrong.field {
                "category" => usable.category.clear(),
                "name" => usable.name = self.name.chars().take(MAX_NAME).collect(),
                "email" => {
                    usable.email.clear();
                    // All of it: it may be what was heard.
                    usable.unusable.clone_from(&self.email);
                }
                _ => {}
            }
        }
        usable
    }

    /// What has to be put right, in the order of the page.
    pub fn check(&self, clinic: &Clinic) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut say = |field, key| wrong.push(Wrong { field, key });
        if !self.category.is_empty()
            && (self.category == "crisis" || clinic.category(&self.category).is_none())
        {
            say("category", "public-error-category");
        }
        match self.name.chars().count() {
            0 => say("name", "public-error-name"),
            count if count > MAX_NAME => say("name", "public-error-name-long"),
            _ => {}
        }
        if self.email.is_empty() {
            say("email", "public-error-email-missing");
        } else if Address::parse(&self.email).is_err() {
            say("email", "public-error-email");
        }
        match self.message.chars().count() {
            0 => say("message", "public-error-message"),
            count if count > MAX_WORDS => say("message", "public-error-message-long"),
            _ => {}
        }
        wrong
    }
}

/// What the form's signed token said.
pub struct Pass(Option<FormPass>);

impl Pass {
    /// Reads the token of a form of this clinic.
    pub fn read(app: &App, shell: &Shell, text: &str) -> Self {
        let pass: Option<FormPass> = cursor::decode(FORM, text, &app.keyring.web_mac()).ok();
        Self(pass.filter(|(organisation, ..)| *organisation == shell.clinic.id))
    }

    /// Whether this desk made it for a form of this clinic, however long ago.
    pub fn is_ours(&self) -> bool {
        self.0.is_some()
    }

    /// Why the form has to be sent once more, as the key of a kind text.
    pub fn objection(&self, now: Timestamp) -> Option<&'static str> {
        let Some((_, since, ..)) = &self.0 else {
            return Some("public-note-old");
        };
        match now.seconds_since(*since) {
            age if age < FASTEST => Some("public-note-again"),
            age if age > OLDEST => Some("public-note-old"),
            _ => None,
        }
    }

    /// Whether its person looked at it once more already. Some browsers fill in what people don't see, and whoever sends
    /// such a form again is a person.
    pub fn looked_at(&self) -> bool {
        self.0.as_ref().is_some_and(|(.., looked_at)| *looked_at)
    }

    /// The form's own number: the same for every time this very form is sent.
    pub fn nonce(&self) -> &str {
        self.0.as_ref().map_or("", |(_, _, nonce, _)| nonce)
    }
}
