//! Follows the chain: history first, then each new block; supervises the connection, for ever.
//!
//! One loop serves both: look at the head, read what lies between cursor and target in ranges, apply, publish when the target
//! is reached, wait for the bell or the clock. The range adapts: halved when a client refuses or fails, doubled when it
//! answers.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{broadcast, watch};
use url::Url;

use crate::error::RegistryError;
use crate::execution::{CallError, Client, Header, Heads, redacted};
use crate::fetch::{self, FetchError, LINKED_BLOCKS};
use crate::keeper::{Keeper, KeeperError, KeeperSetup, Range, Report};
use crate::registry::Timing;
use crate::set::{BlockRef, ExitRequest, RecipientChange, ValidatorSet};
use crate::status::{Problem, RegistryStatus};

/// Blocks per request at first, and at most.
const RANGE_AT_FIRST: u64 = 200;
const RANGE_AT_MOST: u64 = 2000;
/// A client that is further behind than this, by its own account, is used only when there is no other.
const TOLERATED_BEHIND: u64 = 5;

/// Where the follower tells what it knows.
pub(crate) struct Outlets {
    pub set: watch::Sender<Arc<ValidatorSet>>,
    pub status: watch::Sender<RegistryStatus>,
    pub exits: broadcast::Sender<ExitRequest>,
    pub recipients: broadcast::Sender<RecipientChange>,
}

/// Why following stopped, and what to do about it.
enum Trouble {
    /// End: an operator must decide.
    Fatal(RegistryError),
    /// Connect again.
    Client(Problem),
    /// Our own database or vault.
    Internal(KeeperError),
}

impl From<KeeperError> for Trouble {
    fn from(error: KeeperError) -> Self {
        Self::Internal(error)
    }
}

/// The task that follows the chain. Run it once; dropping the future ends it between two commits.
pub struct Follower {
    setup: KeeperSetup,
    keeper: Option<Keeper>,
    urls: Vec<Url>,
    timing: Timing,
    outlets: Outlets,
    range: u64,
    backoff: Duration,
    /// A client passed every check once; from then on a client that does not is passed over.
    met: bool,
    /// The history was read to its end in this process.
    live: bool,
    /// The state changed since the last set was published.
    unpublished: bool,
    /// No known block was found in the chain, once already.
    lost: bool,
    skipped: u64,
}

impl Follower {
    pub(crate) fn new(
        setup: KeeperSetup,
        keeper: Keeper,
        urls: Vec<Url>,
        timing: Timing,
        outlets: Outlets,
    ) -> Self {
        Self {
            setup,
            keeper: Some(keeper),
            urls,
            timing,
            outlets,
            range: RANGE_AT_FIRST,
            backoff: timing.backoff_least,
            met: false,
            live: false,
            unpublished: false,
            lost: false,
            skipped: 0,
        }
    }

    /// Makes every commit fail until the database is opened anew.
    #[cfg(test)]
    pub(crate) fn break_disk(&mut self) {
        self.keeper.as_mut().unwrap().break_disk();
    }

    /// Follows the chain until an operator must decide.
    ///
    /// # Errors
    /// What must be decided. Trouble outside never ends this.
    pub async fn run(mut self) -> Result<(), RegistryError> {
        loop {
            let trouble = match self.connect().await {
                Ok(client) => self.follow(&client).await,
                Err(trouble) => trouble,
            };
            match trouble {
                Trouble::Fatal(error) => return Err(error),
                Trouble::Client(problem) => {
                    // The status first: who reads the log and then looks must find what it says.
                    self.report(problem.clone());
                    tracing::warn!(%problem, "the registry lost its execution client");
                }
                Trouble::Internal(error) => self.recover(error).await?,
            }
            tokio::time::sleep(self.backoff).await;
            self.backoff = self.backoff.saturating_mul(2).min(self.timing.backoff_most);
        }
    }

    /// The first client that can be used.
    async fn connect(&mut self) -> Result<Client, Trouble> {
        let mut worst = Problem::Starting;
        let mut second_best = None;
        for url in self.urls.clone() {
            match self.try_client(&url).await {
                Ok((client, None)) => return Ok(client),
                Ok((client, Some(problem))) => {
                    second_best.get_or_insert(client);
                    worst = problem;
                }
                Err(Trouble::Client(problem)) => worst = problem,
                Err(trouble) => return Err(trouble),
            }
        }
        second_best.ok_or(Trouble::Client(worst))
    }

    /// Connects to a client and checks that it serves our contract. A client that is behind comes with that problem.
    async fn try_client(&mut self, url: &Url) -> Result<(Client, Option<Problem>), Trouble> {
        let name = redacted(url);
        let failed = |error: CallError| Trouble::Client(unreachable(&name, &error));
        let client = Client::connect(url, self.timing.request).await.map_err(failed)?;
        let rules = Arc::clone(&self.setup.rules);
        let found = client.chain_id().await.map_err(failed)?;
        if found != rules.chain_id {
            let expected = rules.chain_id;
            return Err(self.unfit(name.clone(), RegistryError::OtherChain { url: name, found, expected }));
        }
        let behind = client.behind().await.map_err(failed)?;
        let head = client.head().await.map_err(failed)?.number();
        let read = self.cursor().map_or(rules.deploy_block, |cursor| cursor.number);
        let problem = if behind > TOLERATED_BEHIND {
            Some(Problem::ClientSyncing { url: name.clone(), behind })
        } else if head < read {
            Some(Problem::ClientBehind { url: name.clone(), head, read })
        } else {
            None
        };
        match problem {
            // Whether the contract is there cannot be told before the client knows the block it was deployed in.
            Some(problem) if !self.met => Err(Trouble::Client(problem)),
            problem => {
                if !client.has_code(rules.contract).await.map_err(failed)? {
                    let contract = rules.contract;
                    return Err(self.unfit(name.clone(), RegistryError::NoContract { url: name, contract }));
                }
                self.met = true;
                Ok((client, problem))
            }
        }
    }

    /// At the start a client of another chain is for the operator to decide; later it is passed over.
    fn unfit(&self, url: String, error: RegistryError) -> Trouble {
        if self.met {
            return Trouble::Client(Problem::NotUsable { url, reason: error.to_string() });
        }
        Trouble::Fatal(error)
    }

    async fn follow(&mut self, client: &Client) -> Trouble {
        tracing::info!(client = %client.name, "following the registry");
        self.outlets.status.send_modify(|status| status.endpoint = Some(client.name.clone()));
        let mut bell = match client.heads().await {
            Ok(bell) => bell,
            Err(error) => return Trouble::Client(unreachable(&client.name, &error)),
        };
        loop {
            if let Err(trouble) = self.advance(client).await {
                return trouble;
            }
            if self.wait(&mut bell).await.is_none() {
                let reason = "the subscription to new heads ended".to_owned();
                return Trouble::Client(Problem::Unreachable { url: client.name.clone(), reason });
            }
        }
    }

    /// Until the bell rings or it is time to look; `None` when there is no bell any more.
    async fn wait(&self, bell: &mut Option<Heads>) -> Option<()> {
        let Some(bell) = bell else {
            tokio::time::sleep(self.timing.poll).await;
            return Some(());
        };
        tokio::select! {
            rung = bell.next() => rung,
            () = tokio::time::sleep(self.timing.poll_beside_bell) => Some(()),
        }
    }

    /// Reads and applies everything up to the target.
    async fn advance(&mut self, client: &Client) -> Result<(), Trouble> {
        loop {
            let head = client.head().await.map_err(|error| lost(client, &error))?;
            self.outlets.status.send_modify(|status| status.head_block = Some(head.number()));
            let Some(target) = head.number().checked_sub(self.setup.rules.follow_distance) else {
                return self.arrived(client, &head).await;
            };
            let next = match self.cursor() {
                None => self.setup.rules.deploy_block,
                Some(cursor) if cursor.number > head.number() => {
                    return self.behind(client, head.number(), cursor.number);
                }
                Some(cursor) if cursor.number >= target => {
                    if self.still_there(client, cursor, &head).await? {
                        return self.arrived(client, &head).await;
                    }
                    self.reorganise(client).await?;
                    continue;
                }
                Some(cursor) => cursor.number.saturating_add(1),
            };
            if next > target {
                return self.arrived(client, &head).await;
            }
            self.step(client, next, target, &head).await?;
        }
    }

    /// The client's head is below what was read: another one may be further, a lone one is waited for.
    fn behind(&self, client: &Client, head: u64, read: u64) -> Result<(), Trouble> {
        let problem = Problem::ClientBehind { url: client.name.clone(), head, read };
        if self.urls.len() > 1 {
            return Err(Trouble::Client(problem));
        }
        self.report(problem);
        Ok(())
    }

    /// Reads and applies one range.
    async fn step(&mut self, client: &Client, from: u64, target: u64, head: &Header) -> Result<(), Trouble> {
        let (contract, cursor) = (self.setup.rules.contract, self.cursor());
        let near = target.saturating_sub(LINKED_BLOCKS);
        let most = from.saturating_add(self.range.saturating_sub(1));
        let fetched = if from > near {
            fetch::linked(client, contract, cursor, from..=most.min(target), head).await
        } else {
            if !self.live {
                self.report(Problem::Syncing);
            }
            fetch::past(client, contract, cursor, from, most.min(near)).await
        };
        match fetched {
            Ok(range) => {
                self.range = self.range.saturating_mul(2).min(RANGE_AT_MOST);
                self.backoff = self.timing.backoff_least;
                self.apply(range).await
            }
            Err(FetchError::Reorganised) => self.reorganise(client).await,
            Err(FetchError::Call(CallError::Refused { code, message })) if self.range > 1 => {
                tracing::debug!(
                    code,
                    message,
                    range = self.range,
                    "a range was refused, asking for half of it"
                );
                self.range /= 2;
                Ok(())
            }
            Err(FetchError::Call(error)) => {
                self.range = (self.range / 2).max(1);
                Err(lost(client, &error))
            }
            Err(error @ FetchError::Inconsistent(_)) => {
                let (url, reason) = (client.name.clone(), error.to_string());
                Err(Trouble::Client(Problem::Inconsistent { url, reason }))
            }
        }
    }

    async fn apply(&mut self, range: Range) -> Result<(), Trouble> {
        let report = self.with_keeper(move |keeper| keeper.apply(&range)).await?;
        self.note(&report);
        self.lost = false;
        for exit in report.exits {
            // Nobody may be listening.
            let _unheard = self.outlets.exits.send(exit);
        }
        // What happened while the node was away, the other operators have registered without it.
        for change in report.recipients.into_iter().filter(|_| self.live) {
            let _unheard = self.outlets.recipients.send(change);
        }
        Ok(())
    }

    fn note(&mut self, report: &Report) {
        self.unpublished |= report.changed;
        self.skipped = self.skipped.saturating_add(report.skipped);
        let (cursor, skipped, live) = (self.cursor(), self.skipped, self.live);
        self.outlets.status.send_modify(|status| {
            status.skipped = skipped;
            // At the head, block and digest change together when the target is reached.
            if !live {
                (status.block, status.digest) = (cursor, None);
            }
        });
    }

    /// Whether the block at the cursor is in the chain of this head.
    async fn still_there(&self, client: &Client, cursor: BlockRef, head: &Header) -> Result<bool, Trouble> {
        if cursor.number == head.number() {
            return Ok(cursor.hash == head.hash);
        }
        let header = client.header(cursor.number).await.map_err(|error| lost(client, &error))?;
        Ok(header.is_some_and(|header| header.hash == cursor.hash))
    }

    /// Goes back to the newest block that is still in the chain.
    async fn reorganise(&mut self, client: &Client) -> Result<(), Trouble> {
        for block in self.keeper.as_ref().map(Keeper::known_blocks).unwrap_or_default() {
            let header = client.header(block.number).await.map_err(|error| lost(client, &error))?;
            if header.is_some_and(|header| header.hash == block.hash) {
                tracing::warn!(to = block.number, "the chain was reorganised, going back");
                let report = self.with_keeper(move |keeper| keeper.roll_back(block)).await?;
                self.note(&report);
                return Ok(());
            }
        }
        self.start_over(client).await
    }

    /// None of the blocks we know is in the chain. When that is still so at the next attempt, the state is rebuilt.
    async fn start_over(&mut self, client: &Client) -> Result<(), Trouble> {
        if !std::mem::replace(&mut self.lost, true) {
            let reason = "none of the last blocks we read is in its chain".to_owned();
            return Err(Trouble::Client(Problem::Inconsistent { url: client.name.clone(), reason }));
        }
        tracing::error!(
            "the chain was reorganised deeper than can be taken back: reading it again from the start"
        );
        self.with_keeper(Keeper::forget).await?;
        self.lost = false;
        self.live = false;
        self.note(&Report { changed: true, ..Report::default() });
        Ok(())
    }

    /// The target is reached: publish.
    async fn arrived(&mut self, client: &Client, head: &Header) -> Result<(), Trouble> {
        let publish = self.unpublished || !self.live;
        let (set, block, digest) = self
            .with_keeper(move |keeper| {
                keeper.arrive();
                let set = publish.then(|| Arc::new(keeper.set()));
                Ok((set, keeper.cursor(), keeper.digest()))
            })
            .await?;
        if let Some(set) = set {
            self.outlets.set.send_replace(set);
            self.unpublished = false;
        }
        if !self.live {
            tracing::info!(?block, "the registry's history is read");
            self.live = true;
        }
        let problem = self.staleness(client, head);
        self.outlets.status.send_if_modified(|status| {
            let before = status.clone();
            (status.block, status.digest, status.problem) = (block, digest, problem);
            *status != before
        });
        Ok(())
    }

    fn staleness(&self, client: &Client, head: &Header) -> Option<Problem> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let age_seconds = now.saturating_sub(head.timestamp());
        let stale = age_seconds > self.timing.stale_after.as_secs();
        stale.then(|| Problem::HeadStale { url: client.name.clone(), age_seconds })
    }

    /// Our own database or vault failed: a failed database is opened anew, the rest is tried again.
    async fn recover(&mut self, error: KeeperError) -> Result<(), RegistryError> {
        self.report(Problem::Internal { reason: error.to_string() });
        tracing::error!(%error, "registry blocks cannot be applied");
        let KeeperError::Registry(error) = error else { return Ok(()) };
        if error.operator_must_decide() {
            return Err(error);
        }
        drop(self.keeper.take());
        let setup = self.setup.clone();
        loop {
            let setup = setup.clone();
            let opened = tokio::task::spawn_blocking(move || Keeper::open(&setup)).await;
            match opened.map_err(|_| RegistryError::Worker)? {
                Ok(keeper) => {
                    self.keeper = Some(keeper);
                    self.unpublished = true;
                    return Ok(());
                }
                Err(error) if error.operator_must_decide() => return Err(error),
                Err(error) => {
                    self.report(Problem::Internal { reason: error.to_string() });
                    tokio::time::sleep(self.timing.backoff_most).await;
                }
            }
        }
    }

    /// Runs blocking work of the keeper on a thread of its own.
    async fn with_keeper<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Keeper) -> Result<R, KeeperError> + Send + 'static,
    ) -> Result<R, Trouble> {
        let mut keeper = self.keeper.take().ok_or(Trouble::Fatal(RegistryError::Worker))?;
        let done = tokio::task::spawn_blocking(move || {
            let answer = work(&mut keeper);
            (keeper, answer)
        });
        let (keeper, answer) = done.await.map_err(|_| Trouble::Fatal(RegistryError::Worker))?;
        self.keeper = Some(keeper);
        Ok(answer?)
    }

    fn cursor(&self) -> Option<BlockRef> {
        self.keeper.as_ref().and_then(Keeper::cursor)
    }

    fn report(&self, problem: Problem) {
        self.outlets.status.send_if_modified(|status| {
            let changed = status.problem.as_ref() != Some(&problem);
            status.problem = Some(problem);
            changed
        });
    }
}

fn unreachable(url: &str, error: &CallError) -> Problem {
    Problem::Unreachable { url: url.to_owned(), reason: error.to_string() }
}

fn lost(client: &Client, error: &CallError) -> Trouble {
    Trouble::Client(unreachable(&client.name, error))
}
