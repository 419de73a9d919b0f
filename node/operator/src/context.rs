//! What every committee's task shares.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use beacon::{BeaconError, BeaconNodes, Call};
use crypto::threshold::CoefficientCache;
use duty::{CommitteeKeys, FailureReason, RecombineTask, Recombined, recombine};
use network::{NetworkHandle, Topic};
use types::beacon::{AnyContribution, SignedAggregate, SignedContribution};
use types::{CommitteeId, CommitteeIndex, Root, Slot, SubnetId};

use crate::books::Books;
use crate::clock::SlotClock;
use crate::directory::Directory;
use crate::drops::Drops;
use crate::exits::Exits;
use crate::guards::Guards;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::memo::Memo;
use crate::pool::CryptoPool;
use crate::proposals::Proposals;
use crate::registrations::Registrations;
use crate::roster::Roster;
use crate::signer::Signer;
use crate::starts::Starts;
use crate::together::Together;
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
    pub aggregates: Together<SignedAggregate>,
    pub contributions: Together<SignedContribution>,
    /// What aggregators of one beacon committee or subcommittee ask for at once.
    pub given_aggregates: Memo<(Root, CommitteeIndex), beacon::Aggregate, BeaconError>,
    pub given_contributions: Memo<(Slot, Root, u64), AnyContribution, BeaconError>,
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

    /// Ends all duties of a committee whose task ends: nobody else would.
    pub(crate) fn end_all(&self, committee: CommitteeId, reason: FailureReason) {
        for slot in self.ledger.end_all(committee, reason) {
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

/// The part of a slot for which aggregates are gathered before they are submitted: 20 ms at 12 s.
const GATHERING: u64 = 600;

/// The ways on which aggregates and contributions go out together.
pub(crate) fn together(
    beacon: &BeaconNodes,
    slot_millis: u64,
) -> (Together<SignedAggregate>, Together<SignedContribution>) {
    let pause = Duration::from_millis(slot_millis / GATHERING);
    let nodes = beacon.clone();
    let aggregates = Together::start(Call::SubmitAggregates, pause, move |fork, all: Vec<_>| {
        let nodes = nodes.clone();
        async move { nodes.submit_aggregates(fork, &all).await.map(|done| done.refused) }
    });
    let nodes = beacon.clone();
    let contributions = Together::start(Call::SubmitContributions, pause, move |_, all: Vec<_>| {
        let nodes = nodes.clone();
        async move { nodes.submit_contributions(&all).await.map(|done| done.refused) }
    });
    (aggregates, contributions)
}
