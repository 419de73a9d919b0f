//! The synchronous heart: blocks go in, rows and cursor change as one, shares are armed before and let go after.
//!
//! A range of blocks is applied in this order, so that whatever fails leaves something that can be tried again:
//!
//! 1. apply the events to the state in memory, keeping every change;
//! 2. arm the shares that became ours, and write down the exits that were asked for (durable in the signing history, idempotent);
//! 3. commit rows, cursor, undo rows and the state of the signing history, as one batch;
//! 4. let go of the shares that are not ours any more.
//!
//! A failure in 2 or 3 takes the changes in memory back. A failure in 4 is tried again with the next range: the published set
//! does not name the validator any more, so nothing asks for its signature.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use contracts_abi::RegistryEvent;
use crypto::bls::SecretKey;
use store::{Batch, RegistryDb, RegistryTable, StoreError};
use types::rules::NetworkRules;
use types::{PublicKeyBytes, Root};

use crate::apply::{Judge, Malformed, Outcome, apply};
use crate::binding;
use crate::db::{self, LogPlace, UndoBlock};
use crate::digest::RowsDigest;
use crate::error::RegistryError;
use crate::ports::{ArmFailed, Armer, Arming, ShareDecryptor, SharePlace, ShareToArm};
use crate::proofs::OwnerNonces;
use crate::set::{BlockRef, ExitRequest, RecipientChange, ValidatorSet, places};
use crate::state::{Change, State};

/// Blocks below the cursor that can be taken back; a deeper reorganisation rebuilds the state.
pub const UNDO_BLOCKS: u64 = 256;
/// Skipped events that are kept with their reason; the oldest are forgotten first.
const SKIPPED_KEPT: usize = 4096;

/// A block that holds logs of the contract, decoded, in log order.
#[derive(Debug)]
pub(crate) struct EventBlock {
    pub block: BlockRef,
    /// Unix seconds; 0 where it is not known, in the history.
    pub timestamp: u64,
    pub events: Vec<EventAt>,
}

/// A log of the contract.
#[derive(Debug)]
pub(crate) struct EventAt {
    pub index: u64,
    pub topic: Root,
    /// `None` when it is undecodable.
    pub event: Option<RegistryEvent>,
}

/// Blocks after the cursor, up to and including `end`.
#[derive(Debug)]
pub(crate) struct Range {
    /// Those with logs, in order.
    pub blocks: Vec<EventBlock>,
    pub end: BlockRef,
}

/// What came of a range.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub changed: bool,
    pub skipped: u64,
    pub exits: Vec<ExitRequest>,
    /// Owners of validators of ours whose fees go elsewhere now.
    pub recipients: Vec<RecipientChange>,
}

/// Why a range was not applied; nothing of it stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeeperError {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("shares could not be armed: {0}")]
    Arm(ArmFailed),
    #[error("exits that owners ask for could not be written down: {0}")]
    Exits(ArmFailed),
    #[error(
        "block {end} was to be applied after block {cursor}: this is a defect, please report it with the log"
    )]
    NotAfter { end: u64, cursor: u64 },
}

impl From<StoreError> for KeeperError {
    fn from(error: StoreError) -> Self {
        Self::Registry(error.into())
    }
}

/// Everything the keeper is built from; it is built anew after its database failed.
#[derive(Clone)]
pub(crate) struct KeeperSetup {
    pub folder: PathBuf,
    pub rules: Arc<NetworkRules>,
    pub own_text: Arc<[u8]>,
    pub decryptor: Arc<dyn ShareDecryptor>,
    pub armer: Arc<dyn Armer>,
}

pub(crate) struct Keeper {
    setup: KeeperSetup,
    db: RegistryDb,
    state: State,
    cursor: Option<BlockRef>,
    undo: BTreeMap<u64, Root>,
    skipped: VecDeque<LogPlace>,
    armed: BTreeSet<SharePlace>,
    rows_digest: Option<RowsDigest>,
    /// The chain is read for the first time: what owners asked for in it is not of the present.
    first_reading: bool,
}

impl Keeper {
    /// Opens the database, checks what it is bound to, and arms the shares it knows.
    pub(crate) fn open(setup: &KeeperSetup) -> Result<Self, RegistryError> {
        let db = RegistryDb::open(&setup.folder)?;
        binding::check(&db, &setup.rules, &setup.own_text)?;
        let mut keeper = Self {
            setup: setup.clone(),
            state: db::load_state(&db)?,
            cursor: db::load_cursor(&db)?,
            undo: db::load_undo_index(&db)?,
            skipped: db::load_skipped(&db)?.into(),
            armed: BTreeSet::new(),
            rows_digest: None,
            first_reading: false,
            db,
        };
        keeper.first_reading = keeper.cursor.is_none();
        keeper.resume()?;
        Ok(keeper)
    }

    /// Arms everything we have duties for, as it was before this process began.
    fn resume(&mut self) -> Result<(), RegistryError> {
        let ours = self.places();
        if ours.is_empty() {
            return Ok(());
        }
        binding::check_history(&self.db, self.setup.armer.mark())?;
        let open = |place: &SharePlace| {
            let secret = self.open_share(place).ok_or(RegistryError::OperatorKey)?;
            Ok(ShareToArm { place: *place, secret })
        };
        let shares = ours.iter().map(open).collect::<Result<Vec<_>, RegistryError>>()?;
        self.setup.armer.arm(shares, Arming::Resume).map_err(RegistryError::Arm)?;
        self.armed = ours;
        Ok(())
    }

    /// Makes every later commit fail.
    #[cfg(test)]
    pub(crate) fn break_disk(&mut self) {
        self.db.break_disk().unwrap();
    }

    pub(crate) const fn cursor(&self) -> Option<BlockRef> {
        self.cursor
    }

    /// The set as of the cursor.
    pub(crate) fn set(&self) -> ValidatorSet {
        let block = self.cursor.unwrap_or(BlockRef { number: 0, hash: Root::ZERO });
        ValidatorSet::of(&self.state, block, &self.setup.own_text)
    }

    /// The digest at the cursor.
    pub(crate) fn digest(&mut self) -> Option<Root> {
        let cursor = self.cursor?;
        let rows = self.rows_digest.get_or_insert_with(|| RowsDigest::of(&self.state));
        Some(rows.at(cursor.number))
    }

    /// Blocks that can be taken back to, newest first.
    pub(crate) fn known_blocks(&self) -> Vec<BlockRef> {
        self.undo.iter().rev().map(|(number, hash)| BlockRef { number: *number, hash: *hash }).collect()
    }

    /// Applies blocks after the cursor.
    pub(crate) fn apply(&mut self, range: &Range) -> Result<Report, KeeperError> {
        if let Some(cursor) = self.cursor.filter(|cursor| range.end.number <= cursor.number) {
            return Err(KeeperError::NotAfter { end: range.end.number, cursor: cursor.number });
        }
        let mut work = Work::default();
        let nonces = OwnerNonces::verify(&self.state, range);
        for block in &range.blocks {
            self.apply_block(block, &nonces, &mut work);
        }
        let answer = self.commit(&mut work, range.end);
        if let Err(error) = answer {
            self.take_back(work.changes);
            return Err(error);
        }
        Ok(work.report)
    }

    fn apply_block(&mut self, block: &EventBlock, nonces: &OwnerNonces, work: &mut Work) {
        let first = work.changes.len();
        for at in &block.events {
            let own_text = Arc::clone(&self.setup.own_text);
            let owner_nonce =
                |key: &_, signature: &_, owner: &_, nonce| nonces.holds(key, signature, owner, nonce);
            let judge =
                Judge { own_text: &own_text, decryptor: &*self.setup.decryptor, owner_nonce: &owner_nonce };
            let applied = at.event.as_ref().map(|event| apply(&self.state, event, &judge));
            let outcome =
                applied.as_ref().map_or(Outcome::Skipped(Malformed::Undecodable), |done| done.outcome);
            if let Some(done) = applied {
                work.notice_secret(&done.changes, done.secret);
                done.changes.iter().for_each(|change| self.state.absorb(change));
                work.changes.extend(done.changes);
            }
            self.note(outcome, block, at, work);
        }
        let rows = db::undo_rows(work.changes.get(first..).unwrap_or_default());
        work.undo.insert(block.block.number, UndoBlock { hash: block.block.hash, rows });
    }

    fn note(&self, outcome: Outcome, block: &EventBlock, at: &EventAt, work: &mut Work) {
        match outcome {
            Outcome::Skipped(reason) => {
                let number = block.block.number;
                tracing::warn!(block = number, log = at.index, %reason, "a registry event was skipped");
                work.skipped.push((LogPlace { block: number, index: at.index }, reason, at.topic));
                work.report.skipped = work.report.skipped.saturating_add(1);
            }
            Outcome::Exit { .. } if self.is_past(block) => {}
            Outcome::Exit { validator } => {
                let own = self.state.shares.get(&validator).is_some_and(|share| share.usable);
                let request = ExitRequest { validator, own, block: block.block, timestamp: block.timestamp };
                work.report.exits.push(request);
            }
            Outcome::Applied => work.report.recipients.extend(self.recipient_change(block, at)),
            Outcome::Unchanged | Outcome::Ignored => {}
        }
    }

    /// Far below the head a block's time is not known, and what was asked for in it is long past.
    const fn is_past(&self, block: &EventBlock) -> bool {
        self.first_reading || block.timestamp == 0
    }

    /// What an event says of the fees of validators of ours, unless it is long past.
    fn recipient_change(&self, block: &EventBlock, at: &EventAt) -> Option<RecipientChange> {
        let Some(RegistryEvent::FeeRecipientAddressUpdated { owner, .. }) = at.event else { return None };
        let is_of_owner =
            |validator| self.state.validators.get(validator).is_some_and(|row| row.owner == owner);
        let mut usable = self.state.shares.iter().filter(|(_, share)| share.usable);
        let is_told = !self.is_past(block) && usable.any(|(validator, _)| is_of_owner(validator));
        is_told.then_some(RecipientChange { owner, block: block.block, timestamp: block.timestamp })
    }

    /// Goes back to a block that is kept, taking back what was changed after it.
    pub(crate) fn roll_back(&mut self, ancestor: BlockRef) -> Result<Report, KeeperError> {
        let mut work = Work::default();
        let later: Vec<u64> =
            self.undo.range(ancestor.number.saturating_add(1)..).map(|(at, _)| *at).collect();
        let gone = self.undo_blocks(&later, &mut work);
        let answer = gone.and_then(|()| {
            work.forgotten.extend(later);
            self.commit(&mut work, ancestor)
        });
        if let Err(error) = answer {
            self.take_back(work.changes);
            return Err(error);
        }
        Ok(work.report)
    }

    fn undo_blocks(&mut self, numbers: &[u64], work: &mut Work) -> Result<(), KeeperError> {
        for number in numbers.iter().rev() {
            let block = db::load_undo(&self.db, *number)?;
            for row in block.rows.iter().rev() {
                let change = db::undoing(&self.state, row)?;
                self.state.absorb(&change);
                work.changes.push(change);
            }
        }
        Ok(())
    }

    /// Forgets everything that came from the chain, to read it again from the start.
    pub(crate) fn forget(&mut self) -> Result<(), KeeperError> {
        let mut batch = Batch::new();
        db::put_empty(&self.db, &mut batch)?;
        self.db.commit(batch)?;
        self.state = State::default();
        self.cursor = None;
        self.undo.clear();
        self.skipped.clear();
        self.rows_digest = None;
        self.first_reading = true;
        Ok(())
    }

    /// The newest block is reached.
    pub(crate) const fn arrive(&mut self) {
        self.first_reading = false;
    }

    /// Arms, keeps exits, commits, lets go.
    fn commit(&mut self, work: &mut Work, end: BlockRef) -> Result<(), KeeperError> {
        work.report.changed = !work.changes.is_empty();
        let ours = if work.report.changed { self.places() } else { self.armed.clone() };
        self.arm(&ours, work)?;
        self.keep_exits(&work.report.exits)?;
        let batch = self.batch(work, end, !ours.is_empty());
        self.db.commit(batch)?;
        self.committed(work, end);
        self.let_go(&ours);
        Ok(())
    }

    fn arm(&mut self, ours: &BTreeSet<SharePlace>, work: &mut Work) -> Result<(), KeeperError> {
        let returned = returned(&work.changes);
        let wanted = |place: &&SharePlace| !self.armed.contains(place) || returned.contains(&place.validator);
        let mut shares = Vec::new();
        for place in ours.iter().filter(wanted) {
            let secret = work.secrets.remove(place).or_else(|| self.open_share(place));
            shares.push(ShareToArm { place: *place, secret: secret.ok_or(RegistryError::OperatorKey)? });
        }
        if shares.is_empty() {
            return Ok(());
        }
        let places: Vec<SharePlace> = shares.iter().map(|share| share.place).collect();
        self.setup.armer.arm(shares, Arming::Anew).map_err(KeeperError::Arm)?;
        self.armed.extend(places);
        Ok(())
    }

    fn keep_exits(&self, exits: &[ExitRequest]) -> Result<(), KeeperError> {
        let own: Vec<ExitRequest> = exits.iter().filter(|exit| exit.own).copied().collect();
        if own.is_empty() {
            return Ok(());
        }
        self.setup.armer.keep_exits(&own).map_err(KeeperError::Exits)
    }

    /// The rows of a commit. What is beyond the bounds is forgotten in the same one.
    fn batch(&self, work: &mut Work, end: BlockRef, has_shares: bool) -> Batch<RegistryTable> {
        let mut batch = Batch::new();
        work.changes.iter().for_each(|change| db::put_change(&mut batch, change));
        db::put_cursor(&mut batch, end);
        let oldest = end.number.checked_sub(UNDO_BLOCKS);
        work.undo.retain(|number, _| Some(*number) > oldest);
        if !self.undo.contains_key(&end.number) {
            work.undo.entry(end.number).or_insert_with(|| UndoBlock { hash: end.hash, rows: Vec::new() });
        }
        if let Some(oldest) = oldest {
            work.forgotten.extend(self.undo.range(..=oldest).map(|(number, _)| *number));
        }
        work.undo.iter().for_each(|(number, block)| db::put_undo(&mut batch, *number, block));
        work.forgotten.iter().for_each(|number| db::remove_undo(&mut batch, *number));
        // After a roll-back, events of blocks that are no more.
        let undone = self.skipped.iter().filter(|place| place.block > end.number);
        undone.for_each(|place| db::remove_skipped(&mut batch, *place));
        for (place, reason, topic) in &work.skipped {
            db::put_skipped(&mut batch, *place, *reason, *topic);
        }
        let kept = self.skipped.len().saturating_add(work.skipped.len());
        let surplus = self.skipped.iter().take(kept.saturating_sub(SKIPPED_KEPT));
        surplus.for_each(|place| db::remove_skipped(&mut batch, *place));
        if has_shares {
            binding::note_history(&mut batch, self.setup.armer.mark());
        }
        batch
    }

    /// Brings memory to where the database is now.
    fn committed(&mut self, work: &mut Work, end: BlockRef) {
        self.cursor = Some(end);
        self.skipped.retain(|place| place.block <= end.number);
        for number in &work.forgotten {
            self.undo.remove(number);
        }
        self.undo.extend(work.undo.iter().map(|(number, block)| (*number, block.hash)));
        self.skipped.extend(work.skipped.iter().map(|(place, _, _)| *place));
        let surplus = self.skipped.len().saturating_sub(SKIPPED_KEPT);
        self.skipped.drain(..surplus);
        if work.report.changed {
            self.rows_digest = None;
        }
    }

    fn let_go(&mut self, ours: &BTreeSet<SharePlace>) {
        let gone: Vec<SharePlace> = self.armed.difference(ours).copied().collect();
        if gone.is_empty() {
            return;
        }
        match self.setup.armer.disarm(&gone) {
            Ok(()) => self.armed.retain(|place| ours.contains(place)),
            Err(error) => {
                tracing::error!(%error, shares = gone.len(), "shares could not be disarmed, trying again");
            }
        }
    }

    fn take_back(&mut self, changes: Vec<Change>) {
        changes.into_iter().rev().for_each(|change| self.state.revert(change));
    }

    fn places(&self) -> BTreeSet<SharePlace> {
        places(&self.set()).collect()
    }

    fn open_share(&self, place: &SharePlace) -> Option<SecretKey> {
        let row = self.state.shares.get(&place.validator)?;
        self.setup.decryptor.decrypt(&row.ciphertext, &place.share).ok()
    }
}

/// What a range of blocks has done so far.
#[derive(Default)]
struct Work {
    changes: Vec<Change>,
    undo: BTreeMap<u64, UndoBlock>,
    forgotten: Vec<u64>,
    skipped: Vec<(LogPlace, Malformed, Root)>,
    secrets: BTreeMap<SharePlace, SecretKey>,
    report: Report,
}

impl Work {
    /// Keeps the secret that came with a registration until it is armed.
    fn notice_secret(&mut self, changes: &[Change], secret: Option<SecretKey>) {
        let row = changes.iter().find_map(|change| match change {
            Change::Validator(changed) => changed.after.as_ref(),
            Change::Operator(_) | Change::Share(_) | Change::Owner(_) => None,
        });
        if let (Some(row), Some(secret)) = (row, secret) {
            let share = secret.public_key().to_bytes();
            self.secrets.insert(SharePlace { validator: row.key, share }, secret);
        }
    }
}

/// Validators that were added or reactivated: their shares are armed anew, even when they were armed all the time.
fn returned(changes: &[Change]) -> BTreeSet<PublicKeyBytes> {
    let returned = |change: &Change| match change {
        Change::Validator(changed) => {
            let active = changed.after.as_ref().is_some_and(|row| !row.liquidated);
            let was_active = changed.before.as_ref().is_some_and(|row| !row.liquidated);
            (active && !was_active).then_some(changed.key)
        }
        Change::Operator(_) | Change::Share(_) | Change::Owner(_) => None,
    };
    changes.iter().filter_map(returned).collect()
}
