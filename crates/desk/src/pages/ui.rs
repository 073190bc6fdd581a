//! Small pieces that every page shows: icons, faces, due times, codes as words.

use crate::patients::{OnlyBy, ReachedBy};
use crate::tickets::{CalmReason, Status, Urgency};
use askama::filters::{Escaper, Html, HtmlSafe};
use bedside_db::Timestamp;
use bedside_language::SafetyKind;
use bedside_language::themes::Sentiment;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};
use std::fmt;

/// One icon of the sprite; the text beside it says what it means.
#[derive(Clone, Copy, Debug)]
pub struct Icon(pub &'static str, pub &'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = bedside_web::assets::path("icons.svg");
        write!(
            f,
            "<svg class=\"icon{}\" aria-hidden=\"true\"><use href=\"{sprite}#{}\"></use></svg>",
            self.1, self.0
        )
    }
}

// Both parts are constants of this program.
impl HtmlSafe for Icon {}

/// An address or other words without spaces: where they are too long for one line, they go on after an `@`, and not
/// before their last letter.
#[derive(Clone, Copy, Debug)]
pub struct Breakable<'a>(pub &'a str);

impl fmt::Display for Breakable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.split('@').enumerate() {
            if at > 0 {
                f.write_str("@<wbr>")?;
            }
            Html.write_escaped_str(&mut *f, part)?;
        }
        Ok(())
    }
}

// Every part is escaped.
impl HtmlSafe for Breakable<'_> {}

/// "Only by: …", how a patient is reached, and no other way.
pub fn only_by(only: &OnlyBy, t: Texts) -> String {
    let kept = || t.text("only-by-kept").to_owned();
    let key = match only.by {
        ReachedBy::Email => "only-by-email",
        ReachedBy::Phone => "only-by-phone",
        ReachedBy::Post => "only-by-post",
    };
    let way = if only.gone {
        t.text("only-by-gone").to_owned()
    } else {
        let address = only.address.clone().unwrap_or_else(kept);
        t.with(key, "address", address).into_owned()
    };
    t.with("only-by", "way", way).into_owned()
}

/// A person as a tinted circle with initials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// Full name.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// 0 to 5.
    pub hue: usize,
}

impl Face {
    /// The face for a name.
    pub fn of(name: &str) -> Self {
        let mut words = name
            .split_whitespace()
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        let first = words.next();
        let initials = first
            .into_iter()
            .chain(words.next_back())
            .flat_map(char::to_uppercase)
            .collect();
        Self {
            name: name.to_owned(),
            initials,
            hue: name.bytes().map(usize::from).sum::<usize>() % 6,
        }
    }
}

/// An instant with the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// For `<time datetime>`.
    pub machine: String,
    /// Relative words.
    pub words: String,
    /// Date and time in the clinic's zone.
    pub full: String,
    /// `due-soon`, `due-over` or empty.
    pub class: &'static str,
}

/// Seconds before a due time from which it counts as soon.
const SOON: i64 = 3600;

/// A time in the past.
pub fn ago(at: Timestamp, now: Timestamp, zone: &jiff::tz::TimeZone, locale: Locale) -> When {
    When {
        machine: time::machine_time(at.micros()),
        words: time::ago(now.seconds_since(at), locale),
        full: time::format_time(at.micros(), zone, locale),
        class: "",
    }
}

/// A due time; none while nothing is due.
pub fn due(
    at: Timestamp,
    now: Timestamp,
    zone: &jiff::tz::TimeZone,
    locale: Locale,
) -> Option<When> {
    if at >= crate::sla::NOTHING_DUE {
        return None;
    }
    let left = at.seconds_since(now);
    Some(When {
        machine: time::machine_time(at.micros()),
        words: time::time_left(left, locale),
        full: time::format_time(at.micros(), zone, locale),
        class: if left < 0 {
            "due-over"
        } else if left < SOON {
            "due-soon"
        } else {
            ""
        },
    })
}

/// How somebody felt: icon, text key, colour class.
pub const fn sentiment(sentiment: Sentiment) -> (&'static str, &'static str, &'static str) {
    match sentiment {
        Sentiment::VeryPositive => ("laugh", "sentiment-very-positive", "face-good"),
        Sentiment::Positive => ("smile", "sentiment-positive", "face-good"),
        Sentiment::Neutral => ("meh", "sentiment-neutral", ""),
        Sentiment::Negative => ("annoyed", "sentiment-negative", "face-bad"),
        Sentiment::VeryNegative => ("frown", "sentiment-very-negative", "face-bad"),
    }
}

/// A rating of 1 to 5: icon, text key, colour class.
pub const fn score(score: i64) -> (&'static str, &'static str, &'static str) {
    match score {
        5 => ("laugh", "public-rating-5", "face-good"),
        4 => ("smile", "public-rating-4", "face-good"),
        3 => ("meh", "public-rating-3", ""),
        2 => ("annoyed", "public-rating-2", "face-bad"),
        _ => ("frown", "public-rating-1", "face-bad"),
    }
}

/// A word with an icon and a colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// CSS class beside `chip`.
    pub class: &'static str,
    /// Icon name.
    pub icon: &'static str,
    /// The words.
    pub text: String,
}

/// Text key of a status.
pub const fn status_key(status: Status) -> &'static str {
    match status {
        Status::New => "status-new",
        Status::Open => "status-open",
        Status::WaitingOnPatient => "status-waiting-patient",
        Status::WaitingOnThirdParty => "status-waiting-third-party",
        Status::Resolved => "status-resolved",
        Status::Closed => "status-closed",
    }
}

/// Text key of an urgency.
pub const fn urgency_key(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Emergency => "urgency-emergency",
        Urgency::Urgent => "urgency-urgent",
        Urgency::Standard => "urgency-normal",
        Urgency::Low => "urgency-low",
    }
}

/// Text key of a kind of danger, by its stored code; one that this version doesn't know is just a danger.
pub fn danger_key(code: &str) -> &'static str {
    match SafetyKind::from_code(code).unwrap_or(SafetyKind::Other) {
        SafetyKind::Cardiac => "danger-cardiac",
        SafetyKind::Stroke => "danger-stroke",
        SafetyKind::Breathing => "danger-breathing",
        SafetyKind::Anaphylaxis => "danger-anaphylaxis",
        SafetyKind::Bleeding => "danger-bleeding",
        SafetyKind::Overdose => "danger-overdose",
        SafetyKind::SelfHarm => "danger-self-harm",
        SafetyKind::Violence => "danger-violence",
        SafetyKind::Abuse => "danger-abuse",
        SafetyKind::Pregnancy => "danger-pregnancy",
        SafetyKind::Infant => "danger-infant",
        SafetyKind::Neurological => "danger-neurological",
        SafetyKind::Sepsis => "danger-sepsis",
        SafetyKind::Trauma => "danger-trauma",
        SafetyKind::PostOperative => "danger-post-operative",
        SafetyKind::Diabetic => "danger-diabetic",
        _ => "danger-other",
    }
}

/// Text key of why nobody is in danger.
pub const fn calm_key(reason: CalmReason) -> &'static str {
    match reason {
        CalmReason::OtherMeaning => "calm-other-meaning",
        CalmReason::Past => "calm-past",
        CalmReason::SafeAlready => "calm-safe-already",
        CalmReason::TestOrSpam => "calm-test-or-spam",
        CalmReason::Other => "calm-other",
    }
}

/// A status as a chip.
pub fn status_chip(status: Status, t: Texts) -> Chip {
    let (class, icon) = match status {
        Status::New => ("chip-new", "circle-dot"),
        Status::Open => ("chip-open", "inbox"),
        Status::WaitingOnPatient | Status::WaitingOnThirdParty => ("chip-waiting", "hourglass"),
        Status::Resolved | Status::Closed => ("chip-done", "circle-check"),
    };
    Chip {
        class,
        icon,
        text: t.text(status_key(status)).to_owned(),
    }
}

/// An urgency as a chip; the usual one goes without saying.
pub fn urgency_chip(urgency: Urgency, t: Texts) -> Option<Chip> {
    let (class, icon) = match urgency {
        Urgency::Emergency => ("chip-crisis", "siren"),
        Urgency::Urgent => ("chip-urgent", "triangle-alert"),
        Urgency::Standard => return None,
        Urgency::Low => ("chip-low", "circle"),
    };
    Some(Chip {
        class,
        icon,
        text: t.text(urgency_key(urgency)).to_owned(),
    })
}

/// Icon and text key of a channel code.
pub fn channel(code: &str) -> (&'static str, &'static str) {
    match code {
        "web_form" => ("globe", "channel-web"),
        "survey" => ("smile", "channel-survey"),
        "portal" => ("monitor-smartphone", "channel-portal"),
        "phone" | "voice" => ("phone", "channel-phone"),
        "chat" => ("message-circle", "channel-chat"),
        "sms" => ("message-square", "channel-sms"),
        "social" => ("message-circle", "channel-social"),
        "video" => ("video", "channel-video"),
        "api" => ("activity", "channel-api"),
        _ => ("mail", "channel-email"),
    }
}

/// Text key of a language tag.
pub fn language_key(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "language-en",
        Locale::Es => "language-es",
    }
}

/// A file's size in plain words.
pub fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", (bytes + 512) / 1024),
        _ => format!(
            "{}.{} MB",
            bytes / 1_048_576,
            bytes % 1_048_576 * 10 / 1_048_576
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_has_at_most_two_letters() {
        assert_eq!(Face::of("Ana María Ruiz").initials, "AR");
        assert_eq!(Face::of("ana@example.org").initials, "A");
        assert_eq!(Face::of("  ").initials, "");
    }

    #[test]
    fn every_danger_has_a_name_of_its_own_in_every_language() {
        let mut keys = std::collections::BTreeSet::new();
        for kind in SafetyKind::ALL {
            let key = danger_key(kind.code());
            assert!(keys.insert(key), "{kind} shares {key}");
            for locale in Locale::ALL {
                assert!(
                    bedside_web::I18n::global().has(locale, key),
                    "{locale}: {key}"
                );
            }
        }
        assert_eq!(danger_key("of a later version"), "danger-other");
    }

    #[test]
    fn sizes_are_round() {
        assert_eq!(
            (
                size(12).as_str(),
                size(245_760).as_str(),
                size(1_572_864).as_str()
            ),
            ("12 B", "240 KB", "1.5 MB")
        );
    }
}
