//! Checks on the sources of the browser side that need Node, as the build does.

use std::{
    io::Write as _,
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
