// Compares what the beacon node assigned, what an operator's ledger says, and what its proxy saw leave.

/** A duty of either role: votes once per epoch, sync messages in every slot of the period. */
export const roleKey = (role, slot, validator) => `${role}/${slot}/${validator}`;

/**
 * Every duty that the beacon node assigned to `validators` in slots `from` to `to`. A sync message of a slot goes into
 * the next slot's block and is judged by that slot's committee, so the last slot of a period belongs to the next one
 * (consensus-specs, altair validator guide).
 */
export function assignedDuties({ dutiesOfEpoch, epochOf, validators, from, to }) {
  const keys = new Set();
  for (let slot = from; slot <= to; slot++) {
    const { attesters } = dutiesOfEpoch(epochOf(slot));
    const { sync } = dutiesOfEpoch(epochOf(slot + 1));
    for (const duty of attesters) if (duty.slot === slot && validators.has(duty.validator)) keys.add(roleKey("attester", slot, duty.validator));
    for (const duty of sync) if (validators.has(duty.validator)) keys.add(roleKey("sync_committee", slot, duty.validator));
  }
  return keys;
}

/** Members of `a` that are not in `b`. */
export const without = (a, b) => [...a].filter((key) => !b.has(key));

/** Both directions of the difference of two sets, with the sizes. */
export function difference(left, right) {
  return { left: left.size, right: right.size, onlyLeft: without(left, right), onlyRight: without(right, left) };
}

/** The invariant on the books. */
export const balances = ({ scheduled, submitted, failed, running }) => scheduled === submitted + failed + running;
