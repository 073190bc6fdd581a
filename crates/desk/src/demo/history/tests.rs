//! What the full demo tells, counted in its plan; `tests/demo.rs` lives through it.

use super::*;
use crate::config::clinic;
use crate::startup::built_in_clinic;
use bedside_db::Id;
use std::collections::BTreeSet;

const DAY: i64 = 86_400;

fn team() -> Vec<Colleague> {
    let clinic = clinic::parse(&built_in_clinic()).unwrap();
    let colleague = |(number, role): (u8, &Role)| Colleague {
        id: Id::from_bytes([number; 16]),
        role: Arc::new(role.clone()),
        name: "Ana Agent",
    };
    let roles = clinic.roles.iter().map(|one| &one.role);
    (0..).zip(roles).map(colleague).collect()
}

#[test]
fn the_full_demo_tells_thousands_of_requests_of_hundreds_of_people() {
    let end = Timestamp::from_micros(1_772_463_600_000_000);
    let (size, zone) = (Size::FULL, TimeZone::UTC);
    let mut chance = Chance::new(SEED);
    let people = people::people(&mut chance, size.patients);
    let different =
        |of: fn(&Person) -> &String| people.iter().map(of).collect::<BTreeSet<_>>().len();
    assert!(people.len() >= 300, "a few hundred patients");
    assert_eq!(different(|one| &one.email), people.len());
    assert_eq!(different(|one| &one.mrn), people.len());

    let tales = plan(&mut chance, &people, &team(), size.tickets, &zone, end);
    assert!(tales.len() >= 3000, "thousands of requests");
    let days: BTreeSet<_> = tales
        .iter()
        .map(|(at, _)| end.seconds_since(*at) / DAY)
        .collect();
    assert!(days.first() == Some(&0) && days.last() <= Some(&DAYS));
    assert!(days.len() > 85, "every day has some: {days:?}");
    let writers: BTreeSet<_> = tales.iter().map(|(_, tale)| tale.person).collect();
    assert!(writers.len() > 200, "{}", writers.len());
    let categories: BTreeSet<_> = tales.iter().map(|(_, tale)| &tale.story.category).collect();
    assert!(categories.len() >= 8, "{categories:?}");

    let share = |of: &dyn Fn(&Tale) -> bool| {
        tales.iter().filter(|(_, tale)| of(tale)).count() * 100 / tales.len()
    };
    let says = |tale: &Tale, wanted: Step| tale.steps.iter().any(|(_, step)| *step == wanted);
    let spanish = share(&|tale| people[tale.person].locale == Locale::Es);
    assert!((10..90).contains(&spanish), "{spanish} % in Spanish");
    assert!(
        share(&|tale| says(tale, Step::Answer)) > 95,
        "nearly all are answered"
    );
    assert!(share(&|tale| says(tale, Step::Again)) > 30, "many go on");
    assert!(share(&|tale| says(tale, Step::Rate)) > 20, "many are rated");
    for channel in [Channel::Email, Channel::WebForm, Channel::Portal] {
        assert!(share(&|tale| tale.channel == channel) > 4, "{channel:?}");
    }
    let (at, crisis) = &tales[0];
    assert_eq!(
        (crisis.story.category.as_str(), crisis.steps.len()),
        ("crisis", 1)
    );
    assert!(end.seconds_since(*at) < 600, "one emergency is fresh");
}
