// The chain of a plan: execution client with the registry, operators and validators registered on it, beacon nodes. Who lives
// on it is started after it.
import { BeaconApi } from "../lib/beacon-api.mjs";
import { Capstan } from "../lib/capstan.mjs";
import { range, validatorsOf } from "../lib/plans.mjs";
import { saveState } from "../lib/state.mjs";
import { operatorStatus } from "../lib/table.mjs";
import { waitFor } from "../lib/wait.mjs";
import { startBeacons, startHelper, startObserver } from "./consensus.mjs";
import { deployRegistry, startExecution, writeAccountKeys } from "./execution.mjs";
import { writeNetworkFile } from "./network-file.mjs";
import { createKeys, operatorName, registerOnChain, writeConfigurations } from "./operators.mjs";

const READY_DEADLINE_MILLIS = 90_000;

/**
 * Starts the chain of the layout's plan, with the observer and the helper; returns the time of its genesis, `genesisDelaySeconds`
 * after the start of the beacon nodes. `beaconOptions` are those of `startBeacons`.
 */
export async function startChain({ layout, processes, program, secondsPerSlot, genesisDelaySeconds, step, beaconOptions = {} }) {
  const { plan } = layout;
  const capstan = new Capstan(program);
  step("starting the execution client, deploying the registry");
  const accounts = await startExecution(layout, processes);
  writeAccountKeys(layout, accounts);
  const contract = await deployRegistry(layout);
  writeNetworkFile(layout, { contract, secondsPerSlot });

  step(`creating operator keys, registering ${plan.operators.length} operators`);
  await createKeys(layout, capstan);
  const operators = await registerOnChain(layout, capstan);
  await writeConfigurations(layout, capstan);

  const { assignValidators } = await import("./validators.mjs");
  const clusters = [];
  for (const { account, operators: members, first, last } of plan.clusters) {
    const address = accounts.available_accounts[account];
    step(`splitting validators ${first} to ${last} among operators ${members.join(" ")}, registering them for ${address}`);
    const transactions = await assignValidators(layout, capstan, { account, address, indices: range({ first, last }), operators: members });
    clusters.push({ account, address, operators: members, first, last, transactions });
  }

  const genesisTime = Math.floor(Date.now() / 1000) + genesisDelaySeconds;
  saveState(layout, { program, secondsPerSlot, genesisTime, contract, accounts: accounts.available_accounts, operators, clusters, changes: [] });
  step(`starting ${plan.beacons.length === 1 ? "the beacon node" : `${plan.beacons.length} beacon nodes`}, genesis in ${genesisDelaySeconds} s`);
  await startBeacons(layout, processes, { genesisTime, secondsPerSlot, ...beaconOptions });
  startObserver(layout, processes);
  if (plan.helper) startHelper(layout, processes);
  return genesisTime;
}

/** Waits until every operator has read its validators from the chain. */
export const awaitOperators = (layout) => Promise.all(layout.plan.operators.map((operator) => knowsItsValidators(layout, operator)));

async function knowsItsValidators(layout, operator) {
  const wanted = validatorsOf(layout.plan, operator).length;
  const found = async () => (await operatorStatus(layout, operator))?.validators?.mine === wanted;
  await waitFor(`${operatorName(operator)} with ${wanted} validators from the chain`, found, { deadlineMillis: READY_DEADLINE_MILLIS });
}

export const awaitGenesis = (layout) => waitFor("genesis", async () => (await new BeaconApi(layout.beaconUrl).currentSlot()) >= 0, { deadlineMillis: 120_000 });
