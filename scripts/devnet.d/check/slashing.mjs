// Finds pairs of votes for which a validator could be slashed: two different votes for one target, or one vote around
// another (source earlier and target later).

/**
 * @param {Iterable<import("./votes.mjs").Vote>} votes as often as they were seen
 * @returns {{ votes: number, distinct: number, pairs: { kind: "double" | "surround", first: object, second: object }[] }}
 */
export function findSlashable(votes) {
  let seen = 0;
  const byValidator = new Map();
  for (const vote of votes) {
    seen += 1;
    if (!byValidator.has(vote.validator)) byValidator.set(vote.validator, new Map());
    byValidator.get(vote.validator).set(vote.identity, vote);
  }
  let distinct = 0;
  const pairs = [];
  for (const unique of byValidator.values()) {
    const list = [...unique.values()].sort((a, b) => a.target - b.target || a.source - b.source);
    distinct += list.length;
    for (let later = 1; later < list.length; later++) {
      for (let earlier = 0; earlier < later; earlier++) {
        const [first, second] = [list[earlier], list[later]];
        if (first.target === second.target) pairs.push({ kind: "double", first, second });
        else if (second.source < first.source) pairs.push({ kind: "surround", first, second });
      }
    }
  }
  return { votes: seen, distinct, pairs };
}

/** A vote that contradicts `vote`: same validator and target, other head. */
export const plantDouble = (vote) => ({ ...vote, identity: `${vote.identity}/planted` });

/** A vote around `vote`: source one epoch earlier, target one epoch later. */
export const plantSurround = (vote) => ({ ...vote, source: vote.source - 1, target: vote.target + 1, identity: `${vote.identity}/planted-around` });
