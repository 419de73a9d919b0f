//! Starts the tasks of the conductor and tells how they go.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use beacon::BeaconNodes;
use network::{CommandError, NetworkEvent, NetworkHandle};
use outbox::{DutyLog, DutyRecord, Figures, LogError};
use registry::{ExitRequest, RecipientChange};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use types::rules::ForkLifecycle;
use types::{ChainRules, Slot};
use validation::SeenState;
use vault::Vault;

use crate::book::DutyBook;
use crate::books::Books;
use crate::changes::Changes;
use crate::clock::SlotClock;
use crate::clock_offset::ClockState;
use crate::context::{Coefficients, Context, together};
use crate::directory::Directory;
use crate::doppelganger::{Observation, Watch};
use crate::drops::Drops;
use crate::duties::Duties;
use crate::exits::Exits;
use crate::guards::{Caretaker, Guards};
use crate::hearing::Hearing;
use crate::identity::Identity;
use crate::intake::{Intake, Refusals};
use crate::ledger::{Balance, Ledger, settle};
use crate::listen::Listener;
use crate::lookout::Lookout;
use crate::memo::Memo;
use crate::pool::CryptoPool;
use crate::proposals::Proposals;
use crate::recipients::Disagreement;
use crate::registrations::Registrations;
use crate::roster::Roster;
use crate::routes::Routes;
use crate::schedule::Schedule;
use crate::second_copy::SecondCopy;
use crate::sight::Sight;
use crate::signer::Signer;
use crate::starts::Starts;
use crate::tasks::Tasks;
use crate::views::Views;

/// What the conductor conducts.
pub struct Parts {
    /// The network and its chain.
    pub rules: Arc<ChainRules>,
    /// This operator.
    pub identity: Identity,
    /// The threads for mathematics.
    pub pool: CryptoPool,
    /// The beacon nodes.
    pub beacon: BeaconNodes,
    /// The vault, with the shares that are armed.
    pub vault: Arc<Vault>,
    /// The gossip network.
    pub network: NetworkHandle,
    /// Its events.
    pub events: mpsc::Receiver<NetworkEvent>,
    /// The registry's state, with every change of it.
    pub directories: watch::Receiver<Arc<Directory>>,
    /// The journal of duties.
    pub log: DutyLog,
    /// What protects the validators beside the signing history.
    pub safety: Safety,
    /// What the operator wishes of blocks.
    pub proposals: Proposals,
    /// The exits that owners ask for.
    pub exits: broadcast::Receiver<ExitRequest>,
    /// The owners that have their fees go elsewhere.
    pub recipient_changes: broadcast::Receiver<RecipientChange>,
}

/// What protects the validators beside the signing history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safety {
    /// Validators sign nothing slashable before they were seen to be alone.
    pub doppelganger: bool,
    /// The node stops when it hears another live copy of this operator.
    pub second_copy: bool,
}

/// Why the conductor did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal of duties is not usable.
    #[error("the duty journal cannot be read: {0}")]
    Log(#[from] LogError),
    /// The signing history is not usable.
    #[error("the exits in flight cannot be read: {0}")]
    Exits(#[from] vault::HistoryError),
}

/// How the conductor stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Validators on the network.
    pub known_validators: usize,
    /// Validators that this operator has a share of, liquidated ones included.
    pub own_validators: usize,
    /// Shares that can sign.
    pub ready_shares: usize,
    /// Shares that stopped because their record could not be written.
    pub stopped_shares: usize,
    /// Duties of our validators are known for the current epoch.
    pub duties_known: bool,
    /// The sums of the ledger.
    pub balance: Balance,
    /// Journal writes that were left out.
    pub journal_writes_left_out: u64,
    /// Gossip messages refused, by rule.
    pub refusals: Vec<(&'static str, u64)>,
    /// Believed messages dropped at a bound, by reason.
    pub drops: Vec<(&'static str, u64)>,
    /// Validators under observation; `None` without doppelganger protection.
    pub observation: Option<Observation>,
    /// Our clock against the beacon nodes'.
    pub clock: ClockState,
    /// Operators that register validators with builders in another way than we do.
    pub disagreements: Vec<Disagreement>,
    /// Blocks of the own beacon node whose fees go to another address than the owner's.
    pub strange_blocks: u64,
}

/// The running conductor. Its tasks end when it is dropped.
pub struct Conductor {
    context: Arc<Context>,
    book: Arc<DutyBook>,
    refusals: Refusals,
    log: DutyLog,
    tasks: Tasks,
}

impl Conductor {
    /// Starts everything. Duties that an earlier run left behind are ended first.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let Parts {
            rules,
            identity,
            pool,
            beacon,
            vault,
            network,
            events,
            directories,
            log,
            safety,
            proposals,
            exits: requests,
            recipient_changes,
        } = parts;
        let left = log.close_open(|record| settle(record, Err(duty::FailureReason::NodeStopped)))?;
        if left > 0 {
            tracing::warn!(
                duties = left,
                "the last run of this node left duties running; they are recorded as failed"
            );
        }
        let clock = Arc::new(SlotClock::new(Arc::clone(&rules)));
        if safety.second_copy {
            identity.voice().begin(clock.slot());
        }
        let directory = Arc::new(ArcSwap::new(directories.borrow().clone()));
        let exits = Arc::new(Exits::open(Arc::clone(&vault), Arc::clone(&clock))?);
        let roster = Roster::default();
        let ledger = Arc::new(Ledger::new(identity.id, Arc::clone(&directory), Arc::clone(&clock)));
        let watch = Watch::new(safety.doppelganger);
        let guards = Arc::new(Guards::new(watch.clone()));
        let signer = Signer::new(vault, Arc::clone(&clock), watch);
        let (aggregates, contributions) = together(&beacon, rules.network.slot_millis());
        let context = Arc::new(Context {
            clock: Arc::clone(&clock),
            identity,
            pool,
            network,
            beacon: beacon.clone(),
            starts: Starts::start(signer.clone()),
            signer,
            views: Views::new(beacon.clone(), Arc::clone(&clock)),
            ledger: Arc::clone(&ledger),
            books: Books::start(ledger, log.clone()),
            directory: Arc::clone(&directory),
            coefficients: Coefficients::default(),
            drops: Drops::default(),
            registrations: Registrations::default(),
            aggregates,
            contributions,
            given_aggregates: Memo::default(),
            given_contributions: Memo::default(),
            exits: Arc::clone(&exits),
            roster: roster.clone(),
            proposals,
            guards: Arc::clone(&guards),
            runtime: tokio::runtime::Handle::current(),
        });
        let (book, routes) = (Arc::new(DutyBook::default()), Arc::new(Routes::default()));
        let (sight, bell, refusals) =
            (Arc::new(ArcSwap::from_pointee(Sight::default())), Arc::new(Notify::new()), Refusals::default());
        let (heads, seen_heads) = watch::channel(None);
        let lookout = Lookout::new(&context, beacon.clone()).run(seen_heads.clone(), context.books.clone());
        let seen = Arc::new(Mutex::new(SeenState::new(rules.network.slots_per_epoch())));

        let duties = Duties {
            clock: Arc::clone(&clock),
            beacon: beacon.clone(),
            directory: Arc::clone(&directory),
            roster: roster.clone(),
            book: Arc::clone(&book),
            sight: Arc::clone(&sight),
            bell: Arc::clone(&bell),
        };
        let listener =
            Listener { clock: Arc::clone(&clock), book: Arc::clone(&book), bell: Arc::clone(&bell), heads };
        let intake = Intake {
            context: Arc::clone(&context),
            book: Arc::clone(&book),
            sight,
            routes: Arc::clone(&routes),
            seen,
            refusals: refusals.clone(),
        };
        let schedule = Schedule {
            context: Arc::clone(&context),
            book: Arc::clone(&book),
            routes: Arc::clone(&routes),
            heads: seen_heads,
            changes: Changes::new(recipient_changes),
        };
        let caretaker = Caretaker { clock, beacon: beacon.clone(), roster, directory, guards };
        let follow = follow(Arc::clone(&context), routes, bell, directories);
        let mut tasks = Tasks::default();
        tasks.start("registry follower", follow);
        tasks.start("duty fetcher", duties.run());
        tasks.start("beacon listener", listener.run(beacon.subscribe()));
        tasks.start("gossip intake", intake.run(events));
        tasks.start("schedule", schedule.run());
        tasks.start("inclusion lookout", lookout);
        tasks.start("caretaker", caretaker.run());
        tasks.start("exits", exits.run(requests));
        Ok(Self { context, book, refusals, log, tasks })
    }

    /// Waits until one of the conductor's tasks ends, which none does while the node runs; says which. It is a defect, or the room that
    /// it listens to has ended.
    pub async fn ended(&self) -> &'static str {
        self.tasks.ended().await
    }

    /// Ends the tasks and writes to the journal what is known of duties.
    pub async fn close(&self) {
        self.tasks.stop();
        self.context.books.flush().await;
    }

    /// Changes once, when another live copy of this operator is heard. This one says nothing more then, and is to be stopped.
    #[must_use]
    pub fn second_copy(&self) -> watch::Receiver<Option<SecondCopy>> {
        self.context.identity.voice().listen()
    }

    /// How it goes.
    #[must_use]
    pub fn status(&self) -> Status {
        let (directory, epoch) = (self.context.directory.load(), self.context.clock.epoch());
        let asked = self.context.roster.own(&directory, |validator| validator.attests_in(epoch));
        Status {
            known_validators: directory.known_validators(),
            own_validators: directory.own_validators().count(),
            ready_shares: self.context.signer.ready(),
            stopped_shares: self.context.signer.stopped(),
            duties_known: asked.is_empty() || self.book.has_epoch(epoch, &asked),
            balance: self.context.ledger.balance(),
            journal_writes_left_out: self.context.books.left_out(),
            refusals: self.refusals.all(),
            drops: self.context.drops.all(),
            observation: self.context.guards.watch.observation(),
            clock: self.context.guards.clock(),
            disagreements: self.context.guards.disagreements.all(),
            strange_blocks: self.context.guards.strange_blocks(),
        }
    }

    /// The current slot.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.context.clock.slot()
    }

    /// How duties ended and how long they took since the node started.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.context.ledger.figures()
    }

    /// The duties of one slot, from memory and, for older ones, from the journal.
    ///
    /// # Errors
    /// [`LogError`] if the journal is not readable.
    pub fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, LogError> {
        self.context.ledger.with_journal(slot, &self.log)
    }
}

/// Takes over every change of the registry's state, and what follows from the forks at each slot: topics, announcement, load, duties.
async fn follow(
    context: Arc<Context>,
    routes: Arc<Routes>,
    bell: Arc<Notify>,
    mut directories: watch::Receiver<Arc<Directory>>,
) {
    let clock = &context.clock;
    let mut forks = ForkLifecycle::new(Arc::clone(&clock.rules().network), clock.slot());
    let watch = forks.watch();
    let (mut is_new, mut heard) = (true, None);
    loop {
        let directory = directories.borrow_and_update().clone();
        if is_new {
            context.directory.store(Arc::clone(&directory));
            routes.keep_only(&directory).await;
            bell.notify_one();
        }
        forks.advance(clock.slot());
        let hearing = Hearing::now(&watch);
        if is_new || heard.as_ref() != Some(&hearing) {
            let done = hear(&context.network, &hearing, heard.as_ref(), &directory).await;
            // What was not carried out is tried again at the next slot.
            heard = done
                .inspect_err(|error| tracing::error!(%error, "topics and fork are not announced"))
                .ok()
                .map(|()| hearing);
        }
        let next = clock.start_of(clock.now().map_or(Slot(0), Slot::next));
        tokio::select! {
            changed = directories.changed() => match changed {
                Ok(()) => is_new = true,
                Err(_) => return,
            },
            _ = clock.reach(next) => is_new = false,
        }
    }
}

/// Joins the topics, and announces the fork if it is another than before.
async fn hear(
    network: &NetworkHandle,
    hearing: &Hearing,
    before: Option<&Hearing>,
    directory: &Directory,
) -> Result<(), CommandError> {
    let topics = hearing.topics(directory);
    network.subscribe(topics.keys().copied().collect::<Vec<_>>()).await?;
    network.set_load(topics).await?;
    if before.is_none_or(|before| before.announced != hearing.announced) {
        network.set_fork(hearing.announced).await?;
    }
    Ok(())
}
