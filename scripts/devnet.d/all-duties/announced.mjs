// What a beacon node is told ahead of duties: who proposes for whose benefit, and which subnets somebody will need.
import { inWindow, slotsOf } from "../lib/window.mjs";

/** Adds to the list of a key. */
function note(map, key, item) {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(item);
}

/** What one node was told by one operator. */
export class Announced {
  /** `{ micros, recipient }` by validator, in order. */
  preparations = new Map();
  /** When the subnet of the vote `slot/validator` was subscribed to first. */
  subscriptions = new Map();
  /** `{ micros, untilEpoch, positions }` by validator; the epoch is the first that is not meant any more. */
  syncSubscriptions = new Map();

  prepare(validator, preparation) {
    note(this.preparations, validator, preparation);
  }

  subscribe(key, micros) {
    this.subscriptions.set(key, Math.min(micros, this.subscriptions.get(key) ?? Number.POSITIVE_INFINITY));
  }

  subscribeSync(validator, subscription) {
    note(this.syncSubscriptions, validator, subscription);
  }
}

/**
 * Proposals of `validators` in the window: before each one's slot the node must have been told of it, and last of the right recipient.
 * @param {(slot: number) => number} proposerOf the proposer of a slot
 * @param {(validator: number) => string} recipientOf lower case address
 * @param {(slot: number) => number} slotStart microseconds
 */
export function judgePrepared({ announced, window, validators, proposerOf, recipientOf, slotStart }) {
  const account = { due: 0, good: 0, missing: [] };
  for (const slot of slotsOf(window)) {
    const proposer = proposerOf(slot);
    if (!validators.has(proposer)) continue;
    account.due += 1;
    const last = announced.preparations.get(proposer)?.findLast(({ micros }) => micros < slotStart(slot));
    if (last?.recipient === recipientOf(proposer)) account.good += 1;
    else account.missing.push(`${slot}/${proposer}`);
  }
  return account;
}

/** Votes of `validators` in the window whose subnet was subscribed to before their slot. */
export function judgeSubscribed({ announced, window, validators, duties, slotStart }) {
  const account = { due: 0, good: 0, missing: [] };
  for (const { slot, validator } of duties) {
    if (!inWindow(window, slot) || !validators.has(validator)) continue;
    account.due += 1;
    if (announced.subscriptions.get(`${slot}/${validator}`) < slotStart(slot)) account.good += 1;
    else account.missing.push(`${slot}/${validator}`);
  }
  return account;
}

/**
 * Members of the sync committee of an epoch whose subnets were subscribed to before its first slot, and beyond it.
 * @param {{ epoch: number, members: { validator: number, positions: number[] }[] }[]} epochs
 * @param {(epoch: number) => number} epochStart microseconds
 */
export function judgeSyncSubscribed({ announced, validators, epochs, epochStart }) {
  const account = { due: 0, good: 0, missing: [] };
  for (const { epoch, members } of epochs) {
    for (const { validator, positions } of members) {
      if (!validators.has(validator)) continue;
      account.due += 1;
      const covers = ({ micros, untilEpoch, positions: told }) => micros < epochStart(epoch) && untilEpoch > epoch && positions.every((position) => told.includes(position));
      if (announced.syncSubscriptions.get(validator)?.some(covers)) account.good += 1;
      else account.missing.push(`epoch ${epoch}/${validator}`);
    }
  }
  return account;
}
