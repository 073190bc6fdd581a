//! Every kind of asker against every question.

use super::*;
use crate::labels::Label;
use std::collections::BTreeSet;

const HERE: u8 = 1;
const ELSEWHERE: u8 = 2;

fn queues() -> Queues<u8> {
    Queues::Only(BTreeSet::from([HERE]))
}

fn held<'a>(permissions: &[Permission], clinical: bool, queues: &'a Queues<u8>) -> Held<'a, u8> {
    Held {
        permissions: Permissions::of(permissions),
        clinical,
        queues,
    }
}

#[test]
fn a_permission_opens_what_it_names_to_people_and_systems_that_hold_it() {
    let queues = queues();
    for one in Permission::ALL.iter().copied() {
        for other in Permission::ALL.iter().copied() {
            let held = held(&[one], true, &queues);
            let expected = if one == other {
                Ok(())
            } else {
                Err(Refusal::Forbidden)
            };
            assert_eq!(Who::Staff(held).authorize(other), expected, "{one:?}");
            assert_eq!(Who::Token(held).authorize(other), expected, "{one:?}");
        }
        assert_eq!(Who::<u8>::Desk.authorize(one), Ok(()));
        assert_eq!(Who::<u8>::Own.authorize(one), Err(Refusal::Forbidden));
        assert_eq!(Who::<u8>::Visitor.authorize(one), Err(Refusal::Unknown));
    }
}

#[test]
fn what_somebody_opens_is_what_they_were_given() {
    let queues = queues();
    let permissions = Permissions::of(&[Permission::AuditRead]);
    let given = |clinical| held(&[Permission::AuditRead], clinical, &queues);
    let all = Queues::All;
    for (who, permissions, clinical, queues, refusal) in [
        (
            Who::Staff(given(true)),
            permissions,
            true,
            &queues,
            Refusal::Forbidden,
        ),
        (
            Who::Staff(given(false)),
            permissions,
            false,
            &queues,
            Refusal::Forbidden,
        ),
        // No other system is a clinician, whatever it was given.
        (
            Who::Token(given(true)),
            permissions,
            false,
            &queues,
            Refusal::Forbidden,
        ),
        (Who::Own, Permissions::NONE, false, &all, Refusal::Forbidden),
        (
            Who::Visitor,
            Permissions::NONE,
            false,
            &all,
            Refusal::Unknown,
        ),
        (Who::Desk, Permissions::ALL, true, &all, Refusal::Forbidden),
    ] {
        assert_eq!(who.permissions(), permissions, "{who:?}");
        assert_eq!(who.is_clinical(), clinical, "{who:?}");
        assert_eq!(who.refusal(), refusal, "{who:?}");
        let queues = queues.clone();
        let reach = Reach {
            permissions,
            clinical,
            queues,
        };
        assert_eq!(who.reach(), reach, "{who:?}");
    }
}

#[test]
fn nobody_hands_on_more_than_they_have() {
    use Permission::{StaffManage, TicketsRead};
    let queues = queues();
    let given = |permissions: &[Permission]| Reach {
        permissions: Permissions::of(permissions),
        clinical: false,
        queues: queues.clone(),
    };
    let manager = Who::Staff(held(&[StaffManage, TicketsRead], false, &queues));
    let reader = Who::Staff(held(&[TicketsRead], false, &queues));
    let read = given(&[TicketsRead]);
    let clinical = Reach {
        clinical: true,
        ..read.clone()
    };
    for (who, reach, expected) in [
        (manager, &read, Ok(())),
        (manager, &given(&[]), Ok(())),
        (
            manager,
            &given(&[Permission::AuditRead]),
            Err(Refusal::Forbidden),
        ),
        (manager, &clinical, Err(Refusal::Forbidden)),
        // Having it is not enough: handing on is a permission of its own.
        (reader, &read, Err(Refusal::Forbidden)),
        (Who::Own, &given(&[]), Err(Refusal::Forbidden)),
        (Who::Visitor, &given(&[]), Err(Refusal::Unknown)),
        (Who::Desk, &clinical, Ok(())),
    ] {
        assert_eq!(who.hands_on(reach), expected, "{who:?} {reach:?}");
    }
}

#[test]
fn whoever_may_do_everything_names_a_provider_and_nobody_else() {
    let queues = queues();
    let who = |permissions| {
        Who::Staff(Held {
            permissions,
            clinical: false,
            queues: &queues,
        })
    };
    let manager = Permissions::of(&[Permission::StaffManage, Permission::PeopleProvision]);
    assert_eq!(who(Permissions::ALL).names_providers(), Ok(()));
    assert_eq!(who(manager).names_providers(), Err(Refusal::Forbidden));
    assert_eq!(Who::<u8>::Desk.names_providers(), Ok(()));
    assert_eq!(Who::<u8>::Visitor.names_providers(), Err(Refusal::Unknown));
    assert_eq!(Who::<u8>::Own.names_providers(), Err(Refusal::Forbidden));
}

#[test]
fn whoever_watches_over_privacy_decides_on_all_and_others_on_what_they_hand_on() {
    use Permission::{AuditRead, PrivacyReview, StaffManage, TicketsRead};
    let queues = queues();
    let given = |permissions: &[Permission], clinical| Reach {
        permissions: Permissions::of(permissions),
        clinical,
        queues: Queues::All,
    };
    let who = |permissions: &[Permission]| Who::Staff(held(permissions, false, &queues));
    let all = given(&[AuditRead, TicketsRead], true);
    assert_eq!(who(&[PrivacyReview]).decides_on(&all), Ok(()));
    let manager = who(&[StaffManage, TicketsRead]);
    assert_eq!(manager.decides_on(&all), Err(Refusal::Forbidden));
    let narrow = Reach {
        queues: queues.clone(),
        ..given(&[TicketsRead], false)
    };
    assert_eq!(manager.decides_on(&narrow), Ok(()));
    let reader = who(&[TicketsRead]);
    assert_eq!(reader.decides_on(&narrow), Err(Refusal::Forbidden));
    assert_eq!(Who::Visitor.decides_on(&narrow), Err(Refusal::Unknown));
}

#[test]
fn a_queue_and_a_label_keep_things_from_people_and_systems_alone() {
    use Permission::{PatientsVip, RestrictedOpen};
    let queues = queues();
    let vip = Labels::NONE.with(Label::Vip);
    let with = |permissions: &[Permission]| held(permissions, false, &queues);
    let shut = Some(Kept::Label { can_open: false });
    let opens = Some(Kept::Label { can_open: true });
    // Who asks, what keeps a patient with a label from them, and whether other queues are theirs.
    for (who, label, everywhere) in [
        (Who::Staff(with(&[])), shut, false),
        (Who::Staff(with(&[RestrictedOpen])), opens, false),
        (Who::Staff(with(&[PatientsVip])), None, false),
        (
            Who::Staff(with(&[PatientsVip, RestrictedOpen])),
            None,
            false,
        ),
        (Who::Token(with(&[])), shut, false),
        (Who::Token(with(&[RestrictedOpen])), shut, false),
        (Who::Token(with(&[PatientsVip])), None, false),
        (Who::Own, None, true),
        (Who::Visitor, None, true),
        (Who::Desk, None, true),
    ] {
        let away = (!everywhere).then_some(Kept::Queue(ELSEWHERE));
        assert!(who.reaches(HERE), "{who:?}");
        assert_eq!(who.reaches(ELSEWHERE), everywhere, "{who:?}");
        assert!(who.sees(Labels::NONE), "{who:?}");
        assert_eq!(who.sees(vip), label.is_none(), "{who:?}");
        for (queue, labels, expected) in [
            (None, Labels::NONE, None),
            (Some(HERE), Labels::NONE, None),
            (None, vip, label),
            (Some(HERE), vip, label),
            (Some(ELSEWHERE), Labels::NONE, away),
            // A record that is open does not open another queue.
            (Some(ELSEWHERE), vip, away.or(label)),
        ] {
            assert_eq!(
                who.kept(queue, labels),
                expected,
                "{who:?} {queue:?} {labels:?}"
            );
        }
    }
    assert!(Who::Staff(with(&[RestrictedOpen])).may_open());
    for who in [
        Who::Staff(with(&[PatientsVip])),
        Who::Token(with(&[RestrictedOpen])),
        Who::Own,
        Who::Visitor,
        Who::Desk,
    ] {
        assert!(!who.may_open(), "{who:?}");
    }
}
