// The claims about a window of slots in which everybody runs: each is measured and said in one line.
import { readFileSync } from "node:fs";
import { connect } from "../helper/client.mjs";
import { Signer } from "../helper/signer.mjs";
import { accountVotes, ratio } from "../check/inclusion.mjs";
import { describeTotals, statedTotals } from "../check/duties.mjs";
import { assignedByRole } from "../check/ledger.mjs";
import { percent } from "../check/report.mjs";
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { clusterValidators, range } from "../lib/plans.mjs";
import { inWindow, slotsOf } from "../lib/window.mjs";
import { Announced, judgePrepared, judgeSubscribed, judgeSyncSubscribed } from "./announced.mjs";
import { compareBooks, compareInclusion, oddities, summarize } from "./books.mjs";
import { accountBlocks, accountForks, accountFull, accountRecipients, accountSync, comparePublished, judgeFinality, publishedInChain } from "./judge.mjs";
import { domainsOf, judgeForkMessages } from "./listening.mjs";
import { validatorOfKey } from "./published.mjs";
import { Selection } from "./selection.mjs";

export const LIMITS = { blocks: 0.98, votes: 0.99, sync: 0.99 };
const SHOWN = 6;

export const inPercent = (limit) => `${Math.round(100 * limit)} %`;

const shown = (list, text) => (list.length === 0 ? "" : `; ${list.slice(0, SHOWN).map(text).join(" ")}${list.length > SHOWN ? ` and ${list.length - SHOWN} more` : ""}`);
const slotAndValidator = ({ slot, validator }) => `${slot}/${validator}`;
const span = ({ from, to }) => `slots ${from} to ${to}`;

export function claimFinality(net, { from, to, slotsPerEpoch }) {
  const { ends, bad } = judgeFinality({ looks: net.evidence.finality, from, to, slotsPerEpoch });
  const text = ends.map(({ epoch, finalized }) => `${epoch}:${finalized ?? "-"}`).join(" ");
  return net.report.check("finalized >= current - 3 at the end of every epoch", bad.length === 0 && ends.length > 0, `epoch:finalized ${text}`);
}

export function claimBlocks(net, window, { share = LIMITS.blocks, claim = "98 % of the slots have a block that an operator published", isCounted } = {}) {
  const { evidence } = net;
  const published = net.publishedByAny("proposer", window);
  const account = accountBlocks({ window, blocks: evidence.blocks, published, proposerOf: (slot) => evidence.proposerOf(slot), isCounted });
  const empty = shown(account.empty, ({ slot, proposer }) => `${slot}/${proposer}`);
  return net.report.check(
    claim,
    account.due > 0 && account.foreign.length === 0 && ratio(account.ours, account.due) >= share,
    `${span(window)}: ${account.ours} of ${account.due} (${percent(ratio(account.ours, account.due))}), ${account.empty.length} without a block, ${account.foreign.length} not of an operator${empty && `; empty slot/proposer ${empty.slice(2)}`}`,
  );
}

export function claimVotes(net, window, { share = LIMITS.votes, claim = "99 % of the attestations are in blocks", validators = new Set(clusterValidators(net.plan)) } = {}) {
  const { duties, included } = net.evidence;
  const everybody = new Set(range({ first: 0, last: net.plan.validators - 1 }));
  const account = accountVotes({ duties, validators, aggregators: everybody, included, ...window });
  const { due, included: count, missing } = account;
  return net.report.check(claim, due > 0 && ratio(count, due) >= share, `${span(window)}: ${count} of ${due} (${percent(ratio(count, due))})${shown(missing, slotAndValidator)}`);
}

export function claimSync(net, window, { share = LIMITS.sync, claim = "99 % of the sync messages whose next slot has a block are in its sync aggregate", validators = new Set(clusterValidators(net.plan)) } = {}) {
  const { blocks } = net.evidence;
  const { due, included, missing, noBlock } = accountSync({ window, blocks, syncDutiesOf: (slot) => net.evidence.syncDutiesOf(slot), validators });
  return net.report.check(
    claim,
    due > 0 && ratio(included, due) >= share,
    `${span(window)}: ${included} of ${due} (${percent(ratio(included, due))}), ${noBlock} before an empty slot${shown(missing, slotAndValidator)}`,
  );
}

/**
 * Everything that was to be aggregated in the window, by the validators' secrets: `keys` by role, and by role how many were `asked`,
 * of whom some may not be selected.
 */
export async function selectedIn(net, window) {
  const { config } = await connect(net.beacon.url);
  const validators = clusterValidators(net.plan);
  const members = new Set(validators);
  const selection = new Selection(new Signer(config, validators));
  const { evidence } = net;
  const duties = evidence.duties.filter(({ slot, validator }) => inWindow(window, slot) && members.has(validator));
  const contributions = new Set();
  let asked = 0;
  for (const slot of slotsOf(window)) {
    const sync = evidence.syncDutiesOf(slot).filter(({ validator }) => members.has(validator));
    for (const { positions } of sync) asked += selection.subcommittees(positions).size;
    for (const key of selection.contributors(slot, sync)) contributions.add(key);
  }
  return {
    keys: new Map([
      ["aggregator", selection.aggregators(duties)],
      ["sync_committee_contribution", contributions],
    ]),
    asked: new Map([
      ["aggregator", duties.length],
      ["sync_committee_contribution", asked],
    ]),
  };
}

const AGGREGATES = { aggregator: "aggregates", sync_committee_contribution: "contributions" };

/** `share` of what was selected must be published and taken; what was not selected must not be published at all. */
export function claimSelected(net, window, { keys, asked }, { share = 1, prefix = "", validators = new Set(clusterValidators(net.plan)) } = {}) {
  const isMeant = (key) => validators.has(validatorOfKey(key));
  for (const [role, name] of Object.entries(AGGREGATES)) {
    const selected = new Set([...keys.get(role)].filter(isMeant));
    const published = new Set([...net.publishedByAny(role, window)].filter(isMeant));
    const { done, missing, extra } = comparePublished({ selected, published, accepted: net.acceptedByAny(role, window) });
    net.report.check(
      `${prefix}${name} ${share === 1 ? "published = selected by the validators' secrets" : `of ${inPercent(share)} of those selected are taken, and none of others is published`}`,
      selected.size > 0 && ratio(done, selected.size) >= share && extra.length === 0,
      `${span(window)}: ${keys.get(role).size} of ${asked.get(role)} selected, ${selected.size} of them meant here, ${done} published and taken, ${missing.length} missing, ${extra.length} too many${shown([...missing, ...extra], (key) => key)}`,
    );
  }
}

/**
 * What the beacon node assigned to an operator's validators by role, what they were selected for, and what of the operator's a node
 * took: nothing of it is the operator's word.
 */
export function dutiesSeen(net, window, operator, { keys }) {
  const { evidence } = net;
  const validators = net.validatorsOf(operator);
  const assigned = assignedByRole(evidence, validators, window);
  const traffic = evidence.traffic.get(operator);
  const accepted = new Set([...assigned.keys()].flatMap((role) => [...traffic.accepted(role, window)]));
  for (const key of publishedInChain({ published: traffic.published.values(), blocks: evidence.blocks, window })) accepted.add(key);
  const selected = new Set([...keys.values()].flatMap((all) => [...all].filter((key) => validators.has(validatorOfKey(key)))));
  return { assigned, accepted, selected };
}

/** The share of its submitted votes of which a ledger must know whether and where they were included: looking is shed under load. */
const TOLD_SHARE = 0.9;

/** Each operator's ledger against duties, selection, proxies and blocks. Rows must have been read. */
export function claimBooks(net, window, selection, { operators = net.plan.operators } = {}) {
  for (const operator of operators) {
    const { assigned, accepted, selected } = dutiesSeen(net, window, operator, selection);
    const rows = net.rows(operator, window);
    const books = compareBooks({ assigned, rows, accepted, selected });
    const odd = oddities(books);
    net.report.check(
      `operator ${operator}: duties of the beacon node = ledger, submitted in the ledger = taken through the proxies`,
      odd.length === 0 && books.running === 0 && books.assigned > 0,
      `${books.assigned} assigned, ${books.booked} booked; ${books.submitted} submitted, ${books.taken} taken; ${books.running} still running${shown(odd, (text) => text)}`,
    );
    const inclusion = compareInclusion({ rows, included: net.evidence.included });
    net.report.check(
      `operator ${operator}: the blocks that its ledger names for its votes are those that hold them`,
      inclusion.submitted > 0 && ratio(inclusion.told, inclusion.submitted) >= TOLD_SHARE && inclusion.odd.length === 0,
      `${inclusion.told} of ${inclusion.submitted} votes told of, ${inclusion.odd.length} otherwise in the chain${shown(inclusion.odd, ({ slot, validator, told, inChain }) => `${slot}/${validator} told ${told} is ${inChain}`)}`,
    );
  }
}

/** Each operator's totals against all its rows since slot 0; nobody may have been restarted. */
export async function claimBalances(net, operators = net.plan.operators) {
  const judged = await Promise.all(operators.map((operator) => statedTotals(net, operator)));
  net.report.check("scheduled = submitted + failed + running in every ledger, and these are its rows", judged.every(({ odd, rows }) => odd.length === 0 && rows > 0), judged.map(describeTotals).join("; "));
}

/** What the ledgers say in sum, told and not judged. */
export function tellLedgers(net, window, operators = net.plan.operators) {
  for (const operator of operators) {
    const counts = summarize(net.rows(operator, window)).map(([name, count]) => `${count} ${name}`);
    net.report.note(`operator ${operator}: ${counts.join(", ")}`);
  }
}

/** What beacon nodes refused, told and not judged. */
export function tellRefusals(net) {
  const counts = new Map();
  for (const traffic of net.evidence.traffic.values()) {
    for (const { role, status, answer } of traffic.refusals) {
      const text = `${role} ${status} ${(answer ?? "").replace(/\s+/g, " ").slice(0, 120)}`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  for (const [text, count] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, SHOWN)) net.report.note(`refused ${count} times: ${text}`);
}

export function claimRecipients(net, window, recipientOf) {
  const { due, right, wrong } = accountRecipients({ window, blocks: net.evidence.blocks, recipientOf });
  net.report.check("every block pays the owner of its proposer", due > 0 && wrong.length === 0, `${right} of ${due}${shown(wrong, ({ slot, proposer, paid }) => `${slot}/${proposer} pays ${paid}`)}`);
}

export function claimForks(net, window) {
  const { fulu } = net.plan.forks;
  const forkOf = (slot) => (epochOf(slot) >= fulu ? "fulu" : "electra");
  const { counts, wrong } = accountForks({ window, blocks: net.evidence.blocks, forkOf });
  const isBoth = [...counts.values()].every((count) => count > 0) && counts.size === (epochOf(window.from) < fulu ? 2 : 1);
  net.report.check("blocks of every fork of the beacon chain, each in its epochs", wrong.length === 0 && isBoth, [...counts].map(([fork, count]) => `${count} ${fork}`).join(", "));
}

/** What the listener heard around the change of the protocol's own fork: `lines` of its log. */
export function claimForkMessages(net, window, lines) {
  const { forks, operators } = net.plan;
  const booleSlot = firstSlotOf(forks.boole);
  const domains = domainsOf(readFileSync(net.layout.networkFile, "utf8"));
  const { counts, astray, unheard } = judgeForkMessages({ lines, window, booleSlot, slotsPerEpoch: SLOTS_PER_EPOCH, domains, operators });
  const first = ({ slot, operators: by, why }) => `${slot ?? ""}/${by ?? ""} ${why}`;
  net.report.check(
    `duties before slot ${booleSlot} are on Alan's topics, with its domain and roles, those from it on on Boole's, in every epoch those of every operator`,
    counts.alan > 0 && counts.boole > 0 && astray.length === 0 && unheard.length === 0,
    `${span(window)}: ${counts.alan} messages of Alan's slots and ${counts.boole} of Boole's heard, ${astray.length} astray${shown(astray, first)}${unheard.length === 0 ? "" : `; not heard: ${unheard.slice(0, SHOWN).join(", ")}`}`,
  );
}

/** What went into the chain was published with its payload: here no builder has it. */
export function claimFull(net, window) {
  const published = [...net.evidence.traffic.values()].flatMap((traffic) => [...traffic.published.values()]);
  const { due, full, missing } = accountFull({ window, blocks: net.evidence.blocks, published });
  net.report.check("every block was published full by an operator", due > 0 && missing.length === 0, `${span(window)}: ${full} of ${due}${shown(missing, String)}`);
}

/**
 * What every operator told every beacon node ahead of its duties: proposers with their recipients, the subnets of votes, those of sync
 * committees.
 */
export function claimAnnounced(net, window, recipientOf) {
  const { evidence, plan } = net;
  const slotStart = (slot) => net.slotStartMicros(slot);
  const epochStart = (epoch) => slotStart(firstSlotOf(epoch));
  const epochs = range({ first: epochOf(window.from), last: epochOf(window.to) }).map((epoch) => ({ epoch, members: evidence.dutiesOfEpoch(epoch).sync }));
  const judges = {
    "every proposer's node knew its owner's fee recipient before its slot": judgePrepared,
    "the subnet of every vote was subscribed to before its slot": judgeSubscribed,
    "the subnets of the sync committee's members were subscribed to before each epoch": judgeSyncSubscribed,
  };
  for (const [claim, judge] of Object.entries(judges)) {
    const accounts = plan.operators.flatMap((operator) =>
      plan.beacons.map((node) => {
        const announced = evidence.traffic.get(operator).announced.get(node) ?? new Announced();
        const account = judge({ announced, window, validators: net.validatorsOf(operator), duties: evidence.duties, proposerOf: (slot) => evidence.proposerOf(slot), recipientOf, slotStart, epochs, epochStart });
        return { ...account, missing: account.missing.map((key) => `${key} by operator ${operator} at ${node}`) };
      }),
    );
    const sum = (name) => accounts.reduce((total, account) => total + account[name], 0);
    const missing = accounts.flatMap((account) => account.missing);
    net.report.check(`${claim}, by each of its operators at each beacon node`, accounts.every(({ due }) => due > 0) && missing.length === 0, `${span(window)}: ${sum("good")} of ${sum("due")}${shown(missing, String)}`);
  }
}
