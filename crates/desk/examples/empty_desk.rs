//! Makes a desk with one clinic, a mailbox, a token for everything and a signed-in administrator, for the benchmark.
//!
//! `empty_desk FOLDER [PORT] [DATABASE]` prints JSON: `token`, `session`, `mailbox`. A folder that was made before keeps what
//! it has and gets a fresh token and session. The mailbox sends through the server at PORT of this machine, and only receives
//! without one (or with an empty text); DATABASE is the address of a PostgreSQL database to use instead of the embedded one.

use bedside_db::SystemClock;
use bedside_desk::config::{Config, clinic, organisation};
use bedside_desk::context::{Ctx, Permission, Permissions, Source};
use bedside_desk::field_group::FieldGroup;
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox, Protection, Server};
use bedside_desk::staff::{self, NewStaff, NewToken, Role};
use bedside_desk::{orgs, startup};
use std::path::PathBuf;
use std::sync::Arc;

/// A role that sees every request and nothing by which people are reached or told apart.
const MASKED: &str = "masked";
const MAILBOX: &str = "care@clinic.example";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let data = arguments.next().map(PathBuf::from);
    let data = data.ok_or_else(|| anyhow::anyhow!("say which folder"))?;
    let port = arguments.next().filter(|text| !text.is_empty());
    let port: Option<u16> = port.map(|text| text.parse()).transpose()?;
    let config = Config {
        data,
        database: arguments.next(),
        local_mail_servers: true,
        ..Config::default()
    };
    let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
    let clinic = clinic::parse(&startup::built_in_clinic())?;
    let made_before = app.directory.all().first().map(|clinic| clinic.id);
    let organisation = if let Some(organisation) = made_before {
        organisation
    } else {
        let mut new = organisation::new_organisation(&clinic, "clinic", &app.ids, app.now());
        // What drives this desk has no phone.
        for role in &mut new.roles {
            role.second_factor = staff::SecondFactor::None;
        }
        new.roles.extend(masked(&new.roles));
        orgs::create(&app, new).await?
    };
    let ctx = Ctx::system(organisation, "setup", Source::CommandLine);
    if made_before.is_none() {
        let mailbox = NewMailbox {
            address: MAILBOX.to_owned(),
            settings: MailboxSettings {
                smtp: port.map(on_this_machine),
                ..MailboxSettings::default()
            },
        };
        mailboxes::create(&app, &ctx, mailbox).await?;
    }
    let token = NewToken {
        name: "bench".to_owned(),
        scopes: Permissions::ALL,
        queues: staff::Queues::All,
        expires_at: None,
    };
    let (_, token) = staff::create_token(&app, &ctx, token).await?;
    let known = staff::list(&app, &ctx).await?;
    let person = if let Some(known) = known.first() {
        known.id
    } else {
        let person = NewStaff {
            email: "ada@clinic.example".to_owned(),
            name: "Ada".to_owned(),
            role: staff::ADMINISTRATOR.to_owned(),
            locale: clinic.profile.default_language.parse().unwrap_or_default(),
        };
        staff::create(&app, &ctx, person).await?
    };
    if !known.iter().any(|one| one.role == MASKED) && made_before.is_none() {
        let person = NewStaff {
            email: "mo@clinic.example".to_owned(),
            name: "Mo".to_owned(),
            role: MASKED.to_owned(),
            locale: clinic.profile.default_language.parse().unwrap_or_default(),
        };
        staff::create(&app, &ctx, person).await?;
    }
    let session = staff::admit(&app, organisation, person, "bench", "")
        .await?
        .token;
    app.db.close().await;
    println!(
        "{}",
        serde_json::json!({ "token": token, "session": session, "mailbox": MAILBOX })
    );
    Ok(())
}

/// A mail server that asks for no account.
fn on_this_machine(port: u16) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        protection: Protection::None,
        user: None,
        password: None,
    }
}

/// The administrator without [`FieldGroup`]s.
fn masked(roles: &[Role]) -> Option<Role> {
    let administrator = roles
        .iter()
        .find(|role| role.code == staff::ADMINISTRATOR)?;
    let hidden: Vec<_> = FieldGroup::ALL
        .iter()
        .map(|group| group.permission())
        .collect();
    let rest: Vec<_> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| !hidden.contains(permission))
        .collect();
    Some(Role {
        code: MASKED.to_owned(),
        permissions: Permissions::of(&rest),
        ..administrator.clone()
    })
}
