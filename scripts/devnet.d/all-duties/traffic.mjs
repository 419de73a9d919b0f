// One operator's traffic with all its beacon nodes: what it published, announced and subscribed to, and what was refused.
import { publishedIn } from "./published.mjs";

const PREPARATIONS = "/eth/v1/validator/prepare_beacon_proposer";
const SUBSCRIPTIONS = "/eth/v1/validator/beacon_committee_subscriptions";
const REGISTRATIONS = "/eth/v1/validator/register_validator";
const BLOCK_QUESTION = /^\/eth\/v3\/validator\/blocks\/(\d+)/;
/** Refusals kept word by word. */
const MOST_REFUSALS = 2_000;

export class Traffic {
  /** Everything published, by the key of its duty: first sent, and whether any node took it. */
  published = new Map();
  /** `{ role, slot, status, answer, node }` of requests that published something and were not answered 2xx. */
  refusals = [];
  /** Fee recipients announced, by validator index. */
  preparations = new Map();
  /** `slot/validator` of every attester duty whose subnet was subscribed to. */
  subscriptions = new Set();
  /** Signed registrations as they were handed to the beacon nodes. */
  registrations = [];
  /** Questions for a block: `{ slot, node, askedMicros, answeredMicros, status }`. */
  blockQuestions = [];
  /** Answered exchanges by node: `{ micros, status }`. */
  exchanges = new Map();
  /** First bytes of head events: `{ slot, micros, node }`. */
  heads = [];

  /** Takes a line of the log of the proxy before `node`. */
  add(entry, node) {
    if (entry.type === "event" && entry.event === "head") this.heads.push({ slot: Number(JSON.parse(entry.data).slot), micros: entry.micros, node });
    if (entry.type !== "exchange") return;
    if (!this.exchanges.has(node)) this.exchanges.set(node, []);
    this.exchanges.get(node).push({ micros: entry.request_micros, answeredMicros: entry.response_micros ?? null, status: entry.status });
    const question = BLOCK_QUESTION.exec(entry.path);
    if (question) {
      const { request_micros: askedMicros, response_end_micros: answeredMicros, status } = entry;
      this.blockQuestions.push({ slot: Number(question[1]), node, askedMicros, answeredMicros, status });
    }
    if (entry.method === "POST") this.#addPost(entry, node);
  }

  #addPost(entry, node) {
    const items = publishedIn(entry);
    for (const item of items) this.#addPublished(item);
    if (items.length > 0 && !(entry.status < 300) && this.refusals.length < MOST_REFUSALS) {
      this.refusals.push({ role: items[0].role, slot: items[0].slot, status: entry.status, answer: entry.response_body, node });
    }
    if (!entry.request_body) return;
    if (entry.path === PREPARATIONS) for (const { validator_index, fee_recipient } of JSON.parse(entry.request_body)) this.preparations.set(Number(validator_index), fee_recipient.toLowerCase());
    if (entry.path === SUBSCRIPTIONS) for (const { slot, validator_index } of JSON.parse(entry.request_body)) this.subscriptions.add(`${slot}/${validator_index}`);
    if (entry.path === REGISTRATIONS) for (const registration of JSON.parse(entry.request_body)) this.registrations.push({ ...registration, status: entry.status, micros: entry.request_micros });
  }

  #addPublished(item) {
    const known = this.published.get(item.key);
    if (!known) this.published.set(item.key, item);
    else {
      known.micros = Math.min(known.micros, item.micros);
      known.isAccepted ||= item.isAccepted;
    }
  }

  /** Keys of what was taken by a node, in slots `from` to `to`. */
  accepted(role, { from, to }) {
    const items = [...this.published.values()].filter((item) => item.role === role && item.slot >= from && item.slot <= to && item.isAccepted);
    return new Set(items.map(({ key }) => key));
  }
}
