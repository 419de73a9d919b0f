//! From the own view to the decided vote.

use std::collections::BTreeMap;
use std::sync::Arc;

use qbft::{Value, ValueCheck};
use types::beacon::AttestationData;
use types::signing::signing_root;
use types::{
    BeaconRole, BeaconVote, Decode, Encode, MsgType, RefusalCode, Root, Round, RunnerRole, SignedSsvMessage,
    TreeHash, ValidatorDuty,
};

use super::effect::{Effect, Milestone, SignRequest, SigningObject, SigningTask};
use super::input::OwnView;
use super::vote_check::VoteCheck;
use super::{CommitteeRunner, Decision, Refusal};
use crate::collector::SignatureSlot;
use crate::consensus::{self, Decided, Heard, Said};
use crate::reason::FailureReason;

impl CommitteeRunner {
    /// Until the own view comes, its checkpoints are taken for those of an earlier slot.
    pub(super) fn on_foreseen(&mut self, view: OwnView, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        if self.view.is_some() {
            return Ok(());
        }
        self.check = Some(Arc::new(VoteCheck::new(&view)));
        self.foreseen = Some(view);
        self.start_if_ready(out)
    }

    pub(super) fn on_view(&mut self, view: Option<OwnView>, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let Some(view) = view else {
            if !self.consensus.is_started() {
                self.stuck.get_or_insert(FailureReason::NoAttestationData);
            }
            return Ok(());
        };
        out.push(Effect::Reached(Milestone::View));
        self.check = Some(Arc::new(VoteCheck::new(&view)));
        let value = own_value(&view)?;
        self.view = Some(view);
        if self.consensus.is_started() {
            let heard = self.consensus.replace_value(value);
            return self.carry(heard, out);
        }
        self.stuck = None;
        self.start_if_ready(out)
    }

    /// Consensus starts when the own view is there, or for who does not lead its first round a foreseen one, and the start is on disk.
    pub(super) fn start_if_ready(&mut self, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let foreseen = self.foreseen.as_ref().filter(|_| !self.leads_first());
        let view = self.view.as_ref().or(foreseen);
        let (Some(view), Some(check), true) = (view, &self.check, self.consensus.may_start()) else {
            return Ok(());
        };
        if check.judge(&view.vote).is_err() {
            self.stuck = Some(FailureReason::OwnValueRefused);
        }
        let value = own_value(view)?;
        let check: Arc<dyn ValueCheck> = Arc::<VoteCheck>::clone(check);
        let heard = self.consensus.start(value, check);
        self.carry(heard, out)
    }

    fn leads_first(&self) -> bool {
        self.setup.leader.leader(self.duty.slot, Round::FIRST) == self.setup.committee.own()
    }

    /// The rules of a message, before it goes to consensus or to the partial signatures.
    pub(super) fn on_message(
        &mut self,
        message: SignedSsvMessage,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let result = self.accept(&message, out);
        if let Err(refusal) = &result
            && !self.is_finished()
        {
            self.waiting.keep_if_early(message, refusal, self.begun);
        }
        result
    }

    fn accept(&mut self, message: &SignedSsvMessage, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        message.validate()?;
        let id = message.ssv_message.msg_id;
        if id.committee_id() != self.setup.committee_id {
            return Err(RefusalCode::MessageIdCommitteeIdMismatch.into());
        }
        if id.role() != RunnerRole::Committee {
            return Err(RefusalCode::CommitteeWrongRole.into());
        }
        if message.ssv_message.data.is_empty() {
            return Err(Refusal::Empty);
        }
        match message.ssv_message.msg_type {
            MsgType::Consensus => self.on_consensus(message, out),
            MsgType::PartialSignature => self.on_partial_signatures(message, out),
            MsgType::Dkg | MsgType::Other(_) => Err(Refusal::UnknownType),
        }
    }

    fn on_consensus(&mut self, message: &SignedSsvMessage, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let inner = consensus::open(message)?;
        if inner.height != self.duty.slot {
            return Err(RefusalCode::NoRunnerForSlot.into());
        }
        // Without the own view of the chain there is no judging a decided vote.
        let open_duty = !self.is_finished();
        let heard = self.consensus.on_message(&inner, message, open_duty, false)?;
        self.carry(heard, out)
    }

    pub(super) fn on_timeout(&mut self, round: Round, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let heard = self.consensus.on_timeout(round);
        self.carry(heard, out)
    }

    /// Hands on what consensus wants.
    fn carry(&mut self, heard: Heard, out: &mut Vec<Effect>) -> Result<(), Refusal> {
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
    /// not kept, so partial signatures of it are refused with 43, as in the reference.
    fn on_decided(&mut self, decided: &Decided, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let vote =
            BeaconVote::from_ssz_bytes(&decided.message.full_data).map_err(|_| Refusal::Undecodable)?;
        out.push(Effect::Reached(Milestone::Decided { round: decided.round }));
        if let Some(Err(refusal)) = self.check.as_ref().map(|check| check.judge(&vote)) {
            self.stuck = Some(FailureReason::DecidedValueRefused);
            return Err(qbft::Refusal::Value(refusal).into());
        }
        let request = self.expect(vote);
        self.stuck = None;
        out.push(Effect::Sign(request));
        Ok(())
    }

    /// From here on it is known which signatures belong to the duty.
    pub(super) fn expect(&mut self, vote: BeaconVote) -> SignRequest {
        let request = self.sign_request(&vote);
        let expected = self.expected(&request);
        self.decision = Some(Decision { vote, expected });
        request
    }

    fn sign_request(&self, vote: &BeaconVote) -> SignRequest {
        let task = |entry: &ValidatorDuty| SigningTask {
            public_key: entry.public_key,
            validator: entry.validator_index,
            object: self.object(entry, vote),
        };
        SignRequest { slot: self.duty.slot, tasks: self.duty.validator_duties.iter().map(task).collect() }
    }

    /// What this entry of the duty signs under the decided vote.
    pub(super) fn object(&self, entry: &ValidatorDuty, vote: &BeaconVote) -> SigningObject {
        if entry.role == BeaconRole::SyncCommittee {
            return SigningObject::SyncMessage(vote.block_root);
        }
        let index = self.setup.attestation_index.of(entry);
        SigningObject::Attestation(AttestationData::of_vote(vote, self.duty.slot, index))
    }

    /// The signing root of an object, domain included.
    pub(super) fn root_of(&self, object: &SigningObject) -> Root {
        match object {
            SigningObject::Attestation(data) => {
                signing_root(data.tree_hash_root(), self.setup.attester_domain)
            }
            SigningObject::SyncMessage(root) => signing_root(*root, self.setup.sync_domain),
        }
    }

    fn expected(&self, request: &SignRequest) -> BTreeMap<SignatureSlot, usize> {
        let slot = |task: &SigningTask| SignatureSlot {
            validator: task.validator,
            root: self.root_of(&task.object),
        };
        request.tasks.iter().enumerate().map(|(place, task)| (slot(task), place)).collect()
    }

    /// Offers what waits as long as that moves something.
    pub(super) fn offer_waiting(&mut self, out: &mut Vec<Effect>) {
        let mut moved = true;
        while moved && !self.waiting.is_empty() && !self.is_finished() {
            moved = false;
            for message in self.waiting.take() {
                moved |= self.on_message(message, out).is_ok();
            }
        }
    }
}

fn own_value(view: &OwnView) -> Result<Value, Refusal> {
    Ok(Value::new(view.vote.as_ssz_bytes()).map_err(|_| qbft::Refusal::TooLarge)?)
}
