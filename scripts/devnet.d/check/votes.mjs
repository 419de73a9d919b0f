// Votes as three independent witnesses show them: blocks, the beacon node's events, the proxies' logs.

/**
 * One validator's vote. `identity` is equal exactly when the signed data are equal.
 * @typedef {{ validator: number, slot: number, source: number, target: number, identity: string }} Vote
 */

const identityOf = (data) =>
  [data.slot, data.index ?? "0", data.beacon_block_root, data.source.epoch, data.source.root, data.target.epoch, data.target.root].join("/").toLowerCase();

/** The vote of `validator` for attestation `data` in the Beacon API's JSON. */
export function voteOf(validator, data) {
  return {
    validator: Number(validator),
    slot: Number(data.slot),
    source: Number(data.source.epoch),
    target: Number(data.target.epoch),
    identity: identityOf(data),
  };
}

/** Set bits of a 0x-hex SSZ bitvector, lowest bit of the lowest byte first. */
export function bitvector(hex) {
  const set = [];
  Buffer.from(hex.slice(2), "hex").forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) set.push(8 * at + bit);
  });
  return set;
}

/** Set bits of a 0x-hex SSZ bitlist; the highest set bit only marks the length. */
export function bitlist(hex) {
  const set = bitvector(hex);
  if (set.length === 0) throw new Error(`a bitlist without its length bit: ${hex}`);
  return { length: set.at(-1), set: set.slice(0, -1) };
}

/** Beacon committees from the duties of all validators: slot, then committee, then position gives the validator. */
export class Committees {
  #slots = new Map();

  addDuties(duties) {
    for (const { validator, slot, committee, position } of duties) {
      if (!this.#slots.has(slot)) this.#slots.set(slot, []);
      const committees = this.#slots.get(slot);
      committees[committee] ??= [];
      committees[committee][position] = validator;
    }
  }

  at(slot) {
    const committees = this.#slots.get(slot);
    if (!committees) throw new Error(`the committees of slot ${slot} are not known`);
    return committees;
  }

  has(slot) {
    return this.#slots.has(slot);
  }
}

/** The votes of one attestation in a block (Electra on: one aggregate over several committees). */
export function votesOfAttestation({ data, aggregation_bits, committee_bits }, committees) {
  const members = bitvector(committee_bits).flatMap((committee) => committees.at(Number(data.slot))[committee]);
  const { length, set } = bitlist(aggregation_bits);
  if (length !== members.length) throw new Error(`slot ${data.slot}: ${length} bits for committees of ${members.length}`);
  return set.map((position) => voteOf(members[position], data));
}

/** All votes of a signed block, with the block's slot as `includedIn`. */
export function votesOfBlock(block, committees) {
  const includedIn = Number(block.message.slot);
  return block.message.body.attestations.flatMap((attestation) => votesOfAttestation(attestation, committees).map((vote) => ({ ...vote, includedIn })));
}
