//! The house, wired in the order of the walk.

use anyhow::Context;
use beacon::BeaconNodes;
use types::ChainRules;

use crate::lifecycle::House;
use crate::setup::Setup;

/// Opens the rooms one after the other and lives in them until the node is stopped.
///
/// # Errors
/// A room cannot be opened, or ended by itself; see [`crate::exit`] for what the code says.
pub async fn run(setup: Setup) -> anyhow::Result<()> {
    let beacon = BeaconNodes::start(&setup.beacon(), setup.expectations(None))?;
    let Some(spec) = setup.stop.run_until_cancelled(beacon.chain()).await else { return Ok(()) };
    let chain = ChainRules::new(setup.rules, spec?).context("the beacon node serves another network")?;
    tracing::info!(network = %chain.network, genesis_time = chain.beacon.genesis.genesis_time, "on the chain");
    House::new(setup.stop).run().await
}
