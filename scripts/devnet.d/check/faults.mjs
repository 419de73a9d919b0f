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

/** Nothing is published for slots that could not be decided. */
export async function checkSecondLoss(ctx, { killed, to, survivors }) {
  const { report, evidence } = ctx;
  const rows = [];
  for (const operator of survivors) {
    await collectLedgers(ctx, { from: killed - 1, to, operators: [operator] });
    rows.push(...ctx.ledgers.get(operator).values());
  }
  const decided = rows.filter((row) => row.slot <= to && row.micros?.decided != null).map((row) => row.slot);
  const lastDecided = Math.max(...decided);
  const posts = survivors.flatMap((operator) => evidence.traffic.get(operator).posts).filter((post) => post.slot > lastDecided && post.slot <= to);
  report.check(
    "two operators down: nobody publishes anything after the last decided slot",
    posts.length === 0 && lastDecided <= killed && decided.length > 0,
    `second one killed in slot ${killed}, last decided slot ${lastDecided}, ${posts.length} publishing requests in slots ${lastDecided + 1} to ${to}`,
  );
  const lost = rows.filter((row) => row.slot > killed && row.slot <= to - 2);
  const failed = lost.filter((row) => row.outcome === "failed" && row.reason);
  report.check("and every duty that could not be done is on the books as failed, with its reason", lost.length > 0 && failed.length === lost.length, `${failed.length} of ${lost.length}; ${reasonCounts(failed)}`);
}

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
