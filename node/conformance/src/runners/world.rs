//! The world of the runner vectors: the machines of one committee or validator, and stubs around them that answer at once.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result, ensure};
use crypto::threshold::CoefficientCache;
use duty::recombine;
use duty::runner::{self, Fetch, Fetched, Past, Submission};
use qbft::VerifySigner;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use types::{
    Decode, MsgType, PartialSignatureMessages, QbftMessage, QbftMessageType, RefusalCode, RunnerRole,
    SignedSsvMessage, Slot,
};

use super::beacon;
use super::env::Env;
use super::machine::{Held, Machine};
use super::model::Duty;
use super::output::Output;

/// One machine for each role and slot.
type Key = (i32, Slot);

/// A committee or validator under test, and what came out of it.
pub(super) struct World<'a> {
    pub(super) env: Env<'a>,
    pub(super) machines: BTreeMap<Key, Held>,
    cache: CoefficientCache,
    rng: ChaCha20Rng,
    pub(super) output: Output,
}

impl<'a> World<'a> {
    pub(super) fn new(env: Env<'a>) -> Self {
        let output = Output::new(env.archive.fork);
        let (cache, rng) = (CoefficientCache::default(), ChaCha20Rng::seed_from_u64(7));
        Self { env, machines: BTreeMap::new(), cache, rng, output }
    }

    /// Takes a machine in.
    pub(super) fn hold(&mut self, held: Held) -> Result<Key> {
        let key = (held.role().number(), held.slot());
        ensure!(self.machines.insert(key, held).is_none(), "a second duty for a slot");
        Ok(key)
    }

    /// Starts a duty, up to the point where it waits for others.
    pub(super) fn start(&mut self, duty: &Duty, past: Past) -> Result<()> {
        match self.know(duty, past)? {
            Some(key) => self.begin(key),
            None => Ok(()),
        }
    }

    /// A machine for a duty that does not begin; `None` if the duty is refused.
    pub(super) fn know(&mut self, duty: &Duty, past: Past) -> Result<Option<Key>> {
        match Held::new(&self.env, duty, past)? {
            Ok(held) => self.hold(held).map(Some),
            Err(refusal) => {
                self.output.refused(&refusal);
                Ok(None)
            }
        }
    }

    /// Lets a duty begin.
    pub(super) fn begin(&mut self, key: Key) -> Result<()> {
        let held = self.machines.get_mut(&key).context("no such duty")?;
        held.begun = true;
        match held.machine {
            Machine::Committee(_) => self.feed_committee(key, duty::Input::Begin),
            Machine::Other(_) => self.feed_runner(key, runner::Input::Begin),
        }
    }

    /// A message from the network: what it can check on itself, its RSA signatures, then the duty of its role and slot.
    pub(super) fn message(&mut self, message: Option<SignedSsvMessage>) -> Result<()> {
        // Our type cannot be without a message inside.
        let Some(message) = message else {
            self.output.refuse(RefusalCode::NilSsvMessage);
            return Ok(());
        };
        if let Err(code) = message.validate() {
            self.output.refuse(code);
            return Ok(());
        }
        let digest = Sha256::digest(message.ssv_message.signed_bytes()).into();
        let mut signatures = message.operator_ids.iter().zip(&message.signatures);
        if !signatures.all(|(signer, signature)| self.env.verifier.verify(*signer, &digest, signature)) {
            self.output.refuse(RefusalCode::SsvMessageHasInvalidSignature);
            return Ok(());
        }
        let key = self.addressee(&message).context("no duty was started")?;
        match self.machines.get(&key).map(|held| &held.machine) {
            Some(Machine::Committee(_)) => self.feed_committee(key, duty::Input::Message(message)),
            _ => self.feed_runner(key, runner::Input::Message(message)),
        }
    }

    /// What has no machine of its own is for any other to refuse, of its role if there is one.
    fn addressee(&self, message: &SignedSsvMessage) -> Option<Key> {
        let role = message.ssv_message.msg_id.role().number();
        let exact = slot_of(message).map(|slot| (role, slot)).filter(|key| self.machines.contains_key(key));
        let of_role = || self.machines.keys().find(|(other, _)| *other == role);
        exact.or_else(|| of_role().or_else(|| self.machines.keys().next()).copied())
    }

    fn feed_committee(&mut self, key: Key, input: duty::Input) -> Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(Held { machine: Machine::Committee(runner), .. }) = self.machines.get_mut(&key) else {
                anyhow::bail!("no duty of votes at this slot");
            };
            let step = runner.step(input);
            if let Some(refusal) = &step.refusal {
                self.output.refused(refusal);
            }
            for effect in step.effects {
                inputs.extend(self.committee_effect(effect)?);
            }
        }
        Ok(())
    }

    fn committee_effect(&mut self, effect: duty::Effect) -> Result<Option<duty::Input>> {
        use duty::{Effect, Input};
        Ok(match effect {
            Effect::BeginConsensus => Some(Input::ConsensusPermitted(true)),
            Effect::FetchView => Some(Input::View(Some(beacon::view(1)))),
            Effect::Sign(request) => {
                let signed = self.env.sign_votes(&request)?;
                if signed.iter().any(|signed| signed.signature.is_err()) {
                    self.output.refuse(RefusalCode::SlashableAttestation);
                }
                Some(Input::Signed(signed))
            }
            Effect::Recombine(tasks) => {
                let keys = self.env.shares.keys();
                Some(Input::Recombined(recombine(&tasks, &keys, &mut self.cache, &mut self.rng)))
            }
            Effect::Submit(submission) => {
                let mut objects = Vec::new();
                for object in &submission.objects {
                    self.output.beacon_roots.push(beacon::submission_root(object)?);
                    objects.push((object.duty.validator_index, object.duty.role));
                }
                Some(Input::Submitted { objects, result: Ok(()) })
            }
            Effect::Broadcast(unsigned) => {
                self.publish(unsigned)?;
                None
            }
            Effect::ArmTimer { .. }
            | Effect::PublishDecided(_)
            | Effect::Reached(_)
            | Effect::BadPartialSignature { .. }
            | Effect::Ended(_) => None,
        })
    }

    fn feed_runner(&mut self, key: Key, input: runner::Input) -> Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(Held { machine: Machine::Other(runner), .. }) = self.machines.get_mut(&key) else {
                anyhow::bail!("no such duty at this slot");
            };
            let step = runner.step(input);
            if let Some(refusal) = &step.refusal {
                self.output.refused(refusal);
            }
            for effect in step.effects {
                inputs.extend(self.runner_effect(effect)?);
            }
        }
        Ok(())
    }

    fn runner_effect(&mut self, effect: runner::Effect) -> Result<Option<runner::Input>> {
        use runner::{Effect, Input};
        Ok(match effect {
            Effect::BeginConsensus => Some(Input::ConsensusPermitted(true)),
            Effect::Sign(request) => {
                let signatures = self.env.sign_objects(&request)?;
                Some(Input::Signed { stage: request.stage, signatures })
            }
            Effect::Fetch(fetch) => Some(Input::Fetched(Some(self.fetched(&fetch)?))),
            Effect::Recombine { stage, tasks } => {
                let keys = self.env.shares.keys();
                let results = recombine(&tasks, &keys, &mut self.cache, &mut self.rng);
                Some(Input::Recombined { stage, results })
            }
            Effect::Submit(submission) => {
                self.output.beacon_roots.extend(beacon::submission_roots(&submission));
                let slots = match submission {
                    Submission::Block { slot, .. } => vec![slot],
                    Submission::Objects(objects) => objects.into_iter().map(|object| object.slot).collect(),
                };
                Some(Input::Submitted { slots, result: Ok(()) })
            }
            Effect::Broadcast(unsigned) => {
                self.publish(unsigned)?;
                None
            }
            Effect::ArmTimer { .. }
            | Effect::PublishDecided(_)
            | Effect::Reached(_)
            | Effect::BadPartialSignature { .. }
            | Effect::Disagrees { .. }
            | Effect::Ended(_) => None,
        })
    }

    fn fetched(&self, fetch: &Fetch) -> Result<Fetched> {
        Ok(match fetch {
            Fetch::Block { slot, .. } => Fetched::Block(Box::new(beacon::block(self.env.archive, *slot)?)),
            Fetch::Aggregates { slot, committees, subcommittees } => {
                let aggregate = |index: &types::CommitteeIndex| Ok((*index, beacon::aggregate(*slot)?));
                Fetched::Aggregates {
                    aggregates: committees.iter().map(aggregate).collect::<Result<_>>()?,
                    contributions: subcommittees.iter().map(|index| beacon::contribution(*index)).collect(),
                }
            }
        })
    }

    fn publish(&mut self, unsigned: qbft::Unsigned) -> Result<()> {
        let key = self.env.archive.keys.local(self.env.member.committee.len())?;
        self.output.publish(key, unsigned)
    }
}

/// The slot of the duty that a message is about.
pub(super) fn slot_of(message: &SignedSsvMessage) -> Option<Slot> {
    let data = &message.ssv_message.data;
    match message.ssv_message.msg_type {
        MsgType::Consensus => QbftMessage::from_ssz_bytes(data).ok().map(|inner| inner.height),
        MsgType::PartialSignature => {
            PartialSignatureMessages::from_ssz_bytes(data).ok().map(|inner| inner.slot)
        }
        MsgType::Dkg | MsgType::Other(_) => None,
    }
}

/// The slot that a message proposes a value for, if it does.
pub(super) fn proposal_slot(message: &SignedSsvMessage) -> Option<Slot> {
    if message.ssv_message.msg_type != MsgType::Consensus {
        return None;
    }
    let inner = QbftMessage::from_ssz_bytes(&message.ssv_message.data).ok()?;
    (inner.msg_type == QbftMessageType::Proposal).then_some(inner.height)
}

/// Whether the machines of a role belong to a committee.
pub(super) fn is_committees(role: RunnerRole) -> bool {
    matches!(role, RunnerRole::Committee | RunnerRole::AggregatorCommittee)
}
