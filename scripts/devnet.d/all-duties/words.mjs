// What an operator is told in words: `capstan duty`, as a person would ask it.
import path from "node:path";
import { capture } from "../lib/command.mjs";

/** Where the account of the node's own steps begins; what comes before it says what happened and who was at fault. */
const OWN_STEPS = "what this node did";

/** The first duty of an answer without the node's own steps: lines, trimmed, without empty ones. */
export function tale(text) {
  const [, ...paragraphs] = text.split(/\n\s*\n/);
  const lines = (paragraphs[0] ?? "").split("\n").map((line) => line.trimEnd());
  const end = lines.findIndex((line) => line.trim() === OWN_STEPS);
  return lines.slice(0, end < 0 ? lines.length : end).filter((line) => line.trim() !== "");
}

/** Asks `operator` about one duty of `row`'s validator and prints what it says. */
export async function tellWords(net, operator, row) {
  const config = path.join(net.layout.operatorDir(operator), "capstan.toml");
  const asked = ["duty", String(row.slot), "--config", config, "--role", row.role, "--validator", String(row.validator_index)];
  const { code, stdout, stderr } = await capture(net.program, asked, { cwd: net.layout.operatorDir(operator) });
  if (code !== 0) throw new Error(`capstan duty ended with ${code}: ${(stderr || stdout).trim()}`);
  net.report.note(`capstan duty ${row.slot} at operator ${operator}:`);
  for (const line of tale(stdout)) net.report.note(`  ${line}`);
}
