// Operators that are made to be at fault from outside: preloaded libraries, forwarders, and a binary that stands in for one;
// and a peer that only listens.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { runVisibly } from "../lib/command.mjs";
import { packageDir } from "../lib/layout.mjs";
import { clustersOf } from "../lib/plans.mjs";
import { buildProgram } from "../lib/programs.mjs";
import { waitFor } from "../lib/wait.mjs";

/** Added to a port, past all other ports of the network: forwarders of outgoing connections, and the port behind its own. */
const SHIFT = { out: 40, in: 50 };
const LIBRARIES = "/usr/lib";
const FAKETIME = "faketime/libfaketimeMT.so.1";

/** Debian's libfaketime; `scripts/setup` installs it. */
export function faketimeLibrary(root = LIBRARIES) {
  for (const name of readdirSync(root)) {
    const file = path.join(root, name, FAKETIME);
    if (existsSync(file)) return file;
  }
  throw new Error(`no ${FAKETIME} in ${root}: scripts/setup installs it (Debian package libfaketime)`);
}

/** Starts `operator` with a wall clock that is `seconds` ahead. */
export async function startWithWrongClock(net, { operator, seconds }) {
  const env = { LD_PRELOAD: faketimeLibrary(), FAKETIME: `+${seconds}`, FAKETIME_DONT_FAKE_MONOTONIC: "1", DONT_FAKE_MONOTONIC: "1" };
  net.startOperator(operator, { env });
}

/** Forwarders between `operator` and all others, `millis` in each direction. */
export async function startFar(net, { operator, millis }) {
  const { layout, plan, processes } = net;
  const port = (each) => layout.ports(each).tcp;
  const others = plan.operators.filter((each) => each !== operator).map((each) => `${port(each) + SHIFT.out}:${port(each)}`);
  const forwards = [...others, `${port(operator)}:${port(operator) + SHIFT.in}`];
  processes.start("far", {
    command: process.execPath,
    args: ["far/forward.mjs", "--millis", String(millis), ...forwards.flatMap((forward) => ["--forward", forward])],
    cwd: packageDir,
  });
  await waitFor("forwarders", () => readFileSync(layout.log("far"), "utf8").includes("forwarding"), { deadlineMillis: 10_000 });
}

/** Starts `operator` behind the forwarders. */
export async function startFromFar(net, operator) {
  const { layout, plan } = net;
  const library = layout.path("far.so");
  await runVisibly("cc", ["-shared", "-fPIC", "-O2", "-o", library, path.join(packageDir, "far", "far.c"), "-ldl"]);
  const ports = plan.operators.map((each) => layout.ports(each).tcp);
  const env = { LD_PRELOAD: library, FAR_FIRST: Math.min(...ports), FAR_LAST: Math.max(...ports), FAR_OUT: SHIFT.out, FAR_IN: SHIFT.in };
  net.startOperator(operator, { env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])) });
}

/** A binary of `node/testkit`: the one beside a given `capstan`, or what `cargo` makes of this repository. */
export async function buildTool(name, binary) {
  const beside = binary && path.join(path.dirname(path.resolve(binary)), name);
  if (beside && existsSync(beside)) return beside;
  return buildProgram(name);
}

/** The records that an operator starts from, as options of a tool. */
function bootnodes(layout, operator) {
  const text = readFileSync(path.join(layout.operatorDir(operator), "capstan.toml"), "utf8");
  return JSON.parse(/^bootnodes = (\[.*\])$/m.exec(text)[1]).flatMap((enr) => ["--bootnode", enr]);
}

const committees = (clusters) => clusters.flatMap(({ operators }) => ["--committee", operators.join(",")]);

export const listenerLog = (layout) => path.join(layout.logDir, "listener.jsonl");

/** Starts a peer of all operators that only listens (`net.listener`) and writes down what it hears of every cluster. */
export async function startListener(net) {
  const { layout, plan, processes } = net;
  processes.start("listener", {
    command: net.listener,
    // the first operator starts from nobody, the last one from the first
    args: ["--network", layout.networkFile, "--out", listenerLog(layout), ...bootnodes(layout, plan.operators.at(-1)), ...committees(plan.clusters)],
    cwd: layout.dir,
  });
  await waitFor("listener", () => readFileSync(layout.log("listener"), "utf8").includes("listening"), { deadlineMillis: 20_000 });
}

/** Starts the traitor with the keys and ports of `operator`, which must be down. */
export async function startTraitor(net, operator) {
  const { layout, plan, processes } = net;
  const dir = layout.operatorDir(operator);
  const { tcp, udp } = layout.ports(operator);
  processes.start("traitor", {
    command: net.traitor,
    args: [
      ...["--network", layout.networkFile, "--operator", String(operator), "--fork", "boole", "--listen", "127.0.0.1"],
      ...["--key", path.join(dir, "operator.json"), "--password", path.join(dir, "operator.pass"), "--network-key", path.join(dir, "network.key")],
      ...["--tcp", String(tcp), "--udp", String(udp)],
      ...bootnodes(layout, operator),
      ...committees(clustersOf(plan, operator)),
    ],
    cwd: layout.dir,
  });
  await waitFor("traitor", () => readFileSync(layout.log("traitor"), "utf8").includes("signs badly"), { deadlineMillis: 20_000 });
}
