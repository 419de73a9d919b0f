// The chain that lives on Capstan alone: fourteen epochs over both forks, with an exit requested on the contract.
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { inWindow } from "../lib/window.mjs";
import { Tail } from "../check/chain-evidence.mjs";
import { percent } from "../check/report.mjs";
import { claimAnnounced, claimBalances, claimBlocks, claimBooks, claimFinality, claimForkMessages, claimForks, claimFull, claimRecipients, claimSelected, claimSync, claimVotes, selectedIn, tellLedgers, tellRefusals } from "./claims.mjs";
import { claimExit, requestExit } from "./exit.mjs";
import { listenerLog, startListener } from "./liars.mjs";
import { judgeWithheld, signedShare } from "./listening.mjs";

/** The epochs that are judged, and those after which their votes and their books are settled. */
export const EPOCHS = { first: 2, last: 13, settling: 2 };
/** The exit is requested when both forks are behind, early enough to end within the run. */
const EXIT = { epoch: 6, validator: 23 };

/** Who is paid for a validator's block: the owner of its cluster. */
export function recipientsOf({ state, plan }) {
  return (validator) => {
    const { account } = plan.clusters.find(({ first, last }) => validator >= first && validator <= last);
    return state.accounts[account].toLowerCase();
  };
}

/** Reads the books of an epoch when two more have passed: its duties have ended and the chain has their blocks. */
function readBooksBehind(net) {
  net.onSlot = async (slot) => {
    const epoch = epochOf(slot);
    if (slot !== firstSlotOf(epoch) + 1 || epoch < EPOCHS.settling) return;
    const from = firstSlotOf(epoch - EPOCHS.settling);
    await net.readBooks({ from, to: from + SLOTS_PER_EPOCH - 1 });
  };
}

export async function runChain(net) {
  const { report } = net;
  report.section("the chain that lives on its operators alone");
  const window = { from: firstSlotOf(EPOCHS.first), to: firstSlotOf(EPOCHS.last + 1) - 1 };
  await startListener(net);
  readBooksBehind(net);
  await net.reach(firstSlotOf(EXIT.epoch), 0.1);
  const exit = await requestExit(net, EXIT.validator);
  await net.reachEndOf(EPOCHS.last);
  exit.stop();
  await net.reachEndOf(EPOCHS.last + EPOCHS.settling);
  await net.readBooks({ from: firstSlotOf(EPOCHS.last - 1), to: window.to });

  claimFinality(net, { from: EPOCHS.first, to: EPOCHS.last, slotsPerEpoch: SLOTS_PER_EPOCH });
  claimBlocks(net, window);
  claimFull(net, window);
  claimForks(net, window);
  const lines = new Tail(listenerLog(net.layout)).read();
  claimForkMessages(net, window, lines);
  claimRecipients(net, window, recipientsOf(net));
  claimAnnounced(net, window, recipientsOf(net));
  claimVotes(net, window);
  claimSync(net, window);
  const selection = await selectedIn(net, window);
  claimSelected(net, window, selection);

  report.section("the ledgers");
  claimBooks(net, window, selection);
  await claimBalances(net);
  claimDoppelganger(net, window, lines);
  tellLedgers(net, window);
  tellRefusals(net);

  report.section("the exit that was requested on the contract");
  claimExit(net, exit);
}

/** Of the duties that are said to be withheld, those that the listener must have heard others sign; it joins when the first slots pass. */
const HEARD_SHARE = 0.5;
/** Of the later votes, those that the operator must have signed. */
const SIGNED_SHARE = 0.95;

/**
 * The operator that observes withholds its own signatures first and says so: they are missing on the wire. Its clusters do without
 * it. The first quorum that it sees of a validator's cluster ends the observation of that validator.
 */
function claimDoppelganger(net, window, lines) {
  const { report, plan } = net;
  for (const operator of plan.doppelganger) {
    const rows = [...net.ledgers.get(operator).values()].filter((row) => row.slot < firstSlotOf(plan.forks.boole));
    const withheld = rows.filter((row) => row.warnings?.includes("under_observation") || row.reason === "doppelganger");
    const { told, heard, sent } = judgeWithheld({ lines, rows: withheld, operator });
    report.check(
      `operator ${operator} observes first: what its ledger calls withheld is not on the wire`,
      told > 0 && heard >= HEARD_SHARE * told && sent.length === 0,
      `${told} duties withheld, up to slot ${Math.max(-1, ...withheld.map((row) => row.slot))}; of ${heard} of them the others' signatures were heard, and its own too in ${sent.length}${sent.length === 0 ? "" : `: ${sent.slice(0, 6).join(" ")}`}`,
    );
    const mine = net.validatorsOf(operator);
    const duties = net.evidence.duties.filter(({ slot, validator }) => inWindow(window, slot) && mine.has(validator));
    const { due, signed, share } = signedShare({ lines, duties, operator });
    report.check(`and then signs: its signatures of ${percent(SIGNED_SHARE)} of its validators' votes are heard`, due > 0 && share >= SIGNED_SHARE, `slots ${window.from} to ${window.to}: ${signed} of ${due} (${percent(share)})`);
  }
}
