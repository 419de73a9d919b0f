// Where everything of one local network is: folders, ports, who holds which validator.
import path from "node:path";
import { fileURLToPath } from "node:url";

const HOST = "127.0.0.1";
export const repository = fileURLToPath(new URL("../../../", import.meta.url));
export const packageDir = fileURLToPath(new URL("../", import.meta.url));

export const OPERATORS = [1, 2, 3, 4];
/** Blocks of the execution chain, in seconds. */
export const EXECUTION_BLOCK_SECONDS = 2;
export const CHAIN_ID = 31337;
export const SLOTS_PER_EPOCH = 8;

/**
 * Interop validators by index. The cluster's keys are split and deleted; nobody signs for the joiner until it is
 * registered, and the probe's votes are made by the check alone.
 */
export const VALIDATORS = {
  total: 256,
  cluster: { first: 0, last: 95 },
  leaver: 95,
  joiner: 96,
  probe: 97,
  helper: { first: 98, last: 255 },
};

/** Owners of the clusters, each with its share of the cluster's validators; three owners are three clusters. */
export const OWNERS = [
  { account: 5, first: 0, last: 31 },
  { account: 6, first: 32, last: 63 },
  { account: 7, first: 64, last: 95 },
];
/** The owner that adds the joiner and removes the leaver while the network runs. */
export const CHANGING_OWNER = OWNERS[2];

export const clusterIndices = () => range(VALIDATORS.cluster);
export const isHelper = (index) => index >= VALIDATORS.helper.first && index <= VALIDATORS.helper.last;

export function range({ first, last }) {
  return Array.from({ length: last - first + 1 }, (_unused, offset) => first + offset);
}

export class Layout {
  constructor({ dir = path.join(repository, ".devnet"), basePort = 19600 } = {}) {
    this.dir = path.resolve(dir);
    this.basePort = basePort;
    this.executionPort = basePort;
    this.beaconPort = basePort + 1;
    this.executionUrl = `http://${HOST}:${this.executionPort}`;
    this.beaconUrl = `http://${HOST}:${this.beaconPort}`;
    this.networkFile = this.path("network.toml");
    this.logDir = this.path("logs");
    this.runDir = this.path("run");
  }

  path(...parts) {
    return path.join(this.dir, ...parts);
  }

  ports(operator) {
    const port = (group) => this.basePort + 10 * group + operator;
    return { execution: port(1), beacon: port(2), tcp: port(3), udp: port(4), api: port(5) };
  }

  executionProxyUrl(operator) {
    return `http://${HOST}:${this.ports(operator).execution}`;
  }

  beaconProxyUrl(operator) {
    return `http://${HOST}:${this.ports(operator).beacon}`;
  }

  apiUrl(operator) {
    return `http://${HOST}:${this.ports(operator).api}`;
  }

  operatorDir(operator) {
    return this.path("operators", String(operator));
  }

  log(name) {
    return path.join(this.logDir, `${name}.log`);
  }

  proxyLog(operator, node) {
    return path.join(this.logDir, `proxy-${operator}-${node}.jsonl`);
  }

  get observerLog() {
    return path.join(this.logDir, "observer.jsonl");
  }

  accountFile(account) {
    return this.path("accounts", `${account}.key`);
  }
}
