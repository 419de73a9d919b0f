// One run in slots of twelve seconds with the round timeouts of the public networks. Slow: outside of what runs on every
// change. The ledgers are summed up in words.
import { firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { percentile } from "../check/latency.mjs";
import { millis } from "../check/report.mjs";
import { claimBalances, claimBlocks, claimBooks, claimFinality, claimSelected, claimSync, claimVotes, selectedIn, tellLedgers, tellRefusals } from "./claims.mjs";

const EPOCHS = { first: 2, last: 6, settling: 2 };
const STATIONS = ["start", "pre_quorum", "data", "proposal", "decided", "post_quorum", "submit_start", "submitted", "included"];

export async function runSlow(net) {
  const { report } = net;
  report.section("slots of twelve seconds, round timeouts of the public networks");
  const window = { from: firstSlotOf(EPOCHS.first), to: firstSlotOf(EPOCHS.last + 1) - 1 };
  await net.reachEndOf(EPOCHS.last + EPOCHS.settling);
  await net.readBooks(window);
  claimFinality(net, { from: EPOCHS.first, to: EPOCHS.last, slotsPerEpoch: SLOTS_PER_EPOCH });
  claimBlocks(net, window);
  claimVotes(net, window);
  claimSync(net, window);
  const selection = await selectedIn(net, window);
  claimSelected(net, window, selection);
  claimBooks(net, window, selection);
  await claimBalances(net);
  report.section("what the ledgers say");
  tellLedgers(net, window);
  tellStations(net, window);
  tellRefusals(net);
}

/** Median and slowest time of every station since the start of the slot, by role, over all operators. */
function tellStations(net, window) {
  const rows = net.plan.operators.flatMap((operator) => net.rows(operator, window));
  for (const role of [...new Set(rows.map((row) => row.role))].sort()) {
    const mine = rows.filter((row) => row.role === role && row.outcome === "submitted");
    const told = STATIONS.map((station) => [station, mine.map((row) => row.micros?.[station]).filter((micros) => micros != null)]);
    const shown = told.filter(([, times]) => times.length > 0).map(([station, times]) => `${station} ${millis(percentile(times, 0.5))} / ${millis(percentile(times, 1))}`);
    net.report.note(`${role}, ${mine.length} submitted, median / slowest: ${shown.join(", ")}`);
  }
}
