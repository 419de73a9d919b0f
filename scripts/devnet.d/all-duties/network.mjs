// One network of a check: started from nothing, watched slot by slot, ended.
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { request } from "../lib/http.mjs";
import { ledgerRows } from "../lib/ledger.mjs";
import { validatorsOf } from "../lib/plans.mjs";
import { Processes, endAll } from "../lib/processes.mjs";
import { loadState } from "../lib/state.mjs";
import { operatorStatus } from "../lib/table.mjs";
import { sleep } from "../lib/wait.mjs";
import { inWindow } from "../lib/window.mjs";
import { operatorName, startOperator } from "../setup/operators.mjs";
import { clearFolder, startEverything } from "../setup/up.mjs";
import { Evidence } from "./evidence.mjs";
import { keyOf } from "./published.mjs";

/** In this part of a slot everything about it has happened. */
const SLOT_SETTLED = 0.9;

export class Network {
  /** Ledger rows by operator and key of the duty. */
  ledgers = new Map();

  constructor({ layout, program, report }) {
    Object.assign(this, { layout, program, report, plan: layout.plan, processes: new Processes(layout) });
    for (const operator of this.plan.operators) this.ledgers.set(operator, new Map());
  }

  /** `before` runs when the folder is empty and nothing is started. */
  async start({ secondsPerSlot, step, before, beaconOptions }) {
    const { layout, processes, program } = this;
    this.secondsPerSlot = secondsPerSlot;
    clearFolder(layout, processes);
    await before?.();
    await startEverything({ layout, processes, program, secondsPerSlot, step, beaconOptions });
    this.state = loadState(layout.dir).state;
    this.evidence = new Evidence(layout);
    this.beacon = this.evidence.beacon;
    Object.assign(this, await this.beacon.clock());
  }

  end() {
    return endAll(this.processes);
  }

  get slot() {
    return Math.floor((Date.now() - this.genesisMillis) / this.slotMillis);
  }

  get epoch() {
    return epochOf(this.slot);
  }

  slotStartMicros(slot) {
    return (this.genesisMillis + slot * this.slotMillis) * 1000;
  }

  /** Sleeps to `fraction` of `slot`, looking at every slot on the way. */
  async reach(slot, fraction = SLOT_SETTLED) {
    for (let next = this.slot; next < slot; next++) await this.#look(next);
    await sleep(this.genesisMillis + (slot + fraction) * this.slotMillis - Date.now());
    await this.evidence.refresh();
  }

  async #look(slot) {
    await sleep(this.genesisMillis + (slot + SLOT_SETTLED) * this.slotMillis - Date.now());
    await this.evidence.refresh();
    await this.onSlot?.(slot);
  }

  /** To the end of the last slot of `epoch`. */
  reachEndOf(epoch) {
    return this.reach(firstSlotOf(epoch + 1) - 1);
  }

  status(operator) {
    return operatorStatus(this.layout, operator);
  }

  startOperator(operator, options = {}) {
    startOperator(this.layout, this.processes, this.program, operator, options);
  }

  stopOperator(operator, signal = "SIGTERM") {
    return this.processes.stop(operatorName(operator), { signal });
  }

  /** Validators that `operator` has shares of. */
  validatorsOf(operator) {
    return new Set(validatorsOf(this.plan, operator));
  }

  /** Reads the operators' books of slots `from` to `to`; what was read earlier is read again, as it may have ended since. */
  async readBooks({ from, to }, operators = this.plan.operators) {
    await Promise.all(
      operators.map(async (operator) => {
        const book = this.ledgers.get(operator);
        for (const row of await ledgerRows(this.layout, operator, { from, to })) book.set(keyOf(row.role, row.slot, row.validator_index), row);
      }),
    );
  }

  rows(operator, { from, to }) {
    return [...this.ledgers.get(operator).values()].filter((row) => row.slot >= from && row.slot <= to);
  }

  /** Changes how the proxy between `operator` and `node` carries: see `proxy/manner.mjs`. */
  async carry(operator, node, manner) {
    await request(`http://127.0.0.1:${this.layout.proxyControlPort}/${operator}-${node}`, { method: "POST", body: JSON.stringify(manner) });
  }

  /** The keys of `role` that any operator published and a node took, in the window. */
  acceptedByAny(role, window) {
    return new Set([...this.evidence.traffic.values()].flatMap((traffic) => [...traffic.accepted(role, window)]));
  }

  /** The keys of `role` that any operator sent in the window, whatever it was answered. */
  publishedByAny(role, window) {
    const isMeant = (item) => item.role === role && inWindow(window, item.slot);
    return new Set([...this.evidence.traffic.values()].flatMap((traffic) => [...traffic.published.values()].filter(isMeant).map(({ key }) => key)));
  }
}
