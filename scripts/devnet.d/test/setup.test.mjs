import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createDecipheriv, createHash, pbkdf2Sync } from "node:crypto";
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Tail } from "../check/chain-evidence.mjs";
import { countTests } from "../check/stages.mjs";
import { interopSecret, parseRanges } from "../lib/interop.mjs";
import { Layout, VALIDATORS, clusterIndices, packageDir, repository } from "../lib/layout.mjs";
import { Processes, endAll } from "../lib/processes.mjs";
import { buildProgram, built } from "../lib/programs.mjs";
import { membersNow, swing } from "../lib/state.mjs";
import { waitFor } from "../lib/wait.mjs";
import { encryptKeystore } from "../setup/keystore.mjs";

test("interop keys are those of the published list", () => {
  assert.equal(interopSecret(0).toString("hex"), "25295f0d1d592a90b333e26e85149708208e9f8e8bc18f6c77bd62f8ad7a6866");
  assert.equal(interopSecret(9).toString("hex"), "2b3b88a041168a1c4cd04bdd8de7964fd35238f95442dc678514f9dadb81ec34");
});

test("ranges include both ends", () => {
  assert.deepEqual(parseRanges("3..5,9"), [3, 4, 5, 9]);
  assert.throws(() => parseRanges("5..3"), /not an index range/);
  assert.throws(() => parseRanges("x"), /not an index range/);
});

test("a keystore opens with its password by the rules of EIP-2335", () => {
  const secret = interopSecret(7);
  const { crypto } = encryptKeystore({ secret, publicKey: Buffer.alloc(48, 1), password: "testpassword" });
  const { salt, c, dklen } = crypto.kdf.params;
  const derived = pbkdf2Sync("testpassword", Buffer.from(salt, "hex"), c, dklen, "sha256");
  const message = Buffer.from(crypto.cipher.message, "hex");
  assert.equal(createHash("sha256").update(derived.subarray(16, 32)).update(message).digest("hex"), crypto.checksum.message);
  const cipher = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), Buffer.from(crypto.cipher.params.iv, "hex"));
  assert.deepEqual(Buffer.concat([cipher.update(message), cipher.final()]), secret);
});

test("the cluster holds more than a third of the stake and the helper less than two thirds", () => {
  const helpers = VALIDATORS.helper.last - VALIDATORS.helper.first + 1;
  assert.ok(3 * clusterIndices().length > VALIDATORS.total);
  assert.ok(3 * helpers < 2 * VALIDATORS.total);
  assert.ok(3 * (helpers + clusterIndices().length - 1) > 2 * VALIDATORS.total);
});

test("validators that join and leave swap places, again and again", () => {
  const { leaver, joiner } = VALIDATORS;
  const state = { changes: [] };
  assert.deepEqual([membersNow(state).has(leaver), membersNow(state).has(joiner), swing(state)], [true, false, { joiner, leaver }]);
  state.changes.push({ added: joiner, removed: leaver });
  assert.deepEqual([membersNow(state).has(leaver), membersNow(state).has(joiner), swing(state)], [false, true, { joiner: leaver, leaver: joiner }]);
  state.changes.push({ added: leaver, removed: joiner });
  assert.deepEqual(membersNow(state), membersNow({ changes: [] }));
});

test("no two ports of a network are equal", () => {
  const layout = new Layout({ dir: "unused" });
  const ports = [1, 2, 3, 4].flatMap((operator) => Object.values(layout.ports(operator)));
  ports.push(layout.executionPort, layout.beaconPort);
  assert.equal(new Set(ports).size, ports.length);
});

test("a tail reads whole lines once", () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), "tail-"));
  const file = path.join(dir, "log.jsonl");
  const tail = new Tail(file);
  assert.deepEqual(tail.read(), []);
  appendFileSync(file, '{"a":1}\n{"a"');
  assert.deepEqual(tail.read(), [{ a: 1 }]);
  appendFileSync(file, ":2}\n");
  assert.deepEqual(tail.read(), [{ a: 2 }]);
  assert.deepEqual(tail.read(), []);
  rmSync(dir, { recursive: true });
});

test("a process is known by id and start time, and ends when told", async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), "processes-"));
  const processes = new Processes(new Layout({ dir }));
  processes.start("stubborn", { command: process.execPath, args: ["-e", 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'], cwd: dir });
  assert.ok(processes.isRunning("stubborn"));
  assert.throws(() => processes.start("stubborn", { command: "true", args: [], cwd: dir }), /running already/);
  await processes.stop("stubborn", { graceMillis: 200 });
  assert.deepEqual([processes.isRunning("stubborn"), processes.names()], [false, []]);
  rmSync(dir, { recursive: true });
});

test("waiting ends with the answer, or with what was awaited and why not", async () => {
  let asked = 0;
  assert.equal(await waitFor("three", () => (++asked === 3 ? "yes" : null), { everyMillis: 1 }), "yes");
  const refuse = () => {
    throw new Error("connection refused");
  };
  await assert.rejects(waitFor("beacon node", refuse, { deadlineMillis: 5, everyMillis: 1 }), /no beacon node after 0 s: connection refused/);
});

test("programs are where cargo puts them", async (t) => {
  const before = process.env.CARGO_TARGET_DIR;
  t.after(() => (before === undefined ? delete process.env.CARGO_TARGET_DIR : (process.env.CARGO_TARGET_DIR = before)));
  delete process.env.CARGO_TARGET_DIR;
  assert.equal(built("capstan"), path.join(repository, "target", "release", "capstan"));
  process.env.CARGO_TARGET_DIR = "/elsewhere";
  assert.equal(built("traitor"), "/elsewhere/release/traitor");
  process.env.CARGO_TARGET_DIR = "near";
  assert.equal(built("capstan"), path.join(repository, "near", "release", "capstan"));
  await assert.rejects(buildProgram("capstan", { given: "no/such/capstan" }), /no\/such\/capstan is not there/);
});

test("results of all test binaries are added up", () => {
  const output = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\nnoise\ntest result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured\n";
  assert.deepEqual(countTests(output), { passed: 4, failed: 2, ignored: 1 });
});

/** A program that starts a process of a network, and never gives up starting another one. */
const STUBBORN = `
import { endOnInterrupt } from ${JSON.stringify(new URL("../lib/interrupt.mjs", import.meta.url).href)};
import { Processes } from ${JSON.stringify(new URL("../lib/processes.mjs", import.meta.url).href)};
import { Layout } from ${JSON.stringify(new URL("../lib/layout.mjs", import.meta.url).href)};
const dir = process.argv[1];
const processes = new Processes(new Layout({ dir }));
const start = (name) => processes.start(name, { command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"], cwd: dir });
endOnInterrupt(processes);
start("operator-1");
start("beacon");
console.log("started");
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => setInterval(() => { try { start("beacon"); console.log("started behind it"); } catch {} }, 1));
setInterval(() => {}, 1000);
`;

/** Runs node until `isReady` says so of what it printed, sends `signal`, and returns how it ended and what it printed. */
async function interrupted({ args, options, isReady, signal }) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
  const end = new Promise((resolve) => child.on("close", (code, killer) => resolve(code ?? killer)));
  await waitFor("what is to be interrupted", () => isReady(said) || child.exitCode !== null, { everyMillis: 20 });
  child.kill(signal);
  return { code: await end, said };
}

test("Ctrl-C ends every process that a command started, and none comes after", async (t) => {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    const dir = mkdtempSync(path.join(os.tmpdir(), "interrupt-"));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const { code, said } = await interrupted({ args: ["--input-type=module", "-e", STUBBORN, dir], isReady: (text) => text.includes("started"), signal });
    const left = await endAll(new Processes(new Layout({ dir })));
    assert.deepEqual([code, left, said.includes("behind it")], [130, [], false], said);
  }
});

/** A copy of the scripts whose execution client says nothing for ever: as far as the first process of a network, and no further. */
function cloneWithMuteChain(dir) {
  const isOurs = (file) => path.basename(file) !== "node_modules";
  const copy = path.join(dir, "scripts", "devnet.d");
  const contracts = path.join("contracts-abi", "solidity");
  cpSync(packageDir, copy, { recursive: true, filter: isOurs });
  cpSync(path.join(packageDir, "..", "..", contracts), path.join(dir, contracts), { recursive: true, filter: isOurs });
  const modules = path.join(packageDir, "node_modules");
  const anvil = path.join(copy, "node_modules", "@foundry-rs", "mute", "bin");
  mkdirSync(anvil, { recursive: true });
  for (const name of readdirSync(modules)) if (name !== "@foundry-rs") symlinkSync(path.join(modules, name), path.join(copy, "node_modules", name));
  writeFileSync(path.join(anvil, "anvil"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  return path.join(copy, "lib", "main.mjs");
}

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

test("up and both checks end what they started when they are interrupted", async (t) => {
  const clone = mkdtempSync(path.join(os.tmpdir(), "clone-"));
  t.after(() => rmSync(clone, { recursive: true, force: true }));
  const main = cloneWithMuteChain(clone);
  for (const command of [["up"], ["check"], ["check", "--all-duties", "--part", "blinded"]]) {
    const dir = path.join(clone, "net");
    const args = [main, ...command, "--binary", process.execPath, "--dir", dir, "--base-port", String(await freePort())];
    const processes = new Processes(new Layout({ dir }));
    const { code, said } = await interrupted({ args, isReady: () => processes.isRunning("execution"), signal: "SIGINT" });
    const left = await endAll(processes);
    assert.deepEqual([code, left], [130, []], `${command.join(" ")} said: ${said}`);
    rmSync(dir, { recursive: true });
  }
});

test("a new clone installs its packages before it needs them", async (t) => {
  const clone = mkdtempSync(path.join(os.tmpdir(), "clone-"));
  t.after(() => rmSync(clone, { recursive: true, force: true }));
  const isOurs = (file) => path.basename(file) !== "node_modules";
  cpSync(packageDir, path.join(clone, "scripts", "devnet.d"), { recursive: true, filter: isOurs });
  const tools = path.join(clone, "tools");
  mkdirSync(tools);
  writeFileSync(path.join(tools, "npm"), "#!/bin/sh\necho \"npm was asked for: $*\"; exit 1\n");
  chmodSync(path.join(tools, "npm"), 0o755);
  const env = { ...process.env, PATH: `${tools}:${process.env.PATH}` };
  for (const command of [["up"], ["check"], ["check", "--all-duties"]]) {
    const args = [path.join(clone, "scripts", "devnet.d", "lib", "main.mjs"), ...command, "--dir", path.join(clone, "net")];
    const said = await new Promise((resolve) => execFile(process.execPath, args, { env, cwd: clone }, (_, out, err) => resolve(out + err)));
    assert.match(said, /npm was asked for: ci/, `${command.join(" ")} said: ${said}`);
  }
});
