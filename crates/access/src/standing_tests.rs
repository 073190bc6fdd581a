use super::*;
use Method::{Approval, CallBack, Code, Details, Emergency, SignedIn, SignedInNew};

const NOW: i64 = 1_000_000;
const HOUR: i64 = 3600;

type Shows = Evidence<u8, &'static str, i64>;

/// Something of patient 1 that `by` saw so many seconds ago, and that counts for an hour.
fn seen(method: Method, ago: i64, by: &'static str) -> Shows {
    Evidence {
        method,
        patient: Some(1),
        by: Some(by),
        made_at: NOW - ago,
        expires_at: NOW - ago + HOUR,
    }
}

fn one(method: Method) -> Shows {
    seen(method, 60, "ana")
}

fn of(number: u8, mut one: Shows) -> Shows {
    one.patient = Some(number);
    one
}

fn of_methods(methods: &[Method]) -> Standing<u8, &'static str, i64> {
    let all: Vec<Shows> = methods.iter().copied().map(one).collect();
    standing(&all, NOW)
}

#[test]
fn each_row_of_the_table_needs_the_ones_before() {
    for (methods, expected) in [
        (&[][..], Level::L0),
        (&[Code], Level::L0),
        (&[CallBack], Level::L0),
        (&[Approval], Level::L0),
        (&[CallBack, Approval], Level::L0),
        (&[Code, CallBack], Level::L0),
        (&[Emergency], Level::L0),
        (&[Details], Level::L1),
        (&[SignedInNew], Level::L1),
        (&[Details, CallBack], Level::L1),
        (&[Details, Approval], Level::L1),
        (&[SignedInNew, CallBack, Approval], Level::L1),
        (&[Details, Emergency], Level::L1),
        (&[Details, Code], Level::L2),
        (&[SignedInNew, Code], Level::L2),
        (&[SignedIn], Level::L2),
        (&[Details, Code, Code, Emergency], Level::L2),
        (&[Details, Code, CallBack], Level::L3),
        (&[Details, Code, Approval], Level::L3),
        (&[SignedIn, CallBack], Level::L3),
        (&[Details, Code, CallBack, Approval], Level::L3),
    ] {
        let now = of_methods(methods);
        assert_eq!(now.level, expected, "{methods:?}");
        let patient = (expected > Level::L0).then_some(1);
        assert_eq!(now.patient, patient, "{methods:?}");
    }
}

/// Every set of methods, so that no way to a level is left out.
#[test]
fn no_set_of_methods_reaches_a_level_by_another_way() {
    for bits in 0..1_u32 << Method::ALL.len() {
        let all = Method::ALL.iter().enumerate();
        let methods: Vec<Method> = all
            .filter(|(at, _)| bits & (1 << at) != 0)
            .map(|(_, method)| *method)
            .collect();
        let has = |method| methods.contains(&method);
        let first = has(Details) || has(SignedIn) || has(SignedInNew);
        let second = first && (has(Code) || has(SignedIn));
        let third = second && (has(CallBack) || has(Approval));
        let expected = match (first, second, third) {
            (_, _, true) => Level::L3,
            (_, true, _) => Level::L2,
            (true, ..) => Level::L1,
            _ => Level::L0,
        };
        let now = of_methods(&methods);
        assert_eq!(now.level, expected, "{methods:?}");
        assert_eq!(
            now.both,
            second && has(CallBack) && has(Approval),
            "{methods:?}"
        );
        assert_eq!(now.emergency.is_some(), has(Emergency), "{methods:?}");
    }
}

#[test]
fn evidence_is_of_the_patient_of_the_newest_details() {
    let mixed = [
        seen(Details, 600, "ana"),
        seen(Code, 500, "ana"),
        of(2, seen(Details, 60, "bo")),
    ];
    let now = standing(&mixed, NOW);
    assert_eq!((now.level, now.patient), (Level::L1, Some(2)));
    let more = [of(2, one(Code)), of(1, one(CallBack)), of(2, one(Details))];
    assert_eq!(standing(&more, NOW).level, Level::L2);
    let nobodys = Evidence {
        patient: None,
        ..one(Details)
    };
    assert_eq!(standing(&[nobodys, one(Code)], NOW), Standing::default());
}

#[test]
fn it_ends_with_its_first_part() {
    let whole = [
        seen(Details, 3000, "ana"),
        seen(Code, 60, "bo"),
        seen(CallBack, 600, "cy"),
    ];
    let now = standing(&whole, NOW);
    assert_eq!((now.level, now.until), (Level::L3, Some(NOW + 600)));
    assert_eq!(
        (now.by, &now.makers[..]),
        (Some("bo"), &["ana", "bo", "cy"][..])
    );
    assert_eq!(standing(&whole, NOW + 599).level, Level::L3);
    assert_eq!(standing(&whole, NOW + 600), Standing::default());
    let alone = Evidence {
        by: None,
        ..one(SignedIn)
    };
    let now = standing(&[alone], NOW);
    assert_eq!((now.by, now.makers.is_empty()), (None, true));
}

#[test]
fn an_emergency_opens_the_second_level_and_proves_nobody() {
    let calls = [seen(Emergency, 60, "ana"), seen(Emergency, 30, "ana")];
    let now = standing(&calls, NOW);
    assert_eq!((now.level, now.counts_as()), (Level::L0, Level::L2));
    assert_eq!((now.patient, now.emergency), (None, Some(NOW - 30 + HOUR)));
    assert_eq!(now.holds(Level::L0), None);
    assert_eq!(standing(&calls, NOW - 30 + HOUR), Standing::default());
    for (methods, counts) in [
        (&[][..], Level::L0),
        (&[Details], Level::L1),
        (&[Details, Emergency], Level::L2),
        (&[Details, Code, CallBack, Emergency], Level::L3),
    ] {
        assert_eq!(of_methods(methods).counts_as(), counts, "{methods:?}");
    }
    let urgent = of_methods(&[Details, Code, CallBack, Approval, Emergency]);
    let left = Standing {
        emergency: urgent.emergency,
        ..Standing::default()
    };
    assert!(left.emergency.is_some());
    assert_eq!(urgent.of_nobody(), left);
}

#[test]
fn who_they_are_holds_up_to_their_level() {
    let second = of_methods(&[Details, Code]);
    for level in Level::ALL {
        let patient = (level <= Level::L2).then_some(1);
        assert_eq!(second.holds(level), patient, "{level:?}");
    }
}

#[test]
fn what_was_shown_opens_its_groups_and_no_others() {
    use Group::{Billing, Clinical, Contact, Logistics, Records};
    let third = [Details, Code, CallBack];
    let fourth = [Details, Code, CallBack, Approval];
    let small = [Logistics, Clinical, Billing];
    let all = [Logistics, Clinical, Billing, Contact, Records];
    let table: [(&[Method], &[Group], &[Group]); 7] = [
        (&[], &[], &[]),
        (&[Details], &[Logistics], &[]),
        (&[Details, Code], &small, &[Logistics]),
        (&third, &all, &small),
        (&fourth, &all, &all),
        (&[Emergency], &small, &small),
        (&[Details, Emergency], &small, &small),
    ];
    for (methods, plain, raised) in table {
        let now = of_methods(methods);
        assert_eq!(opens(&shown(&now, false, Scope::ALL)), plain, "{methods:?}");
        assert_eq!(opens(&shown(&now, true, Scope::ALL)), raised, "{methods:?}");
        // What was shown is enough for the same, but for what an emergency opens and nobody showed.
        if now.emergency.is_none() {
            for group in Group::ALL {
                assert_eq!(reaches(&now, *group, false), plain.contains(group));
                assert_eq!(reaches(&now, *group, true), raised.contains(group));
            }
        }
    }
    let emergency = of_methods(&[Emergency]);
    assert!(!reaches(&emergency, Logistics, false));
    assert_eq!(opens(&shown(&of_methods(&third), false, Scope::NONE)), []);
}

fn confirms(since: i64, held: Option<i64>, bounced: bool) -> Result<(), Unusable<i64>> {
    usable(since, held, bounced, NOW, |at, seconds| at + seconds)
}

#[test]
fn an_address_confirms_once_it_is_long_on_file_and_free() {
    let month = 30 * 86_400;
    assert_eq!(confirms(NOW - month - 1, None, false), Ok(()));
    let new = |at| -> Result<(), Unusable<i64>> { Err(Unusable::New(at)) };
    assert_eq!(confirms(NOW - month, None, false), new(NOW));
    assert_eq!(confirms(NOW - 86_400, None, true), new(NOW + 29 * 86_400));
    let old = NOW - 400 * 86_400;
    let held: Result<(), Unusable<i64>> = Err(Unusable::Held(NOW + 1));
    assert_eq!(confirms(old, Some(NOW + 1), true), held);
    assert_eq!(confirms(NOW, Some(NOW + 1), false), held);
    assert_eq!(confirms(old, Some(NOW), false), Ok(()));
    assert_eq!(confirms(old, Some(NOW - 1), false), Ok(()));
    assert_eq!(confirms(old, Some(NOW - 1), true), Err(Unusable::CameBack));
    assert_eq!(confirms(old, None, true), Err(Unusable::CameBack));
}
