// What was seen so far of a beacon chain: the observer's log and the blocks. Each call takes only what is new.
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { BeaconApi, epochOf } from "../lib/beacon-api.mjs";
import { dutyKey } from "./inclusion.mjs";
import { Committees, votesOfBlock } from "./votes.mjs";

/** Complete lines appended to a JSON-lines file since the last call. */
export class Tail {
  #path;
  #offset = 0;
  #rest = "";

  constructor(path) {
    this.#path = path;
  }

  read() {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, "r");
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#offset));
      readSync(file, bytes, 0, bytes.length, this.#offset);
      this.#offset += bytes.length;
      const lines = (this.#rest + bytes.toString("utf8")).split("\n");
      this.#rest = lines.pop();
      return lines.map((line) => JSON.parse(line));
    } finally {
      closeSync(file);
    }
  }
}

export class ChainEvidence {
  #observer;
  #nextSlot = 1;
  #waiting = [];

  constructor(layout) {
    this.beacon = new BeaconApi(layout.beaconUrl);
    this.#observer = new Tail(layout.observerLog);
    this.committees = new Committees();
    /** Attester duties of all validators, of all epochs seen. */
    this.duties = [];
    /** `{ attesters, sync, proposers }` by epoch. */
    this.epochs = new Map();
    /** Signed blocks by slot, with `version`. */
    this.blocks = new Map();
    /** Votes found in blocks: first inclusion by `slot/validator`. */
    this.included = new Map();
    this.gaps = [];
  }

  /** Reads the observer's log. */
  readObserver() {
    for (const entry of this.#observer.read()) this.observe(entry);
  }

  observe(entry) {
    if (entry.type === "gap") this.gaps.push(entry);
    if (entry.type === "duties" && !this.epochs.has(entry.epoch)) {
      this.epochs.set(entry.epoch, entry);
      this.committees.addDuties(entry.attesters);
      this.duties.push(...entry.attesters);
    }
  }

  /** Reads the blocks of `beacon` up to its head, whose slot it returns. */
  async readBlocks(beacon = this.beacon) {
    const headSlot = await beacon.headSlot();
    for (; this.#nextSlot <= headSlot; this.#nextSlot++) {
      const block = await beacon.versionedBlock(this.#nextSlot);
      if (block) this.#waiting.push(block);
    }
    this.#waiting = this.#waiting.filter((block) => !this.#take(block));
    return headSlot;
  }

  /** Reads a block's votes as soon as the committees they name are known. */
  #take(block) {
    const slots = block.message.body.attestations.map((attestation) => Number(attestation.data.slot));
    if (!slots.every((slot) => this.committees.has(slot))) return false;
    this.blocks.set(Number(block.message.slot), block);
    for (const vote of votesOfBlock(block, this.committees)) this.include(vote);
    return true;
  }

  /** Takes note of a vote found in a block. */
  include(vote) {
    if (!this.included.has(dutyKey(vote))) this.included.set(dutyKey(vote), vote);
  }

  dutiesOfEpoch(epoch) {
    const duties = this.epochs.get(epoch);
    if (!duties) throw new Error(`the duties of epoch ${epoch} were not observed`);
    return duties;
  }

  /** Attester duties of `slot`. */
  dutiesOfSlot(slot) {
    return this.dutiesOfEpoch(epochOf(slot)).attesters.filter((duty) => duty.slot === slot);
  }

  /**
   * Members of the sync committee that sign in `slot`: their messages go into the next slot's block and are judged by that slot's
   * committee, so the last slot of a period belongs to the next one (consensus-specs, altair validator guide).
   */
  syncDutiesOf(slot) {
    return this.dutiesOfEpoch(epochOf(slot + 1)).sync;
  }

  /** Who proposes in `slot`. */
  proposerOf(slot) {
    return this.dutiesOfEpoch(epochOf(slot)).proposers.find((duty) => duty.slot === slot)?.validator;
  }
}
