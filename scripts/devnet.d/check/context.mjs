// What all parts of a check share: the network, the evidence, the report, and which operators ran when.
import { statSync } from "node:fs";
import { Capstan } from "../lib/capstan.mjs";
import { firstSlotOf } from "../lib/beacon-api.mjs";
import { OPERATORS, VALIDATORS, clusterIndices, range } from "../lib/layout.mjs";
import { Processes } from "../lib/processes.mjs";
import { loadState, saveState } from "../lib/state.mjs";
import { operatorStatus } from "../lib/table.mjs";
import { sleep, waitFor } from "../lib/wait.mjs";
import { operatorName, startOperator } from "../setup/operators.mjs";
import { Evidence } from "./evidence.mjs";

/** In this part of a slot everything about its votes has happened, the helper's aggregates included. */
const SLOT_SETTLED = 0.85;
/** An operator takes part from the second slot after its start, and is not counted before. */
const WARM_UP_SLOTS = 2;
const READY_DEADLINE_MILLIS = 60_000;

export class Context {
  /** Slots (both ends included) in which every operator ran: what duties and latency are measured over. */
  #complete = [];
  #since = null;

  constructor(dir, report) {
    const { layout, state } = loadState(dir);
    this.layout = layout;
    this.state = state;
    this.report = report;
    this.processes = new Processes(layout);
    this.capstan = new Capstan(state.program);
    this.evidence = new Evidence(layout);
    this.beacon = this.evidence.beacon;
    this.helpers = new Set(range(VALIDATORS.helper));
    this.startedMillis = Date.now();
    this.ledgers = new Map(OPERATORS.map((operator) => [operator, new Map()]));
  }

  async open() {
    const { genesisMillis, slotMillis } = await this.beacon.clock();
    Object.assign(this, { genesisMillis, slotMillis, slotMicros: slotMillis * 1000 });
    for (const operator of OPERATORS) if (!this.processes.isRunning(operatorName(operator))) this.start(operator);
    await this.allReady();
    this.#since = Math.max(1, Math.max(...OPERATORS.map((operator) => this.startSlot(operator))) + WARM_UP_SLOTS);
    this.firstSlot = this.slot;
    await this.evidence.refresh();
  }

  slotAt(millis) {
    return Math.floor((millis - this.genesisMillis) / this.slotMillis);
  }

  slotStartMicros(slot) {
    return (this.genesisMillis + slot * this.slotMillis) * 1000;
  }

  get slot() {
    return this.slotAt(Date.now());
  }

  get elapsedSeconds() {
    return (Date.now() - this.startedMillis) / 1000;
  }

  /** Sleeps to `fraction` of `slot`, then reads what is new. */
  async reach(slot, fraction = SLOT_SETTLED) {
    await sleep(this.genesisMillis + (slot + fraction) * this.slotMillis - Date.now());
    await this.evidence.refresh();
  }

  reachEpoch(epoch, fraction) {
    return this.reach(firstSlotOf(epoch), fraction);
  }

  status(operator) {
    return operatorStatus(this.layout, operator);
  }

  // --- operators coming and going

  start(operator) {
    startOperator(this.layout, this.processes, this.state.program, operator);
  }

  /** The slot in which `operator` was started last; negative before genesis. */
  startSlot(operator) {
    return this.slotAt(statSync(this.layout.path("run", `${operatorName(operator)}.json`)).mtimeMs);
  }

  async stop(operator, signal) {
    this.#endComplete();
    await this.processes.stop(operatorName(operator), { signal });
  }

  #endComplete() {
    if (this.#since !== null) this.#complete.push({ from: this.#since, to: this.slot - 1 });
    this.#since = null;
  }

  async allReady() {
    await Promise.all(
      OPERATORS.map((operator) =>
        waitFor(`ready operator ${operator}`, async () => (await this.status(operator))?.ready === true, { deadlineMillis: READY_DEADLINE_MILLIS }),
      ),
    );
  }

  /** Starts what is down, waits until all are ready; returns the first slot that counts. */
  async restartAll() {
    for (const operator of OPERATORS) if (!this.processes.isRunning(operatorName(operator))) this.start(operator);
    await this.allReady();
    this.#since = this.slot + WARM_UP_SLOTS;
    return this.#since;
  }

  /** Whether all operators ran in `slot`, as far as this check can know. */
  isComplete(slot) {
    return this.#complete.some(({ from, to }) => slot >= from && slot <= to) || (this.#since !== null && slot >= this.#since);
  }

  // --- validators coming and going

  /** Validators that take part in all of the given slots: registered before, not removed since. */
  members(from, to) {
    const members = new Set(clusterIndices());
    for (const change of this.state.changes) {
      if (change.added !== undefined && change.steadyFrom <= from) members.add(change.added);
      if (change.removed !== undefined && change.slot <= to) members.delete(change.removed);
      if (change.added !== undefined && change.steadyFrom > from) members.delete(change.added);
    }
    return members;
  }

  recordChange(change) {
    this.state.changes.push(change);
    saveState(this.layout, this.state);
  }
}
