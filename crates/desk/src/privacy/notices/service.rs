//! Writing, publishing and reading notices.

use super::model::{Notice, State, Texts, is_code};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{NoticeId, OrganisationId};
use futures_util::FutureExt;
use serde_json::json;

/// Versions that a list holds.
const LISTED: i64 = 200;
/// Notices with keys of their own at most.
const MAX_NOTICES: usize = 20;

/// A version with its words.
#[derive(Clone, Debug)]
pub struct Draft {
    /// It.
    pub notice: Notice,
    /// Its words.
    pub texts: Texts,
}

/// What is public, with its words.
pub type Published = Draft;

fn no_draft() -> DeskError {
    DeskError::Conflict {
        code: "published",
        text: "What is published stays as it is: begin a new version.",
    }
}

/// Every version, the newest of each notice first.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Notice>, DeskError> {
    ctx.authorize(Permission::SettingsRead)?;
    store::list(&mut app.read().await?, ctx.organisation, LISTED).await
}

/// One version with its words.
///
/// # Errors
/// [`DeskError::NotFound`] when there is none.
pub async fn notice(app: &App, ctx: &Ctx, id: NoticeId) -> Result<Draft, DeskError> {
    ctx.authorize(Permission::SettingsRead)?;
    let mut conn = app.read().await?;
    let notice = store::one(&mut conn, ctx.organisation, id).await?;
    let notice = notice.ok_or(DeskError::NotFound)?;
    let texts = store::texts(&mut conn, ctx.organisation, id).await?;
    Ok(Draft { notice, texts })
}

/// Begins a new version with the words of the newest, or gives back the draft that there is.
///
/// # Errors
/// [`DeskError::Invalid`] for what can't be a key, and when there are too many notices.
pub async fn begin(app: &App, ctx: &Ctx, code: &str) -> Result<NoticeId, DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    if !is_code(code) {
        return Err(DeskError::invalid(
            "code",
            "invalid",
            "A key has small letters, digits and underscores, at most 40.",
        ));
    }
    let (organisation, id, code) = (ctx.organisation, app.id(), code.to_owned());
    app.command(ctx, move |work| {
        async move {
            let (by, now) = (work.ctx.actor.staff(), work.now);
            let newest = store::of_code(work, organisation, &code, 1).await?.pop();
            let number = match &newest {
                Some(draft) if draft.state == State::Draft => {
                    let entry = NewEntry::new("notice.open", "notice", draft.id);
                    work.audit(entry.detail(&json!({ "notice": code, "number": draft.number })));
                    return Ok(draft.id);
                }
                Some(newest) => newest.number + 1,
                None => {
                    identity::hold(work, &[b"notices"]).await?;
                    let all = store::list(work, organisation, LISTED).await?;
                    let mut codes: Vec<&str> = all.iter().map(|one| one.code.as_str()).collect();
                    codes.dedup();
                    if codes.len() >= MAX_NOTICES {
                        return Err(DeskError::invalid(
                            "code",
                            "too_many",
                            "There are 20 notices already.",
                        ));
                    }
                    1
                }
            };
            if !store::insert(work, organisation, (id, &code, number), (by, now)).await? {
                return Err(DeskError::Unavailable("two drafts at once".to_owned()));
            }
            if let Some(newest) = newest {
                for (locale, mut text) in store::texts(work, organisation, newest.id).await? {
                    text.changes.clear();
                    store::put_text(work, organisation, (id, locale), &text).await?;
                }
            }
            let entry = NewEntry::new("notice.draft", "notice", id);
            work.audit(entry.detail(&json!({ "notice": code, "number": number })));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Keeps the words of a draft, made from `version`.
///
/// # Errors
/// [`DeskError::Invalid`] for words beyond their limits, [`DeskError::Stale`] when somebody changed it meanwhile,
/// [`DeskError::Conflict`] for what is published.
pub async fn save(
    app: &App,
    ctx: &Ctx,
    (id, version): (NoticeId, i64),
    texts: Texts,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    for text in texts.values() {
        text.check()?;
    }
    let organisation = ctx.organisation;
    app.command(ctx, move |work| {
        async move {
            still_draft(work, organisation, (id, version)).await?;
            if !store::touch(work, organisation, id, version).await? {
                return Err(stale(version + 1));
            }
            for (locale, text) in &texts {
                store::put_text(work, organisation, (id, *locale), text).await?;
            }
            work.audit(NewEntry::new("notice.save", "notice", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

const fn stale(version: i64) -> DeskError {
    DeskError::Stale {
        version,
        changed: Vec::new(),
    }
}

/// The draft, which nobody else changes until the command ends, as the version that the caller saw.
async fn still_draft(
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
    (id, version): (NoticeId, i64),
) -> Result<Notice, DeskError> {
    let found = store::held(conn, organisation, id).await?;
    let found = found.ok_or(DeskError::NotFound)?;
    if found.state != State::Draft {
        return Err(no_draft());
    }
    if found.version != version {
        return Err(stale(found.version));
    }
    Ok(found)
}

/// Publishes a draft at once: from now on it is the notice, and never changed.
///
/// # Errors
/// [`DeskError::Conflict`] while there are no words in the clinic's own language; else as [`save`].
pub async fn publish(
    app: &App,
    ctx: &Ctx,
    (id, version): (NoticeId, i64),
) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let organisation = ctx.organisation;
    let own = app.directory.of(organisation)?.locale;
    app.command(ctx, move |work| {
        async move {
            let (by, now) = (work.ctx.actor.staff(), work.now);
            let draft = still_draft(work, organisation, (id, version)).await?;
            let texts = store::texts(work, organisation, id).await?;
            if texts.get(&own).is_none_or(super::model::Text::is_empty) {
                return Err(DeskError::Conflict {
                    code: "own_language",
                    text: "Write it in the clinic's own language first.",
                });
            }
            if !store::publish(work, organisation, (id, version), (by, now)).await? {
                return Err(stale(version + 1));
            }
            let entry = NewEntry::new("notice.publish", "notice", id);
            work.audit(entry.detail(&json!({ "notice": draft.code, "number": draft.number })));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Throws a draft away.
///
/// # Errors
/// [`DeskError::Conflict`] for what is published.
pub async fn discard(app: &App, ctx: &Ctx, id: NoticeId) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let organisation = ctx.organisation;
    app.command(ctx, move |work| {
        async move {
            if store::one(work, organisation, id).await?.is_none() {
                return Err(DeskError::NotFound);
            }
            if !store::discard(work, organisation, id).await? {
                return Err(no_draft());
            }
            work.audit(NewEntry::new("notice.discard", "notice", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Every published version of a notice, the newest first: it is public.
pub async fn published(
    app: &App,
    organisation: OrganisationId,
    code: &str,
) -> Result<Vec<Notice>, DeskError> {
    let mut conn = app.read().await?;
    let mut all = store::of_code(&mut conn, organisation, code, LISTED).await?;
    all.retain(|one| one.state == State::Published);
    Ok(all)
}

/// The version of a notice that is in force, with its words; none before one was published.
pub async fn current(
    app: &App,
    organisation: OrganisationId,
    code: &str,
) -> Result<Option<Published>, DeskError> {
    let newest = published(app, organisation, code).await?.into_iter().next();
    with_words(app, organisation, newest).await
}

/// A published version by its number, with its words.
pub async fn numbered(
    app: &App,
    organisation: OrganisationId,
    code: &str,
    number: i64,
) -> Result<Option<Published>, DeskError> {
    let found = store::numbered(&mut app.read().await?, organisation, code, number).await?;
    let found = found.filter(|one| one.state == State::Published);
    with_words(app, organisation, found).await
}

async fn with_words(
    app: &App,
    organisation: OrganisationId,
    found: Option<Notice>,
) -> Result<Option<Published>, DeskError> {
    let Some(notice) = found else {
        return Ok(None);
    };
    let texts = store::texts(&mut app.read().await?, organisation, notice.id).await?;
    Ok(Some(Draft { notice, texts }))
}
