// From head event to publication, by the proxies' clock and by the operators' own.
import { OPERATORS } from "../lib/layout.mjs";
import { earliest, headToPublish, percentile, summary } from "./latency.mjs";
import { millis, percent } from "./report.mjs";

const P50_LIMIT_MICROS = 60_000;
const P99_LIMIT_MICROS = 150_000;
const AGREEMENT_MICROS = 5_000;

/** Samples of one operator: slots with an early head event in which all operators ran, from slot `from` on. */
function samplesOf(ctx, operator, { role = "attester", from = 0 } = {}) {
  const traffic = ctx.evidence.traffic.get(operator);
  return headToPublish({
    heads: traffic.heads,
    posts: traffic.posts.filter((post) => post.role === role),
    slotStart: (slot) => ctx.slotStartMicros(slot),
    slotMicros: ctx.slotMicros,
    isCounted: (slot) => slot >= from && ctx.isComplete(slot),
  });
}

/** Slots with a sample of any operator, in order. */
const sampledSlots = (ctx) => [...new Set(OPERATORS.flatMap((operator) => samplesOf(ctx, operator).map(({ slot }) => slot)))].sort((a, b) => a - b);

export const measuredSlots = (ctx) => sampledSlots(ctx).length;

/** The slots of this check; when they are fewer than `minSlots`, the last ones before it are taken in. */
function firstMeasured(ctx, minSlots) {
  const slots = sampledSlots(ctx);
  return Math.min(ctx.firstSlot, slots[Math.max(0, slots.length - minSlots)] ?? 0);
}

const shown = ({ count, p50, p99, max }) => `p50 ${millis(p50)}, p99 ${millis(p99)}, max ${millis(max)} of ${count}`;
const microsOf = (samples) => samples.map((sample) => sample.micros);

/** `isTimed`: whether the figures are judged. On a machine that does other work too they are only told. */
export function checkSpeed(ctx, { minSlots, isTimed }) {
  const { report, evidence } = ctx;
  const judge = (claim, isTrue, measured) => (isTimed ? report.check(claim, isTrue, measured) : report.note(`not judged here: ${claim}: ${measured}`));
  report.section("head event to publication");
  const from = firstMeasured(ctx, minSlots);
  const byOperator = new Map(OPERATORS.map((operator) => [operator, samplesOf(ctx, operator, { from })]));
  const all = [...byOperator.values()].flat();
  const slots = new Set(all.map((sample) => sample.slot)).size;
  const total = summary(microsOf(all));
  judge(`measured over at least ${minSlots} slots`, slots >= minSlots, `${slots} slots from slot ${from} on, ${total.count} samples`);
  judge("first byte of the head event to first byte of the publishing request: p50 at most 60 ms", total.p50 !== null && total.p50 <= P50_LIMIT_MICROS, shown(total));
  judge("p99 at most 150 ms", total.p99 !== null && total.p99 <= P99_LIMIT_MICROS, millis(total.p99));
  for (const [operator, samples] of byOperator) report.note(`operator ${operator}: ${shown(summary(microsOf(samples)))}`);
  report.note(`sync messages: ${shown(summary(OPERATORS.flatMap((operator) => microsOf(samplesOf(ctx, operator, { role: "sync_committee", from })))))}`);

  checkAgreement(ctx, byOperator, judge);
  const counted = new Set(all.map((sample) => sample.slot));
  const answers = [...evidence.traffic.values()].flatMap((traffic) => traffic.data.filter(({ slot }) => counted.has(slot)).map(({ answerMicros }) => answerMicros));
  report.note(`of this the beacon node's share, attestation data from request to answer: ${shown(summary(answers))}`);
  const spreads = headDelays(ctx, counted);
  report.note(`head events after the start of their slot: ${shown(summary(spreads))}`);
}

function headDelays(ctx, counted) {
  const heads = earliest(ctx.evidence.traffic.get(OPERATORS[0]).heads);
  return [...heads].filter(([slot]) => counted.has(slot)).map(([slot, micros]) => micros - ctx.slotStartMicros(slot));
}

/** The same interval in the operators' ledgers, sample by sample. */
function checkAgreement(ctx, byOperator, judge) {
  const own = [];
  const proxy = [];
  for (const [operator, samples] of byOperator) {
    const submitted = submitStarts(ctx, operator);
    for (const { slot, micros } of samples) {
      if (!submitted.has(slot)) continue;
      own.push(submitted.get(slot));
      proxy.push(micros);
    }
  }
  const [mine, theirs] = [summary(own), summary(proxy)];
  const pairs = own.map((micros, at) => Math.abs(micros - proxy[at]));
  const near = pairs.filter((micros) => micros <= AGREEMENT_MICROS).length;
  const isNear = (a, b) => a !== null && b !== null && Math.abs(a - b) <= AGREEMENT_MICROS;
  judge(
    "the ledgers' own figures agree within 5 ms",
    isNear(mine.p50, theirs.p50) && isNear(mine.p99, theirs.p99),
    `ledgers p50 ${millis(mine.p50)}, p99 ${millis(mine.p99)}; proxies p50 ${millis(theirs.p50)}, p99 ${millis(theirs.p99)}; ` +
      `${near} of ${pairs.length} pairs within 5 ms (${percent(near / Math.max(1, pairs.length))}), median difference ${millis(percentile(pairs, 0.5))}`,
  );
}

/** Microseconds from head event to the start of the submission, by slot, of duties that the head event started. */
function submitStarts(ctx, operator) {
  const starts = [];
  for (const row of ctx.ledgers.get(operator).values()) {
    if (row.role !== "attester" || row.start_cause !== "head_event" || row.micros?.submit_start == null) continue;
    starts.push({ slot: row.slot, micros: ctx.slotStartMicros(row.slot) + row.micros.submit_start - row.head_event_unix_micros });
  }
  return earliest(starts);
}

