// The beacon node, the helper client, the observer and the proxies.
import net from "node:net";
import { BeaconApi } from "../lib/beacon-api.mjs";
import { packageDir } from "../lib/layout.mjs";
import { waitFor } from "../lib/wait.mjs";

const NODE = process.execPath;
const env = { LODESTAR_PRESET: "minimal", NODE_NO_WARNINGS: "1" };

/**
 * Starts all beacon nodes of the plan. Each takes over what the others accept. `builder` is the URL of a relay;
 * `isBlinded` makes the nodes answer with blinded blocks of their own payloads.
 */
export async function startBeacons(layout, processes, { genesisTime, secondsPerSlot, builder, isBlinded = false }) {
  const { forks, shardCommitteePeriod, validators } = layout.plan;
  for (const { name, port } of layout.beacons) {
    const peers = layout.beacons.filter((other) => other.name !== name).flatMap(({ url }) => ["--peer", url]);
    processes.start(name, {
      command: NODE,
      args: [
        ...["beacon/beacon.mjs", "--port", String(port), "--dir", layout.path(name)],
        ...["--genesis-time", String(genesisTime), "--seconds-per-slot", String(secondsPerSlot), "--validators", String(validators)],
        ...["--fulu-epoch", String(forks.fulu), "--shard-committee-period", String(shardCommitteePeriod), ...peers],
        ...(builder ? ["--builder", builder] : []),
        ...(isBlinded ? ["--blinded-local"] : []),
        ...(layout.plan.isTimed ? ["--verify-last"] : []),
      ],
      cwd: packageDir,
      env,
    });
  }
  await Promise.all(layout.beacons.map(({ name, url }) => waitFor(name, () => new BeaconApi(url).clock(), { deadlineMillis: 60_000 })));
}

export function startHelper(layout, processes) {
  const { first, last } = layout.plan.helper;
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
    args: ["observer/observer.mjs", "--beacon", layout.beaconUrl, "--out", layout.observerLog, "--validators", String(layout.plan.validators)],
    cwd: packageDir,
    env,
  });
}

export async function startProxies(layout, processes) {
  const nodes = [{ name: "execution", port: layout.executionPort }, ...layout.beacons];
  const relays = layout.plan.operators.flatMap((operator) => nodes.map(({ name, port }) => `${operator}-${name}=${layout.ports(operator)[name]}:${port}`));
  processes.start("proxy", {
    command: NODE,
    args: ["proxy/proxy.mjs", "--dir", layout.logDir, "--control", String(layout.proxyControlPort), ...relays.flatMap((relay) => ["--relay", relay])],
    cwd: packageDir,
    env,
  });
  const ports = [layout.proxyControlPort, ...layout.plan.operators.flatMap((operator) => nodes.map(({ name }) => layout.ports(operator)[name]))];
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
