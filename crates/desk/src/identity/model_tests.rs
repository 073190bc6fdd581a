use super::*;
use crate::records::Scope;
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn patient(number: u128) -> PatientId {
    PatientId::from_uuid(Uuid::from_u128(number))
}

fn shown(method: Method, of: u128, made: i64) -> Evidence {
    let made_at = NOW.plus_seconds(made);
    Evidence {
        method,
        patient: Some(patient(of)),
        by: Some(StaffId::from_uuid(Uuid::from_u128(9))),
        made_at,
        expires_at: made_at.plus_seconds(LASTS),
    }
}

/// Somebody at `level`.
fn at(level: Level) -> Standing {
    Standing {
        level,
        ..Standing::default()
    }
}

fn opens_at(level: Level, raised: bool) -> Vec<Group> {
    opens(&super::shown(&at(level), raised, Scope::ALL))
}

#[test]
fn an_address_confirms_after_thirty_days_of_this_desks_clock() {
    let days = |days: i64| NOW.plus_seconds(-days * DAY);
    assert_eq!(usable(days(31), None, false, NOW), Ok(()));
    assert_eq!(usable(days(30), None, false, NOW), Err(Unusable::New(NOW)));
}

#[test]
fn masks_keep_a_letter_or_two_digits() {
    for (value, masked) in [
        ("maria@example.org", "m•••@e•••.org"),
        ("m@x", "m•••@x•••"),
        ("+1 (312) 555-0147", "••• 47"),
        ("7", "••• 7"),
        ("", "••• "),
    ] {
        assert_eq!(mask(value), masked);
    }
}

fn any_evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let one = (0..Method::ALL.len(), 1..3_u128, -2 * LASTS..1)
        .prop_map(|(method, of, made)| shown(Method::ALL[method], of, made));
    proptest::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn no_level_without_the_details_of_that_patient(evidence in any_evidence()) {
        let now = standing(&evidence, NOW);
        let live = |method: Method| {
            evidence.iter().any(|one| one.method == method && one.patient == now.patient && one.expires_at > NOW)
        };
        prop_assert_eq!(now.level >= Level::L1, now.patient.is_some());
        let (signed_in, new) = (live(Method::SignedIn), live(Method::SignedInNew));
        prop_assert!(now.level < Level::L1 || live(Method::Details) || signed_in || new);
        prop_assert!(now.level < Level::L2 || live(Method::Code) || signed_in);
        prop_assert!(now.level < Level::L3 || live(Method::CallBack) || live(Method::Approval));
        prop_assert_eq!(now.makers.is_empty(), now.level == Level::L0);
        prop_assert!(now.until.is_none_or(|until| until > NOW && until <= NOW.plus_seconds(LASTS)));
    }

    #[test]
    fn an_hour_later_nothing_is_left(evidence in any_evidence()) {
        let later = standing(&evidence, NOW.plus_seconds(LASTS));
        prop_assert_eq!(later.counts_as(), Level::L0);
    }

    #[test]
    fn more_evidence_of_the_same_patient_never_lowers(evidence in any_evidence(), method in 0..Method::ALL.len()) {
        let before = standing(&evidence, NOW);
        if let Some(of) = before.patient {
            let more = [evidence, vec![Evidence { patient: Some(of), ..shown(Method::ALL[method], 1, 0) }]].concat();
            prop_assert!(standing(&more, NOW).level >= before.level);
        }
    }

    #[test]
    fn a_flag_never_opens_more_and_a_level_never_less(from in 0..4_usize, to in 0..4_usize, raised: bool) {
        let levels = [Level::L0, Level::L1, Level::L2, Level::L3];
        let (low, high) = (levels[from.min(to)], levels[from.max(to)]);
        let all = opens_at(high, raised);
        prop_assert!(opens_at(low, raised).iter().all(|group| all.contains(group)));
        prop_assert!(opens_at(low, true).iter().all(|group| opens_at(low, false).contains(group)));
    }

    #[test]
    fn every_code_is_read_as_it_is_said(random: [u8; 8], gap in "[ -]{0,3}") {
        let code = code_of(random);
        prop_assert_eq!(code.len(), CODE_DIGITS);
        let said = format!(" {}{gap}{} ", &code[..3], &code[3..]);
        prop_assert_eq!(code_digits(&said), Some(code));
    }

    #[test]
    fn whatever_is_typed_is_six_digits_or_no_code(typed in "\\PC{0,40}") {
        prop_assert!(code_digits(&typed).is_none_or(|code| code.len() == CODE_DIGITS));
    }

    #[test]
    fn a_mask_holds_no_more_than_two_signs_of_the_value(local in "[a-z]{2,20}", domain in "[a-z]{2,20}", digits in "[0-9]{7,15}") {
        let masked = mask(&format!("{local}@{domain}.org"));
        prop_assert_eq!(masked, format!("{}•••@{}•••.org", &local[..1], &domain[..1]));
        prop_assert_eq!(mask(&digits).chars().filter(char::is_ascii_digit).count(), 2);
    }
}
