// Duties of the clusters: as the operators' ledgers tell, against what the beacon node assigned; and what is in blocks.
import { ledgerRows } from "../devnet.d/lib/ledger.mjs";
import { clusterValidators, range, validatorsOf } from "../devnet.d/lib/plans.mjs";
import { slotsOf } from "../devnet.d/lib/window.mjs";
import { accountVotes, ratio } from "../devnet.d/check/inclusion.mjs";
import { percentile } from "../devnet.d/check/latency.mjs";
import { ASSIGNED_ROLES, assignedByRole, roleKey } from "../devnet.d/check/ledger.mjs";
import { millis, percent } from "../devnet.d/check/report.mjs";
import { accountSync } from "../devnet.d/all-duties/judge.mjs";
import { OPERATORS, PLAN } from "./plan.mjs";

/** Of all duties together. */
const DUTY_SHARE = 0.95;
/** Of each kind: a window has four or five proposals, of which one may be lost. */
const ROLE_SHARE = 0.75;
/** The duties that are decided first in a slot: what is said of times is said of them. */
const TIMED_ROLES = ["attester", "sync_committee"];

/** The rows of every operator's ledger in the window. */
export async function ledgers(layout, window) {
  const rows = await Promise.all(OPERATORS.map((operator) => ledgerRows(layout, operator, window)));
  return new Map(OPERATORS.map((operator, at) => [operator, rows[at]]));
}

/**
 * What the beacon node gave to an operator's validators. Committees are so small here that all their members aggregate: of
 * them and of the subcommittees fewer than 32 and 8 members are drawn (consensus-specs, `is_aggregator`), so every duty that
 * a ledger has as "not selected" is one that was not done.
 */
const assignedTo = (evidence, operator, window) => assignedByRole(evidence, new Set(validatorsOf(PLAN, operator)), window);

const countIn = (map, name, by = 1) => map.set(name, (map.get(name) ?? 0) + by);

/**
 * All duties of all operators together: what was assigned, by role, which of it they submitted, why the rest was not, and what they
 * submitted without being asked.
 */
export function tally(evidence, books, window) {
  const sum = { due: new Map(), done: new Map(), uncalled: [], reasons: new Map(), rounds: new Map(), decidedAt: [] };
  for (const operator of OPERATORS) {
    const rows = books.get(operator).filter((row) => ASSIGNED_ROLES.includes(row.role));
    const booked = new Map(rows.map((row) => [roleKey(row.role, row.slot, row.validator_index), row]));
    for (const [role, keys] of assignedTo(evidence, operator, window)) {
      countIn(sum.due, role, keys.size);
      for (const key of keys) {
        const row = booked.get(key);
        booked.delete(key);
        if (row?.outcome === "submitted") countIn(sum.done, role);
        else countIn(sum.reasons, `${role} ${row?.reason ?? row?.outcome ?? "not in the ledger"}`);
      }
    }
    for (const [key, row] of booked) if (row.outcome === "submitted") sum.uncalled.push(`${operator}:${key}`);
    for (const row of rows.filter(({ role }) => TIMED_ROLES.includes(role))) {
      if (row.round !== null && row.round !== undefined) countIn(sum.rounds, row.round);
      if (row.micros?.decided) sum.decidedAt.push(row.micros.decided);
    }
  }
  return sum;
}

const total = (map) => [...map.values()].reduce((sum, count) => sum + count, 0);
const counts = (map) => [...map].map(([name, count]) => `${count} x ${name}`).join(", ");

/** Whether the operators did what the beacon node gave them: all of it together, each kind, and nothing else. */
export function isDone({ due, done, uncalled }) {
  const isShare = (part, whole, share) => ratio(part, whole) >= share;
  const isEach = [...due].every(([role, count]) => count === 0 || isShare(done.get(role) ?? 0, count, ROLE_SHARE));
  return isShare(total(done), total(due), DUTY_SHARE) && isEach && uncalled.length === 0;
}

/** Whether there was something to do and nobody did any of it. */
export const isIdle = ({ due, done, uncalled }) => total(due) > 0 && total(done) === 0 && uncalled.length === 0;

export function describeTally({ due, done, uncalled, reasons, rounds, decidedAt }, { from, to }) {
  const roles = [...due].filter(([, count]) => count > 0).map(([role, count]) => `${role} ${done.get(role) ?? 0}/${count}`);
  const parts = [
    `slots ${from} to ${to}: ${total(done)} of ${total(due)} duties submitted by each of their operators (${percent(ratio(total(done), total(due)))}): ${roles.join(", ")}`,
    `votes and sync messages: last round ${[...rounds].sort(([a], [b]) => a - b).map(([round, count]) => `${round}: ${count}`).join(", ") || "-"}, decided p50 ${millis(percentile(decidedAt, 0.5))}, p99 ${millis(percentile(decidedAt, 0.99))} into the slot`,
  ];
  if (reasons.size > 0) parts.push(`not submitted: ${counts(reasons)}`);
  if (uncalled.length > 0) parts.push(`submitted and not assigned: ${uncalled.slice(0, 4).join(" ")}${uncalled.length > 4 ? " ..." : ""}`);
  return parts.join("; ");
}

/** What blocks hold of the clusters' work; the window must be settled. */
export function accountBlocks(evidence, window) {
  const validators = new Set(clusterValidators(PLAN));
  const votes = accountVotes({ duties: evidence.duties, validators, aggregators: new Set(range(PLAN.helper)), included: evidence.included, ...window });
  const sync = accountSync({ window, blocks: evidence.blocks, syncDutiesOf: (slot) => evidence.syncDutiesOf(slot), validators });
  const slots = [...slotsOf(window)].filter((slot) => validators.has(evidence.proposerOf(slot)));
  return { votes, sync, proposals: { due: slots.length, included: slots.filter((slot) => evidence.blocks.has(slot)).length } };
}

/** Whether votes and sync messages got into blocks. Proposals are too few for a share. */
export const isIncluded = ({ votes, sync }) => [votes, sync].every(({ due, included }) => ratio(included, due) >= DUTY_SHARE);

export function describeBlocks({ votes, sync, proposals }, { from, to }) {
  const part = ({ due, included }) => `${included} of ${due} (${percent(ratio(included, due))})`;
  return [
    `slots ${from} to ${to}: votes ${part(votes)}, ${votes.apart.included} of ${votes.apart.due} in committees without an aggregator`,
    `sync messages ${part(sync)}, ${sync.noBlock} before an empty slot`,
    `proposals ${proposals.included} of ${proposals.due}`,
  ].join("; ");
}

/** The first slot from `from` on whose rows were all submitted, in every operator's ledger; null if none was. */
export function firstWholeSlot(books, window) {
  const rows = [...books.values()].flat().filter((row) => ASSIGNED_ROLES.includes(row.role));
  for (const slot of slotsOf(window)) {
    const ofSlot = rows.filter((row) => row.slot === slot);
    if (ofSlot.length > 0 && ofSlot.every((row) => row.outcome === "submitted")) return slot;
  }
  return null;
}
