//! The clinic's lexicons on the clinic's labelled examples.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Language, eval};

fn examples() -> Vec<eval::Example> {
    [
        include_str!("../../../clinic/language/examples/en.toml"),
        include_str!("../../../clinic/language/examples/es.toml"),
    ]
    .iter()
    .flat_map(|text| eval::parse_examples(text).unwrap())
    .collect()
}

#[test]
fn the_examples_come_out_right() {
    let examples = examples();
    assert!(examples.len() >= 150, "{} examples", examples.len());
    for language in [Language::En, Language::Es] {
        let report = eval::run(&support::ENGINE, &examples, Some(language));
        let share = |p: eval::Proportion| {
            format!("{}/{} {:.3} {:.3?}", p.hits, p.of, p.value(), p.interval())
        };
        println!(
            "{language}: category {}, urgency {}, emergencies {}, false alarms {}, unsure {}",
            share(report.category),
            share(report.urgency),
            share(report.emergencies_found),
            share(report.false_alarms),
            share(report.unsure)
        );
        for row in &report.rows {
            println!("  {}: {}", row.label, share(row.share));
        }
        for &number in &report.wrong {
            let e = &examples[number];
            let v = support::triage(e.channel, &e.subject, &e.body);
            println!(
                "  wanted {} {}, got {} {}: {} / {}",
                e.category, e.urgency, v.category.value, v.urgency, e.subject, e.body
            );
        }
        assert!(
            report.category.value() >= 0.9,
            "{language}: {:?}",
            report.category
        );
        assert!(
            report.urgency.value() >= 0.9,
            "{language}: {:?}",
            report.urgency
        );
        assert_eq!(
            report.emergencies_found.hits, report.emergencies_found.of,
            "{language}: an emergency was missed"
        );
        assert_eq!(report.false_alarms.hits, 0, "{language}: a false alarm");
        assert!(
            report.unsure.value() <= 0.3,
            "{language}: {:?}",
            report.unsure
        );
    }
}
