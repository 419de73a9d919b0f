// Signatures of interop validators over consensus objects.
import { SecretKey } from "@chainsafe/blst";
import * as params from "@lodestar/params";
import { computeSigningRoot } from "@lodestar/state-transition";
import { ssz } from "@lodestar/types";
import { epochOf } from "../lib/beacon-api.mjs";
import { interopSecret } from "../lib/interop.mjs";

export class Signer {
  #keys = new Map();

  /** `config` is a beacon config (it knows the fork versions and the genesis validators root). */
  constructor(config, indices) {
    this.config = config;
    for (const index of indices) this.#keys.set(index, SecretKey.fromBytes(interopSecret(index)));
  }

  get indices() {
    return [...this.#keys.keys()];
  }

  has(index) {
    return this.#keys.has(index);
  }

  /** The root that a validator signs: `object` under the domain of `type` at `slot`. */
  signingRoot(sszType, object, domainType, slot) {
    return computeSigningRoot(sszType, object, this.config.getDomain(slot, domainType, slot));
  }

  sign(index, root) {
    return this.#keys.get(index).sign(root).toBytes();
  }

  #signObject(index, sszType, object, domainType, slot) {
    return this.sign(index, this.signingRoot(sszType, object, domainType, slot));
  }

  /** One root for all voters of the slot; sign it once per voter with `sign`. */
  attestationRoot(data) {
    return this.signingRoot(ssz.phase0.AttestationData, data, params.DOMAIN_BEACON_ATTESTER, data.target.epoch * params.SLOTS_PER_EPOCH);
  }

  syncMessageRoot(slot, blockRoot) {
    return this.signingRoot(ssz.Root, blockRoot, params.DOMAIN_SYNC_COMMITTEE, slot);
  }

  randao(index, slot) {
    return this.#signObject(index, ssz.Epoch, epochOf(slot), params.DOMAIN_RANDAO, slot);
  }

  block(index, block) {
    return this.#signObject(index, this.config.getForkTypes(block.slot).BeaconBlock, block, params.DOMAIN_BEACON_PROPOSER, block.slot);
  }

  selectionProof(index, slot) {
    return this.#signObject(index, ssz.Slot, slot, params.DOMAIN_SELECTION_PROOF, slot);
  }

  aggregateAndProof(index, message) {
    return this.#signObject(index, ssz.electra.AggregateAndProof, message, params.DOMAIN_AGGREGATE_AND_PROOF, message.aggregate.data.slot);
  }

  syncSelectionProof(index, slot, subcommitteeIndex) {
    const data = { slot, subcommitteeIndex };
    return this.#signObject(index, ssz.altair.SyncAggregatorSelectionData, data, params.DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF, slot);
  }

  contributionAndProof(index, message) {
    return this.#signObject(index, ssz.altair.ContributionAndProof, message, params.DOMAIN_CONTRIBUTION_AND_PROOF, message.contribution.slot);
  }
}
