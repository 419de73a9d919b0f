// The main job: votes and sync messages of the clusters' validators, by the beacon node, the proxies and the ledgers.
import { firstSlotOf } from "../lib/beacon-api.mjs";
import { OPERATORS, SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { ledgerRows } from "../lib/ledger.mjs";
import { inWindow } from "../lib/window.mjs";
import { accountVotes, ratio } from "./inclusion.mjs";
import { assignedByRole, difference, judgeTotals, roleKey } from "./ledger.mjs";
import { percent } from "./report.mjs";

/** A vote is settled when blocks have had two epochs to include it. */
export const SETTLING_SLOTS = 2 * SLOTS_PER_EPOCH;
const MIN_SETTLED_VOTES = 250;
/** The kinds of duty that this check judges; `check --all-duties` judges the others. */
const ROLES = new Set(["attester", "sync_committee"]);

/** Inclusion in slots `from` to `to`, which must be settled by now. */
export function accountWindow(ctx, { from, to }) {
  const { evidence } = ctx;
  return accountVotes({ duties: evidence.duties, validators: ctx.members(from, to), aggregators: ctx.helpers, included: evidence.included, from, to });
}

export function describeAccount({ due, included, missing, apart }) {
  const text = `${included} of ${due} votes in blocks (${percent(ratio(included, due))}); ${apart.included} of ${apart.due} in committees without an aggregator`;
  const shown = missing.slice(0, 6).map(({ slot, validator }) => `${slot}/${validator}`);
  return missing.length > 0 ? `${text}; missing slot/validator ${shown.join(" ")}${missing.length > shown.length ? " ..." : ""}` : text;
}

/** The window's votes against `share`; returns whether it held. */
export function checkInclusion(ctx, window, { claim, share, atLeast = 1 }) {
  const account = accountWindow(ctx, window);
  return ctx.report.check(
    claim,
    account.due >= atLeast && ratio(account.included, account.due) >= share,
    `slots ${window.from} to ${window.to}: ${describeAccount(account)}`,
  );
}

/** Takes the operators' own books for slots `from` to `to`, before a restart may lose them. */
export async function collectLedgers(ctx, { from, to, operators = OPERATORS }) {
  await Promise.all(
    operators.map(async (operator) => {
      const book = ctx.ledgers.get(operator);
      const rows = await ledgerRows(ctx.layout, operator, { from, to });
      for (const row of rows) if (ROLES.has(row.role)) book.set(roleKey(row.role, row.slot, row.validator_index), row);
    }),
  );
}

/** Assigned by the beacon node = scheduled in the ledger; submitted in the ledger = sent through the proxy. */
export function checkBooks(ctx, window) {
  const { report, evidence } = ctx;
  const validators = ctx.members(window.from, window.to);
  const byRole = assignedByRole(evidence, validators, window);
  const assigned = new Set([...ROLES].flatMap((role) => [...byRole.get(role)]));
  for (const operator of OPERATORS) {
    const rows = [...ctx.ledgers.get(operator).values()].filter((row) => inWindow(window, row.slot));
    const scheduled = new Set(rows.map((row) => roleKey(row.role, row.slot, row.validator_index)));
    const submitted = new Set(rows.filter((row) => row.outcome === "submitted").map((row) => roleKey(row.role, row.slot, row.validator_index)));
    const sent = new Set(
      evidence.traffic.get(operator).posts.flatMap((post) => post.votes.filter((vote) => inWindow(window, vote.slot)).map((vote) => roleKey(post.role, vote.slot, vote.validator))),
    );
    const books = difference(assigned, scheduled);
    const wire = difference(submitted, sent);
    const odd = [...books.onlyLeft, ...books.onlyRight, ...wire.onlyLeft, ...wire.onlyRight];
    report.check(
      `operator ${operator}: duties of the beacon node = ledger, submitted in the ledger = sent through the proxy`,
      odd.length === 0 && assigned.size > 0,
      `${books.left} assigned, ${books.right} in the ledger (${books.onlyLeft.length} missing, ${books.onlyRight.length} too many); ` +
        `${wire.left} submitted, ${wire.right} sent (${wire.onlyLeft.length} not seen, ${wire.onlyRight.length} not booked)${odd.length > 0 ? `; ${odd.slice(0, 4).join(" ")}` : ""}`,
    );
  }
}

/** The invariant on the books, as each operator states it now, and its totals against its own rows since it was started last. */
export async function checkBalances(ctx) {
  const judged = await Promise.all(OPERATORS.map((operator) => statedTotals(ctx, operator, ctx.startSlot(operator))));
  ctx.report.check("scheduled = submitted + failed + running in every ledger, and these are its rows", judged.every(({ odd, rows }) => odd.length === 0 && rows > 0), judged.map(describeTotals).join("; "));
}

const totalsOf = async (operator, source) => (await source.status(operator))?.duties ?? Promise.reject(new Error(`operator ${operator} states no totals`));

/** An operator's totals against its rows; `source` has `layout`, `slot` and `status`. `started` is the slot of its start, if not the chain's. */
export async function statedTotals(source, operator, started) {
  const before = await totalsOf(operator, source);
  const { slot } = source;
  const rows = await ledgerRows(source.layout, operator, { from: Math.max(0, (started ?? 0) - 1), to: slot + SETTLING_SLOTS });
  return { operator, ...judgeTotals({ before, after: await totalsOf(operator, source), rows, slot, started }) };
}

export const describeTotals = ({ operator, rows, submitted, failed, running, odd }) =>
  `${operator}: ${rows} rows, ${submitted} submitted, ${failed} failed, ${running} running${odd.length > 0 ? ` (${odd.slice(0, 4).join(", ")})` : ""}`;

/** How the beacon node answered what the operators published. */
function answers(ctx, window, role) {
  const count = { all: 0, good: 0, others: new Map() };
  const posts = [...ctx.evidence.traffic.values()].flatMap((traffic) => traffic.posts);
  for (const post of posts.filter((each) => each.role === role && inWindow(window, each.slot))) {
    count.all += post.votes.length;
    if (post.status === 200) count.good += post.votes.length;
    else {
      const answer = `${post.status} ${post.answer ?? ""}`.slice(0, 120);
      count.others.set(answer, (count.others.get(answer) ?? 0) + 1);
    }
  }
  return { ...count, text: `${count.good} of ${count.all} (${percent(ratio(count.good, count.all))})${[...count.others].map(([answer, times]) => `; ${times} x ${answer}`).join("")}` };
}

export function checkAnswers(ctx, window) {
  const votes = answers(ctx, window, "attester");
  ctx.report.check("99 % of the published votes are answered 200", votes.all > 0 && ratio(votes.good, votes.all) >= 0.99, votes.text);
  const sync = answers(ctx, window, "sync_committee");
  ctx.report.check("99 % of the published sync messages are answered 200", sync.all > 0 && ratio(sync.good, sync.all) >= 0.99, sync.text);
}

export function checkMainJob(ctx, window) {
  ctx.report.section("the main job");
  checkInclusion(ctx, window, {
    claim: `of at least ${MIN_SETTLED_VOTES} settled cluster votes 99 % are in blocks`,
    share: 0.99,
    atLeast: MIN_SETTLED_VOTES,
  });
  checkAnswers(ctx, window);
  checkBooks(ctx, window);
}

export async function checkFinality(ctx, atLeast) {
  const { justified, finalized } = await ctx.beacon.finality();
  ctx.report.check(`the chain finalizes on the clusters' votes`, finalized >= atLeast, `finalized epoch ${finalized} (at least ${atLeast}), justified ${justified}, head slot ${await ctx.beacon.headSlot()}`);
}

/** First slot of the first whole epoch from `slot` on. */
export const nextEpochStart = (slot) => firstSlotOf(Math.ceil(slot / SLOTS_PER_EPOCH));
