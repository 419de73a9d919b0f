// What the operators say of their peers.
import { request } from "../devnet.d/lib/http.mjs";
import { clustersOf } from "../devnet.d/lib/plans.mjs";
import { OPERATORS, PLAN } from "./plan.mjs";

/** Peers that a mesh has at least where the topic has so many (D_low). */
const MESH_LOW = 6;

const peersOf = async (layout, operator) => (await request(`${layout.apiUrl(operator)}/v1/peers`, { timeoutMillis: 5_000 })).peers;

/** `/v1/peers` of every operator; null for one that does not answer. */
export async function allPeers(layout) {
  const answers = await Promise.all(OPERATORS.map((operator) => peersOf(layout, operator).catch(() => null)));
  return new Map(OPERATORS.map((operator, at) => [operator, answers[at]]));
}

/** Sizes of the meshes of an operator, smallest first. */
export function meshSizes(peers) {
  const sizes = new Map();
  for (const peer of peers) for (const subnet of peer.mesh) sizes.set(subnet, (sizes.get(subnet) ?? 0) + 1);
  return [...sizes.values()].sort((a, b) => a - b);
}

/** Smallest first, what the meshes of an operator must have: all other members of the committee, or six. */
export function wantedSizes(operator) {
  return clustersOf(PLAN, operator)
    .map(({ operators }) => Math.min(operators.length - 1, MESH_LOW))
    .sort((a, b) => a - b);
}

/** Whether all meshes of an operator are there. */
export function isMeshed(operator, peers) {
  const sizes = peers ? meshSizes(peers) : [];
  return wantedSizes(operator).every((wanted, at) => (sizes[at] ?? 0) >= wanted);
}

/** One line: operator and mesh sizes. */
export const describeMeshes = (all) => [...all].map(([operator, peers]) => `${operator}: ${peers ? meshSizes(peers).join(",") || "none" : "mute"}`).join("; ");

/** What could be held against somebody: scores, rejected messages, and partings by our side, over all operators. */
export function conduct(all) {
  const records = [...all].flatMap(([operator, peers]) => (peers ?? []).map((peer) => ({ operator, ...peer })));
  const partings = new Map();
  for (const { state } of records) if (state.startsWith("disconnected: ")) partings.set(state.slice(14), (partings.get(state.slice(14)) ?? 0) + 1);
  return {
    lowest: Math.min(...records.map((peer) => peer.score)),
    rejected: records.reduce((sum, peer) => sum + peer.rejected, 0),
    connected: records.filter((peer) => peer.state === "connected").length,
    partings,
  };
}
