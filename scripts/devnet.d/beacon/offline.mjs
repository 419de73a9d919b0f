// Stand-ins for the beacon node's p2p network and range sync: no peers but those of ./gossip.mjs, always synced.
import { EventEmitter } from "node:events";
import { ssz } from "@lodestar/types";

const known = {
  events: new EventEmitter(),
  closed: false,
  custodyConfig: { targetCustodyGroupCount: 4, sampledColumns: [], custodyColumns: [], sampleGroups: [] },
  shouldAggregate: () => true,
  isSubscribedToGossipCoreTopics: () => true,
  getConnectedPeerCount: () => 0,
  getConnectedPeers: async () => [],
  dumpPeers: async () => [],
  getNetworkIdentity: async () => ({
    peerId: "none",
    enr: "",
    p2pAddresses: [],
    discoveryAddresses: [],
    metadata: { seqNumber: 0n, attnets: ssz.phase0.AttestationSubnets.defaultValue(), syncnets: ssz.altair.SyncSubnets.defaultValue() },
  }),
};

/**
 * What the API layer asks of a network. `gossip` says what is published to whom; what it does not name reaches nobody,
 * and subscriptions change nothing.
 */
export const network = (gossip) =>
  new Proxy(known, {
    get(target, name) {
      if (name in target) return target[name];
      if (name === "then") return undefined; // not a promise
      const publish = gossip.publishers[name];
      return publish ?? (async () => (String(name).startsWith("publish") ? 0 : undefined));
    },
  });

export const alwaysSynced = (chain, clock) => ({
  state: "Synced",
  isSyncing: () => false,
  isSynced: () => true,
  close() {},
  getSyncChainsDebugState: () => [],
  getSyncStatus() {
    const headSlot = chain.forkChoice.getHead().slot;
    return { headSlot, syncDistance: Math.max(0, clock.currentSlot - headSlot), isSyncing: false, isOptimistic: false, elOffline: false };
  },
});
