//! The way to each committee's task. A task starts with the committee's first duty or message and ends when the committee is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use types::{CommitteeId, Slot};

use crate::committee::{self, Letter, Mailbox};
use crate::context::Context;
use crate::directory::Directory;

/// The mailboxes of the committees that have had a duty or a message. Bounded by the committees of the registry that are ours.
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

    /// Tells every committee which slot it is.
    pub(crate) async fn tick(&self, slot: Slot) {
        let mailboxes: Vec<_> = self.lock().values().cloned().collect();
        for mailbox in mailboxes {
            mailbox.send(Letter::Tick { slot }).await;
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
            mailbox.send(Letter::Leave).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CommitteeId, Mailbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
