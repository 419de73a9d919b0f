// Of the validator client, the beacon node reads these defaults only.
export const MAX_BUILDER_BOOST_FACTOR = 2n ** 64n - 1n;
export const defaultOptions = {
  suggestedFeeRecipient: `0x${"00".repeat(20)}`,
  defaultGasLimit: 60_000_000,
  builderSelection: "executiononly",
  builderBoostFactor: 100n,
};
