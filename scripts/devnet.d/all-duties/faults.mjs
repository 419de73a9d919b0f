// Faults, one after the other on one network. Each is made from outside, lasts two epochs, and must show as the line that
// it is in the ledgers of operators that are well; what can be done in spite of it is done, by everybody's word but theirs.
import { BeaconApi, epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { waitFor } from "../lib/wait.mjs";
import { faulty, range } from "../lib/plans.mjs";
import { ratio } from "../check/inclusion.mjs";
import { ASSIGNED_ROLES } from "../check/ledger.mjs";
import { millis, percent } from "../check/report.mjs";
import { votesOfAttestation } from "../check/votes.mjs";
import { accountDone } from "./books.mjs";
import { claimBlocks, claimSelected, claimSync, claimVotes, dutiesSeen, inPercent, selectedIn, tellLedgers } from "./claims.mjs";
import { accountHeads, compareHeads } from "./judge.mjs";
import { badSigners, behind, failedIn, lostRows, missingShare, onTimeShare, promptShare, warnedShare } from "./lines.mjs";
import { validatorOfKey } from "./published.mjs";
import { tellWords } from "./words.mjs";
import { startFar, startFromFar, startTraitor, startWithWrongClock } from "./liars.mjs";

/** Operators that no fault strikes: their books are read, and of the one with the wrong clock. Operator 4 is in every cluster. */
const WELL = [3, 4, 7];
/** Of these, the one that is asked in words. */
const WITNESS = 4;
const FROZEN = "beacon";
const FAR = { operator: 6, millis: 400 };
const TRAITOR = 2;
const CLOCK = { operator: 5, seconds: 0.2 };
/** No more than f of any cluster, and one more of two of them. */
const DOWN = [1, 5];
const ONE_MORE = 2;

const EPOCHS_EACH = 2;
/** What is nearly always done although somebody is at fault. Of sixteen slots, one block may fail. */
const LIMITS = { done: 0.97, votes: 0.98, blocks: 0.93, sync: 0.97, aggregates: 0.97 };
/**
 * With f operators down, the leader of the first round is one of them now and then: its block comes after the votes' third of the
 * slot, and the slot's sync messages, made for the block before, are of no use to the next one. Two such slots of sixteen may be.
 */
const DOWN_LIMITS = { ...LIMITS, sync: 0.85 };
/**
 * Where most slots stay empty, few duties are left to count (48 votes, 6 to 11 blocks): a single slot that goes wrong is more than
 * three of a hundred, and some of its voters are told of a head that nobody will build on.
 */
const SPARSE_LIMITS = { done: 0.95, votes: 0.9, blocks: 0.9, sync: 0.85, aggregates: 0.9 };
/** In how many of its committees' votes and sync messages a bad signer must be named; where the others are a quorum before its signature comes, nobody looks at it. */
const NAMED_SHARE = 0.7;
/** In how many duties a distant operator must be heard, late as it is. */
const HEARD_SHARE = 0.8;
/** What of a ledger must say what is expected of every row, where the first and the last slot may be cut off. */
const MOST = 0.9;
/** A dead beacon node costs a vote no more than this part of a slot, and this share of the votes keeps to it. */
const DEAD_NODE = { slotPart: 1 / 6, share: 0.95 };
/** Where a duty dies if the own beacon nodes are at fault. */
const BEACON_ROOMS = ["beacon", "submission"];
/** Why a committee that cannot decide has not done its duty. */
const NO_QUORUM = ["no_proposal", "not_decided", "pre_signatures_missing", "partial_signatures_missing"];
const READY_DEADLINE_MILLIS = 60_000;
const ALARM_DEADLINE_MILLIS = 60_000;

const isAlive = (cluster, down) => cluster.operators.filter((operator) => down.includes(operator)).length <= faulty(cluster);

/**
 * Runs `window` slots of a fault between `begin` and `end`; the epoch before it is for the change. `look` is taken at the end of
 * the window, while the fault lasts: what it sees goes to the judge.
 */
async function during(net, { begin, look, end }) {
  await begin?.();
  const from = firstSlotOf(net.epoch + 1);
  const window = { from, to: from + EPOCHS_EACH * SLOTS_PER_EPOCH - 1 };
  try {
    await net.reach(window.to);
    return { window, seen: await look?.() };
  } finally {
    await end?.();
  }
}

async function ready(net, operator) {
  await waitFor(`ready operator ${operator}`, async () => (await net.status(operator))?.ready === true, { deadlineMillis: READY_DEADLINE_MILLIS });
}

async function restart(net, operator) {
  net.startOperator(operator);
  await ready(net, operator);
}

const rowsOf = (net, window, operators = WELL) => operators.flatMap((operator) => net.rows(operator, window));

/** What must be done of the duties of `validators`: by the beacon node, the validators' secrets, the proxies and the blocks. */
function claimDone(net, window, selection, { validators, claim, limits = LIMITS }) {
  const accounts = WELL.map((operator) => accountDone({ ...dutiesSeen(net, window, operator, selection), validators }));
  const sum = (name) => accounts.reduce((total, account) => total + account[name], 0);
  const [due, done] = [sum("due"), sum("done")];
  const missing = accounts.flatMap((account) => account.missing).slice(0, 4);
  net.report.check(
    `${claim}: ${inPercent(limits.done)} of what can be done is done`,
    due > 0 && ratio(done, due) >= limits.done,
    `${done} of ${due} duties of operators ${WELL.join(" ")} taken by a beacon node (${percent(ratio(done, due))})${missing.length > 0 ? `; missing ${missing.join(" ")}` : ""}`,
  );
  claimVotes(net, window, { share: limits.votes, validators, claim: `${claim}: ${inPercent(limits.votes)} of the attestations are in blocks` });
  claimBlocks(net, window, { share: limits.blocks, isCounted: (proposer) => validators.has(proposer), claim: `${claim}: ${inPercent(limits.blocks)} of the slots have their block` });
  claimSync(net, window, { share: limits.sync, validators, claim: `${claim}: ${inPercent(limits.sync)} of the sync messages whose next slot has a block are in its sync aggregate` });
  claimSelected(net, window, selection, { share: limits.aggregates, validators, prefix: `${claim}: ` });
}

/** Which beacon node each operator that is well would ask now, by its own word. */
const statusesOf = (net) => Promise.all(WELL.map(async (operator) => ({ operator, node: (await net.status(operator))?.beacon?.node ?? null })));

/** Whoever is well must have noticed that A is not to be asked first. */
function claimAsksB(net, claim, statuses) {
  const isB = ({ operator, node }) => node !== null && node === net.layout.beaconUrlsOf(operator)[1];
  net.report.check(`${claim}: operators ${WELL.join(" ")} say that they ask the other one first`, statuses.every(isB), statuses.map(({ operator, node }) => `${operator}: ${node}`).join(", "));
}

/** The votes' heads as the blocks hold them, and what the ledgers say of them. */
function claimHeads(net, window, claim) {
  const { blocks, committees } = net.evidence;
  const submitted = net.acceptedByAny("attester", window).size;
  const { isRight, known, right, wrong } = accountHeads({ window, blocks, votesOf: (attestation) => votesOfAttestation(attestation, committees) });
  net.report.check(
    `${claim}: ${inPercent(LIMITS.votes)} of the votes in blocks name the chain's own block as their head`,
    submitted > 0 && known >= MOST * submitted && ratio(right, known) >= LIMITS.votes,
    `${right} of ${known} votes in blocks (${percent(ratio(right, known))}), ${submitted} submitted${wrong.length > 0 ? `; wrong ${wrong.slice(0, 6).join(" ")}` : ""}`,
  );
  const books = compareHeads({ rows: rowsOf(net, window), isRight });
  net.report.check(
    `${claim}: the ledgers say of their votes' heads what the chain says`,
    books.submitted > 0 && books.told >= MOST * books.submitted && books.odd.length === 0,
    `${books.told} of ${books.submitted} votes told of, ${books.odd.length} otherwise${books.odd.length > 0 ? `: ${books.odd.slice(0, 6).join(" ")}` : ""}`,
  );
}

/** Answers of beacon node A to operators that are well, in the window. */
function answersOfA(net, window) {
  const [from, to] = [net.slotStartMicros(window.from), net.slotStartMicros(window.to)];
  const exchanges = WELL.flatMap((operator) => net.evidence.traffic.get(operator).exchanges.get(FROZEN) ?? []);
  return exchanges.filter(({ answeredMicros }) => answeredMicros !== null && answeredMicros >= from && answeredMicros <= to);
}

/** An attestation of the cluster that all operators are in, in the middle of the window. */
function exampleOf(net, { from, to }) {
  const largest = net.plan.clusters.reduce((a, b) => (b.operators.length > a.operators.length ? b : a));
  const middle = (from + to) / 2;
  const rows = net.rows(WITNESS, { from, to }).filter((row) => row.role === "attester" && row.validator_index >= largest.first && row.validator_index <= largest.last);
  if (rows.length === 0) throw new Error("the ledger has no attestation of the largest cluster");
  return rows.reduce((a, b) => (Math.abs(b.slot - middle) < Math.abs(a.slot - middle) ? b : a));
}

const named = (row) => `${row.role}/${row.slot}/${row.validator_index} ${row.outcome} ${row.reason}`;

const everybody = (net) => new Set(net.plan.clusters.flatMap(range));

const FAULTS = [
  {
    claim: "beacon node A frozen",
    run: (net) =>
      during(net, {
        begin: () => Promise.all(net.plan.operators.map((operator) => net.carry(operator, FROZEN, { manner: "freeze" }))),
        look: () => statusesOf(net),
        end: () => Promise.all(net.plan.operators.map((operator) => net.carry(operator, FROZEN, { manner: "pass" }))),
      }),
    judge(net, { window, seen, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim });
      const answered = answersOfA(net, window);
      net.report.check(`${this.claim}: it really answered nothing`, answered.length === 0, `${answered.length} answers in slots ${window.from} to ${window.to - 1}`);
      claimAsksB(net, this.claim, seen);
      const rows = rowsOf(net, window);
      const failed = failedIn(rows, BEACON_ROOMS);
      net.report.check(`${this.claim}: by the ledgers no duty failed at a beacon node`, rows.length > 0 && failed.length === 0, `${failed.length} of ${rows.length}${failed.length > 0 ? `: ${failed.slice(0, 4).map(named).join(", ")}` : ""}`);
      const { slotPart, share } = DEAD_NODE;
      const prompt = promptShare(rows, slotPart * net.slotMillis * 1000);
      net.report.check(
        `${this.claim}: by the ledgers ${inPercent(share)} of the votes had their data within ${Math.round(slotPart * net.slotMillis)} ms of their start`,
        prompt.rows > 0 && prompt.share >= share,
        `${prompt.prompt} of ${prompt.rows} (${percent(prompt.share)})`,
      );
    },
  },
  {
    claim: "beacon node A serves a stale head",
    run: async (net) => {
      await net.reachEndOf(net.epoch + 1); // what was held back while it was frozen arrives meanwhile
      const toggle = () => net.processes.signal(FROZEN, "SIGUSR2");
      const look = async () => ({ head: await new BeaconApi(net.layout.beacons[0].url).headSlot(), statuses: await statusesOf(net) });
      return during(net, { begin: toggle, look, end: toggle });
    },
    judge(net, { window, seen: { head, statuses }, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim });
      const served = answersOfA(net, window).filter(({ status }) => status >= 200 && status < 300);
      net.report.check(
        `${this.claim}: its head was older than the window when the window ended, and it served on`,
        head < window.from && served.length > 0,
        `head ${head} in slot ${window.to}; ${served.length} answers 2xx to operators ${WELL.join(" ")} in slots ${window.from} to ${window.to - 1}`,
      );
      claimAsksB(net, this.claim, statuses);
      claimHeads(net, window, this.claim);
    },
  },
  {
    claim: `operator ${FAR.operator} ${FAR.millis} ms away`,
    run: async (net) => {
      await net.stopOperator(FAR.operator);
      await startFar(net, FAR);
      return during(net, {
        begin: async () => {
          await startFromFar(net, FAR.operator);
          await ready(net, FAR.operator);
        },
        end: async () => {
          await net.stopOperator(FAR.operator);
          await net.processes.stop("far");
          await restart(net, FAR.operator);
        },
      });
    },
    judge(net, { window, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim });
      const rows = rowsOf(net, window);
      const far = FAR.millis * 1000;
      const late = behind(rows, FAR.operator, far);
      net.report.check(
        `${this.claim}: by the ledgers its partial signatures come, ${FAR.millis} ms and more behind the others'`,
        late.heardShare >= HEARD_SHARE && late.earlyShare <= 0.05,
        `heard in ${late.heard} of ${late.rows} duties (${percent(late.heardShare)}), ${millis(late.median)} behind the others at the median, in ${late.early} less than ${FAR.millis} ms`,
      );
      const others = WELL.map((operator) => onTimeShare(rows, operator, far / 2).share);
      net.report.check(`${this.claim}: and nobody else's`, others.every((share) => share >= HEARD_SHARE), `those of operators ${WELL.join(" ")} within ${FAR.millis / 2} ms of the others' in ${others.map(percent).join(", ")}`);
    },
  },
  {
    claim: `operator ${TRAITOR} sends bad partial signatures`,
    run: (net) =>
      during(net, {
        begin: async () => {
          await net.stopOperator(TRAITOR);
          await startTraitor(net, TRAITOR);
        },
        end: async () => {
          await net.processes.stop("traitor");
          await restart(net, TRAITOR);
        },
      }),
    example: (net, window) => net.rows(WITNESS, window).find((row) => row.bad_partial_signatures?.includes(TRAITOR)),
    judge(net, { window, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim });
      const { due, named: count, share, wronged, submitted } = badSigners(rowsOf(net, window), TRAITOR);
      net.report.check(
        `${this.claim}: the ledgers name it in ${inPercent(NAMED_SHARE)} of the votes and sync messages of its clusters, and nobody else in any duty`,
        share >= NAMED_SHARE && wronged === 0,
        `named in ${count} of ${due} (${percent(share)}), ${submitted} of them submitted all the same; others named in ${wronged}`,
      );
    },
  },
  {
    claim: `operator ${CLOCK.operator}'s clock is ${CLOCK.seconds * 1000} ms ahead`,
    run: (net) =>
      during(net, {
        begin: async () => {
          await net.stopOperator(CLOCK.operator);
          await startWithWrongClock(net, CLOCK);
          await ready(net, CLOCK.operator);
          // it knows of its clock after some answers of the beacon nodes, and its duties say so from then on
          await waitFor("alarm about the clock", async () => (await net.status(CLOCK.operator))?.safety?.clock?.is_off === true, { deadlineMillis: ALARM_DEADLINE_MILLIS });
        },
        look: () => net.status(CLOCK.operator),
        end: async () => {
          await net.stopOperator(CLOCK.operator);
          await restart(net, CLOCK.operator);
        },
      }),
    books: [...WELL, CLOCK.operator],
    judge(net, { window, seen, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim });
      const clock = seen?.safety?.clock ?? null;
      const { ahead_millis: ahead, is_off: isOff } = clock ?? {};
      const error = Math.abs((ahead ?? 0) - CLOCK.seconds * 1000);
      net.report.check(`${this.claim}: it measures that itself and raises the alarm`, isOff === true && error <= 60, `clock ${JSON.stringify(clock)}`);
      const { assigned } = dutiesSeen(net, window, CLOCK.operator, selection);
      const booked = [...assigned.values()].reduce((total, keys) => total + keys.size, 0);
      const own = warnedShare(rowsOf(net, window, [CLOCK.operator]), "clock_off");
      net.report.check(
        `${this.claim}: its own ledger says so of ${inPercent(MOST)} of its duties`,
        booked > 0 && own.warned >= MOST * booked,
        `clock_off in ${own.warned} of ${own.rows} rows, ${booked} duties assigned`,
      );
      const { rows, missing, share } = missingShare(rowsOf(net, window), CLOCK.operator);
      net.report.check(`${this.claim}: its signatures are of use all the same`, rows > 0 && share <= 0.2, `missing in ${missing} of ${rows} duties of its clusters (${percent(share)})`);
    },
  },
  {
    claim: `operators ${DOWN.join(" and ")} down, at most f of any cluster`,
    run: (net) => during(net, { begin: () => Promise.all(DOWN.map((operator) => net.stopOperator(operator, "SIGKILL"))) }),
    judge(net, { window, selection }) {
      claimDone(net, window, selection, { validators: everybody(net), claim: this.claim, limits: DOWN_LIMITS });
      const missing = DOWN.map((operator) => missingShare(rowsOf(net, window), operator));
      net.report.check(
        `${this.claim}: the ledgers miss them in every duty`,
        missing.every(({ rows, share }) => rows > 0 && share === 1),
        DOWN.map((operator, at) => `operator ${operator} in ${missing[at].missing} of ${missing[at].rows}`).join(", "),
      );
    },
  },
  {
    claim: `operator ${ONE_MORE} down too, f + 1 of two clusters`,
    run: (net) =>
      during(net, {
        begin: () => net.stopOperator(ONE_MORE, "SIGKILL"),
        end: () => Promise.all([...DOWN, ONE_MORE].map((operator) => restart(net, operator))),
      }),
    judge(net, { window, selection }) {
      const down = [...DOWN, ONE_MORE];
      const dead = new Set(net.plan.clusters.filter((cluster) => !isAlive(cluster, down)).flatMap(range));
      const alive = new Set([...everybody(net)].filter((validator) => !dead.has(validator)));
      claimDone(net, window, selection, { validators: alive, claim: `${this.claim}, of the third`, limits: SPARSE_LIMITS });
      const isTheirs = (key) => dead.has(validatorOfKey(key));
      const taken = ASSIGNED_ROLES.flatMap((role) => [...net.acceptedByAny(role, window)].filter(isTheirs));
      net.report.check(`${this.claim}: nothing of theirs was taken by a beacon node`, dead.size > 0 && taken.length === 0, `${taken.length} objects of ${dead.size} validators${taken.length > 0 ? `: ${taken.slice(0, 4).join(" ")}` : ""}`);
      const due = WELL.flatMap((operator) => [...dutiesSeen(net, window, operator, selection).assigned.values()].flatMap((keys) => [...keys].filter(isTheirs))).length;
      const lost = lostRows(rowsOf(net, window).filter((row) => dead.has(row.validator_index)), NO_QUORUM);
      net.report.check(
        `${this.claim}: every duty of theirs failed, and the ledgers say why`,
        due > 0 && lost.due === due && lost.submitted === 0 && lost.unexplained.length === 0,
        `${due} assigned, ${lost.due} booked, ${lost.submitted} submitted, ${[...lost.counts].map(([reason, count]) => `${count} ${reason}`).join(", ")}${lost.unexplained.length > 0 ? `; unexplained ${lost.unexplained.slice(0, 4).map(named).join(", ")}` : ""}`,
      );
    },
  },
];

/** Epochs until everybody is in step with everybody. */
const WARM_UP_EPOCHS = 2;
/** When even late duties have their end and the chain has their votes. */
const SETTLING_EPOCHS = 2;

export async function runFaults(net) {
  const { report } = net;
  await net.reachEndOf(WARM_UP_EPOCHS - 1);
  const done = [];
  for (const fault of FAULTS) {
    try {
      const { window, seen } = await fault.run(net);
      report.note(`${fault.claim}: slots ${window.from} to ${window.to}`);
      done.push({ fault, window, seen });
    } catch (error) {
      report.broken(fault.claim, error);
    }
  }
  await net.reachEndOf(epochOf(net.slot) + SETTLING_EPOCHS);
  for (const { fault, window, seen } of done) {
    report.section(fault.claim);
    try {
      await net.readBooks(window, fault.books ?? WELL);
      fault.judge(net, { window, seen, selection: await selectedIn(net, window) });
      tellLedgers(net, window, [WITNESS]);
      await tellWords(net, WITNESS, fault.example?.(net, window) ?? exampleOf(net, window));
    } catch (error) {
      report.broken(fault.claim, error);
    }
  }
}
