// One operator's ledger against what the beacon node assigned and what the proxies saw leave.
import { keyOf, validatorOfKey } from "./published.mjs";
import { dutyOfKey } from "./selection.mjs";
import { ASSIGNED_ROLES, without } from "../check/ledger.mjs";

const isSelective = (role) => role === "aggregator" || role === "sync_committee_contribution";

/**
 * What was to be done for `validators`, whatever any ledger says of it, and what of that a beacon node took.
 * @param {Map<string, Set<string>>} assigned of one operator, by role
 * @param {Set<string>} accepted keys that a node took of that operator
 * @param {Set<string>} selected keys of aggregates and contributions that were due
 */
export function accountDone({ assigned, accepted, selected, validators }) {
  const taken = new Set([...accepted].map(dutyOfKey));
  const chosen = new Set([...selected].map(dutyOfKey));
  const account = { due: 0, done: 0, missing: [] };
  for (const [role, keys] of assigned) {
    for (const key of keys) {
      if (!validators.has(validatorOfKey(key)) || (isSelective(role) && !chosen.has(key))) continue;
      account.due += 1;
      if (taken.has(key)) account.done += 1;
      else account.missing.push(key);
    }
  }
  return account;
}

/**
 * The differences, each a list of keys: assigned but not booked, booked but not assigned, booked as submitted but not taken
 * by a beacon node, taken but not booked as submitted, and booked as not selected although the secrets say otherwise (or the
 * other way round).
 * @param {{ role: string, slot: number, validator_index: number, outcome: string }[]} rows of the ledger, within the window
 * @param {Set<string>} accepted keys that a node took of this operator
 * @param {Set<string>} selected keys of aggregates and contributions that were due
 */
export function compareBooks({ assigned, rows, accepted, selected }) {
  const booked = new Map();
  for (const row of rows) if (ASSIGNED_ROLES.includes(row.role)) booked.set(keyOf(row.role, row.slot, row.validator_index), row);
  const all = new Set([...assigned.values()].flatMap((keys) => [...keys]));
  const submitted = new Set([...booked].filter(([, row]) => row.outcome === "submitted").map(([key]) => key));
  const taken = new Set([...accepted].map(dutyOfKey));
  const due = new Set([...selected].map(dutyOfKey));
  const misjudged = [...booked].filter(([, row]) => isSelective(row.role)).filter(([key, row]) => (row.outcome === "not_selected") === due.has(key));
  const running = [...booked.values()].filter((row) => row.outcome === "running");
  return {
    assigned: all.size,
    booked: booked.size,
    submitted: submitted.size,
    taken: taken.size,
    unbooked: without(all, new Set(booked.keys())),
    invented: without(new Set(booked.keys()), all),
    unseen: without(submitted, taken),
    unsubmitted: without(taken, submitted),
    misjudged: misjudged.map(([key]) => key),
    running: running.length,
  };
}

export const oddities = ({ unbooked, invented, unseen, unsubmitted, misjudged }) => [
  ...unbooked.map((key) => `unbooked ${key}`),
  ...invented.map((key) => `invented ${key}`),
  ...unseen.map((key) => `unseen ${key}`),
  ...unsubmitted.map((key) => `unsubmitted ${key}`),
  ...misjudged.map((key) => `misjudged ${key}`),
];

/**
 * What the ledger says of the chain against the chain: votes that it books as included where no block has them, the other
 * way round, and in another block than the first. `told` are those of the submitted votes of which it says anything.
 */
export function compareInclusion({ rows, included }) {
  const odd = [];
  let told = 0;
  let submitted = 0;
  for (const row of rows) {
    if (row.role !== "attester" || row.outcome !== "submitted") continue;
    submitted += 1;
    if (row.warnings?.includes("not_checked")) continue; // looking is shed under load, and the row says so
    told += 1;
    const inChain = included.get(`${row.slot}/${row.validator_index}`)?.includedIn ?? null;
    if ((row.included?.slot ?? null) !== inChain) odd.push({ slot: row.slot, validator: row.validator_index, told: row.included?.slot ?? null, inChain });
  }
  return { submitted, told, odd };
}

/** How many rows ended how: `"aggregator submitted" -> 12`, `"proposer failed no_proposal (consensus)" -> 1`. */
export function summarize(rows) {
  const counts = new Map();
  for (const { role, outcome, reason, room } of rows) {
    const name = reason ? `${role} ${outcome} ${reason} (${room})` : `${role} ${outcome}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
