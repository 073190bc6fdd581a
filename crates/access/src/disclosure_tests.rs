//! Every class, at every level, for every scope: a table that is made, with the rule written down a second time in another
//! form.

use super::*;

/// The lowest level that opens a class, from the table of the reference; none where anybody may know it.
const fn row(class: Class) -> usize {
    match class {
        Class::Public => 0,
        Class::Logistics => 1,
        Class::Clinical | Class::Billing => 2,
        Class::Records => 3,
    }
}

fn all() -> impl Iterator<Item = (Class, Shown)> {
    let bools = [false, true];
    let scopes = || (0..=Scope::ALL.bits()).map(Scope::from_bits);
    let shown = move |class: &Class| {
        let class = *class;
        Level::ALL.into_iter().flat_map(move |level| {
            scopes().flat_map(move |scope| {
                bools.into_iter().flat_map(move |raised| {
                    bools.into_iter().flat_map(move |both| {
                        bools.into_iter().map(move |emergency| {
                            let shown = Shown {
                                level,
                                both,
                                raised,
                                emergency,
                                scope,
                            };
                            (class, shown)
                        })
                    })
                })
            })
        })
    };
    Class::ALL.iter().flat_map(shown)
}

#[test]
fn the_table_of_classes_levels_and_scopes_holds() {
    let mut seen = 0;
    for (class, shown) in all() {
        let height = Level::ALL
            .iter()
            .position(|one| *one == shown.level)
            .unwrap();
        let usual = row(class);
        let asked = (usual + usize::from(shown.raised)).min(3);
        let in_scope = class.group().is_none_or(|group| shown.scope.has(group));
        let expected = match class {
            Class::Public => true,
            Class::Logistics | Class::Clinical | Class::Billing if shown.emergency => true,
            Class::Records if shown.raised => in_scope && height == 3 && shown.both,
            _ => in_scope && height >= asked,
        };
        assert_eq!(shown.opens(class), expected, "{class:?} {shown:?}");
        let leave = let_out(shown, class);
        assert_eq!(leave.is_ok(), expected, "{class:?} {shown:?}");
        match leave {
            Ok(leave) => {
                assert_eq!((leave.class(), leave.level()), (class, shown.level));
                let calm = Shown {
                    emergency: false,
                    ..shown
                };
                assert_eq!(leave.by_emergency(), !calm.opens(class));
            }
            Err(missing) => {
                let expected = match asked {
                    _ if !in_scope => Missing::Scope,
                    _ if height < asked => Missing::Level(Level::ALL[asked]),
                    _ => Missing::Both,
                };
                assert_eq!(missing, expected, "{class:?} {shown:?}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 5 * 4 * 32 * 8);
}

#[test]
fn more_shown_never_opens_less() {
    for (class, shown) in all().filter(|(class, shown)| shown.opens(*class)) {
        let more = [
            Shown {
                level: shown.level.raised(),
                ..shown
            },
            Shown {
                both: true,
                ..shown
            },
            Shown {
                raised: false,
                ..shown
            },
            Shown {
                emergency: true,
                ..shown
            },
            Shown {
                scope: Scope::ALL,
                ..shown
            },
        ];
        for more in more {
            assert!(more.opens(class), "{class:?} {shown:?} {more:?}");
        }
    }
}

#[test]
fn what_nobody_said_the_class_of_is_what_is_open_or_what_anybody_may_know() {
    for (_, shown) in all() {
        for (category, clinical) in [
            ("billing", false),
            ("lab_result", true),
            ("general", false),
            ("crisis", true),
            ("records", false),
        ] {
            let class = shown.usual(category, clinical);
            assert!(shown.opens(class));
            assert!(class == Class::Public || class == Class::usual(category, clinical));
        }
    }
    assert_eq!(Class::usual("appointment", false), Class::Logistics);
    assert_eq!(Class::usual("referral", true), Class::Clinical);
    assert_eq!(Class::usual("our_own", true), Class::Clinical);
    assert_eq!(Class::usual("our_own", false), Class::Public);
}

#[test]
fn a_scope_of_a_newer_program_opens_nothing_more() {
    assert_eq!(Scope::from_bits(1 << 40), Scope::NONE);
    assert_eq!(Scope::from_bits(-1), Scope::ALL);
    assert_eq!(Scope::ALL.list().count(), Group::ALL.len());
    let some: Scope = [Group::Billing, Group::Logistics].into_iter().collect();
    assert_eq!(
        some.list().collect::<Vec<_>>(),
        [Group::Logistics, Group::Billing]
    );
    assert_eq!(some.bits(), 0b101);
    for group in Group::ALL.iter().copied() {
        assert!(Scope::ALL.has(group) && !Scope::NONE.has(group));
        // Twice is once.
        let alone: Scope = [group, group].into_iter().collect();
        assert_eq!(alone.list().collect::<Vec<_>>(), [group]);
        assert_eq!(alone.without(group), Scope::NONE);
        assert_eq!(Scope::NONE.without(group), Scope::NONE);
        for other in Group::ALL.iter().copied() {
            assert_eq!(Scope::ALL.without(group).has(other), group != other);
        }
    }
}

#[test]
fn a_red_flag_asks_for_one_level_more() {
    for (group, usual, raised) in [
        (Group::Logistics, Level::L1, Level::L2),
        (Group::Clinical, Level::L2, Level::L3),
        (Group::Billing, Level::L2, Level::L3),
        (Group::Contact, Level::L3, Level::L3),
        (Group::Records, Level::L3, Level::L3),
    ] {
        assert_eq!((needs(group, false), needs(group, true)), (usual, raised));
    }
    assert_eq!(Level::L0.raised(), Level::L1);
    for (level, code) in Level::ALL.into_iter().zip(["l0", "l1", "l2", "l3"]) {
        assert_eq!(level.code(), code);
    }
}

#[test]
fn only_what_says_nothing_of_health_fits_a_mail() {
    for class in Class::ALL.iter().copied() {
        let fits = matches!(class, Class::Public | Class::Logistics);
        assert_eq!(class.fits_mail(), fits, "{class:?}");
    }
}

/// An address or number is nothing that an answer holds, so that the table above does not reach it.
#[test]
fn addresses_stay_shut_in_an_emergency_and_need_both_under_a_red_flag() {
    let shown = Shown {
        level: Level::L3,
        both: false,
        raised: false,
        emergency: false,
        scope: Scope::ALL,
    };
    let lower = Shown {
        level: Level::L2,
        emergency: true,
        ..shown
    };
    let raised = Shown {
        raised: true,
        ..shown
    };
    let both = Shown {
        both: true,
        ..raised
    };
    let outside = Shown {
        scope: Scope::ALL.without(Group::Contact),
        ..shown
    };
    for (shown, missing, unproven) in [
        (shown, None, None),
        (
            lower,
            Some(Missing::Level(Level::L3)),
            Some(Missing::Level(Level::L3)),
        ),
        (raised, Some(Missing::Both), Some(Missing::Both)),
        (both, None, None),
        (outside, Some(Missing::Scope), None),
    ] {
        assert_eq!(shown.missing(Group::Contact), missing, "{shown:?}");
        assert_eq!(shown.unproven(Group::Contact), unproven, "{shown:?}");
    }
}

#[test]
fn each_category_has_a_class_of_its_own() {
    for (category, class) in [
        ("appointment", Class::Logistics),
        ("billing", Class::Billing),
        ("insurance", Class::Billing),
        ("records", Class::Records),
        ("crisis", Class::Public),
    ] {
        for clinical in [false, true] {
            assert_eq!(Class::usual(category, clinical), class, "{category}");
        }
    }
}
