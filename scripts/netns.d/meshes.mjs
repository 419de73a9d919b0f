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

/** Operators of whom all meshes are there, and those who answer and of whom some are not. */
export function meshing(all) {
  const answering = [...all].filter(([, peers]) => peers !== null);
  const isWhole = ([operator, peers]) => isMeshed(operator, peers);
  return { whole: answering.filter(isWhole).map(([operator]) => operator), broken: answering.filter((each) => !isWhole(each)).map(([operator]) => operator) };
}

const isConnected = ({ state }) => state === "connected";
const PARTED = "disconnected: ";

/**
 * What operators hold against their peers: scores, rejected messages, and partings by our side, over all operators. `mute` are
 * operators that do not answer, `alone` those without a connection, `unscored` counts connected peers without a score, `below`
 * are peers with a score below zero, which the library takes out of its meshes.
 */
export function conduct(all) {
  const records = [...all].flatMap(([operator, peers]) => (peers ?? []).map((peer) => ({ operator, ...peer })));
  const scores = records.map(({ score }) => score).filter((score) => typeof score === "number");
  const partings = new Map();
  for (const { state } of records) if (state.startsWith(PARTED)) partings.set(state.slice(PARTED.length), (partings.get(state.slice(PARTED.length)) ?? 0) + 1);
  return {
    mute: [...all].filter(([, peers]) => peers === null).map(([operator]) => operator),
    alone: [...all].filter(([, peers]) => peers !== null && !peers.some(isConnected)).map(([operator]) => operator),
    unscored: records.filter((peer) => isConnected(peer) && typeof peer.score !== "number").length,
    lowest: scores.length === 0 ? null : Math.min(...scores),
    below: scores.filter((score) => score < 0).length,
    rejected: records.reduce((sum, peer) => sum + peer.rejected, 0),
    connected: records.filter(isConnected).length,
    partings,
  };
}

/** Ends of a connection that are nobody's judgement of a peer: the line or the other side, no answer. */
const BLAMELESS = ["remote", "ping_timeout", "handshake_timeout"];

/** Whether everybody answered and nobody was punished; no score may be below `floor`. */
export const isFair = ({ mute, alone, unscored, lowest, rejected, partings }, floor = 0) =>
  mute.length + alone.length + unscored + rejected === 0 && lowest !== null && lowest >= floor && [...partings.keys()].every((reason) => BLAMELESS.includes(reason));

const counts = (map) => [...map].map(([name, count]) => `${name} ${count}`).join(", ") || "none";

export function describeConduct({ mute, alone, unscored, lowest, below, rejected, connected, partings }, refused) {
  const absent = [
    ...(mute.length > 0 ? [`no answer of ${mute.join(" ")}`] : []),
    ...(alone.length > 0 ? [`no connection of ${alone.join(" ")}`] : []),
    ...(unscored > 0 ? [`${unscored} peers without a score`] : []),
  ];
  return [
    ...absent,
    `lowest score ${lowest === null ? "unknown" : lowest.toFixed(2)}, ${below} below 0, ${rejected} messages rejected, ${connected} connections`,
    `ignored by rule: ${counts(refused)}`,
    `partings: ${counts(partings)}`,
  ].join("; ");
}
