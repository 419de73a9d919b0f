// Compares what the beacon node assigned, what an operator's ledger says, and what its proxy saw leave.
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { slotsOf } from "../lib/window.mjs";

/** The key of a duty. */
export const roleKey = (role, slot, validator) => `${role}/${slot}/${validator}`;

/** The kinds of duty that the beacon node assigns. Registrations and exits are the contract's and the node's own. */
export const ASSIGNED_ROLES = ["attester", "sync_committee", "proposer", "aggregator", "sync_committee_contribution"];

/** Every duty that the beacon node assigned to `validators` in the window, by role: keys. `evidence` is a `ChainEvidence`. */
export function assignedByRole(evidence, validators, window) {
  const assigned = new Map(ASSIGNED_ROLES.map((role) => [role, new Set()]));
  const add = (role, slot, validator) => validators.has(validator) && assigned.get(role).add(roleKey(role, slot, validator));
  for (const slot of slotsOf(window)) {
    for (const { validator } of evidence.dutiesOfSlot(slot)) {
      add("attester", slot, validator);
      add("aggregator", slot, validator);
    }
    for (const { validator } of evidence.syncDutiesOf(slot)) {
      add("sync_committee", slot, validator);
      add("sync_committee_contribution", slot, validator);
    }
    add("proposer", slot, evidence.proposerOf(slot));
  }
  return assigned;
}

/** Members of `a` that are not in `b`. */
export const without = (a, b) => [...a].filter((key) => !b.has(key));

/** Both directions of the difference of two sets, with the sizes. */
export function difference(left, right) {
  return { left: left.size, right: right.size, onlyLeft: without(left, right), onlyRight: without(right, left) };
}

/** The invariant on the books. */
export const balances = ({ scheduled, submitted, failed, running }) => scheduled === submitted + failed + running;

/** Slots for which a duty may run on: an epoch after its own, and the one in which that is noticed. Exits are offered for ever. */
const OPEN_SLOTS = SLOTS_PER_EPOCH + 1;

/**
 * The totals that an operator states of itself against all its rows: both count the same duties. The rows are read between two looks
 * at the totals, while duties go on.
 * @param {object} input
 * @param {{ scheduled, submitted, failed, running, not_selected }} input.before the totals before the rows were read
 * @param {{ scheduled, submitted, failed, running, not_selected }} input.after
 * @param {object[]} input.rows of all slots
 * @param {number} input.slot the slot in which the rows were read
 * @param {number} [input.started] the slot in which the operator started, if not with the chain: the rows of the slots around it may
 *   be of an earlier run, and count neither for nor against
 */
export function judgeTotals({ before, after, rows, slot, started = Number.NEGATIVE_INFINITY }) {
  const own = rows.filter((row) => row.slot > started + 1);
  const possible = rows.filter((row) => row.slot >= started - 1);
  const count = (list, outcome) => list.filter((row) => row.outcome === outcome).length;
  const odd = [];
  for (const [name, sum] of [["before", before], ["after", after]]) if (!balances(sum)) odd.push(`${name}: ${sum.scheduled} is not ${sum.submitted} + ${sum.failed} + ${sum.running}`);
  const between = (name, least, low, high, most) => (low <= most && least <= high) || odd.push(`${name}: ${low} to ${high} stated, ${least === most ? least : `${least} to ${most}`} rows`);
  for (const outcome of ["submitted", "failed"]) between(outcome, count(own, outcome), before[outcome], after[outcome], count(possible, outcome));
  const all = ({ scheduled, not_selected: unselected = 0 }) => scheduled + unselected;
  between("all", own.length, all(before), all(after), possible.length);
  const late = own.filter((row) => row.outcome === "running" && row.role !== "voluntary_exit" && row.slot < slot - OPEN_SLOTS);
  odd.push(...late.map((row) => `runs on: ${roleKey(row.role, row.slot, row.validator_index)}`));
  return { rows: own.length, submitted: count(own, "submitted"), failed: count(own, "failed"), running: count(own, "running"), odd };
}
