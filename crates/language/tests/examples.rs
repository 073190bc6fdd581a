//! The clinic's examples: read, trained from, and measured on.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::LazyLock;

use bedside_language::examples::{Example, Part, of_clinic};
use bedside_language::{
    Category, Engine, Language, Level, Message, Model, Urgency, Verdict, eval, train,
};

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| of_clinic(&support::files()).unwrap());

#[test]
fn every_language_has_examples_to_learn_from_and_to_set_thresholds_on() {
    for &language in Language::ALL {
        for part in [Part::Train, Part::Dev] {
            let some = EXAMPLES
                .iter()
                .filter(|e| e.language == language && e.part == part);
            assert!(some.count() >= 50, "{language} {part:?}");
        }
    }
}

#[test]
fn training_gives_the_model_that_ships() {
    let rules = Engine::load(&support::files(), None).unwrap();
    let shipped = support::model();
    let version = Model::read(&shipped.clone().into())
        .unwrap()
        .about()
        .version;
    let model = train::train(&rules, &EXAMPLES, version).unwrap();
    assert!(
        model.write() == shipped,
        "the examples, the rules or the training changed: run `bedside language train --examples crates/language/examples-data --out clinic/language/model.bin`"
    );
    assert!(shipped.len() < 25 << 20, "{} bytes", shipped.len());
}

/// Far below the figures of `docs/language.md`: this notices that something broke, not that something got
/// a little worse.
#[test]
fn the_shipped_engine_is_not_broken() {
    let dev: Vec<Example> = EXAMPLES
        .iter()
        .filter(|e| e.part == Part::Dev)
        .cloned()
        .collect();
    for report in eval::run(&support::ENGINE, &dev) {
        let name = report.language.map_or("all", Language::tag);
        assert!(
            report.emergencies_seen.value() >= 0.8,
            "{name}: {:?}",
            report.emergencies_seen
        );
        assert!(
            report.ordinary.value() <= 0.2,
            "{name}: {:?}",
            report.ordinary
        );
        assert!(
            report.category.value() >= 0.5,
            "{name}: {:?}",
            report.category
        );
        assert_eq!(report.emergencies.of, report.emergencies_late.of);
    }
}

#[test]
fn an_emergency_is_a_symptom_or_a_crisis_unless_it_is_likelier_none() {
    let dev = EXAMPLES.iter().filter(|e| e.part == Part::Dev);
    let verdicts = dev.map(|example| {
        support::ENGINE.triage(&Message {
            channel: example.channel,
            subject: &example.subject,
            body: &example.body,
            hint_language: None,
        })
    });
    let alarms = verdicts.filter(|v| v.safety.level == Level::Emergency);
    let is_danger = |v: &Verdict| matches!(v.category.value, Category::Symptom | Category::Crisis);
    let (sure, faint): (Vec<_>, Vec<_>) = alarms.partition(|v| v.safety.confidence >= 0.6);
    assert!(sure.iter().all(is_danger));
    assert!(!faint.iter().all(is_danger) && faint.iter().any(is_danger));
    assert!(faint.iter().all(|v| v.urgency == Urgency::Emergency));
}

#[test]
fn too_few_examples_make_no_model() {
    let rules = Engine::load(&support::files(), None).unwrap();
    let error = train::train(&rules, &EXAMPLES[..10], 1).unwrap_err();
    assert_eq!(error, train::TrainError::TooFew(train::FEWEST));
}
