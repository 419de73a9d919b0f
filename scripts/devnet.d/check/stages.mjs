// What the first four stages promise without a network: the tests of their crates, counted.
import { capture } from "../lib/command.mjs";
import { repository } from "../lib/layout.mjs";

const CRATES = {
  1: ["types", "crypto", "network", "validation"],
  2: ["qbft", "conformance"],
  3: ["contracts-abi", "migrations", "store", "vault", "registry"],
  4: ["duty", "beacon", "operator", "api", "app"],
};
const TITLES = { 1: "the wire", 2: "consensus", 3: "the chain", 4: "the duty" };
const TEST_DEADLINE_MILLIS = 1_200_000;

/** Sums of cargo's `test result:` lines. */
export function countTests(output) {
  const sums = { passed: 0, failed: 0, ignored: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    sums.passed += Number(passed);
    sums.failed += Number(failed);
    sums.ignored += Number(ignored);
  }
  return sums;
}

export async function runStageTests(report, stage) {
  report.section(`stage ${stage}, ${TITLES[stage]}`);
  for (const crate of CRATES[stage]) {
    const { code, stdout, stderr } = await capture("cargo", ["test", "--locked", "-p", crate, "--no-fail-fast"], { cwd: repository, timeoutMillis: TEST_DEADLINE_MILLIS });
    const { passed, failed, ignored } = countTests(stdout);
    const reason = code === 0 ? "" : `; cargo ended with ${code}: ${stderr.trim().split("\n").at(-1)}`;
    report.check(`tests of ${crate}`, code === 0 && failed === 0 && ignored === 0 && passed > 0, `${passed} passed, ${failed} failed, ${ignored} ignored${reason}`);
  }
  if (stage !== 2) return;
  const { code, stdout, stderr } = await capture("scripts/conformance", [], { cwd: repository, timeoutMillis: TEST_DEADLINE_MILLIS });
  const lines = stdout.trim().split("\n").slice(-6);
  for (const line of lines) report.note(line);
  report.check("reference vectors", code === 0, code === 0 ? lines.at(-1) : stderr.trim().split("\n").at(-1));
}
