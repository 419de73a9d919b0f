// Blinded blocks: the beacon nodes answer with blinded blocks of their own payloads, and take them back signed.
import { firstSlotOf } from "../lib/beacon-api.mjs";
import { claimBlocks, claimVotes, tellLedgers, tellRefusals } from "./claims.mjs";

const EPOCHS = { first: 1, last: 4, settling: 1 };

export async function runBlinded(net) {
  const { report } = net;
  report.section("blinded blocks of the beacon nodes' own payloads");
  const window = { from: firstSlotOf(EPOCHS.first), to: firstSlotOf(EPOCHS.last + 1) - 1 };
  await net.reachEndOf(EPOCHS.last + EPOCHS.settling);
  await net.readBooks(window);
  claimBlocks(net, window, { claim: "98 % of the slots have a block although all are blinded" });
  const proposals = [...net.evidence.traffic.values()].flatMap((traffic) => [...traffic.published.values()].filter((item) => item.role === "proposer" && item.slot >= window.from && item.slot <= window.to));
  const blinded = proposals.filter((item) => item.detail.isBlinded).length;
  report.check("every proposal was published blinded", proposals.length > 0 && blinded === proposals.length, `${blinded} of ${proposals.length} proposals, by operator and slot`);
  claimVotes(net, window);
  tellLedgers(net, window);
  tellRefusals(net);
}
