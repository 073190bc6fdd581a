use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    thread,
};

use proptest::prelude::*;
use tempfile::tempdir;

use crate::{Created, KeyFileError, RootKey, RootKeyError};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_first_start_makes_the_file_and_the_second_reads_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("root.key");
    let (first, created) = RootKey::load_or_create_file(&path).unwrap();
    assert_eq!(created, Created::Yes);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(folder.path()), ["root.key"]);
    let (second, created) = RootKey::load_or_create_file(&path).unwrap();
    assert_eq!(created, Created::No);
    assert_eq!(first.fingerprint(), second.fingerprint());
}

#[test]
fn a_file_open_to_others_is_refused_in_a_plain_sentence() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("root.key");
    RootKey::generate().write_file(&path).unwrap();
    for bits in [0o604, 0o620, 0o640, 0o644, 0o601] {
        set_mode(&path, bits);
        let error = RootKey::load_or_create_file(&path).unwrap_err();
        let path = path.display();
        assert_eq!(
            error.to_string(),
            format!(
                "the key file {path} is open to other users (mode {bits:04o}): run chmod 600 {path}"
            )
        );
    }
    set_mode(&path, 0o400);
    assert!(RootKey::load_file(&path).is_ok());
}

#[test]
fn a_link_to_an_open_file_is_refused_too() {
    let folder = tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    RootKey::generate().write_file(&file).unwrap();
    symlink(&file, &link).unwrap();
    assert!(RootKey::load_file(&link).is_ok());
    set_mode(&file, 0o644);
    assert!(matches!(
        RootKey::load_file(&link),
        Err(KeyFileError::TooOpen { mode: 0o644, .. })
    ));
}

#[test]
fn no_file_is_ever_overwritten_unasked() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("root.key");
    let first = RootKey::generate();
    first.write_file(&path).unwrap();
    let second = RootKey::generate();
    assert!(matches!(
        second.write_file(&path),
        Err(KeyFileError::Exists { .. })
    ));
    assert_eq!(
        RootKey::load_file(&path).unwrap().fingerprint(),
        first.fingerprint()
    );
    second.replace_file(&path).unwrap();
    assert_eq!(
        RootKey::load_file(&path).unwrap().fingerprint(),
        second.fingerprint()
    );
    assert_eq!(mode(&path), 0o600);
    assert_eq!(names(folder.path()), ["root.key"]);
}

#[test]
fn processes_that_start_together_end_with_one_key() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("root.key");
    let (made, prints): (Vec<Created>, Vec<String>) = thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| RootKey::load_or_create_file(&path).unwrap()))
            .collect();
        let loaded = starts.into_iter().map(|start| start.join().unwrap());
        loaded
            .map(|(key, created)| (created, key.fingerprint()))
            .unzip()
    });
    assert_eq!(
        made.iter()
            .filter(|&&created| created == Created::Yes)
            .count(),
        1
    );
    assert!(prints.iter().all(|print| *print == prints[0]));
    assert_eq!(names(folder.path()), ["root.key"]);
}

#[test]
fn what_holds_no_key_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("root.key");
    for content in [&b""[..], b"too short", &[0xFF; 44], &[b'A'; 2000]] {
        fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        let error = RootKey::load_or_create_file(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::NotAKey { .. }), "{error}");
    }
    assert!(matches!(
        RootKey::load_file(folder.path()),
        Err(KeyFileError::NotAKey { .. })
    ));
    let nowhere = folder.path().join("no such folder/root.key");
    assert!(matches!(
        RootKey::load_or_create_file(&nowhere),
        Err(KeyFileError::Io { .. })
    ));
}

#[test]
fn base64_is_strict_about_the_key_and_easy_about_space() {
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let bytes = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = RootKey::from_base64(&format!("  {text}\n")).unwrap();
    assert_eq!(key.fingerprint(), RootKey::from_bytes(bytes).fingerprint());
    assert_eq!(key.fingerprint(), "dda3cce6fe01040c");
    for wrong in [
        "",
        &text[4..],
        &text.replace('=', "A"),
        &text.replace('A', "!"),
    ] {
        assert_eq!(
            RootKey::from_base64(wrong).unwrap_err(),
            RootKeyError::NotAKey
        );
    }
}

#[test]
fn a_passphrase_and_its_salt_make_the_key() {
    let print = |passphrase, salt| {
        RootKey::from_passphrase(passphrase, salt)
            .unwrap()
            .fingerprint()
    };
    let first = print("correct horse battery", b"0123456789abcdef");
    assert_eq!(first, print("correct horse battery", b"0123456789abcdef"));
    assert_ne!(first, print("correct horse battery", b"0123456789abcdeF"));
    assert_ne!(first, print("correct horse batterY", b"0123456789abcdef"));
    let error = |passphrase: &str, salt| RootKey::from_passphrase(passphrase, salt).unwrap_err();
    assert_eq!(
        error("short", b"0123456789abcdef"),
        RootKeyError::Passphrase
    );
    assert_eq!(
        error(&"x".repeat(5000), b"0123456789abcdef"),
        RootKeyError::Passphrase
    );
    assert_eq!(error("correct horse battery", b"short"), RootKeyError::Salt);
}

proptest! {
    #[test]
    fn any_text_as_a_key_is_taken_or_refused(text in "\\PC{0,60}") {
        if let Err(error) = RootKey::from_base64(&text) {
            prop_assert_eq!(error, RootKeyError::NotAKey);
        }
    }
}
