// Namespaces and the cables between them. Names carry the id of this process, so that runs do not meet.
import { execFileSync } from "node:child_process";
import { OPERATORS, guestAddress, hostAddress, peerAddress } from "./plan.mjs";

const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] });

export class Namespaces {
  constructor(run) {
    this.run = run;
    this.chain = `cap${run}-chain`;
    /** Devices of the switch: this and the operator's number. At most 15 characters in all. */
    this.devicePrefix = `cs${run % 100000}n`;
  }

  of(operator) {
    return `cap${this.run}-${operator}`;
  }

  all() {
    return [this.chain, ...OPERATORS.map((operator) => this.of(operator))];
  }

  /** Namespaces, and from each operator a cable to the chain. */
  create() {
    for (const name of this.all()) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
    }
    for (const operator of OPERATORS) {
      const [host, guest] = [`veth${operator}`, "chain"];
      ip("-n", this.chain, "link", "add", host, "type", "veth", "peer", "name", guest, "netns", this.of(operator));
      ip("-n", this.chain, "addr", "add", `${hostAddress(operator)}/30`, "dev", host);
      ip("-n", this.of(operator), "addr", "add", `${guestAddress(operator)}/30`, "dev", guest);
      ip("-n", this.chain, "link", "set", host, "up");
      ip("-n", this.of(operator), "link", "set", guest, "up");
    }
  }

  /** Gives every operator its end of the switch, which must run. */
  plugIn() {
    for (const operator of OPERATORS) {
      const device = `${this.devicePrefix}${operator}`;
      ip("-n", this.chain, "link", "set", device, "netns", this.of(operator));
      ip("-n", this.of(operator), "addr", "add", `${peerAddress(operator)}/16`, "dev", device);
      ip("-n", this.of(operator), "link", "set", device, "mtu", "1500", "up");
    }
  }

  remove() {
    for (const name of this.all()) {
      try {
        ip("netns", "del", name);
      } catch {
        // it was not made
      }
    }
  }
}

/** The command that runs `command` in the namespace `name`; it becomes `command` itself, with the same process id. */
export const within = (name, command, args) => ({ command: "ip", args: ["netns", "exec", name, command, ...args] });
