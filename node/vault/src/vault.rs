//! The vault itself: arm, permit, sign, begin consensus.
//!
//! All calls block for the time of a disk write or of the mathematics: callers run them off the I/O reactor.

use std::sync::Arc;

use store::{FileId, Generation, HistoryDb, StoreError};
use types::rules::ChainRules;
use types::{
    BeaconDomainType, CommitteeId, Epoch, PublicKeyBytes, Root, RunnerRole, Slot, TreeHash, signing,
};

use crate::error::{ArmError, HistoryError, Refused};
use crate::floor::Floor;
use crate::history::{Books, Marks, MarksRow, Vote};
use crate::keys::{ArmShare, KeyRing};
use crate::object::{Object, ObjectRequest};
use crate::permit::{AttestationRequest, BlockRequest, Permit, Signer};
use crate::rules::{Breach, Safe};
use crate::sign::{self, Job, Signed};

/// How the floor enters when a share is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arming {
    /// The share was ours all the time (a restart): marks of an armed share stay as they are, and the floor is for shares
    /// the history does not know or that were disarmed.
    Resume,
    /// The share was just assigned to us, or its cluster was reactivated: the floor holds in any case.
    Anew,
}

/// May consensus of a slot begin?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consensus {
    /// Yes, and it is recorded.
    Started,
    /// No: this node spoke for that slot, or for a later one, before.
    AlreadySpoken {
        /// The last slot it spoke for.
        last: Slot,
    },
}

/// Which state of which history: lets the registry notice that the history is older than the one it armed its shares in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryMark {
    /// Identity of the file.
    pub id: FileId,
    /// Number of its last commit.
    pub generation: Generation,
}

/// Shares, and the history of what they signed. See the crate's page for the rules.
pub struct Vault {
    history: HistoryDb,
    keys: KeyRing,
    chain: Arc<ChainRules>,
}

impl Vault {
    /// Opens the vault over a signing history. A new history is bound to the chain; no share is armed yet.
    ///
    /// # Errors
    /// [`HistoryError::OtherChain`] when the history belongs to another beacon chain; a failure of the database.
    pub fn open(history: HistoryDb, chain: Arc<ChainRules>) -> Result<Self, HistoryError> {
        let root = chain.beacon.genesis.genesis_validators_root;
        history.transact(|transaction| Books(transaction).bind(root))?;
        Ok(Self { history, keys: KeyRing::default(), chain })
    }

    /// Arms shares: their marks are durable when this returns, and they can sign. Arming twice is arming once.
    ///
    /// # Errors
    /// A secret that is not that of its share; a failure of the history. Nothing is armed then.
    pub fn arm(&self, shares: Vec<ArmShare>, floor: Floor, arming: Arming) -> Result<(), ArmError> {
        for share in &shares {
            if share.secret.public_key().to_bytes() != share.share {
                return Err(ArmError::KeyMismatch { share: share.share });
            }
        }
        self.history.transact(|transaction| {
            let mut books = Books(transaction);
            for share in &shares {
                let old = books.marks(&share.share)?;
                let kept = old.filter(|row| row.armed && arming == Arming::Resume);
                let marks = kept.map_or_else(|| floor.raise(old.map(|row| row.marks)), |row| row.marks);
                let row = MarksRow { armed: true, validator: share.validator, marks };
                if old != Some(row) {
                    books.set_marks(&share.share, &row)?;
                }
            }
            Ok::<(), HistoryError>(())
        })?;
        for share in shares {
            self.keys.hold(share);
        }
        Ok(())
    }

    /// Lets shares go: their secrets are dropped at once, their marks stay and the next arming raises them to the floor.
    ///
    /// # Errors
    /// A failure of the history. The secrets are gone all the same.
    pub fn disarm(&self, signers: &[Signer]) -> Result<(), HistoryError> {
        let unused: Vec<&Signer> = signers.iter().filter(|signer| self.keys.release(**signer)).collect();
        self.history.transact(|transaction| {
            let mut books = Books(transaction);
            for signer in unused {
                if let Some(row) = books.marks(&signer.share)?.filter(|row| row.armed) {
                    books.set_marks(&signer.share, &MarksRow { armed: false, ..row })?;
                }
            }
            Ok(())
        })
    }

    /// Asks for leave to sign votes, in the order of the requests. Those that are granted are recorded, all in one transaction,
    /// durable when this returns. `now` is the current slot.
    pub fn permit_attestations(
        &self,
        now: Slot,
        requests: &[AttestationRequest],
    ) -> Vec<Result<Permit, Refused>> {
        let mut roots = RootOfVote::new(&self.chain);
        let checked = requests.iter().map(|request| {
            let data = &request.data;
            self.keys.secret(&request.signer)?;
            if data.slot > now {
                return Err(Refused::Future { slot: data.slot, now });
            }
            if data.target.epoch != self.chain.network.epoch_of(data.slot) {
                return Err(Refused::TargetNotOfSlot { target: data.target.epoch, slot: data.slot });
            }
            let (source, target) = (data.source.epoch, data.target.epoch);
            Ok(Asked { signer: request.signer, what: Vote { source, target, root: roots.of(data) } })
        });
        self.permit(&checked.collect::<Vec<_>>(), |books, asked| {
            let verdict = books.attestation(&asked.signer.share, asked.what)?;
            Ok((verdict, asked.what.root))
        })
    }

    /// As [`Vault::permit_attestations`], for blocks.
    pub fn permit_blocks(&self, now: Slot, requests: &[BlockRequest]) -> Vec<Result<Permit, Refused>> {
        let checked = requests.iter().map(|request| {
            self.keys.secret(&request.signer)?;
            let slot = request.header.slot;
            if slot > now {
                return Err(Refused::Future { slot, now });
            }
            Ok(Asked { signer: request.signer, what: request.header })
        });
        self.permit(&checked.collect::<Vec<_>>(), |books, asked| {
            let root =
                self.signing_root(asked.what.tree_hash_root(), BeaconDomainType::Proposer, asked.what.slot);
            let verdict = books.block(&asked.signer.share, asked.what.slot, &root)?;
            Ok((verdict, root))
        })
    }

    /// Signs what was permitted, in the order of the permits; all that share a root share its hash to the curve. A share
    /// that was disarmed or stopped in between does not sign.
    pub fn sign_many(&self, permits: Vec<Permit>) -> Vec<Result<Signed, Refused>> {
        let job = |permit: Permit| self.job(permit.signer(), permit.root());
        sign::sign(&permits.into_iter().map(job).collect::<Vec<_>>())
    }

    /// Signs the sync committee messages of one slot and head block, in the order of the signers. They cannot be slashed
    /// for, so they need no permit; a stopped share does not sign them either.
    pub fn sign_sync_messages(
        &self,
        slot: Slot,
        beacon_block_root: Root,
        signers: &[Signer],
    ) -> Vec<Result<Signed, Refused>> {
        let root = self.signing_root(beacon_block_root, BeaconDomainType::SyncCommittee, slot);
        let jobs: Vec<Job> = signers.iter().map(|signer| self.job(*signer, root)).collect();
        sign::sign(&jobs)
    }

    /// Signs objects that cannot be slashed for, in the order of the requests; all that share a root share its hash to the curve.
    /// A stopped share signs none of them, and an exit is signed only if it was requested ([`Vault::put_exit`]).
    pub fn sign_objects(&self, requests: &[ObjectRequest]) -> Vec<Result<Signed, Refused>> {
        let job = |request: &ObjectRequest| {
            let mut job = self.job(request.signer, request.signing_root(&self.chain));
            if let Object::Exit(exit) = &request.object
                && job.secret.is_ok()
                && let Err(refused) = self.check_exit(&request.signer, exit)
            {
                job.secret = Err(refused);
            }
            job
        };
        sign::sign(&requests.iter().map(job).collect::<Vec<_>>())
    }

    /// Records that this node begins consensus of committees at `slot`, in one transaction, before it says anything. Answers
    /// in the order of the committees. On [`Consensus::AlreadySpoken`] the node follows and does not speak.
    ///
    /// # Errors
    /// A failure of the history: the node must not speak.
    pub fn begin_consensus(
        &self,
        committees: &[(CommitteeId, RunnerRole)],
        slot: Slot,
    ) -> Result<Vec<Consensus>, HistoryError> {
        self.history.transact(|transaction| {
            let mut books = Books(transaction);
            let mut begin = |(committee, role): &(CommitteeId, RunnerRole)| {
                let last = books.start(committee, *role, slot)?;
                Ok(last.map_or(Consensus::Started, |last| Consensus::AlreadySpoken { last }))
            };
            committees.iter().map(&mut begin).collect()
        })
    }

    /// The marks of shares as they are on disk, for value checks; `None` where the history knows nothing.
    ///
    /// # Errors
    /// A failure of the history.
    pub fn marks(&self, shares: &[PublicKeyBytes]) -> Result<Vec<Option<Marks>>, HistoryError> {
        let read = |share: &PublicKeyBytes| {
            let stored = self.history.get(store::HistoryTable::Marks, &share.0)?;
            stored.map(|bytes| Ok(MarksRow::decode(&bytes)?.marks)).transpose()
        };
        shares.iter().map(read).collect()
    }

    /// Shares whose record could not be written; they sign nothing more.
    #[must_use]
    pub fn stopped(&self) -> Vec<PublicKeyBytes> {
        self.keys.stopped()
    }

    /// Number of shares that can sign.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.keys.ready()
    }

    /// The state of the history.
    #[must_use]
    pub fn history_mark(&self) -> HistoryMark {
        HistoryMark { id: self.history.id(), generation: self.history.generation() }
    }

    /// The history, for export while the node runs.
    #[must_use]
    pub const fn history(&self) -> &HistoryDb {
        &self.history
    }

    pub(crate) fn chain(&self) -> &ChainRules {
        &self.chain
    }

    /// Checks and records everything that was asked for properly, in one transaction, and hands the permits out after it.
    fn permit<W>(
        &self,
        checked: &[Result<Asked<W>, Refused>],
        check: impl Fn(
            &mut Books<'_, '_>,
            &Asked<W>,
        ) -> Result<(Option<Result<Safe, Breach>>, Root), HistoryError>,
    ) -> Vec<Result<Permit, Refused>> {
        let recorded = self.history.transact(|transaction| {
            let mut books = Books(transaction);
            let mut decide = |asked: &Result<Asked<W>, Refused>| match asked {
                Err(refused) => Ok(Err(*refused)),
                Ok(asked) => {
                    let (verdict, root) = check(&mut books, asked)?;
                    Ok(match verdict {
                        None => Err(Refused::NoRecord),
                        Some(Ok(Safe::New | Safe::SameData)) => Ok((asked.signer, root)),
                        Some(Err(breach)) => Err(Refused::Slashable(breach)),
                    })
                }
            };
            checked.iter().map(&mut decide).collect::<Result<Vec<_>, HistoryError>>()
        });
        match recorded {
            // The transaction is on disk: now there may be permits.
            Ok(answers) => {
                let grant = |(signer, root)| Permit::granted(signer, root);
                answers.into_iter().map(|answer| answer.map(grant)).collect()
            }
            Err(error) => self.stop(checked, &error),
        }
    }

    /// The history failed: the shares that asked are stopped, and nobody gets a permit.
    fn stop<W>(
        &self,
        checked: &[Result<Asked<W>, Refused>],
        error: &HistoryError,
    ) -> Vec<Result<Permit, Refused>> {
        let shares = checked.iter().flatten().map(|asked| asked.signer.share);
        self.keys.stop(shares.clone());
        tracing::error!(%error, shares = shares.count(), "the signing history failed: these shares are stopped");
        let refused =
            |asked: &Result<Asked<W>, Refused>| Err(*asked.as_ref().err().unwrap_or(&Refused::Stopped));
        checked.iter().map(refused).collect()
    }

    fn job(&self, signer: Signer, root: Root) -> Job {
        Job { signer, root, secret: self.keys.secret(&signer) }
    }

    fn signing_root(&self, object: Root, kind: BeaconDomainType, slot: Slot) -> Root {
        let epoch = self.chain.network.epoch_of(slot);
        signing::signing_root(object, self.chain.beacon.domain(kind, epoch))
    }
}

/// A request that may be put to the history.
struct Asked<W> {
    signer: Signer,
    what: W,
}

/// The signing root of votes; a committee's votes are mostly one, so the last is remembered.
struct RootOfVote<'a> {
    chain: &'a ChainRules,
    last: Option<(types::beacon::AttestationData, Root)>,
}

impl<'a> RootOfVote<'a> {
    const fn new(chain: &'a ChainRules) -> Self {
        Self { chain, last: None }
    }

    fn of(&mut self, data: &types::beacon::AttestationData) -> Root {
        if let Some((last, root)) = &self.last
            && last == data
        {
            return *root;
        }
        let epoch: Epoch = data.target.epoch;
        let domain = self.chain.beacon.domain(BeaconDomainType::Attester, epoch);
        let root = signing::signing_root(data.tree_hash_root(), domain);
        self.last = Some((*data, root));
        root
    }
}

impl From<StoreError> for ArmError {
    fn from(error: StoreError) -> Self {
        Self::History(error.into())
    }
}
