// What an operator published, read from the bodies that its proxies wrote down.

/**
 * One object that a beacon node was given. `key` names the duty: role, slot, validator, and where a validator has several
 * in one slot, which.
 * @typedef {{ role: string, slot: number, validator: number, key: string, micros: number, isAccepted: boolean, detail: object }} Published
 */

export const keyOf = (role, slot, validator, part) => [role, slot, validator, ...(part === undefined ? [] : [part])].join("/");

export const validatorOfKey = (key) => Number(key.split("/")[2]);

const VERSIONED = /^\/eth\/v\d\//;
const READERS = {
  "beacon/pool/attestations": (items) => items.map(({ attester_index, data }) => object("attester", data.slot, attester_index)),
  "beacon/pool/sync_committees": (items) => items.map(({ slot, validator_index }) => object("sync_committee", slot, validator_index)),
  "validator/aggregate_and_proofs": (items) =>
    items.map(({ message }) => object("aggregator", message.aggregate.data.slot, message.aggregator_index)),
  "validator/contribution_and_proofs": (items) =>
    items.map(({ message: { aggregator_index, contribution } }) => {
      const part = Number(contribution.subcommittee_index);
      return { ...object("sync_committee_contribution", contribution.slot, aggregator_index), part };
    }),
  "beacon/pool/voluntary_exits": ({ message }) => [object("voluntary_exit", message.epoch, message.validator_index)],
};

const object = (role, slot, validator, detail = {}) => ({ role, slot: Number(slot), validator: Number(validator), detail });

/** Position of the message in a signed block: past the offset of the message and the signature. */
const MESSAGE_AT = 4 + 96;

/** Slot and proposer of a signed block by its first bytes: blinded, or with its payload and the offsets of its blobs. */
function readBlock(bytes, isBlinded) {
  const at = (isBlinded ? 0 : bytes.readUInt32LE(0)) + MESSAGE_AT;
  return object("proposer", bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8), { isBlinded });
}

function readBlockJson(text, isBlinded) {
  const [, slot] = /"slot":"(\d+)"/.exec(text) ?? [];
  const [, proposer] = /"proposer_index":"(\d+)"/.exec(text) ?? [];
  if (slot === undefined || proposer === undefined) throw new Error("a block whose first bytes name no slot and proposer");
  return object("proposer", slot, proposer, { isBlinded });
}

/** Indices of the items that the beacon node refused; null when it took none. */
function refusedItems({ status, response_body: body }) {
  if (status === null || status >= 500) return null;
  if (status < 300) return new Set();
  try {
    const { failures } = JSON.parse(body);
    return failures === undefined || failures.length === 0 ? null : new Set(failures.map(({ index }) => Number(index)));
  } catch {
    return null;
  }
}

/** The objects of one exchange; empty when it published none. */
export function publishedIn(entry) {
  if (entry.type !== "exchange" || entry.method !== "POST" || !VERSIONED.test(entry.path)) return [];
  const [path] = entry.path.replace(VERSIONED, "").split("?");
  const isBlinded = path === "beacon/blinded_blocks";
  let objects;
  if (isBlinded || path === "beacon/blocks") {
    objects = [entry.request_base64 ? readBlock(Buffer.from(entry.request_base64, "base64"), isBlinded) : readBlockJson(entry.request_body, isBlinded)];
  } else if (READERS[path]) {
    objects = READERS[path](JSON.parse(entry.request_body));
  } else return [];
  const refused = refusedItems(entry);
  return objects.map((each, index) => ({
    ...each,
    key: keyOf(each.role, each.slot, each.validator, each.part),
    micros: entry.request_micros,
    isAccepted: refused !== null && !refused.has(index),
  }));
}
