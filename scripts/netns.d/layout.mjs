// Where everything is: the folders and ports of scripts/devnet, with operators elsewhere.
import path from "node:path";
import { Layout, repository } from "../devnet.d/lib/layout.mjs";
import { API_PORT, PLAN, guestAddress, hostAddress } from "./plan.mjs";

/** Ports of the relay, on every host address. */
export const RELAY = { execution: 19700, beacon: 19701 };

export class NetnsLayout extends Layout {
  constructor({ dir = path.join(repository, ".netns") } = {}) {
    super({ dir, plan: PLAN });
    this.switchSocket = this.path("switch.sock");
  }

  apiUrl(operator) {
    return `http://${guestAddress(operator)}:${API_PORT}`;
  }

  /** There are nine funded accounts besides the one that deploys the registry: the tenth operator has the first one's owner. */
  accountFile(account) {
    return super.accountFile(account > 9 ? account - 9 : account);
  }

  relayedExecutionUrl(operator) {
    return `http://${hostAddress(operator)}:${RELAY.execution}`;
  }

  relayedBeaconUrl(operator) {
    return `http://${hostAddress(operator)}:${RELAY.beacon}`;
  }
}
