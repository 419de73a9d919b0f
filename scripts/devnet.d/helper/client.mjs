// A typed Beacon API client for one node.
import { getClient } from "@lodestar/api";
import { chainConfigFromJson, createBeaconConfig, createChainForkConfig } from "@lodestar/config";

async function getData(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()).data;
}

/** `{ api, config, genesisMillis, slotMillis }` of the node at `baseUrl`. */
export async function connect(baseUrl) {
  const [spec, genesis] = await Promise.all([getData(`${baseUrl}/eth/v1/config/spec`), getData(`${baseUrl}/eth/v1/beacon/genesis`)]);
  const config = createBeaconConfig(createChainForkConfig(chainConfigFromJson(spec)), Buffer.from(genesis.genesis_validators_root.slice(2), "hex"));
  const globalInit = { requestWireFormat: "json", responseWireFormat: "ssz", timeoutMs: 10_000 };
  return {
    api: getClient({ baseUrl, globalInit }, { config }),
    config,
    genesisMillis: Number(genesis.genesis_time) * 1000,
    slotMillis: Number(spec.SECONDS_PER_SLOT) * 1000,
  };
}

/** The value of an API answer; throws what the node said when it refused. */
export function valueOf(response) {
  response.assertOk();
  return response.value();
}
