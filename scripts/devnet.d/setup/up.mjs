// Brings up the whole network: software, execution chain with the registry, operators and validators registered on it,
// then the beacon chain and everything that lives on it.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { BeaconApi } from "../lib/beacon-api.mjs";
import { Capstan } from "../lib/capstan.mjs";
import { runVisibly } from "../lib/command.mjs";
import { OPERATORS, OWNERS, clusterIndices, range, repository } from "../lib/layout.mjs";
import { Processes } from "../lib/processes.mjs";
import { saveState } from "../lib/state.mjs";
import { operatorStatus, snapshot, watch } from "../lib/table.mjs";
import { waitFor } from "../lib/wait.mjs";
import { startBeacon, startHelper, startObserver, startProxies } from "./consensus.mjs";
import { deployRegistry, startExecution, writeAccountKeys } from "./execution.mjs";
import { writeNetworkFile } from "./network-file.mjs";
import { createKeys, registerOnChain, startOperator, writeConfigurations } from "./operators.mjs";
import { installPackages } from "./packages.mjs";

/** Between the start of the beacon node and genesis: the operators must know their validators by then. */
const GENESIS_DELAY_SECONDS = 25;
const READY_DEADLINE_MILLIS = 90_000;

function stepPrinter() {
  const start = Date.now();
  return (text) => console.log(`[${String(Math.round((Date.now() - start) / 1000)).padStart(4)} s] ${text}`);
}

/** Whatever `untilFinalized` says: finality is reached, and after this time it is enough. */
const ENOUGH = { finalized: 3, seconds: 1_080 };
const TABLE_DEADLINE_MILLIS = 600_000;

export async function up(layout, { secondsPerSlot, binary, untilFinalized }) {
  const started = Date.now();
  const step = stepPrinter();
  const processes = new Processes(layout);
  const running = processes.running();
  if (running.length > 0) throw new Error(`a network is running in ${layout.dir} (${running.join(", ")}): scripts/devnet down ends it`);

  if (await installPackages()) step("npm packages are installed");
  if (!binary) {
    step("building capstan");
    await runVisibly("cargo", ["build", "--release", "--locked", "-p", "app"], { cwd: repository });
  }
  const program = path.resolve(binary ?? path.join(repository, "target", "release", "capstan"));
  if (!existsSync(program)) throw new Error(`${program} is not there`);

  for (const part of ["execution", "beacon", "operators", "accounts", "staking", "logs", "run", "network.json", "network.toml"]) {
    rmSync(layout.path(part), { recursive: true, force: true });
  }
  mkdirSync(layout.logDir, { recursive: true });
  try {
    await startEverything({ layout, processes, program, secondsPerSlot, step });
    const { Evidence } = await import("../check/evidence.mjs");
    const evidence = new Evidence(layout);
    const isTimeUp = () => Date.now() - started > ENOUGH.seconds * 1000;
    const isDone = ({ finalized }) => finalized >= untilFinalized || (finalized >= ENOUGH.finalized && isTimeUp());
    await watch(() => snapshot(layout, processes, evidence), isDone, { everyMillis: secondsPerSlot * 1000, deadlineMillis: TABLE_DEADLINE_MILLIS });
  } catch (error) {
    console.error(`\nup failed; the logs are in ${layout.logDir}`);
    for (const name of processes.running()) await processes.stop(name);
    throw error;
  }
  step(`everything runs; look with scripts/devnet status, end it with scripts/devnet down. Logs: ${layout.logDir}`);
}

async function startEverything({ layout, processes, program, secondsPerSlot, step }) {
  const capstan = new Capstan(program);
  step("starting the execution client, deploying the registry");
  const accounts = await startExecution(layout, processes);
  writeAccountKeys(layout, accounts);
  const contract = await deployRegistry(layout);
  writeNetworkFile(layout, { contract, secondsPerSlot });

  step("creating operator keys, registering four operators");
  await createKeys(layout, capstan);
  const operators = await registerOnChain(layout, capstan);
  await writeConfigurations(layout, capstan);

  const { assignValidators } = await import("./validators.mjs");
  const clusters = [];
  for (const { account, first, last } of OWNERS) {
    const address = accounts.available_accounts[account];
    step(`splitting validators ${first} to ${last}, registering them for ${address}`);
    const transactions = await assignValidators(layout, capstan, { account, address, indices: range({ first, last }) });
    clusters.push({ account, address, first, last, transactions });
  }

  const genesisTime = Math.floor(Date.now() / 1000) + GENESIS_DELAY_SECONDS;
  saveState(layout, { program, secondsPerSlot, genesisTime, contract, accounts: accounts.available_accounts, operators, clusters, changes: [] });
  step(`starting the beacon node, genesis in ${GENESIS_DELAY_SECONDS} s`);
  await startBeacon(layout, processes, { genesisTime, secondsPerSlot });
  await startProxies(layout, processes);
  startObserver(layout, processes);
  startHelper(layout, processes);
  for (const operator of OPERATORS) startOperator(layout, processes, program, operator);

  const wanted = clusterIndices().length;
  await Promise.all(
    OPERATORS.map((operator) =>
      waitFor(
        `operator ${operator} with ${wanted} validators from the chain`,
        async () => (await operatorStatus(layout, operator))?.validators?.mine === wanted,
        { deadlineMillis: READY_DEADLINE_MILLIS },
      ),
    ),
  );
  step(`four operators found their ${wanted} validators on chain, ${genesisTime - Math.floor(Date.now() / 1000)} s before genesis`);
  await waitFor("genesis", async () => (await new BeaconApi(layout.beaconUrl).currentSlot()) >= 0, { deadlineMillis: 120_000 });
}
