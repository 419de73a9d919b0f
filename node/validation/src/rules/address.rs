//! Rules 19 to 28: is it about a duty of this network, by those who have it, in the right place?

use types::{CommitteeId, OperatorId, PublicKeyBytes, SubnetId, ValidatorIndex};

use super::Context;
use super::envelope::Envelope;
use crate::inbound::{Inbound, Topic};
use crate::ports::{ValidatorStanding, ValidatorView};
use crate::refusal::Refusal;

/// Whose duty a message is about.
pub(super) struct Address<'a> {
    pub(super) committee: CommitteeId,
    /// Ascending.
    pub(super) operators: &'a [OperatorId],
    pub(super) executor: Executor<'a>,
}

/// The duty executor of the message id, resolved.
#[derive(Clone, Copy)]
pub(super) enum Executor<'a> {
    /// All validators of the committee.
    Committee {
        /// How many the registry has.
        registered: usize,
        /// Those that the beacon chain is known to know.
        known: &'a [ValidatorIndex],
    },
    /// One validator.
    Validator(PublicKeyBytes, ValidatorIndex),
}

/// Rules 19 to 28.
pub(super) fn resolve<'a>(
    context: &Context<'a>,
    inbound: &Inbound<'_>,
    envelope: &Envelope,
) -> Result<Address<'a>, Refusal> {
    let message = &envelope.message;
    let id = message.ssv_message.msg_id;
    if context.rules.network.forks.domain(envelope.fork) != Some(id.domain()) {
        return Err(Refusal::WrongDomain);
    }
    if !id.role().exists_in(envelope.fork) {
        return Err(Refusal::InvalidRole);
    }
    let address = if id.role().is_committee_role() {
        committee(context, id.committee_id())?
    } else {
        validator(context, inbound, id.validator_key())?
    };
    if message.operator_ids.iter().any(|signer| address.operators.binary_search(signer).is_err()) {
        return Err(Refusal::SignerNotInCommittee);
    }
    let subnet = SubnetId::of(envelope.fork, address.operators);
    if inbound.topic != (Topic { fork: envelope.fork, subnet }) {
        return Err(Refusal::IncorrectTopic);
    }
    Ok(address)
}

/// Rules 21 and 22. Liquidation and validator states are not looked at.
fn committee<'a>(context: &Context<'a>, id: CommitteeId) -> Result<Address<'a>, Refusal> {
    let view = context.registry.committee(&id).ok_or(Refusal::NonExistentCommittee)?;
    if view.registered == 0 {
        return Err(Refusal::NoValidators);
    }
    let executor = Executor::Committee { registered: view.registered, known: view.validators };
    Ok(Address { committee: id, operators: view.operators, executor })
}

/// Rules 23 to 26.
fn validator<'a>(
    context: &Context<'a>,
    inbound: &Inbound<'_>,
    key: PublicKeyBytes,
) -> Result<Address<'a>, Refusal> {
    let view = context.registry.validator(&key).ok_or(Refusal::UnknownValidator)?;
    if view.liquidated {
        return Err(Refusal::ValidatorLiquidated);
    }
    let index = attesting(context, inbound, &view)?;
    Ok(Address {
        committee: view.committee,
        operators: view.operators,
        executor: Executor::Validator(key, index),
    })
}

fn attesting(
    context: &Context<'_>,
    inbound: &Inbound<'_>,
    view: &ValidatorView<'_>,
) -> Result<ValidatorIndex, Refusal> {
    let now = context.rules.epoch_at(inbound.received_at_millis);
    match view.standing {
        ValidatorStanding::Unknown => Err(Refusal::NoShareMetadata),
        ValidatorStanding::Attesting { index } => Ok(index),
        ValidatorStanding::PendingFrom { index, activation } if now.is_some_and(|now| activation <= now) => {
            Ok(index)
        }
        ValidatorStanding::PendingFrom { .. } | ValidatorStanding::NotAttesting => {
            Err(Refusal::ValidatorNotAttesting)
        }
    }
}
