//! From the decided vote to the signatures the beacon nodes get.

use types::{
    BeaconRole, OperatorId, PartialSignatureMessage, PartialSignatureType, RefusalCode, SignedSsvMessage,
};

use super::effect::{Effect, Milestone, SignedObject, Submission};
use super::input::{Signed, Withheld};
use super::{CommitteeRunner, Refusal};
use crate::bundle;
use crate::collector::SignatureSlot;
use crate::phase::Blame;
use crate::recombine::Recombined;

impl CommitteeRunner {
    /// Bundles the own partial signatures, in duty order.
    pub(super) fn on_signed(&mut self, signed: &[Signed], out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let Some(decision) = &self.decision else { return Err(RefusalCode::NoDecidedValue.into()) };
        let signer = self.setup.committee.own();
        let mut messages = Vec::with_capacity(signed.len());
        for entry in &self.duty.validator_duties {
            let answer = signed.iter().find(|s| s.validator == entry.validator_index && s.role == entry.role);
            let partial_signature = match answer.map_or(Err(Withheld::Refused), |s| s.signature) {
                Ok(signature) => signature,
                Err(withheld) => {
                    if let Some(open) = self.open.get_mut(&super::entry_key(entry)) {
                        open.withheld = Some(withheld);
                    }
                    continue;
                }
            };
            let signing_root = self.root_of(&self.object(entry, &decision.vote));
            let validator_index = entry.validator_index;
            messages.push(PartialSignatureMessage {
                partial_signature,
                signing_root,
                signer,
                validator_index,
            });
        }
        if messages.is_empty() {
            return Ok(());
        }
        let head = bundle::Head {
            fork: self.setup.fork,
            id: self.setup.message_id(),
            kind: PartialSignatureType::PostConsensus,
            slot: self.duty.slot,
        };
        out.push(Effect::Broadcast(bundle::close(&head, messages)?));
        Ok(())
    }

    /// The rules of a bundle, in the order that decides the code, and its entries into the collector.
    pub(super) fn on_partial_signatures(
        &mut self,
        message: &SignedSsvMessage,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let (signer, bundle) = bundle::open(message)?;
        // The committee has one runner for each slot and looks it up first, so the runner's own 46 and 47 are never reached.
        if bundle.slot != self.duty.slot {
            return Err(RefusalCode::NoRunnerForSlot.into());
        }
        if bundle.msg_type != PartialSignatureType::PostConsensus {
            return Err(Refusal::WrongPhase);
        }
        if !self.begun || self.is_finished() {
            return Err(RefusalCode::NoRunningDuty.into());
        }
        let Some(decision) = &self.decision else { return Err(RefusalCode::NoDecidedValue.into()) };
        // A duty that walked here itself has both.
        if !self.consensus.is_started() {
            return Err(RefusalCode::NoRunningConsensusInstance.into());
        }
        if !self.consensus.is_decided() {
            return Err(RefusalCode::ConsensusInstanceNotDecided.into());
        }
        if !self.setup.committee.contains(signer) {
            return Err(Refusal::ForeignSigner);
        }
        let counted = self.post.count(signer, &bundle.messages, &self.setup.keys);
        let quorate =
            counted.quorate.into_iter().filter(|slot| decision.expected.contains_key(slot)).collect();
        out.extend(counted.blamed.into_iter().map(blame));
        self.recombine(quorate, out);
        Ok(())
    }

    fn recombine(&mut self, slots: Vec<SignatureSlot>, out: &mut Vec<Effect>) {
        if slots.is_empty() {
            return;
        }
        if !self.saw_post_quorum {
            self.saw_post_quorum = true;
            out.push(Effect::Reached(Milestone::PostQuorum));
        }
        out.push(Effect::Recombine(self.post.tasks(slots)));
    }

    /// Whole signatures go to the beacon nodes; bad parts are dropped, and what is still a quorum is tried again.
    ///
    /// # Errors
    /// 32 if any did not verify, whatever became of the others.
    pub(super) fn on_recombined(
        &mut self,
        results: Vec<Recombined>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let all_whole = results.iter().all(|recombined| recombined.result.is_ok());
        let (mut attestations, mut sync_messages, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for Recombined { slot, result } in results {
            match result {
                Ok(signature) => match self.signed_object(slot, signature) {
                    Some(object) if object.duty.role == BeaconRole::SyncCommittee => {
                        sync_messages.push(object);
                    }
                    Some(object) => attestations.push(object),
                    None => {}
                },
                Err(liars) => {
                    if self.drop_bad_parts(slot, &liars, out) {
                        again.push(slot);
                    }
                }
            }
        }
        if !attestations.is_empty() || !sync_messages.is_empty() {
            out.push(Effect::Reached(Milestone::Recombined));
        }
        for objects in [attestations, sync_messages] {
            if !objects.is_empty() {
                out.push(Effect::Submit(Submission { slot: self.duty.slot, objects }));
            }
        }
        self.recombine(again, out);
        if all_whole { Ok(()) } else { Err(RefusalCode::ReconstructSignature.into()) }
    }

    /// The object with its whole signature, once.
    fn signed_object(
        &mut self,
        slot: SignatureSlot,
        signature: types::SignatureBytes,
    ) -> Option<SignedObject> {
        let decision = self.decision.as_ref()?;
        let duty = self.duty.validator_duties.get(*decision.expected.get(&slot)?)?.clone();
        let object = self.object(&duty, &decision.vote);
        let open = self.open.get_mut(&super::entry_key(&duty))?;
        if open.submitting {
            return None;
        }
        open.submitting = true;
        Some(SignedObject { duty, object, signature })
    }

    /// True if what is left after dropping is still a quorum.
    fn drop_bad_parts(&mut self, slot: SignatureSlot, liars: &[OperatorId], out: &mut Vec<Effect>) -> bool {
        let named = liars.iter().map(|operator| Blame { operator: *operator, validator: slot.validator });
        out.extend(named.map(blame));
        let place = self.decision.as_ref().and_then(|d| d.expected.get(&slot).copied());
        if let Some(entry) = place.and_then(|place| self.duty.validator_duties.get(place))
            && let Some(open) = self.open.get_mut(&super::entry_key(entry))
        {
            open.bad_parts = true;
        }
        self.post.drop_bad(slot, liars)
    }
}

const fn blame(blame: Blame) -> Effect {
    Effect::BadPartialSignature { operator: blame.operator, validator: blame.validator }
}
