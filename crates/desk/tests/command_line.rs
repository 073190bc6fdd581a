//! The program itself, run as people run it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::program::{INIT, ends, json};
use common::program_on_both_engines;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs `bedside` in `folder` and waits for its end.
fn bedside(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the program runs")
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedside"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEDSIDE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command
}

fn init(folder: &Path) -> serde_json::Value {
    json(&bedside(folder, &INIT))
}

/// A desk that serves until it is dropped.
struct Serving(std::process::Child);

impl Serving {
    fn start(folder: &Path) -> Self {
        let port = bedside_testkit::ports::free().expect("a free port");
        let address = format!("127.0.0.1:{port}");
        let child = command(folder, &["serve", "--listen", &address])
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let serving = Self(child);
        let deadline = Instant::now() + Duration::from_mins(1);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < deadline, "the desk does not answer");
            std::thread::yield_now();
        }
        serving
    }

    /// Asks it to end, as a service manager does, and waits.
    fn stop(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        self.0.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already, or the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn nothing_is_made_before_somebody_sets_a_desk_up() {
    let folder = tempfile::tempdir().unwrap();
    let text = ends(&bedside(folder.path(), &["serve"]), 2);
    assert!(
        text.contains("bedside init") && text.contains("bedside demo"),
        "{text}"
    );
    ends(&bedside(folder.path(), &["user", "list"]), 2);
    assert!(!folder.path().join("data").exists());
    let text = ends(
        &bedside(folder.path(), &["init", "--email", "a@b.example"]),
        2,
    );
    assert!(text.contains("--name"), "{text}");
    ends(
        &bedside(
            folder.path(),
            &["init", "--email", "no address", "--name", "A"],
        ),
        2,
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_wrong_setting_is_named_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("bedside.toml"),
        "lisen = \"127.0.0.1:1\"\n",
    )
    .unwrap();
    let text = ends(&bedside(folder.path(), &["check"]), 2);
    assert!(
        text.contains("bedside.toml has \"lisen\"") && text.lines().count() == 1,
        "{text}"
    );
    fs::remove_file(folder.path().join("bedside.toml")).unwrap();
    let output = command(folder.path(), &["check"])
        .env("BEDSIDE_LISEN", "127.0.0.1:1")
        .output()
        .unwrap();
    assert!(ends(&output, 2).contains("BEDSIDE_LISEN"));
}

program_on_both_engines! {
    fn a_new_desk_has_a_key_for_its_owner_alone_and_a_first_administrator(folder: &Path) {
        use std::os::unix::fs::PermissionsExt;
        let made = init(folder);
        assert!(
            made["link"]
                .as_str()
                .unwrap()
                .starts_with("http://localhost:8080/sign-in/")
        );
        let key = fs::metadata(folder.join("data/keys/root.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
        let text = ends(
            &bedside(
                folder,
                &["init", "--email", "a@b.example", "--name", "A"],
            ),
            2,
        );
        assert!(text.contains("already"), "{text}");

        let everybody = json(&bedside(folder, &["user", "list", "--json"]));
        assert_eq!(everybody[0]["role"], "administrator");
        let add = [
            "user",
            "add",
            "ana@clinic.example",
            "--name",
            "Ana",
            "--role",
            "nurse",
        ];
        assert!(ends(&bedside(folder, &add), 0).contains("/sign-in/"));
        ends(&bedside(folder, &add), 1);
        ends(
            &bedside(folder, &["user", "disable", "ana@clinic.example"]),
            0,
        );
        ends(
            &bedside(
                folder,
                &["user", "password-link", "ana@clinic.example"],
            ),
            1,
        );
        ends(
            &bedside(folder, &["user", "disable", "nobody@clinic.example"]),
            1,
        );
        ends(
            &bedside(folder, &["user", "enable", "ana@clinic.example"]),
            0,
        );
        ends(
            &bedside(folder, &["user", "enable", "ana@clinic.example"]),
            1,
        );
        ends(
            &bedside(
                folder,
                &["user", "password-link", "ana@clinic.example"],
            ),
            0,
        );
        let last = everybody[0]["email"].as_str().unwrap();
        let said = ends(&bedside(folder, &["user", "disable", last]), 1);
        assert!(said.contains("the only administrator"), "{said}");
        // A line end in a name would be a second line of the list.
        let add = ["user", "add", "two@clinic.example", "--name", "a\nb"];
        let said = ends(&bedside(folder, &add), 2);
        assert!(said.contains("on one line"), "{said}");
    }
}

#[test]
fn a_clinic_has_a_name_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["", " ", "a\nb"] {
        let init = [
            "init",
            "--email",
            "dana@clinic.example",
            "--name",
            "Dana",
            "--clinic-name",
            wrong,
        ];
        let said = ends(&bedside(folder.path(), &init), 2);
        assert!(said.contains("A name has 1 to 100 characters"), "{said}");
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

program_on_both_engines! {
    fn tokens_are_shown_once_and_taken_back(folder: &Path) {
        init(folder);
        let create = [
            "token",
            "create",
            "Portal",
            "--scopes",
            "tickets:read",
            "--json",
        ];
        let made = json(&bedside(folder, &create));
        let (id, secret) = (
            made["id"].as_str().unwrap(),
            made["token"].as_str().unwrap(),
        );
        let list = bedside(folder, &["token", "list", "--json"]);
        assert!(!String::from_utf8_lossy(&list.stdout).contains(secret));
        ends(&bedside(folder, &["token", "revoke", id]), 0);
        assert!(
            json(&bedside(folder, &["token", "list", "--json"]))[0]["revoked_at"].is_number()
        );
        let least = ["token", "create", "lab", "--scopes", "integration"];
        ends(&bedside(folder, &least), 0);
        let listed = json(&bedside(folder, &["token", "list", "--json"]));
        assert_eq!(listed[1]["scopes"], "tickets:read tickets:write");
        let text = ends(
            &bedside(
                folder,
                &["token", "create", "x", "--scopes", "tickets:burn"],
            ),
            2,
        );
        assert!(text.contains("tickets:burn"), "{text}");
    }
}

#[test]
fn wrong_values_are_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    for args in [
        &["user", "add", "nonsense", "--name", "Bob"][..],
        &["user", "add", "bo b@c..d", "--name", "Bob"],
        &[
            "user",
            "add",
            "bob@c.example\r\nBcc: z@y.example",
            "--name",
            "Bob",
        ],
        &["user", "add", "bob@c.example", "--name", ""],
        &["token", "create", "", "--scopes", "tickets:read"],
    ] {
        let text = ends(&bedside(folder.path(), args), 2);
        assert_eq!(text.trim().lines().count(), 1, "{text}");
    }
    let everybody = json(&bedside(folder.path(), &["user", "list", "--json"]));
    assert_eq!(everybody.as_array().unwrap().len(), 1);
    let text = ends(&bedside(folder.path(), &["backup", "nowhere/copy"]), 1);
    assert!(text.starts_with("nowhere/copy could not be"), "{text}");
}

program_on_both_engines! {
    fn check_migrate_and_eval_tell_scripts_how_it_is(folder: &Path) {
        init(folder);
        let output = bedside(folder, &["check", "--json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let what: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["what"].clone())
            .collect();
        for topic in [
            "settings", "clinic", "disk", "database", "clock", "key", "mailbox",
        ] {
            assert!(what.contains(&topic.into()), "{topic}: {report}");
        }
        let migrated = json(&bedside(folder, &["migrate", "--json"]));
        assert_eq!(migrated["from"], migrated["to"]);
        ends(&bedside(folder, &["eval", "--json"]), 2);
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../language/examples-data");
        let talks = concat!(env!("CARGO_MANIFEST_DIR"), "/../language/conversations");
        let args = [
            "eval",
            "--json",
            "--examples",
            examples,
            "--conversations",
            talks,
        ];
        let measured = json(&bedside(folder, &args));
        assert!(measured[0]["shares"]["category"]["of"].as_u64().unwrap() > 100);
        // Of the alarms fewer are true the rarer emergencies are, and how many is not told without a stated share.
        let told = measured[0]["true_alarms"].as_array().unwrap();
        let at = |name: &str| -> Vec<f64> { told.iter().map(|one| one[name].as_f64().unwrap()).collect() };
        assert_eq!(at("prevalence"), [0.01, 0.03, 0.05]);
        assert!(at("share").is_sorted() && at("share")[0] < at("share")[2], "{told:?}");
        assert!(at("low")[0] < at("share")[0] && at("share")[0] < at("high")[0], "{told:?}");
        for wrong in ["0", "100", "-1", "many"] {
            let mut args = args.to_vec();
            let stated = format!("--prevalence={wrong}");
            args.push(&stated);
            ends(&bedside(folder, &args), 2);
        }
        let followed = measured.as_array().unwrap().last().unwrap();
        assert!(
            followed.to_string().contains("none: flagged soon"),
            "{followed}"
        );
    }
}

#[test]
fn a_second_process_on_the_same_folder_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let serving = Serving::start(folder.path());
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["user", "list"],
        &["keys", "rotate"],
    ] {
        let text = ends(&bedside(folder.path(), args), 3);
        assert!(
            text.contains("Another Bedside is running") && text.trim().lines().count() == 1,
            "{text}"
        );
    }
    assert_eq!(serving.stop(), Some(0));
    ends(&bedside(folder.path(), &["user", "list"]), 0);
}

#[test]
fn a_disk_without_room_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    // The limit on the size of files is what a full disk is to a program that ignores its signal.
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; exec prlimit --fsize=2000: \"$0\" \"$@\"",
        ])
        .arg(env!("CARGO_BIN_EXE_bedside"))
        .args(["token", "create", "x", "--scopes", "tickets:read"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = ends(&output, 6);
    assert!(
        text.contains("disk is full") && text.trim().lines().count() == 1,
        "{text}"
    );
    assert_eq!(
        json(&bedside(folder.path(), &["token", "list", "--json"])),
        serde_json::json!([])
    );
}

#[test]
fn every_command_says_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    let mut asked = vec![Vec::new()];
    while let Some(command) = asked.pop() {
        let args: Vec<&str> = command
            .iter()
            .map(String::as_str)
            .chain(["--help"])
            .collect();
        let text = ends(&bedside(folder.path(), &args), 0);
        assert!(text.contains("Usage: bedside"), "{args:?}: {text}");
        let about = text.lines().next().unwrap();
        assert!(
            about.split(' ').count() > 1,
            "{args:?} is not explained: {text}"
        );
        let list = text.split("Commands:\n").nth(1).unwrap_or_default();
        for line in list.lines().take_while(|line| !line.is_empty()) {
            let (name, about) = line
                .trim()
                .split_once("  ")
                .expect("a command and its text");
            assert!(!about.trim().is_empty(), "{args:?} {name}");
            if name != "help" {
                asked.push([command.clone(), vec![name.to_owned()]].concat());
            }
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_backup_comes_back_with_its_own_key_only() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let made = json(&bedside(
        folder.path(),
        &["backup", "desk.backup", "--json"],
    ));
    assert!(made["audit_entries"].as_u64().unwrap() >= 3, "{made}");
    ends(&bedside(folder.path(), &["backup", "desk.backup"]), 2);
    ends(
        &bedside(
            folder.path(),
            &["user", "add", "later@clinic.example", "--name", "Later"],
        ),
        0,
    );
    ends(&bedside(folder.path(), &["restore", "desk.backup"]), 2);
    ends(
        &bedside(folder.path(), &["restore", "desk.backup", "--force"]),
        0,
    );
    let everybody = json(&bedside(folder.path(), &["user", "list", "--json"]));
    assert_eq!(everybody.as_array().unwrap().len(), 1);
    ends(&bedside(folder.path(), &["audit", "verify"]), 0);

    let text = ends(
        &bedside(
            folder.path(),
            &["--data", "elsewhere", "restore", "desk.backup"],
        ),
        5,
    );
    assert!(text.contains("opens with the root key"), "{text}");

    let mut bytes = fs::read(folder.path().join("desk.backup")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path().join("desk.backup"), bytes).unwrap();
    let text = ends(
        &bedside(folder.path(), &["restore", "desk.backup", "--force"]),
        1,
    );
    assert!(text.contains("damaged"), "{text}");
    ends(&bedside(folder.path(), &["user", "list"]), 0);
}

#[test]
fn a_damaged_search_index_keeps_nobody_out_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let about = || {
        let told = bedside(folder.path(), &["check", "--json"]);
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        let findings = told["findings"].as_array().unwrap().clone();
        let search = findings.into_iter().filter(|one| one["what"] == "search");
        search
            .map(|one| format!("{} {}", one["state"].as_str().unwrap(), one["text"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(about(), ["ok \"The search index can be read.\""]);
    let index = folder.path().join("data/search.db");
    fs::write(
        &index,
        "no database at all, and longer than a header of one".repeat(100),
    )
    .unwrap();
    let told = about();
    assert!(
        told.len() == 1 && told[0].starts_with("missing \"The search index is damaged"),
        "{told:?}"
    );
    ends(&bedside(folder.path(), &["user", "list"]), 0);
    let told = about();
    assert_eq!(told[0], "ok \"The search index can be read.\"");
    assert!(told[1].contains("search.db.broken-"), "{told:?}");
}

#[test]
fn the_audit_log_is_verified_and_proven() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let whole = json(&bedside(folder.path(), &["audit", "verify", "--json"]));
    assert_eq!(whole["ok"], true);
    let kept = "data/audit/checkpoints.txt";
    ends(
        &bedside(folder.path(), &["audit", "verify", "--kept", kept]),
        0,
    );
    // A kept file that says nothing, or nothing that can be read, proves nothing.
    for (text, code) in [("", 2), ("not a checkpoint\n", 1)] {
        fs::write(folder.path().join("odd.txt"), text).unwrap();
        let verify = ["audit", "verify", "--kept", "odd.txt"];
        ends(&bedside(folder.path(), &verify), code);
    }
    let proof = json(&bedside(folder.path(), &["audit", "prove", "1"]));
    assert_eq!(proof["entry"]["sequence"], 1);
    assert!(
        proof["checkpoint"]
            .as_str()
            .unwrap()
            .contains("bedside-audit/")
    );
    ends(&bedside(folder.path(), &["audit", "prove", "99999"]), 1);

    // Checkpoints kept elsewhere show that a log was cut back to an earlier state.
    ends(&bedside(folder.path(), &["backup", "early"]), 0);
    ends(
        &bedside(
            folder.path(),
            &["user", "add", "later@clinic.example", "--name", "Later"],
        ),
        0,
    );
    fs::copy(folder.path().join(kept), folder.path().join("kept.txt")).unwrap();
    ends(&bedside(folder.path(), &["restore", "early", "--force"]), 0);
    let text = ends(
        &bedside(folder.path(), &["audit", "verify", "--kept", "kept.txt"]),
        1,
    );
    assert!(text.contains("NOT whole"), "{text}");
}

program_on_both_engines! {
    fn keys_are_replaced_and_everything_still_opens(folder: &Path) {
        init(folder);
        let key = folder.join("data/keys/root.key");
        let before = fs::read(&key).unwrap();
        let text = ends(&bedside(folder, &["keys", "rotate"]), 0);
        assert!(text.contains("version 2"), "{text}");
        assert_eq!(fs::read(&key).unwrap(), before);
        ends(&bedside(folder, &["keys", "rotate", "--root"]), 0);
        assert_ne!(fs::read(&key).unwrap(), before);
        ends(&bedside(folder, &["audit", "verify"]), 0);

        // The old key opens nothing any more.
        let fresh = fs::read(&key).unwrap();
        fs::write(&key, &before).unwrap();
        assert_ne!(
            bedside(folder, &["user", "list"]).status.code(),
            Some(0)
        );

        // Killed after the data was sealed anew and before the key had its place: the next start finishes it.
        let next = key.with_extension("next");
        fs::copy(&key, &next).unwrap();
        fs::write(&next, &fresh).unwrap();
        ends(&bedside(folder, &["user", "list"]), 0);
        assert_eq!(fs::read(&key).unwrap(), fresh);
        assert!(!next.exists());

        // Killed before anything was sealed by the new key: the old one goes on, and the next rotation takes the other.
        let unused = tempfile::tempdir().unwrap();
        init(unused.path());
        fs::copy(unused.path().join("data/keys/root.key"), &next).unwrap();
        ends(&bedside(folder, &["user", "list"]), 0);
        assert_eq!(fs::read(&key).unwrap(), fresh);
        ends(&bedside(folder, &["keys", "rotate", "--root"]), 0);
        assert_eq!(
            fs::read(&key).unwrap(),
            fs::read(unused.path().join("data/keys/root.key")).unwrap()
        );
        ends(&bedside(folder, &["user", "list"]), 0);

        // Killed when all but the other file was done: what is in that is no new key.
        let current = fs::read(&key).unwrap();
        fs::copy(&key, &next).unwrap();
        ends(&bedside(folder, &["keys", "rotate", "--root"]), 0);
        assert_ne!(fs::read(&key).unwrap(), current);
    }
}
