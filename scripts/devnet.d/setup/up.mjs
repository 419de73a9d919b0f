// Brings up the whole network: software, execution chain with the registry, operators and validators registered on it,
// then the beacon chain and everything that lives on it.
import { mkdirSync, rmSync } from "node:fs";
import { endOnInterrupt } from "../lib/interrupt.mjs";
import { Processes, endAll } from "../lib/processes.mjs";
import { buildProgram } from "../lib/programs.mjs";
import { snapshot, watch } from "../lib/table.mjs";
import { awaitGenesis, awaitOperators, startChain } from "./chain.mjs";
import { startProxies } from "./consensus.mjs";
import { startOperator } from "./operators.mjs";

/** Between the start of the beacon node and genesis: the operators must know their validators by then. */
const GENESIS_DELAY_SECONDS = 25;
/** What an earlier network may have left in the folder. */
const LEFT_BEHIND = ["execution", "beacon", "beacon-b", "operators", "accounts", "staking", "logs", "run", "network.json", "network.toml"];

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

/** Starts the network of the layout's plan and waits for its genesis. `beaconOptions` are those of `startBeacons`. */
export async function startEverything({ layout, processes, program, secondsPerSlot, step, beaconOptions }) {
  const { operators } = layout.plan;
  const genesisTime = await startChain({ layout, processes, program, secondsPerSlot, genesisDelaySeconds: GENESIS_DELAY_SECONDS, step, beaconOptions });
  await startProxies(layout, processes);
  for (const operator of operators) startOperator(layout, processes, program, operator);
  await awaitOperators(layout);
  step(`${operators.length} operators found their validators on chain, ${genesisTime - Math.floor(Date.now() / 1000)} s before genesis`);
  await awaitGenesis(layout);
}
