// What an operator's own ledger says of its duties.
import { request } from "./http.mjs";

/** Most slots in one question. */
const PAGE = 64;

/** The rows of slots `from` to `to`. */
export async function ledgerRows(layout, operator, { from, to }) {
  const rows = [];
  for (let start = from; start <= to; start += PAGE) {
    const end = Math.min(to, start + PAGE - 1);
    const { duties } = await request(`${layout.apiUrl(operator)}/v1/duties?from_slot=${start}&to_slot=${end}`);
    rows.push(...duties);
  }
  return rows;
}
