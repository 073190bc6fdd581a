use std::path::Path;

use super::*;

/// The clinic that the product is shipped with.
fn shipped() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clinic");
    let mut files = BTreeMap::new();
    for folder in ["", "templates"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// What is said about the shipped clinic after one change.
#[track_caller]
fn after(file: &str, from: &str, to: &str) -> (usize, String) {
    let mut files = shipped();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    let error = parse(&files).unwrap_err();
    assert_eq!(error.file, file);
    (error.line, error.reason)
}

#[test]
fn the_shipped_clinic_fits_together() {
    let clinic = parse(&shipped()).unwrap();
    assert_eq!(clinic.queue_of("symptom").unwrap().code, "clinical");
    assert_eq!(clinic.queue_of("nonsense"), None);
    assert_eq!(clinic.queues[0].code, "crisis");
    assert_eq!(
        clinic.hours.week[0],
        [
            Window {
                start: 480,
                end: 750
            },
            Window {
                start: 795,
                end: 1050
            }
        ]
    );
    assert_eq!(clinic.hours.week[6], []);
    assert!(
        clinic
            .hours
            .holidays
            .windows(2)
            .all(|w| w[0].date < w[1].date)
    );
    assert!(clinic.saved_replies.len() >= 12);
}

#[test]
fn emergencies_are_answered_by_numbers_in_every_language() {
    let clinic = parse(&shipped()).unwrap();
    for name in ["acknowledgement", "emergency"] {
        for text in clinic.templates[name].texts.values() {
            assert!(
                text.body.contains("{{ emergency_number }}")
                    && text.body.contains("{{ crisis_number }}")
            );
        }
    }
}

/// File, words in it, what they are changed to, words of the reason.
type Change = (&'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn refused(changes: &[Change]) {
    for (file, from, to, expected) in changes {
        let (line, reason) = after(file, from, to);
        assert!(reason.contains(expected), "{file}, {line}: {reason}");
    }
}

#[test]
fn queues_and_categories_that_do_not_fit_are_named() {
    refused(&[
        (
            "categories.toml",
            "queue = \"billing\"",
            "queue = \"biling\"",
            "no queue \"biling\"",
        ),
        (
            "categories.toml",
            "code = \"records\"",
            "code = \"recodrs\"",
            "no category",
        ),
        (
            "queues.toml",
            "code = \"crisis\"",
            "code = \"panic\"",
            "\"crisis\" is missing",
        ),
        ("queues.toml", ", es = \"Citas\"", "", "\"es\" is missing"),
        (
            "queues.toml",
            "code = \"records\"",
            "code = \"billing\"",
            "twice",
        ),
    ]);
}

#[test]
fn hours_and_targets_that_do_not_fit_are_named() {
    refused(&[
        (
            "hours.toml",
            "08:00-12:30",
            "12:30-08:00",
            "ends before it begins",
        ),
        ("hours.toml", "08:00-12:30", "08:00-25:00", "looks like"),
        ("hours.toml", "08:00-12:30", "8-12", "looks like"),
        (
            "hours.toml",
            "13:15-17:30",
            "12:00-17:30",
            "follow one another",
        ),
        ("hours.toml", "2026-11-26", "2026-11-31", ""),
        ("hours.toml", "2026-11-27", "2026-11-26", "twice"),
        (
            "sla.toml",
            "next_response = 5",
            "next_response = 5\nacknowledgement = 1",
            "unknown field",
        ),
        (
            "sla.toml",
            "first_response = 5",
            "first_response = 0",
            "between",
        ),
        ("sla.toml", "resolution = 60", "resolution = 2", "must grow"),
        (
            "sla.toml",
            "clock = \"always\"",
            "clock = \"business\"",
            "never stops",
        ),
        (
            "sla.toml",
            "urgency = \"low\"",
            "urgency = \"urgent\"",
            "higher",
        ),
    ]);
}

#[test]
fn texts_and_settings_that_do_not_fit_are_named() {
    let acknowledgement = "templates/acknowledgement.toml";
    refused(&[
        (
            "clinic.toml",
            "default_language = \"en\"",
            "default_language = \"fr\"",
            "isn't among",
        ),
        ("clinic.toml", "phone =", "fone =", "fone"),
        (
            "clinic.toml",
            "[emergency]",
            "[emergency]\npoison = \"1\"",
            "unknown field",
        ),
        (
            "templates/secure_link.toml",
            "[es]",
            "[fr]",
            "\"es\" is missing",
        ),
        (
            acknowledgement,
            "{{ answer_by }}",
            "{{ patient_name }}",
            "patient_name",
        ),
        (
            acknowledgement,
            "\"answer_by\"",
            "\"patient_name\"",
            "can't be used here",
        ),
        (
            "saved_replies.toml",
            "{{ date_time }}",
            "{{ when }}",
            "when",
        ),
    ]);
}

#[test]
fn the_line_is_that_of_the_mistake() {
    let text = &shipped()["hours.toml"];
    let expected = 1 + text[..text.find("13:15-17:30").unwrap()]
        .matches('\n')
        .count();
    assert_eq!(
        after("hours.toml", "13:15-17:30", "17:30-13:15").0,
        expected
    );
}

#[test]
fn roles_that_do_not_fit_are_named() {
    let (line, reason) = after("roles.toml", "\"patients:write\"", "\"patients:burn\"");
    assert!(
        reason.contains("no permission \"patients:burn\""),
        "{reason}"
    );
    assert_eq!(line, 20);
    refused(&[
        (
            "roles.toml",
            "code = \"nurse\"",
            "code = \"agent\"",
            "is there twice",
        ),
        (
            "roles.toml",
            "code = \"administrator\"",
            "code = \"chief\"",
            "\"administrator\" is one of",
        ),
        ("roles.toml", "\"staff:manage\", ", "", "may do everything"),
        (
            "roles.toml",
            "[\n    \"settings:read\", \"audit:read\", \"privacy:review\", \"privacy:manage\", \"identity:approve\", \
             \"exceptions:review\",\n    \"restricted:open\",\n]",
            "[]",
            "at least one thing",
        ),
        (
            "roles.toml",
            "idle_minutes = 30",
            "idle_minutes = 1",
            "5 to 480 minutes",
        ),
        (
            "roles.toml",
            "session_minutes = 720",
            "session_minutes = 1441",
            "15 to 1440 minutes",
        ),
        (
            "roles.toml",
            "es = \"Agente\"",
            "fr = \"Agent\"",
            "\"es\" is missing",
        ),
        (
            "roles.toml",
            "called = false",
            "called = false\nqueues = [\"biling\"]",
            "no queue \"biling\"",
        ),
        (
            "roles.toml",
            "called = true",
            "called = true\nqueues = [\"billing\"]",
            "reaches the queue \"crisis\"",
        ),
        (
            "roles.toml",
            "queues = [\"billing\", \"insurance\"]",
            "queue = []",
            "unknown field",
        ),
        (
            "roles.toml",
            "code = \"administrator\"",
            "code = \"administrator\"\nqueues = [\"billing\"]",
            "may do everything",
        ),
        (
            "roles.toml",
            "\"tickets:read\", \"tickets:write\"",
            "\"tickets:write\"",
            "has to see it",
        ),
        (
            "roles.toml",
            "code = \"counsellor\"",
            "code = \"new\"",
            "the code \"new\"",
        ),
    ]);
}

#[test]
fn a_missing_file_is_named() {
    let mut files = shipped();
    files.remove("sla.toml");
    let error = parse(&files).unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("sla.toml", 0));
}

/// Whoever works at a new desk shows two things before anything opens (ASVS 5.0, V6.3.3); what is done without stands in the
/// clinic's own files or settings, and so was decided by somebody.
#[test]
fn every_role_as_shipped_asks_for_a_second_factor() {
    let clinic = parse(&crate::startup::built_in_clinic()).unwrap();
    assert!(clinic.roles.len() > 5);
    for one in &clinic.roles {
        assert_eq!(
            one.role.second_factor,
            crate::staff::SecondFactor::Any,
            "{}",
            one.role.code
        );
    }
}
