//! The world of the runner vectors: a committee of the local operator, one machine for each slot, stubs around it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use crypto::bls::sign;
use crypto::threshold::CoefficientCache;
use duty::{
    CommitteeRunner, Effect, Input, Refusal, Setup, SignRequest, Signed, SigningObject, SigningTask,
    recombine,
};
use qbft::{Committee, Leader, VerifySigner};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use types::signing::BeaconDomainType;
use types::{
    BeaconRole, CommitteeDuty, CommitteeMember, Decode, MsgType, OperatorId, PartialSignatureMessages,
    QbftMessage, RefusalCode, Root, Round, SignedSsvMessage, Slot, SsvFork, TreeHash,
};

use super::beacon;
use super::shares::Shares;
use crate::codes;
use crate::keys::{LOCAL, TestKeys};
use crate::qbft::world::{CUT_OFF, sign as sign_message};

/// Operator 1 leads every round.
pub(super) struct Always;

impl Leader for Always {
    fn leader(&self, _: Slot, _: Round) -> OperatorId {
        LOCAL
    }
}

/// A committee under test, and what came out of it.
pub(super) struct World<'a> {
    fork: SsvFork,
    keys: &'a TestKeys,
    member: CommitteeMember,
    shares: Shares,
    verifier: Arc<qbft::CommitteeKeys>,
    runners: BTreeMap<Slot, CommitteeRunner>,
    cache: CoefficientCache,
    /// The bundles that were published, in order.
    pub(super) bundles: Vec<PartialSignatureMessages>,
    /// The roots of what was submitted.
    pub(super) beacon_roots: Vec<Root>,
    /// The last refusal: its code and its words.
    pub(super) refusal: Option<(Option<RefusalCode>, String)>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        fork: SsvFork,
        keys: &'a TestKeys,
        member: CommitteeMember,
        shares: Shares,
    ) -> Result<Self> {
        let verifier = Arc::new(qbft::CommitteeKeys::try_from(&member)?);
        Ok(Self {
            fork,
            keys,
            member,
            shares,
            verifier,
            runners: BTreeMap::new(),
            cache: CoefficientCache::default(),
            bundles: Vec::new(),
            beacon_roots: Vec::new(),
            refusal: None,
        })
    }

    pub(super) fn member(&self) -> &CommitteeMember {
        &self.member
    }

    pub(super) fn keys(&self) -> &'a TestKeys {
        self.keys
    }

    /// Forgets what came out so far.
    pub(super) fn forget(&mut self) {
        self.bundles.clear();
        self.beacon_roots.clear();
        self.refusal = None;
    }

    /// Ends a duty, if it has not ended.
    pub(super) fn give_up(&mut self, slot: Slot) -> Result<()> {
        self.feed(slot, Input::GiveUp)
    }

    fn setup(&self, slot: Slot) -> Setup {
        Setup {
            fork: self.fork,
            domain: self.member.domain,
            committee_id: self.member.committee_id,
            committee: Committee::from(&self.member),
            leader: Arc::new(Always),
            verifier: Arc::<qbft::CommitteeKeys>::clone(&self.verifier),
            cut_off: CUT_OFF,
            keys: self.shares.keys(),
            attester_domain: beacon::domain(BeaconDomainType::Attester),
            sync_domain: beacon::domain(BeaconDomainType::SyncCommittee),
            attestation_index: beacon::attestation_index(slot),
        }
    }

    /// Starts a duty, up to the point where its consensus runs.
    pub(super) fn start(&mut self, duty: &CommitteeDuty) -> Result<()> {
        if self.know(duty)? { self.feed(duty.slot, Input::Begin) } else { Ok(()) }
    }

    /// A machine for a duty that does not begin. False if the duty is refused.
    pub(super) fn know(&mut self, duty: &CommitteeDuty) -> Result<bool> {
        ensure!(!self.runners.contains_key(&duty.slot), "a second duty for a slot");
        match CommitteeRunner::new(self.setup(duty.slot), duty.clone()) {
            Err(refusal) => self.refused(&refusal),
            Ok(runner) => {
                self.runners.insert(duty.slot, runner);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A message from the network: what it can check on itself, its RSA signatures, then the duty of its slot.
    pub(super) fn message(&mut self, message: SignedSsvMessage) -> Result<()> {
        if let Err(code) = message.validate() {
            self.refuse(code);
            return Ok(());
        }
        let digest = Sha256::digest(message.ssv_message.signed_bytes()).into();
        let mut signatures = message.operator_ids.iter().zip(&message.signatures);
        if !signatures.all(|(signer, signature)| self.verifier.verify(*signer, &digest, signature)) {
            self.refuse(RefusalCode::SsvMessageHasInvalidSignature);
            return Ok(());
        }
        self.unverified(message)
    }

    /// A message whose RSA signatures are not looked at. A slot without a duty is for any of the machines to refuse.
    pub(super) fn unverified(&mut self, message: SignedSsvMessage) -> Result<()> {
        let slot = slot_of(&message).filter(|slot| self.runners.contains_key(slot));
        let slot = slot.or_else(|| self.runners.keys().next().copied()).context("no duty was started")?;
        self.feed(slot, Input::Message(message))
    }

    /// A refusal before any machine is asked.
    pub(super) fn refuse(&mut self, code: RefusalCode) {
        self.refusal = Some((Some(code), code.to_string()));
    }

    fn refused(&mut self, refusal: &Refusal) {
        self.refusal = Some((refusal.code(), refusal.to_string()));
    }

    /// One input, and whatever follows from its effects.
    fn feed(&mut self, slot: Slot, input: Input) -> Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let runner = self.runners.get_mut(&slot).context("no duty at this slot")?;
            let step = runner.step(input);
            if let Some(refusal) = &step.refusal {
                self.refused(refusal);
            }
            for effect in step.effects {
                inputs.extend(self.carry_out(effect)?);
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Input>> {
        Ok(match effect {
            Effect::BeginConsensus => Some(Input::ConsensusPermitted(true)),
            Effect::FetchView => Some(Input::View(Some(beacon::view(1)))),
            Effect::Sign(request) => Some(Input::Signed(self.partial_signatures(&request)?)),
            Effect::Recombine(tasks) => {
                let mut rng = ChaCha20Rng::seed_from_u64(7);
                Some(Input::Recombined(recombine(&tasks, &self.shares.keys(), &mut self.cache, &mut rng)))
            }
            Effect::Submit(submission) => {
                for object in &submission.objects {
                    self.beacon_roots.push(beacon::submission_root(object)?);
                }
                let objects =
                    submission.objects.iter().map(|object| (object.duty.validator_index, object.duty.role));
                Some(Input::Submitted { objects: objects.collect(), result: Ok(()) })
            }
            Effect::Broadcast(unsigned) => {
                let key = self.keys.local(self.member.committee.len())?;
                let message = sign_message(key, unsigned)?;
                if message.ssv_message.msg_type == MsgType::PartialSignature {
                    let bundle = PartialSignatureMessages::from_ssz_bytes(&message.ssv_message.data);
                    self.bundles.push(bundle.map_err(|error| anyhow::anyhow!("own bundle: {error:?}"))?);
                }
                None
            }
            Effect::ArmTimer { .. }
            | Effect::PublishDecided(_)
            | Effect::Reached(_)
            | Effect::BadPartialSignature { .. }
            | Effect::Ended(_) => None,
        })
    }

    fn partial_signatures(&self, request: &SignRequest) -> Result<Vec<Signed>> {
        let one = |task: &SigningTask| -> Result<Signed> {
            let secret = self.shares.secret(self.keys, task.validator)?;
            let role = match task.object {
                SigningObject::Attestation(_) => BeaconRole::Attester,
                SigningObject::SyncMessage(_) => BeaconRole::SyncCommittee,
            };
            Ok(Signed {
                validator: task.validator,
                role,
                signature: Some(sign(secret, beacon::root_to_sign(&task.object))),
            })
        };
        request.tasks.iter().map(one).collect()
    }

    pub(super) fn check_refusal(&self, expected: u64) -> Result<()> {
        codes::check(self.fork, expected, self.refusal.clone())
    }

    /// These roots were submitted, in any order.
    pub(super) fn check_beacon_roots(&self, expected: &[Root]) -> Result<()> {
        let sorted = |roots: &[Root]| {
            let mut roots = roots.to_vec();
            roots.sort();
            roots
        };
        let (got, due) = (sorted(&self.beacon_roots), sorted(expected));
        ensure!(got == due, "submitted: expected {due:?}, got {got:?}");
        Ok(())
    }

    /// These bundles were published; `ordered` tells whether their order counts. The order inside one never does.
    pub(super) fn check_bundles(&self, expected: &[PartialSignatureMessages], ordered: bool) -> Result<()> {
        let mut got: Vec<_> = self.bundles.iter().map(fingerprint).collect();
        let mut due: Vec<_> = expected.iter().map(fingerprint).collect();
        if !ordered {
            got.sort();
            due.sort();
        }
        if got != due {
            bail!("bundles: expected {expected:?}, got {:?}", self.bundles);
        }
        Ok(())
    }
}

/// Kind, slot, and the roots of the entries without their order.
fn fingerprint(bundle: &PartialSignatureMessages) -> (u64, u64, Vec<Root>) {
    let mut roots: Vec<Root> = bundle.messages.iter().map(TreeHash::tree_hash_root).collect();
    roots.sort();
    (bundle.msg_type.number(), bundle.slot.get(), roots)
}

/// The slot of the duty that a message is about.
fn slot_of(message: &SignedSsvMessage) -> Option<Slot> {
    let data = &message.ssv_message.data;
    match message.ssv_message.msg_type {
        MsgType::Consensus => QbftMessage::from_ssz_bytes(data).ok().map(|inner| inner.height),
        MsgType::PartialSignature => {
            PartialSignatureMessages::from_ssz_bytes(data).ok().map(|inner| inner.slot)
        }
        MsgType::Dkg | MsgType::Other(_) => None,
    }
}
