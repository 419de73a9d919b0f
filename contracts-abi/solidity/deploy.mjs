// Deploys the registry on a local execution client whose accounts are unlocked (anvil).
//
//   node deploy.mjs --url http://127.0.0.1:8545 [--from 0x..]
//
// Prints one line of JSON: {"address": "0x..", "block": n, "transaction_hash": "0x..", "from": "0x.."}.
// The address follows from the sender and its nonce, so a first deployment is always at the same place.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"; // the first account of every anvil
const RECEIPT_DEADLINE_MS = 60_000;
const POLL_MS = 100;

async function call(url, method, params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!response.ok) throw new Error(`${url} answered ${method} with HTTP ${response.status}`);
  const { result, error } = await response.json();
  if (error) throw new Error(`${method}: ${error.message} (${error.code})`);
  return result;
}

async function receiptOf(url, hash) {
  const deadline = Date.now() + RECEIPT_DEADLINE_MS;
  for (;;) {
    const receipt = await call(url, "eth_getTransactionReceipt", [hash]);
    if (receipt) return receipt;
    if (Date.now() > deadline) throw new Error(`${hash} is not in a block after ${RECEIPT_DEADLINE_MS} ms: does the chain mine?`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export async function deploy({ url, from = DEPLOYER }) {
  const artifact = JSON.parse(readFileSync(new URL("artifact/DevRegistry.json", import.meta.url), "utf8"));
  const transaction = { from, data: artifact.bytecode };
  const gas = await call(url, "eth_estimateGas", [transaction]);
  const hash = await call(url, "eth_sendTransaction", [{ ...transaction, gas }]);
  const receipt = await receiptOf(url, hash);
  if (receipt.status !== "0x1") throw new Error(`the deployment ${hash} was reverted`);
  return { address: receipt.contractAddress, block: Number(receipt.blockNumber), transaction_hash: hash, from };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { url: { type: "string" }, from: { type: "string", default: DEPLOYER } } });
  if (!values.url) {
    console.error("usage: node deploy.mjs --url URL [--from ADDRESS]");
    process.exit(2);
  }
  console.log(JSON.stringify(await deploy(values)));
}
