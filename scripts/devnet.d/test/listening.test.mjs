import assert from "node:assert/strict";
import { test } from "node:test";
import { WIRE_ROLE, domainsOf, judgeForkMessages, judgeWithheld, signedShare } from "../all-duties/listening.mjs";

const DOMAINS = { alan: "0x00000402", boole: "0x00000403" };
const FORM = { alan: { topic: "ssv.v2.114", domain: DOMAINS.alan }, boole: { topic: "/ssv/local/boole/11", domain: DOMAINS.boole } };
const line = (fork, slot, role, rest = {}) => ({ ...FORM[fork], slot, role, kind: "consensus", operators: [1, 2], validators: [], ...rest });
const { committee, aggregator, proposer, syncContribution, registration, aggregatorCommittee } = WIRE_ROLE;

/** Two epochs of two slots, Boole from slot 4 on: everything that a good network says. */
const good = [
  ...[committee, aggregator, proposer, syncContribution].map((role) => line("alan", 3, role)),
  ...[committee, proposer, aggregatorCommittee].map((role) => line("boole", 4, role)),
];
const judge = (lines) => judgeForkMessages({ lines, window: { from: 2, to: 5 }, booleSlot: 4, slotsPerEpoch: 2, domains: DOMAINS, operators: [1, 2] });
const why = (lines) => judge(lines).astray.map((each) => each.why);

test("a network that changes its fork in the right slot passes", () => {
  assert.deepEqual(judge(good), { counts: { alan: 4, boole: 3 }, astray: [], unheard: [] });
  assert.deepEqual(why([...good, line("alan", 3, registration), line("boole", 1, committee), line("alan", 6, committee)]), []); // outside of the window
});

test("a network that stays in Alan is found", () => {
  const lines = good.map((each) => ({ ...each, ...FORM.alan, role: each.role === aggregatorCommittee ? aggregator : each.role }));
  const { astray, unheard } = judge(lines);
  assert.equal(astray.length, 3);
  assert.deepEqual(unheard, ["role 0 in epoch 2", "role 2 in epoch 2", "role 6 in epoch 2", "operator 1 in epoch 2", "operator 2 in epoch 2"]);
});

test("a topic, a domain, and a role of the other fork are each found", () => {
  assert.deepEqual(why([...good, line("alan", 4, committee, { domain: DOMAINS.boole })]), ["topic ssv.v2.114"]);
  assert.deepEqual(why([...good, line("boole", 4, committee, { domain: DOMAINS.alan })]), ["domain 0x00000402"]);
  assert.deepEqual(why([...good, line("boole", 4, aggregator)]), ["role 1"]);
  assert.deepEqual(why([...good, line("boole", 4, syncContribution)]), ["role 3"]);
  assert.deepEqual(why([...good, line("alan", 3, aggregatorCommittee)]), ["role 6"]);
  assert.deepEqual(why([...good, line("boole", 3, committee)]), ["topic /ssv/local/boole/11, domain 0x00000403"]);
  assert.deepEqual(why([...good, { topic: "ssv.v2.114", unreadable_bytes: 8 }]), ["unreadable"]);
});

test("a role or an operator that is silent for an epoch, and a listener that heard nothing, are found", () => {
  assert.deepEqual(judge(good.slice(1)).unheard, ["role 0 in epoch 1"]);
  assert.deepEqual(judge(good.map((each) => (each.slot === 4 ? { ...each, operators: [1] } : each))).unheard, ["operator 2 in epoch 2"]);
  assert.equal(judge([]).unheard.length, 4 + 3 + 2 * 2);
});

test("the domains are those of the network file", () => {
  const text = 'name = "local"\n\n[domains]\nalan = "0x00000402"\nboole = "0x00000403"\n\n[forks]\nalan = 0\nboole = 5\n';
  assert.deepEqual(domainsOf(text), DOMAINS);
  assert.deepEqual(domainsOf("[forks]\nalan = 0\n"), { alan: undefined, boole: undefined });
});

const bundle = (operator, slot, role, validators) => line("alan", slot, role, { kind: "partial_signatures", operators: [operator], validators });
const row = (role, slot, validator) => ({ role, slot, validator_index: validator });

test("a vote that was said to be withheld and was sent all the same is found", () => {
  // validator 9 votes and is in the sync committee, validator 8 votes only
  const withheld = [bundle(1, 3, committee, [8, 9, 9]), bundle(7, 3, committee, [9])];
  const rows = [row("attester", 3, 8), row("attester", 3, 9)];
  const judged = (lines) => judgeWithheld({ lines, rows, operator: 7 });
  assert.deepEqual(judged(withheld), { told: 2, heard: 2, sent: [] });
  assert.deepEqual(judged([withheld[0], bundle(7, 3, committee, [8, 9])]).sent, ["attester/3/8"]);
  assert.deepEqual(judged([withheld[0], bundle(7, 3, committee, [9, 9])]).sent, ["attester/3/9"]);
  assert.equal(judged([]).heard, 0);
  assert.equal(judged([bundle(1, 4, committee, [8]), bundle(1, 3, aggregator, [8])]).heard, 0);
});

test("randomness, blocks and aggregates that were said to be withheld and were sent are found", () => {
  const lines = [bundle(1, 3, proposer, [8]), bundle(1, 3, aggregator, [9]), bundle(2, 3, aggregator, [9])];
  const rows = [row("proposer", 3, 8), row("aggregator", 3, 9)];
  assert.deepEqual(judgeWithheld({ lines, rows, operator: 7 }), { told: 2, heard: 2, sent: [] });
  assert.deepEqual(judgeWithheld({ lines: [...lines, bundle(7, 3, proposer, [8])], rows, operator: 7 }).sent, ["proposer/3/8"]);
});

test("an operator that does not sign its votes later, or signs only for the sync committee, is found", () => {
  const duties = [{ slot: 3, validator: 8 }, { slot: 3, validator: 9 }];
  const others = bundle(1, 3, committee, [8, 9, 9]);
  const share = (lines) => signedShare({ lines, duties, operator: 7 }).share;
  assert.equal(share([others, bundle(7, 3, committee, [8, 9, 9])]), 1);
  assert.equal(share([others, bundle(7, 3, committee, [9])]), 0);
  assert.equal(share([others, bundle(7, 3, committee, [8, 9])]), 0.5);
  assert.equal(share([others]), 0);
  assert.equal(signedShare({ lines: [others], duties: [], operator: 7 }).share, 0);
});
