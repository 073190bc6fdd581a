//! Why a message was flagged: what was found in it, how sure that is, the words, what lowered it, and what the same person
//! wrote before.

use super::ui;
use crate::orgs::Clinic;
use crate::triage::{Earlier, Found, Spoke};
use bedside_codecs::mail::html::Mark;
use bedside_language::{Engine, Guard, Language, Level};
use bedside_web::i18n::{Texts, time};
use std::ops::Range;

/// Longest piece of a message that is repeated beside a reason, in characters.
const QUOTED: usize = 160;
/// Pieces that are.
const PIECES: usize = 3;

/// What was found in a message, for its reader.
pub(super) struct FoundShown {
    /// CSS class.
    pub class: &'static str,
    pub icon: &'static str,
    /// Level and kind.
    pub title: String,
    /// How sure that is; none where the message alone is not as dangerous, or a rule's words are an emergency.
    pub sure: Option<&'static str>,
    pub reasons: Vec<ReasonShown>,
    pub earlier: Vec<EarlierShown>,
}

/// One reason.
pub(super) struct ReasonShown {
    pub why: String,
    /// The words of the message, as written.
    pub words: Vec<String>,
    /// Text key of where it stands, where that is not in the words.
    pub elsewhere: Option<&'static str>,
    /// What its context makes of it.
    pub lowered: Option<String>,
}

/// An earlier message of the same person.
pub(super) struct EarlierShown {
    pub number: i64,
    pub when: String,
    pub what: String,
}

/// What is told with.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub engine: &'a Engine,
    pub clinic: &'a Clinic,
    pub t: Texts,
}

impl FoundShown {
    /// What is shown of `found` in the message `body`; none where nothing about danger was.
    pub(super) fn of(told: Told<'_>, found: &Found, body: &str) -> Option<Self> {
        if found.level == Level::None && found.reasons.is_empty() {
            return None;
        }
        let (class, icon) = match found.level {
            Level::Emergency => ("found-emergency", "siren"),
            Level::Concern => ("found-concern", "triangle-alert"),
            _ => ("", "circle-help"),
        };
        Some(Self {
            class,
            icon,
            title: told.level(found.level, found.kind),
            sure: found
                .likely
                .filter(|_| found.level > Level::None)
                .map(|likely| told.t.text(sure_key(found.level, likely))),
            reasons: found
                .reasons
                .iter()
                .map(|spoke| told.reason(spoke, body))
                .collect(),
            earlier: found.earlier.iter().map(|one| told.earlier(one)).collect(),
        })
    }
}

impl Told<'_> {
    fn level(self, level: Level, kind: Option<bedside_language::SafetyKind>) -> String {
        let kind = kind.map_or("other", bedside_language::SafetyKind::code);
        let kind = self.t.text(ui::danger_key(kind));
        match level {
            Level::Emergency => self.t.with("found-emergency", "kind", kind).into_owned(),
            Level::Concern => self.t.with("found-concern", "kind", kind).into_owned(),
            _ => self.t.text("found-none").to_owned(),
        }
    }

    /// The words of a rule, or the sentences that the model heard it in.
    fn reason(self, spoke: &Spoke, body: &str) -> ReasonShown {
        let said = Language::from_tag(self.t.locale.tag())
            .and_then(|language| self.engine.why(&spoke.rule, language))
            .or_else(|| self.engine.why(&spoke.rule, Language::En));
        let places = spoke.around.as_slice();
        let places = if places.is_empty() {
            &spoke.places
        } else {
            places
        };
        let mut words: Vec<String> = Vec::new();
        for piece in places.iter().filter_map(|place| body.get(place.clone())) {
            let piece = short(piece);
            // Of two that overlap the longer one says it all.
            if !words.iter().any(|known| known.contains(&piece)) {
                words.retain(|known| !piece.contains(known.as_str()));
                words.push(piece);
            }
        }
        words.truncate(PIECES);
        ReasonShown {
            why: said
                .unwrap_or_else(|| self.t.text("danger-other"))
                .to_owned(),
            words,
            elsewhere: match (spoke.in_subject, spoke.beside) {
                (true, _) => Some("found-in-subject"),
                (_, true) => Some("found-beside"),
                (false, false) => None,
            },
            lowered: spoke.guard.map(|guard| {
                let why = self.t.text(guard_key(guard));
                self.t.with("found-lowered", "why", why).into_owned()
            }),
        }
    }

    fn earlier(self, earlier: &Earlier) -> EarlierShown {
        let zone = &self.clinic.time_zone;
        let what = match earlier.level {
            Level::None => self.t.text("found-slight").to_owned(),
            level => self.level(level, earlier.kind),
        };
        EarlierShown {
            number: earlier.number,
            when: time::format_time(earlier.at.micros(), zone, self.t.locale),
            what,
        }
    }
}

/// The places to be marked in the message: what spoke for a danger, and the sentences in which it was heard.
pub(super) fn places(found: &Found) -> Vec<(Range<usize>, Mark)> {
    let around = |spoke: &Spoke| spoke.around.clone().map(|place| (place, Mark::Around));
    let words = |spoke: &Spoke| {
        let places = spoke.places.clone().into_iter();
        places.map(|place| (place, Mark::Words))
    };
    let reasons = &found.reasons;
    let places = reasons.iter().filter_map(around);
    places.chain(reasons.iter().flat_map(words)).collect()
}

/// A piece of a message on one line.
fn short(piece: &str) -> String {
    let line = piece.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line,
    }
}

/// Text key of how sure something is. An emergency never "may well be nothing".
const fn sure_key(level: Level, likely: f32) -> &'static str {
    if likely >= 0.9 {
        "found-very-sure"
    } else if likely >= 0.6 {
        "found-fairly-sure"
    } else if likely >= 0.3 || matches!(level, Level::Emergency) {
        "found-unsure"
    } else {
        "found-faint"
    }
}

/// Text key of what took a danger back or lowered it.
const fn guard_key(guard: Guard) -> &'static str {
    match guard {
        Guard::Negated => "guard-negated",
        Guard::Historical => "guard-historical",
        Guard::Hypothetical => "guard-hypothetical",
        Guard::SomeoneElse => "guard-someone-else",
        Guard::Figure => "guard-figure",
        Guard::Quoted => "guard-quoted",
        _ => "guard-unlikely",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::{I18n, Locale};

    #[test]
    fn whatever_lowers_has_words_of_its_own() {
        let mut keys = std::collections::BTreeSet::new();
        for guard in Guard::ALL {
            let key = guard_key(*guard);
            assert!(keys.insert(key), "{guard} shares {key}");
            for locale in Locale::ALL {
                assert!(I18n::global().has(locale, key), "{locale}: {key}");
            }
        }
    }

    #[test]
    fn sureness_is_said_in_four_steps() {
        let keys = [0.95, 0.9, 0.7, 0.4, 0.1].map(|likely| sure_key(Level::Concern, likely));
        assert_eq!(
            keys,
            [
                "found-very-sure",
                "found-very-sure",
                "found-fairly-sure",
                "found-unsure",
                "found-faint"
            ]
        );
        assert_eq!(sure_key(Level::Emergency, 0.01), "found-unsure");
    }

    #[test]
    fn a_piece_is_one_short_line() {
        assert_eq!(short(" chest\n  pain "), "chest pain");
        let long = short(&"ñ ".repeat(400));
        assert!(
            long.ends_with('…') && long.chars().count() <= QUOTED + 1,
            "{long}"
        );
    }
}
