//! Every reader, channel and level: a table that is made, with the rule written down a second time in another form.

use super::*;
use crate::permission::Permissions;
use crate::queues::Queues;
use crate::who::Held;

const GROUPS: [FieldGroup; 4] = [
    FieldGroup::Contact,
    FieldGroup::Identifiers,
    FieldGroup::Clinical,
    FieldGroup::Billing,
];

/// What each level shows of [`GROUPS`].
const TABLE: [[bool; 4]; 4] = [
    [false, false, false, false],
    [false, true, false, false],
    [true, true, true, true],
    [true, true, true, true],
];

const CHANNELS: [(&str, bool); 12] = [
    ("phone", true),
    ("video", true),
    ("sms", true),
    ("chat", true),
    ("email", false),
    ("portal", false),
    ("web_form", false),
    ("social", false),
    ("survey", false),
    ("api", false),
    ("", false),
    ("Phone", false),
];

fn everybody(queues: &Queues<u8>) -> [(Who<'_, u8>, &'static str); 5] {
    let held = Held {
        permissions: Permissions::ALL,
        clinical: true,
        queues,
    };
    [
        (Who::Staff(held), "staff"),
        (Who::Token(held), "token"),
        (Who::Own, "own"),
        (Who::Visitor, "visitor"),
        (Who::Desk, "desk"),
    ]
}

#[test]
fn addresses_of_nobody_on_file_are_shown_and_nothing_else() {
    let queues: Queues<u8> = Queues::All;
    let held = Held {
        permissions: Permissions::ALL,
        clinical: true,
        queues: &queues,
    };
    let line = Line {
        live: true,
        level: Level::L0,
        emergency: false,
        eased: false,
    };
    let sight = Who::Staff(held).sight(line).with_addresses();
    assert_eq!(
        GROUPS.map(|group| sight.shows(group)),
        [true, false, false, false]
    );
    assert!(sight.hints());
    assert_eq!(sight.hidden().count(), 3);
    assert_eq!(Sight::ALL.with_addresses(), Sight::ALL);
}

#[test]
fn the_table_of_readers_channels_and_levels_holds() {
    let queues = Queues::All;
    let mut seen = 0;
    for (who, name) in everybody(&queues) {
        for live in [true, false] {
            for (height, level) in Level::ALL.into_iter().enumerate() {
                for (emergency, eased) in
                    [(false, false), (true, false), (false, true), (true, true)]
                {
                    let line = Line {
                        live,
                        level,
                        emergency,
                        eased,
                    };
                    let sight = who.sight(line);
                    let open = !live
                        || emergency
                        || ["own", "desk"].contains(&name)
                        || name == "staff" && eased;
                    let shown = if open { [true; 4] } else { TABLE[height] };
                    assert_eq!(
                        GROUPS.map(|group| sight.shows(group)),
                        shown,
                        "{name} {line:?}"
                    );
                    assert_eq!(sight.hints(), open || height > 0, "{name} {line:?}");
                    assert_eq!(sight == Sight::ALL, open, "{name} {line:?}");
                    let hidden = shown.iter().filter(|shown| !**shown).count();
                    assert_eq!(sight.hidden().count(), hidden);
                    assert!(sight.hidden().all(|group| !sight.shows(group)));
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 5 * 2 * 4 * 4);
}

#[test]
fn somebody_is_there_by_these_channels_and_no_other() {
    for (channel, live) in CHANNELS {
        assert_eq!(is_live(channel), live, "{channel}");
    }
}

#[test]
fn more_shown_never_hides_more_and_nobody_on_the_line_hides_nothing() {
    assert_eq!(Sight::default(), Sight::ALL);
    for pair in Level::ALL.windows(2) {
        let as_of = |level| Sight {
            level: Some(level),
            addresses: false,
        };
        let (less, more) = (as_of(pair[0]), as_of(pair[1]));
        for group in GROUPS {
            assert!(more.shows(group) || !less.shows(group));
        }
        assert!(more.hints() || !less.hints());
    }
}
