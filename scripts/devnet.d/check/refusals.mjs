// One flipped bit: the beacon node must refuse a vote and a sync message that differ from good ones in a single bit,
// and accept the good ones. The good ones come from interop keys that no operator holds.
import { SYNC_COMMITTEE_SIZE } from "@lodestar/params";
import { ssz } from "@lodestar/types";
import { connect, valueOf } from "../helper/client.mjs";
import { Signer } from "../helper/signer.mjs";
import { epochOf } from "../lib/beacon-api.mjs";
import { VALIDATORS, range } from "../lib/layout.mjs";
import { sleep } from "../lib/wait.mjs";

const VOTES = "/eth/v2/beacon/pool/attestations";
const SYNC = "/eth/v1/beacon/pool/sync_committees";

/** `hex` with the lowest bit of its last byte flipped. */
export function flipBit(hex) {
  const last = Number.parseInt(hex.slice(-2), 16) ^ 1;
  return hex.slice(0, -2) + last.toString(16).padStart(2, "0");
}

const hex = (bytes) => `0x${Buffer.from(bytes).toString("hex")}`;
const shown = ({ status, body }) => `${status} ${body.replace(/\s+/g, " ").slice(0, 160)}`;

/** Sends a spoilt message, then the good one; the node must tell them apart. */
async function spoiltAndGood(report, beacon, { what, path, spoilt, good }) {
  const refused = await beacon.tryPost(path, [spoilt]);
  report.check(`${what} with one flipped bit is refused for its signature`, refused.status === 400 && /INVALID_SIGNATURE/.test(refused.body), shown(refused));
  const accepted = await beacon.tryPost(path, [good]);
  report.check(`${what} with all its bits is accepted`, accepted.status === 200, shown(accepted));
}

/** Votes once for the probe validator; waits for its slot, at most one epoch away. */
async function checkVote(report, beacon, { api, config, genesisMillis, slotMillis }) {
  const slotNow = await beacon.currentSlot();
  const epochs = [epochOf(slotNow), epochOf(slotNow) + 1];
  const duties = (await Promise.all(epochs.map((epoch) => beacon.attesterDuties(epoch, [VALIDATORS.probe])))).flat();
  const duty = duties.find(({ slot }) => slot > slotNow);
  await sleep(genesisMillis + duty.slot * slotMillis + slotMillis / 2 - Date.now());
  const data = valueOf(await api.validator.produceAttestationData({ slot: duty.slot, committeeIndex: 0 }));
  const signer = new Signer(config, [VALIDATORS.probe]);
  const good = {
    committee_index: String(duty.committee),
    attester_index: String(VALIDATORS.probe),
    data: ssz.phase0.AttestationData.toJson(data),
    signature: hex(signer.sign(VALIDATORS.probe, signer.attestationRoot(data))),
  };
  await spoiltAndGood(report, beacon, { what: "a vote", path: VOTES, spoilt: { ...good, signature: flipBit(good.signature) }, good });
}

/** Signs the head for a helper's sync committee member; the helper itself signs the same a little later. */
async function checkSyncMessage(report, beacon, { api, config, genesisMillis, slotMillis }) {
  const slot = (await beacon.currentSlot()) + 1;
  const [member] = await beacon.syncDuties(epochOf(slot), range(VALIDATORS.helper));
  if (!member) throw new Error(`none of the ${SYNC_COMMITTEE_SIZE} sync committee members is a helper`);
  await sleep(genesisMillis + slot * slotMillis + slotMillis / 4 - Date.now());
  const { root } = valueOf(await api.beacon.getBlockRoot({ blockId: "head" }));
  const signer = new Signer(config, [member.validator]);
  const good = {
    slot: String(slot),
    beacon_block_root: hex(root),
    validator_index: String(member.validator),
    signature: hex(signer.sign(member.validator, signer.syncMessageRoot(slot, root))),
  };
  const what = "a sync message";
  await spoiltAndGood(report, beacon, { what, path: SYNC, spoilt: { ...good, beacon_block_root: flipBit(good.beacon_block_root) }, good });
}

export async function checkRefusals(report, beacon) {
  const connection = await connect(beacon.url);
  await checkSyncMessage(report, beacon, connection);
  await checkVote(report, beacon, connection);
}
