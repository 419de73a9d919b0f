// The logging proxies: one relay per operator and node, all in this process.
//   node proxy/proxy.mjs --dir LOGS --relay 1-beacon=19621:19601 --relay 1-execution=19611:19600 ...
import path from "node:path";
import { parseArgs } from "node:util";
import { Journal } from "./journal.mjs";
import { startRelay } from "./relay.mjs";

const { values: args } = parseArgs({ options: { dir: { type: "string" }, relay: { type: "string", multiple: true, default: [] } } });
const journals = [];
for (const relay of args.relay) {
  const [name, ports] = relay.split("=");
  const [port, targetPort] = ports.split(":").map(Number);
  const journal = new Journal(path.join(args.dir, `proxy-${name}.jsonl`));
  journals.push(journal);
  await startRelay({ port, targetPort, journal });
}
console.log(`listening: ${args.relay.join(" ")}`);

for (const name of ["SIGTERM", "SIGINT"]) {
  process.once(name, async () => {
    await Promise.all(journals.map((journal) => journal.close()));
    process.exit(0);
  });
}
