// The order of the show, inside the chain's namespace. `main.mjs` starts it.
import { mkdirSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { Capstan } from "../devnet.d/lib/capstan.mjs";
import { request } from "../devnet.d/lib/http.mjs";
import { endOnInterrupt } from "../devnet.d/lib/interrupt.mjs";
import { Processes, endAll } from "../devnet.d/lib/processes.mjs";
import { sleep, waitFor } from "../devnet.d/lib/wait.mjs";
import { Evidence } from "../devnet.d/check/evidence.mjs";
import { ratio } from "../devnet.d/check/inclusion.mjs";
import { Report, percent } from "../devnet.d/check/report.mjs";
import { accountInclusion, describeTally, firstWholeSlot, ledgers, share, tally } from "./duties.mjs";
import { NetnsLayout } from "./layout.mjs";
import { allPeers, conduct, describeMeshes, isMeshed } from "./meshes.mjs";
import { Namespaces } from "./namespaces.mjs";
import { FULL, OPERATORS, PARTITION, SECONDS_PER_SLOT, SHORT, SLOW, USUAL } from "./plan.mjs";
import { awaitGenesis, startChain, startOperators } from "./setup.mjs";
import { packets, tell } from "./switch.mjs";

process.env.LODESTAR_PRESET = "minimal";

const MESH_SECONDS = 30;
const HEAL_SECONDS = 60;
const DUTY_SHARE = 0.95;
/** The first of the scores at which a peer is treated worse. */
const GOSSIP_THRESHOLD = -4_000;
/** In the first epoch everybody asks for duties at once. */
const FIRST_MEASURED_SLOT = 8;
/** What is measured begins so many slots after a change of the network. */
const CALM_SLOTS = 2;
/** Blocks have had two epochs to include a vote. */
const SETTLING_SLOTS = 16;
/** What is not done in this part of the next slot counts as not done. */
const LATE = 0.25;

class Show {
  constructor(args) {
    this.report = new Report();
    this.layout = new NetnsLayout({ dir: args.dir });
    this.processes = new Processes(this.layout);
    this.namespaces = new Namespaces(Number(args.run));
    this.capstan = new Capstan(args.capstan);
    this.netswitch = args.switch;
    this.plan = args.short ? SHORT : FULL;
    this.started = Date.now();
    this.note = (text) => this.report.note(`[${String(Math.round((Date.now() - this.started) / 1000)).padStart(3)} s] ${text}`);
  }

  network(line) {
    this.note(`network: ${line}`);
    return tell(this.layout.switchSocket, line);
  }

  get slot() {
    return Math.floor((Date.now() / 1000 - this.genesisTime) / SECONDS_PER_SLOT);
  }

  async reach(slot, fraction = 0) {
    await sleep((this.genesisTime + (slot + fraction) * SECONDS_PER_SLOT) * 1000 - Date.now());
  }

  /** Lets `slots` whole slots pass; returns them, once the last is over. */
  async window(slots) {
    const from = this.slot + CALM_SLOTS;
    const window = { from, to: from + slots - 1 };
    await this.reach(window.to + 1, LATE);
    return window;
  }

  /** Seconds from `since` until all meshes are there; null after the deadline. */
  async meshed(since, deadlineSeconds) {
    const there = async () => {
      const all = await allPeers(this.layout);
      return [...all].every(([operator, peers]) => isMeshed(operator, peers));
    };
    try {
      await waitFor("meshes", there, { deadlineMillis: since + deadlineSeconds * 1000 - Date.now(), everyMillis: 250 });
      return (Date.now() - since) / 1000;
    } catch {
      return null;
    }
  }

  async checkMeshes(claim, since, limitSeconds) {
    const seconds = await this.meshed(since, 3 * limitSeconds);
    const shown = describeMeshes(await allPeers(this.layout));
    this.report.check(claim, seconds !== null && seconds < limitSeconds, `${seconds === null ? `not after ${3 * limitSeconds} s` : `${seconds.toFixed(1)} s`}; meshes ${shown}`);
  }

  async tally(window) {
    await this.evidence.refresh();
    return tally(this.evidence, await ledgers(this.layout, window), window);
  }

  async checkDuties(claim, window) {
    const sum = await this.tally(window);
    this.report.check(claim, sum.assigned > 0 && share(sum) >= DUTY_SHARE, describeTally(sum, window));
  }

  inclusion(window) {
    const { due, included, apart } = accountInclusion(this.evidence, window);
    const measured = `slots ${window.from} to ${window.to}: ${included} of ${due} votes of the clusters in blocks (${percent(ratio(included, due))}); ${apart.included} of ${apart.due} in committees without an aggregator`;
    return { share: ratio(included, due), measured };
  }

  checkInclusion(claim, window) {
    const { share: held, measured } = this.inclusion(window);
    this.report.check(claim, held >= DUTY_SHARE, measured);
  }

  /** What operators hold against each other. Peers that were cut off part by themselves; that is no punishment. */
  async checkConduct(claim) {
    const { lowest, rejected, connected, partings } = conduct(await allPeers(this.layout));
    const statuses = await Promise.all(OPERATORS.map((operator) => request(`${this.layout.apiUrl(operator)}/v1/status`)));
    const refused = new Map();
    for (const status of statuses) for (const [rule, count] of Object.entries(status.refused)) refused.set(rule, (refused.get(rule) ?? 0) + count);
    const isClean = lowest > GOSSIP_THRESHOLD && rejected === 0 && !partings.has("bad_score") && !partings.has("trimmed");
    const list = (map) => [...map].map(([name, count]) => `${name} ${count}`).join(", ") || "none";
    this.report.check(claim, isClean, `lowest score ${lowest.toFixed(2)}, ${rejected} messages rejected, ${connected} connections; ignored by rule: ${list(refused)}; partings: ${list(partings)}`);
  }

  async meeting() {
    this.report.section("ten operators meet");
    await this.network(USUAL);
    const since = startOperators(this);
    await this.checkMeshes(`from the start of the processes, the meshes form in under ${MESH_SECONDS} s`, since, MESH_SECONDS);
    await awaitGenesis(this);
    await this.reach(FIRST_MEASURED_SLOT - CALM_SLOTS);
  }

  async usual() {
    this.report.section("20 to 100 ms, 2 % loss");
    const window = await this.window(this.plan.usual);
    await this.checkDuties("95 % of the duties are submitted", window);
    await this.checkConduct("no honest node is punished");
    return window;
  }

  async slow() {
    this.report.section("300 ms");
    await this.network(SLOW);
    const window = await this.window(this.plan.slow);
    await this.checkDuties("consensus decides: 95 % of the duties are submitted", window);
    await this.checkConduct("no honest node is punished");
    return window;
  }

  /** Cuts the network in two for `slots` slots and heals it; returns the window after that. */
  async cut(title, slots) {
    this.report.section(title);
    const before = await packets(this.layout.switchSocket);
    await this.network(`partition ${PARTITION.map((group) => group.join(",")).join("/")}`);
    const cutIn = Date.now();
    const window = await this.window(slots);
    const { cut_off } = await packets(this.layout.switchSocket);
    const sum = await this.tally(window);
    this.report.check("without a quorum on either side nobody submits anything", sum.submitted === 0 && cut_off > before.cut_off, `${describeTally(sum, window)}; ${cut_off - before.cut_off} packets cut off`);
    const healed = Date.now();
    const healedIn = this.slot;
    await this.network("heal");
    this.note(`the network was cut for ${Math.round((healed - cutIn) / 1000)} s`);
    await this.checkMeshes(`the partition heals: all meshes are whole again in under ${HEAL_SECONDS} s`, healed, HEAL_SECONDS);
    const after = await this.window(this.plan.healed);
    await this.checkDuties("then 95 % of the duties are submitted again", after);
    const whole = firstWholeSlot(await ledgers(this.layout, { from: healedIn, to: after.to }), { from: healedIn, to: after.to });
    this.note(`healed in slot ${healedIn}; the first slot with every duty submitted by every operator is ${whole}`);
    await this.checkConduct("no honest node is punished");
    return after;
  }

  async run() {
    for (const part of ["execution", "beacon", "operators", "accounts", "staking", "logs", "run"]) rmSync(this.layout.path(part), { recursive: true, force: true });
    mkdirSync(this.layout.logDir, { recursive: true });
    this.genesisTime = await startChain(this);
    this.evidence = new Evidence(this.layout);
    await this.meeting();
    const usual = await this.usual();
    const slow = await this.slow();
    await this.network(USUAL);
    await this.cut("a short partition, which the connections outlive", this.plan.shortCut);
    const healed = await this.cut("a long partition, in which peers part", this.plan.longCut);
    this.report.section("votes in blocks");
    await this.reach(healed.to + SETTLING_SLOTS);
    await this.evidence.refresh();
    this.checkInclusion("20 to 100 ms, 2 % loss: 95 % of the votes", usual);
    this.note(`300 ms, where a vote of a slot without a block comes after its aggregate is made: ${this.inclusion(slow).measured}`);
    this.checkInclusion("after the partition: 95 % of the votes", healed);
    const { delivered, lost, cut_off, overflowed } = await packets(this.layout.switchSocket);
    this.note(`packets: ${delivered} delivered, ${lost} lost, ${cut_off} cut off, ${overflowed} dropped in the switch`);
    this.note(`head slot ${await this.evidence.beacon.headSlot()}; logs in ${this.layout.logDir}`);
  }
}

const { values: args } = parseArgs({
  options: { run: { type: "string" }, capstan: { type: "string" }, switch: { type: "string" }, dir: { type: "string" }, short: { type: "boolean", default: false } },
});
const show = new Show(args);
endOnInterrupt(show.processes);
try {
  await show.run();
} catch (error) {
  show.report.broken("the show itself", error);
} finally {
  await endAll(show.processes);
}
process.exitCode = show.report.finish();
