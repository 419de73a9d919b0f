// What a peer heard that only listens (`listener` of node/testkit): which fork carries the duties of which slots, and whose
// partial signatures were on the wire.
import { inWindow, slotsOf } from "../lib/window.mjs";

/** Roles as the wire numbers them (ssv-spec types/runner_role.go). */
export const WIRE_ROLE = { committee: 0, aggregator: 1, proposer: 2, syncContribution: 3, registration: 4, exit: 5, aggregatorCommittee: 6 };
const { committee, aggregator, proposer, syncContribution, registration, exit, aggregatorCommittee } = WIRE_ROLE;

/**
 * What the messages of each fork look like: their topics (SIPs network_topics_minhash), the roles of duties that are in every
 * epoch of a chain whose validators all aggregate, and those that come seldom.
 */
const FORKS = {
  alan: { topic: /^ssv\.v2\.\d+$/, always: [committee, aggregator, proposer, syncContribution], seldom: [registration, exit] },
  boole: { topic: /^\/ssv\/local\/boole\/\d+$/, always: [committee, proposer, aggregatorCommittee], seldom: [registration, exit] },
};

/** The domains of both forks, out of the text of a network file. */
export function domainsOf(networkFile) {
  const [, section] = /^\[domains\]\n((?:.+\n)*)/m.exec(networkFile) ?? [];
  const domain = (fork) => new RegExp(`^${fork} = "(0x[0-9a-f]{8})"$`, "m").exec(section ?? "")?.[1];
  return { alan: domain("alan"), boole: domain("boole") };
}

/**
 * The fork of every message by the slot that it is about: its topic, its domain and its role must all be of that slot's fork. In
 * each epoch of the window every operator must be heard, in every role that the fork has in each epoch.
 * @param {object[]} lines of the listener's log
 * @param {number} booleSlot the first slot of Boole
 * @param {{ alan: string, boole: string }} domains
 */
export function judgeForkMessages({ lines, window, booleSlot, slotsPerEpoch, domains, operators }) {
  const counts = { alan: 0, boole: 0 };
  const astray = [];
  const epochs = new Map();
  for (const slot of slotsOf(window)) epochs.set(Math.floor(slot / slotsPerEpoch), { fork: slot < booleSlot ? "alan" : "boole", heard: new Set() });
  for (const line of lines) {
    const { topic, slot, domain, role } = line;
    if (slot === undefined) {
      astray.push({ ...line, why: "unreadable" });
      continue;
    }
    if (!inWindow(window, slot)) continue;
    const fork = slot < booleSlot ? "alan" : "boole";
    const form = FORKS[fork];
    counts[fork] += 1;
    const why = [
      ...(form.topic.test(topic) ? [] : [`topic ${topic}`]),
      ...(domain === domains[fork] ? [] : [`domain ${domain}`]),
      ...(form.always.includes(role) || form.seldom.includes(role) ? [] : [`role ${role}`]),
    ];
    if (why.length > 0) astray.push({ ...line, why: why.join(", ") });
    else for (const operator of line.operators) epochs.get(Math.floor(slot / slotsPerEpoch)).heard.add(`${role}/${operator}`);
  }
  const unheard = [];
  for (const [epoch, { fork, heard }] of epochs) {
    for (const role of FORKS[fork].always) if (![...heard].some((key) => key.startsWith(`${role}/`))) unheard.push(`role ${role} in epoch ${epoch}`);
    for (const operator of operators) if (![...heard].some((key) => key.endsWith(`/${operator}`))) unheard.push(`operator ${operator} in epoch ${epoch}`);
  }
  return { counts, astray, unheard };
}

/** Where a duty's partial signatures of this operator travel, by the ledger's name of its role, before Boole. */
const GUARDED = { attester: committee, aggregator, proposer };

/** How many partial signatures each operator sent for each validator, by slot and role. */
function signatureCounts(lines) {
  const counts = new Map();
  for (const { kind, slot, role, operators, validators } of lines) {
    if (kind !== "partial_signatures") continue;
    for (const validator of validators) {
      const key = `${role}/${slot}/${validator}`;
      if (!counts.has(key)) counts.set(key, new Map());
      const byOperator = counts.get(key);
      byOperator.set(operators[0], (byOperator.get(operators[0]) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * Whether what an operator withheld by its own word is missing on the wire: for each duty it sent fewer partial signatures than
 * the others. Duties of which the listener heard nothing are not counted.
 * @param {object[]} rows of that operator's ledger, of slots before Boole
 */
export function judgeWithheld({ lines, rows, operator }) {
  const counts = signatureCounts(lines);
  const account = { told: rows.length, heard: 0, sent: [] };
  for (const { role, slot, validator_index: validator } of rows) {
    const byOperator = counts.get(`${GUARDED[role]}/${slot}/${validator}`);
    if (byOperator === undefined) continue;
    account.heard += 1;
    const others = Math.max(0, ...[...byOperator].filter(([other]) => other !== operator).map(([, count]) => count));
    if ((byOperator.get(operator) ?? 0) >= others) account.sent.push(`${role}/${slot}/${validator}`);
  }
  return account;
}

/** Of `duties` of an operator's validators: in how many it sent as many partial signatures for the vote as the others. */
export function signedShare({ lines, duties, operator }) {
  const counts = signatureCounts(lines);
  let signed = 0;
  for (const { slot, validator } of duties) {
    const byOperator = counts.get(`${committee}/${slot}/${validator}`) ?? new Map();
    const own = byOperator.get(operator) ?? 0;
    if (own > 0 && own >= Math.max(...byOperator.values())) signed += 1;
  }
  return { due: duties.length, signed, share: duties.length === 0 ? 0 : signed / duties.length };
}
