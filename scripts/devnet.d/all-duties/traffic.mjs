// One operator's traffic with all its beacon nodes: what it published and announced, and what was refused.
import { Announced } from "./announced.mjs";
import { publishedIn } from "./published.mjs";

const PREPARATIONS = "/eth/v1/validator/prepare_beacon_proposer";
const SUBSCRIPTIONS = "/eth/v1/validator/beacon_committee_subscriptions";
const SYNC_SUBSCRIPTIONS = "/eth/v1/validator/sync_committee_subscriptions";
/** Refusals kept word by word. */
const MOST_REFUSALS = 2_000;

export class Traffic {
  /** Everything published, by the key of its duty: first sent, and whether any node took it. */
  published = new Map();
  /** `{ role, slot, status, answer, node }` of requests that published something and were not answered 2xx. */
  refusals = [];
  /** What each node was told beforehand and took, by node: `Announced`. */
  announced = new Map();
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
    if (entry.method === "POST") this.#addPost(entry, node);
  }

  #addPost(entry, node) {
    const items = publishedIn(entry);
    for (const item of items) this.#addPublished(item);
    if (items.length > 0 && !(entry.status < 300) && this.refusals.length < MOST_REFUSALS) {
      this.refusals.push({ role: items[0].role, slot: items[0].slot, status: entry.status, answer: entry.response_body, node });
    }
    if (entry.request_body && entry.status >= 200 && entry.status < 300) this.#addAnnouncement(entry, node);
  }

  #addAnnouncement({ path, request_body: body, request_micros: micros }, node) {
    if (!this.announced.has(node)) this.announced.set(node, new Announced());
    const announced = this.announced.get(node);
    if (path === PREPARATIONS) for (const { validator_index, fee_recipient } of JSON.parse(body)) announced.prepare(Number(validator_index), { micros, recipient: fee_recipient.toLowerCase() });
    if (path === SUBSCRIPTIONS) for (const { slot, validator_index } of JSON.parse(body)) announced.subscribe(`${slot}/${validator_index}`, micros);
    if (path === SYNC_SUBSCRIPTIONS) for (const item of JSON.parse(body)) announced.subscribeSync(Number(item.validator_index), { micros, untilEpoch: Number(item.until_epoch), positions: item.sync_committee_indices.map(Number) });
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
