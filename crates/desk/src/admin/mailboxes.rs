//! Mailboxes: the addresses patients write to, and the servers behind them. A password is never shown again; leaving
//! it empty keeps the one there is.

use super::form::{
    Edit, Extra, Field, List, Row, Typed, Wrong, show_form, show_form_saying, show_list,
};
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::ids::MailboxId;
use crate::mailboxes::{self, MailboxSettings, MailboxView, NewMailbox, Protection, Server};
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::i18n::{Texts, time};
use jiff::tz::TimeZone;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/settings/mailboxes", Access::Staff(SettingsRead), list),
        Route::get(ONE, Access::Staff(SettingsRead), show).confirmed(ONE),
        Route::post(ONE, Access::Staff(SettingsWrite), save).confirmed_before(ONE),
        Route::post(
            "/settings/mailboxes/{id}/test",
            Access::Staff(SettingsWrite),
            test,
        ),
    ]
}

const LIST: &str = "/settings/mailboxes";
const ONE: &str = "/settings/mailboxes/{id}";
const PROTECTIONS: [(&str, Protection, &str); 3] = [
    ("tls", Protection::Tls, "admin-mail-tls"),
    ("start_tls", Protection::StartTls, "admin-mail-start-tls"),
    ("none", Protection::None, "admin-mail-no-tls"),
];

fn above(t: Texts) -> (String, String) {
    (LIST.to_owned(), t.text("admin-mailboxes").to_owned())
}

async fn find(page: &Page, id: &str) -> Result<MailboxView, DeskError> {
    let id: MailboxId = id.parse().map_err(|_| DeskError::NotFound)?;
    let all = mailboxes::list(&page.app, &page.ctx).await?;
    all.into_iter()
        .find(|mailbox| mailbox.id == id)
        .ok_or(DeskError::NotFound)
}

async fn list(page: Page) -> Result<Response, DeskError> {
    let t = page.texts();
    let now = page.app.now();
    let row = |mailbox: MailboxView| {
        let error = mailbox
            .last_error
            .as_ref()
            .map(|code| format!("mailbox-error-{code}"));
        let detail = match (&error, mailbox.checked_at) {
            (Some(key), _) => t.text(key).to_owned(),
            _ if mailbox.settings.imap.is_none() => t.text("admin-mailbox-delivered").to_owned(),
            (None, Some(at)) => {
                let ago = time::ago(now.seconds_since(at), t.locale);
                t.with("admin-mailbox-checked", "ago", ago).into_owned()
            }
            (None, None) => t.text("admin-mailbox-not-checked").to_owned(),
        };
        let badge = match (mailbox.enabled, error.is_some()) {
            (false, _) => ("", "admin-mailbox-off"),
            (true, true) => ("badge-error", "admin-mailbox-fails"),
            (true, false) if mailbox.checked_at.is_some() => ("badge-ok", "admin-mailbox-on"),
            (true, false) => ("", "admin-mailbox-enabled"),
        };
        Row {
            href: format!("{LIST}/{}", mailbox.id),
            title: mailbox.address,
            detail,
            badge: Some((badge.0, t.text(badge.1).to_owned())),
        }
    };
    let rows = mailboxes::list(&page.app, &page.ctx)
        .await?
        .into_iter()
        .map(row)
        .collect();
    let writes = page.ctx.permissions().has(SettingsWrite);
    let list = List {
        title: t.text("admin-mailboxes").to_owned(),
        intro: t.text("admin-mailboxes-intro").to_owned(),
        rows,
        add: writes.then(|| {
            (
                format!("{LIST}/new"),
                t.text("admin-mailboxes-add").to_owned(),
            )
        }),
        secret: None,
    };
    show_list(&page, list).await
}

fn server_fields(
    t: Texts,
    which: &str,
    server: Option<&Server>,
    port: u16,
    fields: &mut Vec<Field>,
) {
    let name = |part: &str| format!("{which}_{part}");
    let group = t.text(if which == "imap" {
        "admin-mail-in"
    } else {
        "admin-mail-out"
    });
    let label = |part: &str| t.text(&format!("admin-mail-{part}")).to_owned();
    let text = |of: fn(&Server) -> &str| server.map_or("", of).to_owned();
    let options = PROTECTIONS
        .iter()
        .map(|(code, _, key)| ((*code).to_owned(), t.text(key).to_owned()))
        .collect();
    let protection = server.map_or(Protection::Tls, |server| server.protection);
    let chosen = PROTECTIONS
        .iter()
        .find(|(_, one, _)| *one == protection)
        .map_or("tls", |(code, ..)| code);
    let server_fields = [
        Field::line(name("host"), label("host"), text(|one| &one.host))
            .of(group)
            .begins()
            .optional()
            .help(t.text(if which == "imap" {
                "admin-mail-in-help"
            } else {
                "admin-mail-out-help"
            })),
        Field::number(
            name("port"),
            label("port"),
            server.map_or(port, |one| one.port).into(),
        ),
        Field::choice(name("protection"), label("protection"), chosen, options),
        Field::line(
            name("user"),
            label("user"),
            text(|one| one.user.as_deref().unwrap_or("")),
        )
        .optional(),
        Field::line(name("password"), label("password"), "")
            .kind("password")
            .optional()
            .help(if server.is_some() {
                t.text("admin-mail-password-help")
            } else {
                ""
            }),
    ];
    fields.extend(server_fields.map(|field| field.of(group)));
}

fn form(t: Texts, zone: &TimeZone, mailbox: Option<&MailboxView>) -> Edit {
    let empty = MailboxSettings::default();
    let set = mailbox.map_or(&empty, |mailbox| &mailbox.settings);
    let mut fields = vec![
        Field::line(
            "address",
            t.text("admin-mailbox-address"),
            mailbox.map_or("", |one| &one.address),
        )
        .kind("email"),
        Field::line("from_name", t.text("admin-mailbox-name"), &set.from_name)
            .optional()
            .help(t.text("admin-mailbox-name-help")),
    ];
    server_fields(t, "imap", set.imap.as_ref(), 993, &mut fields);
    fields.push(
        Field::line("folder", t.text("admin-mailbox-folder"), &set.folder)
            .optional()
            .help(t.text("admin-mailbox-folder-help")),
    );
    server_fields(t, "smtp", set.smtp.as_ref(), 465, &mut fields);
    fields.push(
        Field::line(
            "authserv_id",
            t.text("admin-mailbox-authserv"),
            set.authserv_id.as_deref().unwrap_or(""),
        )
        .optional()
        .help(t.text("admin-mailbox-authserv-help")),
    );
    fields.push(
        Field::day(
            "password_ends",
            t.text("admin-mailbox-password-ends"),
            set.password_ends_at,
            zone,
        )
        .help(t.text("admin-secret-ends-help")),
    );
    if let Some(mailbox) = mailbox {
        fields.push(
            Field::check("enabled", t.text("admin-mailbox-enabled"), mailbox.enabled)
                .help(t.text("admin-mailbox-enabled-help")),
        );
    }
    Edit {
        title: mailbox.map_or_else(
            || t.text("admin-mailboxes-add").to_owned(),
            |mailbox| mailbox.address.clone(),
        ),
        intro: String::new(),
        fields,
        version: mailbox.map_or(0, |mailbox| mailbox.version),
        removable: false,
    }
}

fn extras(t: Texts, id: &str) -> Vec<Extra> {
    if id == "new" {
        return Vec::new();
    }
    vec![Extra {
        action: format!("{LIST}/{id}/test"),
        label: t.text("admin-mailbox-test").to_owned(),
        help: t.text("admin-mailbox-test-help").to_owned(),
        danger: false,
        asks: None,
    }]
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn server(typed: &Typed, which: &'static str) -> Result<Option<Server>, Wrong> {
    let (host, port, protection, user, password) = match which {
        "imap" => (
            "imap_host",
            "imap_port",
            "imap_protection",
            "imap_user",
            "imap_password",
        ),
        _ => (
            "smtp_host",
            "smtp_port",
            "smtp_protection",
            "smtp_user",
            "smtp_password",
        ),
    };
    if typed.get(host).is_empty() {
        return Ok(None);
    }
    let chosen = PROTECTIONS
        .iter()
        .find(|(code, ..)| *code == typed.get(protection));
    Ok(Some(Server {
        host: typed.words(host, 253)?,
        port: u16::try_from(typed.number(port, 1, 65_535)?).unwrap_or(0),
        protection: chosen
            .ok_or_else(|| Wrong::at(protection, "form-error-invalid"))?
            .1,
        user: some(typed.get(user)),
        password: some(typed.get(password)),
    }))
}

fn settings(zone: &TimeZone, typed: &Typed) -> Result<MailboxSettings, Wrong> {
    Ok(MailboxSettings {
        from_name: typed.get("from_name").to_owned(),
        imap: server(typed, "imap")?,
        folder: typed.get("folder").to_owned(),
        smtp: server(typed, "smtp")?,
        authserv_id: some(typed.get("authserv_id")),
        password_ends_at: typed.day("password_ends", zone)?,
    })
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let t = page.texts();
    let writes = page.ctx.permissions().has(SettingsWrite);
    let clinic = page.clinic()?;
    let zone = &clinic.time_zone;
    let edit = if id == "new" {
        form(t, zone, None)
    } else {
        form(t, zone, Some(&find(&page, &id).await?))
    };
    show_form(&page, edit, above(t), &[], extras(t, &id), writes).await
}

async fn keep(
    page: &Page,
    old: Option<&MailboxView>,
    typed: &Typed,
    set: MailboxSettings,
) -> Result<(), DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let new = NewMailbox {
        address: typed.get("address").to_owned(),
        settings: set,
    };
    let Some(old) = old else {
        return mailboxes::create(app, ctx, new).await.map(|_| ());
    };
    let (version, enabled) = (typed.version(), typed.ticked("enabled"));
    mailboxes::change(app, ctx, old.id, version, new).await?;
    if enabled == old.enabled {
        return Ok(());
    }
    mailboxes::set_enabled(app, ctx, old.id, version + 1, enabled).await
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let t = page.texts();
    let old = if id == "new" {
        None
    } else {
        Some(find(&page, &id).await?)
    };
    let clinic = page.clinic()?;
    let zone = &clinic.time_zone;
    let mut again = form(t, zone, old.as_ref());
    let wrong = match settings(zone, &typed) {
        Ok(set) => match keep(&page, old.as_ref(), &typed, set).await {
            Ok(()) => return Ok(redirect_saying(LIST, "setting-saved")),
            Err(error) => Wrong::refused(error)?,
        },
        Err(wrong) => {
            again.version = typed.version();
            wrong
        }
    };
    again.fill(&typed);
    show_form(&page, again, above(t), &[wrong], extras(t, &id), true).await
}

/// Connects to the servers as they are saved, and says in plain words what came of it.
async fn test(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let t = page.texts();
    let mailbox = find(&page, &id).await?;
    let mailbox_id = mailbox.id;
    let (app, ctx, runtime) = (
        page.app.clone(),
        page.ctx.clone(),
        tokio::runtime::Handle::current(),
    );
    // On a thread of its own: the compiler can't prove that the IMAP client's future may move between threads.
    let checked = tokio::task::spawn_blocking(move || {
        runtime.block_on(mailboxes::check(&app, &ctx, mailbox_id))
    });
    let found = checked
        .await
        .map_err(|_| DeskError::Internal("the check of a mailbox stopped".to_owned()))??;
    let notes = found
        .into_iter()
        .map(|one| {
            let of = if one.server == "imap" {
                "admin-mail-in"
            } else {
                "admin-mail-out"
            };
            let class = if one.code == "ok" {
                "notice-ok"
            } else {
                "notice-error"
            };
            (class, format!("{}: {}", t.text(of), one.text))
        })
        .collect();
    let (clinic, mut page) = (page.clinic()?, page);
    page.path = format!("{LIST}/{id}");
    show_form_saying(
        &page,
        form(t, &clinic.time_zone, Some(&mailbox)),
        above(t),
        notes,
        extras(t, &id),
    )
    .await
}
