// What beacon nodes of one network tell each other, over their REST layers in place of p2p: everything that one of them
// accepted from an operator goes to the others once, collected for a few milliseconds.
//
// A node can be cut off (SIGUSR2 cuts, and again reconnects): it hears nothing of its peers and refuses blocks, so its
// head stays where it is while it serves on. Reconnected, it fetches what it missed from its first peer.
import { AsyncLocalStorage } from "node:async_hooks";
import { getClient } from "@lodestar/api";

const RELAYED = "x-relayed";
/** Objects of one kind that come within this time go in one request. */
const COLLECT_MILLIS = 5;
const KNOWN = "ALREADY_KNOWN";
const BLOCKS = /^\/eth\/v\d\/beacon\/(blinded_)?blocks/;

export class Gossip {
  #peers;
  #logger;
  #request = new AsyncLocalStorage();
  #waiting = new Map();
  #toldSlot = -1;
  #told = new Set();
  #isCut = false;

  constructor({ peers, config, logger }) {
    const globalInit = { requestWireFormat: "json", timeoutMs: 5_000, retries: 0, headers: { [RELAYED]: "1" } };
    this.#peers = peers.map((baseUrl) => getClient({ baseUrl, globalInit }, { config }));
    this.#logger = logger;
    /** What the beacon node calls to publish, by name. Contributions and aggregates go as they came, signed. */
    this.publishers = {
      publishBeaconBlock: (signedBlock) => this.#tell("block", signedBlock),
      publishBeaconAttestation: (attestation) => this.#tell("attestation", attestation),
      publishBeaconAggregateAndProof: (signed) => this.#tell("aggregate", signed),
      publishSyncCommitteeSignature: (signature) => this.#tellOnce(signature),
      publishContributionAndProof: (signed) => this.#tell("contribution", signed),
      publishVoluntaryExit: (exit) => this.#tell("exit", exit),
    };
  }

  /** Looks at every request of `server`: what a peer sent is not told again, and a node that is cut off hears neither. */
  listen(server, { chain, api }) {
    server.addHook("onRequest", (request, reply, done) => {
      const isRelayed = request.headers[RELAYED] !== undefined;
      if (this.#isCut && request.method === "POST" && (isRelayed || BLOCKS.test(request.url))) {
        reply.code(503).send({ code: 503, message: "cut off" });
        return;
      }
      this.#request.run({ isRelayed }, done);
    });
    process.on("SIGUSR2", () => {
      this.#isCut = !this.#isCut;
      this.#logger.info(this.#isCut ? "cut off" : "reconnected");
      if (!this.#isCut) this.#catchUp(chain, api).catch((error) => this.#logger.error("cannot catch up", {}, error));
    });
  }

  async #tell(kind, object) {
    const isKnownToPeers = this.#request.getStore()?.isRelayed === true;
    if (isKnownToPeers || this.#isCut || this.#peers.length === 0) return 0;
    if (!this.#waiting.has(kind)) {
      this.#waiting.set(kind, new Set());
      // blocks do not wait: everything else is about them
      setTimeout(() => this.#flush(kind), kind === "block" ? 0 : COLLECT_MILLIS);
    }
    this.#waiting.get(kind).add(object);
    return this.#peers.length;
  }

  /** The beacon node takes a sync message as often as it comes, and publishes it each time and to each subnet. */
  async #tellOnce(signature) {
    if (signature.slot > this.#toldSlot) {
      this.#toldSlot = signature.slot;
      this.#told.clear();
    }
    if (signature.slot === this.#toldSlot && this.#told.has(signature.validatorIndex)) return 0;
    this.#told.add(signature.validatorIndex);
    return this.#tell("syncMessage", signature);
  }

  #flush(kind) {
    const objects = [...this.#waiting.get(kind)];
    this.#waiting.delete(kind);
    for (const peer of this.#peers) {
      Promise.resolve(send[kind](peer, objects))
        .then((answers) => [answers].flat().forEach((answer) => answer.assertOk()))
        .catch((error) => {
          // operators publish to every node themselves, and often before a peer tells of it
          if (!error.message.includes(KNOWN)) this.#logger.warn("a peer refused", { kind, reason: error.message });
        });
    }
  }

  /** The blocks since the own head, in order. */
  async #catchUp(chain, api) {
    const [peer] = this.#peers;
    const from = chain.forkChoice.getHead().slot + 1;
    for (let slot = from; slot <= chain.clock.currentSlot; slot++) {
      const answer = await peer.beacon.getBlockV2({ blockId: slot });
      if (!answer.ok) continue; // an empty slot
      await this.#request.run({ isRelayed: true }, () => api.beacon.publishBlockV2({ signedBlockContents: contentsOf(answer.value()), broadcastValidation: "none" }));
    }
    this.#logger.info("caught up", { from, head: chain.forkChoice.getHead().slot });
  }
}

/** No payload of this network carries blobs. */
const contentsOf = (signedBlock) => ({ signedBlock, kzgProofs: [], blobs: [] });

const send = {
  block: (peer, blocks) => Promise.all(blocks.map((block) => peer.beacon.publishBlockV2({ signedBlockContents: contentsOf(block) }))),
  attestation: (peer, signedAttestations) => peer.beacon.submitPoolAttestationsV2({ signedAttestations }),
  aggregate: (peer, signedAggregateAndProofs) => peer.validator.publishAggregateAndProofsV2({ signedAggregateAndProofs }),
  syncMessage: (peer, signatures) => peer.beacon.submitPoolSyncCommitteeSignatures({ signatures }),
  contribution: (peer, contributionAndProofs) => peer.validator.publishContributionAndProofs({ contributionAndProofs }),
  exit: (peer, exits) => Promise.all(exits.map((signedVoluntaryExit) => peer.beacon.submitPoolVoluntaryExit({ signedVoluntaryExit }))),
};
