//! What runs out is told of in time to whoever can renew it, and a way in goes to its person alone.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Timestamp, args, statements};
use bedside_desk::audit_log;
use bedside_desk::context::Permissions;
use bedside_desk::error::DeskError;
use bedside_desk::ids::ApiTokenId;
use bedside_desk::mailboxes::{self, NewMailbox};
use bedside_desk::staff::{self, NewToken, Queues};
use bedside_desk::{jobs, renewals};
use common::sink::{self, Sent, Sink, sink};
use common::{Desk, Role, both_engines};
use futures_util::FutureExt;

const DAY: i64 = 24 * 3600;

statements! {
    /// A token as it was before every token had to have an end.
    ENDLESS = "UPDATE api_tokens SET expires_at = NULL WHERE id = $1";
}

fn named(name: &str, expires_at: Option<Timestamp>) -> NewToken {
    NewToken {
        name: name.to_owned(),
        scopes: Permissions::parse("tickets:read").unwrap(),
        queues: Queues::All,
        expires_at,
    }
}

async fn token(desk: &Desk, days: i64) -> ApiTokenId {
    let ends = desk.app.now().plus_seconds(days * DAY);
    let made = staff::create_token(&desk.app, &desk.system(), named("lab", Some(ends))).await;
    made.unwrap().0
}

async fn endless(desk: &Desk, id: ApiTokenId) {
    let db = &desk.app.db;
    db.write(move |tx| async move { tx.execute(ENDLESS, args![id]).await.map(drop) }.boxed())
        .await
        .unwrap();
}

/// What an hour's look at ends sends.
async fn told(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    let before = sink.sent().len();
    renewals::hourly(&desk.app).await.unwrap();
    jobs::drain(&desk.app).await.unwrap();
    sink.sent().split_off(before)
}

fn to(sent: &[Sent]) -> Vec<String> {
    let mut to: Vec<String> = sent.iter().flat_map(|one| one.to.clone()).collect();
    to.sort();
    to
}

async fn actions(desk: &Desk) -> Vec<String> {
    let entries = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 100).await;
    entries.unwrap().into_iter().map(|one| one.action).collect()
}

both_engines! {
    async fn a_token_that_ends_is_told_of_a_month_a_week_and_a_day_before_and_when_it_has(desk: Desk) {
        let sink = sink(&desk).await;
        let id = token(&desk, 100).await;
        assert!(told(&desk, &sink).await.is_empty());
        // Days that pass, and whether somebody hears.
        for (days, hears) in [(69, false), (1, true), (1, false), (22, true), (5, false), (1, true), (1, true), (1, false), (30, false)] {
            desk.clock.advance(days * DAY);
            let sent = told(&desk, &sink).await;
            assert_eq!(sent.len(), usize::from(hears), "{days}: {:?}", to(&sent));
            if let [mail] = &sent[..] {
                assert_eq!(mail.to, ["<administrator@clinic.example>"]);
                assert!(mail.text().contains("/settings"), "{}", mail.text());
                assert!(!mail.text().contains("lab"), "{}", mail.text());
            }
            // Another look in the same hour says nothing twice.
            assert!(told(&desk, &sink).await.is_empty());
        }
        assert_eq!(actions(&desk).await.iter().filter(|one| *one == "renewal.remind").count(), 4);
        // What was taken back is nobody's business.
        let other = token(&desk, 10).await;
        staff::revoke_token(&desk.app, &desk.system(), other).await.unwrap();
        desk.clock.advance(9 * DAY);
        assert!(told(&desk, &sink).await.is_empty());
        assert!(staff::revoke_token(&desk.app, &desk.system(), id).await.is_ok());
        desk.audit_is_whole().await;
    }

    async fn a_token_must_end_within_a_year_and_an_old_one_without_an_end_is_named(desk: Desk) {
        let now = desk.app.now();
        let create = |at: Option<Timestamp>| {
            let (app, ctx) = (desk.app.clone(), desk.system());
            async move { staff::create_token(&app, &ctx, named("x", at)).await }
        };
        for wrong in [now.plus_seconds(365 * DAY + 1), now, now.plus_seconds(-DAY)] {
            let refused = create(Some(wrong)).await;
            assert!(matches!(refused, Err(DeskError::Invalid { code: "token_days", .. })), "{refused:?}");
        }
        let (year, _) = create(None).await.unwrap();
        let ends = |id: ApiTokenId| {
            let (app, ctx) = (desk.app.clone(), desk.system());
            async move {
                let all = staff::list_tokens(&app, &ctx).await.unwrap();
                all.into_iter().find(|one| one.id == id).unwrap().expires_at
            }
        };
        assert_eq!(ends(year).await, Some(now.plus_seconds(365 * DAY)));
        let admin = desk.browser(Role::Administrator).await;
        for (days, status) in [("0", 422), ("366", 422), ("-1", 422), ("soon", 422), ("200", 200)] {
            let fields = [("name", "n"), ("days", days), ("scope_tickets_read", "on"), ("all_queues", "on")];
            admin.submit("/settings/tokens/new", "/settings/tokens/new", &fields).await.expect(status);
        }

        let sink = sink(&desk).await;
        endless(&desk, year).await;
        let list = admin.get("/settings/tokens").await.expect(200).text();
        assert!(list.contains("No end: replace it"), "{list}");
        let settings = admin.get("/settings").await.expect(200).text();
        assert!(settings.contains("has no end") && settings.contains(&format!("/settings/tokens/{year}")), "{settings}");
        // Now, and every quarter of a year.
        assert_eq!(told(&desk, &sink).await.len(), 1);
        desk.clock.advance(DAY);
        let mut heard = told(&desk, &sink).await.len();
        for _ in 0..9 {
            desk.clock.advance(10 * DAY);
            heard += told(&desk, &sink).await.len();
        }
        assert_eq!(heard, 1);
    }

    async fn passwords_of_mailboxes_and_secrets_of_providers_are_told_of_where_their_end_is_known(desk: Desk) {
        let sink = sink(&desk).await;
        let admin = desk.browser(Role::Administrator).await;
        let all = mailboxes::list(&desk.app, &desk.system()).await.unwrap();
        let mailbox = &all[0];
        let mut settings = mailbox.settings.clone();
        settings.password_ends_at = Some(desk.app.now().plus_seconds(20 * DAY));
        let new = NewMailbox { address: mailbox.address.clone(), settings };
        mailboxes::change(&desk.app, &desk.ctx(Role::Administrator), mailbox.id, mailbox.version, new).await.unwrap();
        let page = admin.get(&format!("/settings/mailboxes/{}", mailbox.id)).await.expect(200).text();
        assert!(page.contains(r#"name="password_ends" type="date""#), "{page}");
        let heard = told(&desk, &sink).await;
        assert_eq!(to(&heard), ["<administrator@clinic.example>"]);
        let settings = admin.get("/settings").await.expect(200).text();
        assert!(settings.contains(&format!("/settings/mailboxes/{}", mailbox.id)), "{settings}");
        // A form that says something else than a day is refused.
        let provider = admin.get("/settings/sso").await.expect(200).text();
        assert!(provider.contains(r#"name="secret_ends""#), "{provider}");
        let wrong = [("issuer", "https://login.clinic.example"), ("client", "desk"), ("secret", "s"), ("secret_ends", "next spring"), ("button", "b"), ("groups_claim", "groups")];
        let refused = admin.submit("/settings/sso", "/settings/sso", &wrong).await.expect(422).text();
        assert!(refused.contains("Write the day as"), "{refused}");
    }

    async fn mailboxes_name_doors_of_mail_and_no_password_that_everybody_knows(desk: Desk) {
        let strict = Desk::set_up(desk.engine, |config| {
            config.local_mail_servers = false;
            config.allowed_destinations = vec!["relay.clinic.lan".parse().unwrap()];
        })
        .await;
        let ctx = strict.ctx(Role::Administrator);
        let made = |number: u16, host: &str, port: u16, password: Option<&str>| {
            let mut new = sink::at(port);
            new.address = format!("help{number}@clinic.example");
            let smtp = new.settings.smtp.as_mut().unwrap();
            (smtp.host, smtp.protection) = (host.to_owned(), mailboxes::Protection::Tls);
            (smtp.user, smtp.password) = (Some("desk".to_owned()), password.map(str::to_owned));
            let (app, ctx) = (strict.app.clone(), ctx.clone());
            async move { mailboxes::create(&app, &ctx, new).await }
        };
        for (number, port) in [(1, 22), (2, 5432), (3, 8080), (4, 6379)] {
            let refused = made(number, "10.0.0.5", port, None).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: "smtp_port", code: "mail_port", .. })), "{refused:?}");
        }
        for (number, word) in [(5, "desk"), (6, "Password1"), (7, "changeme")] {
            let refused = made(number, "mail.example", 465, Some(word)).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: "smtp_password", code: "known_password", .. })), "{refused:?}");
        }
        let fine = made(8, "mail.example", 465, Some("a word of its own")).await.unwrap();
        made(9, "relay.clinic.lan", 1025, None).await.unwrap();
        // A change is looked at as well.
        let all = mailboxes::list(&strict.app, &ctx).await.unwrap();
        let mailbox = all.into_iter().find(|one| one.id == fine).unwrap();
        let mut settings = mailbox.settings.clone();
        settings.smtp.as_mut().unwrap().port = 6379;
        let new = NewMailbox { address: mailbox.address.clone(), settings };
        let refused = mailboxes::change(&strict.app, &ctx, fine, mailbox.version, new).await;
        assert!(matches!(refused, Err(DeskError::Invalid { code: "mail_port", .. })), "{refused:?}");
    }

    async fn a_password_of_the_machines_list_of_breached_ones_is_refused(desk: Desk) {
        // SHA-1 of "seven harbour doors and a kestrel", between others.
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("pwned");
        let hash = "FB8424FD883F2E5FF37425D1E7B874339E83FE48";
        std::fs::write(&list, format!("{}:9\r\n{hash}:3\r\n{}:1\r\n", "0".repeat(40), "F".repeat(40))).unwrap();
        let careful = Desk::set_up(desk.engine, |config| config.breached_passwords = Some(list.clone())).await;
        let agent = careful.id_of(Role::Agent);
        let set = async |word: &str| staff::set_password(&careful.app, &careful.system(), agent, word).await;
        let refused = set("seven harbour doors and a kestrel").await;
        assert!(matches!(refused, Err(DeskError::Invalid { code: "breached", .. })), "{refused:?}");
        set("eight harbour doors and a kestrel").await.unwrap();
        // Without its list the machine says nothing about a password, and takes none.
        std::fs::remove_file(&list).unwrap();
        assert!(matches!(set("nine harbour doors and a kestrel").await, Err(DeskError::Internal(_))));
    }

    async fn a_way_in_goes_to_its_person_by_mail_and_is_shown_where_none_can_be_sent(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let page = format!("/settings/staff/{}", desk.id_of(Role::Agent));
        let invite = format!("{page}/invite");
        // No mailbox: the link is shown, and the log says so.
        let shown = admin.submit(&page, &invite, &[]).await.expect(200).text();
        assert!(shown.contains("/sign-in/") && shown.contains("No mail could be sent"), "{shown}");
        assert!(actions(&desk).await.contains(&"staff.link_shown".to_owned()));

        let sink = sink(&desk).await;
        admin.submit(&page, &invite, &[]).await.expect(303);
        let list = admin.get("/settings/staff").await.expect(200).text();
        assert!(!list.contains("/sign-in/"), "{list}");
        let mails = sink.sent();
        let [mail] = &mails[..] else { panic!("{}", mails.len()) };
        assert_eq!(mail.to, ["<agent@clinic.example>"]);
        let text = mail.text();
        let link = text.lines().find(|line| line.contains("/sign-in/")).unwrap();
        let path = format!("/sign-in/{}", link.rsplit('/').next().unwrap());
        desk.visitor().submit(&path, &path, &[]).await.expect(303);
        let shown = actions(&desk).await.iter().filter(|one| *one == "staff.link_shown").count();
        assert_eq!(shown, 1);

        // A server that takes nothing: nobody waits for a mail that never comes.
        sink.answer(sink::Answer::Later);
        let shown = admin.submit(&page, &invite, &[]).await.expect(200).text();
        assert!(shown.contains("No mail could be sent"), "{shown}");
        desk.audit_is_whole().await;
    }

    async fn whoever_has_not_used_their_link_hears_once_that_it_ends(desk: Desk) {
        let sink = sink(&desk).await;
        let (app, ctx, agent) = (&desk.app, desk.system(), desk.id_of(Role::Agent));
        let now = app.now();
        let waiting = staff::make_link(app, &ctx, agent, false, now.plus_seconds(3 * DAY)).await.unwrap();
        let nurse = desk.id_of(Role::Nurse);
        let used = staff::make_link(app, &ctx, nurse, false, now.plus_seconds(3 * DAY)).await.unwrap();
        let path = format!("/sign-in/{used}");
        desk.visitor().submit(&path, &path, &[]).await.expect(303);
        jobs::drain(app).await.unwrap();
        // One that was made to be short says nothing, and a door of the demo neither.
        staff::make_link(app, &ctx, nurse, false, now.plus_seconds(3600)).await.unwrap();
        staff::make_link(app, &ctx, nurse, true, now.plus_seconds(3 * DAY)).await.unwrap();
        assert!(told(&desk, &sink).await.is_empty());
        desk.clock.advance(2 * DAY);
        let sent = told(&desk, &sink).await;
        assert_eq!(to(&sent), ["<agent@clinic.example>"]);
        assert!(!sent[0].text().contains(&waiting), "{}", sent[0].text());
        desk.clock.advance(DAY / 2);
        assert!(told(&desk, &sink).await.is_empty());
    }
}
