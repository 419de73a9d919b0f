// Background processes of a local network: started detached, remembered by id and start time, ended by id only.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { waitFor } from "./wait.mjs";

/** State and start time of a process, so that a reused id is not taken for it. Null when there is none. */
function inspect(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], started: fields[19] };
  } catch {
    if (existsSync("/proc/self/stat")) return null;
  }
  try {
    process.kill(pid, 0); // a system without /proc: the id is all there is
    return { state: "?", started: "?" };
  } catch {
    return null;
  }
}

/** Set when everything ends: what this program still does must not start anything behind it. */
let isOver = false;
export const refuseStarts = () => {
  isOver = true;
};

/** Ends every process of the network, operators first, so that they do not report the loss of their nodes. Returns their names. */
export async function endAll(processes) {
  const names = processes.running();
  const isOperator = (name) => name.startsWith("operator-");
  await Promise.all(names.filter(isOperator).map((name) => processes.stop(name)));
  await Promise.all(names.filter((name) => !isOperator(name)).map((name) => processes.stop(name)));
  return names;
}

export class Processes {
  #runDir;
  #logOf;

  constructor(layout) {
    this.#runDir = layout.runDir;
    this.#logOf = (name) => layout.log(name);
  }

  #file(name) {
    return path.join(this.#runDir, `${name}.json`);
  }

  #record(name) {
    const file = this.#file(name);
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  }

  names() {
    if (!existsSync(this.#runDir)) return [];
    return readdirSync(this.#runDir)
      .filter((file) => file.endsWith(".json"))
      .map((file) => path.basename(file, ".json"));
  }

  isRunning(name) {
    const record = this.#record(name);
    const found = record && inspect(record.pid);
    return Boolean(found && found.state !== "Z" && found.started === record.started);
  }

  running() {
    return this.names().filter((name) => this.isRunning(name));
  }

  start(name, { command, args, cwd, env = {} }) {
    if (isOver) throw new Error(`${name} is not started: everything ends`);
    if (this.isRunning(name)) throw new Error(`${name} is running already`);
    mkdirSync(this.#runDir, { recursive: true });
    mkdirSync(path.dirname(this.#logOf(name)), { recursive: true });
    const log = openSync(this.#logOf(name), "a");
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ["ignore", log, log] });
    closeSync(log);
    child.on("error", (error) => console.error(`${name} does not start: ${error.message}`));
    if (child.pid === undefined) throw new Error(`cannot start ${command}`);
    child.unref();
    writeFileSync(this.#file(name), `${JSON.stringify({ pid: child.pid, started: inspect(child.pid)?.started, command: [command, ...args] })}\n`);
  }

  signal(name, signal) {
    if (this.isRunning(name)) process.kill(this.#record(name).pid, signal);
  }

  /** Ends `name` by `signal`; one that has not ended after `graceMillis` is killed. */
  async stop(name, { signal = "SIGTERM", graceMillis = 15_000 } = {}) {
    this.signal(name, signal);
    try {
      await waitFor(`the end of ${name}`, () => !this.isRunning(name), { deadlineMillis: graceMillis, everyMillis: 20 });
    } catch {
      this.signal(name, "SIGKILL");
      await waitFor(`the end of ${name}`, () => !this.isRunning(name), { deadlineMillis: 5_000, everyMillis: 20 });
    }
    rmSync(this.#file(name), { force: true });
  }
}
