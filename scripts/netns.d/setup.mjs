// Brings everything up: the chain with the registry, operators and validators on it, the switch, the nodes.
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BeaconApi } from "../devnet.d/lib/beacon-api.mjs";
import { range, validatorsOf } from "../devnet.d/lib/plans.mjs";
import { operatorStatus } from "../devnet.d/lib/table.mjs";
import { waitFor } from "../devnet.d/lib/wait.mjs";
import { startBeacons, startHelper, startObserver } from "../devnet.d/setup/consensus.mjs";
import { deployRegistry, startExecution, writeAccountKeys } from "../devnet.d/setup/execution.mjs";
import { writeNetworkFile } from "../devnet.d/setup/network-file.mjs";
import { createKeys, operatorName, registerOnChain, writeConfigurations } from "../devnet.d/setup/operators.mjs";
import { assignValidators } from "../devnet.d/setup/validators.mjs";
import { RELAY } from "./layout.mjs";
import { within } from "./namespaces.mjs";
import { OPERATORS, PLAN, SECONDS_PER_SLOT } from "./plan.mjs";
import { packets } from "./switch.mjs";

/** The operators must know their validators by genesis. */
const GENESIS_DELAY_SECONDS = 45;
const SEED = 20261120;

async function startSwitch({ layout, processes, namespaces, netswitch }) {
  rmSync(layout.switchSocket, { force: true });
  processes.start("switch", {
    command: netswitch,
    args: [namespaces.devicePrefix, String(OPERATORS.length), String(SEED), layout.switchSocket],
    cwd: layout.dir,
  });
  await waitFor("switch", () => packets(layout.switchSocket), { deadlineMillis: 10_000 });
  namespaces.plugIn();
}

function startOperator({ layout, processes, namespaces, capstan }, operator) {
  const { command, args } = within(namespaces.of(operator), capstan.binary, ["run", "--config", "capstan.toml"]);
  processes.start(operatorName(operator), { command, args, cwd: layout.operatorDir(operator) });
}

/** Everything but the operators, which `startOperators` starts. Returns the genesis time. */
export async function startChain(run) {
  const { layout, processes, capstan, note } = run;
  note("starting the execution client, registering ten operators");
  const accounts = await startExecution(layout, processes);
  writeAccountKeys(layout, accounts);
  writeNetworkFile(layout, { contract: await deployRegistry(layout), secondsPerSlot: SECONDS_PER_SLOT });
  await createKeys(layout, capstan);
  await registerOnChain(layout, capstan);
  await writeConfigurations(layout, capstan);
  for (const { account, operators, first, last } of PLAN.clusters) {
    note(`registering validators ${first} to ${last} with operators ${operators.join(" ")}`);
    await assignValidators(layout, capstan, { account, address: accounts.available_accounts[account], indices: range({ first, last }), operators });
  }
  const genesisTime = Math.floor(Date.now() / 1000) + GENESIS_DELAY_SECONDS;
  note(`starting the beacon node, genesis in ${GENESIS_DELAY_SECONDS} s`);
  await startBeacons(layout, processes, { genesisTime, secondsPerSlot: SECONDS_PER_SLOT });
  startObserver(layout, processes);
  startHelper(layout, processes);
  const relay = fileURLToPath(new URL("relay.mjs", import.meta.url));
  const ports = [`${RELAY.execution}=${layout.executionPort}`, `${RELAY.beacon}=${layout.beaconPort}`];
  processes.start("relay", { command: process.execPath, args: [relay, ...ports], cwd: layout.dir });
  await startSwitch(run);
  return genesisTime;
}

/** Starts all ten at once; returns when the last was started. */
export function startOperators(run) {
  for (const operator of OPERATORS) startOperator(run, operator);
  return Date.now();
}

/** Waits until every operator has read its validators from the chain, and the chain has begun. */
export async function awaitGenesis({ layout }) {
  await Promise.all(
    OPERATORS.map((operator) => {
      const wanted = validatorsOf(PLAN, operator).length;
      const mine = async () => (await operatorStatus(layout, operator))?.validators?.mine === wanted;
      return waitFor(`operator ${operator} with ${wanted} validators from the chain`, mine, { deadlineMillis: 90_000 });
    }),
  );
  await waitFor("genesis", async () => (await new BeaconApi(layout.beaconUrl).currentSlot()) >= 0, { deadlineMillis: 120_000 });
}
