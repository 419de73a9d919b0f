//! The rules in their order.

mod address;
mod consensus;
mod duty;
mod envelope;
mod partial;

use types::rules::RoleRules;
use types::{ChainRules, MessageId, MsgType, RunnerRole, SignedSsvMessage, Slot, SsvFork};

use self::address::Address;
use crate::candidate::{Candidate, Content};
use crate::inbound::Inbound;
use crate::ports::{DutyView, RegistryView};
use crate::refusal::Refusal;
use crate::seen::SeenState;

/// Everything a judgement reads. It changes none of it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The network and its clock.
    pub rules: &'a ChainRules,
    /// Operators, committees and validators.
    pub registry: &'a dyn RegistryView,
    /// Duties of all validators on our subnets.
    pub duties: &'a dyn DutyView,
    /// What came before.
    pub seen: &'a SeenState,
}

impl Context<'_> {
    /// Judges one message by every rule but its RSA signatures.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn judge(&self, inbound: &Inbound<'_>) -> Result<Candidate, Refusal> {
        let envelope = envelope::open(self, inbound)?;
        let address = address::resolve(self, inbound, &envelope)?;
        let subject = Subject {
            context: self,
            inbound,
            message: &envelope.message,
            fork: envelope.fork,
            address: &address,
        };
        let update = match &envelope.content {
            Some(Content::Consensus(message)) => consensus::judge(&subject, message)?,
            Some(Content::PartialSignatures(bundle)) => partial::judge(&subject, bundle)?,
            None => return Err(subject.undecodable()),
        };
        let committee = address.committee;
        let digest = envelope.message.ssv_message.signed_digest();
        let content = envelope.content.ok_or(Refusal::UndecodableData)?;
        Ok(Candidate { message: envelope.message, content, fork: envelope.fork, committee, update, digest })
    }
}

/// A message whose signers, address and topic are in order.
struct Subject<'a> {
    context: &'a Context<'a>,
    inbound: &'a Inbound<'a>,
    message: &'a SignedSsvMessage,
    fork: SsvFork,
    address: &'a Address<'a>,
}

impl Subject<'_> {
    fn message_id(&self) -> MessageId {
        self.message.ssv_message.msg_id
    }

    fn role(&self) -> RunnerRole {
        self.message_id().role()
    }

    /// Rules 57, 30 and 58: what is wrong with data that does not decode.
    fn undecodable(&self) -> Refusal {
        let too_big = self.message.ssv_message.msg_type == MsgType::PartialSignature
            && partial::data_fits(self).is_err();
        if too_big { Refusal::PartialSignaturesTooBig } else { Refusal::UndecodableData }
    }

    /// Of the role in the fork; rule 20 refuses a role that has none.
    fn role_rules(&self) -> Result<RoleRules, Refusal> {
        self.context.rules.network.role_rules(self.fork, self.role()).ok_or(Refusal::InvalidRole)
    }

    /// Rules 53 and 54, 69 and 70: the message arrived while it is of use.
    fn arrived_in_time(&self, slot: Slot) -> Result<(), Refusal> {
        let window = self.context.rules.window(slot, self.role_rules()?.ttl_slots);
        if self.inbound.received_at_millis < window.earliest {
            return Err(Refusal::EarlySlot);
        }
        if window.latest.is_some_and(|latest| self.inbound.received_at_millis > latest) {
            return Err(Refusal::LateSlot);
        }
        Ok(())
    }
}
