// What `up` did, for the commands that come after it.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Layout, VALIDATORS, clusterIndices } from "./layout.mjs";

const fileOf = (dir) => `${dir}/network.json`;

export function saveState(layout, state) {
  mkdirSync(layout.dir, { recursive: true });
  const file = fileOf(layout.dir);
  writeFileSync(`${file}.new`, `${JSON.stringify({ basePort: layout.basePort, plan: layout.plan, ...state }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** `{ layout, state }` of the network in `dir`; throws when there is none. */
export function loadState(dir) {
  const probe = new Layout({ dir });
  if (!existsSync(fileOf(probe.dir))) throw new Error(`no network in ${probe.dir}: run scripts/devnet up`);
  const state = JSON.parse(readFileSync(fileOf(probe.dir), "utf8"));
  return { layout: new Layout({ dir, basePort: state.basePort, plan: state.plan }), state };
}

/** Validators that are registered now: the cluster with the changes made since. */
export function membersNow(state) {
  const members = new Set(clusterIndices());
  for (const { added, removed } of state.changes ?? []) {
    if (added !== undefined) members.add(added);
    if (removed !== undefined) members.delete(removed);
  }
  return members;
}

/** The validator that is out and could join, and the one that is in and could leave. */
export function swing(state) {
  const isIn = membersNow(state).has(VALIDATORS.leaver);
  return isIn ? { joiner: VALIDATORS.joiner, leaver: VALIDATORS.leaver } : { joiner: VALIDATORS.leaver, leaver: VALIDATORS.joiner };
}
