// The helper validator client: signs for every interop validator that is in no cluster. Without it there would be no
// blocks and no aggregates, because neither is a Capstan duty yet.
import { parseArgs } from "node:util";
import { SLOTS_PER_EPOCH } from "@lodestar/params";
import { parseRanges } from "../lib/interop.mjs";
import { connect } from "./client.mjs";
import { SlotDuties, announceProposers, fetchDuties } from "./duties.mjs";
import { Signer } from "./signer.mjs";

const { values: args } = parseArgs({ options: { beacon: { type: "string" }, range: { type: "string" } } });
const { api, config, genesisMillis, slotMillis } = await connect(args.beacon);
const signer = new Signer(config, parseRanges(args.range));
const epochs = new Map();

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

function dutiesOf(epoch) {
  if (!epochs.has(epoch)) {
    const duties = announceProposers(api, signer.indices).then(() => fetchDuties(api, signer.indices, epoch));
    duties.catch(() => epochs.delete(epoch)); // asked again in the next slot
    epochs.set(epoch, duties);
    epochs.delete(epoch - 2);
  }
  return epochs.get(epoch);
}

async function runSlot(slot) {
  const start = genesisMillis + slot * slotMillis;
  const counts = {};
  const errors = [];
  try {
    const duties = new SlotDuties({ api, signer, slot, duties: await dutiesOf(Math.floor(slot / SLOTS_PER_EPOCH)) });
    const proposal = attempt("blocks", () => duties.propose(), counts, errors);
    await until(start + slotMillis / 3); // a late block delays no vote
    await Promise.all([attempt("votes", () => duties.vote(), counts, errors), attempt("sync", () => duties.signHead(), counts, errors)]);
    await until(start + (slotMillis * 2) / 3);
    await Promise.all([attempt("aggregates", () => duties.aggregateVotes(), counts, errors), attempt("contributions", () => duties.contribute(), counts, errors)]);
    await proposal;
    if (slot % SLOTS_PER_EPOCH === SLOTS_PER_EPOCH - 1) await dutiesOf(Math.floor(slot / SLOTS_PER_EPOCH) + 1);
  } catch (error) {
    errors.push(`duties: ${error.message}`);
  }
  log(errors.length > 0 ? { slot, ...counts, errors } : { slot, ...counts });
}

for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => process.exit(0));
log({ validators: signer.indices.length, beacon: args.beacon });
await dutiesOf(Math.max(0, Math.floor((Date.now() - genesisMillis) / slotMillis / SLOTS_PER_EPOCH))).catch(() => {});
await until(genesisMillis);
for (let slot = Math.max(0, Math.ceil((Date.now() - genesisMillis) / slotMillis)); ; slot++) {
  await until(genesisMillis + slot * slotMillis);
  void runSlot(slot);
}
