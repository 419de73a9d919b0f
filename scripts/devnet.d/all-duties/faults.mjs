// Faults, one after the other on one network. Each is made from outside, lasts two epochs, and must show as the line that
// it is in the ledgers of operators that are well; what can be done in spite of it is done.
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { waitFor } from "../lib/wait.mjs";
import { faulty, range } from "../lib/plans.mjs";
import { percent } from "../check/report.mjs";
import { claimBlocks, claimVotes, tellLedgers } from "./claims.mjs";
import { badSigners, doneShare, lostRows, missingShare, onTimeShare, rightHeads } from "./lines.mjs";
import { tellWords } from "./words.mjs";
import { startFar, startFromFar, startTraitor, startWithWrongClock } from "./liars.mjs";

/** Operators that no fault strikes: their books are read. Operator 4 is in every cluster. */
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
/** What is nearly always done although somebody is at fault. */
const LIMITS = { done: 0.97, votes: 0.98, blocks: 0.9 };
/** Where most slots stay empty, votes wait long for a block and some are told of a head that nobody will build on. */
const SPARSE_LIMITS = { done: 0.9, votes: 0.9, blocks: 0.9 };
/** Why a committee that cannot decide has not done its duty. */
const NO_QUORUM = ["no_proposal", "not_decided", "pre_signatures_missing", "partial_signatures_missing"];
const READY_DEADLINE_MILLIS = 60_000;

const isAlive = (cluster, down) => cluster.operators.filter((operator) => down.includes(operator)).length <= faulty(cluster);

/** Runs `window` slots of a fault between `begin` and `end`; the epoch before it is for the change. */
async function during(net, { begin, end }) {
  await begin?.();
  const from = firstSlotOf(net.epoch + 1);
  const window = { from, to: from + EPOCHS_EACH * SLOTS_PER_EPOCH - 1 };
  await net.reach(window.to);
  await end?.();
  return window;
}

async function ready(net, operator) {
  await waitFor(`ready operator ${operator}`, async () => (await net.status(operator))?.ready === true, { deadlineMillis: READY_DEADLINE_MILLIS });
}

async function restart(net, operator) {
  net.startOperator(operator);
  await ready(net, operator);
}

const rowsOf = (net, window, operators = WELL) => operators.flatMap((operator) => net.rows(operator, window));

const inPercent = (limit) => `${Math.round(100 * limit)} %`;

function claimDone(net, window, { validators, claim, limits = LIMITS }) {
  const rows = rowsOf(net, window).filter((row) => validators.has(row.validator_index));
  const { due, done, share } = doneShare(rows);
  net.report.check(`${claim}: ${inPercent(limits.done)} of what can be done is done`, due > 0 && share >= limits.done, `${done} of ${due} duties on the books of operators ${WELL.join(" ")} submitted (${percent(share)})`);
  claimVotes(net, window, { share: limits.votes, validators, claim: `${claim}: ${inPercent(limits.votes)} of the attestations are in blocks` });
  claimBlocks(net, window, { share: limits.blocks, isCounted: (proposer) => validators.has(proposer), claim: `${claim}: ${inPercent(limits.blocks)} of the slots have their block` });
}

/** An attestation of the cluster that all operators are in, in the middle of the window. */
function exampleOf(net, { from, to }) {
  const largest = net.plan.clusters.reduce((a, b) => (b.operators.length > a.operators.length ? b : a));
  const middle = (from + to) / 2;
  const rows = net.rows(WITNESS, { from, to }).filter((row) => row.role === "attester" && row.validator_index >= largest.first && row.validator_index <= largest.last);
  if (rows.length === 0) throw new Error("the ledger has no attestation of the largest cluster");
  return rows.reduce((a, b) => (Math.abs(b.slot - middle) < Math.abs(a.slot - middle) ? b : a));
}

const everybody = (net) => new Set(net.plan.clusters.flatMap(range));

const FAULTS = [
  {
    claim: "beacon node A frozen",
    run: (net) =>
      during(net, {
        begin: () => Promise.all(net.plan.operators.map((operator) => net.carry(operator, FROZEN, { manner: "freeze" }))),
        end: () => Promise.all(net.plan.operators.map((operator) => net.carry(operator, FROZEN, { manner: "pass" }))),
      }),
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
      const [from, to] = [net.slotStartMicros(window.from), net.slotStartMicros(window.to)];
      const answered = WELL.flatMap((operator) => net.evidence.traffic.get(operator).exchanges.get(FROZEN) ?? []).filter(({ answeredMicros }) => answeredMicros >= from && answeredMicros <= to);
      net.report.check(`${this.claim}: it really answered nothing`, answered.length === 0, `${answered.length} answers in slots ${window.from} to ${window.to - 1}`);
    },
  },
  {
    claim: "beacon node A serves a stale head",
    run: async (net) => {
      await net.reachEndOf(net.epoch + 1); // what was held back while it was frozen arrives meanwhile
      const toggle = () => net.processes.signal(FROZEN, "SIGUSR2");
      return during(net, { begin: toggle, end: toggle });
    },
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
      const { known, right, share } = rightHeads(rowsOf(net, window));
      net.report.check(`${this.claim}: the ledgers know the votes' heads, and they are those of the chain`, known > 0 && share >= LIMITS.votes, `${right} of ${known} (${percent(share)})`);
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
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
      const rows = rowsOf(net, window);
      const near = (FAR.millis * 1000) / 2;
      const late = onTimeShare(rows, FAR.operator, near);
      const others = WELL.map((operator) => onTimeShare(rows, operator, near).share);
      net.report.check(
        `${this.claim}: the ledgers say that it was late or missing, and nobody else`,
        late.rows > 0 && late.share <= 0.05 && others.every((share) => share >= 0.8),
        `its partial signatures were there within ${near / 1000} ms of the others' in ${late.onTime} of ${late.rows} duties; those of operators ${WELL.join(" ")} in ${others.map(percent).join(", ")}`,
      );
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
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
      const { rows, named, wronged, submitted } = badSigners(rowsOf(net, window), TRAITOR);
      net.report.check(`${this.claim}: the ledgers name it and nobody else`, named > 0 && wronged === 0, `named in ${named} of ${rows} duties, ${submitted} of them submitted all the same; others named in ${wronged}`);
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
        },
        end: async () => {
          net.clockStatus = await net.status(CLOCK.operator);
          await net.stopOperator(CLOCK.operator);
          await restart(net, CLOCK.operator);
        },
      }),
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
      const clock = net.clockStatus?.safety?.clock ?? null;
      const { ahead_millis: ahead, is_off: isOff } = clock ?? {};
      const error = Math.abs((ahead ?? 0) - CLOCK.seconds * 1000);
      net.report.check(`${this.claim}: it measures that itself and raises the alarm`, isOff === true && error <= 60, `clock ${JSON.stringify(clock)}`);
      const { rows, missing, share } = missingShare(rowsOf(net, window), CLOCK.operator);
      net.report.check(`${this.claim}: its signatures are of use all the same`, rows > 0 && share <= 0.2, `missing in ${missing} of ${rows} duties of its clusters (${percent(share)})`);
    },
  },
  {
    claim: `operators ${DOWN.join(" and ")} down, at most f of any cluster`,
    run: (net) => during(net, { begin: () => Promise.all(DOWN.map((operator) => net.stopOperator(operator, "SIGKILL"))) }),
    judge(net, window) {
      claimDone(net, window, { validators: everybody(net), claim: this.claim });
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
    judge(net, window) {
      const down = [...DOWN, ONE_MORE];
      const dead = new Set(net.plan.clusters.filter((cluster) => !isAlive(cluster, down)).flatMap(range));
      const alive = new Set([...everybody(net)].filter((validator) => !dead.has(validator)));
      claimDone(net, window, { validators: alive, claim: `${this.claim}, of the third`, limits: SPARSE_LIMITS });
      const lost = lostRows(rowsOf(net, window).filter((row) => dead.has(row.validator_index)), NO_QUORUM);
      net.report.check(
        `${this.claim}: every duty of theirs failed, and the ledgers say why`,
        lost.due > 0 && lost.submitted === 0 && lost.unexplained.length === 0,
        `${lost.due} duties, ${lost.submitted} submitted, ${[...lost.counts].map(([reason, count]) => `${count} ${reason}`).join(", ")}${lost.unexplained.length > 0 ? `; unexplained ${lost.unexplained.slice(0, 4).map((row) => `${row.role}/${row.slot}/${row.validator_index} ${row.outcome} ${row.reason}`).join(", ")}` : ""}`,
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
      const window = await fault.run(net);
      report.note(`${fault.claim}: slots ${window.from} to ${window.to}`);
      done.push({ fault, window });
    } catch (error) {
      report.broken(fault.claim, error);
    }
  }
  await net.reachEndOf(epochOf(net.slot) + SETTLING_EPOCHS);
  for (const { fault, window } of done) {
    report.section(fault.claim);
    try {
      await net.readBooks(window, WELL);
      fault.judge(net, window);
      tellLedgers(net, window, [WITNESS]);
      await tellWords(net, WITNESS, fault.example?.(net, window) ?? exampleOf(net, window));
    } catch (error) {
      report.broken(fault.claim, error);
    }
  }
}
