// Validators of the clusters: keystores, key shares and registration, all by the product's own commands. The keys are
// gone from the disk afterwards; what remains are the operators' encrypted shares on chain.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { SecretKey } from "@chainsafe/blst";
import { interopSecret } from "../lib/interop.mjs";
import { encryptKeystore } from "./keystore.mjs";

const publicKeyOf = (index) => SecretKey.fromBytes(interopSecret(index)).toPublicKey().toBytes();
export const publicKeyHex = (index) => `0x${Buffer.from(publicKeyOf(index)).toString("hex")}`;

/**
 * Registers the interop validators `indices` for the owner `address` (development account number `account`) in the
 * cluster of `operators`. Returns the transactions: `{ transaction_hash, block, count }`.
 */
export async function assignValidators(layout, capstan, { account, address, indices, operators }) {
  const dir = layout.path("staking", `${account}-${indices[0]}`);
  const keystores = `${dir}/keystores`;
  mkdirSync(keystores, { recursive: true, mode: 0o700 });
  try {
    const password = randomBytes(16).toString("hex");
    const passwordFile = `${dir}/password`;
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    for (const index of indices) {
      const keystore = encryptKeystore({ secret: interopSecret(index), publicKey: publicKeyOf(index), password });
      writeFileSync(`${keystores}/keystore-${String(index).padStart(3, "0")}.json`, JSON.stringify(keystore), { mode: 0o600 });
    }
    const keyshares = `${dir}/keyshares.json`;
    const { networkFile, executionUrl } = layout;
    await capstan.splitValidators({ networkFile, executionUrl, owner: address, operators, keystores, passwordFile, out: keyshares });
    const answer = await capstan.registerValidators({ networkFile, executionUrl, keyshares, signerKeyFile: layout.accountFile(account) });
    return answer.transactions.map(({ transaction_hash, block, validators }) => ({ transaction_hash, block, count: validators.length }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
