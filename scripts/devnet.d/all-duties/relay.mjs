// Blocks with a relay in the way: it has nothing, is late, talks nonsense, and in each case the local block wins in time.
import { readFileSync } from "node:fs";
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { request } from "../lib/http.mjs";
import { SLOTS_PER_EPOCH, packageDir } from "../lib/layout.mjs";
import { clusterValidators } from "../lib/plans.mjs";
import { publicKeyHex } from "../setup/validators.mjs";
import { waitFor } from "../lib/wait.mjs";
import { claimBlocks, claimVotes, tellLedgers } from "./claims.mjs";
import { inTime, judgeRegistrations } from "./relay-judge.mjs";
import { recipientsOf } from "./chain.mjs";

const PHASES = [
  { manner: "none", epochs: [2, 3], claim: "the relay has nothing (204)" },
  { manner: "late", epochs: [4, 5], claim: "the relay is late beyond its budget" },
  { manner: "garbage", epochs: [6, 7], claim: "the relay answers garbage" },
];
const SETTLING_EPOCHS = 1;

export const relayLog = (layout) => `${layout.logDir}/relay.jsonl`;

/** Starts the relay, before the beacon nodes that are given its URL. */
export async function beforeRelay(net) {
  const { layout, processes } = net;
  const lateMillis = net.secondsPerSlot * 500; // half a slot: later than any beacon node waits for a bid
  processes.start("relay", {
    command: process.execPath,
    args: [
      ...["relay/relay.mjs", "--beacon", layout.beaconUrl, "--port", String(layout.relayPort)],
      ...["--out", relayLog(layout), "--late-millis", String(lateMillis)],
    ],
    cwd: packageDir,
    env: { LODESTAR_PRESET: "minimal", NODE_NO_WARNINGS: "1" },
  });
  await waitFor("relay", () => request(`${layout.relayUrl}/eth/v1/builder/status`).then(() => true), { deadlineMillis: 20_000 });
}

const readLog = (layout) =>
  readFileSync(relayLog(layout), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

export async function runRelay(net) {
  const { report, layout } = net;
  report.section("a relay in the way");
  const windows = [];
  for (const { manner, epochs, claim } of PHASES) {
    const window = { from: firstSlotOf(epochs[0]), to: firstSlotOf(epochs.at(-1) + 1) - 1 };
    await net.reach(window.from - 1, 0.95);
    await request(`${layout.relayUrl}/manner`, { method: "POST", body: JSON.stringify({ manner }) });
    windows.push({ manner, claim, window });
    await net.reach(window.to);
  }
  await net.reachEndOf(epochOf(net.slot) + SETTLING_EPOCHS);
  const all = { from: windows[0].window.from, to: windows.at(-1).window.to };
  await net.readBooks(all);

  const lines = readLog(layout);
  claimRegistrations(net, lines);
  for (const { manner, claim, window } of windows) {
    const asked = claimAsked(net, { lines, manner, claim, window });
    const isCounted = (_proposer, slot) => asked.has(slot);
    claimBlocks(net, window, { isCounted, claim: `${claim}: the local block wins, 98 % of the slots for which it was asked have one` });
    claimInTime(net, { claim, window });
  }
  claimVotes(net, all);
  tellLedgers(net, all);
}

/** The relay was really asked in this manner, or the local block would have had nothing to win against: the slots for which it was. */
function claimAsked(net, { lines, manner, claim, window }) {
  const asked = new Set(lines.filter((line) => line.type === "header" && line.manner === manner && line.slot >= window.from && line.slot <= window.to).map((line) => line.slot));
  const slots = window.to - window.from + 1;
  net.report.check(`${claim}: it was asked`, asked.size >= slots / 2, `for ${asked.size} of ${slots} slots`);
  return asked;
}

function claimInTime(net, { claim, window }) {
  const seen = new Map();
  for (const traffic of net.evidence.traffic.values()) for (const { slot, micros } of traffic.heads) if (!(seen.get(slot) <= micros)) seen.set(slot, micros);
  const { due, timely, late } = inTime({ window, seen, blocks: net.evidence.blocks, slotStart: (slot) => net.slotStartMicros(slot), slotMicros: net.slotMillis * 1000 });
  net.report.check(
    `${claim}: each block is the head before two thirds of its slot are over`,
    due > 0 && late.length === 0,
    `${timely} of ${due}${late.length > 0 ? `; late ${late.map(({ slot, micros }) => `${slot} after ${Math.round(micros / 1000)} ms`).join(" ")}` : ""}`,
  );
}

function claimRegistrations(net, lines) {
  const validators = clusterValidators(net.plan);
  const recipientOf = recipientsOf(net);
  const expected = new Map(validators.map((index) => [publicKeyHex(index), { index, recipient: recipientOf(index) }]));
  const slots = net.slot + 1;
  const { registered, bad, foreign, wrong, missing } = judgeRegistrations({ lines, expected, slots, slotsPerRound: 10 * SLOTS_PER_EPOCH });
  net.report.check(
    "registrations carry signatures that verify under the builder domain of the genesis fork, and the owners' recipients",
    registered > 0 && bad === 0 && foreign === 0 && wrong.length === 0,
    `${registered} validators registered, ${bad} bad signatures, ${foreign} of strangers, ${wrong.length} with another recipient`,
  );
  net.report.check("every validator whose turn came is registered", missing.length === 0, `in ${slots} slots; missing ${missing.slice(0, 8).join(" ") || "none"}`);
}
