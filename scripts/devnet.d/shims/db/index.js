// An in-memory stand-in for the beacon node's database layer: the same repositories over sorted maps.
// A restart of the beacon node is a new chain, so nothing needs to outlive the process.

/** Length of the bucket prefix of every key, in bytes. */
export const BUCKET_LENGTH = 1;

function keyBytes(key) {
  if (typeof key === "string") return Buffer.from(key, "utf8");
  if (typeof key === "number" || typeof key === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(key));
    return bytes;
  }
  return Buffer.from(key);
}

export const encodeKey = (bucket, key) => Buffer.concat([Buffer.from([bucket]), keyBytes(key)]);

/** Big-endian, `size` bytes. */
export const encodeNumberForDbKey = (value, size) => Buffer.from(BigInt(value).toString(16).padStart(2 * size, "0"), "hex");
export const decodeNumberForDbKey = (bytes, size) => Number(BigInt(`0x${Buffer.from(bytes).subarray(0, size).toString("hex")}`));

const toText = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
const toBytes = (text) => Buffer.from(text, "hex");

/** Key-value store; one map per bucket, keys held as hex text, which sorts like the bytes. */
export class MemoryController {
  #buckets = new Map();

  #bucket(text) {
    const id = text.slice(0, 2 * BUCKET_LENGTH);
    let bucket = this.#buckets.get(id);
    if (!bucket) this.#buckets.set(id, (bucket = new Map()));
    return bucket;
  }

  #put(key, value) {
    const text = toText(key);
    this.#bucket(text).set(text, value);
  }

  #delete(key) {
    const text = toText(key);
    this.#bucket(text).delete(text);
  }

  #get(key) {
    const text = toText(key);
    return this.#bucket(text).get(text) ?? null;
  }

  /** Sorted [hex key, value] pairs inside the bounds of `options`. */
  #select(options = {}) {
    const bound = (key) => (key === undefined ? undefined : toText(key));
    const [gte, gt, lte, lt] = [options.gte, options.gt, options.lte, options.lt].map(bound);
    const low = gte ?? gt;
    const inside = (text) =>
      (gte === undefined || text >= gte) && (gt === undefined || text > gt) && (lte === undefined || text <= lte) && (lt === undefined || text < lt);
    const found = [];
    for (const [id, bucket] of this.#buckets) {
      if (low !== undefined && id < low.slice(0, id.length)) continue;
      for (const entry of bucket) if (inside(entry[0])) found.push(entry);
    }
    found.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    if (options.reverse) found.reverse();
    return options.limit === undefined || options.limit < 0 ? found : found.slice(0, options.limit);
  }

  setMetrics() {}
  async close() {}
  async compactRange() {}
  async approximateSize() {
    return 0;
  }
  async clear() {
    this.#buckets.clear();
  }
  async get(key) {
    return this.#get(key);
  }
  async getMany(keys) {
    return keys.map((key) => this.#get(key));
  }
  async put(key, value) {
    this.#put(key, value);
  }
  async delete(key) {
    this.#delete(key);
  }
  async batchPut(items) {
    for (const { key, value } of items) this.#put(key, value);
  }
  async batchDelete(keys) {
    for (const key of keys) this.#delete(key);
  }
  async batch(operations) {
    for (const { type, key, value } of operations) type === "put" ? this.#put(key, value) : this.#delete(key);
  }
  async keys(options) {
    return this.#select(options).map(([key]) => toBytes(key));
  }
  async values(options) {
    return this.#select(options).map(([, value]) => value);
  }
  async entries(options) {
    return this.#select(options).map(([key, value]) => ({ key: toBytes(key), value }));
  }
  async *keysStream(options) {
    yield* await this.keys(options);
  }
  async *valuesStream(options) {
    yield* await this.values(options);
  }
  async *entriesStream(options) {
    yield* await this.entries(options);
  }
}

/** Bytes by id, inside one bucket. */
export class BinaryRepository {
  constructor(config, db, bucket, bucketId) {
    Object.assign(this, { config, db, bucket, bucketId });
    this.minKey = encodeKey(bucket, Buffer.alloc(0));
    this.maxKey = encodeKey(bucket + 1, Buffer.alloc(0));
  }
  encodeKey(id) {
    return encodeKey(this.bucket, id);
  }
  decodeKey(key) {
    return key.subarray(BUCKET_LENGTH);
  }
  async has(id) {
    return (await this.getBinary(id)) !== null;
  }
  async getBinary(id) {
    return this.db.get(this.encodeKey(id));
  }
  async getManyBinary(ids) {
    return this.db.getMany(ids.map((id) => this.encodeKey(id)));
  }
  async putBinary(id, value) {
    return this.db.put(this.encodeKey(id), value);
  }
  async delete(id) {
    return this.db.delete(this.encodeKey(id));
  }
  async batchDelete(ids) {
    return this.db.batchDelete([...ids].map((id) => this.encodeKey(id)));
  }
  async batchPutBinary(items) {
    return this.db.batchPut([...items].map(({ key, value }) => ({ key: this.encodeKey(key), value })));
  }
  /** The caller's bounds on ids, as bounds on keys of this bucket. */
  dbFilterOptions(options = {}) {
    const bounds = {};
    if (options.gt !== undefined) bounds.gt = this.encodeKey(options.gt);
    else bounds.gte = options.gte === undefined ? this.minKey : this.encodeKey(options.gte);
    if (options.lte !== undefined) bounds.lte = this.encodeKey(options.lte);
    else bounds.lt = options.lt === undefined ? this.maxKey : this.encodeKey(options.lt);
    if (options.reverse !== undefined) bounds.reverse = options.reverse;
    if (options.limit !== undefined) bounds.limit = options.limit;
    return bounds;
  }
  async keys(options) {
    return (await this.db.keys(this.dbFilterOptions(options))).map((key) => this.decodeKey(key));
  }
  async *keysStream(options) {
    yield* await this.keys(options);
  }
  async *binaryEntriesStream(options) {
    for (const { key, value } of await this.db.entries(this.dbFilterOptions(options))) yield { key: this.decodeKey(key), value };
  }
  async firstKey() {
    return (await this.keys({ limit: 1 }))[0] ?? null;
  }
  async lastKey() {
    return (await this.keys({ limit: 1, reverse: true }))[0] ?? null;
  }
  async firstValueBinary() {
    return (await this.db.values(this.dbFilterOptions({ limit: 1 })))[0] ?? null;
  }
  async lastValueBinary() {
    return (await this.db.values(this.dbFilterOptions({ limit: 1, reverse: true })))[0] ?? null;
  }
}

/** Values of one SSZ type by id. */
export class Repository extends BinaryRepository {
  constructor(config, db, bucket, type, bucketId) {
    super(config, db, bucket, bucketId);
    this.type = type;
  }
  encodeValue(value) {
    return this.type.serialize(value);
  }
  decodeValue(bytes) {
    return this.type.deserialize(bytes);
  }
  getId(value) {
    return this.type.hashTreeRoot(value);
  }
  #decode(bytes) {
    return bytes === null ? null : this.decodeValue(bytes);
  }
  async get(id) {
    return this.#decode(await this.getBinary(id));
  }
  async getMany(ids) {
    return (await this.getManyBinary(ids)).map((bytes) => this.#decode(bytes));
  }
  async put(id, value) {
    return this.putBinary(id, this.encodeValue(value));
  }
  async add(value) {
    return this.put(this.getId(value), value);
  }
  async remove(value) {
    return this.delete(this.getId(value));
  }
  async batchPut(items) {
    return this.batchPutBinary([...items].map(({ key, value }) => ({ key, value: this.encodeValue(value) })));
  }
  async batchAdd(values) {
    return this.batchPut([...values].map((value) => ({ key: this.getId(value), value })));
  }
  async batchRemove(values) {
    return this.batchDelete([...values].map((value) => this.getId(value)));
  }
  async values(options) {
    return (await this.db.values(this.dbFilterOptions(options))).map((bytes) => this.decodeValue(bytes));
  }
  async *valuesStream(options) {
    yield* await this.values(options);
  }
  async entries(options) {
    return (await this.db.entries(this.dbFilterOptions(options))).map(({ key, value }) => ({ key: this.decodeKey(key), value: this.decodeValue(value) }));
  }
  async *entriesStream(options) {
    yield* await this.entries(options);
  }
  async firstValue() {
    return this.#decode(await this.firstValueBinary());
  }
  async lastValue() {
    return this.#decode(await this.lastValueBinary());
  }
  async firstEntry() {
    return (await this.entries({ limit: 1 }))[0] ?? null;
  }
  async lastEntry() {
    return (await this.entries({ limit: 1, reverse: true }))[0] ?? null;
  }
}

/** Values under a prefix and an id; subclasses say how both become key bytes. */
export class PrefixedRepository {
  constructor(config, db, bucket, type, bucketId) {
    Object.assign(this, { config, db, bucket, type, bucketId });
  }
  encodeValue(value) {
    return this.type.serialize(value);
  }
  decodeValue(bytes) {
    return this.type.deserialize(bytes);
  }
  wrapKey(raw) {
    return encodeKey(this.bucket, raw);
  }
  unwrapKey(key) {
    return key.subarray(BUCKET_LENGTH);
  }
  #key(prefix, id) {
    return this.wrapKey(this.encodeKeyRaw(prefix, id));
  }
  #range(prefix) {
    return { gte: this.wrapKey(this.getMinKeyRaw(prefix)), lte: this.wrapKey(this.getMaxKeyRaw(prefix)) };
  }
  async #entriesOf(prefixes) {
    const found = [];
    for (const prefix of [prefixes].flat()) found.push(...(await this.db.entries(this.#range(prefix))));
    return found;
  }
  async getBinary(prefix, id) {
    return this.db.get(this.#key(prefix, id));
  }
  async getManyBinary(prefix, ids) {
    return this.db.getMany(ids.map((id) => this.#key(prefix, id)));
  }
  async get(prefix, id) {
    const bytes = await this.getBinary(prefix, id);
    return bytes === null ? null : this.decodeValue(bytes);
  }
  async getMany(prefix, ids) {
    return (await this.getManyBinary(prefix, ids)).map((bytes) => (bytes === null ? null : this.decodeValue(bytes)));
  }
  async put(prefix, value) {
    return this.putBinary(prefix, this.getId(value), this.encodeValue(value));
  }
  async putBinary(prefix, id, bytes) {
    return this.db.put(this.#key(prefix, id), bytes);
  }
  async putMany(prefix, values) {
    return this.putManyBinary(prefix, [...values].map((value) => ({ key: this.getId(value), value: this.encodeValue(value) })));
  }
  async putManyBinary(prefix, items) {
    return this.db.batchPut([...items].map(({ key, value }) => ({ key: this.#key(prefix, key), value })));
  }
  async deleteMany(prefixes) {
    return this.db.batchDelete((await this.#entriesOf(prefixes)).map(({ key }) => key));
  }
  async values(prefixes) {
    return (await this.#entriesOf(prefixes)).map(({ value }) => this.decodeValue(value));
  }
  async *valuesStream(prefixes) {
    yield* await this.values(prefixes);
  }
  async valuesBinary(prefixes) {
    return (await this.#entriesOf(prefixes)).map(({ key, value }) => ({ ...this.decodeKeyRaw(this.unwrapKey(key)), value }));
  }
  async *valuesStreamBinary(prefixes) {
    yield* await this.valuesBinary(prefixes);
  }
  async keys(options = {}) {
    const bounds = {
      gte: options.gte ? this.wrapKey(this.getMinKeyRaw(options.gte.prefix)) : encodeKey(this.bucket, Buffer.alloc(0)),
      lt: options.lt ? this.#key(options.lt.prefix, options.lt.id ?? 0) : encodeKey(this.bucket + 1, Buffer.alloc(0)),
    };
    return (await this.db.keys(bounds)).map((key) => this.decodeKeyRaw(this.unwrapKey(key)));
  }
  async *keysStream(options) {
    yield* await this.keys(options);
  }
}
