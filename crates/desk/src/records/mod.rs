//! Patient data under lock. Owns `data_keys`, `desk_secrets`, the blobs, the `uploads` and the `openings`.
//!
//! Everything that can identify or describe a patient is sealed with the key of the person it belongs to before it
//! reaches SQL ([`Sealing`]), and comes out in plain only through [`open`] and [`open_each`], which ask the policy and give
//! nothing out before the audit entry is durable.

pub mod blobs;
mod disclosure;
mod keyring;
pub mod restricted;
pub mod rotate;
mod store;
pub mod uploads;
pub mod whose;

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission, Permissions};
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::ids::{DataKeyId, OrganisationId, PatientId};
use crate::work::Work;
use bedside_db::Id;
use bedside_vault::{DataKey, Place};
use futures_util::future::join;
use std::sync::Arc;

pub use bedside_access::{
    Class, Group, Label, Labels, LetOut, Level, Line, Missing, Scope, Shown, Sight, is_live, needs,
};
pub use disclosure::let_out;
pub use keyring::{Keyring, OrganisationVault, has_secret, keep_secret};
pub use restricted::{About, admit};
pub use store::ALL as STATEMENTS;

/// A data key with its id: seals and opens one person's fields.
#[derive(Clone)]
pub struct Sealing {
    /// The key's id, stored beside what it seals.
    pub id: DataKeyId,
    key: Arc<DataKey>,
}

impl Sealing {
    /// A new key that nothing is sealed with yet; [`Sealing::store`] keeps it.
    pub fn fresh(app: &App) -> Self {
        Self {
            id: app.id(),
            key: Arc::new(DataKey::generate()),
        }
    }

    /// Keeps a fresh key, in the transaction that first uses it.
    pub async fn store(&self, work: &mut Work<'_>) -> Result<(), DeskError> {
        let organisation = work.ctx.organisation;
        let wrapped = self
            .key
            .wrap(&work.app.keyring.of(organisation)?.keys(), &self.id.bytes());
        let now = work.now;
        store::insert_key(work, organisation, self.id, &wrapped, now).await?;
        // Most keys are used again within seconds.
        let (app, id, key) = (work.app.clone(), self.id, Arc::clone(&self.key));
        work.after_commit(move || app.keyring.remember(id, key));
        Ok(())
    }

    /// Seals a text for its place.
    pub fn text<T>(
        &self,
        table: &'static str,
        column: &'static str,
        row: Id<T>,
        plain: &str,
    ) -> Vec<u8> {
        self.key.seal_str(
            Place {
                table,
                column,
                row: row.bytes(),
            },
            plain,
        )
    }

    /// Seals bytes for their place.
    pub fn bytes<T>(
        &self,
        table: &'static str,
        column: &'static str,
        row: Id<T>,
        plain: &[u8],
    ) -> Vec<u8> {
        self.key.seal(
            Place {
                table,
                column,
                row: row.bytes(),
            },
            plain,
        )
    }

    /// Opens a text. Private to this part and to the desk's own machinery (sending, indexing): whatever shows data to
    /// somebody goes through [`open`].
    pub(crate) fn open_text<T>(
        &self,
        table: &'static str,
        column: &'static str,
        row: Id<T>,
        sealed: &[u8],
    ) -> Result<String, DeskError> {
        Ok(self.key.open_str(
            Place {
                table,
                column,
                row: row.bytes(),
            },
            sealed,
        )?)
    }

    /// Opens bytes; the same rule as for [`Sealing::open_text`].
    pub(crate) fn open_bytes<T>(
        &self,
        table: &'static str,
        column: &'static str,
        row: Id<T>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, DeskError> {
        Ok(self.key.open(
            Place {
                table,
                column,
                row: row.bytes(),
            },
            sealed,
        )?)
    }
}

/// The data key with this id, from the cache or the database.
pub(crate) async fn sealing(
    app: &App,
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
    id: DataKeyId,
) -> Result<Sealing, DeskError> {
    if let Some(key) = app.keyring.cached(id) {
        return Ok(Sealing { id, key });
    }
    let wrapped = store::key(conn, organisation, id)
        .await?
        .ok_or(DeskError::Gone)?;
    let key = Arc::new(DataKey::unwrap(
        &app.keyring.of(organisation)?.keys(),
        &wrapped,
        &id.bytes(),
    )?);
    app.keyring.remember(id, Arc::clone(&key));
    Ok(Sealing { id, key })
}

/// Forgets the key of what is not kept any more, in the caller's transaction: its copies in backups can't be opened.
pub(crate) async fn forget_key(
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
    id: DataKeyId,
) -> Result<(), DeskError> {
    store::delete_key(conn, organisation, id).await
}

/// Why patient data is opened (45 CFR 164.506: treatment, payment, operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Care and answering the patient's request.
    Treatment,
    /// Bills and coverage.
    Payment,
    /// Running the desk: lists, quality, administration.
    Operations,
    /// The patient's own access.
    Access,
}

impl Purpose {
    /// The stable code, as written to the audit log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treatment => "treatment",
            Self::Payment => "payment",
            Self::Operations => "operations",
            Self::Access => "access",
        }
    }
}

/// Leave to open one object's data; made by [`open`] alone.
pub struct Opened {
    app: App,
    organisation: OrganisationId,
    /// Of these, what they say of [`FieldGroup`]s counts.
    shown: Permissions,
    /// What the conversation shows that it was opened for.
    sight: Sight,
}

/// Asks whether the actor may see the data of an object that belongs to no patient, or to many, for this purpose, and
/// writes the answer to the audit log. What comes back opens sealed fields of the organisation while the answer is being
/// built; whoever builds it leaves out what [`admit`] refuses.
pub async fn open(
    app: &App,
    ctx: &Ctx,
    permission: Permission,
    purpose: Purpose,
    action: &'static str,
    kind: &'static str,
    id: impl ToString,
) -> Result<Opened, DeskError> {
    let entry = NewEntry::new(action, kind, id);
    open_about(app, ctx, permission, purpose, About::NOBODY, entry).await
}

/// The same for an object that is about somebody: refused with [`DeskError::Restricted`] where [`admit`] refuses. What is
/// opened for a conversation ([`About::within`]) shows no more than is shown there.
pub async fn open_about(
    app: &App,
    ctx: &Ctx,
    permission: Permission,
    purpose: Purpose,
    about: About,
    entry: NewEntry,
) -> Result<Opened, DeskError> {
    let may = (permission, purpose, about);
    open_each(app, ctx, may, vec![entry], async |leave| Ok(leave)).await
}

/// The same for several objects that one page shows together; each has an entry of its own. `read` runs while the
/// entries are on their way to the disk, and what it found is given out once they are there.
pub async fn open_each<T, F>(
    app: &App,
    ctx: &Ctx,
    (permission, purpose, about): (Permission, Purpose, About),
    objects: Vec<NewEntry>,
    read: impl FnOnce(Opened) -> F,
) -> Result<T, DeskError>
where
    F: Future<Output = Result<T, DeskError>>,
{
    let allowed = match ctx.authorize(permission) {
        Ok(()) if ctx.admits(about) => Ok(()),
        Ok(()) => admit(&mut app.read().await?, ctx, about, app.now()).await,
        refused => refused,
    };
    let outcome = if allowed.is_ok() {
        Outcome::Ok
    } else {
        Outcome::Denied
    };
    let entries = objects
        .into_iter()
        .map(|entry| entry.purpose(purpose.code()).outcome(outcome))
        .collect();
    let written = app.audit_all(ctx, entries);
    if let Err(denied) = allowed {
        written.await?;
        return Err(denied);
    }
    let read = read(Opened {
        app: app.clone(),
        organisation: ctx.organisation,
        shown: ctx.permissions(),
        sight: about.sight,
    });
    let (written, read) = join(written, read).await;
    written?;
    read
}

/// Leave for a contact to see their own ticket, after their link or mail has shown who they are.
pub async fn open_own(
    app: &App,
    ctx: &Ctx,
    action: &'static str,
    kind: &'static str,
    id: impl ToString,
) -> Result<Opened, DeskError> {
    app.audit(
        ctx,
        NewEntry::new(action, kind, id).purpose(Purpose::Access.code()),
    )
    .await?;
    Ok(Opened {
        app: app.clone(),
        organisation: ctx.organisation,
        shown: Permissions::ALL,
        sight: Sight::ALL,
    })
}

/// Leave for whoever is signed in to the patients' own pages to see what is kept of themselves, or of the one for whom they
/// act: [`Ctx::authorize_own`] says whether and whose, and the log hears of it either way. `action` is done to that patient.
pub async fn open_mine(
    app: &App,
    ctx: &Ctx,
    group: Group,
    action: &'static str,
) -> Result<(Opened, PatientId), DeskError> {
    let allowed = ctx.authorize_own(group);
    let whose = ctx.signed_in()?.patient();
    let entry = match whose {
        Some(patient) => NewEntry::new(action, "patient", patient),
        None => NewEntry::new(action, "contact", ctx.actor.id_text()),
    };
    let outcome = match allowed {
        Ok(_) => Outcome::Ok,
        Err(_) => Outcome::Denied,
    };
    app.audit(ctx, entry.purpose(Purpose::Access.code()).outcome(outcome))
        .await?;
    let leave = Opened {
        app: app.clone(),
        organisation: ctx.organisation,
        shown: Permissions::ALL,
        sight: Sight::ALL,
    };
    allowed.map(|patient| (leave, patient))
}

impl Opened {
    /// Whether whoever has this leave sees the fields of a group: their role opens them, and the conversation that it was
    /// given for does.
    pub fn shows(&self, group: FieldGroup) -> bool {
        self.permits(group) && self.sight.shows(group)
    }

    /// Whether their role opens the fields of a group, in whatever conversation.
    pub const fn permits(&self, group: FieldGroup) -> bool {
        self.shown.has(group.permission())
    }

    /// What the conversation shows that it was given for.
    pub const fn sight(&self) -> Sight {
        self.sight
    }

    /// The key with this id.
    pub async fn sealing(
        &self,
        conn: &mut bedside_db::Conn,
        id: DataKeyId,
    ) -> Result<Sealing, DeskError> {
        sealing(&self.app, conn, self.organisation, id).await
    }

    /// Opens a sealed text.
    pub async fn text<T>(
        &self,
        conn: &mut bedside_db::Conn,
        key: DataKeyId,
        (table, column): (&'static str, &'static str),
        row: Id<T>,
        sealed: &[u8],
    ) -> Result<String, DeskError> {
        self.sealing(conn, key)
            .await?
            .open_text(table, column, row, sealed)
    }
}
