// The commands of scripts/devnet.
import { parseArgs } from "node:util";
import { installPackages } from "../setup/packages.mjs";
import { endOnInterrupt } from "./interrupt.mjs";
import { Layout, OPERATORS } from "./layout.mjs";
import { Processes, endAll } from "./processes.mjs";
import { loadState } from "./state.mjs";

// the beacon node's libraries read their preset when they load
process.env.LODESTAR_PRESET = "minimal";

const USAGE = `usage: scripts/devnet COMMAND [options]

  up            install, build, start and register everything; leaves it running
  check         measure whether the network does what it should (starts one first if none runs)
                --short: the quick version; --stage N: what stage N (1 to 5) promises
                --all-duties: the chain that lives on seven operators alone, its forks and its faults, each part on a
                network of its own; --part chain|blinded|relay|faults: that part, may be repeated; --slow: slots of 12 s
  status        one look at the table; --json for programs, --watch to stay
  kill N        SIGKILL operator N
  restart N     start operator N again, with the folder it had
  down          end every process; logs stay

Ctrl-C ends what the command itself started: all of it while up or check works, nothing of a network that check found running.

options: --dir DIR (default .devnet), --base-port N (default 19600), --seconds-per-slot N (default 3),
         --binary FILE (use this capstan instead of building), --until-finalized N (epoch at which up returns, default 8)
`;

const OPTIONS = {
  dir: { type: "string" },
  "base-port": { type: "string", default: "19600" },
  "seconds-per-slot": { type: "string", default: "3" },
  "until-finalized": { type: "string" },
  binary: { type: "string" },
  short: { type: "boolean", default: false },
  stage: { type: "string" },
  "all-duties": { type: "boolean", default: false },
  part: { type: "string", multiple: true, default: [] },
  slow: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  watch: { type: "boolean", default: false },
  help: { type: "boolean", default: false, short: "h" },
};

/** Commands that may start a network. */
const STARTING = ["up", "check"];

class UsageError extends Error {}

function whole(text, name) {
  if (!/^\d+$/.test(text ?? "")) throw new UsageError(`${name} must be a whole number`);
  return Number(text);
}

function operatorOf(text) {
  const operator = whole(text, "the operator");
  if (!OPERATORS.includes(operator)) throw new UsageError(`there is no operator ${operator}`);
  return operator;
}

/** The chain that `up` leaves behind: long enough for a check to measure over 200 head events in its time. */
const UNTIL_FINALIZED = "8";
/** A short check has no use for more than a chain that finalizes. */
const UNTIL_FINALIZED_SHORT = "2";

/** What `up` is told; `check` uses the same when it has to start a network. */
function upOptions(options) {
  const untilFinalized = options["until-finalized"] ?? (options.short ? UNTIL_FINALIZED_SHORT : UNTIL_FINALIZED);
  return {
    secondsPerSlot: whole(options["seconds-per-slot"], "--seconds-per-slot"),
    binary: options.binary,
    untilFinalized: whole(untilFinalized, "--until-finalized"),
  };
}

const newLayout = (options) => new Layout({ dir: options.dir, basePort: whole(options["base-port"], "--base-port") });

async function down(layout) {
  const names = await endAll(new Processes(layout));
  console.log(names.length === 0 ? "nothing was running" : `ended ${names.join(", ")}`);
}

async function status(options) {
  const { layout } = loadState(options.dir);
  const { Evidence } = await import("../check/evidence.mjs");
  const { formatTable, snapshot, watch } = await import("./table.mjs");
  const processes = new Processes(layout);
  const evidence = new Evidence(layout);
  const take = () => snapshot(layout, processes, evidence);
  if (options.watch) return watch(take, () => false, { everyMillis: 1_000, deadlineMillis: Number.POSITIVE_INFINITY });
  const now = await take();
  console.log(options.json ? JSON.stringify(now) : formatTable(now).join("\n"));
}

async function restart(options, operator) {
  const { layout, state } = loadState(options.dir);
  const { operatorName, startOperator } = await import("../setup/operators.mjs");
  const processes = new Processes(layout);
  if (processes.isRunning(operatorName(operator))) await processes.stop(operatorName(operator));
  startOperator(layout, processes, state.program, operator);
  console.log(`operator ${operator} is started`);
}

async function kill(options, operator) {
  const { layout } = loadState(options.dir);
  const { operatorName } = await import("../setup/operators.mjs");
  const processes = new Processes(layout);
  if (!processes.isRunning(operatorName(operator))) throw new Error(`operator ${operator} is not running`);
  await processes.stop(operatorName(operator), { signal: "SIGKILL" });
  console.log(`operator ${operator} is killed`);
}

async function checkAllDuties(options) {
  const { PARTS, runAllDuties } = await import("../all-duties/run.mjs");
  for (const part of options.part) if (!Object.hasOwn(PARTS, part)) throw new UsageError(`there is no part ${part}`);
  endOnInterrupt(new Processes(newLayout(options)));
  process.exitCode = await runAllDuties({
    dir: options.dir,
    basePort: whole(options["base-port"], "--base-port"),
    secondsPerSlot: whole(options["seconds-per-slot"], "--seconds-per-slot"),
    binary: options.binary,
    parts: options.part,
    isSlow: options.slow,
  });
}

async function check(options) {
  if (options["all-duties"]) return checkAllDuties(options);
  if (options.part.length > 0 || options.slow) throw new UsageError("--part and --slow go with --all-duties");
  const stage = options.stage === undefined ? undefined : whole(options.stage, "--stage");
  const { runCheck } = await import("../check/run.mjs");
  const startNetwork = async () => {
    const { up } = await import("../setup/up.mjs");
    const layout = newLayout(options);
    await up(layout, upOptions(options));
    return () => down(layout);
  };
  process.exitCode = await runCheck({ dir: options.dir, stage, isShort: options.short, startNetwork });
}

async function main() {
  const { values: options, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [command, argument] = positionals;
  if (options.help || command === undefined) {
    console.log(USAGE);
    process.exitCode = options.help ? 0 : 2;
    return;
  }
  const commands = {
    up: async () => (await import("../setup/up.mjs")).up(newLayout(options), upOptions(options)),
    check: () => check(options),
    status: () => status(options),
    kill: () => kill(options, operatorOf(argument)),
    restart: () => restart(options, operatorOf(argument)),
    down: () => down(new Layout({ dir: options.dir })),
  };
  if (!Object.hasOwn(commands, command)) throw new UsageError(`there is no command ${command}`);
  // before anything is imported that needs them
  if (STARTING.includes(command) && (await installPackages())) console.log("npm packages are installed");
  await commands[command]();
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError || error.code?.startsWith?.("ERR_PARSE_ARGS");
  console.error(`devnet: ${error.message}${isUsage ? `\n\n${USAGE}` : ""}`);
  process.exitCode = isUsage ? 2 : 1;
}
