import assert from "node:assert/strict";
import { test } from "node:test";
import { SecretKey } from "@chainsafe/blst";
import { computeSigningRoot } from "@lodestar/state-transition";
import { ArrayOf, ssz } from "@lodestar/types";
import { interopSecret } from "../lib/interop.mjs";
import { readRegistrations } from "../relay/registrations.mjs";

const FORK = "0x00000001";
const key = SecretKey.fromBytes(interopSecret(3));
const message = { feeRecipient: Buffer.alloc(20, 0x11), gasLimit: 30_000_000, timestamp: 1_700_000_000, pubkey: key.toPublicKey().toBytes() };

/** By the rule, written out: domain type 0x00000001 and the root of the fork data of (fork version, zero root). */
function signed(object, { forkVersion = FORK } = {}) {
  const forkRoot = ssz.phase0.ForkData.hashTreeRoot({ currentVersion: Buffer.from(forkVersion.slice(2), "hex"), genesisValidatorsRoot: new Uint8Array(32) });
  const domain = Buffer.concat([Buffer.from("00000001", "hex"), Buffer.from(forkRoot).subarray(0, 28)]);
  return { message: object, signature: key.sign(computeSigningRoot(ssz.bellatrix.ValidatorRegistrationV1, object, domain)).toBytes() };
}

const List = ArrayOf(ssz.bellatrix.SignedValidatorRegistrationV1);
const json = (list) => Buffer.from(JSON.stringify(List.toJson(list)));

test("a registration under the builder domain of the genesis fork is good, in JSON and in SSZ", () => {
  const list = [signed(message)];
  assert.deepEqual(readRegistrations(json(list), "application/json", FORK).bad, []);
  assert.equal(readRegistrations(Buffer.from(List.serialize(list)), "application/octet-stream", FORK).good.length, 1);
});

test("another fork, another content and no signature at all are bad", () => {
  const spoilt = [
    signed(message, { forkVersion: "0x05000001" }),
    { ...signed(message), message: { ...message, gasLimit: 36_000_000 } },
    { message, signature: new Uint8Array(96).fill(7) },
  ];
  const { good, bad } = readRegistrations(json([signed(message), ...spoilt]), "application/json", FORK);
  assert.deepEqual([good.length, bad.length, bad[1].gas_limit], [1, 3, "36000000"]);
});
