//! The way to each committee's task. A task starts with the committee's first duty and ends when the committee is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use types::{CommitteeId, SignedSsvMessage, Slot};

use crate::committee::{self, Letter, Mailbox};
use crate::context::Context;
use crate::directory::Directory;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It is in the mailbox.
    Taken,
    /// The mailbox is full.
    NoPlace,
    /// The committee is not ours, or had no duty yet.
    NoTask,
}

/// The mailboxes of all committees that have had a duty. Bounded by the committees of the registry that are ours.
#[derive(Default)]
pub(crate) struct Routes(Mutex<HashMap<CommitteeId, Mailbox>>);

impl Routes {
    /// The mailbox of a committee; its task is started if there is none, or if it ended by a defect.
    pub(crate) fn mailbox(&self, id: CommitteeId, context: &Arc<Context>) -> Mailbox {
        let mut routes = self.lock();
        if let Some(mailbox) = routes.get(&id).filter(|mailbox| !mailbox.is_closed()) {
            return mailbox.clone();
        }
        let mailbox = committee::spawn(id, Arc::clone(context));
        routes.insert(id, mailbox.clone());
        mailbox
    }

    #[cfg(test)]
    pub(crate) fn put(&self, id: CommitteeId, mailbox: Mailbox) {
        self.lock().insert(id, mailbox);
    }

    /// Brings a message to its committee.
    pub(crate) fn offer(&self, id: CommitteeId, slot: Slot, message: SignedSsvMessage) -> Delivery {
        let mailbox = self.lock().get(&id).cloned();
        match mailbox.map(|mailbox| mailbox.offer(slot, message)) {
            Some(true) => Delivery::Taken,
            Some(false) => Delivery::NoPlace,
            None => Delivery::NoTask,
        }
    }

    /// Ends what is left of all duties up to this slot.
    pub(crate) async fn give_up(&self, slot: Slot) {
        let mailboxes: Vec<_> = self.lock().values().cloned().collect();
        for mailbox in mailboxes {
            mailbox.send(Letter::GiveUp { slot }).await;
        }
    }

    /// Ends the tasks of committees that are gone, and their duties with them.
    pub(crate) async fn keep_only(&self, directory: &Directory) {
        let gone: Vec<_> = {
            let mut routes = self.lock();
            let gone: Vec<_> =
                routes.keys().filter(|id| !directory.committees.contains_key(id)).copied().collect();
            gone.iter().filter_map(|id| routes.remove(id)).collect()
        };
        for mailbox in gone {
            mailbox.send(Letter::GiveUp { slot: Slot(u64::MAX) }).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CommitteeId, Mailbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
