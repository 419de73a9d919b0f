// What the operators made of the contract, compared with the chain itself; a validator added and one removed meanwhile.
import { rpc } from "../lib/http.mjs";
import { CHANGING_OWNER, OPERATORS, SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { membersNow, swing } from "../lib/state.mjs";
import { waitFor } from "../lib/wait.mjs";
import { assignValidators, publicKeyHex } from "../setup/validators.mjs";
import { firstSlotOf, epochOf } from "../lib/beacon-api.mjs";

/** Event names by topic 0, as the registry contract defines them. */
const TOPICS = {
  OperatorAdded: "0xd839f31c14bd632f424e307b36abff63ca33684f77f28e35dc13718ef338f7f4",
  ValidatorAdded: "0x48a3ea0796746043948f6341d17ff8200937b99262a0b48c2663b951ed7114e5",
  ValidatorRemoved: "0xccf4370403e5fbbde0cd3f13426479dcd8a5916b05db424b7a2c04978cf8ce6e",
};
const HEAD_DEADLINE_MILLIS = 20_000;
const same = (a, b) => a?.toLowerCase() === b?.toLowerCase();

/** Every operator at one block of the chain, all with one digest. They are asked until a block is caught in common. */
async function checkHeads(ctx) {
  const { report, layout } = ctx;
  const caught = await waitFor(
    "block that all operators stand at",
    async () => {
      const head = await rpc(layout.executionUrl, "eth_getBlockByNumber", ["latest", false]);
      const registries = (await Promise.all(OPERATORS.map((operator) => ctx.status(operator)))).map((status) => status?.registry);
      const isAtHead = registries.every((registry) => registry?.block === Number(head.number) && same(registry.block_hash, head.hash));
      return isAtHead && { head, digests: registries.map((registry) => registry.digest) };
    },
    { deadlineMillis: HEAD_DEADLINE_MILLIS, everyMillis: 100 },
  );
  const { head, digests } = caught;
  report.check("every operator stands at the head of the execution chain", true, `block ${Number(head.number)} ${head.hash}`);
  report.check("with equal digests", new Set(digests).size === 1 && Boolean(digests[0]), digests[0]);
}

/** A transaction and its logs as the chain tells them. */
async function transaction(ctx, hash) {
  const [sent, receipt] = await Promise.all(["eth_getTransactionByHash", "eth_getTransactionReceipt"].map((method) => rpc(ctx.layout.executionUrl, method, [hash])));
  return { sent, receipt };
}

async function isAsReported(ctx, { answer, sender, topic, count }) {
  const { sent, receipt } = await transaction(ctx, answer.transaction_hash);
  if (!sent || !receipt) return false;
  const events = receipt.logs.filter((log) => log.topics[0] === topic && same(log.address, ctx.state.contract.address));
  return receipt.status === "0x1" && same(sent.from, sender) && same(sent.to, ctx.state.contract.address) && Number(receipt.blockNumber) === answer.block && events.length === count;
}

async function checkTransactions(ctx) {
  const { report, state } = ctx;
  const claims = [
    ...state.operators.map((answer) => ({ answer, sender: state.accounts[answer.operator_id], topic: TOPICS.OperatorAdded, count: 1 })),
    ...state.clusters.flatMap(({ address, transactions }) =>
      transactions.map((answer) => ({ answer, sender: address, topic: TOPICS.ValidatorAdded, count: answer.count })),
    ),
  ];
  const verdicts = await Promise.all(claims.map((claim) => isAsReported(ctx, claim)));
  const good = verdicts.filter(Boolean).length;
  const validators = state.clusters.flatMap(({ transactions }) => transactions).reduce((sum, { count }) => sum + count, 0);
  const owners = new Set(state.clusters.map(({ address }) => address)).size;
  report.check(
    "operators and validators were registered by transactions that the chain has, from the senders and in the blocks reported",
    good === claims.length && owners === state.clusters.length,
    `${good} of ${claims.length}: ${claims.map(({ answer }) => answer.transaction_hash.slice(0, 10)).join(" ")}; ${state.operators.length} operators, ${validators} validators of ${owners} owners`,
  );
}

/** The contract's own logs against every operator's count. */
async function checkCounts(ctx) {
  const { report, layout, state } = ctx;
  const logs = await rpc(layout.executionUrl, "eth_getLogs", [{ address: state.contract.address, fromBlock: "0x0", toBlock: "latest" }]);
  const count = (topic) => logs.filter((log) => log.topics[0] === topic).length;
  const expected = count(TOPICS.ValidatorAdded) - count(TOPICS.ValidatorRemoved);
  const statuses = await waitFor(
    `operators that know ${expected} validators`,
    async () => {
      const all = await Promise.all(OPERATORS.map((operator) => ctx.status(operator)));
      return all.every((status) => status?.validators?.mine === expected) && all;
    },
    { deadlineMillis: HEAD_DEADLINE_MILLIS },
  );
  report.check(
    "every operator knows the validators that the contract's events leave",
    expected === membersNow(state).size,
    `${count(TOPICS.OperatorAdded)} operators, ${count(TOPICS.ValidatorAdded)} added, ${count(TOPICS.ValidatorRemoved)} removed; mine ${statuses.map((status) => status.validators.mine).join(" ")}`,
  );
}

export async function checkRegistry(ctx) {
  ctx.report.section("the registry");
  await checkHeads(ctx);
  await checkTransactions(ctx);
  await checkCounts(ctx);
}

/** Adds one validator and removes one by contract calls while the operators run. */
export async function changeValidators(ctx) {
  const { report, capstan, layout, state } = ctx;
  report.section("one validator joins, one leaves");
  const { account } = CHANGING_OWNER;
  const { joiner, leaver } = swing(state);
  const address = state.accounts[account];
  const slot = ctx.slot;
  const [added] = await assignValidators(layout, capstan, { account, address, indices: [joiner], operators: OPERATORS });
  const removed = await capstan.removeValidator({
    networkFile: layout.networkFile,
    executionUrl: layout.executionUrl,
    publicKey: publicKeyHex(leaver),
    operators: OPERATORS,
    signerKeyFile: layout.accountFile(account),
  });
  // a share armed in one epoch votes from the next; one epoch more covers the duties fetched in between
  const steadyFrom = firstSlotOf(epochOf(ctx.slot) + 2);
  ctx.recordChange({ slot, added: joiner, removed: leaver, done: ctx.slot, steadyFrom });
  ctx.change = { joiner, leaver, done: ctx.slot, steadyFrom };
  const isAdded = await isAsReported(ctx, { answer: added, sender: address, topic: TOPICS.ValidatorAdded, count: 1 });
  const isRemoved = await isAsReported(ctx, { answer: removed, sender: address, topic: TOPICS.ValidatorRemoved, count: 1 });
  report.check("both are on chain", isAdded && isRemoved, `validator ${joiner} added in block ${added.block}, ${leaver} removed in block ${removed.block}, slot ${slot}`);
  await checkHeads(ctx);
  await checkCounts(ctx);
}

/** What the change did to the votes: judged when the joiner has had two epochs of duties. */
export function checkChange(ctx, to) {
  const { report, evidence, change } = ctx;
  const joined = evidence.duties.filter((duty) => duty.validator === change.joiner && duty.slot >= change.steadyFrom && duty.slot <= to);
  const votes = joined.filter((duty) => evidence.included.has(`${duty.slot}/${duty.validator}`)).length;
  report.check("the validator that joined votes", joined.length > 0 && votes >= joined.length - 1 && votes > 0, `${votes} of ${joined.length} votes in blocks since slot ${change.steadyFrom}`);
  const left = [...evidence.allVotes()].filter((vote) => vote.validator === change.leaver && vote.slot > change.done + 1 && vote.slot < change.steadyFrom + 4 * SLOTS_PER_EPOCH);
  report.check("the validator that left is silent", left.length === 0, `${left.length} votes after slot ${change.done + 1}`);
}
