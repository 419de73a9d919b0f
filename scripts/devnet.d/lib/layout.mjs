// Where everything of one local network is: folders, ports, who holds which validator.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CLUSTER, range } from "./plans.mjs";

const HOST = "127.0.0.1";
export const repository = fileURLToPath(new URL("../../../", import.meta.url));
export const packageDir = fileURLToPath(new URL("../", import.meta.url));

export { range };
/** The operators and the validators of the network that `up` starts. */
export const OPERATORS = CLUSTER.operators;
/** Blocks of the execution chain, in seconds. */
export const EXECUTION_BLOCK_SECONDS = 2;
export const CHAIN_ID = 31337;
export const SLOTS_PER_EPOCH = 8;

/**
 * Interop validators by index. The cluster's keys are split and deleted; nobody signs for the joiner until it is
 * registered, and the probe's votes are made by the check alone.
 */
export const VALIDATORS = {
  total: CLUSTER.validators,
  cluster: { first: 0, last: 95 },
  leaver: 95,
  joiner: 96,
  probe: 97,
  helper: CLUSTER.helper,
};

/** Owners of the clusters, each with its share of the cluster's validators; three owners are three clusters. */
export const OWNERS = CLUSTER.clusters;
/** The owner that adds the joiner and removes the leaver while the network runs. */
export const CHANGING_OWNER = OWNERS[2];

export const clusterIndices = () => range(VALIDATORS.cluster);

export class Layout {
  constructor({ dir = path.join(repository, ".devnet"), basePort = 19600, plan = CLUSTER } = {}) {
    this.plan = plan;
    this.dir = path.resolve(dir);
    this.basePort = basePort;
    this.executionPort = basePort;
    this.beaconPort = basePort + 1;
    this.executionUrl = `http://${HOST}:${this.executionPort}`;
    /** One per beacon node of the plan. The last one is asked when one is enough: it is the first that faults strike. */
    this.beacons = plan.beacons.map((name, at) => ({ name, port: this.beaconPort + at, url: `http://${HOST}:${this.beaconPort + at}` }));
    this.beaconUrl = this.beacons.at(-1).url;
    this.relayPort = basePort + 8;
    this.relayUrl = `http://${HOST}:${this.relayPort}`;
    this.proxyControlPort = basePort + 9;
    this.networkFile = this.path("network.toml");
    this.logDir = this.path("logs");
    this.runDir = this.path("run");
  }

  path(...parts) {
    return path.join(this.dir, ...parts);
  }

  ports(operator) {
    const port = (group) => this.basePort + 10 * group + operator;
    const beacons = Object.fromEntries(this.beacons.map(({ name }, at) => [name, at === 0 ? port(2) : port(5 + at)]));
    return { execution: port(1), tcp: port(3), udp: port(4), api: port(5), ...beacons };
  }

  /** Where `operator` listens: to its peers, and to whoever asks it. */
  addresses(_operator) {
    return { p2p: HOST, api: HOST };
  }

  /** Where `operator` finds its execution client. */
  executionUrlOf(operator) {
    return `http://${HOST}:${this.ports(operator).execution}`;
  }

  /** Where `operator` finds its beacon nodes, in order. */
  beaconUrlsOf(operator) {
    return this.beacons.map(({ name }) => `http://${HOST}:${this.ports(operator)[name]}`);
  }

  apiUrl(operator) {
    return `http://${this.addresses(operator).api}:${this.ports(operator).api}`;
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
