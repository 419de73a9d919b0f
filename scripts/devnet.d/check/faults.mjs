// Operators that die: one is borne, two stop the cluster without a vote too many, and both come back.
import { OPERATORS, SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { collectLedgers } from "./duties.mjs";

/** The operators that are killed, in this order; the first is the one that all others were bootstrapped from. */
const VICTIMS = [1, 3];

/** Kills one operator in the middle of a slot; returns the window in which only three run. */
export async function loseOne(ctx, slots) {
  const [victim] = VICTIMS;
  await ctx.reach(ctx.slot + 1, 0.2);
  const killed = ctx.slot;
  await ctx.stop(victim, "SIGKILL");
  ctx.report.note(`operator ${victim} killed in slot ${killed}`);
  const window = { from: killed + 1, to: killed + slots };
  await ctx.reach(window.to);
  return window;
}

/** Kills a second one; returns what the two that are left did afterwards. */
export async function loseSecond(ctx, slots) {
  const victim = VICTIMS[1];
  await ctx.reach(ctx.slot + 1, 0.2);
  const killed = ctx.slot;
  await ctx.stop(victim, "SIGKILL");
  ctx.report.note(`operator ${victim} killed in slot ${killed}`);
  await ctx.reach(killed + slots);
  return { killed, to: killed + slots, survivors: OPERATORS.filter((operator) => !VICTIMS.includes(operator)) };
}

/** Nothing is published for slots that could not be decided. Asked before anybody comes back. */
export async function checkSecondLoss(ctx, { killed, to, survivors }) {
  const { report, evidence } = ctx;
  await collectLedgers(ctx, { from: killed - 1, to, operators: survivors });
  const decided = rowsOf(ctx, survivors, killed - 1, to).filter((row) => row.micros?.decided != null);
  const lastDecided = Math.max(...decided.map((row) => row.slot));
  const posts = survivors.flatMap((operator) => evidence.traffic.get(operator).posts).filter((post) => post.slot > lastDecided && post.slot <= to);
  report.check(
    "two operators down: nobody publishes anything after the last decided slot",
    posts.length === 0 && lastDecided <= killed && decided.length > 0,
    `second one killed in slot ${killed}, last decided slot ${lastDecided}, ${posts.length} publishing requests for slots ${lastDecided + 1} to ${to}`,
  );
}

/** What could not be decided ends as failed, with its reason. Asked when even a late decision would be worth nothing. */
export async function checkLostDuties(ctx, { killed, to, survivors }) {
  await collectLedgers(ctx, { from: killed + 1, to, operators: survivors });
  const lost = rowsOf(ctx, survivors, killed + 1, to);
  const failed = lost.filter((row) => row.outcome === "failed" && row.reason && row.room);
  const late = lost.filter((row) => row.outcome === "submitted");
  ctx.report.check(
    "every duty of the time with two operators is on the survivors' books with its end: failed with a reason, or decided late",
    failed.length > 0 && failed.length + late.length === lost.length,
    `${lost.length} duties in slots ${killed + 1} to ${to}: ${late.length} submitted late, ${failed.length} failed: ${reasonCounts(failed)}`,
  );
}

const rowsOf = (ctx, operators, from, to) =>
  operators.flatMap((operator) => [...ctx.ledgers.get(operator).values()].filter((row) => row.slot >= from && row.slot <= to));

function reasonCounts(rows) {
  const counts = new Map();
  for (const row of rows) counts.set(`${row.reason} (${row.room})`, (counts.get(`${row.reason} (${row.room})`) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} x ${reason}`).join(", ");
}

/** Starts both again; returns the second epoch after that, in which everything must be as before. */
export async function comeBack(ctx) {
  const started = ctx.slot;
  const counted = await ctx.restartAll();
  ctx.report.note(`all operators started again in slot ${started}, ready by slot ${counted - 1}`);
  return { from: started + SLOTS_PER_EPOCH, to: started + 2 * SLOTS_PER_EPOCH - 1 };
}
