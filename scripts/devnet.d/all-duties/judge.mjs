// The judgements over one window of slots: pure functions of what was seen. Each returns what it counted.
import { inWindow, slotsOf } from "../lib/window.mjs";
import { without } from "../check/ledger.mjs";
import { keyOf } from "./published.mjs";

/** How far finality may be behind the running epoch at its end. */
const FINALITY_DISTANCE = 3;

/**
 * Finality at the end of every epoch from `from` to `to`: the last look within it. What is final stays so, so a look before
 * the end can only be too strict.
 * @param {{ slot: number, finalized: number }[]} looks
 */
export function judgeFinality({ looks, from, to, slotsPerEpoch }) {
  const ends = [];
  for (let epoch = from; epoch <= to; epoch++) {
    const last = looks.findLast((look) => Math.floor(look.slot / slotsPerEpoch) === epoch);
    ends.push({ epoch, finalized: last?.finalized ?? null, isGood: last !== undefined && last.finalized >= epoch - FINALITY_DISTANCE });
  }
  return { ends, bad: ends.filter(({ isGood }) => !isGood) };
}

/**
 * Slots whose block is one that an operator published. `proposerOf(slot)` is the beacon node's word on who was to propose.
 * @param {Map<number, { message: { proposer_index: string } }>} blocks of the canonical chain, by slot
 * @param {Set<string>} published keys of published blocks
 */
export function accountBlocks({ window, blocks, published, proposerOf, isCounted = () => true }) {
  const account = { due: 0, ours: 0, empty: [], foreign: [] };
  for (const slot of slotsOf(window)) {
    const proposer = proposerOf(slot);
    if (!isCounted(proposer, slot)) continue;
    account.due += 1;
    const block = blocks.get(slot);
    if (!block) account.empty.push({ slot, proposer });
    else if (Number(block.message.proposer_index) !== proposer || !published.has(keyOf("proposer", slot, proposer))) account.foreign.push({ slot, proposer });
    else account.ours += 1;
  }
  return account;
}

/**
 * Blocks that an operator sent and that the chain has, whatever it was answered: a node that took the same block of another
 * operator a moment earlier says that it knows it, and one that did not build a blinded block cannot complete it.
 */
export function publishedInChain({ published, blocks, window }) {
  const isInChain = ({ role, slot, validator }) => role === "proposer" && inWindow(window, slot) && Number(blocks.get(slot)?.message.proposer_index) === validator;
  return [...published].filter(isInChain).map(({ key }) => key);
}

/** Whether bit `position` of a 0x-hex SSZ bitvector is set. */
export const bitOf = (hex, position) => (Number.parseInt(hex.slice(2 + 2 * (position >> 3), 4 + 2 * (position >> 3)), 16) & (1 << (position & 7))) !== 0;

/**
 * Sync messages of the window's slots whose next slot has a block: in that block's sync aggregate or not. A message is in
 * when every position of its validator is set.
 */
export function accountSync({ window, blocks, syncDutiesOf, validators }) {
  const account = { due: 0, included: 0, missing: [], noBlock: 0 };
  for (const slot of slotsOf(window)) {
    const members = syncDutiesOf(slot).filter(({ validator }) => validators.has(validator));
    const next = blocks.get(slot + 1);
    if (!next) {
      account.noBlock += members.length;
      continue;
    }
    const { sync_committee_bits: bits } = next.message.body.sync_aggregate;
    for (const { validator, positions } of members) {
      account.due += 1;
      if (positions.every((position) => bitOf(bits, position))) account.included += 1;
      else account.missing.push({ slot, validator });
    }
  }
  return account;
}

/** What was selected against what a node took, and what was published without being selected, whatever the nodes said to it. */
export function comparePublished({ selected, published, accepted }) {
  const missing = without(selected, accepted);
  return { selected: selected.size, done: selected.size - missing.length, missing, extra: without(published, selected) };
}

/**
 * Blocks of the window that no operator published full: whoever has only the header must leave it to others.
 * @param {Iterable<{ key: string, detail: { isBlinded: boolean } }>} published by all operators
 */
export function accountFull({ window, blocks, published }) {
  const full = new Set();
  for (const { key, role, detail } of published) if (role === "proposer" && !detail.isBlinded) full.add(key);
  const account = { due: 0, full: 0, missing: [] };
  for (const slot of slotsOf(window)) {
    const block = blocks.get(slot);
    if (!block) continue;
    account.due += 1;
    if (full.has(keyOf("proposer", slot, Number(block.message.proposer_index)))) account.full += 1;
    else account.missing.push(slot);
  }
  return account;
}

/** The root of the canonical block at a slot or before it; undefined at the end of the chain, as the last block's root stands nowhere. */
function canonicalRoots(blocks) {
  const slots = [...blocks.keys()].sort((a, b) => a - b);
  const roots = slots.slice(0, -1).map((slot, at) => ({ slot, root: blocks.get(slots[at + 1]).message.parent_root }));
  return (slot) => (slot >= slots.at(-1) ? undefined : roots.findLast((each) => each.slot <= slot)?.root);
}

/**
 * The heads of the window's votes as the chain holds them, each against the chain's own block at its slot.
 * @param {(attestation: object) => { validator: number, slot: number }[]} votesOf whose votes an attestation is
 */
export function accountHeads({ window, blocks, votesOf }) {
  const rootAt = canonicalRoots(blocks);
  const isRight = new Map();
  for (const slot of [...blocks.keys()].sort((a, b) => a - b)) {
    for (const attestation of blocks.get(slot).message.body.attestations) {
      const root = rootAt(Number(attestation.data.slot));
      if (!inWindow(window, Number(attestation.data.slot)) || root === undefined) continue;
      for (const vote of votesOf(attestation)) {
        const key = `${vote.slot}/${vote.validator}`;
        if (!isRight.has(key)) isRight.set(key, attestation.data.beacon_block_root === root);
      }
    }
  }
  const wrong = [...isRight].filter(([, right]) => !right).map(([key]) => key);
  return { isRight, known: isRight.size, right: isRight.size - wrong.length, wrong };
}

/** What ledgers say of their votes' heads against the chain. */
export function compareHeads({ rows, isRight }) {
  const votes = rows.filter((row) => row.role === "attester" && row.outcome === "submitted");
  const told = votes.filter((row) => typeof row.included?.head === "boolean");
  const odd = told.filter((row) => row.included.head !== isRight.get(`${row.slot}/${row.validator_index}`));
  return { submitted: votes.length, told: told.length, odd: odd.map((row) => `${row.slot}/${row.validator_index}`) };
}

const LATE_EXIT_EPOCHS = 2;

/**
 * The way of an exit that was requested in `requested` (an epoch). `looks` are what the beacon node said of the
 * validator, in order.
 * @param {{ epoch: number, status: string, exitEpoch: number }[]} looks
 */
export function judgeExit({ requested, looks }) {
  const exiting = looks.find(({ status }) => status === "active_exiting");
  const exited = looks.find(({ status }) => status.startsWith("exited") || status.startsWith("withdrawal"));
  const exitEpoch = exiting?.exitEpoch ?? exited?.exitEpoch ?? null;
  const isInTime = exiting !== undefined && exiting.epoch <= requested + LATE_EXIT_EPOCHS;
  const before = looks.filter(({ epoch }) => exitEpoch !== null && epoch < exitEpoch);
  const after = looks.filter(({ epoch }) => exitEpoch !== null && epoch >= exitEpoch);
  const isAtItsEpoch = after.length > 0 && before.every(({ status }) => status.startsWith("active")) && after.every(({ status }) => !status.startsWith("active"));
  return { isInTime, isAtItsEpoch, exitEpoch, exitingEpoch: exiting?.epoch ?? null, exitedEpoch: exited?.epoch ?? null };
}

/**
 * Blocks pay the owner of the proposer's cluster, unless the owner set another recipient.
 * @param {(validator: number) => string} recipientOf lower case address
 */
export function accountRecipients({ window, blocks, recipientOf }) {
  const account = { due: 0, right: 0, wrong: [] };
  for (const slot of slotsOf(window)) {
    const block = blocks.get(slot);
    if (!block) continue;
    account.due += 1;
    const { body, proposer_index: proposer } = block.message;
    const paid = body.execution_payload.fee_recipient.toLowerCase();
    if (paid === recipientOf(Number(proposer))) account.right += 1;
    else account.wrong.push({ slot, proposer: Number(proposer), paid });
  }
  return account;
}

/** Blocks by the name of their fork, and those whose fork is not that of their epoch. */
export function accountForks({ window, blocks, forkOf }) {
  const counts = new Map();
  const wrong = [];
  for (const slot of slotsOf(window)) {
    const block = blocks.get(slot);
    if (!block) continue;
    counts.set(block.version, (counts.get(block.version) ?? 0) + 1);
    if (block.version !== forkOf(slot)) wrong.push(slot);
  }
  return { counts, wrong };
}
