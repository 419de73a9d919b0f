// Builder registrations and their signatures: the application builder domain of the genesis fork version, with no genesis
// validators root, as every relay checks them.
import { PublicKey, Signature, verify } from "@chainsafe/blst";
import { DOMAIN_APPLICATION_BUILDER } from "@lodestar/params";
import { computeDomain, computeSigningRoot } from "@lodestar/state-transition";
import { ArrayOf, ssz } from "@lodestar/types";

const NO_ROOT = new Uint8Array(32);
const List = ArrayOf(ssz.bellatrix.SignedValidatorRegistrationV1);

/** Whether the registration was signed by the validator that it names. `forkVersion` is 0x-hex. */
export function isSigned({ message, signature }, forkVersion) {
  const domain = computeDomain(DOMAIN_APPLICATION_BUILDER, Buffer.from(forkVersion.slice(2), "hex"), NO_ROOT);
  const root = computeSigningRoot(ssz.bellatrix.ValidatorRegistrationV1, message, domain);
  try {
    return verify(root, PublicKey.fromBytes(message.pubkey, true), Signature.fromBytes(signature, true));
  } catch {
    return false; // not on the curve: no signature at all
  }
}

const told = ({ message }) => ssz.bellatrix.ValidatorRegistrationV1.toJson(message);

/** `{ good, bad }`: the registrations of a request's body, by whether their signatures verify. */
export function readRegistrations(body, contentType, forkVersion) {
  const isSsz = contentType?.startsWith("application/octet-stream");
  const registrations = isSsz ? List.deserialize(body) : List.fromJson(JSON.parse(body.toString("utf8")));
  const result = { good: [], bad: [] };
  for (const registration of registrations) (isSigned(registration, forkVersion) ? result.good : result.bad).push(told(registration));
  return result;
}
