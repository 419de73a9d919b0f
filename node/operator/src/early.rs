//! Messages of duties that are not prepared yet: held until they are.
//!
//! All duties of a slot are prepared together, so a message of a prepared slot without a duty is nobody's. Registrations and exits
//! follow from events of the contract, which operators may see one after the other: their messages wait whatever is prepared.
//!
//! **Bound**: [`CAPACITY`] messages; what comes then is for the caller to count. Messages leave with their slot's epoch. The names of
//! the last [`REMEMBERED`] registrations and exits that ended are remembered, because late messages of them would take places.

use std::collections::VecDeque;

use types::{RunnerRole, SignedSsvMessage, Slot};

use crate::run::RunId;

/// Messages held.
pub(crate) const CAPACITY: usize = 256;
/// Ended registrations and exits remembered.
const REMEMBERED: usize = 256;

/// The messages of one committee's duties to come.
#[derive(Default)]
pub(crate) struct Early {
    messages: VecDeque<(RunId, SignedSsvMessage)>,
    /// The newest slot whose duties were prepared.
    prepared: Option<Slot>,
    ended: VecDeque<RunId>,
}

const fn follows_an_event(id: &RunId) -> bool {
    matches!(id.role(), RunnerRole::ValidatorRegistration | RunnerRole::VoluntaryExit)
}

impl Early {
    /// Holds a message of a duty that is not there. False if there is no place; a message that helps nobody needs none.
    pub(crate) fn keep(&mut self, id: RunId, message: SignedSsvMessage, now: Slot) -> bool {
        let helps_nobody = if follows_an_event(&id) {
            self.ended.contains(&id)
        } else {
            self.prepared >= Some(id.slot) || id.slot < now
        };
        if helps_nobody {
            return true;
        }
        if self.messages.len() >= CAPACITY {
            return false;
        }
        self.messages.push_back((id, message));
        true
    }

    /// The duties of `slot` are there, those that `is_there` names: their messages in the order in which they came.
    pub(crate) fn take(
        &mut self,
        slot: Slot,
        is_there: impl Fn(&RunId) -> bool,
    ) -> Vec<(RunId, SignedSsvMessage)> {
        self.prepared = self.prepared.max(Some(slot));
        let waited = std::mem::take(&mut self.messages).into_iter();
        let (ready, rest): (Vec<_>, Vec<_>) = waited.partition(|(id, _)| is_there(id));
        let may_come = |(id, _): &(RunId, SignedSsvMessage)| follows_an_event(id) || id.slot > slot;
        self.messages = rest.into_iter().filter(may_come).collect();
        ready
    }

    /// A duty ended.
    pub(crate) fn ended(&mut self, id: RunId) {
        if !follows_an_event(&id) {
            return;
        }
        if self.ended.len() >= REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }

    /// Messages of slots before this one leave.
    pub(crate) fn forget(&mut self, before: Slot) {
        self.messages.retain(|(id, _)| id.slot >= before);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{ByteList, DomainType, List, MessageId, MsgType, PublicKeyBytes, SsvMessage};

    fn id(slot: u64, role: RunnerRole, validator: u8) -> RunId {
        let key = PublicKeyBytes([validator; 48]);
        RunId { slot: Slot(slot), message_id: MessageId::validator(DomainType([0; 4]), role, &key) }
    }

    fn message(id: RunId) -> SignedSsvMessage {
        let ssv_message = SsvMessage {
            msg_type: MsgType::PartialSignature,
            msg_id: id.message_id,
            data: ByteList::new(vec![1]).unwrap(),
        };
        SignedSsvMessage {
            signatures: List::empty(),
            operator_ids: List::empty(),
            ssv_message,
            full_data: ByteList::empty(),
        }
    }

    fn keep(early: &mut Early, id: RunId) {
        assert!(early.keep(id, message(id), Slot(9)));
    }

    #[test]
    fn a_duty_gets_its_messages_and_those_of_no_duty_leave() {
        let mut early = Early::default();
        let (ours, other) = (id(10, RunnerRole::Proposer, 1), id(10, RunnerRole::Proposer, 2));
        let later = id(11, RunnerRole::Proposer, 1);
        [ours, other, later, ours].into_iter().for_each(|id| keep(&mut early, id));
        let taken = early.take(Slot(10), |id| *id == ours);
        assert_eq!(taken.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [ours, ours]);
        assert_eq!(early.len(), 1);
        keep(&mut early, other);
        assert_eq!(early.len(), 1, "its slot is prepared, and it is not ours");
        assert_eq!(early.take(Slot(11), |id| *id == later).len(), 1);
    }

    #[test]
    fn what_follows_from_an_event_waits_for_it_until_it_is_over() {
        let mut early = Early::default();
        let exit = id(7, RunnerRole::VoluntaryExit, 1);
        early.take(Slot(9), |_| false);
        keep(&mut early, exit);
        assert!(early.take(Slot(10), |_| false).is_empty());
        assert_eq!(early.take(Slot(11), |id| *id == exit).len(), 1);
        early.ended(exit);
        keep(&mut early, exit);
        assert_eq!(early.len(), 0);
        keep(&mut early, id(7, RunnerRole::VoluntaryExit, 2));
        early.forget(Slot(8));
        assert_eq!(early.len(), 0);
    }
}
