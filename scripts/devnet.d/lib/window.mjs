// A window of slots: `{ from, to }`, both in it.

export const inWindow = ({ from, to }, slot) => slot >= from && slot <= to;

export function* slotsOf({ from, to }) {
  for (let slot = from; slot <= to; slot++) yield slot;
}
