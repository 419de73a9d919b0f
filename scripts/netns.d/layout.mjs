// Where everything is: the folders and ports of scripts/devnet, with operators elsewhere.
import path from "node:path";
import { Layout, repository } from "../devnet.d/lib/layout.mjs";
import { PLAN, PORTS, guestAddress, hostAddress, peerAddress } from "./plan.mjs";

/** Ports of the relay, on every host address. */
export const RELAY = { execution: 19700, beacon: 19701 };

export class NetnsLayout extends Layout {
  constructor({ dir = path.join(repository, ".netns") } = {}) {
    super({ dir, plan: PLAN });
    this.switchSocket = this.path("switch.sock");
  }

  ports(_operator) {
    return PORTS;
  }

  addresses(operator) {
    return { p2p: peerAddress(operator), api: guestAddress(operator) };
  }

  /** There are nine funded accounts besides the one that deploys the registry: the tenth operator has the first one's owner. */
  accountFile(account) {
    return super.accountFile(account > 9 ? account - 9 : account);
  }

  executionUrlOf(operator) {
    return `http://${hostAddress(operator)}:${RELAY.execution}`;
  }

  beaconUrlsOf(operator) {
    return [`http://${hostAddress(operator)}:${RELAY.beacon}`];
  }
}
