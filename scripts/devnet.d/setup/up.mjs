// Brings up the whole network: software, execution chain with the registry, operators and validators registered on it,
// then the beacon chain and everything that lives on it.
import { mkdirSync, rmSync } from "node:fs";
import { BeaconApi } from "../lib/beacon-api.mjs";
import { Capstan } from "../lib/capstan.mjs";
import { endOnInterrupt } from "../lib/interrupt.mjs";
import { range, validatorsOf } from "../lib/plans.mjs";
import { Processes, endAll } from "../lib/processes.mjs";
import { buildProgram } from "../lib/programs.mjs";
import { saveState } from "../lib/state.mjs";
import { operatorStatus, snapshot, watch } from "../lib/table.mjs";
import { waitFor } from "../lib/wait.mjs";
import { startBeacons, startHelper, startObserver, startProxies } from "./consensus.mjs";
import { deployRegistry, startExecution, writeAccountKeys } from "./execution.mjs";
import { writeNetworkFile } from "./network-file.mjs";
import { createKeys, operatorName, registerOnChain, startOperator, writeConfigurations } from "./operators.mjs";

/** Between the start of the beacon node and genesis: the operators must know their validators by then. */
const GENESIS_DELAY_SECONDS = 25;
/** What an earlier network may have left in the folder. */
const LEFT_BEHIND = ["execution", "beacon", "beacon-b", "operators", "accounts", "staking", "logs", "run", "network.json", "network.toml"];
const READY_DEADLINE_MILLIS = 90_000;

export function stepPrinter() {
  const start = Date.now();
  return (text) => console.log(`[${String(Math.round((Date.now() - start) / 1000)).padStart(4)} s] ${text}`);
}

/** Whatever `untilFinalized` says: finality is reached, and after this time it is enough. */
const ENOUGH = { finalized: 3, seconds: 1_080 };
const TABLE_DEADLINE_MILLIS = 600_000;

/** Throws when a network runs in the folder; removes what is left of an earlier one. */
export function clearFolder(layout, processes) {
  const running = processes.running();
  if (running.length > 0) throw new Error(`a network is running in ${layout.dir} (${running.join(", ")}): scripts/devnet down --dir ${layout.dir} ends it`);
  for (const part of LEFT_BEHIND) rmSync(layout.path(part), { recursive: true, force: true });
  mkdirSync(layout.logDir, { recursive: true });
}

export async function up(layout, { secondsPerSlot, binary, untilFinalized }) {
  const started = Date.now();
  const step = stepPrinter();
  const processes = new Processes(layout);
  clearFolder(layout, processes);
  endOnInterrupt(processes);
  const program = await buildProgram("capstan", { given: binary, step });
  try {
    await startEverything({ layout, processes, program, secondsPerSlot, step });
    const { Evidence } = await import("../check/evidence.mjs");
    const evidence = new Evidence(layout);
    const isTimeUp = () => Date.now() - started > ENOUGH.seconds * 1000;
    const isDone = ({ finalized }) => finalized >= untilFinalized || (finalized >= ENOUGH.finalized && isTimeUp());
    await watch(() => snapshot(layout, processes, evidence), isDone, { everyMillis: secondsPerSlot * 1000, deadlineMillis: TABLE_DEADLINE_MILLIS });
  } catch (error) {
    console.error(`\nup failed; the logs are in ${layout.logDir}`);
    await endAll(processes);
    throw error;
  }
  step(`everything runs; look with scripts/devnet status, end it with scripts/devnet down. Logs: ${layout.logDir}`);
}

/**
 * Starts the network of the layout's plan and waits for its genesis. `beaconOptions` are those of `startBeacons`.
 */
export async function startEverything({ layout, processes, program, secondsPerSlot, step, beaconOptions = {} }) {
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

  const genesisTime = Math.floor(Date.now() / 1000) + GENESIS_DELAY_SECONDS;
  saveState(layout, { program, secondsPerSlot, genesisTime, contract, accounts: accounts.available_accounts, operators, clusters, changes: [] });
  step(`starting ${plan.beacons.length === 1 ? "the beacon node" : `${plan.beacons.length} beacon nodes`}, genesis in ${GENESIS_DELAY_SECONDS} s`);
  await startBeacons(layout, processes, { genesisTime, secondsPerSlot, ...beaconOptions });
  await startProxies(layout, processes);
  startObserver(layout, processes);
  if (plan.helper) startHelper(layout, processes);
  for (const operator of plan.operators) startOperator(layout, processes, program, operator);

  await Promise.all(plan.operators.map((operator) => knowsItsValidators(layout, operator)));
  step(`${plan.operators.length} operators found their validators on chain, ${genesisTime - Math.floor(Date.now() / 1000)} s before genesis`);
  await waitFor("genesis", async () => (await new BeaconApi(layout.beaconUrl).currentSlot()) >= 0, { deadlineMillis: 120_000 });
}

async function knowsItsValidators(layout, operator) {
  const wanted = validatorsOf(layout.plan, operator).length;
  const found = async () => (await operatorStatus(layout, operator))?.validators?.mine === wanted;
  await waitFor(`${operatorName(operator)} with ${wanted} validators from the chain`, found, { deadlineMillis: READY_DEADLINE_MILLIS });
}
