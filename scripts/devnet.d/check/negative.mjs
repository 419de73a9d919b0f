// The negative, shown first: without the operators there are no cluster votes and the chain does not justify.
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { OPERATORS, SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { accountVotes } from "./inclusion.mjs";
import { checkRefusals } from "./refusals.mjs";

const SILENT_EPOCHS = 2;

/** Stops all operators at the end of an epoch, watches two whole epochs, starts them again. */
export async function checkNegative(ctx) {
  const { report, beacon, evidence } = ctx;
  report.section("without the operators");
  const first = epochOf(ctx.slot) + 1;
  const last = first + SILENT_EPOCHS - 1;
  const [from, to] = [firstSlotOf(first), firstSlotOf(last + 1) - 1];
  await ctx.reach(from - 1);
  await Promise.all(OPERATORS.map((operator) => ctx.stop(operator, "SIGTERM")));
  report.note(`operators stopped in slot ${ctx.slot}; epochs ${first} and ${last} are slots ${from} to ${to}`);

  await ctx.reach(from, 0);
  await checkRefusals(report, beacon);
  await ctx.reach(to);
  const members = ctx.members(from, to);
  // votes of the slot before the silence make their validators live in its first epoch, when they enter a block
  const live = await beacon.live(last, [...members]);
  ctx.resume = ctx.restartAll();
  ctx.resume.catch(() => {}); // awaited below

  await ctx.reach(to + 3);
  const isSilent = (vote) => vote.slot >= from && vote.slot <= to && members.has(vote.validator);
  const inBlocks = evidence.inBlocks.filter(isSilent).length;
  const announced = evidence.announced.filter(isSilent).length;
  const sent = [...evidence.traffic.values()].flatMap((traffic) => traffic.posts).filter((post) => post.slot >= from && post.slot <= to).length;
  const account = (validators) => accountVotes({ duties: evidence.duties, validators, aggregators: ctx.helpers, included: evidence.included, from, to });
  const due = account(members);
  const helper = account(ctx.helpers);
  report.check(
    "operators stopped: no vote of the clusters in two epochs",
    inBlocks + announced + sent + live.length === 0 && due.due + due.apart.due > 0,
    `${due.due + due.apart.due} due, ${inBlocks} in blocks, ${announced} announced, ${sent} publishing requests at the proxies, ${live.length} validators live in epoch ${last}`,
  );
  report.check("meanwhile the helper votes on", helper.included >= 0.9 * helper.due, `${helper.included} of its ${helper.due} votes are in blocks`);

  const { justified, finalized } = await justifiedAfter(ctx, last);
  report.check("and nothing of these epochs is justified", justified < first, `justified epoch ${justified}, finalized ${finalized} after epoch ${last}`);
  return ctx.resume;
}

/** Finality as a state after `epoch` shows it: the next epoch must have a block. */
async function justifiedAfter(ctx, epoch) {
  const firstAfter = firstSlotOf(epoch + 1);
  for (let slot = firstAfter; slot < firstAfter + SLOTS_PER_EPOCH; slot++) {
    await ctx.reach(slot);
    if ((await ctx.beacon.headSlot()) >= firstAfter) break;
  }
  return ctx.beacon.finality();
}
