import assert from "node:assert/strict";
import { test } from "node:test";
import { Announced, judgePrepared, judgeSubscribed, judgeSyncSubscribed } from "../all-duties/announced.mjs";
import { accountDone, compareBooks, compareInclusion, oddities, summarize } from "../all-duties/books.mjs";
import { exitCalldata } from "../all-duties/exit.mjs";
import { accountBlocks, accountForks, accountFull, accountHeads, accountRecipients, accountSync, bitOf, compareHeads, comparePublished, judgeExit, judgeFinality, publishedInChain } from "../all-duties/judge.mjs";
import { badSigners, behind, failedIn, lostRows, missingShare, onTimeShare, promptShare, warnedShare } from "../all-duties/lines.mjs";
import { keyOf, publishedIn } from "../all-duties/published.mjs";
import { inTime, judgeRegistrations } from "../all-duties/relay-judge.mjs";
import { Selection } from "../all-duties/selection.mjs";
import { Traffic } from "../all-duties/traffic.mjs";
import { tale } from "../all-duties/words.mjs";
import { assignedByRole } from "../check/ledger.mjs";
import { ALL_DUTIES, clusterValidators, faulty, validatorsOf } from "../lib/plans.mjs";

const post = (path, body, { status = 200, micros = 5, ...rest } = {}) => ({
  type: "exchange",
  method: "POST",
  path,
  request_micros: micros,
  status,
  ...(Buffer.isBuffer(body) ? { request_base64: body.toString("base64") } : { request_body: JSON.stringify(body) }),
  ...rest,
});
const keysOf = (entry) => publishedIn(entry).map(({ key, isAccepted }) => `${key}${isAccepted ? "" : " refused"}`);

// --- what was published

test("every kind of published object is read with its duty", () => {
  const data = { slot: "17" };
  assert.deepEqual(keysOf(post("/eth/v2/beacon/pool/attestations", [{ attester_index: "3", data }])), ["attester/17/3"]);
  assert.deepEqual(keysOf(post("/eth/v1/beacon/pool/sync_committees", [{ slot: "17", validator_index: "4" }])), ["sync_committee/17/4"]);
  const aggregate = { message: { aggregator_index: "5", aggregate: { data }, selection_proof: "0x" } };
  assert.deepEqual(keysOf(post("/eth/v2/validator/aggregate_and_proofs", [aggregate])), ["aggregator/17/5"]);
  const contribution = { message: { aggregator_index: "6", contribution: { slot: "17", subcommittee_index: "2" }, selection_proof: "0x" } };
  assert.deepEqual(keysOf(post("/eth/v1/validator/contribution_and_proofs", [contribution])), ["sync_committee_contribution/17/6/2"]);
  assert.deepEqual(keysOf(post("/eth/v1/beacon/pool/voluntary_exits", { message: { epoch: "6", validator_index: "7" } })), ["voluntary_exit/6/7"]);
  assert.deepEqual(keysOf(post("/eth/v1/validator/prepare_beacon_proposer", [])), []);
  assert.deepEqual(keysOf({ ...post("/eth/v2/beacon/pool/attestations", []), method: "GET" }), []);
});

test("blocks are read by their first bytes, full and blinded, in SSZ and in JSON", () => {
  const signed = Buffer.alloc(4 + 96 + 16);
  signed.writeBigUInt64LE(17n, 100);
  signed.writeBigUInt64LE(9n, 108);
  const offsets = Buffer.alloc(12);
  offsets.writeUInt32LE(12);
  const [full] = publishedIn(post("/eth/v2/beacon/blocks", Buffer.concat([offsets, signed])));
  assert.deepEqual([full.key, full.detail.isBlinded], ["proposer/17/9", false]);
  const [blinded] = publishedIn(post("/eth/v2/beacon/blinded_blocks", signed));
  assert.deepEqual([blinded.key, blinded.detail.isBlinded], ["proposer/17/9", true]);
  assert.deepEqual(keysOf({ ...post("/eth/v2/beacon/blocks", {}), request_body: '{"signed_block":{"message":{"slot":"18","proposer_index":"9","parent' }), ["proposer/18/9"]);
  assert.throws(() => keysOf({ ...post("/eth/v2/beacon/blocks", {}), request_body: '{"signed_block":' }), /no slot/);
});

test("an object counts as taken only when a node took that very one", () => {
  const votes = [1, 2].map((index) => ({ attester_index: String(index), data: { slot: "17" } }));
  const path = "/eth/v2/beacon/pool/attestations";
  const failures = JSON.stringify({ failures: [{ index: "1", message: "no" }] });
  assert.deepEqual(keysOf(post(path, votes, { status: 400, response_body: failures })), ["attester/17/1", "attester/17/2 refused"]);
  for (const answer of [{ status: 400, response_body: "no" }, { status: 500, response_body: failures }, { status: null }]) {
    assert.deepEqual(keysOf(post(path, votes, answer)), ["attester/17/1 refused", "attester/17/2 refused"]);
  }
});

test("traffic over two nodes: taken by one is taken, and the first time counts", () => {
  const traffic = new Traffic();
  const vote = [{ attester_index: "3", data: { slot: "17" } }];
  const path = "/eth/v2/beacon/pool/attestations";
  traffic.add(post(path, vote, { status: 503, micros: 5, response_body: "no" }), "beacon");
  assert.deepEqual([...traffic.accepted("attester", { from: 17, to: 17 })], []);
  traffic.add(post(path, vote, { micros: 9 }), "beacon-b");
  assert.deepEqual([...traffic.accepted("attester", { from: 17, to: 17 })], ["attester/17/3"]);
  assert.deepEqual([...traffic.accepted("attester", { from: 18, to: 20 })], []);
  assert.equal(traffic.published.get("attester/17/3").micros, 5);
  assert.deepEqual(traffic.refusals.map(({ status, node }) => [status, node]), [[503, "beacon"]]);
});

const PREPARE = "/eth/v1/validator/prepare_beacon_proposer";
const SUBSCRIBE = "/eth/v1/validator/beacon_committee_subscriptions";
const SUBSCRIBE_SYNC = "/eth/v1/validator/sync_committee_subscriptions";

/** What a node took of these posts: path, body, and what is special about the exchange. */
function announcedIn(...posts) {
  const traffic = new Traffic();
  for (const [path, item, rest] of posts) traffic.add(post(path, [item], { micros: 65, ...rest }), "beacon");
  return traffic.announced.get("beacon") ?? new Announced();
}

/** Slots of ten microseconds; the slots 7 and 8 are judged, slot 7 begins at 70. */
const slotStart = (slot) => 10 * slot;
const window = { from: 7, to: 8 };

test("a proposer that a node was not told of in time, or of whom it knows another recipient, is found", () => {
  const told = (recipient, rest) => [PREPARE, { validator_index: "1", fee_recipient: recipient }, rest];
  const missing = (...posts) =>
    judgePrepared({ announced: announcedIn(...posts), window, validators: new Set([1]), proposerOf: (slot) => slot - 6, recipientOf: () => "0xaa", slotStart }).missing;
  assert.deepEqual(missing(told("0xAA")), []);
  assert.deepEqual(missing(), ["7/1"]);
  assert.deepEqual(missing(told("0xaa", { micros: 70 })), ["7/1"]);
  assert.deepEqual(missing(told("0xaa", { status: 500 })), ["7/1"]);
  assert.deepEqual(missing(told("0xaa"), told("0xbb", { micros: 66 })), ["7/1"]);
  assert.deepEqual(missing(told("0xbb"), told("0xaa", { micros: 66 }), told("0xbb", { micros: 71 })), []);
});

test("a vote whose subnet was not subscribed to, or too late, is found", () => {
  const duties = [{ slot: 7, validator: 1 }, { slot: 7, validator: 2 }, { slot: 9, validator: 1 }];
  const told = (slot, validator, rest) => [SUBSCRIBE, { slot: String(slot), validator_index: String(validator) }, rest];
  const judge = (...posts) => judgeSubscribed({ announced: announcedIn(...posts), window, validators: new Set([1]), duties, slotStart });
  assert.deepEqual(judge(told(7, 1)), { due: 1, good: 1, missing: [] });
  assert.deepEqual(judge(told(7, 1), told(7, 1, { micros: 75 })).missing, []);
  for (const posts of [[], [told(8, 1)], [told(7, 2)], [told(7, 1, { micros: 70 })], [told(7, 1, { status: 503 })]]) assert.deepEqual(judge(...posts).missing, ["7/1"]);
});

test("a member of the sync committee whose subnets were not all subscribed to for the whole epoch is found", () => {
  const epochs = [{ epoch: 1, members: [{ validator: 1, positions: [3, 9] }, { validator: 2, positions: [4] }] }];
  const told = (indices, until, rest) => [SUBSCRIBE_SYNC, { validator_index: "1", sync_committee_indices: indices, until_epoch: until }, rest];
  const judge = (...posts) => judgeSyncSubscribed({ announced: announcedIn(...posts), validators: new Set([1]), epochs, epochStart: () => 70 });
  assert.deepEqual(judge(told(["3", "9"], "2")), { due: 1, good: 1, missing: [] });
  for (const posts of [[], [told(["3"], "2")], [told(["3", "9"], "1")], [told(["3", "9"], "2", { micros: 70 })]]) assert.deepEqual(judge(...posts).missing, ["epoch 1/1"]);
});

// --- judgements over the chain

test("finality that stays behind, or was not looked at, is found", () => {
  const looks = [
    { slot: 23, finalized: 0 },
    { slot: 31, finalized: 0 },
    { slot: 39, finalized: 0 },
    { slot: 39, finalized: 1 },
  ];
  const judge = (to, from = 2) => judgeFinality({ looks, from, to, slotsPerEpoch: 8 }).bad.map(({ epoch }) => epoch);
  assert.deepEqual(judge(4), []);
  assert.deepEqual(judge(5), [5]); // no look in epoch 5
  assert.deepEqual(judgeFinality({ looks: looks.slice(0, 3), from: 2, to: 4, slotsPerEpoch: 8 }).bad, [{ epoch: 4, finalized: 0, isGood: false }]);
});

const block = (proposer, { version = "electra", bits = "0x00000000", recipient = "0xaa" } = {}) => ({
  version,
  message: { proposer_index: String(proposer), body: { sync_aggregate: { sync_committee_bits: bits }, execution_payload: { fee_recipient: recipient } } },
});

test("a slot counts when its block is the proposer's and an operator published it", () => {
  const blocks = new Map([[1, block(5)], [2, block(6)], [3, block(7)]]);
  const published = new Set([keyOf("proposer", 1, 5), keyOf("proposer", 2, 6), keyOf("proposer", 4, 8)]);
  const proposerOf = (slot) => ({ 1: 5, 2: 9, 3: 7, 4: 8 })[slot];
  const account = accountBlocks({ window: { from: 1, to: 4 }, blocks, published, proposerOf });
  assert.deepEqual([account.due, account.ours], [4, 1]);
  assert.deepEqual(account.foreign.map(({ slot }) => slot), [2, 3]); // another proposer; a block that nobody here published
  assert.deepEqual(account.empty.map(({ slot }) => slot), [4]);
  const some = accountBlocks({ window: { from: 1, to: 4 }, blocks, published, proposerOf, isCounted: (proposer) => proposer === 5 });
  assert.deepEqual([some.due, some.ours], [1, 1]);
  const empty = accountBlocks({ window: { from: 1, to: 4 }, blocks, published, proposerOf, isCounted: (_proposer, slot) => slot === 4 });
  assert.deepEqual([empty.due, empty.ours], [1, 0]);
});

test("a block that was sent counts when the chain has it, and no other does", () => {
  const blocks = new Map([[1, block(5)], [2, block(6)], [9, block(5)]]);
  const sent = (role, slot, validator) => ({ role, slot, validator, key: keyOf(role, slot, validator), isAccepted: false });
  const published = [sent("proposer", 1, 5), sent("proposer", 2, 7), sent("proposer", 3, 5), sent("proposer", 9, 5), sent("attester", 1, 5)];
  assert.deepEqual(publishedInChain({ published, blocks, window: { from: 1, to: 4 } }), ["proposer/1/5"]);
});

test("a sync message is in when all its positions are set in the next block", () => {
  assert.deepEqual([bitOf("0x0180", 0), bitOf("0x0180", 1), bitOf("0x0180", 15)], [true, false, true]);
  const blocks = new Map([[2, block(0, { bits: "0x05000000" })]]);
  const syncDutiesOf = () => [
    { validator: 1, positions: [0, 2] },
    { validator: 2, positions: [0, 1] },
    { validator: 9, positions: [3] },
  ];
  const account = accountSync({ window: { from: 1, to: 2 }, blocks, syncDutiesOf, validators: new Set([1, 2]) });
  assert.deepEqual([account.due, account.included, account.noBlock], [2, 1, 2]);
  assert.deepEqual(account.missing, [{ slot: 1, validator: 2 }]);
});

test("what was selected and not taken is missing, and what was published unselected is too much, taken or not", () => {
  const judge = (published, accepted) => comparePublished({ selected: new Set(["a", "b"]), published: new Set(published), accepted: new Set(accepted) });
  assert.deepEqual(judge(["a", "b"], ["a", "b"]), { selected: 2, done: 2, missing: [], extra: [] });
  assert.deepEqual(judge(["a", "b"], ["b"]), { selected: 2, done: 1, missing: ["a"], extra: [] });
  assert.deepEqual(judge(["a", "b", "c"], ["a", "b"]).extra, ["c"]);
  assert.deepEqual(judge(["a", "b", "c"], ["a", "c"]), { selected: 2, done: 1, missing: ["b"], extra: ["c"] });
});

test("a block of which nobody published more than the header is found", () => {
  const blocks = new Map([[1, block(5)], [2, block(6)], [3, block(7)]]);
  const sent = (slot, validator, isBlinded, role = "proposer") => ({ role, key: keyOf(role, slot, validator), detail: { isBlinded } });
  const published = [sent(1, 5, true), sent(1, 5, false), sent(2, 6, true), sent(3, 8, false), sent(3, 7, undefined, "attester")];
  assert.deepEqual(accountFull({ window: { from: 1, to: 4 }, blocks, published }), { due: 3, full: 1, missing: [2, 3] });
});

/** A block at each slot but 3, whose root is its slot's; votes of slot and validator with the root that they name. */
const chainOf = (votesBySlot) =>
  new Map(
    [1, 2, 4, 5].map((slot, at, slots) => [
      slot,
      { message: { parent_root: `root${slots[at - 1] ?? 0}`, body: { attestations: (votesBySlot[slot] ?? []).map(([of, validator, root]) => ({ data: { slot: String(of), beacon_block_root: root }, validator })) } } },
    ]),
  );
const votesOf = ({ data, validator }) => [{ slot: Number(data.slot), validator }];
const heads = (votes, window = { from: 1, to: 4 }) => accountHeads({ window, blocks: chainOf(votes), votesOf });

test("a vote for another block than the chain's is found, whatever a ledger says of it", () => {
  assert.deepEqual(heads({ 2: [[1, 9, "root1"]], 4: [[2, 8, "root2"], [3, 7, "root2"]] }).wrong, []); // slot 3 is empty
  const { known, right, wrong } = heads({ 2: [[1, 9, "root0"], [1, 8, "root1"]] });
  assert.deepEqual([known, right, wrong], [2, 1, ["1/9"]]);
  assert.deepEqual(heads({ 4: [[3, 7, "root1"]] }).wrong, ["3/7"]);
  assert.deepEqual(heads({ 2: [[1, 9, "root1"]], 4: [[1, 9, "root0"]] }).wrong, []); // the first inclusion counts
  assert.equal(heads({ 5: [[5, 9, "root4"]] }, { from: 1, to: 9 }).known, 0); // the last block's root stands nowhere
  assert.equal(heads({ 2: [[1, 9, "root0"]] }, { from: 2, to: 4 }).known, 0);
});

test("ledgers that praise a wrong head, blame a right one, or do not know, are found", () => {
  const isRight = new Map([["7/1", true], ["7/2", false]]);
  const told = (head) => (head === undefined ? {} : { included: { head } });
  const judge = (one, two) => compareHeads({ rows: [rowOf("attester", 7, 1, "submitted", told(one)), rowOf("attester", 7, 2, "submitted", told(two))], isRight });
  assert.deepEqual(judge(true, false), { submitted: 2, told: 2, odd: [] });
  assert.deepEqual(judge(true, true).odd, ["7/2"]);
  assert.deepEqual(judge(false, false).odd, ["7/1"]);
  assert.deepEqual(judge(undefined, null), { submitted: 2, told: 0, odd: [] });
  assert.equal(compareHeads({ rows: [rowOf("attester", 7, 1, "failed", told(true)), rowOf("proposer", 7, 1, "submitted", told(true))], isRight }).submitted, 0);
});

test("selection asks once per validator and subcommittee, and by the proof", () => {
  const signer = { selectionProof: (validator) => [validator], syncSelectionProof: (validator, _slot, part) => [validator, part] };
  const selection = new Selection(signer, {
    isAggregator: (length, [validator]) => validator % length === 0,
    isContributor: ([validator, part]) => validator === 1 || part === 3,
    subcommitteeSize: 8,
  });
  const duties = [4, 5, 8].map((validator) => ({ validator, slot: 7, length: 4 }));
  assert.deepEqual([...selection.aggregators(duties)], ["aggregator/7/4", "aggregator/7/8"]);
  const members = [
    { validator: 1, positions: [0, 7, 8] },
    { validator: 2, positions: [1, 31] },
  ];
  assert.deepEqual([...selection.contributors(7, members)], ["sync_committee_contribution/7/1/0", "sync_committee_contribution/7/1/1", "sync_committee_contribution/7/2/3"]);
});

test("an exit is late, early, or never, and each is found", () => {
  const look = (epoch, status, exitEpoch = 11) => ({ epoch, status, exitEpoch });
  const good = [look(6, "active_ongoing"), look(7, "active_exiting"), look(10, "active_exiting"), look(11, "exited_unslashed")];
  const judge = (looks) => judgeExit({ requested: 6, looks });
  assert.deepEqual([judge(good).isInTime, judge(good).isAtItsEpoch, judge(good).exitEpoch], [true, true, 11]);
  assert.equal(judge(good.map((each) => ({ ...each, epoch: each.epoch + 2 }))).isInTime, false);
  assert.equal(judge([look(6, "active_ongoing")]).isInTime, false);
  assert.equal(judge([...good.slice(0, 3), look(11, "active_exiting")]).isAtItsEpoch, false);
  assert.equal(judge([...good.slice(0, 2), look(10, "exited_unslashed")]).isAtItsEpoch, false);
  assert.equal(judge(good.slice(0, 3)).isAtItsEpoch, false); // never seen at its epoch
});

test("a block that pays a stranger and one of the wrong fork are found", () => {
  const blocks = new Map([[1, block(5)], [2, block(6, { recipient: "0xBB", version: "fulu" })], [3, block(5, { recipient: "0xAA" })]]);
  const recipients = accountRecipients({ window: { from: 1, to: 4 }, blocks, recipientOf: () => "0xaa" });
  assert.deepEqual([recipients.due, recipients.right, recipients.wrong], [3, 2, [{ slot: 2, proposer: 6, paid: "0xbb" }]]);
  const forks = accountForks({ window: { from: 1, to: 4 }, blocks, forkOf: (slot) => (slot < 2 ? "electra" : "fulu") });
  assert.deepEqual([[...forks.counts], forks.wrong], [[["electra", 2], ["fulu", 1]], [3]]);
});

// --- ledgers

const rowOf = (role, slot, validator, outcome, rest = {}) => ({ role, slot, validator_index: validator, outcome, ...rest });

test("assigned duties are those of the operator's own validators, with an aggregation for each", () => {
  const evidence = {
    dutiesOfSlot: (slot) => (slot === 7 ? [{ validator: 1 }, { validator: 9 }] : []),
    syncDutiesOf: (slot) => (slot === 8 ? [{ validator: 2 }] : []),
    proposerOf: (slot) => (slot === 7 ? 2 : 9),
  };
  const assigned = assignedByRole(evidence, new Set([1, 2]), { from: 7, to: 8 });
  assert.deepEqual([...assigned.values()].flatMap((keys) => [...keys]).sort(), ["aggregator/7/1", "attester/7/1", "proposer/7/2", "sync_committee/8/2", "sync_committee_contribution/8/2"]);
});

test("books that leave out, invent, boast, hide or misjudge are found", () => {
  const assigned = new Map([
    ["attester", new Set(["attester/7/1", "attester/7/2"])],
    ["aggregator", new Set(["aggregator/7/1", "aggregator/7/2"])],
  ]);
  const selected = new Set(["aggregator/7/1"]);
  const accepted = new Set(["attester/7/1", "attester/7/2", "aggregator/7/1"]);
  const rows = [
    rowOf("attester", 7, 1, "submitted"),
    rowOf("attester", 7, 2, "submitted"),
    rowOf("aggregator", 7, 1, "submitted"),
    rowOf("aggregator", 7, 2, "not_selected"),
    rowOf("validator_registration", 7, 2, "submitted"),
  ];
  const odd = (change) => oddities(compareBooks({ assigned, rows, accepted, selected, ...change }));
  assert.deepEqual(odd({}), []);
  assert.deepEqual(odd({ rows: rows.slice(1) }), ["unbooked attester/7/1", "unsubmitted attester/7/1"]);
  assert.deepEqual(odd({ rows: [...rows, rowOf("attester", 7, 3, "failed")] }), ["invented attester/7/3"]);
  assert.deepEqual(odd({ accepted: new Set(["attester/7/1", "aggregator/7/1"]) }), ["unseen attester/7/2"]);
  assert.deepEqual(odd({ rows: [rowOf("attester", 7, 1, "failed"), ...rows.slice(1)] }), ["unsubmitted attester/7/1"]);
  assert.deepEqual(odd({ selected: new Set(["aggregator/7/1", "aggregator/7/2"]) }), ["misjudged aggregator/7/2"]);
  assert.deepEqual(odd({ selected: new Set() }), ["misjudged aggregator/7/1"]);
  assert.equal(compareBooks({ assigned, rows: [rowOf("attester", 7, 1, "running")], accepted, selected }).running, 1);
});

test("what can be done is counted without the ledger, and what no node took is missing", () => {
  const assigned = new Map([
    ["attester", new Set(["attester/7/1", "attester/7/2"])],
    ["aggregator", new Set(["aggregator/7/1", "aggregator/7/2"])],
    ["sync_committee_contribution", new Set(["sync_committee_contribution/7/1"])],
  ]);
  const selected = new Set(["aggregator/7/1", "sync_committee_contribution/7/1/0", "sync_committee_contribution/7/1/3"]);
  const accepted = new Set(["attester/7/1", "attester/7/2", "aggregator/7/1", "sync_committee_contribution/7/1/3"]);
  const account = (change) => accountDone({ assigned, accepted, selected, validators: new Set([1, 2]), ...change });
  assert.deepEqual(account({}), { due: 4, done: 4, missing: [] });
  assert.deepEqual(account({ accepted: new Set(["attester/7/1"]) }), { due: 4, done: 1, missing: ["attester/7/2", "aggregator/7/1", "sync_committee_contribution/7/1"] });
  assert.deepEqual(account({ selected: new Set() }), { due: 2, done: 2, missing: [] });
  assert.deepEqual(account({ validators: new Set([2]) }), { due: 1, done: 1, missing: [] });
  assert.deepEqual(account({ validators: new Set() }), { due: 0, done: 0, missing: [] });
});

test("a contribution of two subcommittees is one duty on the books", () => {
  const key = "sync_committee_contribution/7/1";
  const parts = new Set([`${key}/0`, `${key}/3`]);
  const assigned = new Map([["sync_committee_contribution", new Set([key])]]);
  const rows = [rowOf("sync_committee_contribution", 7, 1, "submitted")];
  assert.deepEqual(oddities(compareBooks({ assigned, rows, accepted: parts, selected: parts })), []);
});

test("a ledger that names another block than the chain, or none, is found", () => {
  const included = new Map([["7/1", { includedIn: 8 }]]);
  const odd = (rows) => compareInclusion({ rows, included }).odd.map(({ told, inChain }) => [told, inChain]);
  assert.deepEqual(odd([rowOf("attester", 7, 1, "submitted", { included: { slot: 8 } })]), []);
  assert.deepEqual(odd([rowOf("attester", 7, 1, "submitted", { included: { slot: 9 } })]), [[9, 8]]);
  assert.deepEqual(odd([rowOf("attester", 7, 1, "submitted")]), [[null, 8]]);
  assert.deepEqual(odd([rowOf("attester", 7, 2, "submitted", { included: { slot: 8 } })]), [[8, null]]);
  assert.deepEqual(compareInclusion({ rows: [rowOf("attester", 7, 1, "submitted", { warnings: ["not_checked"] })], included }), { submitted: 1, told: 0, odd: [] });
  assert.deepEqual(summarize([rowOf("proposer", 7, 1, "failed", { reason: "no_proposal", room: "consensus" }), rowOf("attester", 7, 1, "submitted")]), [
    ["attester submitted", 1],
    ["proposer failed no_proposal (consensus)", 1],
  ]);
});

// --- the lines of faults

const heard = (times, rest = {}) => ({ role: "attester", outcome: "submitted", operators: [1, 2, 3, 4], heard: { post_signatures: times }, ...rest });

test("an operator that was heard is not missing, and one outside the committee is not counted", () => {
  const rows = [heard({ 1: 5, 2: 6, 3: 7 }), heard({ 1: 5, 2: 6, 3: 7, 4: 8 }), heard({}, { outcome: "failed" })];
  assert.deepEqual(missingShare(rows, 4), { rows: 2, missing: 1, share: 0.5 });
  assert.deepEqual(missingShare(rows, 9), { rows: 0, missing: 0, share: 0 });
});

test("on time means within the given time of the others' median", () => {
  const rows = [heard({ 1: 10, 2: 20, 3: 30, 4: 220 }), heard({ 1: 10, 2: 20, 3: 30, 4: 221 }), heard({ 1: 10, 2: 20, 3: 30 }), heard({ 4: 5 })];
  assert.deepEqual(onTimeShare(rows, 4, 200), { rows: 3, onTime: 1, share: 1 / 3 });
});

test("how far an operator is behind, whether it is heard at all, and one that is not far, are told apart", () => {
  const far = [heard({ 1: 10, 2: 20, 3: 30, 4: 420 }), heard({ 1: 10, 2: 20, 3: 30, 4: 419 }), heard({ 1: 10, 2: 20, 3: 30 }), heard({}, { outcome: "failed" })];
  assert.deepEqual(behind(far, 4, 400), { rows: 3, heard: 2, early: 1, heardShare: 2 / 3, earlyShare: 0.5, median: 399 });
  assert.deepEqual(behind(far.slice(2), 4, 400), { rows: 1, heard: 0, early: 0, heardShare: 0, earlyShare: 0, median: null });
  assert.equal(behind(far, 9, 400).rows, 0);
});

test("a traitor that few name, and an honest operator that is named in any duty, are both found", () => {
  const row = (role, bad, rest = {}) => ({ role, outcome: "submitted", operators: [1, 2, 3, 4], bad_partial_signatures: bad, ...rest });
  const rows = [row("attester", [2]), row("sync_committee", []), row("attester", [2], { outcome: "failed" }), row("attester", undefined), row("aggregator", []), row("attester", [], { operators: [4, 5, 6, 7] })];
  assert.deepEqual(badSigners(rows, 2), { due: 4, named: 2, share: 0.5, wronged: 0, submitted: 1 });
  assert.equal(badSigners([...rows, row("aggregator", [2, 3])], 2).wronged, 1);
  assert.equal(badSigners([], 2).share, 0);
});

test("a ledger without the warning is found", () => {
  const rows = [{ warnings: ["clock_off"] }, { warnings: ["included_late"] }, { warnings: [] }, {}];
  assert.deepEqual(warnedShare(rows, "clock_off"), { rows: 4, warned: 1, share: 0.25 });
  assert.equal(warnedShare([], "clock_off").share, 0);
});

test("duties that a beacon node lost, and votes that it held up, are found", () => {
  const failed = (room) => ({ outcome: "failed", room });
  assert.deepEqual(failedIn([failed("beacon"), failed("consensus"), { outcome: "submitted", room: "beacon" }], ["beacon", "submission"]), [failed("beacon")]);
  const vote = (start, data, role = "attester") => ({ role, micros: { start, data } });
  assert.deepEqual(promptShare([vote(10, 510), vote(10, 511), vote(10, null), { role: "attester" }, vote(0, 9_000, "aggregator")], 500), { rows: 4, prompt: 1, share: 0.25 });
});

test("a lost duty without a reason, with another reason, or done after all is found", () => {
  const lost = (rows) => lostRows(rows, ["not_decided"]);
  const good = { outcome: "failed", reason: "not_decided", room: "consensus" };
  assert.deepEqual([lost([good, { outcome: "not_selected" }]).unexplained, lost([good]).due], [[], 1]);
  assert.equal(lost([{ ...good, reason: "node_stopped" }]).unexplained.length, 1);
  assert.equal(lost([{ ...good, room: null }]).unexplained.length, 1);
  assert.equal(lost([{ outcome: "running" }]).unexplained.length, 1);
  assert.equal(lost([{ outcome: "submitted" }]).submitted, 1);
  assert.deepEqual([...lost([good, good]).counts], [["not_decided (consensus)", 2]]);
});

// --- the relay

test("registrations with bad signatures, of strangers, with another recipient, or none at all are found", () => {
  const expected = new Map([["0xaa", { index: 1, recipient: "0x11" }], ["0xbb", { index: 2, recipient: "0x22" }], ["0xcc", { index: 70, recipient: "0x22" }]]);
  const line = (good, bad = []) => ({ type: "registrations", good, bad });
  const judge = (lines) => judgeRegistrations({ lines, expected, slots: 20, slotsPerRound: 80 });
  const good = [line([{ pubkey: "0xAA", fee_recipient: "0x11" }]), line([{ pubkey: "0xbb", fee_recipient: "0x22" }])];
  assert.deepEqual(judge(good), { registered: 2, bad: 0, foreign: 0, wrong: [], missing: [] });
  assert.deepEqual(judge(good.slice(1)).missing, [1]);
  assert.equal(judge([...good, line([], [{}])]).bad, 1);
  assert.equal(judge([...good, line([{ pubkey: "0xdd", fee_recipient: "0x11" }])]).foreign, 1);
  assert.deepEqual(judge([...good, line([{ pubkey: "0xaa", fee_recipient: "0x99" }])]).wrong, [1]);
});

test("a block that becomes the head too late, or never, is found", () => {
  const blocks = new Map([[1, {}], [2, {}], [3, {}]]);
  const seen = new Map([[1, 1_600], [2, 2_700]]);
  const { due, timely, late } = inTime({ window: { from: 1, to: 4 }, seen, blocks, slotStart: (slot) => slot * 1_000, slotMicros: 1_000 });
  assert.deepEqual([due, timely, late.map(({ slot }) => slot)], [3, 1, [2, 3]]);
});

// --- the network

test("the chain's validators are all in clusters, of four and of seven, and the faults leave what they should", () => {
  assert.deepEqual(clusterValidators(ALL_DUTIES).sort((a, b) => a - b), Array.from({ length: ALL_DUTIES.validators }, (_unused, index) => index));
  assert.deepEqual(ALL_DUTIES.clusters.map(({ operators }) => operators.length), [4, 4, 7]);
  const missing = (down) => ALL_DUTIES.clusters.map((cluster) => cluster.operators.filter((operator) => down.includes(operator)).length - faulty(cluster));
  assert.deepEqual(missing([1, 5]), [0, 0, 0]);
  assert.deepEqual(missing([1, 2, 5]), [1, 0, 1]);
  assert.equal(validatorsOf(ALL_DUTIES, 4).length, 64);
});

test("the exit's calldata is the contract's", () => {
  const words = exitCalldata(`0x${"ab".repeat(48)}`, [1, 2, 3, 4]).slice(10).match(/.{64}/g);
  const word = (number) => number.toString(16).padStart(64, "0");
  assert.deepEqual(words, [word(64), word(160), word(48), "ab".repeat(32), "ab".repeat(16).padEnd(64, "0"), word(4), word(1), word(2), word(3), word(4)]);
});

test("the tale of a duty ends where the node's own steps begin", () => {
  const text = "slot 7: 2 duties\n\nattestation of 1: submitted\n  who was late\n    operator 6\n  what this node did\n      0.2 s  started\n\nattestation of 2\n";
  assert.deepEqual(tale(text), ["attestation of 1: submitted", "  who was late", "    operator 6"]);
  assert.deepEqual(tale("slot 7: no duties\n"), []);
});
