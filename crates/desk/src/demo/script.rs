//! The texts of invented patients and staff, and how one request is told. The texts are in `texts/*.toml`.

use super::random::Chance;
use bedside_web::Locale;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One language's texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    greetings: Vec<String>,
    closings: Vec<String>,
    asides: Vec<String>,
    pub(super) thanks: Vec<String>,
    pub(super) resolved: Vec<String>,
    pub(super) nudges: Vec<String>,
    /// What those say who rate their help: 5 of 5, 4, 3, and less.
    pub(super) happy: Vec<String>,
    pub(super) content: Vec<String>,
    pub(super) mixed: Vec<String>,
    pub(super) unhappy: Vec<String>,
    values: BTreeMap<String, Vec<String>>,
    story: Vec<Story>,
}

/// A kind of request, as patients tell it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    pub(super) category: String,
    pub(super) subjects: Vec<String>,
    pub(super) bodies: Vec<String>,
    pub(super) answers: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) again: Vec<String>,
    pub(super) answers_again: Vec<String>,
    /// Kind of file that comes along now and then: `png` or `pdf`.
    #[serde(default)]
    pub(super) attachment: Option<String>,
}

static EN: LazyLock<Script> = LazyLock::new(|| read(include_str!("texts/en.toml")));
static ES: LazyLock<Script> = LazyLock::new(|| read(include_str!("texts/es.toml")));

fn read(text: &str) -> Script {
    toml::from_str(text).expect("the texts ship with the program, and a test reads them")
}

/// The texts in this language.
pub(super) fn script(locale: Locale) -> &'static Script {
    match locale {
        Locale::En => &EN,
        Locale::Es => &ES,
    }
}

impl Script {
    /// A story at random. Emergencies are told on purpose only, with `crisis`.
    pub(super) fn story(&self, chance: &mut Chance, crisis: bool) -> &Story {
        let fits: Vec<&Story> = self
            .story
            .iter()
            .filter(|story| (story.category == "crisis") == crisis)
            .collect();
        let index = usize::try_from(chance.next() % (fits.len().max(1) as u64)).unwrap_or(0);
        fits[index]
    }

    /// Words of a letter: greeting, what it is about, perhaps an aside, closing.
    pub(super) fn letter(&self, chance: &mut Chance, body: &str) -> String {
        let mut parts = vec![chance.pick(&self.greetings).to_owned(), body.to_owned()];
        if chance.percent(35) {
            parts.insert(
                if chance.percent(50) { 1 } else { 2 },
                chance.pick(&self.asides).to_owned(),
            );
        }
        parts.push(chance.pick(&self.closings).to_owned());
        parts.retain(|part| !part.is_empty());
        let text = parts.join("\n\n");
        if chance.percent(8) {
            text.to_lowercase()
        } else {
            text
        }
    }
}

/// Puts words for the braces of one conversation, the same ones throughout.
#[derive(Clone, Debug)]
pub(super) struct Words {
    values: Vec<(String, String)>,
}

impl Words {
    pub(super) fn new(script: &Script, chance: &mut Chance, name: &str) -> Self {
        let mut values: Vec<_> = script
            .values
            .iter()
            .map(|(key, list)| (format!("{{{key}}}"), chance.pick(list).to_owned()))
            .collect();
        let first = name.split_whitespace().next().unwrap_or(name);
        values.push(("{name}".to_owned(), first.to_owned()));
        Self { values }
    }

    /// `text` with every brace filled; `colleague` is who answers.
    pub(super) fn fill(&self, text: &str, colleague: &str) -> String {
        let mut filled = text.replace("{colleague}", colleague);
        for (key, value) in &self.values {
            filled = filled.replace(key, value);
        }
        let mut letters = filled.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => filled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of a story that can speak of days.
    fn told(story: &Story) -> Vec<&String> {
        [
            &story.subjects,
            &story.bodies,
            &story.answers,
            &story.notes,
            &story.again,
            &story.answers_again,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    #[test]
    fn what_has_happened_happened_on_a_day_gone_by() {
        let ahead = ["tomorrow", "next", "mañana", "próxim", "que viene"];
        let gone = ["yesterday", "last", "ago", "ayer", "pasad", "hace "];
        // Words after which a sentence tells of what was, and prepositions that a day brings along itself.
        let was = [
            "had ", "waited", "drawn", "charged", "sent you", "were ", "denied", "sacaron",
            "Esperé", "mandaron", "tuve", "llegó",
        ];
        let doubled = ["on", "by", "from", "until", "de", "del", "en"];
        for locale in Locale::ALL {
            let script = script(locale);
            for (slot, never) in [("past_day", ahead.as_slice()), ("day", &gone)] {
                assert!(script.values[slot].len() > 5, "{slot}");
                for day in &script.values[slot] {
                    assert!(
                        !never.iter().any(|word| day.contains(word)),
                        "{slot}: {day}"
                    );
                }
            }
            let mut spoken = 0;
            for text in script.story.iter().flat_map(told) {
                for sentence in text.split(['.', '?', '!', ';']) {
                    for slot in ["{day}", "{past_day}"] {
                        let Some((before, _)) = sentence.split_once(slot) else {
                            continue;
                        };
                        spoken += 1;
                        let last = before.split_whitespace().last().unwrap_or_default();
                        assert!(!doubled.contains(&last), "{text}");
                        let past = was.iter().any(|word| sentence.contains(word));
                        assert!(slot == "{past_day}" || !past, "{text}");
                    }
                }
            }
            assert!(spoken > 10, "{spoken}");
        }
    }

    #[test]
    fn an_offer_is_another_day() {
        for locale in Locale::ALL {
            let values = &script(locale).values;
            let spoken: Vec<_> = ["past_day", "day", "date"]
                .iter()
                .filter_map(|slot| values.get(*slot))
                .flatten()
                .collect();
            for offer in &values["offer"] {
                let day = offer.rsplit_once(" a").map_or("", |(day, _)| day);
                assert!(!day.is_empty(), "{offer}");
                assert!(!spoken.iter().any(|one| one.contains(day)), "{offer}");
                let second = values.get("second_offer");
                assert!(!second.into_iter().flatten().any(|one| one == offer));
            }
        }
    }

    #[test]
    fn every_text_is_filled_to_the_last_brace() {
        for locale in Locale::ALL {
            let script = script(locale);
            let mut chance = Chance::new(3);
            let words = Words::new(script, &mut chance, "Ada Example");
            let mut all: Vec<String> = script.story.iter().flat_map(told).cloned().collect();
            for list in [
                &script.greetings,
                &script.closings,
                &script.asides,
                &script.thanks,
                &script.resolved,
                &script.happy,
                &script.content,
                &script.mixed,
                &script.unhappy,
            ] {
                all.extend(list.iter().cloned());
            }
            assert!(all.len() > 100);
            for text in all {
                let filled = words.fill(&text, "Ana");
                assert!(!filled.contains(['{', '}']), "{filled}");
            }
            for crisis in [true, false] {
                assert_eq!(
                    script.story(&mut chance, crisis).category == "crisis",
                    crisis
                );
            }
        }
    }
}
