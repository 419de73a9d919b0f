// Fork choice for one honest beacon node: LMD-GHOST over equal stakes, checkpoints as the state transition reports them.
// The beacon node itself judges signatures, duties, inclusion, justification and finality; this file does not judge
// attacks on the fork choice (no proposer boost, no equivocation handling) and must not be used where there are any.
import { computeEpochAtSlot, computeStartSlotAtEpoch } from "@lodestar/state-transition";
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { toRootHex } from "@lodestar/utils";
import { AncestorStatus, PayloadStatus } from "./names.js";
import { BlockTree } from "./tree.js";

export * from "./names.js";

const ZERO_HASH = `0x${"00".repeat(32)}`;
const checkpointOf = ({ epoch, root }) => ({ epoch, root, rootHex: toRootHex(root) });

export const getForkChoiceMetrics = () => ({});
export const getSafeExecutionBlockHash = (forkChoice) => forkChoice.getJustifiedBlock().executionPayloadBlockHash ?? ZERO_HASH;

/** Checkpoints and the clock; the beacon node builds it from its anchor state. */
export class ForkChoiceStore {
  constructor(currentSlot, justified, finalized, _balances, _balancesGetter, _stateGetter, events) {
    this.currentSlot = currentSlot;
    this.justified = checkpointOf(justified);
    this.finalized = checkpointOf(finalized);
    this.events = events;
  }

  raise(justified, finalized) {
    if (justified.epoch > this.justified.epoch) {
      this.justified = justified;
      this.events.onJustified?.(justified);
    }
    if (finalized.epoch > this.finalized.epoch) {
      this.finalized = finalized;
      this.events.onFinalized?.(finalized);
    }
  }
}

/** Only carries the anchor block from the beacon node's start to the fork choice. */
export class ProtoArray {
  static initialize(block) {
    const array = new ProtoArray();
    array.anchor = { ...block, targetRoot: block.targetRoot ?? block.blockRoot };
    return array;
  }
  onBlock(block) {
    this.anchor = block;
  }
  length() {
    return 1;
  }
}

/** Queries and answers that have one meaning on a network without payload separation or proposer boost. */
class Queries {
  get fsStore() {
    return this.store;
  }
  getTime() {
    return this.store.currentSlot;
  }
  getHead() {
    return this.head;
  }
  getHeadRoot() {
    return this.head.blockRoot;
  }
  getHeads() {
    return this.tree.leaves();
  }
  getAllNodes() {
    return this.tree.blocks().map((block) => ({ ...block, weight: 0 }));
  }
  getBlockHex(root) {
    return this.tree.block(root);
  }
  getBlockHexDefaultStatus(root) {
    return this.tree.block(root);
  }
  getBlockHexAndBlockHash(root) {
    return this.tree.block(root);
  }
  getBlock(root) {
    return this.tree.block(toRootHex(root));
  }
  getBlockDefaultStatus(root) {
    return this.tree.block(toRootHex(root));
  }
  hasBlock(root) {
    return this.tree.has(toRootHex(root));
  }
  hasBlockUnsafe(root) {
    return this.tree.has(toRootHex(root));
  }
  hasBlockHex(root) {
    return this.tree.has(root);
  }
  hasBlockHexUnsafe(root) {
    return this.tree.has(root);
  }
  hasPayloadHexUnsafe(root) {
    return this.tree.has(root);
  }
  getJustifiedCheckpoint() {
    return this.store.justified;
  }
  getFinalizedCheckpoint() {
    return this.store.finalized;
  }
  getUnrealizedJustifiedCheckpoint() {
    return this.unrealizedJustified;
  }
  getUnrealizedFinalizedCheckpoint() {
    return this.unrealizedFinalized;
  }
  getFinalizedCheckpointSlot() {
    return computeStartSlotAtEpoch(this.store.finalized.epoch);
  }
  getJustifiedBlock() {
    return this.tree.block(this.store.justified.rootHex) ?? this.anchor;
  }
  getFinalizedBlock() {
    return this.tree.block(this.store.finalized.rootHex) ?? this.anchor;
  }
  getConfirmedBlock() {
    return this.getJustifiedBlock();
  }
  getConfirmedRoot() {
    return this.getJustifiedBlock().blockRoot;
  }
  getProposerBoostRoot() {
    return ZERO_HASH;
  }
  getPreviousProposerBoostRoot() {
    return ZERO_HASH;
  }
  shouldOverrideForkChoiceUpdate() {
    return { shouldOverrideFcu: false, reason: "ReorgsOff" };
  }
  shouldBuildOnFull() {
    return true;
  }
  getPTCVoteCounts() {
    return null;
  }
  notifyPtcMessages() {}
  onExecutionPayload() {}
  validateLatestHash() {}
  onAttesterSlashing() {}
}

export class ForkChoice extends Queries {
  constructor(config, store, protoArray, _validatorCount, _metrics, _options, logger) {
    super();
    this.config = config;
    this.store = store;
    this.logger = logger;
    this.anchor = protoArray.anchor;
    this.genesisRoot = this.anchor.blockRoot;
    this.tree = new BlockTree(this.anchor);
    this.head = this.anchor;
    this.latestVotes = new Map();
    this.unrealizedJustified = store.justified;
    this.unrealizedFinalized = store.finalized;
  }

  updateTime(slot) {
    this.store.currentSlot = Math.max(this.store.currentSlot, slot);
    if (slot % SLOTS_PER_EPOCH === 0) this.store.raise(this.unrealizedJustified, this.unrealizedFinalized);
  }

  updateAndGetHead() {
    const counts = new Map();
    for (const { root } of this.latestVotes.values()) counts.set(root, (counts.get(root) ?? 0) + 1);
    this.head = this.tree.heaviestLeaf(this.getJustifiedBlock().blockRoot, counts, (block) => block.executionStatus !== "Invalid");
    return { head: this.head, isHeadTimely: true, notReorgedReason: "ReorgsOff" };
  }

  onAttestation({ data, attestingIndices }) {
    const vote = { epoch: data.target.epoch, root: toRootHex(data.beaconBlockRoot) };
    for (const index of attestingIndices) {
      const last = this.latestVotes.get(index);
      if (!last || vote.epoch > last.epoch) this.latestVotes.set(index, vote);
    }
  }

  onBlock(block, state, _delay, currentSlot, executionStatus, dataAvailabilityStatus) {
    const justified = checkpointOf(state.currentJustifiedCheckpoint);
    const finalized = checkpointOf(state.finalizedCheckpoint);
    const unrealized = state.computeUnrealizedCheckpoints();
    const unrealizedJustified = checkpointOf(unrealized.justifiedCheckpoint);
    const unrealizedFinalized = checkpointOf(unrealized.finalizedCheckpoint);
    if (unrealizedJustified.epoch > this.unrealizedJustified.epoch) this.unrealizedJustified = unrealizedJustified;
    if (unrealizedFinalized.epoch > this.unrealizedFinalized.epoch) this.unrealizedFinalized = unrealizedFinalized;
    this.store.raise(justified, finalized);
    if (computeEpochAtSlot(block.slot) < computeEpochAtSlot(currentSlot)) this.store.raise(unrealizedJustified, unrealizedFinalized);

    const blockRoot = toRootHex(this.config.getForkTypes(block.slot).BeaconBlock.hashTreeRoot(block));
    const epochStart = computeStartSlotAtEpoch(computeEpochAtSlot(block.slot));
    const payload = block.body.executionPayload ?? block.body.executionPayloadHeader;
    const summary = {
      slot: block.slot,
      blockRoot,
      parentRoot: toRootHex(block.parentRoot),
      stateRoot: toRootHex(block.stateRoot),
      targetRoot: epochStart === block.slot ? blockRoot : toRootHex(state.getBlockRootAtSlot(epochStart)),
      proposerIndex: block.proposerIndex,
      timeliness: true,
      justifiedEpoch: justified.epoch,
      justifiedRoot: justified.rootHex,
      finalizedEpoch: finalized.epoch,
      finalizedRoot: finalized.rootHex,
      unrealizedJustifiedEpoch: unrealizedJustified.epoch,
      unrealizedJustifiedRoot: unrealizedJustified.rootHex,
      unrealizedFinalizedEpoch: unrealizedFinalized.epoch,
      unrealizedFinalizedRoot: unrealizedFinalized.rootHex,
      executionPayloadBlockHash: payload ? toRootHex(payload.blockHash) : null,
      executionPayloadNumber: payload?.blockNumber,
      executionPayloadGasLimit: payload?.gasLimit,
      executionStatus,
      dataAvailabilityStatus,
      payloadStatus: PayloadStatus.FULL,
      parentBlockHash: null,
      builderIndex: null,
      blockHashFromBid: null,
    };
    this.tree.add(summary);
    return summary;
  }

  /**
   * The root on which the shuffling of the block's epoch (or of the one before) depends: the last block before that
   * epoch's lookahead. Votes of the last epoch need the one before the finalized block, which is no longer in the
   * tree, but its child still names it.
   */
  getDependentRoot(block, difference) {
    const before = computeStartSlotAtEpoch(Math.max(0, computeEpochAtSlot(block.slot) - difference)) - 1;
    if (before < 0) return this.genesisRoot;
    let oldest = block;
    for (const ancestor of this.tree.ancestors(block.blockRoot)) {
      if (ancestor.slot <= before) return ancestor.blockRoot;
      oldest = ancestor;
    }
    return oldest.parentRoot;
  }

  getAncestor(root, slot) {
    let oldest = this.anchor;
    for (const block of this.tree.ancestors(root)) {
      if (block.slot <= slot) return block;
      oldest = block;
    }
    return oldest;
  }

  *iterateAncestorBlocks(root) {
    yield* this.tree.ancestors(root);
  }

  getAllAncestorBlocks(root) {
    return [...this.tree.ancestors(root)];
  }

  getAllNonAncestorBlocks(root) {
    return this.getAllAncestorAndNonAncestorBlocksDefaultStatus(root).nonAncestors;
  }

  getAllAncestorAndNonAncestorBlocks(root) {
    return this.getAllAncestorAndNonAncestorBlocksDefaultStatus(root);
  }

  getAllAncestorAndNonAncestorBlocksDefaultStatus(root) {
    const ancestors = this.getAllAncestorBlocks(root);
    const canonical = new Set(ancestors.map((block) => block.blockRoot));
    const limit = this.tree.block(root)?.slot ?? 0;
    const nonAncestors = this.tree.blocks().filter((block) => block.slot < limit && !canonical.has(block.blockRoot));
    return { ancestors, nonAncestors };
  }

  *forwarditerateAncestorBlocks() {
    yield* this.tree.blocks();
  }

  *forwardIterateDescendants(root) {
    yield* this.tree.descendants(root);
  }

  *forwardIterateDescendantsDefaultStatus(root) {
    yield* this.tree.descendants(root);
  }

  isDescendant(ancestorRoot, root) {
    return this.tree.isDescendant(ancestorRoot, root);
  }

  isDescendantOfFinalized(root) {
    return this.tree.isDescendant(this.getFinalizedBlock().blockRoot, root);
  }

  getCanonicalBlockAtSlot(slot) {
    const block = this.getCanonicalBlockClosestLteSlot(slot);
    return block?.slot === slot ? block : null;
  }

  getCanonicalBlockClosestLteSlot(slot) {
    for (const block of this.tree.ancestors(this.head.blockRoot)) if (block.slot <= slot) return block;
    return null;
  }

  getCanonicalBlockByRoot(root) {
    const wanted = toRootHex(root);
    for (const block of this.tree.ancestors(this.head.blockRoot)) if (block.blockRoot === wanted) return block;
    return null;
  }

  getBlockSummariesByParentRoot(parentRoot) {
    return this.tree.blocks().filter((block) => block.parentRoot === parentRoot);
  }

  getBlockSummariesAtSlot(slot) {
    return this.tree.blocks().filter((block) => block.slot === slot);
  }

  getSlotsPresent(windowStart) {
    let present = 0;
    for (const block of this.tree.ancestors(this.head.blockRoot)) if (block.slot > windowStart) present += 1;
    return present;
  }

  getCommonAncestorDepth(previous, next) {
    const nextChain = new Set(this.getAllAncestorBlocks(next.blockRoot).map((block) => block.blockRoot));
    if (nextChain.has(previous.blockRoot)) return { code: AncestorStatus.Descendant };
    for (const block of this.tree.ancestors(previous.blockRoot)) {
      if (nextChain.has(block.blockRoot)) return { code: AncestorStatus.CommonAncestor, depth: previous.slot - block.slot };
    }
    return { code: AncestorStatus.NoCommonAncenstor };
  }

  prune(finalizedRoot) {
    const removed = this.tree.prune(finalizedRoot);
    if (removed.length > 0) this.anchor = this.tree.block(finalizedRoot);
    return removed;
  }
}

