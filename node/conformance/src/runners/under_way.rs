//! Duties that a vector begins in the middle of. A machine is not loaded from a file: it lives through what leads there.
//!
//! All such duties are decided, and say so by value alone. So the machine is given the decided message that a quorum of the test's
//! operators would have sent, then the partial signatures on record; a duty that had finished is given up.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use qbft::{Committee, Config, Instance, State};
use serde::Deserialize;
use types::message::full_data_root;
use types::{
    ByteList, CommitteeMember, Encode, List, MessageId, MsgType, OperatorId, PartialSignatureMessage,
    PartialSignatureMessages, PartialSignatureType, Root, Round, SignatureBytes, SignedSsvMessage, Slot,
    SsvMessage, ValidatorIndex,
};

use super::model::DutyJson;
use super::world::{Always, World};
use crate::json::Base64;
use crate::keys::TestKeys;
use crate::qbft::world::{CUT_OFF, TestValueCheck};

/// The state of a runner.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StateJson {
    running_instance: Option<InstanceJson>,
    post_consensus_container: ContainerJson,
    finished: bool,
    committee_duty: Option<DutyJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceJson {
    state: InstanceStateJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceStateJson {
    #[serde(rename = "ID")]
    id: Base64,
    round: u64,
    height: u64,
    decided: bool,
    decided_value: Base64,
}

/// Signatures by validator, root and operator.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerJson {
    signatures: BTreeMap<String, BTreeMap<String, BTreeMap<String, Base64>>>,
}

impl StateJson {
    /// Brings a duty of this world to where the state says it is, and forgets what came out on the way.
    pub(super) fn replay(&self, world: &mut World<'_>) -> Result<()> {
        let duty = self.committee_duty.as_ref().context("a state without a committee's duty")?.decode()?;
        let instance = &self.running_instance.as_ref().context("a state without consensus")?.state;
        ensure!(instance.decided && instance.height == duty.slot.get(), "a duty that is not decided");
        world.start(&duty)?;
        world.unverified(instance.decided_message(world.member(), world.keys())?)?;
        for (operator, entries) in self.post_consensus_container.by_operator()? {
            world.unverified(bundle(instance.message_id()?, duty.slot, operator, entries)?)?;
        }
        if let Some((_, words)) = &world.refusal {
            bail!("on the way to where the vector begins: {words}");
        }
        if self.finished {
            world.give_up(duty.slot)?;
        }
        world.forget();
        Ok(())
    }
}

impl InstanceStateJson {
    fn message_id(&self) -> Result<MessageId> {
        Ok(MessageId::try_from(self.id.bytes())?)
    }

    /// The commits of a quorum to the decided value, in one message.
    fn decided_message(&self, member: &CommitteeMember, keys: &TestKeys) -> Result<SignedSsvMessage> {
        let value = ByteList::try_from(self.decided_value.bytes())?;
        let config = Config {
            committee: Committee::from(member),
            leader: Arc::new(Always),
            verifier: Arc::new(qbft::CommitteeKeys::new(Vec::new())),
            cut_off: CUT_OFF,
            capacity: qbft::INSTANCE_CAPACITY,
        };
        let mut state = State::new(self.message_id()?, Slot(self.height));
        state.round = Round(self.round);
        let instance = Instance::restore(Arc::new(config), state, None, Arc::new(TestValueCheck));
        let message = instance.create_commit(full_data_root(&value))?.message;
        let quorum = usize::try_from(member.thresholds().quorum())?;
        let signers: Vec<OperatorId> = member.operator_ids().take(quorum).collect();
        let signature = |operator: &OperatorId| -> Result<_> {
            let signature =
                keys.operator(member.committee.len(), *operator)?.sign(&message.signed_bytes())?;
            Ok(ByteList::try_from(&signature[..])?)
        };
        Ok(SignedSsvMessage {
            signatures: List::new(signers.iter().map(signature).collect::<Result<_>>()?)?,
            operator_ids: List::new(signers)?,
            ssv_message: message,
            full_data: value,
        })
    }
}

impl ContainerJson {
    fn by_operator(&self) -> Result<BTreeMap<OperatorId, Vec<PartialSignatureMessage>>> {
        let mut operators: BTreeMap<OperatorId, Vec<PartialSignatureMessage>> = BTreeMap::new();
        for (validator, roots) in &self.signatures {
            for (root, signatures) in roots {
                for (operator, signature) in signatures {
                    let signer: OperatorId = operator.parse()?;
                    operators.entry(signer).or_default().push(PartialSignatureMessage {
                        partial_signature: SignatureBytes::try_from(signature.bytes())?,
                        signing_root: Root::try_from(hex::decode(root)?.as_slice())?,
                        signer,
                        validator_index: ValidatorIndex(validator.parse()?),
                    });
                }
            }
        }
        Ok(operators)
    }
}

fn bundle(
    msg_id: MessageId,
    slot: Slot,
    operator: OperatorId,
    entries: Vec<PartialSignatureMessage>,
) -> Result<SignedSsvMessage> {
    let bundle = PartialSignatureMessages {
        msg_type: PartialSignatureType::PostConsensus,
        slot,
        messages: List::new(entries)?,
    };
    Ok(SignedSsvMessage {
        signatures: List::new(vec![ByteList::try_from(&[1][..])?])?,
        operator_ids: List::new(vec![operator])?,
        ssv_message: SsvMessage {
            msg_type: MsgType::PartialSignature,
            msg_id,
            data: ByteList::new(bundle.as_ssz_bytes())?,
        },
        full_data: ByteList::empty(),
    })
}
