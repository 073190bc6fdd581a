//! Checks on the sources of the browser side that need Node, as the build does.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn every_colour_pair_is_readable_in_both_themes() {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../assets/check-contrast.mjs"
    );
    let output = Command::new("node")
        .arg(script)
        .output()
        .expect("Node runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_script_parses() {
    let scripts = bedside_web::assets::all()
        .iter()
        .filter(|asset| asset.content_type.starts_with("text/javascript"));
    for script in scripts {
        let mut node = Command::new("node")
            .args(["--check", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Node runs");
        node.stdin
            .take()
            .expect("it is piped")
            .write_all(script.bytes)
            .expect("Node reads");
        let output = node.wait_with_output().expect("Node ends");
        assert!(
            output.status.success(),
            "{}: {}",
            script.name,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The scripts as they are written, by name.
fn written() -> Vec<(String, String)> {
    fn below(folder: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, out);
            } else if path.extension().is_some_and(|end| end == "ts") {
                let text = std::fs::read_to_string(&path).expect("a script");
                out.push((path.display().to_string(), text));
            }
        }
    }
    let mut out = Vec::new();
    below(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/src"),
        &mut out,
    );
    assert!(out.len() > 10, "the scripts were not found");
    out
}

/// Lines of code with one of these in them.
fn lines_with(forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in written() {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with(['/', '*']));
        let wrong = code.filter(|line| forbidden.iter().any(|word| line.contains(word)));
        found.extend(wrong.map(|line| format!("{name}: {}", line.trim())));
    }
    found
}

/// Words of a draft are the server's to keep: whoever uses the computer next must find nothing.
#[test]
fn no_script_keeps_anything_in_the_browser() {
    let stores = [
        "sessionStorage",
        "localStorage",
        "indexedDB",
        "caches.",
        "document.cookie",
        "serviceWorker",
    ];
    assert_eq!(lines_with(&stores), [""; 0]);
}

#[test]
fn no_script_compares_loosely_or_merges_foreign_keys() {
    let merges = [
        "Object.assign(",
        "setPrototypeOf",
        "__proto__",
        " in JSON",
        " == ",
        " != ",
    ];
    assert_eq!(lines_with(&merges), [""; 0]);
    let over_keys: Vec<String> = lines_with(&["for ("])
        .into_iter()
        .filter(|line| line.contains(" in ") && !line.contains(" of "))
        .collect();
    assert_eq!(over_keys, [""; 0]);
}

#[test]
fn prototypes_take_no_new_keys() {
    let scripts = written();
    let text = |end: &str| {
        let found = scripts.iter().find(|(name, _)| name.ends_with(end));
        &found.expect("the script").1
    };
    for entry in ["src/app.ts", "src/public.ts"] {
        let first = text(entry).lines().find(|line| line.starts_with("import"));
        assert_eq!(first, Some("import \"./frozen\";"), "{entry}");
    }
    let polluted = "for (const at of [Object, Array, Function, String]) {
        try { at.prototype.polluted = 1; } catch {}
        try { JSON.parse('{\"__proto__\":{\"polluted\":1}}').polluted; ({}).__proto__.polluted = 1; } catch {}
    }
    const own = {}; own.toString = () => 'mine';
    process.exit(({}).polluted === undefined && [].polluted === undefined && `${own}` === 'mine' ? 0 : 1);";
    for (script, fine) in [
        (format!("{}\n{polluted}", text("src/frozen.ts")), true),
        (polluted.to_owned(), false),
    ] {
        let status = Command::new("node")
            .args(["--input-type=module", "--eval", &script])
            .status()
            .expect("Node runs");
        assert_eq!(status.success(), fine);
    }
}
