// What the ledger must say under each fault: judgements over the rows of operators that are not themselves at fault.
import { percentile } from "../check/latency.mjs";

const median = (values) => percentile(values, 0.5);
const isDone = (row) => row.outcome === "submitted";
const isDue = (row) => row.outcome !== "not_selected";
const share = (part, whole) => (whole === 0 ? 0 : part / whole);

/** Duties that were to be done, and how many of them were. */
export function doneShare(rows) {
  const due = rows.filter(isDue);
  return { due: due.length, done: due.filter(isDone).length, share: share(due.filter(isDone).length, due.length) };
}

/**
 * Operators whose partial signature is missing in rows that were submitted all the same: the share of rows in which nothing
 * of `operator` was heard after consensus.
 */
export function missingShare(rows, operator) {
  const seen = rows.filter((row) => isDone(row) && row.operators?.includes(operator));
  const missing = seen.filter((row) => row.heard?.post_signatures?.[operator] === undefined);
  return { rows: seen.length, missing: missing.length, share: share(missing.length, seen.length) };
}

/**
 * Duties of `operator`'s committees that were submitted, and those of them in which its partial signature was there within
 * `micros` of the median of the others': a share of 0 for one that is always late or missing.
 */
export function onTimeShare(rows, operator, micros) {
  let counted = 0;
  let onTime = 0;
  for (const row of rows) {
    if (!isDone(row) || !row.operators?.includes(operator)) continue;
    const { [operator]: own, ...others } = row.heard?.post_signatures ?? {};
    const peers = Object.values(others);
    if (peers.length === 0) continue;
    counted += 1;
    if (own !== undefined && own - median(peers) <= micros) onTime += 1;
  }
  return { rows: counted, onTime, share: share(onTime, counted) };
}

/** Rows that name `operator` for a partial signature that does not verify, and rows that name anybody else. */
export function badSigners(rows, operator) {
  const named = rows.filter((row) => row.bad_partial_signatures?.includes(operator));
  const wronged = rows.filter((row) => row.bad_partial_signatures?.some((other) => other !== operator));
  return { rows: rows.length, named: named.length, wronged: wronged.length, submitted: named.filter(isDone).length };
}

/** Rows of a committee that cannot act: none submitted, each failed with a reason of `reasons`. */
export function lostRows(rows, reasons) {
  const due = rows.filter(isDue);
  const submitted = due.filter(isDone);
  const unexplained = due.filter((row) => !isDone(row) && !(row.outcome === "failed" && reasons.includes(row.reason) && row.room));
  const counts = new Map();
  for (const { reason, room } of due.filter((row) => row.outcome === "failed")) counts.set(`${reason} (${room})`, (counts.get(`${reason} (${room})`) ?? 0) + 1);
  return { due: due.length, submitted: submitted.length, unexplained, counts };
}

/** Votes whose head was right, among those whose head the ledger knows. */
export function rightHeads(rows) {
  const known = rows.filter((row) => row.role === "attester" && typeof row.included?.head === "boolean");
  const right = known.filter((row) => row.included.head);
  return { known: known.length, right: right.length, share: share(right.length, known.length) };
}
