// Enumerations and errors that the beacon node imports by name.
export const PayloadStatus = { PENDING: 0, EMPTY: 1, FULL: 2 };
export const EpochDifference = { current: 0, previous: 1 };
export const ExecutionStatus = { Valid: "Valid", Syncing: "Syncing", PreMerge: "PreMerge", PayloadSeparated: "PayloadSeparated", Invalid: "Invalid" };
export const AncestorStatus = {
  Descendant: "Descendant",
  CommonAncestor: "CommonAncestor",
  NoCommonAncenstor: "NoCommonAncenstor",
  BlockUnknown: "BlockUnknown",
};
export const UpdateHeadOpt = {
  GetCanonicalHead: "getCanonicalHead",
  GetProposerHead: "getProposerHead",
  GetPredictedProposerHead: "getPredictedProposerHead",
};
/** Every reason and code is its own name. */
const ownName = new Proxy({}, { get: (_target, name) => String(name) });
export const NotReorgedReason = ownName;
export const ForkChoiceErrorCode = ownName;

export class ForkChoiceError extends Error {
  constructor(type) {
    super(type?.code ?? "FORK_CHOICE_ERROR");
    this.type = type;
  }
}
