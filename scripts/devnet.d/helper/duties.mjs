// What the helper's validators do in one slot: propose, vote, sign the head for the sync committee, aggregate both.
import * as params from "@lodestar/params";
import { isAggregatorFromCommitteeLength, isSyncCommitteeAggregator } from "@lodestar/state-transition";
import { ssz } from "@lodestar/types";
import { valueOf } from "./client.mjs";

const SUBCOMMITTEE_SIZE = params.SYNC_COMMITTEE_SIZE / params.SYNC_COMMITTEE_SUBNET_COUNT;

/** Who votes and who proposes in `epoch`. */
export async function fetchDuties(api, indices, epoch) {
  const [attesters, proposers] = await Promise.all([api.validator.getAttesterDuties({ epoch, indices }), api.validator.getProposerDuties({ epoch })]);
  return { attesters: valueOf(attesters), proposers: valueOf(proposers) };
}

/** Who of `indices` is in the sync committee of `epoch`. */
export async function fetchSyncDuties(api, indices, epoch) {
  return valueOf(await api.validator.getSyncCommitteeDuties({ epoch, indices }));
}

/**
 * Announces the proposers, as validator clients do every epoch. Unannounced, the beacon node starts to build a payload
 * only when asked for the block, and waits half a second for it.
 */
export async function announceProposers(api, indices) {
  const feeRecipient = `0x${"ab".repeat(20)}`;
  valueOf(await api.validator.prepareBeaconProposer({ proposers: indices.map((validatorIndex) => ({ validatorIndex, feeRecipient })) }));
}

/** One slot's work; each step returns how many objects the node accepted. */
export class SlotDuties {
  #data = null;
  #headRoot = null;

  /** `duties` are those of the slot's epoch, `syncDuties` those of the next slot's: its block takes the messages. */
  constructor({ api, signer, slot, duties, syncDuties }) {
    Object.assign(this, { api, signer, slot });
    this.attesters = duties.attesters.filter((duty) => duty.slot === slot);
    this.proposer = duties.proposers.find((duty) => duty.slot === slot && signer.has(duty.validatorIndex));
    this.sync = syncDuties;
  }

  async propose() {
    if (!this.proposer || this.slot === 0) return 0;
    const { api, signer, slot } = this;
    const index = this.proposer.validatorIndex;
    const answer = await api.validator.produceBlockV3({ slot, randaoReveal: signer.randao(index, slot), graffiti: "helper", builderBoostFactor: 0n });
    const contents = valueOf(answer);
    const message = contents.block ?? contents;
    const signedBlock = { message, signature: signer.block(index, message) };
    const { kzgProofs = [], blobs = [] } = contents;
    valueOf(await api.beacon.publishBlockV2({ signedBlockContents: { signedBlock, kzgProofs, blobs } }));
    return 1;
  }

  async vote() {
    if (this.attesters.length === 0) return 0;
    const { api, signer, slot } = this;
    const data = valueOf(await api.validator.produceAttestationData({ slot, committeeIndex: 0 }));
    const root = signer.attestationRoot(data);
    const signedAttestations = this.attesters.map(({ validatorIndex, committeeIndex }) => ({
      committeeIndex,
      attesterIndex: validatorIndex,
      data,
      signature: signer.sign(validatorIndex, root),
    }));
    valueOf(await api.beacon.submitPoolAttestationsV2({ signedAttestations }));
    this.#data = data;
    return signedAttestations.length;
  }

  async signHead() {
    if (this.sync.length === 0) return 0;
    const { api, signer, slot } = this;
    const { root: beaconBlockRoot } = valueOf(await api.beacon.getBlockRoot({ blockId: "head" }));
    const root = signer.syncMessageRoot(slot, beaconBlockRoot);
    const signatures = this.sync.map(({ validatorIndex }) => ({
      slot,
      beaconBlockRoot,
      validatorIndex,
      signature: signer.sign(validatorIndex, root),
    }));
    valueOf(await api.beacon.submitPoolSyncCommitteeSignatures({ signatures }));
    this.#headRoot = beaconBlockRoot;
    return signatures.length;
  }

  /** One aggregate per beacon committee that has a member here. */
  async aggregateVotes() {
    const { api, signer, slot } = this;
    if (!this.#data) return 0;
    const attestationDataRoot = ssz.phase0.AttestationData.hashTreeRoot(this.#data);
    const signedAggregateAndProofs = await Promise.all(
      this.#aggregators().map(async ({ validatorIndex, committeeIndex, selectionProof }) => {
        const answer = await api.validator.getAggregatedAttestationV2({ attestationDataRoot, slot, committeeIndex });
        const message = { aggregatorIndex: validatorIndex, aggregate: valueOf(answer), selectionProof };
        return { message, signature: signer.aggregateAndProof(validatorIndex, message) };
      }),
    );
    if (signedAggregateAndProofs.length > 0) valueOf(await api.validator.publishAggregateAndProofsV2({ signedAggregateAndProofs }));
    return signedAggregateAndProofs.length;
  }

  #aggregators() {
    const chosen = new Map();
    for (const { validatorIndex, committeeIndex, committeeLength } of this.attesters) {
      if (chosen.has(committeeIndex)) continue;
      const selectionProof = this.signer.selectionProof(validatorIndex, this.slot);
      if (isAggregatorFromCommitteeLength(committeeLength, selectionProof)) chosen.set(committeeIndex, { validatorIndex, committeeIndex, selectionProof });
    }
    return [...chosen.values()];
  }

  /** One contribution per sync subcommittee that has a member here. */
  async contribute() {
    const { api, signer, slot } = this;
    if (!this.#headRoot) return 0;
    const contributionAndProofs = await Promise.all(
      this.#contributors().map(async ({ validatorIndex, subcommitteeIndex, selectionProof }) => {
        const answer = await api.validator.produceSyncCommitteeContribution({ slot, subcommitteeIndex, beaconBlockRoot: this.#headRoot });
        const message = { aggregatorIndex: validatorIndex, contribution: valueOf(answer), selectionProof };
        return { message, signature: signer.contributionAndProof(validatorIndex, message) };
      }),
    );
    if (contributionAndProofs.length > 0) valueOf(await api.validator.publishContributionAndProofs({ contributionAndProofs }));
    return contributionAndProofs.length;
  }

  #contributors() {
    const chosen = new Map();
    for (const { validatorIndex, validatorSyncCommitteeIndices } of this.sync) {
      for (const position of validatorSyncCommitteeIndices) {
        const subcommitteeIndex = Math.floor(position / SUBCOMMITTEE_SIZE);
        if (chosen.has(subcommitteeIndex)) continue;
        const selectionProof = this.signer.syncSelectionProof(validatorIndex, this.slot, subcommitteeIndex);
        if (isSyncCommitteeAggregator(selectionProof)) chosen.set(subcommitteeIndex, { validatorIndex, subcommitteeIndex, selectionProof });
      }
    }
    return [...chosen.values()];
  }
}
