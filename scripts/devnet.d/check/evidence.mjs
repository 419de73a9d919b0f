// What was seen so far: the proxies' logs, the observer's log, and the blocks of the beacon node. Read again with
// `refresh`, which takes only what is new.
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { BeaconApi, epochOf } from "../lib/beacon-api.mjs";
import { OPERATORS } from "../lib/layout.mjs";
import { dutyKey } from "./inclusion.mjs";
import { Committees, voteOf, votesOfBlock } from "./votes.mjs";

const PUBLISH_VOTES = "/eth/v2/beacon/pool/attestations";
const PUBLISH_SYNC = "/eth/v1/beacon/pool/sync_committees";
const ATTESTATION_DATA = "/eth/v1/validator/attestation_data";

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

/** One operator's traffic with its beacon node. */
class Traffic {
  /** Publishing requests: `{ role, slot, micros, status, votes }`; sync messages count as votes without an identity. */
  posts = [];
  /** First bytes of head events: `{ slot, micros }`. */
  heads = [];
  /** Answer times of attestation data: `{ slot, micros, answerMicros }`. */
  data = [];

  add(entry) {
    if (entry.type === "event" && entry.event === "head") this.heads.push({ slot: Number(JSON.parse(entry.data).slot), micros: entry.micros });
    if (entry.type !== "exchange") return;
    const [path, query] = entry.path.split("?");
    if (entry.method === "POST" && path === PUBLISH_VOTES) this.#addPost("attester", entry, (item) => voteOf(item.attester_index, item.data));
    if (entry.method === "POST" && path === PUBLISH_SYNC) {
      this.#addPost("sync_committee", entry, (item) => ({ validator: Number(item.validator_index), slot: Number(item.slot) }));
    }
    if (path === ATTESTATION_DATA && entry.status === 200) {
      const slot = Number(new URLSearchParams(query).get("slot"));
      this.data.push({ slot, micros: entry.request_micros, answerMicros: entry.response_micros - entry.request_micros });
    }
  }

  #addPost(role, entry, read) {
    const votes = JSON.parse(entry.request_body).map(read);
    if (votes.length === 0) return;
    this.posts.push({ role, slot: votes[0].slot, micros: entry.request_micros, status: entry.status, answer: entry.response_body, votes });
  }
}

export class Evidence {
  #observer;
  #proxies;
  #nextSlot = 0;
  #waitingBlocks = [];

  constructor(layout) {
    this.beacon = new BeaconApi(layout.beaconUrl);
    this.#observer = new Tail(layout.observerLog);
    this.#proxies = new Map(OPERATORS.map((operator) => [operator, new Tail(layout.proxyLog(operator, "beacon"))]));
    this.traffic = new Map(OPERATORS.map((operator) => [operator, new Traffic()]));
    this.committees = new Committees();
    /** Attester duties of all validators, of all epochs seen. */
    this.duties = [];
    this.epochs = new Map();
    /** Votes from `single_attestation` events. */
    this.announced = [];
    /** Votes found in blocks, one entry per inclusion. */
    this.inBlocks = [];
    this.included = new Map();
    this.blocks = new Map();
    this.gaps = [];
  }

  async refresh() {
    for (const entry of this.#observer.read()) this.#observe(entry);
    for (const [operator, tail] of this.#proxies) for (const entry of tail.read()) this.traffic.get(operator).add(entry);
    const headSlot = await this.beacon.headSlot();
    for (; this.#nextSlot <= headSlot; this.#nextSlot++) {
      const block = this.#nextSlot === 0 ? null : await this.beacon.block(this.#nextSlot);
      if (block) this.#waitingBlocks.push(block);
    }
    this.#waitingBlocks = this.#waitingBlocks.filter((block) => !this.#take(block));
    return headSlot;
  }

  #observe(entry) {
    if (entry.type === "gap") this.gaps.push(entry);
    if (entry.type === "event" && entry.event === "single_attestation") this.announced.push(voteOf(entry.data.attester_index, entry.data.data));
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
    for (const vote of votesOfBlock(block, this.committees)) {
      this.inBlocks.push(vote);
      if (!this.included.has(dutyKey(vote))) this.included.set(dutyKey(vote), vote);
    }
    return true;
  }

  dutiesOfEpoch(epoch) {
    const duties = this.epochs.get(epoch);
    if (!duties) throw new Error(`the duties of epoch ${epoch} were not observed`);
    return duties;
  }

  dutiesOfSlot(slot) {
    return this.dutiesOfEpoch(epochOf(slot)).attesters.filter((duty) => duty.slot === slot);
  }

  /** Every vote seen anywhere, as often as it was seen. */
  *allVotes() {
    yield* this.announced;
    yield* this.inBlocks;
    for (const traffic of this.traffic.values()) {
      for (const post of traffic.posts) if (post.role === "attester") yield* post.votes;
    }
  }
}
