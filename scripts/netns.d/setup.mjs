// Brings everything up: the chain with the registry, operators and validators on it, the switch, the nodes.
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waitFor } from "../devnet.d/lib/wait.mjs";
import { startChain } from "../devnet.d/setup/chain.mjs";
import { operatorName } from "../devnet.d/setup/operators.mjs";
import { RELAY } from "./layout.mjs";
import { within } from "./namespaces.mjs";
import { OPERATORS, SECONDS_PER_SLOT } from "./plan.mjs";
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
  const { command, args } = within(namespaces.of(operator), capstan, ["run", "--config", "capstan.toml"]);
  processes.start(operatorName(operator), { command, args, cwd: layout.operatorDir(operator) });
}

/** Everything but the operators, which `startOperators` starts. Returns the genesis time. */
export async function startAround(run) {
  const { layout, processes, capstan: program, note: step } = run;
  const genesisTime = await startChain({ layout, processes, program, secondsPerSlot: SECONDS_PER_SLOT, genesisDelaySeconds: GENESIS_DELAY_SECONDS, step });
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
