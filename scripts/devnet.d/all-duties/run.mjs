// `check --all-duties`: each part brings its own network up from nothing and down again.
import { Layout } from "../lib/layout.mjs";
import { ALL_DUTIES, PUBLIC_TIMEOUTS } from "../lib/plans.mjs";
import { Processes } from "../lib/processes.mjs";
import { buildProgram } from "../lib/programs.mjs";
import { stepPrinter } from "../setup/up.mjs";
import { Report } from "../check/report.mjs";
import { runBlinded } from "./blinded.mjs";
import { runChain } from "./chain.mjs";
import { runFaults } from "./faults.mjs";
import { buildTool, faketimeLibrary } from "./liars.mjs";
import { Network } from "./network.mjs";
import { beforeRelay, runRelay } from "./relay.mjs";
import { runSlow } from "./slow.mjs";

/** All parts together, builds included where nothing has changed. */
const DEADLINE_SECONDS = 2_800;

/** Networks whose subject are not the forks start behind them, or nearly. */
const settled = (name, forks) => ({ ...ALL_DUTIES, name, forks, doppelganger: [] });

export const PARTS = {
  chain: { plan: ALL_DUTIES, run: runChain, before: async (net, { binary }) => (net.listener = await buildTool("listener", binary)) },
  blinded: { plan: settled("blinded", { fulu: 3, boole: 1 }), run: runBlinded, beaconOptions: () => ({ isBlinded: true }) },
  relay: { plan: { ...settled("relay", { fulu: 0, boole: 1 }), asksBuilder: true }, run: runRelay, before: beforeRelay, beaconOptions: (layout) => ({ builder: layout.relayUrl }) },
  faults: { plan: settled("faults", { fulu: 0, boole: 1 }), needs: faketimeLibrary, run: runFaults, before: async (net, { binary }) => (net.traitor = await buildTool("traitor", binary)) },
};

const SLOW = { plan: { ...settled("slow", { fulu: 0, boole: 1 }), timeouts: PUBLIC_TIMEOUTS }, run: runSlow, secondsPerSlot: 12 };

async function runPart(name, { part, options, program, report, step }) {
  const { dir, basePort, secondsPerSlot } = options;
  const layout = new Layout({ dir, basePort, plan: part.plan });
  const net = new Network({ layout, program, report });
  const { before, beaconOptions } = part;
  try {
    const prepare = () => before?.(net, options);
    await net.start({ secondsPerSlot: part.secondsPerSlot ?? secondsPerSlot, step, before: prepare, beaconOptions: beaconOptions?.(layout) });
    await part.run(net);
  } catch (error) {
    report.broken(`the part ${name}`, error);
  } finally {
    await net.end();
  }
}

/** Returns the exit code: 0 when everything passed. `parts` are names; none are all. `isSlow` is the slow run alone. */
export async function runAllDuties({ parts, isSlow, ...options }) {
  const started = Date.now();
  const report = new Report();
  const step = stepPrinter();
  const chosen = isSlow ? [["slow", SLOW]] : Object.entries(PARTS).filter(([name]) => parts.length === 0 || parts.includes(name));
  const running = new Processes(new Layout({ dir: options.dir })).running();
  if (running.length > 0) throw new Error(`a network is running in this folder (${running.join(", ")}): scripts/devnet down ends it`);
  for (const [, part] of chosen) part.needs?.();
  const program = await buildProgram("capstan", { given: options.binary, step });
  for (const [name, part] of chosen) {
    const before = Date.now();
    await runPart(name, { part, options, program, report, step });
    report.note(`the part ${name} took ${Math.round((Date.now() - before) / 1000)} s`);
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  if (!isSlow) report.check("all of this in time", seconds <= DEADLINE_SECONDS, `${seconds} s of at most ${DEADLINE_SECONDS} s`);
  return report.finish();
}
