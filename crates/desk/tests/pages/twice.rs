//! What is sent twice, or meanwhile changed by others.

use super::{location, number, version};
use crate::common::Role;
use crate::common::{Browser, Engine, both_engines, csrf_token, hidden};
use bedside_db::{args, statements};
use bedside_desk::{patients, tickets};
use futures_util::FutureExt;

statements! {
    /// From here on no draft can be forgotten.
    NO_DRAFTS = "DROP TABLE drafts";
    /// From here on every change of a request is followed by another one at once, as by a mail that comes in.
    AND_ANOTHER_SQLITE = "CREATE TRIGGER and_another AFTER UPDATE ON tickets WHEN NEW.version = OLD.version + 1 \
        BEGIN UPDATE tickets SET version = NEW.version + 1 WHERE id = NEW.id; END";
    /// The same for a server, in two steps.
    AND_ANOTHER = "CREATE FUNCTION and_another() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN NEW.version := NEW.version + 1; RETURN NEW; END'";
    /// The second step.
    AND_ANOTHER_POSTGRES = "CREATE TRIGGER and_another BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION and_another()";
}

/// Sends one form of `page` twice, as a double click does, and gives back the place that both answers lead to.
async fn twice(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
    let html = browser.get(page).await.expect(200).text();
    let (token, once) = (csrf_token(&html), hidden(&html, "once").to_owned());
    let is_versioned = html.contains("name=\"version\"");
    let version = is_versioned.then(|| hidden(&html, "version").to_owned());
    let own = [
        ("csrf_token", token.as_str()),
        ("once", once.as_str()),
        ("version", version.as_deref().unwrap_or("0")),
    ];
    let fields = [&own, fields].concat();
    let mut places = Vec::new();
    for _ in 0..2 {
        let sent = if action.ends_with("/messages") {
            browser.post_files(action, &fields, &[]).await
        } else {
            browser.post(action, &fields).await
        };
        places.push(location(&sent.expect(303)).to_owned());
    }
    assert_eq!(places[0], places[1]);
    places.remove(0)
}

both_engines! {
    async fn a_stale_change_says_what_changed_and_keeps_the_text(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let path = format!("/tickets/{number}");
        let token = csrf_token(&agent.get(&path).await.text());
        let _ = nurse.submit(&path, &format!("{path}/take"), &[("version", "1")]).await.expect(303);
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "My long answer"), ("version", "1")];
        let refused = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(412).text();
        assert!(refused.contains("My long answer") && refused.contains("Assigned to"), "{refused}");
        let details = [
            ("csrf_token", token.as_str()), ("version", "1"), ("status", "closed"), ("urgency", "urgent"), ("assignee", ""),
            ("tags", "call back"), ("subject", "A better subject"), ("was_subject", "My bill"),
        ];
        let refused = agent.post(&path, &details).await.expect(412).text();
        let nurse = format!("value=\"{}\" selected", desk.id_of(Role::Nurse));
        // Taking it opened it: the status and who has it are the nurse's.
        for kept in ["value=\"open\" selected", "value=\"urgent\" selected", "value=\"call back\"", "value=\"A better subject\"", nurse.as_str()] {
            assert!(refused.contains(kept), "{kept} in {refused}");
        }
        assert!(refused.contains("What else you chose is still here"), "{refused}");
        assert_eq!(version(&desk, id).await, "2");
    }

    async fn a_double_click_does_everything_once(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let see = desk.ctx(Role::Agent);
        let caller = [("channel", "phone"), ("name", "Cal Ler"), ("phone", "(212) 555-0123"), ("body", "Needs a refill")];
        let path = twice(&agent, "/tickets/new", "/tickets/new", &caller).await;
        let all = tickets::list(&desk.app, &see, &tickets::View::Active, None, 10).await.unwrap();
        assert_eq!(all.rows.len(), 1, "one caller, one request");
        let id = all.rows[0].ticket.id;
        let messages = format!("{path}/messages");
        let said = async || {
            let view = tickets::view(&desk.app, &see, id).await.unwrap();
            view.messages.into_iter().map(|one| one.body).collect::<Vec<_>>()
        };
        let reply = [("kind", "reply"), ("body", "It is ready.")];
        let _ = twice(&agent, &path, &messages, &reply).await;
        assert_eq!(said().await, ["Needs a refill", "It is ready."]);
        let note = [("kind", "note"), ("body", "Asked the pharmacy.")];
        let _ = twice(&agent, &path, &messages, &note).await;
        assert_eq!(said().await, ["Needs a refill", "It is ready.", "Asked the pharmacy."]);

        // Other words under the number of a page that was gone back to are another answer; so are the same from a new page.
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once").to_owned());
        for words in ["One", "Two"] {
            let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("kind", "note"), ("body", words)];
            let _ = agent.post_files(&messages, &fields, &[]).await.expect(303);
        }
        let _ = twice(&agent, &path, &messages, &note).await;
        assert_eq!(said().await[3..], ["One", "Two", "Asked the pharmacy."]);

        let view = tickets::view(&desk.app, &see, id).await.unwrap();
        let last = view.messages.last().unwrap().id.to_string();
        let part = [("message", last.as_str()), ("subject", "On its own")];
        let _ = twice(&agent, &path, &format!("{path}/split"), &part).await;
        let all = tickets::list(&desk.app, &see, &tickets::View::Active, None, 10).await.unwrap();
        assert_eq!(all.rows.len(), 2);

        let patient = [("name", "Rosa Alvarez"), ("birth_date", "1980-02-03")];
        let _ = twice(&agent, "/patients/new", "/patients/new", &patient).await;
        let wanted = patients::Wanted {
            name_and_birth_date: Some(("Rosa Alvarez".to_owned(), "1980-02-03".to_owned())),
            ..patients::Wanted::default()
        };
        assert_eq!(patients::find_patients(&desk.app, &see, &wanted).await.unwrap().len(), 1);
    }

    async fn a_double_click_is_no_colleagues_change(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let _ = twice(&agent, &path, &format!("{path}/take"), &[]).await;
        let _ = twice(&agent, &path, &path, &[("status", "open"), ("urgency", "urgent")]).await;
        let _ = twice(&agent, &path, &format!("{path}/snooze"), &[("until", "4h")]).await;
        assert_eq!(version(&desk, id).await, "4");

        // What a colleague did since is told to who goes a page back and saves again.
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once").to_owned());
        let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("version", "4"), ("urgency", "low")];
        let _ = agent.post(&path, &fields).await.expect(303);
        let _ = desk.browser(Role::Nurse).await.submit(&path, &format!("{path}/take"), &[("version", "5")]).await.expect(303);
        let told = agent.post(&path, &fields).await.expect(412).text();
        assert!(told.contains("role=\"alert\""), "{told}");
        assert_eq!(version(&desk, id).await, "6");
    }

    async fn what_was_saved_is_not_called_stale(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let statements = match desk.engine {
            Engine::Sqlite => &[AND_ANOTHER_SQLITE][..],
            Engine::Postgres => &[AND_ANOTHER, AND_ANOTHER_POSTGRES][..],
        };
        for statement in statements {
            let statement = *statement;
            desk.app.db.write(move |tx| async move { tx.execute(statement, args![]).await }.boxed()).await.unwrap();
        }
        let saved = agent.submit(&path, &path, &[("version", "1"), ("urgency", "low")]).await.expect(303);
        assert_eq!(location(&saved), path);
        assert_eq!(version(&desk, id).await, "3");
    }

    async fn the_same_words_again_are_another_answer_once_they_were_taken_back(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once").to_owned());
        let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("kind", "reply"), ("body", "We checked it.")];
        let send = async |files: &[(&str, &str, &str, &[u8])]| {
            let sent = agent.post_files(&format!("{path}/messages"), &fields, files).await.expect(303);
            location(&sent).split("#m-").nth(1).unwrap().to_owned()
        };
        let first = send(&[]).await;
        assert_eq!(send(&[]).await, first);
        let _ = agent.submit(&path, &format!("{path}/messages/{first}/undo"), &[]).await.expect(303);
        let second = send(&[]).await;
        assert_ne!(second, first);
        assert_eq!(send(&[]).await, second, "and that one is there once too");

        // A file of the same name and length is another one when something else is in it.
        let file = |bytes| [("files", "result.txt", "text/plain", bytes)];
        let (left, right): (&[u8], &[u8]) = (b"left", b"right"[..4].as_ref());
        let third = send(&file(left)).await;
        assert_eq!(send(&file(left)).await, third);
        assert_ne!(send(&file(right)).await, third);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.messages.len(), 5);
    }

    async fn an_answer_that_went_out_is_no_failure_because_of_its_draft(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let token = csrf_token(&agent.get(&path).await.text());
        desk.app.db.write(|tx| async move { tx.execute(NO_DRAFTS, args![]).await }.boxed()).await.unwrap();
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "Because of the lab.")];
        let sent = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(303);
        assert!(location(&sent).contains("#m-"));
    }
}
