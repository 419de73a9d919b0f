//! What every committee's task shares.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use beacon::BeaconNodes;
use crypto::threshold::CoefficientCache;
use duty::{CommitteeKeys, FailureReason, RecombineTask, Recombined, recombine};
use network::{NetworkHandle, Topic};
use types::{CommitteeId, Slot, SubnetId};

use crate::books::Books;
use crate::clock::SlotClock;
use crate::directory::Directory;
use crate::drops::Drops;
use crate::exits::Exits;
use crate::guards::Guards;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::pool::CryptoPool;
use crate::proposals::Proposals;
use crate::registrations::Registrations;
use crate::roster::Roster;
use crate::signer::Signer;
use crate::starts::Starts;
use crate::views::Views;

/// What every committee's task shares.
pub(crate) struct Context {
    pub clock: Arc<SlotClock>,
    pub identity: Identity,
    pub pool: CryptoPool,
    pub network: NetworkHandle,
    pub beacon: BeaconNodes,
    pub signer: Signer,
    pub views: Views,
    pub ledger: Arc<Ledger>,
    pub books: Books,
    pub directory: Arc<ArcSwap<Directory>>,
    pub coefficients: Coefficients,
    pub drops: Drops,
    pub starts: Starts,
    pub registrations: Registrations,
    pub exits: Arc<Exits>,
    pub roster: Roster,
    pub proposals: Proposals,
    pub guards: Arc<Guards>,
    /// Where tasks run: messages come in from threads of the crypto pool.
    pub runtime: tokio::runtime::Handle,
}

impl Context {
    /// The topic on which a committee's messages of this slot travel.
    pub(crate) fn topic(&self, slot: Slot, committee: CommitteeId) -> Option<Topic> {
        let fork = self.clock.rules().network.fork_at(slot);
        let directory = self.directory.load();
        let members = &directory.committee(committee)?.members;
        Some(Topic { fork, subnet: SubnetId::of(fork, members) })
    }

    /// Ends all duties of a committee whose task failed: nobody else would.
    pub(crate) fn end_all(&self, committee: CommitteeId) {
        for slot in self.ledger.end_all(committee, FailureReason::NodeStopped) {
            self.books.write(slot, committee);
        }
    }

    /// Recombines on the crypto pool; `None` while the node stops.
    pub(crate) async fn recombine(
        &self,
        keys: Arc<CommitteeKeys>,
        tasks: Vec<RecombineTask>,
    ) -> Option<Vec<Recombined>> {
        let mut cache = self.coefficients.take();
        let work = move || {
            let results = recombine(&tasks, &keys, &mut cache, &mut rand::rng());
            (results, cache)
        };
        let (results, cache) = self.pool.run(work).await.ok()?;
        self.coefficients.give_back(cache);
        Some(results)
    }
}

/// Caches of Lagrange coefficients, lent to whoever recombines, so that no lock is held over mathematics.
///
/// **Bound**: [`Self::KEPT`] caches are kept; each is bounded itself.
#[derive(Default)]
pub(crate) struct Coefficients(Mutex<Vec<CoefficientCache>>);

impl Coefficients {
    const KEPT: usize = 8;

    fn take(&self) -> CoefficientCache {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, cache: CoefficientCache) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < Self::KEPT {
            kept.push(cache);
        }
    }
}
