//! From the decided value to the signatures the beacon nodes get.

use types::consensus_data::{AggregatorCommitteeConsensusData, ProposerConsensusData};
use types::{
    BeaconRole, Decode, Mainnet, Minimal, OperatorId, PartialSignatureMessages, PresetName, RefusalCode,
    Round, RunnerRole, SignatureBytes,
};

use super::decided::Decision;
use super::effect::{Effect, ShareRequest, ShareTask, SignedShareObject, Submission};
use super::expected::Expected;
use super::input::Stage;
use super::setup::ProposalForm;
use super::{Runner, entry_key};
use crate::collector::SignatureSlot;
use crate::recombine::Recombined;
use crate::refusal::Refusal;

impl Runner {
    pub(super) fn decodes(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let decodes = match (self.is_committee(), self.setup.preset) {
            (false, _) => ProposerConsensusData::from_ssz_bytes(bytes).is_ok(),
            (true, PresetName::Mainnet) => {
                AggregatorCommitteeConsensusData::<Mainnet>::from_ssz_bytes(bytes).is_ok()
            }
            (true, PresetName::Minimal) => {
                AggregatorCommitteeConsensusData::<Minimal>::from_ssz_bytes(bytes).is_ok()
            }
        };
        if decodes { Ok(()) } else { Err(Refusal::Undecodable) }
    }

    /// The leader of the deciding round has the full block of a blinded one that was decided; it alone can be sure to publish it.
    pub(super) fn lead_with_full_block(
        &mut self,
        mut decision: Decision,
        round: Round,
        out: &mut Vec<Effect>,
    ) {
        if let (Some(block), Some(own)) = (&decision.block, &self.own_block)
            && self.setup.proposal_form == ProposalForm::Blinded
            && self.setup.leader.leader(self.plan.slot(), round) == self.setup.committee.own()
            && block.is_blinded()
            && own.to_blinded().as_ssz_bytes() == block.as_ssz_bytes()
        {
            decision.block = Some(own.clone());
        }
        self.sign_decided(decision, out);
    }

    /// Signs what belongs to the own duty. What others of the committee sign besides is collected, but not made here.
    fn sign_decided(&mut self, decision: Decision, out: &mut Vec<Effect>) {
        self.expect_decided(decision);
        let own = self.own_post_tasks();
        if !own.is_empty() {
            let tasks = own.into_iter().map(|(task, _)| task).collect();
            out.push(Effect::Sign(ShareRequest { stage: Stage::Post, slot: self.plan.slot(), tasks }));
        }
        self.end_left_out(out);
    }

    pub(super) fn expect_decided(&mut self, decision: Decision) {
        let tasks = decision.items.iter().map(|(task, _)| task.clone()).collect();
        self.post.expected = Expected::new(tasks, &self.setup.domains);
        let roles = decision.items.iter().map(|(_, role)| *role);
        for ((task, slot), role) in self.post.expected.iter().zip(roles) {
            if let Some(open) = self.open.get_mut(&(task.validator, role)) {
                open.expect(slot);
            }
        }
        self.decision = Some(decision);
    }

    /// The decided objects that the own duty asks for, in the order of the data.
    pub(super) fn own_post_tasks(&self) -> Vec<(ShareTask, SignatureSlot)> {
        let Some(decision) = &self.decision else { return Vec::new() };
        let roles = decision.items.iter().map(|(_, role)| *role);
        let is_own = |task: &ShareTask, role: BeaconRole| {
            self.plan.entries().iter().any(|duty| entry_key(duty) == (task.validator, role))
        };
        self.post
            .expected
            .iter()
            .zip(roles)
            .filter(|((task, _), role)| is_own(task, *role))
            .map(|((task, slot), _)| (task.clone(), slot))
            .collect()
    }

    /// The rules of a bundle after consensus, in the order that decides the code.
    pub(super) fn on_post(
        &mut self,
        signer: OperatorId,
        bundle: &PartialSignatureMessages,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        match self.plan.role() {
            RunnerRole::ValidatorRegistration => {
                return Err(RefusalCode::ValidatorRegistrationNoPostConsensusPhase.into());
            }
            RunnerRole::VoluntaryExit => {
                return Err(RefusalCode::ValidatorExitNoPostConsensusPhase.into());
            }
            RunnerRole::Committee
            | RunnerRole::Aggregator
            | RunnerRole::Proposer
            | RunnerRole::SyncCommitteeContribution
            | RunnerRole::AggregatorCommittee
            | RunnerRole::Other(_) => {}
        }
        if !self.is_running() {
            return Err(RefusalCode::NoRunningDuty.into());
        }
        let Some(decision) = &self.decision else { return Err(RefusalCode::NoDecidedValue.into()) };
        // A duty that walked here itself has both.
        if !self.consensus.is_started() && !self.consensus.is_decided() {
            return Err(RefusalCode::NoRunningConsensusInstance.into());
        }
        if !self.consensus.is_decided() {
            return Err(RefusalCode::ConsensusInstanceNotDecided.into());
        }
        self.is_of_slot(bundle, decision.slot)?;
        if !self.setup.committee.contains(signer) {
            return Err(Refusal::ForeignSigner);
        }
        if let Some(duty) = self.plan.validator() {
            self.post.expected.is_exactly(duty.validator_index, &bundle.messages)?;
        }
        let quorate = self.count(Stage::Post, signer, bundle, out);
        let known = quorate.into_iter().filter(|slot| self.post.expected.contains(*slot)).collect();
        self.recombine(Stage::Post, known, out);
        Ok(())
    }

    /// # Errors
    /// 32, or 81 for a committee, if any did not verify, whatever became of the others.
    pub(super) fn on_post_recombined(
        &mut self,
        results: Vec<Recombined>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let (whole, all_whole) = self.sort_out(Stage::Post, results, out);
        self.submit_post(&whole, out);
        if all_whole {
            return Ok(());
        }
        Err(if self.is_committee() {
            RefusalCode::PostConsensusQuorumWithInvalidSignatures.into()
        } else {
            RefusalCode::ReconstructSignature.into()
        })
    }

    /// Aggregates first, contributions then, each slot once.
    fn submit_post(&mut self, whole: &[(SignatureSlot, SignatureBytes)], out: &mut Vec<Effect>) {
        let Some(decision) = &self.decision else { return };
        let (mut aggregates, mut contributions) = (Vec::new(), Vec::new());
        for (slot, signature) in whole {
            let found = self
                .post
                .expected
                .iter()
                .zip(&decision.items)
                .find_map(|((task, at), (_, role))| (at == *slot).then_some((task, *role)));
            let Some((task, role)) = found else { continue };
            // What the own duty does not know is submitted too: the committee signed it.
            let wanted = self.open.get_mut(&(task.validator, role)).is_none_or(|open| open.submit(*slot));
            if !wanted {
                continue;
            }
            if let Some(block) = &decision.block {
                let proposal = Box::new(block.clone().sign(*signature));
                out.push(Effect::Submit(Submission::Block { slot: *slot, proposal }));
                continue;
            }
            let object =
                SignedShareObject { slot: *slot, object: task.object.clone(), signature: *signature };
            if role == BeaconRole::Aggregator { &mut aggregates } else { &mut contributions }.push(object);
        }
        for objects in [aggregates, contributions] {
            if !objects.is_empty() {
                out.push(Effect::Submit(Submission::Objects(objects)));
            }
        }
    }
}
