// Forwarders that take their time: every byte arrives later by the same time, in both directions.
//   node far/forward.mjs --millis 400 --forward 19671:19631 --forward ...
import net from "node:net";
import { parseArgs } from "node:util";
import { Manner } from "../proxy/manner.mjs";

const { values: args } = parseArgs({ options: { millis: { type: "string" }, forward: { type: "string", multiple: true, default: [] } } });

/** One direction of one connection, with a queue of its own. */
function carry(from, to) {
  const manner = new Manner();
  manner.change({ manner: "delay", millis: Number(args.millis) });
  from.on("data", (bytes) => manner.carry(() => to.destroyed || to.write(bytes)));
  from.on("end", () => manner.carry(() => to.end()));
  from.on("error", () => to.destroy());
  from.on("close", () => manner.carry(() => to.end()));
}

for (const forward of args.forward) {
  const [port, targetPort] = forward.split(":").map(Number);
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = net.connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    carry(client, target);
    carry(target, client);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
}
console.log(`forwarding after ${args.millis} ms: ${args.forward.join(" ")}`);
for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => process.exit(0));
