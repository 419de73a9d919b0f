// Who was to aggregate, computed from the validators' secrets: selection proofs are signatures, and everybody knows the
// interop keys.
import * as params from "@lodestar/params";
import { isAggregatorFromCommitteeLength, isSyncCommitteeAggregator } from "@lodestar/state-transition";
import { keyOf } from "./published.mjs";

const SUBCOMMITTEE_SIZE = params.SYNC_COMMITTEE_SIZE / params.SYNC_COMMITTEE_SUBNET_COUNT;

/** Signs with the keys of interop validators: `helper/signer.mjs` of the network's configuration. */
export class Selection {
  #signer;
  #isAggregator;
  #isContributor;
  #subcommitteeSize;

  constructor(signer, { isAggregator = isAggregatorFromCommitteeLength, isContributor = isSyncCommitteeAggregator, subcommitteeSize = SUBCOMMITTEE_SIZE } = {}) {
    this.#signer = signer;
    this.#isAggregator = isAggregator;
    this.#isContributor = isContributor;
    this.#subcommitteeSize = subcommitteeSize;
  }

  /** Keys of the aggregates that `duties` (of attesters) call for. */
  aggregators(duties) {
    const selected = duties.filter(({ validator, slot, length }) => this.#isAggregator(length, this.#signer.selectionProof(validator, slot)));
    return new Set(selected.map(({ validator, slot }) => keyOf("aggregator", slot, validator)));
  }

  /** The subcommittees of these positions: in each a validator may be selected. */
  subcommittees(positions) {
    return new Set(positions.map((position) => Math.floor(position / this.#subcommitteeSize)));
  }

  /** Keys of the contributions that the sync committee's `members` owe in `slot`: one per validator and subcommittee. */
  contributors(slot, members) {
    const selected = new Set();
    for (const { validator, positions } of members) {
      for (const part of this.subcommittees(positions)) {
        if (this.#isContributor(this.#signer.syncSelectionProof(validator, slot, part))) selected.add(keyOf("sync_committee_contribution", slot, validator, part));
      }
    }
    return selected;
  }
}

/** The key of the duty that a contribution's key belongs to: a validator has one, whatever its subcommittees. */
export const dutyOfKey = (key) => key.split("/").slice(0, 3).join("/");
