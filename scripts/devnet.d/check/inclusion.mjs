// Which of the votes that were due ended up in blocks.

/** A vote is due once per validator and slot. */
export const dutyKey = ({ validator, slot }) => `${slot}/${validator}`;

/**
 * Accounts for the attester duties of `validators` in slots `from` to `to` (both included).
 *
 * A vote can reach a block only if somebody aggregates its beacon committee. Duties in committees without an
 * aggregator are therefore counted apart, never dropped silently.
 *
 * @param {object} input
 * @param {object[]} input.duties attester duties of all validators, as the beacon node gave them
 * @param {Set<number>} input.validators whose votes are counted
 * @param {Set<number>} input.aggregators validators that aggregate for their committees
 * @param {Set<string>} input.included keys of votes found in blocks
 */
export function accountVotes({ duties, validators, aggregators, included, from, to }) {
  const aggregated = new Set();
  for (const duty of duties) if (aggregators.has(duty.validator)) aggregated.add(`${duty.slot}/${duty.committee}`);
  const account = { due: 0, included: 0, missing: [], apart: { due: 0, included: 0 } };
  for (const duty of duties) {
    if (duty.slot < from || duty.slot > to || !validators.has(duty.validator)) continue;
    const isIncluded = included.has(dutyKey(duty));
    const row = aggregated.has(`${duty.slot}/${duty.committee}`) ? account : account.apart;
    row.due += 1;
    if (isIncluded) row.included += 1;
    else if (row === account) account.missing.push(duty);
  }
  return account;
}

/** Share of `part` in `whole`; of nothing, nothing is true. */
export const ratio = (part, whole) => (whole === 0 ? 0 : part / whole);
