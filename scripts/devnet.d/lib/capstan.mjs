// The product's own command line, as an operator and a staker use it.
import { capture } from "./command.mjs";

export class Capstan {
  constructor(binary) {
    this.binary = binary;
  }

  /** Runs `capstan ... --json` and returns its answer; throws what it printed when it fails. */
  async json(...args) {
    const { code, stdout, stderr } = await capture(this.binary, [...args, "--json"]);
    if (code !== 0) throw new Error(`capstan ${args.slice(0, 2).join(" ")} ended with ${code}: ${(stderr || stdout).trim()}`);
    const text = stdout.trim();
    return text === "" ? null : JSON.parse(text);
  }

  newOperatorKey({ out, passwordFile }) {
    return this.json("operator", "key", "new", "--out", out, "--password-file", passwordFile);
  }

  newNetworkKey({ out }) {
    return this.json("network", "key", "new", "--out", out);
  }

  /** `{ peer_id, enr }` */
  networkKey({ key, networkFile, address, tcpPort, udpPort }) {
    return this.json(
      ...["network", "key", "show", "--key", key, "--network", networkFile],
      ...["--address", address, "--tcp-port", String(tcpPort), "--udp-port", String(udpPort)],
    );
  }

  /** `{ operator_id, transaction_hash, block }` */
  registerOperator({ networkFile, executionUrl, key, passwordFile, signerKeyFile }) {
    return this.json(
      ...["operator", "register", "--network", networkFile, "--execution-url", executionUrl],
      ...["--key", key, "--password-file", passwordFile, "--signer-key-file", signerKeyFile],
    );
  }

  splitValidators({ networkFile, executionUrl, owner, operators, keystores, passwordFile, out }) {
    return this.json(
      ...["validator", "split", "--network", networkFile, "--execution-url", executionUrl, "--owner", owner],
      ...["--operators", operators.join(","), "--keystore", keystores, "--password-file", passwordFile, "--out", out],
    );
  }

  /** `{ transactions: [{ transaction_hash, block, validators }] }`: as few as they fit into. */
  registerValidators({ networkFile, executionUrl, keyshares, signerKeyFile }) {
    return this.json(
      ...["validator", "register", "--network", networkFile, "--execution-url", executionUrl],
      ...["--keyshares", keyshares, "--signer-key-file", signerKeyFile],
    );
  }

  /** `{ transaction_hash, block }` */
  removeValidator({ networkFile, executionUrl, publicKey, operators, signerKeyFile }) {
    return this.json(
      ...["validator", "remove", "--network", networkFile, "--execution-url", executionUrl],
      ...["--public-key", publicKey, "--operators", operators.join(","), "--signer-key-file", signerKeyFile],
    );
  }

  /** `{ shares: [{ votes, slashable_pairs, .. }], slashable_pairs }` of a stopped node. */
  showHistory({ dataDir }) {
    return this.json("history", "show", "--data-dir", dataDir);
  }
}
