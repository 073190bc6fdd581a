//! Shows that the log is whole, and that one entry is in it.

use super::{NewEntry, Shown, seal, store};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use bedside_audit::{
    Finding, Frontier, InclusionProof, SignedCheckpoint, Verified, Verifier, leaf_hash,
};
use bedside_db::Db;

const STEP: i64 = 5000;

/// Reads the whole log and holds it against every signed checkpoint, those in `kept` (copies from elsewhere)
/// included, and against what the sealer goes on from. `progress` hears how many entries were read. The inner error is what was found wrong.
pub async fn verify(
    app: &App,
    kept: &[String],
    mut progress: impl FnMut(u64) + Send,
) -> Result<Result<Verified, Finding>, DeskError> {
    let mut verifier = Verifier::new(seal::origin(app)?, app.keyring.audit_key().verifying_key());
    let mut checkpoints = Vec::new();
    {
        let mut conn = app.read_newest().await?;
        let mut above = 0;
        loop {
            let some = store::checkpoints(&mut conn, above, STEP).await?;
            let Some((size, ..)) = some.last() else { break };
            above = *size;
            checkpoints.extend(
                some.into_iter()
                    .map(|(size, text, frontier)| (size, text, Some(leaf_hash(&frontier)))),
            );
        }
    }
    for (position, text) in (0..).zip(kept) {
        match SignedCheckpoint::parse(text) {
            Ok(signed) => {
                let size = i64::try_from(signed.claim().size).unwrap_or(i64::MAX);
                checkpoints.push((size, text.clone(), None));
            }
            Err(error) => return Ok(Err(Finding::DamagedCheckpoint { position, error })),
        }
    }
    checkpoints.sort_by_key(|(size, ..)| *size);
    for (_, text, edge) in &checkpoints {
        let taken = match edge {
            Some(edge) => verifier.own_checkpoint(text, *edge),
            None => verifier.checkpoint(text),
        };
        if let Err(finding) = taken {
            return Ok(Err(finding));
        }
    }
    let mut conn = app.read_newest().await?;
    let mut from = 0;
    loop {
        let entries = store::sealed(&mut conn, from, STEP).await?;
        let Some((last, ..)) = entries.last() else {
            break;
        };
        from = last + 1;
        for (leaf, stored, entry) in &entries {
            let stored: [u8; 32] = stored.as_slice().try_into().unwrap_or([0; 32]);
            if let Err(finding) = verifier.entry(leaf.unsigned_abs(), &stored, &entry.canonical()) {
                return Ok(Err(finding));
            }
        }
        progress(from.unsigned_abs());
    }
    Ok(verifier.finish())
}

/// Whether the log in `db` is the one in `before`, as it was or with more entries behind. Entries that nobody sealed yet count as
/// they will be sealed.
///
/// # Errors
/// One of them can't be read.
pub(crate) async fn goes_on_from(db: &Db, before: &Db) -> Result<bool, DeskError> {
    let then = tree(before, i64::MAX).await?;
    let size = i64::try_from(then.size()).unwrap_or(i64::MAX);
    let now = tree(db, size).await?;
    let is_same = (then.size(), then.root()) == (now.size(), now.root());
    Ok(size > 0 && is_same)
}

/// The tree of the first `below` entries.
async fn tree(db: &Db, below: i64) -> Result<Frontier, DeskError> {
    let mut conn = db.read_newest().await?;
    let mut tree = Frontier::new();
    let mut size = 0;
    loop {
        let some = store::hashes(&mut conn, size, below, STEP).await?;
        if some.is_empty() {
            break;
        }
        for hash in &some {
            tree.append(hash.as_slice().try_into().unwrap_or([0; 32]));
            size += 1;
        }
    }
    for (_, entry) in store::open(&mut conn, below - size).await? {
        tree.append(entry.leaf_hash());
    }
    Ok(tree)
}

/// One entry, and what shows that it is in the log.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The entry.
    pub entry: Shown,
    /// Its canonical bytes, which are hashed.
    pub canonical: Vec<u8>,
    /// The hashes that lead to the root.
    pub path: InclusionProof,
    /// The signed checkpoint with that root.
    pub checkpoint: String,
}

/// The same for somebody who may read the log; an entry of another organisation is not found.
pub async fn prove_for(app: &App, ctx: &Ctx, sequence: i64) -> Result<Proof, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let (_, entry) = store::by_sequence(&mut app.read_newest().await?, sequence)
        .await?
        .ok_or(DeskError::NotFound)?;
    if entry.organisation != ctx.organisation.bytes() {
        return Err(DeskError::NotFound);
    }
    app.audit(ctx, NewEntry::new("audit.prove", "audit_entry", sequence))
        .await?;
    prove(app, sequence).await
}

/// Proves that the entry with this sequence number is in the newest sealed log.
pub async fn prove(app: &App, sequence: i64) -> Result<Proof, DeskError> {
    let mut conn = app.read_newest().await?;
    let (leaf, entry) = store::by_sequence(&mut conn, sequence)
        .await?
        .ok_or(DeskError::NotFound)?;
    let unsealed = DeskError::Conflict {
        code: "not_sealed_yet",
        text: "This entry is sealed within a second. Try again.",
    };
    let (Some(leaf), Some((size, checkpoint))) = (leaf, store::latest(&mut conn).await?) else {
        return Err(unsealed);
    };
    let mut leaves = Vec::new();
    while i64::try_from(leaves.len()).unwrap_or(i64::MAX) < size {
        let from = i64::try_from(leaves.len()).unwrap_or(i64::MAX);
        let some = store::hashes(&mut conn, from, size, STEP).await?;
        if some.is_empty() {
            break;
        }
        leaves.extend(
            some.iter()
                .map(|hash| <[u8; 32]>::try_from(hash.as_slice()).unwrap_or([0; 32])),
        );
    }
    let path = bedside_audit::prove(leaves, leaf.unsigned_abs(), size.unsigned_abs())
        .map_err(|error| DeskError::Internal(error.to_string()))?;
    let canonical = entry.canonical();
    Ok(Proof {
        entry: Shown::from_entry(sequence, Some(leaf), entry),
        canonical,
        path,
        checkpoint,
    })
}
