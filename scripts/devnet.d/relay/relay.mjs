// A block relay that earns nobody's trust: takes registrations and checks their signatures, and answers questions for a
// header in the manner it is told to: nothing to offer (204), late, or garbage.
//   node relay/relay.mjs --beacon URL --port N --out FILE --late-millis N
// `POST /manner` with {"manner":"none"}, {"manner":"late"} or {"manner":"garbage"} changes the manner. What was asked and
// answered goes to FILE, a line of JSON each.
import http from "node:http";
import { parseArgs } from "node:util";
import { unixMicros } from "../lib/clock.mjs";
import { bodyOf } from "../lib/http.mjs";
import { sleep } from "../lib/wait.mjs";
import { Journal } from "../proxy/journal.mjs";
import { readRegistrations } from "./registrations.mjs";

const { values: args } = parseArgs({
  options: { beacon: { type: "string" }, port: { type: "string" }, out: { type: "string" }, "late-millis": { type: "string", default: "2000" } },
});
const journal = new Journal(args.out);
const GARBAGE = '{"version":"electra","data":{"message":{"header":{"block_hash":"0xnothing"},"value":"115792089237316195423570985008687907853269984665640564039457584007913129639935"}}}';
const MANNERS = ["none", "late", "garbage"];
let manner = "none";

let knownForkVersion = null;
/** Asked when the first registration comes: whoever forwards it is up by then. */
async function genesisForkVersion() {
  if (knownForkVersion === null) {
    const response = await fetch(`${args.beacon}/eth/v1/beacon/genesis`);
    knownForkVersion = (await response.json()).data.genesis_fork_version;
  }
  return knownForkVersion;
}

function answer(response, status, body = "") {
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}

async function takeRegistrations(request, response) {
  const body = await bodyOf(request);
  const { good, bad } = readRegistrations(body, request.headers["content-type"], await genesisForkVersion());
  journal.write({ type: "registrations", micros: unixMicros(), good, bad });
  if (bad.length > 0) answer(response, 400, JSON.stringify({ code: 400, message: `${bad.length} signatures do not verify` }));
  else answer(response, 200);
}

async function offerHeader(path, response) {
  const [, slot, parent, publicKey] = /\/header\/(\d+)\/(0x[0-9a-f]+)\/(0x[0-9a-f]+)$/i.exec(path);
  const asked = { type: "header", micros: unixMicros(), slot: Number(slot), parent, public_key: publicKey, manner };
  if (manner === "late") await sleep(Number(args["late-millis"]));
  journal.write({ ...asked, answered_micros: unixMicros() });
  if (manner === "garbage") answer(response, 200, GARBAGE);
  else response.writeHead(204).end();
}

async function changeManner(request, response) {
  const { manner: wanted } = JSON.parse((await bodyOf(request)).toString("utf8"));
  if (!MANNERS.includes(wanted)) return answer(response, 400, JSON.stringify({ message: `there is no manner ${wanted}` }));
  manner = wanted;
  answer(response, 200, "{}");
}

async function serve(request, response) {
  const path = request.url.split("?")[0];
  try {
    if (path === "/eth/v1/builder/status") answer(response, 200);
    else if (path === "/eth/v1/builder/validators") await takeRegistrations(request, response);
    else if (path.startsWith("/eth/v1/builder/header/")) await offerHeader(path, response);
    else if (path === "/manner") await changeManner(request, response);
    else {
      journal.write({ type: "unknown", micros: unixMicros(), method: request.method, path });
      answer(response, 404, JSON.stringify({ code: 404, message: "not served" }));
    }
  } catch (error) {
    journal.write({ type: "error", micros: unixMicros(), path, reason: error.message });
    answer(response, 500, JSON.stringify({ code: 500, message: error.message }));
  }
}

await new Promise((resolve) => http.createServer(serve).listen(Number(args.port), "127.0.0.1", resolve));
console.log(`relay on port ${args.port}`);
for (const name of ["SIGTERM", "SIGINT"]) {
  process.once(name, async () => {
    await journal.close();
    process.exit(0);
  });
}
