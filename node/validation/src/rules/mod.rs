//! The rules in their order.

mod address;
mod consensus;
mod duty;
mod envelope;
mod partial;

use types::rules::RoleRules;
use types::{ChainRules, MessageId, MsgType, RunnerRole, SignedSsvMessage, Slot, SsvFork};

use self::address::Address;
use self::envelope::Envelope;
use crate::candidate::{Candidate, Content};
use crate::inbound::Inbound;
use crate::ports::{DutyView, RegistryView};
use crate::refusal::Refusal;
use crate::seen::{SeenState, Update};

/// Everything a judgement reads, but what came before. It changes none of it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The network and its clock.
    pub rules: &'a ChainRules,
    /// Operators, committees and validators.
    pub registry: &'a dyn RegistryView,
    /// Duties of all validators on our subnets.
    pub duties: &'a dyn DutyView,
}

impl<'a> Context<'a> {
    /// Decodes one message and looks at everything that does not depend on what came before. Decoding and hashing of large
    /// messages happens here, so that [`Examined::judge`] is short: a lock on the memory is needed there alone.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn examine(&self, inbound: &Inbound<'a>) -> Result<Examined<'a>, Refusal> {
        let envelope = envelope::open(self, inbound)?;
        let address = address::resolve(self, inbound, &envelope)?;
        let subject = Subject {
            context: self,
            inbound,
            message: &envelope.message,
            fork: envelope.fork,
            address: &address,
        };
        let Some(content) = envelope.content else {
            return Err(subject.undecodable());
        };
        let (observation, count) = match &content {
            Content::Consensus(message) => (consensus::examine(&subject, message)?, Ok(())),
            Content::PartialSignatures(bundle) => partial::examine(&subject, bundle)?,
        };
        let update = subject.update(content.slot(), observation);
        let Envelope { message, fork, .. } = envelope;
        Ok(Examined { context: *self, inbound: *inbound, message, content, fork, address, update, count })
    }

    /// Judges one message by every rule but its RSA signatures.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn judge(&self, inbound: &Inbound<'a>, seen: &SeenState) -> Result<Candidate, Refusal> {
        self.examine(inbound)?.judge(seen)
    }
}

/// A message that broke none of the rules that need no memory.
#[must_use = "the rules on repetition, order and time have not been looked at yet"]
pub struct Examined<'a> {
    context: Context<'a>,
    inbound: Inbound<'a>,
    message: SignedSsvMessage,
    content: Content,
    fork: SsvFork,
    address: Address<'a>,
    update: Update,
    /// Rules 72 to 75, which come last.
    count: Result<(), Refusal>,
}

impl Examined<'_> {
    /// The remaining rules in their order: those on what came before, and the cheap ones that stand between and after them. A
    /// duplicate is answered here, before any signature is looked at.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn judge(self, seen: &SeenState) -> Result<Candidate, Refusal> {
        let subject = Subject {
            context: &self.context,
            inbound: &self.inbound,
            message: &self.message,
            fork: self.fork,
            address: &self.address,
        };
        let before = seen.before(&self.update);
        match &self.content {
            Content::Consensus(message) => consensus::judge(&subject, message, &before)?,
            Content::PartialSignatures(bundle) => {
                partial::judge(&subject, bundle, &before)?;
                self.count?;
            }
        }
        let Self { message, content, fork, address, update, .. } = self;
        Ok(Candidate { message, content, fork, committee: address.committee, update })
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
