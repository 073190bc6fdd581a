//! `bedside check` opens the connections that the desk needs and says in plain words what is wrong, while the desk works
//! and while it rests.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{SystemClock, args, statements};
use bedside_desk::context::{Ctx, Source};
use bedside_desk::error::DeskError;
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox, Protection, Server};
use bedside_desk::startup;
use bedside_testkit::mail::{Dovecot, PASSWORD, Postfix, Route};
use bedside_testkit::ports;
use common::load::{set_up, settings};
use common::program::{Program, run};
use futures_util::FutureExt;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

statements! {
    /// Takes away what opens a record for a reason.
    SHUT = "UPDATE roles SET permissions = REPLACE(permissions, ' restricted:open', '') WHERE code = 'compliance'";
}

fn server(port: u16, protection: Protection) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        protection,
        user: None,
        password: None,
    }
}

/// Adds a mailbox that reads at one server and sends through another.
async fn add(data: &Path, address: &str, imap: (u16, Protection, &str), smtp: (u16, Protection)) {
    let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap();
    let ctx = Ctx::system(app.directory.all()[0].id, "setup", Source::CommandLine);
    let (port, protection, password) = imap;
    let mailbox = NewMailbox {
        address: address.to_owned(),
        settings: MailboxSettings {
            imap: Some(Server {
                user: Some("desk".to_owned()),
                password: Some(password.to_owned()),
                ..server(port, protection)
            }),
            smtp: Some(server(smtp.0, smtp.1)),
            ..MailboxSettings::default()
        },
    };
    mailboxes::create(&app, &ctx, mailbox).await.unwrap();
    app.db.close().await;
}

/// What `bedside check` says about the mailboxes: (whether it is fine, its words).
fn about_mail(data: &Path, code: i32) -> Vec<(bool, String)> {
    let output = run(data, &["check", "--json"]);
    let all = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{all}");
    assert!(
        !all.contains(PASSWORD) && !all.contains("wrong-word"),
        "{all}"
    );
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["what"] == "mailbox")
        .map(|finding| {
            (
                finding["state"] == "ok",
                finding["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_mail_servers_are_asked_and_what_is_wrong_is_told() {
    let dovecot = Dovecot::start().unwrap();
    let postfix = Postfix::start(&[Route::Lmtp("clinic.example", dovecot.lmtp_port)]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data).await;
    let (none, tls) = (Protection::None, Protection::Tls);
    let smtp = (postfix.smtp_port, none);
    add(
        data,
        "a@clinic.example",
        (dovecot.imap_port, none, PASSWORD),
        smtp,
    )
    .await;
    // The mailbox that `set_up` made takes what is brought to it.
    let told = tokio::task::block_in_place(|| about_mail(data, 0));
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|(fine, _)| *fine), "{told:?}");
    assert!(
        told[1].1.contains(&format!(
            "a@clinic.example, reading (127.0.0.1:{}): Works",
            dovecot.imap_port
        )),
        "{told:?}"
    );
    assert!(told[2].1.contains("sending"), "{told:?}");

    let dead = ports::free().unwrap();
    add(
        data,
        "b@clinic.example",
        (dovecot.imap_port, none, "wrong-word"),
        (dead, none),
    )
    .await;
    // Nobody vouches for this server's certificate, and Postfix here has no STARTTLS.
    add(
        data,
        "c@clinic.example",
        (dovecot.imaps_port, tls, PASSWORD),
        (postfix.smtp_port, Protection::StartTls),
    )
    .await;
    add(
        data,
        "d@clinic.example",
        (dead, none, PASSWORD),
        (postfix.smtp_port, tls),
    )
    .await;
    let wrong = |told: Vec<(bool, String)>| -> Vec<String> {
        let wrong = told.into_iter().filter(|(fine, _)| !fine);
        wrong.map(|(_, text)| text).collect()
    };
    let told = tokio::task::block_in_place(|| {
        // A desk at work is looked at all the same.
        let program = Program::serve(data);
        let told = wrong(about_mail(data, 1));
        drop(program);
        told
    });
    let expected = [
        "b@clinic.example, reading (127.0.0.1:{imap}): The mail server refused the user name or the password.",
        "b@clinic.example, sending (127.0.0.1:{dead}): The mail server can't be reached. Check its name and port.",
        "c@clinic.example, reading (127.0.0.1:{imaps}): No secure connection to the mail server. Check the port and the server's certificate.",
        "c@clinic.example, sending (127.0.0.1:{smtp}): The mail server offers no STARTTLS. Use TLS, or ask its provider.",
        "d@clinic.example, reading (127.0.0.1:{dead}): The mail server can't be reached. Check its name and port.",
        "d@clinic.example, sending (127.0.0.1:{smtp}): No secure connection to the mail server. Check the port and the server's certificate.",
    ];
    let expected = expected.map(|text| {
        text.replace("{imap}", &dovecot.imap_port.to_string())
            .replace("{imaps}", &dovecot.imaps_port.to_string())
            .replace("{smtp}", &postfix.smtp_port.to_string())
            .replace("{dead}", &dead.to_string())
    });
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path()).await;
    let none = Protection::None;
    add(
        folder.path(),
        "a@clinic.example",
        (port, none, PASSWORD),
        (port, none),
    )
    .await;
    let told = tokio::task::block_in_place(|| about_mail(folder.path(), 1));
    let given_up: Vec<_> = told.iter().filter(|(fine, _)| !fine).collect();
    assert_eq!(given_up.len(), 2);
    for (_, text) in given_up {
        assert!(
            text.ends_with("The mail server did not answer in time."),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_and_a_wrong_key_are_told_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data).await;
    let key = data.join("keys/root.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    tokio::task::block_in_place(|| {
        for command in [
            &["check"][..],
            &["serve", "--listen", "127.0.0.1:0"],
            &["user", "list"],
        ] {
            let output = run(data, command);
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(5), "{text}");
            assert!(text.contains("there is no key file at"), "{text}");
            assert!(
                !key.exists(),
                "a new key hides that the right one is missing"
            );
        }
        let other = tempfile::tempdir().unwrap();
        let made = run(
            other.path(),
            &["init", "--email", "a@clinic.example", "--name", "A"],
        );
        assert!(made.status.success());
        std::fs::copy(other.path().join("keys/root.key"), &key).unwrap();
        let output = run(data, &["check", "--json"]);
        assert_eq!(output.status.code(), Some(5));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let last = told["findings"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["what"], &last["state"]),
            (&"key".into(), &"wrong".into())
        );
        std::fs::write(&key, right).unwrap();
        assert!(run(data, &["check"]).status.success());
    });
}

/// (state, text) of everything that was said about `what`, with the exit code.
fn about(data: &Path, what: &str) -> (Option<i32>, Vec<(String, String)>) {
    let output = run(data, &["check", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = told["findings"].as_array().unwrap().iter();
    let some = findings.filter(|finding| finding["what"] == what);
    let some = some.map(|finding| (word(&finding["state"]), word(&finding["text"])));
    (output.status.code(), some.collect())
}

#[test]
fn what_is_still_to_do_is_neither_fine_nor_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let init = ["init", "--email", "a@clinic.example", "--name", "A"];
    assert!(run(data, &init).status.success());
    let (code, clinic) = about(data, "clinic");
    assert_eq!(code, Some(0));
    let (state, text) = clinic.last().unwrap();
    assert_eq!(state, "missing");
    for details in ["name (Riverside", "telephone (+1", "time zone ("] {
        assert!(text.contains(details), "{text}");
    }
    let (_, mailbox) = about(data, "mailbox");
    assert!(
        mailbox[0].0 == "missing" && mailbox[0].1.contains("There is no mailbox yet"),
        "{mailbox:?}"
    );
    let output = run(data, &["check"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("TO DO mailbox"));

    let named = tempfile::tempdir().unwrap();
    let own = [&init[..], &["--clinic-name", "Hill Clinic"]].concat();
    assert!(run(named.path(), &own).status.success());
    let (_, clinic) = about(named.path(), "clinic");
    let text = &clinic.last().unwrap().1;
    assert!(
        text.contains("telephone (") && !text.contains("name ("),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_decides_and_opens_nothing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data).await;
    let said = || {
        let output = tokio::task::block_in_place(|| run(data, &["check"]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let named = "The role compliance has privacy:manage without restricted:open";
    let before = said();
    assert!(!before.contains("privacy:manage"), "{before}");
    let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap();
    let written = app.db.write::<_, DeskError, _>(|tx| {
        async move {
            tx.execute(SHUT, args![]).await?;
            Ok(())
        }
        .boxed()
    });
    written.await.unwrap();
    app.db.close().await;
    let after = said();
    assert!(after.contains(named), "{after}");
}
