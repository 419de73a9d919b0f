// Passes connections from the operators' namespaces on to the chain, which listens on its own loopback address.
//   node relay.mjs PORT=TARGET_PORT ...
import net from "node:net";

for (const pair of process.argv.slice(2)) {
  const [port, target] = pair.split("=").map(Number);
  net
    .createServer((client) => {
      const server = net.connect({ port: target, host: "127.0.0.1", noDelay: true });
      client.setNoDelay(true);
      // either end that breaks takes the other with it
      client.on("error", () => server.destroy());
      server.on("error", () => client.destroy());
      client.pipe(server).pipe(client);
    })
    .listen({ port, host: "0.0.0.0" });
}
