// From the first byte of the head event to the first byte of the publishing request.

/** The value below or at which a share `p` of the samples lies (nearest rank); null of no samples. */
export function percentile(samples, p) {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
}

export const summary = (samples) => ({
  count: samples.length,
  p50: percentile(samples, 0.5),
  p99: percentile(samples, 0.99),
  max: percentile(samples, 1),
});

/**
 * One sample per operator and slot that had a head event in its first third and a vote published after it.
 *
 * @param {object} input
 * @param {{ slot: number, micros: number }[]} input.heads head events of one operator, as its proxy saw them
 * @param {{ slot: number, micros: number }[]} input.posts first bytes of its publishing requests
 * @param {(slot: number) => number} input.slotStart microseconds
 * @returns {{ slot: number, headMicros: number, postMicros: number, micros: number }[]}
 */
export function headToPublish({ heads, posts, slotStart, slotMicros, isCounted = () => true }) {
  const firstPost = earliest(posts);
  const samples = [];
  for (const [slot, headMicros] of earliest(heads)) {
    const isEarly = headMicros - slotStart(slot) < slotMicros / 3;
    const postMicros = firstPost.get(slot);
    if (!isEarly || !isCounted(slot) || postMicros === undefined) continue;
    samples.push({ slot, headMicros, postMicros, micros: postMicros - headMicros });
  }
  return samples;
}

/** Earliest time per slot. */
export function earliest(marks) {
  const first = new Map();
  for (const { slot, micros } of marks) if (!(first.get(slot) <= micros)) first.set(slot, micros);
  return first;
}
