// What a relay's log says of registrations, and the beacon nodes' head events of blocks: pure judgements.
import { slotsOf } from "../lib/window.mjs";

/** The latest part of its slot at which a block is of use to that slot's aggregates. */
const TIMELY = 2 / 3;

/**
 * @param {object[]} lines of the relay's log
 * @param {Map<string, { index: number, recipient: string }>} expected by public key
 * @param {number} slots that have passed, all told
 * @param {number} slotsPerRound a validator's turn is the slot that leaves the same remainder by this as its index
 */
export function judgeRegistrations({ lines, expected, slots, slotsPerRound }) {
  const registered = new Set();
  const wrong = [];
  let bad = 0;
  let foreign = 0;
  for (const line of lines) {
    if (line.type !== "registrations") continue;
    bad += line.bad.length;
    for (const { pubkey, fee_recipient: recipient } of line.good) {
      const known = expected.get(pubkey.toLowerCase());
      if (!known) foreign += 1;
      else {
        registered.add(known.index);
        if (recipient.toLowerCase() !== known.recipient) wrong.push(known.index);
      }
    }
  }
  // a turn in the very last slot may be on its way
  const missing = [...expected.values()].map(({ index }) => index).filter((index) => index % slotsPerRound < slots - 1 && !registered.has(index));
  return { registered: registered.size, bad, foreign, wrong, missing };
}

/**
 * When the blocks of the window became the head.
 * @param {Map<number, number>} seen microseconds of the first head event by slot
 */
export function inTime({ window, seen, blocks, slotStart, slotMicros }) {
  const account = { due: 0, timely: 0, late: [] };
  for (const slot of slotsOf(window)) {
    if (!blocks.has(slot)) continue;
    account.due += 1;
    const micros = seen.has(slot) ? seen.get(slot) - slotStart(slot) : Number.POSITIVE_INFINITY;
    if (micros <= TIMELY * slotMicros) account.timely += 1;
    else account.late.push({ slot, micros });
  }
  return account;
}
