// The order of the show, inside the chain's namespace. `main.mjs` starts it.
import { parseArgs } from "node:util";
import { endOnInterrupt } from "../devnet.d/lib/interrupt.mjs";
import { Processes, endAll } from "../devnet.d/lib/processes.mjs";
import { operatorStatus } from "../devnet.d/lib/table.mjs";
import { sleep, waitFor } from "../devnet.d/lib/wait.mjs";
import { awaitGenesis, awaitOperators } from "../devnet.d/setup/chain.mjs";
import { Evidence } from "../devnet.d/check/evidence.mjs";
import { Report } from "../devnet.d/check/report.mjs";
import { accountBlocks, describeBlocks, describeTally, firstWholeSlot, isDone, isIdle, isIncluded, ledgers, tally } from "./duties.mjs";
import { NetnsLayout } from "./layout.mjs";
import { allPeers, conduct, describeConduct, describeMeshes, isFair, meshing } from "./meshes.mjs";
import { Namespaces } from "./namespaces.mjs";
import { describePartings, describePenalties, isBlameless, readLogs, sumPartings, sumPenalties } from "./penalties.mjs";
import { FULL, OPERATORS, PARTITION, SECONDS_PER_SLOT, SHORT, SLOW, USUAL } from "./plan.mjs";
import { startAround, startOperators } from "./setup.mjs";
import { packets, tell } from "./switch.mjs";

const MESH_SECONDS = 30;
const HEAL_SECONDS = 60;
/** Below zero a peer is not in meshes; below this it is not told of messages either. */
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
    this.capstan = args.capstan;
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
      const { whole } = meshing(await allPeers(this.layout));
      return whole.length === OPERATORS.length;
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
    this.report.check(claim, isDone(sum), describeTally(sum, window));
  }

  checkBlocks(claim, window) {
    const account = accountBlocks(this.evidence, window);
    this.report.check(claim, isIncluded(account), describeBlocks(account, window));
  }

  /** What operators hold against each other. */
  async conduct() {
    const held = conduct(await allPeers(this.layout));
    const refused = new Map();
    for (const operator of OPERATORS) {
      const status = await operatorStatus(this.layout, operator);
      for (const [rule, count] of Object.entries(status?.refused ?? {})) refused.set(rule, (refused.get(rule) ?? 0) + count);
    }
    return { held, text: describeConduct(held, refused) };
  }

  async checkConduct(claim) {
    const { held, text } = await this.conduct();
    const partings = sumPartings(readLogs(this.layout, OPERATORS).partings, 0);
    this.report.check(claim, isFair(held) && isBlameless(partings), `${text}; ${describePartings(partings)}`);
  }

  /**
   * After a cut. Messages that were announced and asked for when the line went, or when connections of before it ended, are
   * not delivered, and the library counts each as a promise not kept (node/decisions/0015-gossip-wire.md). An honest peer may be
   * below zero for that, and out of meshes for a minute; `checkEnd` demands that it passes. Nobody may be treated worse.
   */
  async checkConductAfterCut(claim, { since, healed }) {
    const { held, text } = await this.conduct();
    const logs = readLogs(this.layout, OPERATORS);
    const [penalties, partings] = [sumPenalties(logs.penalties, since), sumPartings(logs.partings, since)];
    const { whole } = meshing(await allPeers(this.layout));
    this.report.check(
      claim,
      isFair(held, GOSSIP_THRESHOLD) && penalties.other === 0 && isBlameless(partings),
      `${text}; ${describePenalties(penalties, healed, "the heal")}; ${describePartings(partings)}; all meshes whole at ${whole.length} operators`,
    );
  }

  /** When everything has come to rest nothing is left of the cuts. */
  async checkEnd() {
    this.report.section("at the end");
    await this.checkConduct("no honest node is punished: no score is below 0");
    const all = await allPeers(this.layout);
    this.report.check("every mesh is whole", meshing(all).whole.length === OPERATORS.length, describeMeshes(all));
    const { behaviour, promise, queue, other } = sumPenalties(readLogs(this.layout, OPERATORS).penalties, 0);
    this.note(`penalties of the whole run: ${behaviour} for behaviour, of them ${promise} messages announced and not delivered; ${other} of another kind; ${queue} messages too old for a full queue, which cost nothing`);
  }

  async meeting() {
    this.report.section("ten operators meet");
    await this.network(USUAL);
    const since = startOperators(this);
    await this.checkMeshes(`from the start of the processes, the meshes form in under ${MESH_SECONDS} s`, since, MESH_SECONDS);
    await awaitOperators(this.layout);
    await awaitGenesis(this.layout);
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

  /** Cuts the network in two for `slots` slots and heals it; returns the window after that. `isLong` enough for peers to part. */
  async cut(title, slots, { isLong }) {
    const { report, layout } = this;
    report.section(title);
    const before = await packets(layout.switchSocket);
    const since = Date.now();
    await this.network(`partition ${PARTITION.map((group) => group.join(",")).join("/")}`);
    const window = await this.window(slots);
    const { cut_off } = await packets(layout.switchSocket);
    const sum = await this.tally(window);
    report.check("without a quorum on either side nobody submits anything", isIdle(sum) && cut_off > before.cut_off, `${describeTally(sum, window)}; ${cut_off - before.cut_off} packets cut off`);
    if (isLong) {
      const all = await allPeers(layout);
      report.check("before the line is back no operator's meshes are whole", meshing(all).broken.length === OPERATORS.length, describeMeshes(all));
    }
    const healed = Date.now();
    const healedIn = this.slot;
    await this.network("heal");
    this.note(`the network was cut for ${Math.round((healed - since) / 1000)} s`);
    await this.checkMeshes(`the partition heals: all meshes are whole in under ${HEAL_SECONDS} s`, healed, HEAL_SECONDS);
    const after = await this.window(this.plan.healed);
    await this.checkDuties("then 95 % of the duties are submitted again", after);
    const whole = firstWholeSlot(await ledgers(layout, { from: healedIn, to: after.to }), { from: healedIn, to: after.to });
    this.note(`healed in slot ${healedIn}; the first slot with every duty submitted by every operator is ${whole}`);
    await this.checkConductAfterCut("the cut costs an honest node some score at most, for what did not arrive: no rejection, no parting, no other penalty", { since, healed });
    return after;
  }

  async run() {
    this.genesisTime = await startAround(this);
    this.evidence = new Evidence(this.layout);
    await this.meeting();
    const usual = await this.usual();
    const slow = await this.slow();
    await this.network(USUAL);
    await this.cut("a short partition", this.plan.shortCut, { isLong: false });
    const healed = await this.cut("a long partition, in which peers part", this.plan.longCut, { isLong: true });
    await this.reach(healed.to + SETTLING_SLOTS);
    await this.checkEnd();
    this.report.section("what is in blocks of the clusters' work");
    await this.evidence.refresh();
    this.checkBlocks("20 to 100 ms, 2 % loss: 95 % of the votes, 95 % of the sync messages", usual);
    this.note(`300 ms, where a vote of a slot without a block comes after its aggregate is made: ${describeBlocks(accountBlocks(this.evidence, slow), slow)}`);
    this.checkBlocks("after the partition: 95 % of the votes, 95 % of the sync messages", healed);
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
