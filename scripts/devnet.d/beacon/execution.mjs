// The execution engine that the beacon node builds and checks payloads with: Lodestar's mock. The registry contract lives
// on anvil, which has no engine API.
import { internal } from "./lodestar.mjs";

const BEACON_NODE = "@lodestar/beacon-node";
const { getExecutionEngineFromBackend } = await internal(BEACON_NODE, "execution/engine/index.js");
const { ExecutionEngineMockBackend } = await internal(BEACON_NODE, "execution/engine/mock.js");

/**
 * The mock puts as many random blobs into a payload as its number leaves modulo four, and proving them keeps the beacon
 * node busy for a good part of a slot. Numbered in steps of four, payloads carry none.
 */
class StepsOfFour extends Map {
  get(hash) {
    const block = super.get(hash);
    return block && { ...block, blockNumber: block.blockNumber | 3 };
  }
}

export function mockExecution(options, modules) {
  const backend = new ExecutionEngineMockBackend({ ...options, mode: "mock" });
  backend.validBlocks = new StepsOfFour(backend.validBlocks);
  return getExecutionEngineFromBackend(backend, modules);
}
