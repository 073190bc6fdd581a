//! The clinic's language files: good ones come into use, broken ones are refused with file, line and reason, and the last
//! good ones stay.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_desk::config::Config;
use bedside_desk::triage::models;
use bedside_desk::{audit_log, knowledge, startup};
use bedside_language::{Language, LoadError};
use bedside_testkit::wait_until;
use common::program::{INIT, Program, command, ends, json, run};
use common::{Desk, both_engines};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const RULES: &str = "language/redflags.en.toml";
/// A rule that ships, and a reason of the clinic's own for it.
const RULE: &str = "en.cardiac.chest_pain";
const SHIPPED: &str = "Chest pain or pressure: possible heart attack";
const OWN: &str = "Chest pain, as our doctors call it";

/// The files that ship, with one reason of the clinic's own.
fn write_clinic(folder: &Path) {
    for (name, text) in startup::built_in_clinic() {
        let path = folder.join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    replace(folder, SHIPPED, OWN);
}

/// Writes `to` for `from` in the English rules.
fn replace(folder: &Path, from: &str, to: &str) {
    let path = folder.join(RULES);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Adds to the end of a file. Gives the number of its last line before.
fn add(folder: &Path, name: &str, bytes: &[u8]) -> usize {
    let path = folder.join(name);
    let mut text = fs::read(&path).unwrap();
    let lines = text.split(|byte| *byte == b'\n').count() - 1;
    text.extend(bytes);
    fs::write(path, text).unwrap();
    lines
}

const ENTRY: &str = "[[flag]]\nid = \"own\"\nkind = \"other\"\nlevel = \"hint\"\nreason = \"r\"\nreview = \"2027-05-01\"\n";

/// Ways to break the files, each with what is said of it: file, line, part of the reason.
type Broken = (&'static str, fn(&Path) -> (String, usize, &'static str));

const BROKEN: [Broken; 11] = [
    ("no TOML", |folder| {
        let line = add(folder, RULES, b"[[flag\n") + 1;
        (RULES.to_owned(), line, "expected")
    }),
    ("an unknown key", |folder| {
        let entry = format!("{ENTRY}terms = [\"own words\"]\nloud = true\n");
        let line = add(folder, RULES, entry.as_bytes()) + 8;
        (RULES.to_owned(), line, "loud")
    }),
    ("a phrase that can't be", |folder| {
        let line = add(
            folder,
            RULES,
            format!("{ENTRY}terms = [\"ab*\"]\n").as_bytes(),
        ) + 7;
        (RULES.to_owned(), line, "three letters")
    }),
    ("a phrase of the coach", |folder| {
        let name = "language/coach/phrases.en.toml";
        let line = add(folder, name, b"[[phrase]]\nloud = true\n");
        (name.to_owned(), line + 2, "loud")
    }),
    ("a cue that doesn't say why", |folder| {
        let name = "language/context.en.toml";
        let cue = b"\n[[cue]]\nlist = \"stop\"\nwords = [\"but\"]\nreview = \"2027-03-01\"\n";
        let line = add(folder, name, cue) + 2;
        (name.to_owned(), line, "missing field `reason`")
    }),
    ("bytes that are no text", |folder| {
        let line = add(folder, RULES, b"# se\xF1al\n") + 1;
        (RULES.to_owned(), line, "0xF1 is not UTF-8")
    }),
    ("a file that is missing", |folder| {
        fs::remove_file(folder.join("language/context.ko.toml")).unwrap();
        ("language/context.ko.toml".to_owned(), 0, "missing")
    }),
    ("a list that was cut off", |folder| {
        fs::write(
            folder.join("language/han.txt"),
            "# reason: pairs\n# review: 2027-05-01\n",
        )
        .unwrap();
        ("language/han.txt".to_owned(), 0, "the list is empty")
    }),
    ("rules that were cut off", |folder| {
        let name = "language/redflags.ko.toml";
        fs::write(folder.join(name), "flag = []\n").unwrap();
        (name.to_owned(), 0, "no flag")
    }),
    ("a folder that is empty", |folder| {
        fs::remove_dir_all(folder).unwrap();
        fs::create_dir(folder).unwrap();
        ("language/concepts.toml".to_owned(), 0, "missing")
    }),
    ("a folder that is missing", |folder| {
        fs::remove_dir_all(folder).unwrap();
        (folder.display().to_string(), 0, "can't be read")
    }),
];

#[track_caller]
fn is(refused: &LoadError, (file, line, reason): &(String, usize, &str), what: &str) {
    assert_eq!(
        (&refused.file, refused.line),
        (file, *line),
        "{what}: {refused}"
    );
    assert!(refused.reason.contains(reason), "{what}: {refused}");
}

#[test]
fn whatever_is_broken_is_refused_and_the_last_good_files_stay() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clinic = folder.path().join("clinic");
    let config = Config {
        data: data.path().to_owned(),
        clinic: Some(clinic.clone()),
        ..Config::default()
    };
    for (what, break_it) in BROKEN {
        write_clinic(&clinic);
        let said = break_it(&clinic);
        let refused = knowledge::start(&config, true).err().unwrap();
        is(&refused, &said, what);
    }
    let _ = fs::remove_dir_all(&clinic);
    write_clinic(&clinic);
    let reads = knowledge::start(&config, false).unwrap();
    assert_eq!(reads.knowledge().engine.why(RULE, Language::En), Some(OWN));
    assert_eq!(
        knowledge::kept::copies(&config),
        [],
        "who only reads keeps nothing"
    );
    assert_eq!(knowledge::start(&config, true).unwrap().refused(), None);
    for (what, break_it) in BROKEN {
        let _ = fs::remove_dir_all(&clinic);
        write_clinic(&clinic);
        let said = break_it(&clinic);
        let shelf = knowledge::start(&config, true).unwrap();
        is(&shelf.refused().unwrap(), &said, what);
        // What is in use is the clinic's own, not what ships.
        assert_eq!(
            shelf.knowledge().engine.why(RULE, Language::En),
            Some(OWN),
            "{what}"
        );
    }
}

#[test]
fn nobody_adopts_a_model_or_goes_back_without_a_name() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path();
    fs::create_dir_all(models::folder(data)).unwrap();
    fs::write(models::file(data, 1), startup::shipped_model().unwrap()).unwrap();
    let told = |args: &[&str], code| ends(&run(data, &[&["language"][..], args].concat()), code);
    told(&["adopt", "1"], 2);
    told(&["adopt", "1", "--by", " "], 2);
    assert!(models::history(data).unwrap().is_empty());
    told(&["adopt", "1", "--by", "Rosario Vega"], 0);
    told(&["rollback"], 2);
    assert_eq!(models::history(data).unwrap(), [1]);
    told(&["rollback", "--by", "Nora Bell"], 0);
    assert!(models::history(data).unwrap().is_empty());
    let (count, decisions) = models::unnoted(data).unwrap();
    let said = decisions
        .iter()
        .map(|one| (one.did, one.version, one.by.as_str()));
    assert_eq!(count, 2);
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            (models::Did::Adopt, Some(1), "Rosario Vega"),
            (models::Did::Rollback, None, "Nora Bell"),
        ]
    );
}

both_engines! {
    async fn files_are_read_anew_while_the_desk_works(desk: Desk) {
        let folder = tempfile::tempdir().unwrap();
        write_clinic(folder.path());
        let desk = Desk::of_clinic(desk.engine, Some(folder.path())).await;
        let (app, nobody) = (&desk.app, desk.stranger());
        let why = || app.knowledge().engine.why(RULE, Language::En).map(str::to_owned);
        let admin = desk.browser(Role::Administrator).await;
        let audited = async || {
            let client = desk.client("audit:read").await;
            let found = client.get("/api/v1/audit").await.expect(200).json();
            let entries = found["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "language.read");
            entries.map(|entry| entry["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(why().as_deref(), Some(OWN));
        assert!(!admin.get("/settings").await.expect(200).text().contains("notice-error"));

        replace(folder.path(), OWN, "Something new");
        assert_eq!(why().as_deref(), Some(OWN), "nobody said that they changed");
        let before = app.knowledge();
        knowledge::reload(app).await.unwrap();
        assert_eq!(why().as_deref(), Some("Something new"));
        assert_eq!(before.engine.why(RULE, Language::En), Some(OWN), "a look that has begun ends with what it began with");

        replace(folder.path(), "Something new", "Something newer");
        let line = add(folder.path(), RULES, b"# se\xF1al\n") + 1;
        knowledge::reload(app).await.unwrap();
        assert_eq!(why().as_deref(), Some("Something new"));
        let told = nobody.get("/readyz").await.expect(200).json();
        assert_eq!(told["ready"], true);
        let warning = told["warnings"][0].as_str().unwrap();
        assert!(warning.contains("older ones are in use") && !warning.contains("redflags"), "whoever asks may be anybody: {warning}");
        let page = admin.get("/settings").await.expect(200).text();
        assert!(page.contains("notice-error") && page.contains(&format!("{RULES}, line {line}")) && page.contains("0xF1"), "{page}");

        write_clinic(folder.path());
        knowledge::reload(app).await.unwrap();
        assert_eq!(why().as_deref(), Some(OWN));
        assert!(nobody.get("/readyz").await.expect(200).json().get("warnings").is_none());
        assert_eq!(audited().await, ["ok", "failed", "ok"]);
        desk.audit_is_whole().await;
    }

    async fn an_adopted_model_that_is_gone_is_told_and_replaces_none_that_works(desk: Desk) {
        let (app, nobody) = (&desk.app, desk.stranger());
        let data = &app.config.data;
        fs::create_dir_all(models::folder(data)).unwrap();
        fs::write(models::file(data, 1), startup::shipped_model().unwrap()).unwrap();
        models::adopt(data, 1).unwrap();
        knowledge::reload(app).await.unwrap();
        assert_eq!(app.shelf.refused(), None);
        let used = app.knowledge();
        fs::remove_file(models::file(data, 1)).unwrap();
        for (bytes, why) in [(None, "os error 2"), (Some(b"no model"), "can't be used")] {
            if let Some(bytes) = bytes {
                fs::write(models::file(data, 1), bytes).unwrap();
            }
            knowledge::reload(app).await.unwrap();
            let refused = app.shelf.refused().unwrap();
            assert!(refused.file == "language/model-0001.bin" && refused.reason.contains(why), "{refused}");
            assert!(refused.reason.contains("rollback"), "{refused}");
            assert!(Arc::ptr_eq(&used, &app.knowledge()), "the one that works stays");
            assert!(nobody.get("/readyz").await.expect(200).json()["warnings"][0].is_string());
        }
        // At a start there is none that works yet: an older one is better than none, and it is said.
        let started = knowledge::start(&app.config, false).unwrap();
        assert_eq!(started.refused(), app.shelf.refused());
        assert!(started.knowledge().engine.model().is_some());
        models::roll_back(data).unwrap();
        knowledge::reload(app).await.unwrap();
        assert_eq!(app.shelf.refused(), None);
    }

    async fn who_adopted_a_model_or_went_back_stands_in_the_log_once(desk: Desk) {
        let (app, data) = (&desk.app, &desk.app.config.data);
        fs::create_dir_all(models::folder(data)).unwrap();
        fs::write(models::file(data, 1), startup::shipped_model().unwrap()).unwrap();
        let decide = |did, version, by: &str| {
            let decision = models::Decision { did, version, by: by.to_owned(), at: app.now() };
            models::sign(data, &decision).unwrap();
        };
        let noted = async || {
            let log = audit_log::list(app, &desk.system(), None, 100).await.unwrap();
            let about = log.into_iter().filter(|entry| matches!(entry.action.as_str(), "language.adopt" | "language.rollback"));
            let detail = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            about.map(|entry| (entry.action, detail(&entry.detail))).collect::<Vec<_>>()
        };
        decide(models::Did::Adopt, Some(1), "Rosario Vega");
        models::adopt(data, 1).unwrap();
        assert!(noted().await.is_empty(), "the desk has not read it");
        for _ in 0..2 {
            knowledge::reload(app).await.unwrap();
            let noted = noted().await;
            assert_eq!(noted.len(), 1, "{noted:?}");
            assert_eq!((noted[0].0.as_str(), &noted[0].1["version"], &noted[0].1["by"]), ("language.adopt", &serde_json::json!(1), &serde_json::json!("Rosario Vega")));
            assert_eq!(noted[0].1["at"], serde_json::json!(app.now().to_string()));
        }
        decide(models::Did::Rollback, None, "Nora Bell");
        models::roll_back(data).unwrap();
        knowledge::note_decisions(app).await.unwrap();
        let noted = noted().await;
        assert_eq!((noted.len(), noted[0].0.as_str(), &noted[0].1["by"]), (2, "language.rollback", &serde_json::json!("Nora Bell")));
        // What is read says which version is in use.
        let log = audit_log::list(app, &desk.system(), None, 100).await.unwrap();
        let read = log.iter().find(|entry| entry.action == "language.read").unwrap();
        assert_eq!(read.detail, r#"{"model":0}"#);
        desk.audit_is_whole().await;
    }

    async fn what_is_due_for_review_stands_in_the_settings(desk: Desk) {
        let folder = tempfile::tempdir().unwrap();
        write_clinic(folder.path());
        let desk = Desk::of_clinic(desk.engine, Some(folder.path())).await;
        let admin = desk.browser(Role::Administrator).await;
        assert!(!admin.get("/settings").await.expect(200).text().contains("due for review"));
        let line = add(folder.path(), RULES, format!("{}terms = [\"own words\"]\n", ENTRY.replace("2027-05-01", "2020-02-29")).as_bytes()) + 6;
        knowledge::reload(&desk.app).await.unwrap();
        let page = admin.get("/settings").await.expect(200).text();
        assert!(page.contains("One language file is due for review"), "{page}");
        assert!(page.contains(&format!("Feb 29, 2020 (line {line})")), "{page}");
        // What takes an alarm back, and the words of concepts, are entries like any other.
        for (name, review) in [("language/context.vi.toml", "2027-03-01"), ("language/concepts.vi.toml", "2027-05-01")] {
            let path = folder.path().join(name);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replacen(review, "2020-01-31", 1)).unwrap();
        }
        knowledge::reload(&desk.app).await.unwrap();
        let page = admin.get("/settings").await.expect(200).text();
        assert!(page.contains("3 language files are due for review"), "{page}");
        assert!(page.contains("Jan 31, 2020 (line "), "{page}");
    }
}

/// What `bedside check` says of the language files.
fn check(data: &Path, clinic: &Path, code: i32) -> Vec<(String, String)> {
    let mut command = command(data, &["check", "--json"]);
    let output = command.env("BEDSIDE_CLINIC", clinic).output().unwrap();
    ends(&output, code);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = told["findings"].as_array().unwrap().iter();
    findings
        .filter(|one| one["what"] == "language")
        .map(|one| (text(&one["state"]), text(&one["text"])))
        .collect()
}

#[test]
fn a_desk_that_serves_starts_with_broken_files_and_takes_mended_ones() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (data, clinic) = (data.path(), folder.path());
    write_clinic(clinic);
    json(&run(data, &INIT));
    let serve = || {
        Program::serve_with(data, |command| {
            command.env("BEDSIDE_CLINIC", clinic);
        })
    };
    let warned = |program: &Program| {
        let told = program.http(None).get("/readyz").unwrap();
        assert_eq!(told.status, 200);
        told.json()["warnings"][0].as_str().map(str::to_owned)
    };
    let program = serve();
    assert_eq!(warned(&program), None);
    assert!(program.stop().success());
    assert_eq!(check(data, clinic, 0)[0].0, "ok");

    let line = add(clinic, RULES, b"[[flag\n") + 1;
    let place = format!("{RULES}, line {line}");
    let found = check(data, clinic, 1);
    assert!(
        found[0].0 == "wrong" && found[0].1.contains(&place),
        "{found:?}"
    );
    let program = serve();
    assert!(warned(&program).is_some());
    let log = program.log();
    assert!(
        log.contains("the clinic's language files can't be used") && log.contains(RULES),
        "{log}"
    );

    write_clinic(clinic);
    let hang_up = Command::new("kill")
        .args(["-HUP", &program.id().to_string()])
        .status();
    assert!(hang_up.unwrap().success());
    wait_until(|| warned(&program).is_none(), Duration::from_mins(1)).unwrap();
    assert!(program.stop().success());

    // Without a copy there is nothing to go on with.
    add(clinic, RULES, b"[[flag\n");
    fs::remove_file(data.join("language/kept")).unwrap();
    let mut command = command(data, &["serve"]);
    let output = command.env("BEDSIDE_CLINIC", clinic).output().unwrap();
    let told = ends(&output, 2);
    assert!(told.contains(&place), "{told}");
    assert_eq!(check(data, clinic, 2)[0].0, "wrong");
}
