// The npm packages of the local network, installed from the lock file when it has changed.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runVisibly } from "../lib/command.mjs";
import { packageDir } from "../lib/layout.mjs";

/** Holds the hash of the lock file that is installed; `scripts/setup` writes the same. */
const STAMP = path.join(packageDir, "node_modules", ".installed");

export async function installPackages() {
  const wanted = createHash("sha256")
    .update(readFileSync(path.join(packageDir, "package-lock.json")))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8").trim() === wanted) return false;
  await runVisibly("npm", ["ci", "--loglevel=error"], { cwd: packageDir });
  writeFileSync(STAMP, `${wanted}\n`);
  return true;
}
