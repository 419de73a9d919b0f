// Operators: an empty folder with keys each, a registration on chain, a configuration of folders and addresses only.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

export async function createKeys(layout, capstan) {
  for (const operator of layout.plan.operators) {
    const dir = layout.operatorDir(operator);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const passwordFile = path.join(dir, "operator.pass");
    writeFileSync(passwordFile, `${randomBytes(16).toString("hex")}\n`, { mode: 0o600 });
    await capstan.newOperatorKey({ out: path.join(dir, "operator.json"), passwordFile });
    await capstan.newNetworkKey({ out: path.join(dir, "network.key") });
  }
}

/** One after the other, so that operator n gets id n. Each is owned by the development account of its number. */
export async function registerOnChain(layout, capstan) {
  const registered = [];
  for (const operator of layout.plan.operators) {
    const dir = layout.operatorDir(operator);
    const answer = await capstan.registerOperator({
      networkFile: layout.networkFile,
      executionUrl: layout.executionUrl,
      key: path.join(dir, "operator.json"),
      passwordFile: path.join(dir, "operator.pass"),
      signerKeyFile: layout.accountFile(operator),
    });
    if (answer.operator_id !== operator) throw new Error(`operator ${operator} was registered as ${answer.operator_id}`);
    registered.push(answer);
  }
  return registered;
}

/** Configuration files; all operators but the first learn the first one's record and nobody else's. */
export async function writeConfigurations(layout, capstan) {
  const [bootstrap] = layout.plan.operators;
  const first = layout.ports(bootstrap);
  const { enr } = await capstan.networkKey({
    key: path.join(layout.operatorDir(bootstrap), "network.key"),
    networkFile: layout.networkFile,
    address: layout.addresses(bootstrap).p2p,
    tcpPort: first.tcp,
    udpPort: first.udp,
  });
  for (const operator of layout.plan.operators) {
    const { tcp, udp, api } = layout.ports(operator);
    const addresses = layout.addresses(operator);
    const bootnodes = operator === bootstrap ? [] : [enr];
    writeFileSync(
      path.join(layout.operatorDir(operator), "capstan.toml"),
      `data_dir = "data"

[network]
file = "../../network.toml"

[execution]
urls = ["${layout.executionUrlOf(operator)}"]

[beacon]
urls = ${JSON.stringify(layout.beaconUrlsOf(operator))}

[operator]
key_file = "operator.json"
password_file = "operator.pass"

[p2p]
key_file = "network.key"
listen = "${addresses.p2p}"
tcp_port = ${tcp}
udp_port = ${udp}
external_address = "${addresses.p2p}"
bootnodes = ${JSON.stringify(bootnodes)}

[api]
listen = "${addresses.api}"
port = ${api}

[log]
level = "${layout.plan.logLevel ?? "info"}"
format = "text"

[proposals]
builder = ${layout.plan.asksBuilder === true}
${layout.plan.doppelganger?.includes(operator) ? "\n[safety]\ndoppelganger = true\n" : ""}`,
    );
  }
}

export const operatorName = (operator) => `operator-${operator}`;

/** `env` is for what lies to a process from outside, such as a wrong clock. */
export function startOperator(layout, processes, binary, operator, { env } = {}) {
  processes.start(operatorName(operator), {
    command: binary,
    args: ["run", "--config", "capstan.toml"],
    cwd: layout.operatorDir(operator),
    env,
  });
}
