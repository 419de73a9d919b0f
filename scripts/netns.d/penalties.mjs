// What operators held against each other, by their logs: `peers` tell a score and how a peer stands now, and only the log tells
// what a score is made of (by the words of the gossip library) and why peers parted that are back.
import { existsSync, readFileSync } from "node:fs";
import { operatorName } from "../devnet.d/setup/operators.mjs";

/** What to add to the log level to have these words. */
export const PENALTY_LOG = "libp2p_gossipsub::peer_score=debug,libp2p_gossipsub::gossip_promises=debug";

/**
 * Kinds of penalty. `behaviour` counts all of its component (P7 of the score): promises, which are messages that a peer announced
 * and did not deliver in time, and meshes joined too early. A full send queue is logged, and has no weight in this network.
 */
const KINDS = [
  ["promise", /\[Penalty\] The peer broke the promise/],
  ["behaviour", /\[Penalty\] Behavioral penalty for peer .*\bcount=(\d+)/],
  ["queue", /\[Penalty\] Expired message penalty/],
  ["other", /\[Penalty\]/],
];

/** `{ millis, kind, count }` of every line that tells a penalty. */
export function penaltiesIn(text) {
  const found = [];
  for (const line of text.split("\n")) {
    if (!line.includes("[Penalty]")) continue;
    const [kind, pattern] = KINDS.find(([, each]) => each.test(line));
    found.push({ millis: Date.parse(line.slice(0, line.indexOf(" "))), kind, count: Number(pattern.exec(line)[1] ?? 1) });
  }
  return found;
}

/** How many of each kind there were from `since` on, and when the behaviour was found wanting: first and last, in Unix milliseconds. */
export function sumPenalties(penalties, since) {
  const sum = { promise: 0, behaviour: 0, queue: 0, other: 0, first: null, last: null };
  for (const { millis, kind, count } of penalties) {
    if (millis < since) continue;
    sum[kind] += count;
    if (kind !== "behaviour") continue;
    sum.first = Math.min(sum.first ?? millis, millis);
    sum.last = Math.max(sum.last ?? millis, millis);
  }
  return sum;
}

/** `zero` is the moment from which the times are told. */
export function describePenalties({ promise, behaviour, other, first, last }, zero, name) {
  const seconds = (millis) => `${((millis - zero) / 1000).toFixed(1)} s`;
  const when = first === null ? "" : `, ${seconds(first)} to ${seconds(last)} after ${name}`;
  return `penalties: ${behaviour} for behaviour (${promise} of them messages announced and not delivered)${when}, ${other} of another kind`;
}

const PARTING = /^(\S+) .* peer disconnected .*\breason=(\w+)/;
/** Ends of a connection that are nobody's judgement of a peer: the line or the other side, no answer, a stop. */
const BLAMELESS = ["Remote", "PingTimeout", "HandshakeTimeout", "Shutdown"];

/** `{ millis, reason }` of every connection that ended. */
export function partingsIn(text) {
  const found = text.split("\n").map((line) => PARTING.exec(line));
  return found.filter(Boolean).map(([, time, reason]) => ({ millis: Date.parse(time), reason }));
}

/** By reason, from `since` on. */
export function sumPartings(partings, since) {
  const sum = new Map();
  for (const { millis, reason } of partings) if (millis >= since) sum.set(reason, (sum.get(reason) ?? 0) + 1);
  return sum;
}

export const isBlameless = (partings) => [...partings.keys()].every((reason) => BLAMELESS.includes(reason));
export const describePartings = (partings) => `connections ended since: ${[...partings].map(([reason, count]) => `${count} ${reason}`).join(", ") || "none"}`;

/** All that the operators' logs tell. */
export function readLogs(layout, operators) {
  const files = operators.map((operator) => layout.log(operatorName(operator))).filter((file) => existsSync(file));
  const texts = files.map((file) => readFileSync(file, "utf8"));
  return { penalties: texts.flatMap(penaltiesIn), partings: texts.flatMap(partingsIn) };
}
