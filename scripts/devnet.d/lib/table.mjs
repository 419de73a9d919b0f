// The live table: where the chain is and how each operator stands, by their own word and by what others saw.
import { dutyKey } from "../check/inclusion.mjs";
import { request } from "./http.mjs";
import { OPERATORS } from "./layout.mjs";
import { operatorName } from "../setup/operators.mjs";

export async function operatorStatus(layout, operator) {
  try {
    return await request(`${layout.apiUrl(operator)}/v1/status`, { timeoutMillis: 2_000 });
  } catch {
    return null;
  }
}

/** One snapshot of everything the table shows. */
export async function snapshot(layout, processes, evidence) {
  const headSlot = await evidence.refresh();
  const [slot, finality, statuses] = await Promise.all([
    evidence.beacon.currentSlot(),
    evidence.beacon.finality(),
    Promise.all(OPERATORS.map((operator) => operatorStatus(layout, operator))),
  ]);
  const operators = OPERATORS.map((operator, at) => {
    const posts = evidence.traffic.get(operator).posts.filter((post) => post.role === "attester");
    const votes = new Set(posts.flatMap((post) => post.votes.map(dutyKey)));
    const included = [...votes].filter((key) => evidence.included.has(key)).length;
    return { operator, isRunning: processes.isRunning(operatorName(operator)), status: statuses[at], published: votes.size, included };
  });
  return { slot, headSlot, ...finality, operators };
}

const cell = (value, width) => String(value ?? "-").padStart(width);

export function formatTable({ slot, headSlot, justified, finalized, operators }) {
  const lines = [
    `slot ${slot}  head ${headSlot}  justified ${justified}  finalized ${finalized}`,
    "operator    state  block  peers  ready  scheduled  submitted  failed  running  published  included",
  ];
  for (const { operator, isRunning, status, published, included } of operators) {
    const state = !isRunning ? "down" : status === null ? "mute" : status.ready ? "ready" : "waits";
    const ledger = status?.duties;
    lines.push(
      [
        cell(operator, 8),
        cell(state, 8),
        cell(status?.registry?.block, 6),
        cell(status?.peers?.connected, 6),
        cell(status?.validators?.ready, 6),
        cell(ledger?.scheduled, 10),
        cell(ledger?.submitted, 10),
        cell(ledger?.failed, 7),
        cell(ledger?.running, 8),
        cell(published, 10),
        cell(included, 9),
      ].join(" "),
    );
  }
  for (const { operator, status } of operators) {
    for (const reason of status?.not_ready_because ?? []) lines.push(`  operator ${operator} is not ready: ${reason}`);
  }
  return lines;
}

/** Prints snapshots in place on a terminal, one line each elsewhere, until `isDone` says so or the deadline is over. */
export async function watch(take, isDone, { everyMillis, deadlineMillis, print = console.log }) {
  const deadline = Date.now() + deadlineMillis;
  let height = 0;
  for (;;) {
    const now = await take();
    if (process.stdout.isTTY) {
      const lines = formatTable(now);
      process.stdout.write(`${height > 0 ? `\x1b[${height}A` : ""}${lines.map((line) => `\x1b[2K${line}\n`).join("")}\x1b[J`);
      height = lines.length;
    } else {
      const each = now.operators.map(({ operator, status, included }) => `${operator}:${status?.registry?.block ?? "-"}/${status?.validators?.ready ?? "-"}/${included}`);
      print(`slot ${now.slot} head ${now.headSlot} justified ${now.justified} finalized ${now.finalized}; operator:block/ready/included ${each.join(" ")}`);
    }
    if (isDone(now)) {
      if (!process.stdout.isTTY) for (const line of formatTable(now)) print(line);
      return now;
    }
    if (Date.now() > deadline) throw new Error(`not there after ${Math.round(deadlineMillis / 1000)} s:\n${formatTable(now).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, everyMillis));
  }
}
