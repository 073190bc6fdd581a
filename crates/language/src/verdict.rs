//! The words in which the engine answers: messages in, verdicts out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::detect::Detected;
use crate::language::Language;

/// Gives an enum of plain variants its stable codes, as stored and as written in the clinic's files.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, as stored and as written in the clinic's files.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value with this code, if there is one.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

coded! {
    /// The way a message came in.
    Channel {
        /// The signed-in patient portal.
        Portal = "portal",
        /// The public request form.
        WebForm = "web_form",
        /// Electronic mail.
        Email = "email",
        /// Text message.
        Sms = "sms",
        /// A call, as notes or as a transcript.
        Phone = "phone",
        /// Live web chat.
        Chat = "chat",
        /// A social messaging service.
        Social = "social",
        /// A video visit.
        Video = "video",
        /// A comment in a survey.
        Survey = "survey",
        /// Another system.
        Api = "api",
    }
}

coded! {
    /// What a request is about.
    Category {
        /// Anything that fits nowhere else.
        General = "general",
        /// Bills, payments, prices.
        Billing = "billing",
        /// Booking, moving, cancelling a visit.
        Appointment = "appointment",
        /// Medicines, refills, pharmacies.
        Prescription = "prescription",
        /// Results of tests and imaging.
        LabResult = "lab_result",
        /// Referrals to specialists.
        Referral = "referral",
        /// Medical records, letters, forms.
        Records = "records",
        /// Coverage, authorisations, claims.
        Insurance = "insurance",
        /// Something went wrong for the patient.
        Complaint = "complaint",
        /// Portal, app, video and sign-in trouble.
        Technical = "technical",
        /// Someone may hurt themselves or another, or is being hurt.
        Crisis = "crisis",
        /// A symptom or a question of health for a clinician.
        Symptom = "symptom",
        /// Thanks, praise, suggestions.
        Feedback = "feedback",
    }
}

coded! {
    /// How soon a person must look. Greater is more urgent.
    Urgency {
        /// No time pressure.
        Low = "low",
        /// The usual order.
        Standard = "standard",
        /// Today, ahead of the usual order.
        Urgent = "urgent",
        /// Now.
        Emergency = "emergency",
    }
}

coded! {
    /// How sure the engine is that someone is in danger. Greater is more dangerous.
    Level {
        /// Nothing found.
        None = "none",
        /// A person should take a look soon.
        Concern = "concern",
        /// Treat as an emergency until a person has looked.
        Emergency = "emergency",
    }
}

coded! {
    /// What kind of danger.
    SafetyKind {
        /// Heart.
        Cardiac = "cardiac",
        /// Stroke and transient ischaemic attack.
        Stroke = "stroke",
        /// Breathing and choking.
        Breathing = "breathing",
        /// Severe allergic reaction.
        Anaphylaxis = "anaphylaxis",
        /// Heavy or internal bleeding.
        Bleeding = "bleeding",
        /// Poison or too much of a medicine or drug.
        Overdose = "overdose",
        /// Suicide and self-harm.
        SelfHarm = "self_harm",
        /// Threats or intent to hurt someone.
        Violence = "violence",
        /// Abuse, neglect, assault.
        Abuse = "abuse",
        /// Pregnancy and birth.
        Pregnancy = "pregnancy",
        /// Babies and small children.
        Infant = "infant",
        /// Seizure, fainting, sudden confusion, worst headache.
        Neurological = "neurological",
        /// Severe infection.
        Sepsis = "sepsis",
        /// Injury, burns.
        Trauma = "trauma",
        /// After an operation.
        PostOperative = "post_operative",
        /// Sugar far too low or too high.
        Diabetic = "diabetic",
        /// Any other acute danger.
        Other = "other",
    }
}

impl SafetyKind {
    /// Danger from people rather than from illness. Here a denial or a past event only lowers the flag to
    /// [`Level::Concern`], so that a person looks, unless the model is sure as well that nothing is
    /// meant. A condition changes nothing.
    pub const fn is_crisis(self) -> bool {
        matches!(self, Self::SelfHarm | Self::Violence | Self::Abuse)
    }
}

coded! {
    /// Why a red flag that was found doesn't count in full.
    Guard {
        /// "No chest pain".
        Negated = "negated",
        /// "My father died of a stroke in 1998".
        Historical = "historical",
        /// "Call us if you have chest pain".
        Hypothetical = "hypothetical",
        /// "My grandmother had a stroke when I was small".
        SomeoneElse = "someone_else",
        /// "I nearly had a heart attack when I saw the bill".
        Figure = "figure_of_speech",
        /// Stands in a quoted earlier message, a signature or a notice.
        Quoted = "quoted",
        /// The model is sure that the words as a whole mean no danger.
        Unlikely = "unlikely",
    }
}

coded! {
    /// Part of a message.
    Field {
        /// The subject line.
        Subject = "subject",
        /// The text.
        Body = "body",
    }
}

/// What came in. `Debug` shows lengths only.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The way it came in.
    pub channel: Channel,
    /// Subject line; empty where the channel has none.
    pub subject: &'a str,
    /// The text as a person would read it (no markup).
    pub body: &'a str,
    /// The language the person is known to prefer. Decides only when the text itself doesn't.
    pub hint_language: Option<Language>,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("channel", &self.channel)
            .field("subject_bytes", &self.subject.len())
            .field("body_bytes", &self.body.len())
            .field("hint_language", &self.hint_language)
            .finish()
    }
}

/// A value and how strongly the text speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scored<T> {
    /// The value.
    pub value: T,
    /// How much speaks for it, comparable within one verdict only: a share between 0 and 1, or, from an
    /// engine without a model, the sum of the weights of the entries that spoke.
    pub score: f32,
}

/// A stretch of the message, in bytes, always on character boundaries of the field's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Subject or body.
    pub field: Field,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What a rule speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// A danger.
    Safety(SafetyKind),
    /// A subject.
    Category(Category),
    /// A time pressure.
    Urgency(Urgency),
}

/// One rule that spoke, or the model, so that the screen can show why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's id in the clinic's files; `model.KIND` where the model spoke.
    pub rule: String,
    /// What it speaks for.
    pub finding: Finding,
    /// Where, at most eight places: the rule's words, or those that weighed most in the model.
    pub spans: Vec<Span>,
    /// The sentences that sounded most like it, where the model spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Span>,
    /// The rule's reason, in the clinic's own words.
    pub why: String,
    /// Set when the context took the finding back or lowered it.
    pub guard: Option<Guard>,
}

/// Whether anyone is in danger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Safety {
    /// How sure.
    pub level: Level,
    /// The most serious kind found; `None` at [`Level::None`].
    pub kind: Option<SafetyKind>,
    /// How likely the level is right, 0 to 1, calibrated on examples the model was not made from; 0.5
    /// where only rules spoke and there is no model.
    pub confidence: f32,
    /// How likely it is that a person must look today, 0 to 1. [`History`](crate::History) adds these up.
    pub risk: f32,
    /// Positions in [`Verdict::reasons`] of the rules about danger, guarded ones included.
    pub reasons: Vec<usize>,
}

/// How much of an over-long message the model left unread. The words of the rules were looked for in all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncated {
    /// Bytes of subject and body together.
    pub total_bytes: usize,
    /// Bytes the model read: the beginning and the end.
    pub looked_at_bytes: usize,
}

/// The engine's answer about one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The message's main language.
    pub language: Detected,
    /// Other languages that parts of it are written in.
    #[serde(default)]
    pub other_languages: Vec<Language>,
    /// Whether anyone is in danger.
    pub safety: Safety,
    /// What it is mostly about.
    pub category: Scored<Category>,
    /// What else it may be about, strongest first, at most three.
    pub alternatives: Vec<Scored<Category>>,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// Every rule that spoke: dangers first, then by weight.
    pub reasons: Vec<Reason>,
    /// Share of the evidence behind the category, 0 to 1.
    pub confidence: f32,
    /// The category should be confirmed by a person.
    pub unsure: bool,
    /// Set when the message was too long for the model to be read as a whole; it is unsure then.
    pub truncated: Option<Truncated>,
}
