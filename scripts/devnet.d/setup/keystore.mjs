// EIP-2335 keystores of interop keys. The work factor is low: everybody knows these keys anyway.
import { createCipheriv, createHash, pbkdf2Sync, randomBytes, randomUUID } from "node:crypto";

const ITERATIONS = 4096;
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** The keystore (version 4) of a 32-byte secret, as an object. */
export function encryptKeystore({ secret, publicKey, password }) {
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const derived = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const cipher = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv);
  const message = Buffer.concat([cipher.update(secret), cipher.final()]);
  const checksum = createHash("sha256").update(derived.subarray(16)).update(message).digest();
  return {
    crypto: {
      kdf: { function: "pbkdf2", params: { dklen: 32, c: ITERATIONS, prf: "hmac-sha256", salt: hex(salt) }, message: "" },
      checksum: { function: "sha256", params: {}, message: hex(checksum) },
      cipher: { function: "aes-128-ctr", params: { iv: hex(iv) }, message: hex(message) },
    },
    description: "interop validator of a local network",
    pubkey: hex(publicKey),
    path: "",
    uuid: randomUUID(),
    version: 4,
  };
}
