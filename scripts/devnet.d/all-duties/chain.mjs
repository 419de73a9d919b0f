// The chain that lives on Capstan alone: fourteen epochs over both forks, with an exit requested on the contract.
import { epochOf, firstSlotOf } from "../lib/beacon-api.mjs";
import { SLOTS_PER_EPOCH } from "../lib/layout.mjs";
import { clustersOf } from "../lib/plans.mjs";
import { claimBalances, claimBlocks, claimBooks, claimFinality, claimForks, claimRecipients, claimSelected, claimSync, claimVotes, selectedIn, tellLedgers, tellRefusals } from "./claims.mjs";
import { claimExit, requestExit } from "./exit.mjs";

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
  readBooksBehind(net);
  await net.reach(firstSlotOf(EXIT.epoch), 0.1);
  const exit = await requestExit(net, EXIT.validator);
  await net.reachEndOf(EPOCHS.last);
  exit.stop();
  await net.reachEndOf(EPOCHS.last + EPOCHS.settling);
  await net.readBooks({ from: firstSlotOf(EPOCHS.last - 1), to: window.to });

  claimFinality(net, { from: EPOCHS.first, to: EPOCHS.last, slotsPerEpoch: SLOTS_PER_EPOCH });
  claimBlocks(net, window);
  claimForks(net, window);
  claimRecipients(net, window, recipientsOf(net));
  claimVotes(net, window);
  claimSync(net, window);
  const selected = await selectedIn(net, window);
  claimSelected(net, window, selected);

  report.section("the ledgers");
  claimBooks(net, window, selected);
  await claimBalances(net);
  claimDoppelganger(net);
  tellLedgers(net, window);
  tellRefusals(net);

  report.section("the exit that was requested on the contract");
  claimExit(net, exit);
}

/**
 * The operator that observes withholds its own signatures first and says so; its clusters do without it, so their duties are submitted
 * all the same. The first quorum that it sees of a validator's cluster ends the observation of that validator.
 */
function claimDoppelganger(net) {
  const { report, plan } = net;
  for (const operator of plan.doppelganger) {
    const rows = [...net.ledgers.get(operator).values()];
    const isWithheld = (row) => row.warnings?.includes("under_observation") || row.reason === "doppelganger";
    const withheld = rows.filter(isWithheld);
    const lastWithheld = Math.max(-1, ...withheld.map((row) => row.slot));
    const later = rows.filter((row) => row.slot > lastWithheld && row.outcome === "submitted");
    const size = clustersOf(plan, operator).length;
    report.check(
      `operator ${operator} observes first, says so in its ledger, and signs afterwards`,
      withheld.length > 0 && later.length > 0,
      `${withheld.length} duties withheld until slot ${lastWithheld}, ${later.length} submitted after it, in ${size} clusters`,
    );
  }
}
