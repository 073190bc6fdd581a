//! Files under lock: sealed bytes in pieces. A blob is written first, piece by piece in small commands, and is used
//! by the command that brings the message; one that nothing comes to use is removed after a day.

use super::{Sealing, sealing, store};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{BlobId, OrganisationId};
use crate::work::Work;
use bedside_db::Timestamp;
use futures_util::FutureExt;

/// Bytes of a piece before sealing.
pub const PIECE: usize = 256 * 1024;

/// The place of a piece binds its number, so that pieces can't change order.
fn sealed_piece(sealing: &Sealing, id: BlobId, number: usize, plain: &[u8]) -> Vec<u8> {
    let mut numbered = Vec::with_capacity(plain.len() + 8);
    numbered.extend_from_slice(&(number as u64).to_be_bytes());
    numbered.extend_from_slice(plain);
    sealing.bytes("blob_pieces", "sealed", id, &numbered)
}

/// Writes `bytes` as a blob that is not used yet. `sealing` must be stored by the command that uses it.
pub async fn write(
    app: &App,
    organisation: OrganisationId,
    sealing: &Sealing,
    bytes: &[u8],
) -> Result<BlobId, DeskError> {
    let id: BlobId = app.id();
    let now = app.now();
    let (key, size) = (sealing.id, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    app.db
        .write(move |tx| {
            async move { store::insert_blob(tx, organisation, id, key, size, now).await }.boxed()
        })
        .await?;
    for (number, plain) in bytes.chunks(PIECE).enumerate() {
        let sealed = sealed_piece(sealing, id, number, plain);
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let done = app
            .db
            .write(move |tx| {
                async move { store::insert_piece(tx, organisation, id, number, &sealed).await }
                    .boxed()
            })
            .await;
        app.storage.saw(&done, app.now());
        done?;
    }
    Ok(id)
}

/// Says, in the command that brings its message, that the blob is used.
pub async fn take(work: &mut Work<'_>, id: BlobId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::use_blob(work, organisation, id).await? {
        Ok(())
    } else {
        Err(DeskError::NotFound)
    }
}

/// One piece in plain, from 0; `None` after the last one. For readers that hold leave from [`super::open`].
pub(crate) async fn piece(
    app: &App,
    organisation: OrganisationId,
    id: BlobId,
    number: i64,
) -> Result<Option<Vec<u8>>, DeskError> {
    let mut conn = app.read().await?;
    let (key, _) = store::blob(&mut conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let Some(sealed) = store::piece(&mut conn, organisation, id, number).await? else {
        return Ok(None);
    };
    let key = sealing(app, &mut conn, organisation, key).await?;
    let mut plain = key.open_bytes("blob_pieces", "sealed", id, &sealed)?;
    let tail = plain.split_off(8.min(plain.len()));
    if plain == number.to_be_bytes() {
        Ok(Some(tail))
    } else {
        Err(DeskError::Internal(
            "a piece of a blob stands in another's place".to_owned(),
        ))
    }
}

/// The whole blob in plain.
pub(crate) async fn read(
    app: &App,
    organisation: OrganisationId,
    id: BlobId,
) -> Result<Vec<u8>, DeskError> {
    let mut bytes = Vec::new();
    let mut number = 0;
    while let Some(some) = piece(app, organisation, id, number).await? {
        bytes.extend_from_slice(&some);
        number += 1;
    }
    Ok(bytes)
}

/// Removes a blob in the caller's transaction.
pub(crate) async fn remove(
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
    id: BlobId,
) -> Result<(), DeskError> {
    store::delete_blob(conn, organisation, id).await
}

/// Removes blobs that nothing came to use before `before`; says how many.
pub async fn remove_unused(app: &App, before: Timestamp) -> Result<usize, DeskError> {
    let unused = store::unused(&mut app.read().await?, before, 100).await?;
    let count = unused.len();
    for (organisation, id) in unused {
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move { store::delete_blob(tx, organisation, id).await }.boxed()
            })
            .await?;
    }
    Ok(count)
}
