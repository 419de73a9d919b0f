// The network description that operators and stakers are given.
import { writeFileSync } from "node:fs";
import { CHAIN_ID } from "../lib/layout.mjs";

export function writeNetworkFile(layout, { contract, secondsPerSlot }) {
  const slotMillis = secondsPerSlot * 1000;
  const { boole } = layout.plan.forks;
  const { quick, slow } = layout.plan.timeouts ?? { quick: Math.round(slotMillis / 6), slow: 10 * slotMillis };
  writeFileSync(
    layout.networkFile,
    `name = "local"
preset = "minimal"
chain_id = ${CHAIN_ID}
contract = "${contract.address}"
deploy_block = ${contract.block}
follow_distance = 0
seconds_per_slot = ${secondsPerSlot}
total_ethereum_validators = 1000000
discovery_protocol_id = "0x737376647635"
bootnodes = []

[domains]
alan = "0x00000402"
boole = "0x00000403"

[forks]
alan = 0
${boole === undefined ? "" : `boole = ${boole}\n`}
[timeouts]
quick_ms = ${quick}
slow_ms = ${slow}

[peers]
ip_colocation_limit = 0
inbound_rate_limit = 0
`,
  );
}
