//! From the decided vote to the signatures the beacon nodes get.

use qbft::Unsigned;
use types::{
    BeaconRole, ByteList, Decode, Encode, List, MsgType, OperatorId, PartialSignatureMessage,
    PartialSignatureMessages, PartialSignatureType, RefusalCode, SignedSsvMessage, SsvMessage,
};

use super::effect::{Effect, Milestone, SignedObject, Submission};
use super::input::Signed;
use super::{CommitteeRunner, Refusal};
use crate::collector::{Insert, SignatureSlot};
use crate::recombine::{RecombineTask, Recombined};

impl CommitteeRunner {
    /// Bundles the own partial signatures, in duty order.
    pub(super) fn on_signed(&mut self, signed: &[Signed], out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let Some(decision) = &self.decision else { return Err(RefusalCode::NoDecidedValue.into()) };
        let signer = self.setup.committee.own();
        let mut messages = Vec::with_capacity(signed.len());
        for entry in &self.duty.validator_duties {
            let answer = signed.iter().find(|s| s.validator == entry.validator_index && s.role == entry.role);
            let Some(partial_signature) = answer.and_then(|s| s.signature) else {
                if let Some(open) = self.open.get_mut(&super::entry_key(entry)) {
                    open.refused_by_vault = true;
                }
                continue;
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
        out.push(Effect::Broadcast(self.bundle(messages)?));
        Ok(())
    }

    fn bundle(&self, messages: Vec<PartialSignatureMessage>) -> Result<Unsigned, Refusal> {
        if messages.len() > PartialSignatureMessages::max_messages(self.setup.fork) {
            return Err(Refusal::TooManySignatures);
        }
        let bundle = PartialSignatureMessages {
            msg_type: PartialSignatureType::PostConsensus,
            slot: self.duty.slot,
            messages: List::new(messages).map_err(|_| Refusal::TooManySignatures)?,
        };
        let data = ByteList::new(bundle.as_ssz_bytes()).map_err(|_| Refusal::TooManySignatures)?;
        let message =
            SsvMessage { msg_type: MsgType::PartialSignature, msg_id: self.setup.message_id(), data };
        Ok(Unsigned { message, full_data: ByteList::empty() })
    }

    /// The rules of a bundle, in the order that decides the code, and its entries into the collector.
    pub(super) fn on_partial_signatures(
        &mut self,
        message: &SignedSsvMessage,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let bundle = PartialSignatureMessages::from_ssz_bytes(&message.ssv_message.data)
            .map_err(|_| Refusal::Undecodable)?;
        let [signer] = message.operator_ids.as_slice() else { return Err(Refusal::NotOneSigner) };
        bundle.validate_for_signer(*signer)?;
        // The committee has one runner for each slot and looks it up first, so the runner's own 46 and 47 are never reached.
        if bundle.slot != self.duty.slot {
            return Err(RefusalCode::NoRunnerForSlot.into());
        }
        if bundle.msg_type != PartialSignatureType::PostConsensus {
            return Err(Refusal::WrongPhase);
        }
        if self.is_finished() {
            return Err(RefusalCode::NoRunningDuty.into());
        }
        if self.decision.is_none() {
            return Err(RefusalCode::NoDecidedValue.into());
        }
        if !self.setup.committee.contains(*signer) {
            return Err(Refusal::ForeignSigner);
        }
        let quorate =
            bundle.messages.iter().filter(|entry| self.insert(*signer, entry, out)).map(slot_of).collect();
        self.recombine(quorate, out);
        Ok(())
    }

    /// Holds one partial signature; true if it completes the quorum of something this duty expects.
    fn insert(&mut self, signer: OperatorId, entry: &PartialSignatureMessage, out: &mut Vec<Effect>) -> bool {
        let slot = slot_of(entry);
        let mut answer = self.collector.insert(signer, slot, entry.partial_signature);
        if answer == Insert::Conflict && self.replaces(signer, entry) {
            out.push(Effect::BadPartialSignature { operator: signer, validator: slot.validator });
            self.collector.remove(slot, signer);
            answer = self.collector.insert(signer, slot, entry.partial_signature);
        }
        answer == Insert::NewlyQuorate
            && self.decision.as_ref().is_some_and(|d| d.expected.contains_key(&slot))
    }

    /// Two different signatures of one operator: the first stays, unless only the second is one.
    fn replaces(&self, signer: OperatorId, entry: &PartialSignatureMessage) -> bool {
        let slot = slot_of(entry);
        let verifies = |signature: &types::SignatureBytes| {
            self.setup.keys.verifies(slot.validator, signer, slot.root, signature)
        };
        let held = self.collector.signature(slot, signer);
        held.is_some_and(|held| !verifies(&held)) && verifies(&entry.partial_signature)
    }

    fn recombine(&mut self, slots: Vec<SignatureSlot>, out: &mut Vec<Effect>) {
        if slots.is_empty() {
            return;
        }
        if !self.saw_post_quorum {
            self.saw_post_quorum = true;
            out.push(Effect::Reached(Milestone::PostQuorum));
        }
        let task = |slot| RecombineTask { slot, parts: self.collector.signatures(slot) };
        out.push(Effect::Recombine(slots.into_iter().map(task).collect()));
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
        for operator in liars {
            self.collector.remove(slot, *operator);
            out.push(Effect::BadPartialSignature { operator: *operator, validator: slot.validator });
        }
        let place = self.decision.as_ref().and_then(|d| d.expected.get(&slot).copied());
        if let Some(entry) = place.and_then(|place| self.duty.validator_duties.get(place))
            && let Some(open) = self.open.get_mut(&super::entry_key(entry))
        {
            open.bad_parts = true;
        }
        !liars.is_empty() && self.collector.has_quorum(slot)
    }
}

fn slot_of(entry: &PartialSignatureMessage) -> SignatureSlot {
    SignatureSlot { validator: entry.validator_index, root: entry.signing_root }
}
