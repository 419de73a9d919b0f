// The beacon node's client of an external builder: Lodestar's own, with its time for a bid scaled to the slot.
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { internal } from "./lodestar.mjs";

const { initializeExecutionBuilder } = await internal("@lodestar/beacon-node", "execution/index.js");

/** What the beacon node waits for a bid in a slot of twelve seconds. */
const BID_MILLIS = 1_250;
const PUBLIC_SLOT_MILLIS = 12_000;
/**
 * The beacon node asks no builder while too many of the last slots are empty. It looks at an epoch: of older slots it knows
 * nothing once they are final, which they are after two epochs here.
 */
const FAULTS = { faultInspectionWindow: SLOTS_PER_EPOCH, allowedFaults: SLOTS_PER_EPOCH / 4 };

/** The builder client for the relay at `url`. */
export function builderOf({ url, config, logger }) {
  const builder = initializeExecutionBuilder({ enabled: true, url, timeout: 2_000, ...FAULTS }, config, null, logger);
  const millis = (BID_MILLIS * config.SLOT_DURATION_MS) / PUBLIC_SLOT_MILLIS;
  const getHeader = builder.getHeader.bind(builder);
  builder.getHeader = (...request) => {
    let timer;
    const timeUp = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no bid within ${millis} ms`)), millis);
    });
    return Promise.race([getHeader(...request), timeUp]).finally(() => clearTimeout(timer));
  };
  return builder;
}
