//! The house, wired in the order of the walk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::Server;
use arc_swap::ArcSwapOption;
use beacon::BeaconNodes;
use network::{Network, NetworkEvent};
use operator::{Armory, Conductor, CryptoPool, Directory, Identity, Justified, Parts, SlotClock, Surveyor};
use outbox::DutyLog;
use registry::{Registry, RegistryConfig, Timing, ValidatorSet};
use store::{HistoryDb, JournalDb};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use types::{ChainRules, OperatorId};
use url::Url;
use vault::Vault;

use crate::files;
use crate::lifecycle::House;
use crate::setup::Setup;
use crate::view::View;

/// How long a room may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// Opens the rooms one after the other and lives in them until the node is stopped.
///
/// # Errors
/// A room cannot be opened, or ended by itself; see [`crate::exit`] for what the code says.
pub async fn run(setup: Setup) -> anyhow::Result<()> {
    let stop = setup.stop.clone();
    let key = Arc::clone(&setup.operator_key);
    let folder = setup.config.data_dir.clone();
    files::create_folder(&folder)?;
    let (journal, history) = open_databases(&folder).await?;
    let log = DutyLog::new(Arc::new(journal));

    let beacon = BeaconNodes::start(&setup.beacon(), setup.expectations(None))?;
    let Some(spec) = stop.run_until_cancelled(beacon.chain()).await else { return Ok(()) };
    let chain = Arc::new(
        ChainRules::new(Arc::clone(&setup.rules), spec?).context("the beacon node serves another network")?,
    );
    tracing::info!(network = %chain.network, genesis_time = chain.beacon.genesis.genesis_time, "on the chain");
    let clock = SlotClock::new(Arc::clone(&chain));
    let vault = Arc::new(Vault::open(history, Arc::clone(&chain))?);

    let justified = Justified::default();
    justified.refresh(&beacon).await;
    let armory = Arc::new(Armory::new(Arc::clone(&vault), clock.clone(), justified.clone()));
    let config = registry_config(&setup, &key.public_key().to_base64())?;
    let decryptor = Arc::clone(&key);
    let (registry, follower) = spawn_blocking(move || Registry::open(config, decryptor, armory)).await??;
    let fork = chain.network.fork_at(clock.slot());
    let (network, events) = Network::start(setup.network(fork)?, Arc::clone(&setup.rules)).await?;
    tracing::info!(peer_id = %network.peer_id(), enr = network.local_enr(), "listening for other operators");

    let conductor = Arc::new(ArcSwapOption::<Conductor>::empty());
    let view = Arc::new(View {
        chain: Arc::clone(&chain),
        fingerprint: key.public_key().fingerprint(),
        registry: registry.clone(),
        beacon: beacon.clone(),
        network: network.clone(),
        log: log.clone(),
        conductor: Arc::clone(&conductor),
    });
    let server = Server::bind((setup.config.api.listen, setup.config.api.port).into()).await?;
    tracing::info!(address = %server.address(), "answering");

    let mut house = House::new(stop);
    house.open("registry", CLOSING, |stop| async move {
        stop.run_until_cancelled(follower.run()).await.unwrap_or(Ok(())).map_err(Into::into)
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
    let rooms = Rooms { chain, key, beacon, vault, network, events, registry, log };
    house.open("conductor", CLOSING, |stop| conduct(rooms, conductor, stop));
    house.open("api", CLOSING, |stop| async move {
        server.serve(view, stop.cancelled_owned()).await.map_err(Into::into)
    });
    house.run().await
}

async fn open_databases(folder: &Path) -> anyhow::Result<(JournalDb, HistoryDb)> {
    let folder = folder.to_owned();
    let open = move || Ok::<_, store::StoreError>((JournalDb::open(&folder)?, HistoryDb::open(&folder)?));
    Ok(spawn_blocking(open).await??)
}

fn registry_config(setup: &Setup, operator_key_text: &str) -> anyhow::Result<RegistryConfig> {
    let parse =
        |text: &String| Url::parse(text).with_context(|| format!("execution.urls: `{text}` is no address"));
    Ok(RegistryConfig {
        folder: setup.config.data_dir.clone(),
        rules: Arc::clone(&setup.rules),
        urls: setup.config.execution.urls.iter().map(parse).collect::<Result<_, _>>()?,
        operator_key_text: operator_key_text.to_owned(),
        timing: Timing::of(&setup.rules),
    })
}

/// What the conductor needs of the other rooms.
struct Rooms {
    chain: Arc<ChainRules>,
    key: Arc<crypto::rsa::OperatorPrivateKey>,
    beacon: BeaconNodes,
    vault: Arc<Vault>,
    network: network::NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
    registry: Registry,
    log: DutyLog,
}

/// Starts the conductor when this operator is registered, and tells it of every change of the registry.
async fn conduct(
    rooms: Rooms,
    place: Arc<ArcSwapOption<Conductor>>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut sets = rooms.registry.sets();
    let Some(id) = registered(&mut sets, &stop).await else { return Ok(()) };
    tracing::info!(operator = %id, "this operator is registered");
    let mut surveyor = Surveyor::default();
    let set = sets.borrow_and_update().clone();
    let first;
    (surveyor, first) = survey(surveyor, set).await?;
    let (directories, followed) = watch::channel(first);
    let parts = Parts {
        rules: rooms.chain,
        identity: Identity::new(id, rooms.key),
        pool: CryptoPool::start()?,
        beacon: rooms.beacon,
        vault: rooms.vault,
        network: rooms.network,
        events: rooms.events,
        directories: followed,
        log: rooms.log,
    };
    let conductor = spawn_blocking_start(parts).await?;
    place.store(Some(Arc::new(conductor)));
    while let Some(Ok(())) = stop.run_until_cancelled(sets.changed()).await {
        let set = sets.borrow_and_update().clone();
        let directory;
        (surveyor, directory) = survey(surveyor, set).await?;
        directories.send_replace(directory);
    }
    place.store(None);
    Ok(())
}

/// The journal is read at the start, so this is off the I/O threads; the tasks still belong to the runtime.
async fn spawn_blocking_start(parts: Parts) -> anyhow::Result<Conductor> {
    let runtime = tokio::runtime::Handle::current();
    let start = move || {
        let _inside = runtime.enter();
        Conductor::start(parts)
    };
    Ok(spawn_blocking(start).await??)
}

/// Waits until the contract knows this operator's key; `None` if the node is stopped first.
async fn registered(
    sets: &mut watch::Receiver<Arc<ValidatorSet>>,
    stop: &CancellationToken,
) -> Option<OperatorId> {
    let known = stop.run_until_cancelled(sets.wait_for(|set| set.own_operator.is_some())).await?;
    known.ok()?.own_operator
}

async fn survey(
    mut surveyor: Surveyor,
    set: Arc<ValidatorSet>,
) -> anyhow::Result<(Surveyor, Arc<Directory>)> {
    let work = move || {
        let directory = surveyor.survey(&set);
        (surveyor, directory)
    };
    Ok(spawn_blocking(work).await?)
}
