// What the ledger must say under each fault: judgements over the rows of operators that are not themselves at fault.
import { ratio } from "../check/inclusion.mjs";
import { percentile } from "../check/latency.mjs";

const median = (values) => percentile(values, 0.5);
const VOTES = ["attester", "sync_committee"];
const isDone = (row) => row.outcome === "submitted";
const isDue = (row) => row.outcome !== "not_selected";

/**
 * Operators whose partial signature is missing in rows that were submitted all the same: the share of rows in which nothing
 * of `operator` was heard after consensus.
 */
export function missingShare(rows, operator) {
  const seen = rows.filter((row) => isDone(row) && row.operators?.includes(operator));
  const missing = seen.filter((row) => row.heard?.post_signatures?.[operator] === undefined);
  return { rows: seen.length, missing: missing.length, share: ratio(missing.length, seen.length) };
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
  return { rows: counted, onTime, share: ratio(onTime, counted) };
}

/**
 * Votes and sync messages of `operator`'s committees that name it for a partial signature that does not verify, and rows of any
 * duty that name anybody else.
 */
export function badSigners(rows, operator) {
  const due = rows.filter((row) => VOTES.includes(row.role) && row.operators?.includes(operator));
  const named = due.filter((row) => row.bad_partial_signatures?.includes(operator));
  const wronged = rows.filter((row) => row.bad_partial_signatures?.some((other) => other !== operator));
  return { due: due.length, named: named.length, share: ratio(named.length, due.length), wronged: wronged.length, submitted: named.filter(isDone).length };
}

/**
 * By how much the partial signature of `operator` came behind the median of the others', in submitted duties of its committees: in
 * how many of them it came at all, and in how many of those less than `micros` behind.
 */
export function behind(rows, operator, micros) {
  const seen = rows.filter((row) => isDone(row) && row.operators?.includes(operator));
  const delays = seen.flatMap((row) => {
    const { [operator]: own, ...others } = row.heard?.post_signatures ?? {};
    const peers = Object.values(others);
    return own === undefined || peers.length === 0 ? [] : [own - median(peers)];
  });
  const early = delays.filter((delay) => delay < micros).length;
  return { rows: seen.length, heard: delays.length, early, heardShare: ratio(delays.length, seen.length), earlyShare: ratio(early, delays.length), median: median(delays) };
}

/** Rows with a warning, among all. */
export function warnedShare(rows, warning) {
  const warned = rows.filter((row) => row.warnings?.includes(warning)).length;
  return { rows: rows.length, warned, share: ratio(warned, rows.length) };
}

/** Rows that failed in one of `rooms`. */
export const failedIn = (rows, rooms) => rows.filter((row) => row.outcome === "failed" && rooms.includes(row.room));

/** Votes whose data were there within `micros` of their start. */
export function promptShare(rows, micros) {
  const votes = rows.filter((row) => row.role === "attester");
  const prompt = votes.filter(({ micros: at }) => at?.data != null && at.start != null && at.data - at.start <= micros).length;
  return { rows: votes.length, prompt, share: ratio(prompt, votes.length) };
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
