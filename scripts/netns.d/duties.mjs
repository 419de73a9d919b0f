// Duties of the clusters: as the operators' ledgers tell, against what the beacon node assigned; and votes in blocks.
import { epochOf } from "../devnet.d/lib/beacon-api.mjs";
import { request } from "../devnet.d/lib/http.mjs";
import { accountVotes, ratio } from "../devnet.d/check/inclusion.mjs";
import { percent } from "../devnet.d/check/report.mjs";
import { clusterValidators, range, validatorsOf } from "../devnet.d/lib/plans.mjs";
import { OPERATORS, PLAN } from "./plan.mjs";

const LEDGER_PAGE = 64;

/** The rows of every operator's ledger for slots `from` to `to`. */
export async function ledgers(layout, { from, to }) {
  const books = new Map();
  for (const operator of OPERATORS) {
    const rows = [];
    for (let start = from; start <= to; start += LEDGER_PAGE) {
      const end = Math.min(to, start + LEDGER_PAGE - 1);
      const { duties } = await request(`${layout.apiUrl(operator)}/v1/duties?from_slot=${start}&to_slot=${end}`);
      rows.push(...duties);
    }
    books.set(operator, rows);
  }
  return books;
}

/** Attester and sync committee duties that the beacon node gave to an operator's validators in these slots. */
function assigned(evidence, operator, { from, to }) {
  const validators = new Set(validatorsOf(PLAN, operator));
  let count = 0;
  for (let slot = from; slot <= to; slot++) {
    const { attesters } = evidence.dutiesOfEpoch(epochOf(slot));
    // a sync message of a slot goes into the next slot's block and belongs to its period
    const { sync } = evidence.dutiesOfEpoch(epochOf(slot + 1));
    count += attesters.filter((duty) => duty.slot === slot && validators.has(duty.validator)).length;
    count += sync.filter((duty) => validators.has(duty.validator)).length;
  }
  return count;
}

const COUNTED = ["attester", "sync_committee"];

/** Votes and sync messages: what was assigned to all operators together, what they submitted, why the rest failed. */
export function tally(evidence, books, window) {
  const sum = { assigned: 0, submitted: 0, reasons: new Map(), rounds: new Map(), decidedAt: [] };
  for (const operator of OPERATORS) {
    sum.assigned += assigned(evidence, operator, window);
    for (const row of books.get(operator)) {
      if (!COUNTED.includes(row.role)) continue;
      if (row.outcome === "submitted") sum.submitted += 1;
      else sum.reasons.set(row.reason ?? row.outcome, (sum.reasons.get(row.reason ?? row.outcome) ?? 0) + 1);
      if (row.round !== null && row.round !== undefined) sum.rounds.set(row.round, (sum.rounds.get(row.round) ?? 0) + 1);
      if (row.micros?.decided) sum.decidedAt.push(row.micros.decided);
    }
  }
  sum.decidedAt.sort((a, b) => a - b);
  return sum;
}

const counts = (map) => [...map].map(([name, count]) => `${count} x ${name}`).join(", ");
const quantile = (sorted, share) => (sorted.length === 0 ? "-" : `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] / 1000)} ms`);

export function describeTally({ assigned: due, submitted, reasons, rounds, decidedAt }, { from, to }) {
  const parts = [
    `slots ${from} to ${to}: ${submitted} of ${due} duties submitted by each of their operators (${percent(ratio(submitted, due))})`,
    `last round ${[...rounds].sort(([a], [b]) => a - b).map(([round, count]) => `${round}: ${count}`).join(", ")}`,
    `p50 ${quantile(decidedAt, 0.5)}, p99 ${quantile(decidedAt, 0.99)} into the slot`,
  ];
  if (reasons.size > 0) parts.push(`not submitted: ${counts(reasons)}`);
  return parts.join("; ");
}

export const share = ({ assigned: due, submitted }) => ratio(submitted, due);

/** Votes of the clusters in blocks; the window must be settled. */
export function accountInclusion(evidence, { from, to }) {
  return accountVotes({
    duties: evidence.duties,
    validators: new Set(clusterValidators(PLAN)),
    aggregators: new Set(range(PLAN.helper)),
    included: evidence.included,
    from,
    to,
  });
}

/** The first slot from `from` on whose rows were all submitted, in every operator's ledger; null if none was. */
export function firstWholeSlot(books, { from, to }) {
  const rows = [...books.values()].flat().filter((row) => COUNTED.includes(row.role));
  for (let slot = from; slot <= to; slot++) {
    const ofSlot = rows.filter((row) => row.slot === slot);
    if (ofSlot.length > 0 && ofSlot.every((row) => row.outcome === "submitted")) return slot;
  }
  return null;
}
