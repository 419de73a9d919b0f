// What was seen so far of the chain, and of the four operators' traffic by the proxies' logs. Read again with `refresh`,
// which takes only what is new.
import { OPERATORS } from "../lib/layout.mjs";
import { ChainEvidence, Tail } from "./chain-evidence.mjs";
import { voteOf } from "./votes.mjs";

const PUBLISH_VOTES = "/eth/v2/beacon/pool/attestations";
const PUBLISH_SYNC = "/eth/v1/beacon/pool/sync_committees";
const ATTESTATION_DATA = "/eth/v1/validator/attestation_data";

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

export class Evidence extends ChainEvidence {
  #proxies;

  constructor(layout) {
    super(layout);
    this.#proxies = new Map(OPERATORS.map((operator) => [operator, new Tail(layout.proxyLog(operator, "beacon"))]));
    this.traffic = new Map(OPERATORS.map((operator) => [operator, new Traffic()]));
    /** Votes from `single_attestation` events. */
    this.announced = [];
    /** Votes found in blocks, one entry per inclusion. */
    this.inBlocks = [];
  }

  async refresh() {
    this.readObserver();
    for (const [operator, tail] of this.#proxies) for (const entry of tail.read()) this.traffic.get(operator).add(entry);
    return this.readBlocks();
  }

  observe(entry) {
    super.observe(entry);
    if (entry.type === "event" && entry.event === "single_attestation") this.announced.push(voteOf(entry.data.attester_index, entry.data.data));
  }

  include(vote) {
    super.include(vote);
    this.inBlocks.push(vote);
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
