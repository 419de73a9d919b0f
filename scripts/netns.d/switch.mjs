// Talks to the switch: one line, one answer.
import net from "node:net";

export function tell(socketPath, line) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(`${line}\n`));
    socket.on("error", reject);
    socket.on("data", (text) => {
      answer += text;
      if (!answer.includes("\n")) return;
      socket.end();
      const said = answer.trim();
      if (said.startsWith("error")) reject(new Error(`the switch refused "${line}": ${said}`));
      else resolve(said);
    });
  });
}

/** `{ delivered, lost, cut_off, overflowed, unrouted }` */
export async function packets(socketPath) {
  const words = (await tell(socketPath, "stats")).split(" ");
  return Object.fromEntries(words.map((word) => word.split("=")).map(([name, count]) => [name, Number(count)]));
}
