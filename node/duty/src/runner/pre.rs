//! From the first partial signatures to the question for the beacon node.

use std::collections::BTreeSet;

use types::{
    OperatorId, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, RefusalCode,
    SignatureBytes, ValidatorDuty,
};

use super::effect::{Effect, Fetch, Milestone, SignedShareObject, Submission};
use super::input::{Fetched, Stage};
use super::object::ShareObject;
use super::selection::{Claim, Subject, attestation_modulo, subcommittee_of, sync_modulo};
use super::setup::Plan;
use super::value::{self, Selected};
use super::{Runner, entry_key};
use crate::bundle;
use crate::collector::SignatureSlot;
use crate::committee::Withheld;
use crate::phase::Blame;
use crate::reason::FailureReason;
use crate::recombine::Recombined;
use crate::refusal::Refusal;

impl Runner {
    /// Bundles the own partial signatures. A committee leaves out what the vault refused; one validator's bundle is whole or not
    /// sent, because others refuse any other count.
    pub(super) fn on_signed(
        &mut self,
        stage: Stage,
        signatures: &[Result<SignatureBytes, Withheld>],
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let signer = self.setup.committee.own();
        let tasks: Vec<SignatureSlot> = match stage {
            Stage::Pre => self.pre.expected.iter().map(|(_, slot)| slot).collect(),
            Stage::Post => self.own_post_tasks().into_iter().map(|(_, slot)| slot).collect(),
        };
        let entry = |(slot, signature): (&SignatureSlot, &Result<SignatureBytes, Withheld>)| {
            Some(PartialSignatureMessage {
                partial_signature: signature.ok()?,
                signing_root: slot.root,
                signer,
                validator_index: slot.validator,
            })
        };
        let messages: Vec<_> = tasks.iter().zip(signatures).filter_map(entry).collect();
        let whole = messages.len() == tasks.len();
        let withheld = signatures.iter().find_map(|signature| signature.err());
        self.side_mut(stage).withheld = withheld.or((!whole).then_some(Withheld::Refused));
        if messages.is_empty() || (!whole && !self.is_committee()) {
            return Ok(());
        }
        let (kind, slot) = match (stage, &self.decision) {
            (Stage::Pre, _) => (self.plan.pre_type(), self.plan.slot()),
            (Stage::Post, Some(decision)) => (PartialSignatureType::PostConsensus, decision.slot),
            (Stage::Post, None) => return Err(RefusalCode::NoDecidedValue.into()),
        };
        let head = bundle::Head { fork: self.setup.fork, id: self.id, kind, slot };
        out.push(Effect::Broadcast(bundle::close(&head, messages)?));
        Ok(())
    }

    /// The rules of a bundle before consensus, in the order that decides the code.
    pub(super) fn on_pre(
        &mut self,
        signer: OperatorId,
        bundle: &PartialSignatureMessages,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if self.is_committee() {
            if self.consensus.is_started() || self.consensus.is_decided() || self.fetching {
                return Ok(());
            }
            self.seen.insert(signer);
        }
        if !self.is_running() {
            return Err(RefusalCode::NoRunningDuty.into());
        }
        self.is_of_slot(bundle, self.plan.slot())?;
        if !self.setup.committee.contains(signer) {
            return Err(Refusal::ForeignSigner);
        }
        if let Some(validator) = self.plan.validator().map(|duty| duty.validator_index) {
            let refusal = self.pre.expected.is_exactly(validator, &bundle.messages).err();
            if refusal == Some(RefusalCode::WrongSigningRoot) {
                self.note_disagreement(signer, bundle, out);
            }
            refusal.map_or(Ok(()), Err)?;
        }
        let quorate = self.count(Stage::Pre, signer, bundle, out);
        if quorate.is_empty() {
            self.end_if_all_seen(out);
            return Ok(());
        }
        let known = quorate.into_iter().filter(|slot| self.pre.expected.contains(*slot)).collect();
        self.recombine(Stage::Pre, known, out);
        Ok(())
    }

    /// An operator signs something else than we do: told once for each operator, so that its operator and ours can find out.
    fn note_disagreement(
        &mut self,
        operator: OperatorId,
        bundle: &PartialSignatureMessages,
        out: &mut Vec<Effect>,
    ) {
        let theirs = bundle.messages.iter().map(|entry| entry.signing_root);
        let ours = |root: &types::Root| self.pre.expected.iter().any(|(_, slot)| slot.root == *root);
        let (Some(root), Some(duty)) = (theirs.into_iter().find(|root| !ours(root)), self.plan.validator())
        else {
            return;
        };
        let validator = duty.validator_index;
        if self.disagreeing.insert(operator) {
            out.push(Effect::Disagrees { operator, slot: SignatureSlot { validator, root } });
        }
    }

    pub(super) fn is_of_slot(
        &self,
        bundle: &PartialSignatureMessages,
        slot: types::Slot,
    ) -> Result<(), RefusalCode> {
        if bundle.slot < slot {
            return Err(RefusalCode::PartialSigMessageInvalidSlot);
        }
        if bundle.slot > slot {
            return Err(RefusalCode::PartialSigMessageFutureSlot);
        }
        Ok(())
    }

    pub(super) fn count(
        &mut self,
        stage: Stage,
        signer: OperatorId,
        bundle: &PartialSignatureMessages,
        out: &mut Vec<Effect>,
    ) -> Vec<SignatureSlot> {
        let keys = std::sync::Arc::clone(&self.setup.keys);
        let counted = self.side_mut(stage).phase.count(signer, &bundle.messages, &keys);
        out.extend(counted.blamed.into_iter().map(blame));
        counted.quorate
    }

    pub(super) fn recombine(&mut self, stage: Stage, slots: Vec<SignatureSlot>, out: &mut Vec<Effect>) {
        if slots.is_empty() {
            return;
        }
        let side = self.side_mut(stage);
        if !side.saw_quorum {
            side.saw_quorum = true;
            out.push(Effect::Reached(Milestone::Quorum(stage)));
        }
        side.recombining = side.recombining.saturating_add(1);
        let tasks = side.phase.tasks(slots);
        out.push(Effect::Recombine { stage, tasks });
    }

    /// Takes the whole ones out of `results`; drops bad parts and tries again what is still a quorum. True if all were whole.
    pub(super) fn sort_out(
        &mut self,
        stage: Stage,
        results: Vec<Recombined>,
        out: &mut Vec<Effect>,
    ) -> (Vec<(SignatureSlot, SignatureBytes)>, bool) {
        let side = self.side_mut(stage);
        side.recombining = side.recombining.saturating_sub(1);
        let (mut whole, mut again, mut all_whole) = (Vec::new(), Vec::new(), true);
        for Recombined { slot, result } in results {
            match result {
                Ok(signature) => whole.push((slot, signature)),
                Err(liars) => {
                    all_whole = false;
                    let validator = slot.validator;
                    out.extend(liars.iter().map(|operator| blame(Blame { operator: *operator, validator })));
                    let side = self.side_mut(stage);
                    side.bad_parts = true;
                    if side.phase.drop_bad(slot, &liars) {
                        again.push(slot);
                    }
                }
            }
        }
        if !whole.is_empty() {
            out.push(Effect::Reached(Milestone::Recombined(stage)));
        }
        self.recombine(stage, again, out);
        (whole, all_whole)
    }

    /// # Errors
    /// 32 if any did not verify, whatever became of the others.
    pub(super) fn on_pre_recombined(
        &mut self,
        results: Vec<Recombined>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let (whole, all_whole) = self.sort_out(Stage::Pre, results, out);
        let fresh: BTreeSet<SignatureSlot> = whole.iter().map(|(slot, _)| *slot).collect();
        self.proofs.extend(whole);
        if !fresh.is_empty() {
            self.go_on(&fresh, out);
        }
        if all_whole { Ok(()) } else { Err(RefusalCode::ReconstructSignature.into()) }
    }

    /// What the new whole signatures are good for.
    fn go_on(&mut self, fresh: &BTreeSet<SignatureSlot>, out: &mut Vec<Effect>) {
        match &self.plan {
            Plan::Registration(..) | Plan::Exit(..) => self.submit_pre(fresh, out),
            Plan::Proposal(duty) => {
                let slot = duty.slot;
                let proof = fresh.iter().find_map(|slot| self.proofs.get(slot)).copied();
                if let (Some(randao_reveal), false) = (proof, self.fetching) {
                    (self.fetching, self.asked) = (true, true);
                    out.push(Effect::Fetch(Fetch::Block { slot, randao_reveal }));
                }
            }
            Plan::Aggregation(_) | Plan::AggregatorCommittee(_) => self.select(fresh, out),
            Plan::Contribution(_) => {
                let all = self.pre.expected.distinct();
                if all.iter().all(|slot| self.proofs.contains_key(slot)) {
                    self.select(&all, out);
                }
            }
        }
    }

    fn submit_pre(&mut self, fresh: &BTreeSet<SignatureSlot>, out: &mut Vec<Effect>) {
        let Some(key) = self.plan.validator().map(entry_key) else { return };
        let mut objects = Vec::new();
        for slot in fresh {
            let task = self.pre.expected.task(*slot);
            if let (Some(task), Some(signature)) = (task, self.proofs.get(slot))
                && self.open.get_mut(&key).is_some_and(|open| open.submit(*slot))
            {
                objects.push(SignedShareObject {
                    slot: *slot,
                    object: task.object.clone(),
                    signature: *signature,
                });
            }
        }
        if !objects.is_empty() {
            out.push(Effect::Submit(Submission::Objects(objects)));
        }
    }

    /// Asks for what the selected ones aggregate. A committee sorts by root first and by validator then, one validator keeps the
    /// order of its duty, as the reference does.
    fn select(&mut self, fresh: &BTreeSet<SignatureSlot>, out: &mut Vec<Effect>) {
        if self.fetching || self.consensus.is_started() || self.consensus.is_decided() {
            return;
        }
        let mut order: Vec<SignatureSlot> = fresh.iter().copied().collect();
        if self.is_committee() {
            order.sort_by_key(|slot| (slot.root, slot.validator));
        } else {
            order.sort_by_key(|slot| self.pre.expected.place(*slot));
        }
        let selected: Vec<Selected> = order.iter().flat_map(|slot| self.look_at(*slot)).collect();
        if selected.is_empty() {
            self.end_if_all_looked_at(out);
            return;
        }
        (self.fetching, self.asked) = (true, true);
        let committees: BTreeSet<_> = selected.iter().filter_map(|s| s.committee()).collect();
        let subcommittees: BTreeSet<_> = selected.iter().filter_map(|s| s.subcommittee()).collect();
        self.selected = selected;
        out.push(Effect::Fetch(Fetch::Aggregates {
            slot: self.plan.slot(),
            committees: committees.into_iter().collect(),
            subcommittees: subcommittees.into_iter().collect(),
        }));
    }

    /// Every duty that this proof selects its validator for. In a committee's duty a validator with two positions in one
    /// subcommittee counts twice, as in the reference.
    fn look_at(&mut self, slot: SignatureSlot) -> Vec<Selected> {
        let (Some(task), Some(proof)) = (self.pre.expected.task(slot), self.proofs.get(&slot).copied())
        else {
            return Vec::new();
        };
        let validator = slot.validator;
        let selects = |subject, modulo| self.setup.selection.selects(&Claim { subject, proof, modulo });
        let mut selected = Vec::new();
        let is_meant = |duty: &&ValidatorDuty| {
            duty.validator_index == validator && task.object.selects_for() == Some(duty.role)
        };
        for duty in self.plan.entries().iter().filter(is_meant) {
            if let ShareObject::SyncSelection(data) = &task.object {
                let subcommittee = data.subcommittee_index;
                if selects(Subject::Subcommittee(subcommittee), sync_modulo(self.setup.preset)) {
                    let one = Selected::Contributor { validator, subcommittee, proof };
                    selected.extend(std::iter::repeat_n(one, self.positions_in(duty, subcommittee)));
                }
            } else {
                let committee = duty.committee_index;
                if selects(Subject::Committee(committee), attestation_modulo(duty)) {
                    selected.push(Selected::Aggregator { validator, committee, proof });
                }
            }
        }
        if selected.is_empty() {
            self.unselected.insert(slot);
        }
        selected
    }

    fn positions_in(&self, duty: &ValidatorDuty, subcommittee: u64) -> usize {
        if !self.is_committee() {
            return 1;
        }
        let preset = self.setup.preset;
        let inside = |position: &&u64| subcommittee_of(preset, **position) == subcommittee;
        duty.validator_sync_committee_indices.iter().filter(inside).count()
    }

    fn end_if_all_looked_at(&mut self, out: &mut Vec<Effect>) {
        if self.pre.expected.distinct().is_subset(&self.unselected) {
            self.end_before_consensus(out);
        } else {
            self.end_if_all_seen(out);
        }
    }

    /// A committee of which everybody was heard, and nobody was selected, waits for nothing more. If somebody was, and only the
    /// beacon node failed, others may still decide. Whoever is selected by a proof on the crypto pool is not known yet.
    fn end_if_all_seen(&mut self, out: &mut Vec<Effect>) {
        let members = self.setup.committee.members();
        let nobody = self.is_committee() && self.selected.is_empty() && self.pre.recombining == 0;
        if nobody && members.iter().all(|member| self.seen.contains(member)) {
            self.end_before_consensus(out);
        }
    }

    pub(super) fn on_fetched(
        &mut self,
        fetched: Option<Fetched>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let has_value = self.consensus.is_started() && self.saw_own_value;
        let over = has_value || self.consensus.is_decided() || self.has_ended();
        if !self.fetching || over {
            return Ok(());
        }
        let value = match (&self.plan, fetched) {
            (Plan::Proposal(duty), Some(Fetched::Block(block))) => {
                let value = value::of_block(duty, &self.setup, &block);
                self.own_block = Some(*block);
                value
            }
            (plan, Some(Fetched::Aggregates { aggregates, contributions })) => {
                value::of_aggregates(plan, &self.setup, &self.selected, &aggregates, &contributions)
            }
            (_, Some(Fetched::Block(_)) | None) => None,
        };
        let Some(value) = value else {
            if !self.consensus.is_started() {
                // A committee goes on with the validators that come to quorum next.
                self.fetching = !self.is_committee();
                self.stuck = Some(FailureReason::NoOwnValue);
            }
            return Ok(());
        };
        self.stuck = None;
        self.saw_own_value = true;
        out.push(Effect::Reached(Milestone::Value));
        if self.consensus.is_started() {
            return self.bring_value(value, out);
        }
        self.own_value = Some(value);
        self.start_if_ready(out)
    }

    /// Offers what waits as long as that moves something.
    pub(super) fn offer_waiting(&mut self, out: &mut Vec<Effect>) {
        let mut moved = true;
        while moved && !self.waiting.is_empty() && !self.has_ended() {
            moved = false;
            for message in self.waiting.take() {
                moved |= self.on_message(message, out).is_ok();
            }
        }
    }

    pub(super) const fn side_mut(&mut self, stage: Stage) -> &mut super::Side {
        match stage {
            Stage::Pre => &mut self.pre,
            Stage::Post => &mut self.post,
        }
    }
}

pub(super) const fn blame(blame: Blame) -> Effect {
    Effect::BadPartialSignature { operator: blame.operator, validator: blame.validator }
}
