// The beacon node of the local network: Lodestar's own chain, state transition, pools and REST layer in one process,
// with an in-memory database, no p2p and the fork choice of ../shims. It judges signatures, duties, inclusion,
// justification and finality by itself.
import "./promises.mjs";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { MemoryController } from "@lodestar/db";
import { BeaconDb } from "@lodestar/beacon-node/db";
import { defaultOptions } from "@lodestar/beacon-node";
import { getNodeLogger } from "@lodestar/logger/node";
import { createBeaconStateView } from "@lodestar/state-transition";
import { toRootHex } from "@lodestar/utils";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { mockExecution } from "./execution.mjs";
import { createGenesis } from "./genesis.mjs";
import { internal } from "./lodestar.mjs";
import { ssz, sszTypesFor } from "@lodestar/types";
import { builderOf } from "./builder.mjs";
import { Coalescer } from "./coalesce.mjs";
import { Gossip } from "./gossip.mjs";
import { alwaysSynced, network } from "./offline.mjs";
import { threads, yieldProcessor } from "./priority.mjs";

const BEACON_NODE = "@lodestar/beacon-node";
const { BeaconStateView } = await internal("@lodestar/state-transition", "stateView/beaconStateView.js");
const { BeaconChain } = await internal(BEACON_NODE, "chain/index.js");
const { BeaconRestApiServer, getApi } = await internal(BEACON_NODE, "api/index.js");
const { IndexedError } = await internal(BEACON_NODE, "api/impl/errors.js");
const { Clock } = await internal(BEACON_NODE, "util/clock.js");

const VERSION = "1.44.0";
const { values: args } = parseArgs({
  options: {
    validators: { type: "string", default: "256" },
    "seconds-per-slot": { type: "string", default: "3" },
    "genesis-time": { type: "string" },
    "fulu-epoch": { type: "string", default: "0" },
    "shard-committee-period": { type: "string", default: "64" },
    peer: { type: "string", multiple: true, default: [] },
    builder: { type: "string" },
    "blinded-local": { type: "boolean", default: false },
    "verify-last": { type: "boolean", default: false },
    port: { type: "string" },
    dir: { type: "string" },
    "log-level": { type: "string", default: "info" },
  },
});
const genesisTime = Number(args["genesis-time"]);
mkdirSync(args.dir, { recursive: true });
const logger = getNodeLogger({ level: args["log-level"], module: "", format: "human" });

// state-transition 1.46 dropped a method that beacon-node 1.44 still calls
BeaconStateView.prototype.getBeaconProposerOrNull ??= function (slot) {
  try {
    return this.getBeaconProposer(slot);
  } catch {
    return null;
  }
};

const { config, state, pubkeyCache } = createGenesis({
  validators: Number(args.validators),
  secondsPerSlot: Number(args["seconds-per-slot"]),
  genesisTime,
  fuluEpoch: Number(args["fulu-epoch"]),
  shardCommitteePeriod: Number(args["shard-committee-period"]),
});
const anchorState = createBeaconStateView({ anchorState: state, config, pubkeyCache, useNative: false });
const { signal } = new AbortController();
const clock = new Clock({ config, genesisTime, signal });
const db = new BeaconDb(config, new MemoryController());

const executionEngine = mockExecution(
  {
    genesisBlockHash: `0x${"00".repeat(32)}`,
    genesisTime,
    config,
    eth1BlockHash: toRootHex(anchorState.latestExecutionPayloadHeader.blockHash),
  },
  { metrics: null, signal, logger: logger.child({ module: "execution" }) },
);

const ownThreads = threads();
const chain = new BeaconChain(
  {
    ...defaultOptions.chain,
    nHistoricalStatesFileDataStore: false,
    proposerBoostReorg: false,
    disableLightClientServer: true,
    persistInvalidSszObjectsDir: path.join(args.dir, "invalid"),
  },
  {
    privateKey: await generateKeyPair("secp256k1"),
    config,
    clock,
    pubkeyCache,
    db,
    dbName: "memory",
    dataDir: args.dir,
    logger: logger.child({ module: "chain" }),
    processShutdownCallback(error) {
      logger.error("The chain cannot go on", {}, error);
      process.exit(1);
    },
    metrics: null,
    validatorMonitor: null,
    anchorState,
    isAnchorStateFinalized: true,
    executionEngine,
    executionBuilder: args.builder ? builderOf({ url: args.builder, config, logger }) : undefined,
  },
);
await chain.init();
// the workers that verify signatures; what they judge was sent by those who are being measured on the same processors
if (args["verify-last"]) yieldProcessor(threads().filter((thread) => !ownThreads.includes(thread)));

const gossip = new Gossip({ peers: args.peer, config, logger: logger.child({ module: "gossip" }) });
const api = getApi(
  { ...defaultOptions.api, version: VERSION, commit: "" },
  { config, logger: logger.child({ module: "api" }), db, sync: alwaysSynced(chain, clock), network: network(gossip), chain, metrics: null },
);
const typesAt = (slot) => sszTypesFor(config.getForkName(slot));
const coalescer = new Coalescer(IndexedError);
api.beacon.submitPoolAttestationsV2 = coalescer.wrap(api.beacon.submitPoolAttestationsV2, "signedAttestations", (item) => typesAt(item.data.slot).SingleAttestation.serialize(item));
api.beacon.submitPoolSyncCommitteeSignatures = coalescer.wrap(api.beacon.submitPoolSyncCommitteeSignatures, "signatures", (item) => ssz.altair.SyncCommitteeMessage.serialize(item));
api.validator.publishAggregateAndProofsV2 = coalescer.wrap(api.validator.publishAggregateAndProofsV2, "signedAggregateAndProofs", (item) =>
  typesAt(item.message.aggregate.data.slot).SignedAggregateAndProof.serialize(item),
);
api.validator.publishContributionAndProofs = coalescer.wrap(api.validator.publishContributionAndProofs, "contributionAndProofs", (item) =>
  ssz.altair.SignedContributionAndProof.serialize(item),
);
if (args["blinded-local"]) {
  const { produceBlockV3 } = api.validator;
  api.validator.produceBlockV3 = (request, ...rest) => produceBlockV3({ ...request, blindedLocal: true }, ...rest);
}
const rest = new BeaconRestApiServer(
  {
    ...defaultOptions.api.rest,
    enabled: true,
    api: ["beacon", "config", "debug", "events", "lodestar", "node", "proof", "validator"],
    address: "127.0.0.1",
    port: Number(args.port),
    stacktraces: false,
    swaggerUI: false,
  },
  { config, logger: logger.child({ module: "rest" }), api, metrics: null },
);
gossip.listen(rest.server, { chain, api });
await rest.registerRoutes(VERSION);
await rest.listen();

clock.on("clock:slot", (slot) => {
  const { forkChoice } = chain;
  const head = forkChoice.getHead();
  logger.info("slot", {
    slot,
    head: head.slot,
    root: head.blockRoot,
    justified: forkChoice.getJustifiedCheckpoint().epoch,
    finalized: forkChoice.getFinalizedCheckpoint().epoch,
  });
});
for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => process.exit(0));
logger.info("listening", { genesisTime, fork: config.getForkName(0), validators: state.validators.length, url: `http://127.0.0.1:${args.port}` });
