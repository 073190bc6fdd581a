//! Commands and queries of mailboxes.

use super::model::{Mailbox, MailboxSettings, MailboxView, NewMailbox, Protection, SendAs, Server};
use super::store::{self, MailboxRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::config::is_this_machine;
use crate::config::known::is_known_password;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{DataKeyId, MailboxId, OrganisationId};
use crate::records::{self, Sealing};
use crate::work::Work;
use bedside_codecs::mail::address::Address;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;

/// Longest host, user, folder or name, in bytes.
const MAX_TEXT: usize = 255;
/// Code of what is wrong with a mailbox whose server may not be spoken to without TLS.
pub(crate) const NEEDS_TLS: &str = "needs_tls";

/// Adds a mailbox; it is read and used at once.
pub async fn create(app: &App, ctx: &Ctx, new: NewMailbox) -> Result<MailboxId, DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let address = normal(&new.address)?;
    check_form(app, &new.settings)?;
    check_servers(app, &new.settings, None)?;
    not_taken(app, &address, None).await?;
    let id: MailboxId = app.id();
    let sealing = Sealing::fresh(app);
    let settings = sealed(&sealing, id, &new.settings)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            sealing.store(work).await?;
            store::insert(work, organisation, id, &address, (sealing.id, &settings)).await?;
            said(work, "mailbox.create", id);
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Changes address and settings. `version` is the one the caller saw; a password that is left out stays.
pub async fn change(
    app: &App,
    ctx: &Ctx,
    id: MailboxId,
    version: i64,
    mut new: NewMailbox,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let address = normal(&new.address)?;
    check_form(app, &new.settings)?;
    not_taken(app, &address, Some(id)).await?;
    let (old, key) = stored(app, ctx.organisation, id).await?;
    check_servers(app, &new.settings, Some(&old.settings))?;
    keep_password(new.settings.imap.as_mut(), old.settings.imap.as_ref());
    keep_password(new.settings.smtp.as_mut(), old.settings.smtp.as_ref());
    let account = |settings: &MailboxSettings| {
        let server = settings.imap.as_ref()?;
        Some((
            server.host.clone(),
            server.user.clone(),
            settings.folder.clone(),
        ))
    };
    let another_account = account(&old.settings) != account(&new.settings);
    let sealing = records::sealing(app, &mut app.read().await?, ctx.organisation, key).await?;
    let settings = sealed(&sealing, id, &new.settings)?;
    let row = to_row(id, address, settings, key, old.enabled, version);
    update(app, ctx, row, another_account, "mailbox.change").await
}

/// Puts a mailbox to rest, or back to work. At rest nothing is read from it, taken for it or sent as it.
pub async fn set_enabled(
    app: &App,
    ctx: &Ctx,
    id: MailboxId,
    version: i64,
    enabled: bool,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let (old, key) = stored(app, ctx.organisation, id).await?;
    let sealing = records::sealing(app, &mut app.read().await?, ctx.organisation, key).await?;
    let settings = sealed(&sealing, id, &old.settings)?;
    let row = to_row(id, old.address, settings, key, enabled, version);
    update(
        app,
        ctx,
        row,
        false,
        if enabled {
            "mailbox.enable"
        } else {
            "mailbox.disable"
        },
    )
    .await
}

fn to_row(
    id: MailboxId,
    address: String,
    settings: Vec<u8>,
    key: DataKeyId,
    enabled: bool,
    version: i64,
) -> MailboxRow {
    MailboxRow {
        id,
        address,
        settings,
        key,
        enabled,
        uid_validity: 0,
        last_uid: 0,
        checked_at: None,
        last_error: None,
        version,
    }
}

async fn update(
    app: &App,
    ctx: &Ctx,
    row: MailboxRow,
    from_the_beginning: bool,
    action: &'static str,
) -> Result<(), DeskError> {
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::update(work, organisation, &row, from_the_beginning).await? {
                let now = store::one(work, organisation, row.id)
                    .await?
                    .ok_or(DeskError::NotFound)?;
                return Err(DeskError::Stale {
                    version: now.version,
                    changed: vec!["mailbox".to_owned()],
                });
            }
            said(work, action, row.id);
            Ok(())
        }
        .boxed()
    })
    .await
}

fn said(work: &mut Work<'_>, action: &'static str, id: MailboxId) {
    work.audit(NewEntry::new(action, "mailbox", id));
    work.event(
        kind::SETTINGS_CHANGED,
        None,
        None,
        &serde_json::json!({ "setting": "mailboxes" }),
    );
}

/// All mailboxes, without their passwords.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<MailboxView>, DeskError> {
    ctx.authorize(Permission::SettingsRead)?;
    let shown = |mut mailbox: Mailbox| {
        let servers = [&mailbox.settings.imap, &mailbox.settings.smtp];
        if !servers
            .into_iter()
            .flatten()
            .all(|server| is_safe(app, server))
        {
            mailbox.last_error = Some(NEEDS_TLS.to_owned());
        }
        MailboxView::from(mailbox)
    };
    let all = of_organisation(app, ctx.organisation).await?;
    Ok(all.into_iter().map(shown).collect())
}

/// As whom to send for a ticket of `mailbox`: that mailbox where it is enabled and can send, else the first one that
/// can; none when no mailbox can.
pub async fn sender_for(
    app: &App,
    organisation: OrganisationId,
    mailbox: Option<MailboxId>,
) -> Result<Option<SendAs>, DeskError> {
    let mut able = of_organisation(app, organisation).await?;
    let sends = |one: &Mailbox| {
        let server = one.settings.smtp.as_ref();
        one.enabled && server.is_some_and(|server| is_safe(app, server))
    };
    able.retain(sends);
    let at = able
        .iter()
        .position(|one| Some(one.id) == mailbox)
        .unwrap_or(0);
    if able.is_empty() {
        return Ok(None);
    }
    let chosen = able.swap_remove(at);
    let smtp = chosen
        .settings
        .smtp(&app.config.mail_domain(), app.config.mail_reach());
    Ok(smtp.map(|smtp| SendAs {
        mailbox: chosen.id,
        from_address: chosen.address,
        from_name: chosen.settings.from_name,
        smtp,
    }))
}

/// Every mailbox of an organisation, opened, for the desk's own machinery.
pub(crate) async fn of_organisation(
    app: &App,
    organisation: OrganisationId,
) -> Result<Vec<Mailbox>, DeskError> {
    let mut conn = app.read().await?;
    let mut found = Vec::new();
    for row in store::of_organisation(&mut conn, organisation).await? {
        found.push(open(app, &mut conn, organisation, row).await?);
    }
    Ok(found)
}

/// One mailbox, opened, for the desk's own machinery.
pub(crate) async fn one(
    app: &App,
    organisation: OrganisationId,
    id: MailboxId,
) -> Result<Mailbox, DeskError> {
    stored(app, organisation, id)
        .await
        .map(|(mailbox, _)| mailbox)
}

/// The enabled mailbox that takes mail for `recipient`: its own address, or with anything between a `+` and the `@`.
pub(crate) async fn by_recipient(
    app: &App,
    recipient: &str,
) -> Result<Option<(OrganisationId, MailboxId)>, DeskError> {
    let Ok(address) = Address::parse(recipient) else {
        return Ok(None);
    };
    let address = address.normal();
    let mut conn = app.read().await?;
    let mut found = store::by_address(&mut conn, &address).await?;
    if found.is_none()
        && let Some((local, domain)) = address.rsplit_once('@')
        && let Some((base, _)) = local.split_once('+')
    {
        found = store::by_address(&mut conn, &format!("{base}@{domain}")).await?;
    }
    Ok(found
        .filter(|(.., enabled)| *enabled)
        .map(|(organisation, id, _)| (organisation, id)))
}

/// The enabled mailboxes of all organisations, each with its version.
pub(crate) async fn enabled(app: &App) -> Result<Vec<(OrganisationId, MailboxId, i64)>, DeskError> {
    store::enabled(&mut app.read().await?).await
}

/// Keeps, in the caller's transaction, how far (UIDVALIDITY, UID) a mailbox was read; `false` when it was read that far
/// before.
pub(crate) async fn advance(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MailboxId,
    cursor: (i64, i64),
) -> Result<bool, DeskError> {
    store::advance(conn, organisation, id, cursor).await
}

/// Keeps how far a mailbox was looked through where nothing more was taken.
pub(crate) async fn looked_through(
    app: &App,
    organisation: OrganisationId,
    id: MailboxId,
    cursor: (i64, i64),
) -> Result<(), DeskError> {
    app.db
        .write(move |tx| {
            async move { store::advance(tx, organisation, id, cursor).await.map(drop) }.boxed()
        })
        .await
}

/// Notes how the last look at a mailbox ended: that it was good at `at`, or the error.
pub(crate) async fn note_checked(
    app: &App,
    organisation: OrganisationId,
    id: MailboxId,
    outcome: Result<Timestamp, &'static str>,
) -> Result<(), DeskError> {
    app.db
        .write(move |tx| {
            async move { store::checked(tx, organisation, id, outcome.ok(), outcome.err()).await }
                .boxed()
        })
        .await
}

async fn stored(
    app: &App,
    organisation: OrganisationId,
    id: MailboxId,
) -> Result<(Mailbox, DataKeyId), DeskError> {
    let mut conn = app.read().await?;
    let row = store::one(&mut conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let key = row.key;
    Ok((open(app, &mut conn, organisation, row).await?, key))
}

async fn open(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    row: MailboxRow,
) -> Result<Mailbox, DeskError> {
    let sealing = records::sealing(app, conn, organisation, row.key).await?;
    let settings = sealing.open_text("mailboxes", "settings", row.id, &row.settings)?;
    Ok(Mailbox {
        id: row.id,
        address: row.address,
        settings: serde_json::from_str(&settings)?,
        enabled: row.enabled,
        uid_validity: row.uid_validity,
        last_uid: row.last_uid,
        checked_at: row.checked_at,
        last_error: row.last_error,
        version: row.version,
    })
}

fn sealed(
    sealing: &Sealing,
    id: MailboxId,
    settings: &MailboxSettings,
) -> Result<Vec<u8>, DeskError> {
    Ok(sealing.text(
        "mailboxes",
        "settings",
        id,
        &serde_json::to_string(settings)?,
    ))
}

/// The address in the form in which it is looked up. One with a `+` would catch another's reply addresses.
fn normal(address: &str) -> Result<String, DeskError> {
    let wrong = || {
        DeskError::invalid(
            "address",
            "invalid",
            "This is not a mail address the desk can use.",
        )
    };
    let address = Address::parse(address).map_err(|_| wrong())?;
    if address.local().contains('+') {
        return Err(wrong());
    }
    Ok(address.normal())
}

async fn not_taken(app: &App, address: &str, own: Option<MailboxId>) -> Result<(), DeskError> {
    match store::by_address(&mut app.read().await?, address).await? {
        Some((_, id, _)) if Some(id) != own => Err(DeskError::Conflict {
            code: "address_taken",
            text: "Another mailbox has this address.",
        }),
        _ => Ok(()),
    }
}

fn keep_password(new: Option<&mut Server>, old: Option<&Server>) {
    // Only for the same server: a password must not be sent to a host that somebody put in its place.
    if let (Some(new), Some(old)) = (new, old)
        && new.password.is_none()
        && new.host == old.host
        && new.user == old.user
    {
        new.password.clone_from(&old.password);
    }
}

/// Refuses what makes the desk knock at other doors than those of mail, and passwords that let anybody in. What stood there
/// before stays: mail goes on.
fn check_servers(
    app: &App,
    new: &MailboxSettings,
    old: Option<&MailboxSettings>,
) -> Result<(), DeskError> {
    let before = |of: fn(&MailboxSettings) -> Option<&Server>| old.and_then(of);
    let servers = [
        (
            &new.imap,
            before(|one| one.imap.as_ref()),
            ["imap_port", "imap_password"],
        ),
        (
            &new.smtp,
            before(|one| one.smtp.as_ref()),
            ["smtp_port", "smtp_password"],
        ),
    ];
    for (server, old, [port, password]) in servers {
        let Some(server) = server else { continue };
        let same = old.is_some_and(|old| (&old.host, old.port) == (&server.host, server.port));
        if !same && !app.config.allows_port(&server.host, server.port) {
            return Err(DeskError::invalid(
                port,
                "mail_port",
                "This is no port of a mail server.",
            ));
        }
        let user = server.user.as_deref().unwrap_or_default();
        if server
            .password
            .as_deref()
            .is_some_and(|word| is_known_password(user, word))
        {
            return Err(DeskError::invalid(
                password,
                "known_password",
                "Anybody would try this password first.",
            ));
        }
    }
    Ok(())
}

/// Whether a server may be spoken to as its settings say. One without TLS must be on this machine, unless whoever runs the
/// desk said otherwise: passwords and patients' words would travel in the open. Asked where settings are saved, and again
/// where they are used: they may be older than the rule.
pub(crate) fn is_safe(app: &App, server: &Server) -> bool {
    server.protection != Protection::None
        || is_this_machine(&server.host)
        || app.config.unprotected_mail
}

/// Whether these settings can be used.
pub(super) fn check_form(app: &App, settings: &MailboxSettings) -> Result<(), DeskError> {
    let fine = |text: &str| text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    let servers = [
        (&settings.imap, ["imap_host", "imap_port", "imap_user"]),
        (&settings.smtp, ["smtp_host", "smtp_port", "smtp_user"]),
    ];
    for (server, [host, port, user]) in servers {
        let Some(server) = server else { continue };
        if server.host.is_empty()
            || !fine(&server.host)
            || server.host.contains(char::is_whitespace)
        {
            return Err(DeskError::invalid(
                host,
                "invalid",
                "Write the mail server's name.",
            ));
        }
        if !is_safe(app, server) {
            return Err(DeskError::invalid(
                host,
                "plain_mail",
                "Only a mail server on this machine can do without TLS.",
            ));
        }
        if server.port == 0 {
            return Err(DeskError::invalid(
                port,
                "invalid",
                "Write the mail server's port.",
            ));
        }
        if ![&server.user, &server.password]
            .into_iter()
            .flatten()
            .all(|text| fine(text))
        {
            return Err(DeskError::invalid(
                user,
                "invalid",
                "The account has at most 255 characters.",
            ));
        }
    }
    let texts = [
        Some(&settings.from_name),
        Some(&settings.folder),
        settings.authserv_id.as_ref(),
    ];
    if !texts.into_iter().flatten().all(|text| fine(text)) {
        return Err(DeskError::invalid(
            "from_name",
            "too_long",
            "Names have at most 255 characters.",
        ));
    }
    Ok(())
}
