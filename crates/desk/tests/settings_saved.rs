//! What an administrator saves in the settings, and what the desk does from then on.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_db::Timestamp;
use bedside_desk::config::Config;
use bedside_desk::error::DeskError;
use bedside_desk::ids::TicketId;
use bedside_desk::jobs;
use bedside_desk::mailboxes::{self, MailboxSettings, Protection, Server};
use bedside_desk::orgs::Queue;
use bedside_desk::sla::Clocks;
use bedside_desk::tickets::{self, Status};
use bedside_testkit::mail::{Dovecot, PASSWORD};
use common::sink::{Sink, sink};
use common::wire::{HELP, Wire, plain};
use common::{Answer, Browser, Desk, Engine, both_engines, form};

const MINUTE: i64 = 60;

/// Fills in a form of the settings whose page is its own action.
async fn fill(admin: &Browser, path: &str, typed: &[(&str, &str)]) -> Answer {
    form::fill(admin, path, path, typed).await
}

/// Presses a button of its own on a settings page.
async fn press(admin: &Browser, page: &str, button: &str) -> Answer {
    form::fill(admin, page, &format!("{page}/{button}"), &[]).await
}

/// The path behind the row of a list that shows `title`.
async fn row(admin: &Browser, list: &str, title: &str) -> String {
    let page = admin.get(list).await.expect(200).text();
    let page = page.split_once("<main").unwrap().1;
    let page = page.replace("<wbr>", "");
    let before = page.split(title).next().unwrap();
    assert!(before.len() < page.len(), "no {title} in {page}");
    let link = format!("href=\"{list}/");
    let (_, rest) = before.rsplit_once(&link).expect("a link");
    format!("{list}/{}", rest.split('"').next().unwrap())
}

/// A question about a bill, and its clocks.
async fn bill(desk: &Desk, address: &str) -> (TicketId, Clocks) {
    let words = "What is the charge of 40 dollars on my bill?";
    let id = desk.ticket(address, "A bill", words).await;
    let seen = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    assert_eq!(seen.ticket.category, "billing");
    (id, seen.ticket.clocks)
}

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

async fn number(desk: &Desk, id: TicketId) -> i64 {
    let seen = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    seen.ticket.number
}

fn queue(desk: &Desk, english: &str) -> Option<Queue> {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic
        .queues
        .iter()
        .find(|queue| queue.names.0["en"] == english)
        .cloned()
}

both_engines! {
    async fn a_saved_target_holds_for_the_next_request_until_it_is_removed(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let (_, before) = bill(&desk, "one@example.org").await;
        let now = desk.app.now();
        let rule = [("category", "billing"), ("urgency", "standard"), ("first", "30"), ("next", "45"), ("resolve", "600")];
        fill(&admin, "/settings/sla/new", &rule).await.expect(303);
        let (_, clocks) = bill(&desk, "two@example.org").await;
        assert_eq!(clocks.first_response, Some(now.plus_seconds(30 * MINUTE)));
        // Ten hours of work from ten in the morning: until half past twelve, from a quarter past one to half past five, the rest on Tuesday.
        assert_eq!(clocks.resolution, Some(at("2026-03-03T16:15:00Z")));
        fill(&admin, "/settings/sla/new", &rule).await.expect(422);

        let page = row(&admin, "/settings/sla", "Billing · ").await;
        fill(&admin, &page, &[("first", "20"), ("always", "on")]).await.expect(303);
        let (_, clocks) = bill(&desk, "three@example.org").await;
        assert_eq!(clocks.first_response, Some(now.plus_seconds(20 * MINUTE)));
        assert_eq!(clocks.resolution, Some(now.plus_seconds(600 * MINUTE)), "every minute counts");
        assert!(admin.get(&page).await.text().contains("checked"), "the box is as it was saved");

        press(&admin, &page, "remove").await.expect(303);
        assert_eq!(bill(&desk, "four@example.org").await.1, before);
        admin.get(&page).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn saved_hours_move_what_is_due(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let path = "/settings/hours";
        let rule = [("category", "billing"), ("urgency", "standard"), ("first", "30"), ("next", "30"), ("resolve", "60")];
        fill(&admin, "/settings/sla/new", &rule).await.expect(303);
        // It is ten on a Monday: a quarter of an hour is left, then there is a break.
        fill(&admin, path, &[("day_1", "8-10:15, 11-17:30")]).await.expect(303);
        let (_, clocks) = bill(&desk, "one@example.org").await;
        assert_eq!((clocks.first_response, clocks.resolution), (Some(at("2026-03-02T16:15:00Z")), Some(at("2026-03-02T16:45:00Z"))));

        let wrong = fill(&admin, path, &[("day_1", "17-8")]).await.expect(422).text();
        assert!(wrong.contains("Each one ends after it begins") && wrong.contains("17-8"), "{wrong}");
        fill(&admin, path, &[("holidays", "2026-03-02\n2026-03-03 9:00-9:20")]).await.expect(303);
        let (_, clocks) = bill(&desk, "two@example.org").await;
        // Twenty minutes on Tuesday, the other ten on Wednesday from eight.
        assert_eq!(clocks.first_response, Some(at("2026-03-04T13:10:00Z")));
        let page = admin.get(path).await.text();
        assert!(page.contains("2026-03-03 09:00-09:20") && page.contains("08:00-10:15, 11:00-17:30"), "{page}");

        fill(&admin, path, &[("holidays", ""), ("day_1", "")]).await.expect(303);
        let (_, clocks) = bill(&desk, "three@example.org").await;
        assert_eq!(clocks.first_response, Some(at("2026-03-03T13:30:00Z")), "closed on Mondays");
        desk.audit_is_whole().await;
    }

    async fn a_new_queue_takes_requests_and_goes_once_nothing_needs_it(desk: Desk) {
        let (admin, agent) = (desk.browser(Role::Administrator).await, desk.browser(Role::Agent).await);
        let (ticket, _) = bill(&desk, "one@example.org").await;
        let at_ticket = format!("/tickets/{}", number(&desk, ticket).await);
        let new = [("name_en", "Night desk"), ("name_es", "Turno de noche")];
        fill(&admin, "/settings/queues/new", &new).await.expect(303);
        let page = row(&admin, "/settings/queues", "Night desk").await;
        let night = queue(&desk, "Night desk").unwrap();
        let list = format!("/inbox/queue/{}", night.code);
        assert!(agent.get("/inbox").await.text().contains(&list), "everybody sees it beside the inbox");
        assert!(!agent.get(&list).await.expect(200).text().contains("one@example.org"));

        let home = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket.queue;
        let id = night.id.to_string();
        form::fill(&agent, &at_ticket, &at_ticket, &[("queue", &id)]).await.expect(303);
        assert!(agent.get(&list).await.text().contains(&format!("href=\"{at_ticket}\"")), "it waits there now");
        let refused = press(&admin, &page, "remove").await.expect(422).text();
        assert!(refused.contains("Requests still wait in this queue"), "{refused}");

        form::fill(&agent, &at_ticket, &at_ticket, &[("queue", &home.to_string())]).await.expect(303);
        let category = "/settings/categories/billing";
        fill(&admin, category, &[("queue_id", &id)]).await.expect(303);
        let refused = press(&admin, &page, "remove").await.expect(422).text();
        assert!(refused.contains("Categories still lead to this queue"), "{refused}");
        assert!(queue(&desk, "Night desk").is_some());

        fill(&admin, category, &[("queue_id", &home.to_string())]).await.expect(303);
        press(&admin, &page, "remove").await.expect(303);
        assert!(queue(&desk, "Night desk").is_none());
        assert!(!agent.get(&at_ticket).await.text().contains("Night desk"));
        agent.get(&list).await.expect(404);
        let crisis = desk.app.directory.of(desk.organisation).unwrap();
        let crisis = crisis.queues.iter().find(|queue| queue.purpose == "crisis").unwrap().id;
        admin.post(&format!("/settings/queues/{crisis}/remove"), &[("csrf_token", "x")]).await.expect(403);
        let kept = admin.submit("/settings/queues", &format!("/settings/queues/{crisis}/remove"), &[]).await;
        kept.expect(404);
        desk.audit_is_whole().await;
    }

    async fn replies_fields_and_finer_states_come_and_go(desk: Desk) {
        let (admin, agent) = (desk.browser(Role::Administrator).await, desk.browser(Role::Agent).await);
        let (ticket, _) = bill(&desk, "one@example.org").await;
        let at_ticket = format!("/tickets/{}", number(&desk, ticket).await);
        let shown = async |what: &str| agent.get(&at_ticket).await.expect(200).text().contains(what);
        let names = |en: &'static str| [("name_en", en), ("name_es", "En español")];

        let reply = [("title", "About the lab fee"), ("code", "lab_fee"), ("locale", "en"), ("body", "It is the fee of the lab.")];
        fill(&admin, "/settings/replies/new", &reply).await.expect(303);
        let field = [&names("Insurer")[..], &[("code", "insurer"), ("kind", "text")]].concat();
        fill(&admin, "/settings/fields/new", &field).await.expect(303);
        let finer = [&names("Waiting for the insurer")[..], &[("status", Status::Open.code())]].concat();
        fill(&admin, "/settings/statuses/new", &finer).await.expect(303);
        let sub = desk.app.directory.of(desk.organisation).unwrap();
        let sub = sub.sub_statuses.iter().find(|sub| sub.names.0["en"] == "Waiting for the insurer").unwrap().id.to_string();
        let filled = [("status", Status::Open.code()), ("field.insurer", "Aetna")];
        form::fill(&agent, &at_ticket, &at_ticket, &filled).await.expect(303);
        form::fill(&agent, &at_ticket, &at_ticket, &[("sub_status", &sub)]).await.expect(303);
        let seen = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket;
        assert_eq!(seen.sub_status.map(|id| id.to_string()), Some(sub));
        for what in ["About the lab fee", "value=\"Aetna\"", "Waiting for the insurer"] {
            assert!(shown(what).await, "{what}");
        }
        for (list, title) in [("replies", "About the lab fee"), ("fields", "Insurer"), ("statuses", "Waiting for the insurer")] {
            let page = row(&admin, &format!("/settings/{list}"), title).await;
            press(&admin, &page, "remove").await.expect(303);
            admin.get(&page).await.expect(404);
            assert!(!shown(title).await, "{title} is offered no more");
        }
        // Categories are the engine's: they can be changed and not removed.
        admin.submit("/settings/categories", "/settings/categories/billing/remove", &[]).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn a_mailbox_is_made_tried_changed_and_switched_off(desk: Desk) {
        let (dovecot, sink) = (Dovecot::start().unwrap(), Sink::start().await);
        let admin = desk.browser(Role::Administrator).await;
        let (imap, smtp) = (dovecot.imap_port.to_string(), sink.port.to_string());
        let servers = [
            ("address", HELP), ("from_name", "Riverside"),
            ("imap_host", "127.0.0.1"), ("imap_port", &imap), ("imap_protection", "none"),
            ("imap_user", "desk"), ("imap_password", PASSWORD),
            ("smtp_host", "127.0.0.1"), ("smtp_port", &smtp), ("smtp_protection", "none"),
        ];
        let wrong = [&servers[..], &[("smtp_host", "mail server")]].concat();
        let refused = fill(&admin, "/settings/mailboxes/new", &wrong).await.expect(422).text();
        assert!(refused.contains("id=\"smtp_host-error\"") && refused.contains("value=\"mail server\""), "{refused}");
        assert!(!refused.contains(PASSWORD), "a password does not travel back");
        let open = [&servers[..], &[("imap_host", "mail.clinic.example")]].concat();
        let refused = fill(&admin, "/settings/mailboxes/new", &open).await.expect(422).text();
        assert!(refused.contains("Only a mail server on this machine can do without TLS"), "{refused}");
        fill(&admin, "/settings/mailboxes/new", &servers).await.expect(303);
        fill(&admin, "/settings/mailboxes/new", &servers).await.expect(422);
        let page = row(&admin, "/settings/mailboxes", HELP).await;
        assert!(!admin.get(&page).await.text().contains(PASSWORD));
        let tried = press(&admin, &page, "test").await.expect(200).text();
        let works = ["Incoming mail (IMAP): Works.", "Outgoing mail (SMTP): Works."];
        assert!(works.iter().all(|said| tried.contains(said)), "{tried}");

        // An empty password keeps the one there is; a typed one takes its place.
        fill(&admin, &page, &[("from_name", "Riverside Clinic")]).await.expect(303);
        let tried = press(&admin, &page, "test").await.expect(200).text();
        assert!(works.iter().all(|said| tried.contains(said)), "{tried}");
        fill(&admin, &page, &[("imap_password", "wrong-word"), ("smtp_port", "1")]).await.expect(303);
        let tried = press(&admin, &page, "test").await.expect(200).text();
        for said in [
            "Incoming mail (IMAP): The mail server refused the user name or the password.",
            "Outgoing mail (SMTP): The mail server can&#39;t be reached. Check its name and port.",
        ] {
            assert!(tried.contains(said), "{said}: {tried}");
        }
        assert!(!tried.contains("wrong-word"));
        fill(&admin, &page, &[("imap_password", PASSWORD), ("smtp_port", &smtp)]).await.expect(303);
        let tried = press(&admin, &page, "test").await.expect(200).text();
        assert!(works.iter().all(|said| tried.contains(said)), "{tried}");

        let wire = Wire::beside(&desk).await;
        wire.takes(plain("one", "", "When are you open?")).await;
        let sender = async || mailboxes::sender_for(&desk.app, desk.organisation, None).await.unwrap();
        assert_eq!(sender().await.unwrap().from_name, "Riverside Clinic");
        fill(&admin, &page, &[("enabled", "")]).await.expect(303);
        assert!(admin.get("/settings/mailboxes").await.text().contains(">Off<"));
        assert!(sender().await.is_none(), "nothing is sent as it");
        let said = wire.hand_in(plain("two", "", "And on Friday?")).await;
        assert!(said.starts_with("550"), "{said}");
        fill(&admin, &page, &[("enabled", "on")]).await.expect(303);
        wire.takes(plain("two", "", "And on Friday?")).await;
        assert!(sender().await.is_some());
        desk.audit_is_whole().await;
    }
}

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A desk whose mail servers are on other machines, as it ships.
fn as_it_ships(config: &mut Config) {
    config.local_mail_servers = false;
    config.allowed_destinations.clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_19_no_mailbox_leads_to_this_machine() {
    for engine in ENGINES {
        let desk = Desk::set_up(engine, as_it_ships).await;
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "localhost",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "169.254.169.254",
            "fd00:ec2::254",
            "fe80::1",
        ] {
            let server = |port| Server {
                host: host.to_owned(),
                port,
                protection: Protection::Tls,
                user: Some("desk".to_owned()),
                password: Some("a word".to_owned()),
            };
            let settings = MailboxSettings {
                imap: Some(server(993)),
                smtp: Some(server(465)),
                ..MailboxSettings::default()
            };
            let boss = desk.ctx(Role::Administrator);
            match mailboxes::check_settings(&desk.app, &boss, &settings).await {
                Ok(found) => {
                    let codes: Vec<_> = found.iter().map(|one| one.code).collect();
                    assert_eq!(codes, ["local", "local"], "{host}");
                }
                // Its spelling is none of a host.
                Err(DeskError::Invalid { .. }) => {
                    assert!(host.parse::<std::net::Ipv4Addr>().is_err(), "{host}");
                }
                Err(error) => panic!("{host}: {error}"),
            }
        }
    }
}

/// The host was harmless when it was typed. Here it is the rules that moved, which comes to the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_19_a_mailbox_whose_host_moved_is_not_sent_through() {
    for engine in ENGINES {
        let mut desk = Desk::new(engine).await;
        let sink = sink(&desk).await;
        let somebody_writes = async |desk: &Desk, address: &str| {
            desk.ticket(address, "Refill", "I need a refill of my tablets.")
                .await;
            jobs::drain(&desk.app).await.unwrap();
        };
        somebody_writes(&desk, "rosa@patient.example").await;
        assert_eq!(sink.take().len(), 1);
        desk.start_again(as_it_ships).await;
        somebody_writes(&desk, "omar@patient.example").await;
        assert_eq!(sink.take().len(), 0, "the desk knocked at its own machine");
    }
}
