//! What a purpose needs, by channel, as data: `rules.toml` names the section of each.

use super::model::{Channel, Purpose, Without};
use serde::Deserialize;
use std::sync::LazyLock;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    toml::from_str(include_str!("rules.toml")).expect("the program's own file, read by a test")
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    rule: Vec<Rule>,
}

/// What holds for a purpose while nobody said anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    purpose: Purpose,
    #[serde(default)]
    channels: Vec<Channel>,
    /// What holds.
    pub without: Without,
    /// Where the law says so.
    pub section: String,
}

/// The rule of a purpose by this way; none where it is never carried by it.
pub fn rule(purpose: Purpose, channel: Option<Channel>) -> Option<&'static Rule> {
    BOOK.rule.iter().find(|rule| {
        rule.purpose == purpose
            && channel.map_or(rule.channels.is_empty(), |one| rule.channels.contains(&one))
    })
}

/// The ways that carry a purpose; empty for a use that is no message.
pub fn channels(purpose: Purpose) -> Vec<Channel> {
    let carried = |channel: &Channel| rule(purpose, Some(*channel)).is_some();
    Channel::ALL.iter().copied().filter(carried).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_one_rule_a_way_and_marketing_always_asks() {
        for purpose in Purpose::ALL {
            let ways = channels(*purpose);
            assert_eq!(
                ways.is_empty(),
                rule(*purpose, None).is_some(),
                "{purpose:?}"
            );
            for way in &ways {
                let rules = BOOK
                    .rule
                    .iter()
                    .filter(|one| one.purpose == *purpose && one.channels.contains(way));
                assert_eq!(rules.count(), 1, "{purpose:?} {way:?}");
            }
        }
        assert!(BOOK.rule.iter().all(|rule| rule.section.len() > 4));
        for channel in Channel::ALL {
            let rule = rule(Purpose::Marketing, Some(*channel)).unwrap();
            assert_eq!(rule.without, Without::Asks);
        }
    }
}
