// The execution client (anvil) with the registry contract.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { deploy } from "../../../contracts-abi/solidity/deploy.mjs";
import { rpc } from "../lib/http.mjs";
import { CHAIN_ID, EXECUTION_BLOCK_SECONDS, packageDir } from "../lib/layout.mjs";
import { waitFor } from "../lib/wait.mjs";

/** The real program inside the package of this platform; the wrapper beside it would be one more process. */
function anvilBinary() {
  const scope = path.join(packageDir, "node_modules", "@foundry-rs");
  for (const name of readdirSync(scope)) {
    for (const file of ["anvil", "anvil.exe"]) {
      const binary = path.join(scope, name, "bin", file);
      if (existsSync(binary)) return binary;
    }
  }
  throw new Error(`no anvil in ${scope}: the package has none for ${process.platform}-${process.arch}`);
}

export async function startExecution(layout, processes) {
  mkdirSync(layout.path("execution"), { recursive: true });
  const accountsFile = layout.path("execution", "accounts.json");
  processes.start("execution", {
    command: anvilBinary(),
    args: [
      ...["--host", "127.0.0.1", "--port", String(layout.executionPort), "--chain-id", String(CHAIN_ID)],
      ...["--block-time", String(EXECUTION_BLOCK_SECONDS), "--silent", "--config-out", accountsFile],
      ...["--state", layout.path("execution", "state.json"), "--state-interval", "5"],
    ],
    cwd: layout.dir,
  });
  await waitFor("execution client", () => rpc(layout.executionUrl, "eth_chainId"), { deadlineMillis: 20_000 });
  return JSON.parse(readFileSync(accountsFile, "utf8"));
}

/** Private keys of the funded development accounts, one file each, readable by their owner only. */
export function writeAccountKeys(layout, { private_keys: keys }) {
  mkdirSync(layout.path("accounts"), { recursive: true });
  keys.forEach((key, account) => writeFileSync(layout.accountFile(account), `${key}\n`, { mode: 0o600 }));
}

/** `{ address, block, transaction_hash }` of the registry; account 0 deploys. */
export const deployRegistry = (layout) => deploy({ url: layout.executionUrl });
