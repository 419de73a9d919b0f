//! EIP-3076: the conformance suite (github.com/eth-clients/slashing-protection-interchange-tests), and our own documents.
//!
//! The history keeps marks and its own latest votes, so it must answer as a "minimal" store does: `should_succeed`.

#[path = "../../../conformance/src/vectors.rs"]
mod vectors;

use std::fs;
use std::path::Path;

use serde::Deserialize;
use store::HistoryDb;
use types::{Epoch, PublicKeyBytes, Root, Slot};

use super::{LATE, armed, vote};
use crate::HistoryError;
use crate::history::{Books, Vote};
use crate::interchange::{self, ImportError, Interchange};
use crate::rules::Safe;

/// Number of documents in the suite.
const VECTORS: usize = 38;

#[derive(Deserialize)]
struct Vector {
    name: String,
    genesis_validators_root: Root,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    should_succeed: bool,
    contains_slashable_data: bool,
    interchange: Interchange,
    blocks: Vec<BlockAttempt>,
    attestations: Vec<VoteAttempt>,
}

#[derive(Deserialize)]
struct BlockAttempt {
    pubkey: PublicKeyBytes,
    #[serde(with = "serde_utils::quoted_u64")]
    slot: Slot,
    signing_root: Root,
    should_succeed: bool,
}

#[derive(Deserialize)]
struct VoteAttempt {
    pubkey: PublicKeyBytes,
    #[serde(with = "serde_utils::quoted_u64")]
    source_epoch: Epoch,
    #[serde(with = "serde_utils::quoted_u64")]
    target_epoch: Epoch,
    signing_root: Root,
    should_succeed: bool,
}

fn bound(folder: &Path, chain: Root) -> HistoryDb {
    let db = HistoryDb::open(folder).unwrap();
    db.transact(|transaction| Books(transaction).bind(chain)).unwrap();
    db
}

fn run(vector: &Vector) {
    let folder = tempfile::tempdir().unwrap();
    let db = bound(folder.path(), vector.genesis_validators_root);
    for (index, step) in vector.steps.iter().enumerate() {
        let place = format!("{} step {index}", vector.name);
        let imported = interchange::import(&db, &step.interchange);
        if step.should_succeed {
            // Slashable data may be refused; raising marks makes it harmless, so it is imported.
            assert!(imported.is_ok(), "{place} (slashable: {}): {imported:?}", step.contains_slashable_data);
        } else {
            assert!(imported.is_err(), "{place}");
        }
        for attempt in &step.blocks {
            let answer = db
                .transact(|transaction| {
                    Books(transaction).block(&attempt.pubkey, attempt.slot, &attempt.signing_root)
                })
                .unwrap();
            assert_eq!(
                answer.unwrap() == Ok(Safe::New),
                attempt.should_succeed,
                "{place} block {}",
                attempt.slot
            );
        }
        for attempt in &step.attestations {
            let (source, target) = (attempt.source_epoch, attempt.target_epoch);
            let vote = Vote { source, target, root: attempt.signing_root };
            let answer =
                db.transact(|transaction| Books(transaction).attestation(&attempt.pubkey, vote)).unwrap();
            let granted = answer.unwrap() == Ok(Safe::New);
            assert_eq!(granted, attempt.should_succeed, "{place} vote {source} -> {target}");
        }
    }
}

#[test]
fn the_conformance_suite() {
    let Some(folder) = vectors::find("slashing-interchange") else { return };
    let mut ran = 0;
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "json") {
            run(&serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap());
            ran += 1;
        }
    }
    assert_eq!(ran, VECTORS);
}

#[test]
fn an_exported_history_protects_another_one_as_well() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vault = armed(from.path(), 2);
    assert!(vault.permit_attestations(LATE, &[vote(1, 12, 20, 1)])[0].is_ok());
    let text = serde_json::to_string(&interchange::export(vault.history()).unwrap()).unwrap();

    let db = bound(to.path(), Root::repeat_byte(7));
    let document: Interchange = serde_json::from_str(&text).unwrap();
    assert_eq!(interchange::import(&db, &document).unwrap(), 2);
    assert_eq!(interchange::export(&db).unwrap().data, document.data);
    let accounts = interchange::show(&db).unwrap();
    assert!(accounts.iter().all(|account| !account.armed && account.validator.is_none()));
    let again = db.generation();
    interchange::import(&db, &document).unwrap();
    assert_eq!(interchange::export(&db).unwrap().data, document.data);
    assert_eq!(db.generation(), again, "nothing new, nothing written");
}

#[test]
fn documents_that_do_not_fit_are_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let db = HistoryDb::open(folder.path()).unwrap();
    assert!(matches!(interchange::export(&db), Err(ImportError::Unbound)));
    let other = tempfile::tempdir().unwrap();
    let document = interchange::export(armed(other.path(), 1).history()).unwrap();
    assert!(matches!(interchange::import(&db, &document), Err(ImportError::Unbound)));
    assert_eq!(interchange::chain(&db).unwrap(), None);
    db.transact(|transaction| Books(transaction).bind(Root::repeat_byte(8))).unwrap();
    assert!(matches!(interchange::import(&db, &document), Err(ImportError::OtherChain { .. })));
    assert_eq!(interchange::chain(&db).unwrap(), Some(Root::repeat_byte(8)));
    let mut newer = document;
    newer.metadata.interchange_format_version = "6".to_owned();
    assert!(matches!(interchange::import(&db, &newer), Err(ImportError::Version(_))));
    assert!(interchange::show(&db).unwrap().is_empty());
}

#[test]
fn the_account_finds_a_planted_second_vote() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    for target in 11..15 {
        assert!(vault.permit_attestations(LATE, &[vote(1, 9, target, 1)])[0].is_ok());
    }
    let account = interchange::show(vault.history()).unwrap().remove(0);
    assert_eq!((account.attestations.len(), account.slashable_pairs), (4, 0));

    let key = [&account.share.0[..], &12_u64.to_be_bytes(), Root::repeat_byte(0xee).as_slice()].concat();
    let planted = vault.history().transact(|transaction| {
        transaction.put(store::HistoryTable::Attestations, &key, &9_u64.to_le_bytes())?;
        Ok::<(), HistoryError>(())
    });
    planted.unwrap();
    let account = interchange::show(vault.history()).unwrap().remove(0);
    assert_eq!((account.attestations.len(), account.slashable_pairs), (5, 1));
}
