// The beacon node, the helper client, the observer and the proxies.
import net from "node:net";
import { BeaconApi } from "../lib/beacon-api.mjs";
import { OPERATORS, VALIDATORS, packageDir } from "../lib/layout.mjs";
import { waitFor } from "../lib/wait.mjs";

const NODE = process.execPath;
const env = { LODESTAR_PRESET: "minimal", NODE_NO_WARNINGS: "1" };

export async function startBeacon(layout, processes, { genesisTime, secondsPerSlot }) {
  processes.start("beacon", {
    command: NODE,
    args: [
      ...["beacon/beacon.mjs", "--port", String(layout.beaconPort), "--dir", layout.path("beacon")],
      ...["--genesis-time", String(genesisTime), "--seconds-per-slot", String(secondsPerSlot), "--validators", String(VALIDATORS.total)],
    ],
    cwd: packageDir,
    env,
  });
  await waitFor("beacon node", () => new BeaconApi(layout.beaconUrl).clock(), { deadlineMillis: 60_000 });
}

export function startHelper(layout, processes) {
  const { first, last } = VALIDATORS.helper;
  processes.start("helper", {
    command: NODE,
    args: ["helper/helper.mjs", "--beacon", layout.beaconUrl, "--range", `${first}..${last}`],
    cwd: packageDir,
    env,
  });
}

export function startObserver(layout, processes) {
  processes.start("observer", {
    command: NODE,
    args: ["observer/observer.mjs", "--beacon", layout.beaconUrl, "--out", layout.observerLog, "--validators", String(VALIDATORS.total)],
    cwd: packageDir,
    env,
  });
}

export async function startProxies(layout, processes) {
  const relays = OPERATORS.flatMap((operator) => {
    const { execution, beacon } = layout.ports(operator);
    return [`${operator}-execution=${execution}:${layout.executionPort}`, `${operator}-beacon=${beacon}:${layout.beaconPort}`];
  });
  processes.start("proxy", {
    command: NODE,
    args: ["proxy/proxy.mjs", "--dir", layout.logDir, ...relays.flatMap((relay) => ["--relay", relay])],
    cwd: packageDir,
    env,
  });
  const ports = OPERATORS.flatMap((operator) => [layout.ports(operator).execution, layout.ports(operator).beacon]);
  await Promise.all(ports.map((port) => waitFor(`proxy on port ${port}`, () => accepts(port), { deadlineMillis: 20_000 })));
}

/** Connects and says nothing: the proxies' logs hold what operators ask, not what this script asks. */
const accepts = (port) =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", reject);
  });
