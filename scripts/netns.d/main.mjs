// Builds the programs, makes the namespaces, runs the show in the chain's namespace, and removes everything again.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { onInterrupt } from "../devnet.d/lib/interrupt.mjs";
import { Processes } from "../devnet.d/lib/processes.mjs";
import { buildProgram } from "../devnet.d/lib/programs.mjs";
import { installPackages } from "../devnet.d/setup/packages.mjs";
import { clearFolder } from "../devnet.d/setup/up.mjs";
import { NetnsLayout } from "./layout.mjs";
import { Namespaces, within } from "./namespaces.mjs";

const OPTIONS = {
  binary: { type: "string" },
  switch: { type: "string" },
  dir: { type: "string" },
  short: { type: "boolean", default: false },
};

function demandMachine() {
  if (process.platform !== "linux" || process.getuid() !== 0) throw new Error("this takes root on Linux: it makes network namespaces");
  if (!existsSync("/dev/net/tun")) throw new Error("there is no /dev/net/tun: load the module tun");
  if (spawnSync("ip", ["-V"]).error) throw new Error("there is no program ip: scripts/setup installs it (Debian: iproute2)");
}

const programs = async (options) => ({
  capstan: await buildProgram("capstan", { given: options.binary }),
  netswitch: await buildProgram("netswitch", { given: options.switch }),
});

/** Starts the show. `code` is its exit code, `end` tells it to end. */
function startShow(namespaces, { capstan, netswitch }, options) {
  const script = fileURLToPath(new URL("show.mjs", import.meta.url));
  const args = [script, "--run", String(namespaces.run), "--capstan", capstan, "--switch", netswitch];
  if (options.dir) args.push("--dir", options.dir);
  if (options.short) args.push("--short");
  const inside = within(namespaces.chain, process.execPath, args);
  const child = spawn(inside.command, inside.args, { stdio: "inherit" });
  const code = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => resolve(status ?? 1));
  });
  return { code, end: () => child.kill("SIGTERM") };
}

/** The show's exit code. Whatever happens, its processes end before the namespaces go. */
async function run(found, options) {
  const namespaces = new Namespaces(process.pid);
  let show = null;
  onInterrupt(async () => {
    show?.end();
    await show?.code;
    namespaces.remove();
  });
  try {
    namespaces.create();
    show = startShow(namespaces, found, options);
    return await show.code;
  } finally {
    namespaces.remove();
  }
}

try {
  const { values: options } = parseArgs({ options: OPTIONS });
  demandMachine();
  const layout = new NetnsLayout({ dir: options.dir });
  clearFolder(layout, new Processes(layout));
  await installPackages();
  process.exitCode = await run(await programs(options), options);
} catch (error) {
  console.error(`netns: ${error.stderr?.toString().trim() || error.message}`);
  process.exitCode = 1;
}
