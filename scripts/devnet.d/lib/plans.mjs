// The networks of `scripts/devnet`: who takes part, who holds which validator, and when forks come.
//
// A plan may name round `timeouts` and `limits` of peers (by default timeouts are scaled to the slot and nobody is limited),
// the operators' `logLevel`, those with `doppelganger` protection, and whether they ask a builder (`asksBuilder`).

export const range = ({ first, last }) => Array.from({ length: last - first + 1 }, (_unused, offset) => first + offset);

/** Of the public networks: round timeouts in milliseconds, and what a node bears of its peers. */
export const PUBLIC_TIMEOUTS = { quick: 2_000, slow: 120_000 };
export const PUBLIC_LIMITS = { ipColocation: 10, inboundRate: 8 };

/** What `up` and `check` run: four operators beside a helper that proposes, one beacon node, no fork in sight. */
export const CLUSTER = {
  name: "cluster",
  operators: range({ first: 1, last: 4 }),
  validators: 256,
  helper: { first: 98, last: 255 },
  clusters: [
    { account: 5, operators: [1, 2, 3, 4], first: 0, last: 31 },
    { account: 6, operators: [1, 2, 3, 4], first: 32, last: 63 },
    { account: 7, operators: [1, 2, 3, 4], first: 64, last: 95 },
  ],
  beacons: ["beacon"],
  forks: { fulu: 0 },
  shardCommitteePeriod: 64,
  /** Latencies are measured: the beacon node verifies signatures after everything else. */
  isTimed: true,
};

/**
 * What `check --all-duties` runs: every validator is in a cluster, so the chain lives on the operators alone. Each of the
 * clusters of four shares all its operators with the cluster of seven; operators 1 and 5 together are no more than f of
 * any cluster.
 */
export const ALL_DUTIES = {
  name: "all-duties",
  operators: range({ first: 1, last: 7 }),
  validators: 64,
  helper: null,
  clusters: [
    { account: 8, operators: [1, 2, 3, 4], first: 0, last: 23 },
    { account: 9, operators: [4, 5, 6, 7], first: 24, last: 47 },
    { account: 9, operators: [1, 2, 3, 4, 5, 6, 7], first: 48, last: 63 },
  ],
  beacons: ["beacon", "beacon-b"],
  forks: { fulu: 3, boole: 5 },
  shardCommitteePeriod: 1,
  /** Runs with doppelganger protection; in no cluster are there two such. */
  doppelganger: [7],
};

/** How many operators of a cluster may be missing. */
export const faulty = ({ operators }) => (operators.length - 1) / 3;

/** The clusters that `operator` is in. */
export const clustersOf = (plan, operator) => plan.clusters.filter((cluster) => cluster.operators.includes(operator));

/** The validators that `operator` has a share of. */
export const validatorsOf = (plan, operator) => clustersOf(plan, operator).flatMap(range);

/** All validators of all clusters. */
export const clusterValidators = (plan) => plan.clusters.flatMap(range);
