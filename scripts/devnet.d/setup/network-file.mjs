// The network description that operators and stakers are given.
import { writeFileSync } from "node:fs";
import { CHAIN_ID } from "../lib/layout.mjs";

/** All operators have one address. */
const NO_LIMITS = { ipColocation: 0, inboundRate: 0 };

export function writeNetworkFile(layout, { contract, secondsPerSlot }) {
  const slotMillis = secondsPerSlot * 1000;
  const { forks, timeouts, limits } = layout.plan;
  const { boole } = forks;
  const { quick, slow } = timeouts ?? { quick: Math.round(slotMillis / 6), slow: 10 * slotMillis };
  const { ipColocation, inboundRate } = limits ?? NO_LIMITS;
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
ip_colocation_limit = ${ipColocation}
inbound_rate_limit = ${inboundRate}
`,
  );
}
