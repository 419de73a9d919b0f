// The order of a check. Windows of slots are measured as they pass and judged once their votes are settled.
import { Processes } from "../lib/processes.mjs";
import { Layout } from "../lib/layout.mjs";
import { Context } from "./context.mjs";
import { SETTLING_SLOTS, checkBalances, checkFinality, checkInclusion, checkMainJob, collectLedgers, nextEpochStart } from "./duties.mjs";
import { checkLostDuties, checkSecondLoss, comeBack, loseOne, loseSecond } from "./faults.mjs";
import { checkNegative } from "./negative.mjs";
import { changeValidators, checkChange, checkRegistry } from "./registry.mjs";
import { Report } from "./report.mjs";
import { checkHistories, checkSlashable } from "./safety.mjs";
import { checkSpeed, measuredSlots } from "./speed.mjs";
import { runStageTests } from "./stages.mjs";

/** How long each part lasts, in slots. */
const FULL = { main: 32, one: 16, second: 8, speed: 200, deadlineSeconds: 960, isTimed: true };
const SHORT = { main: 24, one: 8, second: 4, speed: 40, deadlineSeconds: 420, isTimed: false };

/** The slot in which operators are stopped is not measured; it is in progress when the others are counted. */
const SPARE_SLOTS = 2;

/** A part that breaks has failed; the others go on. */
async function part(ctx, name, work) {
  try {
    return await work();
  } catch (error) {
    ctx.report.broken(name, error);
    return null;
  }
}

/** Books are read before an operator may lose them, up to the last slot that is over. */
async function keepBooks(ctx, from) {
  await part(ctx, "the operators' ledgers", () => collectLedgers(ctx, { from, to: ctx.slot - 1 }));
}

async function watchMainJob(ctx, plan) {
  const from = nextEpochStart(Math.max(ctx.slot + 1, ctx.change?.steadyFrom ?? 0));
  const window = { from, to: from + plan.main - 1 };
  ctx.report.note(`measuring the main job in slots ${window.from} to ${window.to}`);
  await ctx.reach(window.to + 1);
  await keepBooks(ctx, window.from);
  return window;
}

/** Runs until the votes of `slot` are settled and enough slots are measured, or time is up. */
async function settle(ctx, plan, slot) {
  const wanted = plan.speed + SPARE_SLOTS;
  while (ctx.slot <= slot + SETTLING_SLOTS || (measuredSlots(ctx) < wanted && ctx.elapsedSeconds < plan.deadlineSeconds)) await ctx.reach(ctx.slot + 1);
}

async function wholeShow(ctx, plan) {
  const start = ctx.slot;
  await part(ctx, "the network without operators", () => checkNegative(ctx));
  await part(ctx, "operators ready", () => (ctx.resume ? ctx.resume : ctx.restartAll()));
  const resumed = ctx.slot;
  await part(ctx, "the registry", () => checkRegistry(ctx));
  await part(ctx, "the change of validators", () => changeValidators(ctx));
  const main = await watchMainJob(ctx, plan);

  ctx.report.section("operators die");
  const one = await part(ctx, "the loss of one operator", () => loseOne(ctx, plan.one));
  const second = await part(ctx, "the loss of a second operator", () => loseSecond(ctx, plan.second));
  if (second) await part(ctx, "the loss of a second operator", () => checkSecondLoss(ctx, second));
  const back = await part(ctx, "the return of both", () => comeBack(ctx));
  const returned = ctx.slot;
  await settle(ctx, plan, back?.to ?? ctx.slot);
  await keepBooks(ctx, returned);

  if (one) checkInclusion(ctx, one, { claim: "one operator killed: still 98 % of the votes in blocks", share: 0.98 });
  if (second) await part(ctx, "the lost duties", () => checkLostDuties(ctx, second));
  if (back) checkInclusion(ctx, back, { claim: "both back: 98 % again within two epochs", share: 0.98 });
  checkMainJob(ctx, main);
  await part(ctx, "the balance of the books", () => checkBalances(ctx));
  await part(ctx, "finality", () => checkFinality(ctx, 3));
  ctx.report.section("the validators that joined and left");
  if (ctx.change) checkChange(ctx, ctx.slot - SETTLING_SLOTS);
  checkSlashable({ ...ctx, members: ctx.members(main.from, main.to) });
  await part(ctx, "the signing histories", () => checkHistories(ctx));
  checkSpeed(ctx, { minSlots: plan.speed, isTimed: plan.isTimed });
  ctx.report.note(`checked slots ${start} to ${ctx.slot}, operators back since slot ${resumed}`);
}

/** What the third and the fourth stage promise of a running network. */
const liveStages = {
  3: async (ctx) => {
    await part(ctx, "the registry", () => checkRegistry(ctx));
    await part(ctx, "the change of validators", () => changeValidators(ctx));
  },
  4: async (ctx, plan) => {
    const main = await watchMainJob(ctx, plan);
    await settle(ctx, { ...plan, speed: SHORT.speed }, main.to);
    await keepBooks(ctx, main.from);
    checkMainJob(ctx, main);
    await part(ctx, "the balance of the books", () => checkBalances(ctx));
    await part(ctx, "finality", () => checkFinality(ctx, 1));
    checkSlashable({ ...ctx, members: ctx.members(main.from, main.to) });
    checkSpeed(ctx, { minSlots: SHORT.speed, isTimed: true });
  },
  5: wholeShow,
};

async function runLive({ dir, report, plan, work, startNetwork }) {
  const isRunning = new Processes(new Layout({ dir })).isRunning("beacon");
  const end = isRunning ? null : await startNetwork();
  try {
    const ctx = new Context(dir, report);
    await ctx.open();
    await work(ctx, plan);
    report.note(`it took ${Math.round(ctx.elapsedSeconds)} s`);
  } catch (error) {
    report.broken("the check itself", error);
  } finally {
    await end?.();
  }
}

/** Returns the exit code: 0 when everything passed. */
export async function runCheck({ dir, stage = 5, isShort, startNetwork }) {
  if (!(stage >= 1 && stage <= 5)) throw new Error("stages are 1 to 5");
  const report = new Report();
  if (stage < 5) await runStageTests(report, stage);
  const work = liveStages[stage];
  if (work) await runLive({ dir, report, plan: isShort ? SHORT : FULL, work, startNetwork });
  return report.finish();
}

