// Whether any validator could be slashed for what was seen of it, or for what its operators wrote down.
import path from "node:path";
import { OPERATORS } from "../lib/layout.mjs";
import { findSlashable, plantDouble, plantSurround } from "./slashing.mjs";

/** No slashable pair anywhere, and the search finds one that is planted. */
export function checkSlashable({ report, evidence, members }) {
  report.section("slashable pairs");
  const votes = [...evidence.allVotes()];
  const found = findSlashable(votes);
  const validators = new Set(votes.map((vote) => vote.validator));
  report.check(
    "no slashable pair among all votes seen in events, blocks and proxy logs",
    found.pairs.length === 0 && found.distinct > 0,
    `${found.votes} sightings of ${found.distinct} votes by ${validators.size} validators, ${found.pairs.length} pairs${
      found.pairs.length > 0 ? `, first ${JSON.stringify(found.pairs[0])}` : ""
    }`,
  );
  const victim = votes.findLast((vote) => members.has(vote.validator) && vote.source > 0) ?? votes.at(-1);
  const planted = [plantDouble(victim), plantSurround(victim)].map((vote) => findSlashable([...votes, vote]).pairs.length - found.pairs.length);
  report.check(
    "the same search finds a planted double vote and a planted surround vote",
    planted.every((more) => more >= 1),
    `validator ${victim.validator}, target ${victim.target}: ${planted[0]} and ${planted[1]} pairs more`,
  );
}

/** Stops the operators, looks into their signing histories, starts them again. */
export async function checkHistories(ctx) {
  await Promise.all(OPERATORS.map((operator) => ctx.stop(operator, "SIGTERM")));
  const histories = [];
  for (const operator of OPERATORS) histories.push(await ctx.capstan.showHistory({ dataDir: path.join(ctx.layout.operatorDir(operator), "data") }));
  const votes = histories.map(({ shares }) => shares.reduce((sum, share) => sum + share.votes, 0));
  const pairs = histories.reduce((sum, { slashable_pairs: found }) => sum + found, 0);
  ctx.report.check(
    "no operator's signing history holds two votes for one target, or one vote around another",
    pairs === 0 && votes.every((count) => count > 0),
    `${pairs} pairs; ${OPERATORS.map((operator, at) => `operator ${operator}: ${histories[at].shares.length} shares, ${votes[at]} votes recorded`).join("; ")}`,
  );
  await ctx.restartAll();
}
