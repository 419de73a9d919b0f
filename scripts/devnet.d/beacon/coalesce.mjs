// What several operators publish at the same moment is judged once. They send the very same object, since their partial
// signatures make one signature, and the beacon node would verify each copy: it knows an object only when it has judged it.
// Byte for byte the same object gets the same answer; a refusal is remembered no longer than its judgement takes.

/** Accepted objects that are remembered: some slots of a network of this size. */
const MOST_REMEMBERED = 4_096;

export class Coalescer {
  #judged = new Map();
  #IndexedError;

  /** `IndexedError` is the beacon node's error for requests of which some items failed. */
  constructor(IndexedError) {
    this.#IndexedError = IndexedError;
  }

  /**
   * `publish` in the same form, which is called with one new item at a time.
   * @param {(request: object, ...rest: unknown[]) => Promise<unknown>} publish takes a list of items in `request[field]`
   * @param {(item: object) => Uint8Array} serialize all of an item
   */
  wrap(publish, field, serialize) {
    return async (request, ...rest) => {
      const results = await Promise.allSettled(
        request[field].map((item) => this.#judge(`${field}/${Buffer.from(serialize(item)).toString("base64")}`, () => publish({ ...request, [field]: [item] }, ...rest))),
      );
      const failures = results.flatMap(({ status, reason }, index) => (status === "rejected" ? [{ index, message: reason.failures?.[0]?.message ?? reason.message }] : []));
      if (failures.length > 0) throw new this.#IndexedError("Error processing what was published", failures);
    };
  }

  #judge(key, judge) {
    const known = this.#judged.get(key);
    if (known) return known;
    const verdict = Promise.resolve().then(judge);
    this.#judged.set(key, verdict);
    verdict.catch(() => this.#judged.delete(key));
    if (this.#judged.size > MOST_REMEMBERED) this.#judged.delete(this.#judged.keys().next().value);
    return verdict;
  }
}
