// What was seen so far of a network that lives on its operators: the proxies' logs, the observer's log, the blocks and
// the finality of the beacon chain. `refresh` takes only what is new.
import { ChainEvidence, Tail } from "../check/chain-evidence.mjs";
import { Traffic } from "./traffic.mjs";

export class Evidence extends ChainEvidence {
  #tails;

  constructor(layout) {
    super(layout);
    this.#tails = layout.plan.operators.flatMap((operator) =>
      layout.plan.beacons.map((node) => ({ operator, node, tail: new Tail(layout.proxyLog(operator, node)) })),
    );
    /** Traffic by operator. */
    this.traffic = new Map(layout.plan.operators.map((operator) => [operator, new Traffic()]));
    /** `{ slot, justified, finalized }` as often as it was looked at. */
    this.finality = [];
  }

  /** Reads what is new, up to the head of the first beacon node; `beacon` asks another one instead. */
  async refresh({ beacon = this.beacon } = {}) {
    this.readObserver();
    for (const { operator, node, tail } of this.#tails) for (const entry of tail.read()) this.traffic.get(operator).add(entry, node);
    const headSlot = await this.readBlocks(beacon);
    this.finality.push({ slot: await beacon.currentSlot(), headSlot, ...(await beacon.finality()) });
    return headSlot;
  }
}
