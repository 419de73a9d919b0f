import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainEvidence } from "../check/chain-evidence.mjs";
import { accountVotes, dutyKey } from "../check/inclusion.mjs";
import { headToPublish, percentile } from "../check/latency.mjs";
import { assignedByRole, balances, difference, judgeTotals } from "../check/ledger.mjs";
import { Report } from "../check/report.mjs";
import { findSlashable, plantDouble, plantSurround } from "../check/slashing.mjs";
import { Committees, bitlist, bitvector, voteOf, votesOfBlock } from "../check/votes.mjs";

const data = ({ slot = 17, root = "0xaa", source = 1, target = 2 } = {}) => ({
  slot: String(slot),
  index: "0",
  beacon_block_root: root,
  source: { epoch: String(source), root: "0x01" },
  target: { epoch: String(target), root: "0x02" },
});

test("bits are read lowest first and a list ends at its highest bit", () => {
  assert.deepEqual(bitvector("0x05"), [0, 2]);
  assert.deepEqual(bitvector("0x0080"), [15]);
  assert.deepEqual(bitlist("0x0501"), { length: 8, set: [0, 2] });
  assert.deepEqual(bitlist("0x01"), { length: 0, set: [] });
  assert.throws(() => bitlist("0x0000"));
});

test("an aggregate over two committees names the right validators", () => {
  const committees = new Committees();
  committees.addDuties([
    { validator: 40, slot: 17, committee: 1, position: 0 },
    { validator: 41, slot: 17, committee: 1, position: 1 },
    { validator: 50, slot: 17, committee: 3, position: 0 },
    { validator: 51, slot: 17, committee: 3, position: 1 },
    { validator: 52, slot: 17, committee: 3, position: 2 },
  ]);
  // committees 1 and 3; positions 1, 2 and 4 of 5, so bits 0b110110 with the length bit
  const attestation = { data: data(), committee_bits: "0x0a", aggregation_bits: "0x36" };
  const block = { message: { slot: "18", body: { attestations: [attestation] } } };
  assert.deepEqual(
    votesOfBlock(block, committees).map((vote) => [vote.validator, vote.slot, vote.includedIn]),
    [
      [41, 17, 18],
      [50, 17, 18],
      [52, 17, 18],
    ],
  );
  const wrongLength = { ...attestation, aggregation_bits: "0x16" };
  assert.throws(() => votesOfBlock({ message: { slot: "18", body: { attestations: [wrongLength] } } }, committees), /4 bits for committees of 5/);
});

test("the same vote seen often is no offence", () => {
  const vote = voteOf(7, data());
  const result = findSlashable([vote, { ...vote }, voteOf("7", data()), voteOf(8, data({ root: "0xbb" }))]);
  assert.deepEqual([result.votes, result.distinct, result.pairs], [4, 2, []]);
});

test("planted pairs are found, each as what it is", () => {
  const votes = [voteOf(7, data()), voteOf(7, data({ slot: 25, source: 2, target: 3 })), voteOf(9, data())];
  assert.deepEqual(findSlashable(votes).pairs, []);
  const kinds = (planted) => findSlashable([...votes, planted]).pairs.map(({ kind, first }) => [kind, first.validator]);
  assert.deepEqual(kinds(plantDouble(votes[0])), [["double", 7]]);
  // around epochs 2 -> 3: 1 -> 4; the vote 1 -> 2 shares the source and is not inside
  assert.deepEqual(kinds(plantSurround(votes[1])), [["surround", 7]]);
  // a different source alone makes two votes for one target
  assert.deepEqual(kinds(voteOf(9, data({ source: 0 }))), [["double", 9]]);
  // another head block for the same target and slot too
  assert.deepEqual(kinds(voteOf(9, data({ root: "0xcc" }))), [["double", 9]]);
});

test("equal sources and adjacent targets are no surround", () => {
  const chain = [voteOf(1, data({ source: 0, target: 1 })), voteOf(1, data({ slot: 18, source: 0, target: 2 })), voteOf(1, data({ slot: 26, source: 2, target: 3 }))];
  assert.deepEqual(findSlashable(chain).pairs, []);
});

test("votes in committees without an aggregator are counted apart", () => {
  const duties = [
    { validator: 1, slot: 10, committee: 0 },
    { validator: 100, slot: 10, committee: 0 },
    { validator: 2, slot: 10, committee: 1 },
    { validator: 3, slot: 11, committee: 0 },
    { validator: 101, slot: 11, committee: 0 },
    { validator: 4, slot: 12, committee: 0 },
  ];
  const account = accountVotes({
    duties,
    validators: new Set([1, 2, 3, 4]),
    aggregators: new Set([100, 101]),
    included: new Set([dutyKey({ slot: 10, validator: 1 })]),
    from: 10,
    to: 11,
  });
  assert.deepEqual([account.due, account.included, account.apart], [2, 1, { due: 1, included: 0 }]);
  assert.deepEqual(account.missing.map(dutyKey), ["11/3"]);
});

test("percentiles are by nearest rank", () => {
  const samples = Array.from({ length: 200 }, (_unused, at) => 200 - at);
  assert.deepEqual([percentile(samples, 0.5), percentile(samples, 0.99), percentile(samples, 1)], [100, 198, 200]);
  assert.deepEqual([percentile([5], 0.5), percentile([], 0.5)], [5, null]);
});

test("a sample needs an early head event and a publication", () => {
  const samples = headToPublish({
    heads: [
      { slot: 1, micros: 1_100 },
      { slot: 1, micros: 1_050 },
      { slot: 2, micros: 2_900 }, // after a third: the clock has started this duty
      { slot: 3, micros: 3_000 }, // nothing published
      { slot: 4, micros: 4_010 },
    ],
    posts: [
      { slot: 1, micros: 1_300 },
      { slot: 1, micros: 1_200 },
      { slot: 2, micros: 2_950 },
      { slot: 4, micros: 4_100 },
    ],
    slotStart: (slot) => slot * 1_000,
    slotMicros: 1_000,
    isCounted: (slot) => slot !== 4,
  });
  assert.deepEqual(samples, [{ slot: 1, headMicros: 1_050, postMicros: 1_200, micros: 150 }]);
});

test("assigned duties are votes once and sync messages in every slot", () => {
  const evidence = new ChainEvidence({ beaconUrl: "http://unused", observerLog: "unused" });
  const epochs = [
    { attesters: [{ validator: 1, slot: 7, committee: 0, position: 0 }, { validator: 2, slot: 6, committee: 0, position: 0 }], sync: [{ validator: 2 }], proposers: [{ validator: 1, slot: 6 }, { validator: 3, slot: 7 }] },
    { attesters: [{ validator: 1, slot: 8, committee: 0, position: 0 }], sync: [{ validator: 1 }, { validator: 3 }], proposers: [] },
  ];
  epochs.forEach((duties, epoch) => evidence.observe({ type: "duties", epoch, ...duties }));
  const assigned = assignedByRole(evidence, new Set([1, 2]), { from: 6, to: 8 });
  assert.deepEqual([...assigned.get("attester")].sort(), ["attester/6/2", "attester/7/1", "attester/8/1"]);
  assert.deepEqual([...assigned.get("proposer")], ["proposer/6/1"]);
  // slot 7 is the last of its epoch: its sync messages are of the next one's committee
  const messages = assigned.get("sync_committee");
  assert.deepEqual([...messages], ["sync_committee/6/2", "sync_committee/7/1", "sync_committee/8/1"]);
  const { onlyLeft, onlyRight } = difference(messages, new Set(["sync_committee/6/2", "sync_committee/7/1", "attester/9/9"]));
  assert.deepEqual([onlyLeft, onlyRight], [["sync_committee/8/1"], ["attester/9/9"]]);
  assert.ok(balances({ scheduled: 10, submitted: 7, failed: 1, running: 2 }));
  assert.ok(!balances({ scheduled: 10, submitted: 7, failed: 1, running: 1 }));
});

const rowIn = (slot, outcome, role = "attester") => ({ slot, outcome, role, validator_index: 1 });
const totals = (submitted, failed, running) => ({ scheduled: submitted + failed + running, submitted, failed, running, not_selected: 0 });

test("totals that are not those of the rows are found", () => {
  const rows = [rowIn(3, "submitted"), rowIn(4, "submitted"), rowIn(5, "failed"), rowIn(20, "running")];
  const odd = (change) => judgeTotals({ before: totals(2, 1, 1), after: totals(2, 1, 1), rows, slot: 20, ...change }).odd;
  assert.deepEqual(odd({}), []);
  assert.deepEqual(odd({ before: totals(1, 1, 1), after: totals(3, 1, 2) }), []); // duties went on while the rows were read
  assert.deepEqual(odd({ rows: rows.slice(1) }), ["submitted: 2 to 2 stated, 1 rows", "all: 4 to 4 stated, 3 rows"]);
  assert.deepEqual(odd({ rows: [...rows, rowIn(6, "failed")] }), ["failed: 1 to 1 stated, 2 rows", "all: 4 to 4 stated, 5 rows"]);
  assert.deepEqual(odd({ before: totals(2, 0, 2), after: totals(2, 0, 2) }), ["failed: 0 to 0 stated, 1 rows"]);
  assert.deepEqual(odd({ after: { ...totals(2, 1, 1), scheduled: 5 } }), ["after: 5 is not 2 + 1 + 1"]);
});

test("a duty that runs on when it is worth nothing any more is found, but for an exit", () => {
  const judge = (rows) => judgeTotals({ before: totals(0, 0, 1), after: totals(0, 0, 1), rows, slot: 20 }).odd;
  assert.deepEqual(judge([rowIn(11, "running")]), []);
  assert.deepEqual(judge([rowIn(10, "running")]), ["runs on: attester/10/1"]);
  assert.deepEqual(judge([rowIn(3, "running", "voluntary_exit")]), []);
});

test("rows around a restart may be of either run, others may not", () => {
  const rows = [rowIn(8, "submitted"), rowIn(9, "submitted"), rowIn(10, "submitted"), rowIn(11, "submitted"), rowIn(12, "submitted")];
  const odd = (submitted) => judgeTotals({ before: totals(submitted, 0, 0), after: totals(submitted, 0, 0), rows, slot: 12, started: 10 }).odd;
  assert.deepEqual([odd(1), odd(3), odd(4)], [[], [], []]);
  assert.deepEqual(odd(0), ["submitted: 0 to 0 stated, 1 to 4 rows", "all: 0 to 0 stated, 1 to 4 rows"]);
  assert.equal(odd(5).length, 2);
});

test("the last line counts and the exit code follows", () => {
  const lines = [];
  const report = new Report((line) => lines.push(line));
  assert.equal(report.finish(), 1); // nothing checked is nothing passed
  report.check("a", true, "1 of 1");
  assert.equal(report.finish(), 0);
  report.broken("b", new Error("no answer"));
  assert.equal(report.finish(), 1);
  assert.match(lines.at(-1), /1 passed, 1 failed/);
});
