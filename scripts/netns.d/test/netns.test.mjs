import assert from "node:assert/strict";
import { test } from "node:test";
import { accountBlocks, describeBlocks, describeTally, firstWholeSlot, isDone, isIdle, isIncluded, tally } from "../duties.mjs";
import { conduct, describeConduct, isFair, meshing } from "../meshes.mjs";
import { describePartings, describePenalties, isBlameless, partingsIn, penaltiesIn, sumPartings, sumPenalties } from "../penalties.mjs";
import { OPERATORS } from "../plan.mjs";

const peer = (changes = {}) => ({ state: "connected", score: 1.5, rejected: 0, mesh: [], ...changes });
/** Every operator with one good peer, but for `changed`. */
const everybody = (changed = {}) => new Map(OPERATORS.map((operator) => [operator, changed[operator] === undefined ? [peer()] : changed[operator]]));

test("nobody is punished when everybody answers and nothing is held against anybody", () => {
  const held = conduct(everybody({ 3: [peer({ score: 0 }), peer({ state: "disconnected: remote", score: 0 })] }));
  assert.ok(isFair(held));
  assert.deepEqual([held.lowest, held.below, held.connected], [0, 0, 10]);
});

test("whatever an operator holds against a peer is a punishment, and silence is no proof of the contrary", () => {
  const cases = {
    "an operator that does not answer": [everybody({ 4: null }), /no answer of 4/],
    "an operator without a connection": [everybody({ 4: [peer({ state: "disconnected: remote" })] }), /no connection of 4/],
    "an operator without a peer": [everybody({ 4: [] }), /no connection of 4/],
    "a connected peer without a score": [everybody({ 4: [peer({ score: null })] }), /1 peers without a score/],
    "a score that costs the mesh": [everybody({ 4: [peer({ score: -0.01 })] }), /1 below 0/],
    "a rejected message": [everybody({ 4: [peer({ rejected: 1 })] }), /1 messages rejected/],
    "a parting for the score": [everybody({ 4: [peer(), peer({ state: "disconnected: bad_score", score: 0 })] }), /bad_score 1/],
    "a trimmed peer": [everybody({ 4: [peer(), peer({ state: "disconnected: trimmed", score: 0 })] }), /trimmed 1/],
    "a peer parted with for what it brought": [everybody({ 4: [peer(), peer({ state: "disconnected: flooding", score: 0 })] }), /flooding 1/],
    "nobody at all": [new Map(), /lowest score unknown/],
  };
  for (const [name, [all, said]] of Object.entries(cases)) {
    const held = conduct(all);
    assert.equal(isFair(held), false, name);
    assert.match(describeConduct(held, new Map()), said, name);
  }
});

test("after a cut a score below zero is borne down to the threshold and not beyond", () => {
  const at = (score) => isFair(conduct(everybody({ 4: [peer({ score })] })), -4_000);
  assert.deepEqual([at(-40.3), at(-4_000), at(-4_000.1)], [true, true, false]);
});

test("meshes are whole with all members of the committee or six, and nobody is taken for cut off who does not answer", () => {
  const others = (count, mesh) => Array.from({ length: count }, () => peer({ mesh }));
  // operator 1 is in a committee of four and in one of ten
  const whole = [...others(3, [7, 9]), ...others(3, [9])];
  const all = new Map([
    [1, whole],
    [2, whole.slice(1)],
    [9, null],
  ]);
  assert.deepEqual(meshing(all), { whole: [1], broken: [2] });
});

const at = (second) => Date.parse("2026-11-20T13:10:00Z") + second * 1000;
const LOG = `2026-11-20T13:10:01.000000Z DEBUG libp2p_gossipsub::gossip_promises: [Penalty] The peer broke the promise to deliver message in time! peer=16Uiu message=aa
2026-11-20T13:10:01.000001Z DEBUG libp2p_gossipsub::peer_score: [Penalty] Behavioral penalty for peer peer=16Uiu count=13
2026-11-20T13:10:02.500000Z DEBUG run: libp2p_gossipsub::peer_score: [Penalty] Behavioral penalty for peer peer=16Uiv count=1
2026-11-20T13:10:03.000000Z DEBUG libp2p_gossipsub::peer_score: [Penalty] Peer delivered an invalid message in topic and gets penalized for it peer=16Uiu topic=t
2026-11-20T13:10:03.000000Z DEBUG libp2p_gossipsub::peer_score: [Penalty] The peer gets penalized because of too many peers with the same ip peer=16Uiu surplus_ip=10.77.1.1 surplus=1
2026-11-20T13:10:04.000000Z DEBUG libp2p_gossipsub::peer_score: [Penalty] Expired message penalty. peer=16Uiu peer_stats.slow_peer_penalty=1
2026-11-20T13:10:04.000000Z  INFO operator::intake: peer disconnected peer=16Uiu reason=Remote
`;

test("the log tells what a score is made of", () => {
  const penalties = penaltiesIn(LOG);
  assert.deepEqual(sumPenalties(penalties, at(0)), { promise: 1, behaviour: 14, queue: 1, other: 2, first: at(1), last: at(2.5) });
  const later = sumPenalties(penalties, at(2));
  assert.deepEqual(later, { promise: 0, behaviour: 1, queue: 1, other: 2, first: at(2.5), last: at(2.5) });
  assert.equal(
    describePenalties(later, at(0), "the heal"),
    "penalties: 1 for behaviour (0 of them messages announced and not delivered), 2.5 s to 2.5 s after the heal, 2 of another kind",
  );
  assert.equal(sumPenalties([], 0).first, null);
});

test("the log tells why peers parted, also those that are back", () => {
  const parting = (second, reason) => `2026-11-20T13:10:0${second}.000000Z  INFO operator::intake: peer disconnected peer=16Uiu reason=${reason}\n`;
  const partings = partingsIn(LOG + parting(5, "PingTimeout") + parting(6, "BadScore"));
  const sum = (since) => sumPartings(partings, at(since));
  assert.deepEqual([...sum(0)], [["Remote", 1], ["PingTimeout", 1], ["BadScore", 1]]);
  assert.deepEqual([isBlameless(sum(0)), isBlameless(sumPartings(partings.slice(0, 2), at(0))), isBlameless(sum(7))], [false, true, true]);
  assert.equal(describePartings(sum(5)), "connections ended since: 1 PingTimeout, 1 BadScore");
});

/** Validator 0 is in the cluster of operators 1 to 4, validator 12 in that of 5 to 8; 100 is the helper's. */
const attesters = [
  { validator: 0, slot: 16, committee: 0 },
  { validator: 12, slot: 17, committee: 0 },
  { validator: 100, slot: 16, committee: 0 },
  { validator: 101, slot: 17, committee: 0 },
];
const sync = [{ validator: 0, positions: [3] }];
const epoch = { attesters, sync, proposers: [{ validator: 12, slot: 16 }, { validator: 100, slot: 17 }] };
const window = { from: 16, to: 17 };
const block = (bits) => ({ message: { body: { sync_aggregate: { sync_committee_bits: bits } } } });
const chain = (changes = {}) => ({
  duties: attesters,
  syncDutiesOf: () => epoch.sync,
  proposerOf: (at) => epoch.proposers.find(({ slot }) => slot === at)?.validator,
  dutiesOfSlot: (slot) => attesters.filter((duty) => duty.slot === slot),
  included: new Set(["16/0", "17/12"]),
  blocks: new Map([
    [16, block("0x00000000")],
    [17, block("0x08000000")],
    [18, block("0x08000000")],
  ]),
  ...changes,
});

const row = (role, slot, validator, changes = {}) => ({ role, slot, validator_index: validator, outcome: "submitted", round: 1, micros: { decided: 400_000 }, ...changes });
const rowsOf = (operator) => {
  if (operator <= 4) return [row("attester", 16, 0), row("aggregator", 16, 0), ...[16, 17].flatMap((slot) => [row("sync_committee", slot, 0), row("sync_committee_contribution", slot, 0)])];
  return operator <= 8 ? [row("attester", 17, 12), row("aggregator", 17, 12), row("proposer", 16, 12)] : [];
};
/** Every operator's rows, each changed by `change`; a row that becomes null is not in the ledger. */
const books = (change = (each) => each) => new Map(OPERATORS.map((operator) => [operator, rowsOf(operator).map((each) => change(each, operator)).filter(Boolean)]));

test("every duty that was assigned is asked of the ledgers, by role, slot and validator", () => {
  const sum = tally(chain(), books(), window);
  assert.ok(isDone(sum) && !isIdle(sum));
  assert.match(describeTally(sum, window), /36 of 36 .*100\.00 %.*attester 8\/8, sync_committee 8\/8, proposer 4\/4, aggregator 8\/8, sync_committee_contribution 8\/8; .*p50 400\.0 ms/);
});

test("a kind of duty that is not done is seen although the others are many", () => {
  const failed = (role) => tally(chain(), books((each) => (each.role === role ? { ...each, outcome: "failed", reason: "not_decided" } : each)), window);
  for (const role of ["attester", "sync_committee", "proposer", "aggregator", "sync_committee_contribution"]) {
    const sum = failed(role);
    assert.ok(!isDone(sum), role);
    assert.match(describeTally(sum, window), new RegExp(`[48] x ${role} not_decided`));
  }
  // all of it is 95 % and one kind is not
  const many = { due: new Map([["attester", 1000], ["proposer", 4]]), done: new Map([["attester", 1000], ["proposer", 2]]), uncalled: [] };
  assert.deepEqual([isDone(many), isDone({ ...many, done: new Map([["attester", 1000], ["proposer", 3]]) })], [false, true]);
  assert.ok(!isDone({ ...many, done: new Map([["attester", 940], ["proposer", 4]]) }));
});

test("what a ledger does not have, and what it has of another slot, is not done", () => {
  const missing = tally(chain(), books((each, operator) => (operator === 1 ? null : each)), window);
  assert.ok(!isDone(missing));
  assert.match(describeTally(missing, window), /1 x attester not in the ledger/);
  const moved = tally(chain(), books((each, operator) => (operator === 6 && each.role === "attester" ? { ...each, slot: 16 } : each)), window);
  assert.ok(!isDone(moved));
  assert.match(describeTally(moved, window), /submitted and not assigned: 6:attester\/16\/12/);
});

test("nobody acts only where something was due and nothing was submitted", () => {
  const waiting = books((each) => ({ ...each, outcome: "running" }));
  assert.ok(isIdle(tally(chain(), waiting, window)));
  assert.ok(!isIdle(tally(chain(), books((each, operator) => (operator === 6 && each.role === "proposer" ? each : { ...each, outcome: "running" })), window)));
  const nothing = chain({ dutiesOfSlot: () => [], syncDutiesOf: () => [], proposerOf: () => undefined });
  assert.ok(!isIdle(tally(nothing, new Map(OPERATORS.map((operator) => [operator, []])), window)));
});

test("votes and sync messages are looked for in blocks, each by themselves", () => {
  const whole = accountBlocks(chain(), window);
  assert.ok(isIncluded(whole));
  assert.equal(describeBlocks(whole, window), "slots 16 to 17: votes 2 of 2 (100.00 %), 0 of 0 in committees without an aggregator; sync messages 2 of 2 (100.00 %), 0 before an empty slot; proposals 1 of 1");
  assert.ok(!isIncluded(accountBlocks(chain({ included: new Set(["16/0"]) }), window)));
  const without = new Map([[16, block("0x00000000")], [17, block("0x00000000")], [18, block("0x08000000")]]);
  assert.ok(!isIncluded(accountBlocks(chain({ blocks: without }), window)));
  assert.ok(!isIncluded(accountBlocks(chain({ blocks: new Map() }), window)));
});

test("the first whole slot is one in which every row was submitted", () => {
  assert.equal(firstWholeSlot(books(), window), 16);
  assert.equal(firstWholeSlot(books((each) => (each.role === "proposer" ? { ...each, outcome: "failed" } : each)), window), 17);
  assert.equal(firstWholeSlot(books((each) => ({ ...each, outcome: "failed" })), window), null);
});
