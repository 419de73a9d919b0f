// The logging proxies: one relay per operator and node, all in this process.
//   node proxy/proxy.mjs --dir LOGS --relay 1-beacon=19621:19601 --relay 1-execution=19611:19600 ... [--control 19609]
// `POST /RELAY` with {"manner":"pass"}, {"manner":"freeze"} or {"manner":"delay","millis":N} at the control port changes
// how a relay carries bytes from now on.
import http from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";
import { bodyOf } from "../lib/http.mjs";
import { Journal } from "./journal.mjs";
import { Manner } from "./manner.mjs";
import { startRelay } from "./relay.mjs";

const { values: args } = parseArgs({
  options: { dir: { type: "string" }, control: { type: "string" }, relay: { type: "string", multiple: true, default: [] } },
});
const journals = [];
const manners = new Map();
for (const relay of args.relay) {
  const [name, ports] = relay.split("=");
  const [port, targetPort] = ports.split(":").map(Number);
  const journal = new Journal(path.join(args.dir, `proxy-${name}.jsonl`));
  journals.push(journal);
  manners.set(name, new Manner());
  await startRelay({ port, targetPort, journal, manner: manners.get(name) });
}

async function control(request, response) {
  try {
    const manner = manners.get(request.url.slice(1));
    if (!manner) throw new Error(`there is no relay ${request.url.slice(1)}`);
    manner.change(JSON.parse((await bodyOf(request)).toString("utf8")));
    response.writeHead(200).end("{}");
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ message: error.message }));
  }
}
if (args.control) await new Promise((resolve) => http.createServer(control).listen(Number(args.control), "127.0.0.1", resolve));
console.log(`listening: ${args.relay.join(" ")}`);

for (const name of ["SIGTERM", "SIGINT"]) {
  process.once(name, async () => {
    await Promise.all(journals.map((journal) => journal.close()));
    process.exit(0);
  });
}
