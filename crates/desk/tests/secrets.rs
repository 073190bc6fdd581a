//! Secrets of every kind, looked for in whatever the desk says: every page and answer for everybody, errors, figures, its log at
//! its most talkative, what its commands say, and backups. Each was shown once, where it was made, and stands nowhere else.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::links::{self, Purpose};
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox, Protection, Server};
use bedside_desk::router::{self, Access, routes};
use bedside_desk::staff::sso::{self, NewProvider, ProviderView, Rules};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{jobs, patients};
use common::factor::{Person, WORDS};
use common::issuer::{CLIENT, Issuer, SECRET};
use common::program::run;
use common::sink::sink;
use common::{Answer, Browser, Client, Desk, Engine, both_engines, canaries, load, log};
use futures_util::FutureExt;
use std::path::Path;
use std::process::Output;

const IMAP: &str = "avocet-password-of-the-inbox";
const SMTP: &str = "dotterel-password-of-the-outbox";
const DATABASE: &str = "whimbrel-password-of-the-database";
const MIA: &str = "mia@quetzal.test";

/// A desk whose rows stand behind a password, where they stand on a server.
async fn guarded(engine: Engine) -> Desk {
    Desk::set_up(engine, |config| {
        if let Some(url) = &mut config.database {
            let with = format!("postgres://postgres:{DATABASE}@");
            *url = url.replace("postgres://postgres@", &with);
            assert!(url.contains(DATABASE), "the address has another form");
        }
    })
    .await
}

async fn mailbox(desk: &Desk) -> String {
    let server = |port, password: &str| {
        Some(Server {
            host: "127.0.0.1".to_owned(),
            port,
            protection: Protection::None,
            user: Some("desk".to_owned()),
            password: Some(password.to_owned()),
        })
    };
    let new = NewMailbox {
        address: "billing@clinic.example".to_owned(),
        settings: MailboxSettings {
            imap: server(143, IMAP),
            smtp: server(25, SMTP),
            ..MailboxSettings::default()
        },
    };
    let id = mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), new).await;
    id.unwrap().to_string()
}

async fn provider(desk: &Desk, issuer: &Issuer) {
    let new = NewProvider {
        view: ProviderView {
            issuer: issuer.url().to_owned(),
            client: CLIENT.to_owned(),
            button: "Sign in with the clinic's account".to_owned(),
            rules: Rules {
                groups_claim: "groups".to_owned(),
                roles: vec![("agent".to_owned(), vec!["desk-agents".to_owned()])],
                makes_accounts: false,
                only_way: false,
                factor: Vec::new(),
                secret_ends_at: None,
            },
            enabled: true,
            version: 0,
        },
        secret: Some(SECRET.to_owned()),
    };
    sso::put(&desk.app, &desk.ctx(Role::Administrator), new)
        .await
        .unwrap();
}

/// A token for everything but what only an identity provider does, or for that alone.
async fn token(desk: &Desk, scopes: Permissions) -> (String, String) {
    let new = NewToken {
        name: "test".to_owned(),
        scopes,
        queues: staff::Queues::All,
        expires_at: None,
    };
    let (id, token) = staff::create_token(&desk.app, &desk.system(), new)
        .await
        .unwrap();
    (id.to_string(), token)
}

async fn link(desk: &Desk, purpose: Purpose, ticket: bedside_desk::ids::TicketId) -> String {
    let view = bedside_desk::tickets::view(&desk.app, &desk.system(), ticket).await;
    let contact = view.unwrap().contact.id;
    let system = desk.system();
    let made = desk.app.command(&system, move |work| {
        links::make(work, purpose, ticket, contact).boxed()
    });
    made.await.unwrap()
}

/// Somebody in at the patients' door, and who it is.
async fn patient(desk: &Desk) -> (Browser, String) {
    let sink = sink(desk).await;
    let new = patients::NewPatient {
        name: "Mia Quetzal".to_owned(),
        birth_date: Some("1980-05-06".to_owned()),
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(patients::PointKind::Email, MIA.to_owned())];
    let id = patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap();
    let browser = desk.visitor();
    let door = "/my/sign-in";
    browser
        .submit(door, door, &[("email", MIA)])
        .await
        .expect(303);
    jobs::drain(&desk.app).await.unwrap();
    let said: String = sink.take().iter().map(|one| one.text() + " ").collect();
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = said.split_whitespace().find(is_code).expect("a code");
    let door = "/my/sign-in/code";
    let entered = browser.submit(door, door, &[("code", code)]).await;
    entered.expect(303);
    browser.get("/my").await.expect(200);
    (browser, id.to_string())
}

/// What an answer says: its head and its body.
fn whole(what: &str, answer: &Answer) -> (String, Vec<u8>) {
    let mut all = Vec::new();
    for (name, value) in &answer.headers {
        all.extend_from_slice(name.as_str().as_bytes());
        all.extend_from_slice(b": ");
        all.extend_from_slice(value.as_bytes());
        all.push(b'\n');
    }
    all.extend_from_slice(&answer.body);
    (format!("{what}: {}", answer.status), all)
}

fn output(what: &str, output: &Output) -> (String, Vec<u8>) {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    (what.to_owned(), all)
}

/// A secret as it may stand somewhere: as it is; a long one also in hexadecimal, and in base64 at any offset.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    if secret.len() >= 16 {
        forms.push(data_encoding::HEXLOWER.encode(secret.as_bytes()));
        for before in 0..3 {
            let shifted = format!("{}{secret}", "x".repeat(before));
            let coded = data_encoding::BASE64.encode(shifted.as_bytes());
            // The first and last groups depend on what stands beside it.
            forms.push(coded[4..coded.len() - 4].to_owned());
        }
    }
    forms
}

/// Which secrets stand in which of the things that were said.
fn found(said: &[(String, Vec<u8>)], secrets: &[String]) -> Vec<String> {
    let all: Vec<_> = secrets
        .iter()
        .map(|secret| (secret, forms(secret)))
        .collect();
    let mut found = Vec::new();
    for (what, bytes) in said {
        let text = String::from_utf8_lossy(bytes);
        let held = all
            .iter()
            .filter(|(_, forms)| forms.iter().any(|form| text.contains(form.as_str())));
        found.extend(held.map(|(secret, _)| format!("{secret} in {what}")));
    }
    found
}

/// Things that the addresses of pages name.
struct Things {
    ticket: String,
    patient: String,
    staff: String,
    mailbox: String,
    token: String,
    queue: String,
}

impl Things {
    fn path(&self, route: &str) -> String {
        let id = [
            ("/settings/mailboxes", self.mailbox.as_str()),
            ("/settings/staff", &self.staff),
            ("/settings/tokens", &self.token),
            ("/settings/queues", &self.queue),
            ("/api/v1/queues", &self.queue),
            ("/api/v1/patients", &self.patient),
            ("/settings/roles", "agent"),
            ("/settings/", "new"),
        ];
        let id = id.iter().find(|(start, _)| route.starts_with(start));
        route
            .replace("{id}", id.map_or(self.ticket.as_str(), |(_, id)| *id))
            .replace("{ticket}", &self.ticket)
            .replace("{patient}", &self.patient)
            .replace("{subject}", &self.staff)
            .replace("{code}", "reply")
            .replace("{locale}", "en")
            .replace("{record}", "drafts")
            .replace("{sequence}", "1")
            .replace("{slug}", "clinic")
            .replace("{name}", "none")
            .replace(['{', '}'], "")
    }
}

/// Every way of reading, for everybody: what is there, and what is refused in both forms.
async fn said(
    desk: &Desk,
    things: &Things,
    keys: [String; 2],
    mia: &Browser,
) -> Vec<(String, Vec<u8>)> {
    let [token, scim] = keys.map(|key| Client::new(&desk.app, Some(key)));
    let mut staff = Vec::new();
    for role in Role::ALL {
        staff.push((role.code(), desk.browser(*role).await));
    }
    staff.push(("visitor", desk.visitor()));
    let mut said = Vec::new();
    let mut shown = 0;
    let ways = routes()
        .into_iter()
        .filter(|route| route.method == Method::GET);
    for route in ways.filter(|route| route.path != "/api/v1/events") {
        let way = things.path(route.path);
        for (who, browser) in &staff {
            let html = [("accept", "text/html")];
            let answer = browser
                .request(Method::GET, &way, &html, Body::empty())
                .await;
            shown += usize::from(answer.status == 200);
            said.push(whole(&format!("{way} for {who}"), &answer));
        }
        let problem = staff[0].1.get(&way).await;
        said.push(whole(&format!("{way} as a problem"), &problem));
        match route.access {
            Access::Token(_) => said.push(whole(&way, &scim.get(&way).await)),
            Access::Patient => said.push(whole(&way, &mia.get(&way).await)),
            _ => said.push(whole(
                &format!("{way} with a token"),
                &token.get(&way).await,
            )),
        }
    }
    assert!(shown > 200, "only {shown} pages were shown");
    // Where nothing is, and where nobody may.
    for way in [
        "/nothing",
        "/api/v1/nothing",
        "/tickets/%00",
        "/t/%FF",
        "/inbox?x=%FF",
        "/scim/v2/nothing",
    ] {
        said.push(whole(way, &staff[0].1.get(way).await));
        said.push(whole(way, &token.get(way).await));
    }
    said
}

/// What the program's commands say of a desk, and what a backup of it is.
fn told(desk: &Desk, folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut told = Vec::new();
    if let Some(url) = &desk.app.config.database {
        load::on_database(folder, url);
    } else {
        let file = folder.join("backup.db");
        let made = run(folder, &["backup", file.to_str().unwrap(), "--json"]);
        assert!(made.status.success(), "{made:?}");
        told.push(output("bedside backup", &made));
        for beside in [
            file.clone(),
            file.with_added_extension("json"),
            file.with_added_extension("erased.txt"),
        ] {
            let name = beside.display().to_string();
            told.push((name, std::fs::read(&beside).unwrap_or_default()));
        }
        assert!(
            told[1].1.len() > 10_000 && !told[2].1.is_empty(),
            "there is no backup"
        );
    }
    for args in [
        ["check", "--json"].as_slice(),
        &["check"],
        &["audit", "verify"],
        &["keys", "--help"],
    ] {
        told.push(output(&format!("bedside {args:?}"), &run(folder, args)));
    }
    // A database that does not answer, and settings that can't be read.
    let nowhere = format!("postgres://desk:{DATABASE}@127.0.0.1:1/none");
    for url in [
        nowhere.as_str(),
        &format!("postgres://desk:{DATABASE}@[::1/none"),
    ] {
        told.push(output(
            "bedside check elsewhere",
            &run(folder, &["check", "--database", url]),
        ));
    }
    told
}

both_engines! {
    async fn attack_43_no_secret_is_said_to_anybody(desk: Desk) {
        log::listen();
        let desk = guarded(desk.engine).await;
        let (mia, record) = patient(&desk).await;
        let mailbox = mailbox(&desk).await;
        let issuer = Issuer::start().await;
        provider(&desk, &issuer).await;
        let person = Person::enrolled(&desk, Role::Supervisor).await;
        let scim = Permissions::of(&[Permission::PeopleProvision]);
        let ((token_id, api), (_, scim)) = (token(&desk, Permissions::ALL).await, token(&desk, scim).await);
        let session = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Administrator), "test", "").await.unwrap();
        let expires = desk.app.now().plus_seconds(3600);
        let invitation = staff::make_link(&desk.app, &desk.system(), desk.id_of(Role::Nurse), false, expires).await.unwrap();
        let ticket = desk.ticket("rosa@patient.example", "My bill", "Why?").await;
        let (thread, rating) = (link(&desk, Purpose::Thread, ticket).await, link(&desk, Purpose::Rating, ticket).await);
        let (cookies, name) = (mia.cookie(), format!("{}=", router::portal_cookie(&desk.app).name()));
        let of_patient = cookies.split("; ").find_map(|pair| pair.strip_prefix(&name)).unwrap().to_owned();

        let mut secrets = vec![
            IMAP.to_owned(), SMTP.to_owned(), DATABASE.to_owned(), SECRET.to_owned(), WORDS.to_owned(),
            api.clone(), scim.clone(), session.token.clone(), invitation, thread, rating, of_patient,
            person.secret.clone(),
        ];
        let four: Vec<_> = person.secret.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap()).collect();
        secrets.extend([four.join("-"), four.join(" ")]);
        secrets.extend(person.codes.iter().cloned());
        secrets.extend(person.codes.iter().map(|code| code.replace('-', "")));
        let keys = desk.folder().join("keys");
        for file in std::fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path()) {
            secrets.push(String::from_utf8_lossy(&std::fs::read(&file).unwrap()).trim().to_owned());
        }
        assert!(secrets.iter().all(|secret| secret.len() > 6), "{secrets:?}");
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let things = Things {
            ticket: ticket.to_string(),
            patient: record,
            staff: desk.id_of(Role::Supervisor).to_string(),
            mailbox,
            token: token_id,
            queue: clinic.queues[0].id.to_string(),
        };
        let mut all = said(&desk, &things, [api, scim], &mia).await;
        let figures = desk.client("settings:read").await.get("/metrics").await.expect(200);
        all.push(whole("/metrics", &figures));
        // A password's hash is kept, and shown to nobody.
        let hashes = found(&all, &["$argon2".to_owned()]);
        assert!(hashes.is_empty(), "{hashes:?}");
        all.push(canaries::jobs(&desk.app.db).await);
        let mut kept = Vec::new();
        canaries::files(desk.folder(), &mut kept);
        kept.retain(|(name, _)| !name.contains("/keys/"));
        all.extend(kept);
        if let Some(url) = &desk.app.config.database {
            all.push(canaries::dump(url));
        }
        all.extend(told(&desk, desk.folder()));
        let log = log::written();
        assert!(log.len() > 1000, "the log was not heard");
        all.push(("the log".to_owned(), log));
        let spilt = found(&all, &secrets);
        assert!(spilt.is_empty(), "{spilt:?}");
        // What is looked for is found where it stands, in whatever form.
        for form in [SECRET.to_owned(), data_encoding::HEXLOWER.encode(SECRET.as_bytes()), data_encoding::BASE64.encode(format!("x{SECRET}").as_bytes())] {
            assert_eq!(found(&[("one".to_owned(), format!("x{form}x").into_bytes())], &secrets).len(), 1, "{form}");
        }
    }
}
