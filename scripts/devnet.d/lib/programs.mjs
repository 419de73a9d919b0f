// The programs of this repository that networks are made of.
import { existsSync } from "node:fs";
import path from "node:path";
import { runVisibly } from "./command.mjs";
import { repository } from "./layout.mjs";

/** What to ask cargo for, where a program is not its package's only one. */
const PACKAGES = { capstan: ["-p", "app"] };
const testkit = (name) => ["-p", "testkit", "--bin", name];

/** Where cargo leaves the program `name`; it takes a relative target folder from where it runs, which is the repository. */
export const built = (name) => path.resolve(repository, process.env.CARGO_TARGET_DIR || "target", "release", name);

/** The program `name` to run: `given`, or what cargo makes of this repository. `step` is told before it builds. */
export async function buildProgram(name, { given, step = () => {} } = {}) {
  if (!given) {
    step(`building ${name}`);
    await runVisibly("cargo", ["build", "--release", "--locked", ...(PACKAGES[name] ?? testkit(name))], { cwd: repository });
  }
  const program = given ? path.resolve(given) : built(name);
  if (!existsSync(program)) throw new Error(`${program} is not there`);
  return program;
}
