// Writes down what the beacon node itself says while the network runs: its events, and every epoch's duties of all
// validators. Checks read this instead of asking for what the node has forgotten by then.
//   node observer/observer.mjs --beacon URL --out FILE --validators 256
import os from "node:os";
import { parseArgs } from "node:util";
import { BeaconApi, epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { unixMicros } from "../lib/clock.mjs";
import { sleep } from "../lib/wait.mjs";
import { EventReader } from "../proxy/events.mjs";
import { Journal } from "../proxy/journal.mjs";

const TOPICS = ["head", "single_attestation", "finalized_checkpoint", "chain_reorg"];
const RETRY_MILLIS = 200;

const { values: args } = parseArgs({ options: { beacon: { type: "string" }, out: { type: "string" }, validators: { type: "string" } } });
const beacon = new BeaconApi(args.beacon);
const journal = new Journal(args.out);
const indices = Array.from({ length: Number(args.validators) }, (_unused, index) => index);

async function followEvents() {
  for (;;) {
    try {
      const response = await fetch(`${args.beacon}/eth/v1/events?topics=${TOPICS.join(",")}`, { headers: { accept: "text/event-stream" } });
      if (!response.ok) throw new Error(`events answered ${response.status}`);
      const events = new EventReader(({ event, data, micros }) => journal.write({ type: "event", event, micros, data: JSON.parse(data) }));
      for await (const bytes of response.body) events.push(Buffer.from(bytes), unixMicros());
      throw new Error("the event stream ended");
    } catch (error) {
      journal.write({ type: "gap", micros: unixMicros(), reason: error.message });
      await sleep(RETRY_MILLIS);
    }
  }
}

async function followDuties() {
  const { genesisMillis, slotMillis } = await beacon.clock();
  for (let epoch = Math.max(0, epochOf(await beacon.currentSlot())); ; epoch++) {
    await sleep(genesisMillis + firstSlotOf(epoch) * slotMillis - Date.now());
    for (;;) {
      try {
        const [attesters, sync, proposers] = await Promise.all([
          beacon.attesterDuties(epoch, indices),
          beacon.syncDuties(epoch, indices),
          beacon.proposerDuties(epoch),
        ]);
        journal.write({ type: "duties", epoch, attesters, sync, proposers });
        break;
      } catch (error) {
        journal.write({ type: "gap", micros: unixMicros(), reason: `duties of epoch ${epoch}: ${error.message}` });
        await sleep(RETRY_MILLIS);
      }
    }
  }
}

for (const name of ["SIGTERM", "SIGINT"]) {
  process.once(name, async () => {
    await journal.close();
    process.exit(0);
  });
}
os.setPriority(10); // nothing waits for it
console.log(`observing ${args.beacon}`);
await Promise.all([followEvents(), followDuties()]);
