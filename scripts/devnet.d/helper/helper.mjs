// The helper validator client: signs for every interop validator that is in no cluster. Without it there would be no
// blocks and no aggregates, because neither is a Capstan duty yet.
import { parseArgs } from "node:util";
import { epochOf } from "../lib/beacon-api.mjs";
import { parseRanges } from "../lib/interop.mjs";
import { connect } from "./client.mjs";
import { SlotDuties, announceProposers, fetchDuties, fetchSyncDuties } from "./duties.mjs";
import { Signer } from "./signer.mjs";

const { values: args } = parseArgs({ options: { beacon: { type: "string" }, range: { type: "string" } } });
const { api, config, genesisMillis, slotMillis } = await connect(args.beacon);
const signer = new Signer(config, parseRanges(args.range));

const until = (millis) => new Promise((resolve) => setTimeout(resolve, Math.max(0, millis - Date.now())));
const log = (entry) => console.log(JSON.stringify({ time: new Date().toISOString(), ...entry }));

/** A step that fails costs its own objects only; the reason is logged. */
async function attempt(step, work, counts, errors) {
  try {
    counts[step] = await work();
  } catch (error) {
    errors.push(`${step}: ${error.message}`);
  }
}

/** Asks once per epoch; a failure is asked again in the next slot, and what is over is forgotten. */
function perEpoch(fetchEpoch) {
  const epochs = new Map();
  return (epoch) => {
    if (!epochs.has(epoch)) {
      const answer = fetchEpoch(epoch);
      answer.catch(() => epochs.delete(epoch));
      epochs.set(epoch, answer);
      epochs.delete(epoch - 2);
    }
    return epochs.get(epoch);
  };
}

const dutiesOf = perEpoch((epoch) => announceProposers(api, signer.indices).then(() => fetchDuties(api, signer.indices, epoch)));
const syncDutiesOf = perEpoch((epoch) => fetchSyncDuties(api, signer.indices, epoch));

async function runSlot(slot) {
  const start = genesisMillis + slot * slotMillis;
  const counts = {};
  const errors = [];
  try {
    const [ofEpoch, syncDuties] = await Promise.all([dutiesOf(epochOf(slot)), syncDutiesOf(epochOf(slot + 1))]);
    const duties = new SlotDuties({ api, signer, slot, duties: ofEpoch, syncDuties });
    const proposal = attempt("blocks", () => duties.propose(), counts, errors);
    await until(start + slotMillis / 3); // a late block delays no vote
    await Promise.all([attempt("votes", () => duties.vote(), counts, errors), attempt("sync", () => duties.signHead(), counts, errors)]);
    await until(start + (slotMillis * 2) / 3);
    await Promise.all([attempt("aggregates", () => duties.aggregateVotes(), counts, errors), attempt("contributions", () => duties.contribute(), counts, errors)]);
    await proposal;
    if (epochOf(slot + 1) > epochOf(slot)) await dutiesOf(epochOf(slot + 1));
  } catch (error) {
    errors.push(`duties: ${error.message}`);
  }
  log(errors.length > 0 ? { slot, ...counts, errors } : { slot, ...counts });
}

for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => process.exit(0));
log({ validators: signer.indices.length, beacon: args.beacon });
await dutiesOf(Math.max(0, epochOf((Date.now() - genesisMillis) / slotMillis))).catch(() => {});
await until(genesisMillis);
for (let slot = Math.max(0, Math.ceil((Date.now() - genesisMillis) / slotMillis)); ; slot++) {
  await until(genesisMillis + slot * slotMillis);
  void runSlot(slot);
}
