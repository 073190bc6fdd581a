use super::{checkpoint, entry, frontier, origin, signer};
use crate::{
    CheckpointError, Finding, Frontier, Hash, Origin, SigningKey, Verified, Verifier, leaf_hash,
};
use bedside_testkit::Random;

/// A log as it lies in storage.
#[derive(Clone)]
struct Stored {
    rows: Vec<(u64, Hash, Vec<u8>)>,
    checkpoints: Vec<String>,
}

/// A sound log of `size` entries with a checkpoint after every `every`th and after the last.
fn sound(size: u64, every: u64) -> Stored {
    let (mut frontier, key) = (Frontier::new(), signer());
    let mut log = Stored {
        rows: Vec::new(),
        checkpoints: Vec::new(),
    };
    for number in 0..size {
        let bytes = entry(number).canonical();
        frontier.append(leaf_hash(&bytes));
        log.rows.push((number, leaf_hash(&bytes), bytes));
        let size_now = number + 1;
        if size_now % every == 0 || size_now == size {
            let signed = checkpoint(size_now, frontier.root()).sign(&key);
            log.checkpoints.push(signed.to_string());
        }
    }
    log
}

impl Stored {
    fn verify(&self) -> Result<Verified, Finding> {
        let mut verifier = Verifier::new(origin(), signer().verifying_key());
        for text in &self.checkpoints {
            verifier.checkpoint(text)?;
        }
        for (index, stored, bytes) in &self.rows {
            verifier.entry(*index, stored, bytes)?;
        }
        verifier.finish()
    }

    /// What a careful forger does: makes numbers and stored hashes fit again.
    fn cover_up(&mut self) {
        for (number, (index, stored, bytes)) in (0..).zip(&mut self.rows) {
            *index = number;
            *stored = leaf_hash(bytes);
        }
    }
}

#[test]
fn a_sound_log_verifies() {
    let log = sound(23, 5);
    let verified = log.verify().unwrap();
    assert_eq!(
        (verified.entries, verified.sealed, verified.checkpoints),
        (23, 23, 5)
    );
    assert_eq!(verified.sealed_at, Some(1_700_000_000_000_000));
    let leaves = log.rows.iter().map(|(_, leaf, _)| *leaf);
    assert_eq!(verified.root, frontier(leaves).root());
}

#[test]
fn what_is_not_sealed_yet_is_told() {
    let mut log = sound(23, 5);
    log.checkpoints.pop();
    let verified = log.verify().unwrap();
    assert_eq!((verified.entries, verified.sealed), (23, 20));
    let empty = Stored {
        rows: Vec::new(),
        checkpoints: Vec::new(),
    };
    assert_eq!(empty.verify().unwrap().sealed_at, None);
}

#[test]
fn a_changed_entry_is_named() {
    let mut log = sound(23, 5);
    log.rows[7].2[30] ^= 1;
    let finding = log.verify().unwrap_err();
    assert_eq!(finding, Finding::Changed { index: 7 });
    assert_eq!(
        finding.to_string(),
        "entry 7 was changed after it was written"
    );
    log.cover_up();
    let finding = log.verify().unwrap_err();
    assert_eq!(
        finding,
        Finding::CheckpointMismatch {
            from: 5,
            to: 9,
            size: 10
        }
    );
}

#[test]
fn removed_entries_are_named() {
    let mut log = sound(23, 5);
    log.rows.drain(7..9);
    let finding = log.verify().unwrap_err();
    assert_eq!(finding, Finding::Removed { first: 7, last: 8 });
    log.cover_up();
    let finding = log.verify().unwrap_err();
    assert_eq!(
        finding,
        Finding::CheckpointMismatch {
            from: 5,
            to: 9,
            size: 10
        }
    );
}

#[test]
fn moved_entries_are_named() {
    let mut log = sound(23, 5);
    log.rows.swap(3, 4);
    log.rows[3].0 = 3;
    assert_eq!(
        log.verify().unwrap_err(),
        Finding::Reordered {
            index: 3,
            expected: 4
        }
    );
    log.cover_up();
    let finding = log.verify().unwrap_err();
    assert_eq!(
        finding,
        Finding::CheckpointMismatch {
            from: 0,
            to: 4,
            size: 5
        }
    );
}

#[test]
fn a_cut_tail_is_told() {
    let mut log = sound(23, 5);
    log.rows.truncate(17);
    assert_eq!(
        log.verify().unwrap_err(),
        Finding::TailCut {
            signed: 20,
            found: 17
        }
    );
    // Cut together with its checkpoints, a log looks sound until a copy from elsewhere is given.
    let shipped = log.checkpoints[4].clone();
    log.checkpoints.truncate(3);
    assert!(log.verify().is_ok());
    log.checkpoints.push(shipped);
    assert_eq!(
        log.verify().unwrap_err(),
        Finding::TailCut {
            signed: 23,
            found: 17
        }
    );
}

#[test]
fn forged_and_foreign_checkpoints_are_told() {
    let log = sound(10, 5);
    let root = Frontier::new().root();
    let given = |text: String| {
        let mut log = log.clone();
        log.checkpoints[1] = text;
        log.verify().unwrap_err()
    };
    let stranger = SigningKey::from_seed(&[1; 32]);
    let forged = checkpoint(10, root).sign(&stranger).to_string();
    assert_eq!(given(forged), Finding::BadSignature { position: 1 });
    assert_eq!(
        given("nonsense".into()),
        Finding::DamagedCheckpoint {
            position: 1,
            error: CheckpointError::Malformed
        }
    );
    let mut foreign = checkpoint(10, root);
    foreign.origin = Origin::new("other").unwrap();
    assert_eq!(
        given(foreign.sign(&signer()).to_string()),
        Finding::OtherLog { position: 1 }
    );
    let early = checkpoint(4, root).sign(&signer()).to_string();
    assert_eq!(given(early), Finding::CheckpointOrder { position: 1 });
    let twofold = checkpoint(5, root).sign(&signer()).to_string();
    assert_eq!(
        given(twofold),
        Finding::CheckpointMismatch {
            from: 0,
            to: 4,
            size: 5
        }
    );
}

#[test]
fn a_checkpoint_after_its_entries_is_out_of_order() {
    let log = sound(10, 5);
    let mut verifier = Verifier::new(origin(), signer().verifying_key());
    for (index, stored, bytes) in &log.rows[..6] {
        verifier.entry(*index, stored, bytes).unwrap();
    }
    assert_eq!(
        verifier.checkpoint(&log.checkpoints[0]),
        Err(Finding::CheckpointOrder { position: 0 })
    );
}

#[test]
fn a_checkpoint_may_come_right_after_its_last_entry() {
    let log = sound(10, 5);
    let mut verifier = Verifier::new(origin(), signer().verifying_key());
    for (index, stored, bytes) in &log.rows {
        verifier.entry(*index, stored, bytes).unwrap();
        if (index + 1) % 5 == 0 {
            let position = usize::try_from(index / 5).unwrap();
            verifier.checkpoint(&log.checkpoints[position]).unwrap();
        }
    }
    assert_eq!(verifier.finish().unwrap().sealed, 10);
}

#[test]
fn what_the_log_goes_on_from_is_held_against_its_entries() {
    let log = sound(10, 5);
    let edge = |size: usize| frontier(log.rows[..size].iter().map(|(_, leaf, _)| *leaf)).to_bytes();
    let verify = |first: &[u8], second: &[u8]| {
        let mut verifier = Verifier::new(origin(), signer().verifying_key());
        verifier.own_checkpoint(&log.checkpoints[0], leaf_hash(first))?;
        verifier.own_checkpoint(&log.checkpoints[1], leaf_hash(second))?;
        for (index, stored, bytes) in &log.rows {
            verifier.entry(*index, stored, bytes)?;
        }
        verifier.finish()
    };
    assert_eq!(verify(&edge(5), &edge(10)).unwrap().checkpoints, 2);
    for at in 0..edge(10).len() {
        let mut other = edge(10);
        other[at] ^= 1;
        assert_eq!(
            verify(&edge(5), &other),
            Err(Finding::WrongEdge { size: 10 })
        );
    }
    assert_eq!(
        verify(&edge(10), &edge(10)),
        Err(Finding::WrongEdge { size: 5 })
    );
    assert_eq!(verify(&edge(5), b""), Err(Finding::WrongEdge { size: 10 }));
}

#[test]
fn two_thousand_mutations_are_all_found() {
    let mut random = Random(2026);
    let mut kinds = [0; 8];
    for round in 0..2000 {
        let size = 1 + random.below(40);
        let mut log = sound(size as u64, 1 + random.below(12) as u64);
        let kind = random.below(kinds.len());
        match kind {
            0 => {
                let row = &mut log.rows[random.below(size)].2;
                let at = random.below(row.len());
                row[at] ^= 1 << random.below(8);
            }
            1 => log.rows[random.below(size)].1[random.below(32)] ^= 1 << random.below(8),
            2 => drop(log.rows.remove(random.below(size))),
            3 if size > 1 => {
                let first = random.below(size);
                let second = (first + 1 + random.below(size - 1)) % size;
                log.rows.swap(first, second);
            }
            4 => log.rows.truncate(random.below(size)),
            5 => {
                let extra = entry(1000 + round).canonical();
                let at = random.below(size);
                log.rows.insert(at, (at as u64, leaf_hash(&extra), extra));
            }
            6 => {
                let copy = log.rows[random.below(size)].clone();
                log.rows.insert(random.below(size), copy);
            }
            _ => {
                let at = random.below(log.checkpoints.len());
                let text = std::mem::take(&mut log.checkpoints[at]);
                let mut bytes = text.into_bytes();
                let place = random.below(bytes.len());
                bytes[place] ^= 1 << random.below(7);
                log.checkpoints[at] = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        // A lone entry has nothing to change places with; its checkpoint is altered in its stead.
        kinds[kind] += 1;
        assert!(log.verify().is_err(), "mutation {kind} in round {round}");
        // Half of them as by someone who can write every table but has no signing key. Not where
        // that would undo the mutation (stored hashes alone) or could make it a sound addition (the
        // last entry doubled).
        if random.below(2) == 0 && !matches!(kind, 1 | 6) {
            log.cover_up();
            assert!(
                log.verify().is_err(),
                "covered mutation {kind} in round {round}"
            );
        }
    }
    assert!(kinds.iter().all(|&count| count > 150), "{kinds:?}");
}
