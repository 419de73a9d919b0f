// Interop validator keys: secret key i is the little-endian number of SHA-256(i as 32 little-endian bytes), modulo the
// order of the BLS12-381 scalar field. Everybody knows them, so they serve local networks only.
import { createHash } from "node:crypto";

const CURVE_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** 32 bytes, big-endian. */
export function interopSecret(index) {
  const seed = Buffer.alloc(32);
  seed.writeUInt32LE(index);
  const digest = createHash("sha256").update(seed).digest().reverse();
  const scalar = BigInt(`0x${digest.toString("hex")}`) % CURVE_ORDER;
  return Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
}

/** Indices of `"0..95,98,100..255"`: ranges include both ends. */
export function parseRanges(text) {
  const indices = [];
  for (const part of text.split(",").filter(Boolean)) {
    const [first, last = first] = part.split("..").map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last < first) throw new Error(`not an index range: ${part}`);
    for (let index = first; index <= last; index++) indices.push(index);
  }
  return indices;
}
