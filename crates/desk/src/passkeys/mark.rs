//! Marks of keys: whoever can write to the database, and does not have the desk's keys, can't put a public key of their own in
//! the place of somebody else's.

use super::Owner;
use super::store::{self, Row};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::records;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use futures_util::FutureExt;

/// The desk's secret that says that keys without a mark are none of before.
const DONE: &str = "passkeys-marked";

/// The mark of a key of `owner` that is checked by `credential`.
pub(super) fn of(
    app: &App,
    organisation: OrganisationId,
    owner: Owner,
    row: &Row,
    credential: &str,
) -> Result<Vec<u8>, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let (id, whose) = (row.passkey.id.bytes(), owner.id());
    let parts = [
        owner.kind().as_bytes(),
        whose.as_bytes(),
        &id,
        row.point.as_deref().unwrap_or_default(),
        credential.as_bytes(),
    ];
    Ok(vault.passkeys.sign(&parts).to_vec())
}

/// Whether the key is as this desk wrote it.
pub(super) fn fits(
    app: &App,
    organisation: OrganisationId,
    owner: Owner,
    row: &Row,
) -> Result<bool, DeskError> {
    let expected = of(app, organisation, owner, row, &row.credential)?;
    let kept = row.mark.as_deref().unwrap_or_default();
    Ok(verify_slices_are_equal(&expected, kept).is_ok())
}

/// Gives keys of before their marks, once in the life of a desk: whoever takes a mark away later does not get a new one by a
/// restart.
pub async fn mark_those_of_before(app: &App) -> Result<(), DeskError> {
    if records::has_secret(app, DONE).await? {
        return Ok(());
    }
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "passkeys", Source::Job);
        let rows = store::without_mark(&mut app.read().await?, clinic.id).await?;
        if rows.is_empty() {
            continue;
        }
        let mut marks = Vec::with_capacity(rows.len());
        for (owner, row) in rows {
            marks.push((
                row.passkey.id,
                of(app, clinic.id, owner, &row, &row.credential)?,
            ));
        }
        app.command(&ctx, move |work| {
            async move {
                let organisation = work.ctx.organisation;
                for (id, mark) in &marks {
                    store::set_mark(work, organisation, *id, mark).await?;
                }
                let detail = serde_json::json!({ "count": marks.len() });
                let entry = NewEntry::new("passkey.mark", "organisation", organisation);
                work.audit(entry.detail(&detail));
                Ok(())
            }
            .boxed()
        })
        .await?;
    }
    records::keep_secret(app, DONE).await
}
