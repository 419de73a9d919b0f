// What was seen so far of a network that lives on its operators: the proxies' logs, the observer's log, the blocks and
// the finality of the beacon chain. `refresh` takes only what is new.
import { BeaconApi, epochOf } from "../lib/beacon-api.mjs";
import { Tail } from "../check/evidence.mjs";
import { dutyKey } from "../check/inclusion.mjs";
import { Committees, votesOfBlock } from "../check/votes.mjs";
import { Traffic } from "./traffic.mjs";

export class Evidence {
  #observer;
  #tails;
  #nextSlot = 1;
  #waiting = [];

  constructor(layout) {
    this.beacon = new BeaconApi(layout.beaconUrl);
    this.#observer = new Tail(layout.observerLog);
    this.#tails = layout.plan.operators.flatMap((operator) =>
      layout.plan.beacons.map((node) => ({ operator, node, tail: new Tail(layout.proxyLog(operator, node)) })),
    );
    /** Traffic by operator. */
    this.traffic = new Map(layout.plan.operators.map((operator) => [operator, new Traffic()]));
    this.committees = new Committees();
    /** Attester duties of all validators, of all epochs seen. */
    this.duties = [];
    /** `{ attesters, sync, proposers }` by epoch. */
    this.epochs = new Map();
    /** Signed blocks by slot, with `version`. */
    this.blocks = new Map();
    /** Votes found in blocks: first inclusion by `slot/validator`. */
    this.included = new Map();
    /** `{ slot, justified, finalized }` as often as it was looked at. */
    this.finality = [];
    this.gaps = [];
  }

  /** Reads what is new, up to the head of the first beacon node; `beacon` asks another one instead. */
  async refresh({ beacon = this.beacon } = {}) {
    for (const entry of this.#observer.read()) this.#observe(entry);
    for (const { operator, node, tail } of this.#tails) for (const entry of tail.read()) this.traffic.get(operator).add(entry, node);
    const headSlot = await beacon.headSlot();
    for (; this.#nextSlot <= headSlot; this.#nextSlot++) {
      const block = await beacon.versionedBlock(this.#nextSlot);
      if (block) this.#waiting.push(block);
    }
    this.#waiting = this.#waiting.filter((block) => !this.#take(block));
    this.finality.push({ slot: await beacon.currentSlot(), headSlot, ...(await beacon.finality()) });
    return headSlot;
  }

  #observe(entry) {
    if (entry.type === "gap") this.gaps.push(entry);
    if (entry.type === "duties" && !this.epochs.has(entry.epoch)) {
      this.epochs.set(entry.epoch, entry);
      this.committees.addDuties(entry.attesters);
      this.duties.push(...entry.attesters);
    }
  }

  /** Reads a block's votes as soon as the committees they name are known. */
  #take(block) {
    const slots = block.message.body.attestations.map((attestation) => Number(attestation.data.slot));
    if (!slots.every((slot) => this.committees.has(slot))) return false;
    this.blocks.set(Number(block.message.slot), block);
    for (const vote of votesOfBlock(block, this.committees)) if (!this.included.has(dutyKey(vote))) this.included.set(dutyKey(vote), vote);
    return true;
  }

  dutiesOfEpoch(epoch) {
    const duties = this.epochs.get(epoch);
    if (!duties) throw new Error(`the duties of epoch ${epoch} were not observed`);
    return duties;
  }

  /** Who proposes in `slot`. */
  proposerOf(slot) {
    return this.dutiesOfEpoch(epochOf(slot)).proposers.find((duty) => duty.slot === slot)?.validator;
  }

  /** Members of the sync committee whose messages of `slot` go into the next block. */
  syncDutiesOf(slot) {
    return this.dutiesOfEpoch(epochOf(slot + 1)).sync;
  }
}
