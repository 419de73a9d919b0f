// The questions that status and checks ask the beacon node. Numbers come back as numbers.
import { HttpError, request } from "./http.mjs";
import { SLOTS_PER_EPOCH } from "./layout.mjs";

export const epochOf = (slot) => Math.floor(slot / SLOTS_PER_EPOCH);
export const firstSlotOf = (epoch) => epoch * SLOTS_PER_EPOCH;

export class BeaconApi {
  #genesis = null;

  constructor(url) {
    this.url = url;
  }

  async #data(path, options) {
    return (await request(`${this.url}${path}`, options)).data;
  }

  async #post(path, body) {
    return this.#data(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** `{ genesisMillis, slotMillis }`, asked once. */
  async clock() {
    this.#genesis ??= Promise.all([this.#data("/eth/v1/beacon/genesis"), this.#data("/eth/v1/config/spec")]).then(([genesis, spec]) => ({
      genesisMillis: Number(genesis.genesis_time) * 1000,
      slotMillis: Number(spec.SECONDS_PER_SLOT) * 1000,
    }));
    return this.#genesis;
  }

  async currentSlot() {
    const { genesisMillis, slotMillis } = await this.clock();
    return Math.floor((Date.now() - genesisMillis) / slotMillis);
  }

  async headSlot() {
    return Number((await this.#data("/eth/v1/node/syncing")).head_slot);
  }

  /** Justified and finalized epoch of the head state. */
  async finality() {
    const checkpoints = await this.#data("/eth/v1/beacon/states/head/finality_checkpoints");
    return { justified: Number(checkpoints.current_justified.epoch), finalized: Number(checkpoints.finalized.epoch) };
  }

  /** The signed block of `slot` with the name of its fork as `version`, or null when the slot is empty. */
  async versionedBlock(slot) {
    try {
      const { version, data } = await request(`${this.url}/eth/v2/beacon/blocks/${slot}`);
      return { version, ...data };
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return null;
      throw error;
    }
  }

  async proposerDuties(epoch) {
    const duties = await this.#data(`/eth/v1/validator/duties/proposer/${epoch}`);
    return duties.map((duty) => ({ validator: Number(duty.validator_index), slot: Number(duty.slot) }));
  }

  /** `{ status, exitEpoch }` of a validator in the head state. */
  async validator(index) {
    const { status, validator } = await this.#data(`/eth/v1/beacon/states/head/validators/${index}`);
    return { status, exitEpoch: Number(validator.exit_epoch) };
  }

  async attesterDuties(epoch, indices) {
    const duties = await this.#post(`/eth/v1/validator/duties/attester/${epoch}`, indices.map(String));
    return duties.map((duty) => ({
      validator: Number(duty.validator_index),
      slot: Number(duty.slot),
      committee: Number(duty.committee_index),
      position: Number(duty.validator_committee_index),
      length: Number(duty.committee_length),
    }));
  }

  async syncDuties(epoch, indices) {
    const duties = await this.#post(`/eth/v1/validator/duties/sync/${epoch}`, indices.map(String));
    return duties.map((duty) => ({ validator: Number(duty.validator_index), positions: duty.validator_sync_committee_indices.map(Number) }));
  }

  /** Indices that were seen signing in `epoch` (this or the last). */
  async live(epoch, indices) {
    const answers = await this.#post(`/eth/v1/validator/liveness/${epoch}`, indices.map(String));
    return answers.filter((answer) => answer.is_live).map((answer) => Number(answer.index));
  }

  /** `{ status, body }` of a POST whose refusal is an answer, not an error. */
  async tryPost(path, body) {
    try {
      await request(`${this.url}${path}`, { method: "POST", body: JSON.stringify(body), headers: { "eth-consensus-version": "fulu" } });
      return { status: 200, body: "" };
    } catch (error) {
      if (error instanceof HttpError) return { status: error.status, body: error.body };
      throw error;
    }
  }
}
