//! Messages of duties that are not prepared yet: held until they are.
//!
//! All duties of a slot are prepared together, so a message of a prepared slot without a duty is nobody's. Registrations and exits
//! follow from events of the contract, which operators may see one after the other: their messages wait whatever is prepared.
//!
//! **Bounds**: [`CAPACITY`] messages; what comes then is for the caller to count. [`FOLLOWING`] messages of registrations and exits beside them;
//! there the oldest leaves, since other operators may register validators that this one does not. Messages leave with their slot's epoch. The
//! names of the last [`REMEMBERED`] registrations and exits that ended are remembered, because late messages of them would take places.

use std::collections::VecDeque;

use types::{RunnerRole, SignedSsvMessage, Slot};

use crate::run::RunId;

/// Messages held.
pub(crate) const CAPACITY: usize = 256;
/// Messages held of registrations and exits.
const FOLLOWING: usize = 64;
/// Ended registrations and exits remembered.
const REMEMBERED: usize = 256;

/// The messages of one committee's duties to come.
#[derive(Default)]
pub(crate) struct Early {
    messages: VecDeque<(RunId, SignedSsvMessage)>,
    /// Those of registrations and exits.
    following: VecDeque<(RunId, SignedSsvMessage)>,
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
        if follows_an_event(&id) {
            if self.following.len() >= FOLLOWING {
                self.following.pop_front();
            }
            self.following.push_back((id, message));
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
        let may_come = |id: &RunId| id.slot > slot;
        let mut ready = sort_out(&mut self.messages, &is_there, may_come);
        ready.extend(sort_out(&mut self.following, &is_there, |_| true));
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
        self.following.retain(|(id, _)| id.slot >= before);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.messages.len().saturating_add(self.following.len())
    }
}

/// Takes out the messages of duties that are there; of the others those stay whose duty may still come.
fn sort_out(
    messages: &mut VecDeque<(RunId, SignedSsvMessage)>,
    is_there: impl Fn(&RunId) -> bool,
    may_come: impl Fn(&RunId) -> bool,
) -> Vec<(RunId, SignedSsvMessage)> {
    let waited = std::mem::take(messages).into_iter();
    let (ready, rest): (Vec<_>, Vec<_>) = waited.partition(|(id, _)| is_there(id));
    *messages = rest.into_iter().filter(|(id, _)| may_come(id)).collect();
    ready
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

    #[test]
    fn registrations_that_are_not_ours_keep_nobody_else_out() {
        let mut early = Early::default();
        for number in 0..u8::MAX {
            keep(&mut early, id(9, RunnerRole::ValidatorRegistration, number));
        }
        assert_eq!(early.len(), FOLLOWING);
        let duty = id(10, RunnerRole::Proposer, 1);
        assert!((0..CAPACITY).all(|_| early.keep(duty, message(duty), Slot(9))));
        assert!(!early.keep(duty, message(duty), Slot(9)));
        let newest = id(9, RunnerRole::ValidatorRegistration, u8::MAX - 1);
        assert_eq!(early.take(Slot(9), |id| *id == newest).len(), 1, "the oldest left");
    }
}
