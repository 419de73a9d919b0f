// A voluntary exit, requested by its owner on the contract and followed on the beacon chain.
import { epochOf } from "../lib/beacon-api.mjs";
import { rpc } from "../lib/http.mjs";
import { waitFor } from "../lib/wait.mjs";
import { publicKeyHex } from "../setup/validators.mjs";
import { judgeExit } from "./judge.mjs";

const RECEIPT_DEADLINE_MILLIS = 20_000;
/** `exitValidator(bytes,uint64[])`, as the registry contract names it. */
const SELECTOR = "3877322b";
const word = (number) => BigInt(number).toString(16).padStart(64, "0");

/** The call that asks for the exit of a validator from the cluster of `operators`. */
export function exitCalldata(publicKey, operators) {
  const key = publicKey.slice(2);
  const padded = key.padEnd(Math.ceil(key.length / 64) * 64, "0");
  const keyAt = 64;
  const operatorsAt = keyAt + 32 + padded.length / 2;
  return `0x${SELECTOR}${word(keyAt)}${word(operatorsAt)}${word(key.length / 2)}${padded}${word(operators.length)}${operators.map(word).join("")}`;
}

/** Sends the owner's transaction and looks at the validator in every slot from then on, until `stop`. */
export async function requestExit(net, validator) {
  const { plan, state, layout, beacon } = net;
  const cluster = plan.clusters.find(({ first, last }) => validator >= first && validator <= last);
  const from = state.accounts[cluster.account];
  const transaction = { from, to: state.contract.address, data: exitCalldata(publicKeyHex(validator), cluster.operators), gas: "0x7a120" };
  const hash = await rpc(layout.executionUrl, "eth_sendTransaction", [transaction]);
  const receipt = await waitFor("receipt of the exit", () => rpc(layout.executionUrl, "eth_getTransactionReceipt", [hash]), { deadlineMillis: RECEIPT_DEADLINE_MILLIS });
  if (receipt.status !== "0x1") throw new Error(`the exit ${hash} was reverted`);
  const requested = net.epoch;
  net.report.note(`exit of validator ${validator} requested in slot ${net.slot}, block ${Number(receipt.blockNumber)} ${hash}`);

  const looks = [];
  const before = net.onSlot;
  net.onSlot = async (slot) => {
    await before?.(slot);
    looks.push({ epoch: epochOf(await beacon.headSlot()), slot, ...(await beacon.validator(validator)) });
  };
  return { validator, requested, looks, operators: cluster.operators, stop: () => (net.onSlot = before) };
}

export function claimExit(net, { validator, requested, looks, operators }) {
  const { isInTime, isAtItsEpoch, exitEpoch, exitingEpoch, exitedEpoch } = judgeExit({ requested, looks });
  net.report.check("the validator is active_exiting within two epochs", isInTime, `requested in epoch ${requested}, active_exiting in epoch ${exitingEpoch ?? "-"}`);
  net.report.check("and exited at its epoch", isAtItsEpoch, `exit epoch ${exitEpoch ?? "-"}, first seen exited in epoch ${exitedEpoch ?? "-"}`);
  const booked = operators.filter((operator) => [...net.ledgers.get(operator).values()].some((row) => row.role === "voluntary_exit" && row.validator_index === validator && row.outcome === "submitted"));
  net.report.check("every operator of its cluster has the exit in its ledger as submitted", booked.length === operators.length, `operators ${booked.join(" ") || "none"} of ${operators.join(" ")}`);
}
