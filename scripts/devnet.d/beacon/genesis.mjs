// Chain configuration and genesis state: interop validators, every fork up to Electra active from
// genesis, and Fulu from an epoch of choice.
import { createBeaconConfig, createChainForkConfig } from "@lodestar/config";
import { mainnetChainConfig, minimalChainConfig } from "@lodestar/config/configs";
import { ACTIVE_PRESET, ForkSeq } from "@lodestar/params";
import { createCachedBeaconState } from "@lodestar/state-transition";
import { ssz } from "@lodestar/types";
import { CHAIN_ID } from "../lib/layout.mjs";
import { internal } from "./lodestar.mjs";

const { createPubkeyCache } = await internal("@lodestar/state-transition", "cache/pubkeyCache.js");
const { initializeProposerLookahead } = await internal("@lodestar/state-transition", "util/fulu.js");
const { initDevState } = await internal("@lodestar/beacon-node", "node/utils/state.js");

const FORKS = ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU", "GLOAS"];

function forkEpoch(fork, fuluEpoch) {
  if (fork === "FULU") return fuluEpoch;
  return FORKS.indexOf(fork) < FORKS.indexOf("FULU") ? 0 : Number.POSITIVE_INFINITY;
}

function chainConfig({ secondsPerSlot, fuluEpoch, shardCommitteePeriod }) {
  const preset = ACTIVE_PRESET === "minimal" ? minimalChainConfig : mainnetChainConfig;
  const epochs = FORKS.map((fork) => [`${fork}_FORK_EPOCH`, forkEpoch(fork, fuluEpoch)]);
  return createChainForkConfig({
    ...preset,
    ...Object.fromEntries(epochs),
    CONFIG_NAME: "local",
    MIN_GENESIS_TIME: 0,
    SECONDS_PER_SLOT: secondsPerSlot,
    SLOT_DURATION_MS: secondsPerSlot * 1000,
    SHARD_COMMITTEE_PERIOD: shardCommitteePeriod,
    // The operators hold this against the execution chain of their network file.
    DEPOSIT_CHAIN_ID: CHAIN_ID,
    DEPOSIT_NETWORK_ID: CHAIN_ID,
  });
}

/** `{ config, state, pubkeyCache }` of a new chain; `genesisTime` in Unix seconds. */
export function createGenesis({ validators, genesisTime, ...chain }) {
  const forkConfig = chainConfig(chain);
  const state = initDevState(forkConfig, validators, { genesisTime });
  state.commit(); // a clone drops uncommitted changes, such as the genesis time
  const config = createBeaconConfig(forkConfig, state.genesisValidatorsRoot);

  const pubkeyCache = createPubkeyCache();
  for (let index = 0; index < state.validators.length; index++) pubkeyCache.set(index, state.validators.getReadonly(index).pubkey);

  // From Fulu on the state names its proposers two epochs ahead; left empty, validator 0 would propose all of them.
  if (config.getForkSeq(0) >= ForkSeq.fulu) {
    const cached = createCachedBeaconState(state.clone(), { config, pubkeyCache }, { skipSyncPubkeys: true });
    state.proposerLookahead = ssz.fulu.ProposerLookahead.toViewDU(initializeProposerLookahead(cached));
    state.commit();
  }
  return { config, state, pubkeyCache };
}
