//! The house, wired in the order of the walk.
//!
//! The interface opens first, so that a node which waits for a beacon node says so; it closes last and tells of the end too.
//! What blocks (databases, arming, parsing keys) runs on threads of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::Server;
use arc_swap::ArcSwapOption;
use beacon::BeaconNodes;
use network::Network;
use operator::{Armory, Conductor, Justified, SlotClock};
use outbox::DutyLog;
use registry::{Registry, RegistryConfig, Timing};
use store::{HistoryDb, JournalDb};
use tokio::task::spawn_blocking;
use types::{ChainRules, Root};
use url::Url;
use vault::{Vault, interchange};

use crate::commands::history;
use crate::conduct::{Rooms, conduct};
use crate::exit::usage;
use crate::files;
use crate::lifecycle::House;
use crate::setup::Setup;
use crate::view::{Known, View};

/// How long a room may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// Opens the rooms one after the other and lives in them until the node is stopped.
///
/// # Errors
/// A room cannot be opened, or ended by itself; see [`crate::exit`] for what the code says.
pub async fn run(setup: Setup) -> anyhow::Result<()> {
    let mut house = House::new(setup.stop.clone());
    match furnish(setup, &mut house).await {
        Ok(()) => house.run().await,
        Err(error) => house.close(Err(error)).await,
    }
}

/// Opens the rooms. Ends early, without an error, when the node is stopped meanwhile.
async fn furnish(setup: Setup, house: &mut House) -> anyhow::Result<()> {
    let stop = setup.stop.clone();
    let key = Arc::clone(&setup.operator_key);
    let Databases { journal, history, chain } = Databases::open(setup.config.data_dir.clone()).await?;
    let log = DutyLog::new(Arc::new(journal));
    let server = Server::bind((setup.config.api.listen, setup.config.api.port).into()).await?;
    tracing::info!(address = %server.address(), "answering");
    let beacon = BeaconNodes::start(&setup.beacon(), setup.expectations(chain))?;

    let conductor = Arc::new(ArcSwapOption::<Conductor>::empty());
    let view = Arc::new(View {
        network_name: setup.rules.name.clone(),
        fingerprint: key.public_key().fingerprint(),
        beacon: beacon.clone(),
        log: log.clone(),
        known: ArcSwapOption::empty(),
        conductor: Arc::clone(&conductor),
        stop: stop.clone(),
    });
    house.open("api", CLOSING, |stop| {
        let view = Arc::clone(&view);
        async move { server.serve(view, stop.cancelled_owned()).await.map_err(Into::into) }
    });

    let Some(spec) = stop.run_until_cancelled(beacon.chain()).await else { return Ok(()) };
    let chain = Arc::new(ChainRules::new(Arc::clone(&setup.rules), spec?)?);
    tracing::info!(network = %chain.network, genesis_time = chain.beacon.genesis.genesis_time, "on the chain");
    let clock = SlotClock::new(Arc::clone(&chain));
    let rules = Arc::clone(&chain);
    let vault = Arc::new(spawn_blocking(move || Vault::open(history, rules)).await??);

    let justified = Justified::default();
    if stop.run_until_cancelled(justified.refresh(&beacon)).await.is_none() {
        return Ok(());
    }
    let armory = Arc::new(Armory::new(Arc::clone(&vault), clock.clone(), justified.clone()));
    let (config, decryptor) = (registry_config(&setup)?, Arc::clone(&key));
    let (registry, follower) = spawn_blocking(move || Registry::open(config, decryptor, armory)).await??;
    let fork = chain.network.fork_at(clock.slot());
    let (network, events) = Network::start(setup.network(fork)?, Arc::clone(&setup.rules)).await?;
    tracing::info!(peer_id = %network.peer_id(), enr = network.local_enr(), "listening for other operators");
    view.known.store(Some(Arc::new(Known { clock, registry: registry.clone(), network: network.clone() })));

    house.open("registry", CLOSING, |stop| async move {
        Box::pin(stop.run_until_cancelled(follower.run())).await.unwrap_or(Ok(())).map_err(Into::into)
    });
    house.open("justified epoch", CLOSING, |stop| {
        let (beacon, chain) = (beacon.clone(), Arc::clone(&chain));
        async move {
            let _ = stop.run_until_cancelled(justified.follow(beacon, chain)).await;
            Ok(())
        }
    });
    house.open("network", CLOSING, |stop| {
        let network = network.clone();
        async move {
            stop.cancelled().await;
            network.shutdown().await;
            Ok(())
        }
    });
    let safety = setup.safety();
    let proposals = setup.proposals();
    let rooms = Rooms { chain, key, beacon, vault, network, events, registry, log, safety, proposals };
    house.open("conductor", CLOSING, |stop| conduct(rooms, conductor, stop));
    Ok(())
}

/// The files that are open as long as the node runs. The registry opens its own.
struct Databases {
    journal: JournalDb,
    history: HistoryDb,
    /// The chain that the history belongs to, by its genesis validators root; none at the first start.
    chain: Option<Root>,
}

impl Databases {
    async fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let open = move || {
            files::create_folder(&folder)?;
            // First the irreplaceable one: what is wrong with it is what an operator must hear.
            let history = HistoryDb::open(&folder).map_err(history::unopened)?;
            let chain = interchange::chain(&history)?;
            Ok(Self { journal: JournalDb::open(&folder)?, history, chain })
        };
        spawn_blocking(open).await?
    }
}

fn registry_config(setup: &Setup) -> anyhow::Result<RegistryConfig> {
    // The text is not repeated, as it may hold a password.
    let parse = |(position, text): (usize, &String)| {
        Url::parse(text)
            .map_err(|error| usage(format!("execution.urls[{position}] is not an address: {error}")))
    };
    Ok(RegistryConfig {
        folder: setup.config.data_dir.clone(),
        rules: Arc::clone(&setup.rules),
        urls: setup.config.execution.urls.iter().enumerate().map(parse).collect::<Result<_, _>>()?,
        operator_key_text: setup.operator_key.public_key().to_base64(),
        timing: Timing::of(&setup.rules),
    })
}
