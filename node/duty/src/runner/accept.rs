//! The rules of a message before it goes to consensus or to partial signatures, and what consensus wants.

use qbft::Value;
use types::{
    MsgType, PartialSignatureType, QbftMessage, QbftMessageType, RefusalCode, RunnerRole, SignedSsvMessage,
};

use super::effect::{Effect, Milestone};
use super::{Runner, decided};
use crate::bundle;
use crate::consensus::{self, Decided, Heard, Said};
use crate::reason::FailureReason;
use crate::refusal::Refusal;

impl Runner {
    pub(super) fn on_message(
        &mut self,
        message: SignedSsvMessage,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let result = self.accept(&message, out);
        if let Err(refusal) = &result
            && !self.has_ended()
        {
            self.waiting.keep_if_early(message, refusal, self.begun);
        }
        result
    }

    fn accept(&mut self, message: &SignedSsvMessage, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        message.validate()?;
        self.is_addressed(message)?;
        if message.ssv_message.data.is_empty() {
            return Err(Refusal::Empty);
        }
        match message.ssv_message.msg_type {
            MsgType::Consensus => self.on_consensus(message, out),
            MsgType::PartialSignature => self.on_partial_signatures(message, out),
            MsgType::Dkg | MsgType::Other(_) => Err(Refusal::UnknownType),
        }
    }

    /// A committee looks at its id first and then at the role (28, 85), a validator the other way round.
    fn is_addressed(&self, message: &SignedSsvMessage) -> Result<(), Refusal> {
        let id = message.ssv_message.msg_id;
        let right_role = id.role() == self.plan.role();
        match self.plan.validator() {
            None if id.committee_id() != self.setup.committee_id => {
                Err(RefusalCode::MessageIdCommitteeIdMismatch.into())
            }
            None if !right_role => Err(RefusalCode::CommitteeWrongRole.into()),
            Some(_) if !right_role => Err(Refusal::WrongRole),
            Some(duty) if id.validator_key() != duty.public_key => Err(Refusal::ForeignValidator),
            None | Some(_) => Ok(()),
        }
    }

    fn on_partial_signatures(
        &mut self,
        message: &SignedSsvMessage,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let (signer, bundle) = bundle::open(message)?;
        let post = bundle.msg_type == PartialSignatureType::PostConsensus;
        if self.is_committee() {
            // The committee has one runner for each slot and looks it up first: 46 and 47 are never reached.
            if bundle.slot != self.plan.slot() {
                return Err(RefusalCode::NoRunnerForSlot.into());
            }
            if !post && bundle.msg_type != self.plan.pre_type() {
                return Err(Refusal::WrongPhase);
            }
        }
        // One validator's bundle before consensus is not judged by its type: another one's roots differ.
        if post { self.on_post(signer, &bundle, out) } else { self.on_pre(signer, &bundle, out) }
    }

    fn on_consensus(&mut self, message: &SignedSsvMessage, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let inner = consensus::open(message)?;
        match self.plan.role() {
            RunnerRole::ValidatorRegistration => {
                return Err(RefusalCode::ValidatorRegistrationNoConsensusPhase.into());
            }
            RunnerRole::VoluntaryExit => return Err(RefusalCode::ValidatorExitNoConsensusPhase.into()),
            RunnerRole::AggregatorCommittee if inner.height != self.plan.slot() => {
                return Err(RefusalCode::NoRunnerForSlot.into());
            }
            RunnerRole::Committee
            | RunnerRole::Aggregator
            | RunnerRole::Proposer
            | RunnerRole::SyncCommitteeContribution
            | RunnerRole::AggregatorCommittee
            | RunnerRole::Other(_) => {}
        }
        if self.asked && self.consensus.may_start() && self.shows_consensus(&inner, message) {
            let heard = self.consensus.join(self.setup.value_check(&self.plan));
            (self.fetching, self.stuck) = (true, None);
            self.carry(heard, out)?;
        }
        let heard = self.consensus.on_message(&inner, message, self.is_running(), self.begun)?;
        self.carry(heard, out)
    }

    /// Whether others are at consensus for certain: the leader of a round proposes, or f + 1 operators, one of whom is honest, have seen a
    /// round pass. Less must not start our timer.
    fn shows_consensus(&mut self, inner: &QbftMessage, message: &SignedSsvMessage) -> bool {
        let &[signer] = message.operator_ids.as_slice() else { return false };
        let committee = &self.setup.committee;
        if inner.height != self.plan.slot() || !committee.contains(signer) {
            return false;
        }
        match inner.msg_type {
            QbftMessageType::Proposal => self.setup.leader.leader(inner.height, inner.round) == signer,
            QbftMessageType::RoundChange => {
                self.ahead.insert(signer);
                committee.has_partial_quorum(self.ahead.len())
            }
            QbftMessageType::Prepare | QbftMessageType::Commit | QbftMessageType::Other(_) => false,
        }
    }

    /// Into a consensus that was joined without an own value.
    pub(super) fn bring_value(&mut self, value: Vec<u8>, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let value = Value::new(value).map_err(|_| qbft::Refusal::TooLarge)?;
        let heard = self.consensus.replace_value(value);
        self.carry(heard, out)
    }

    /// Consensus starts when the own value is there and the start is on disk.
    pub(super) fn start_if_ready(&mut self, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let (Some(value), true) = (&self.own_value, self.consensus.may_start()) else { return Ok(()) };
        let value = Value::new(value.clone()).map_err(|_| qbft::Refusal::TooLarge)?;
        let check = self.setup.value_check(&self.plan);
        let acceptable = check.check(&value).is_ok();
        let heard = self.consensus.start(value, check);
        self.own_value = None;
        self.stuck = (!acceptable).then_some(FailureReason::OwnValueRefused);
        self.carry(heard, out)
    }

    pub(super) fn carry(&mut self, heard: Heard, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let mut refusal = heard.refusal;
        for said in heard.said {
            match said {
                Said::ArmTimer { round } => out.push(Effect::ArmTimer { round }),
                Said::Broadcast(message) => out.push(Effect::Broadcast(message)),
                Said::PublishDecided(message) => out.push(Effect::PublishDecided(message)),
                Said::Proposal { round, leader } => {
                    out.push(Effect::Reached(Milestone::Proposal { round, leader }));
                }
                Said::Decided(decided) => {
                    let judged = self.on_decided(&decided, out);
                    refusal = refusal.or(judged.err());
                }
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// The decided value is judged once more: a quorum may have decided what this operator must not sign. Such a decision is
    /// not kept, so partial signatures of it are refused with 43.
    fn on_decided(&mut self, decided: &Decided, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        if !self.is_running() {
            return Ok(());
        }
        if decided.height != self.plan.slot() {
            return Err(RefusalCode::DecidedWrongInstance.into());
        }
        out.push(Effect::Reached(Milestone::Decided { round: decided.round }));
        let bytes = decided.message.full_data.as_slice();
        self.stuck = Some(FailureReason::DecidedValueRefused);
        // In the order of the reference: it decodes as the role's type, it passes the check, its objects can be made.
        self.decodes(bytes)?;
        self.setup.value_check(&self.plan).check(bytes).map_err(qbft::Refusal::Value)?;
        let decision = decided::read(&self.plan, &self.setup, bytes)?;
        self.stuck = None;
        self.lead_with_full_block(decision, decided.round, out);
        Ok(())
    }
}
