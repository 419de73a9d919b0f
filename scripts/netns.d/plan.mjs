// Who is where: operators, clusters, addresses, and what the network is like when.
import { PUBLIC_LIMITS, PUBLIC_TIMEOUTS, range } from "../devnet.d/lib/plans.mjs";
import { PENALTY_LOG } from "./penalties.mjs";

export const SECONDS_PER_SLOT = 4;

/** In the form of the plans of scripts/devnet. The helper alone keeps the chain going, whatever happens to the operators. */
export const PLAN = {
  name: "netns",
  operators: range({ first: 1, last: 10 }),
  validators: 256,
  helper: { first: 48, last: 255 },
  clusters: [
    { account: 5, operators: [1, 2, 3, 4], first: 0, last: 11 },
    { account: 6, operators: [5, 6, 7, 8], first: 12, last: 23 },
    { account: 7, operators: [4, 5, 6, 7, 8, 9, 10], first: 24, last: 35 },
    { account: 8, operators: range({ first: 1, last: 10 }), first: 36, last: 47 },
  ],
  beacons: ["beacon"],
  forks: { fulu: 0 },
  shardCommitteePeriod: 64,
  timeouts: PUBLIC_TIMEOUTS,
  limits: PUBLIC_LIMITS,
  /** As an operator does that is not told otherwise. */
  asksBuilder: true,
  logLevel: `info,network=debug,${PENALTY_LOG}`,
};
export const OPERATORS = PLAN.operators;

/** Addresses: peers see each other at `peer`; chain and API are reached over the pair `host`, `guest`. */
export const peerAddress = (operator) => `10.77.${operator}.1`;
export const hostAddress = (operator) => `10.78.${operator}.1`;
export const guestAddress = (operator) => `10.78.${operator}.2`;
/** Of every operator, each at its own addresses. */
export const PORTS = { tcp: 13001, udp: 12001, api: 16000 };

/** No half has a quorum of any cluster. */
export const PARTITION = [
  [1, 2, 5, 6, 9],
  [3, 4, 7, 8, 10],
];

/** Commands to the switch. */
export const USUAL = "set delay=20..100 jitter=10 loss=2";
export const SLOW = "set delay=300 jitter=0 loss=0";

/** Slots of each part. */
export const FULL = { usual: 24, slow: 16, shortCut: 3, longCut: 12, healed: 8 };
export const SHORT = { usual: 8, slow: 8, shortCut: 3, longCut: 8, healed: 8 };
