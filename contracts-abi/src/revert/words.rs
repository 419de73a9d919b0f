//! What the errors mean for the caller, and what to do. Errors that no call of an operator or staker raises have no
//! words: their name has to do.

pub(super) fn of(name: &str) -> Option<&'static str> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

pub(super) const TABLE: &[(&str, &str)] = &[
    ("ApprovalNotWithinTimeframe", "a declared fee can be executed only within its window; declare it again"),
    ("CallerNotOwner", "the signing account does not own this"),
    (
        "CallerNotOwnerWithData",
        "the first account signed, but the second owns the operator; use the owner's key",
    ),
    ("CallerNotWhitelisted", "a private operator does not admit this account"),
    (
        "CallerNotWhitelistedWithData",
        "this operator is private and does not admit the signing account; ask its owner, or choose another operator",
    ),
    ("ClusterAlreadyEnabled", "the cluster is active, there is nothing to reactivate"),
    ("ClusterDoesNotExist", "this account has no cluster with these operators"),
    ("ClusterDoesNotExists", "this account has no cluster with these operators"),
    ("ClusterIsLiquidated", "the cluster is liquidated; reactivate it first"),
    ("ClusterNotLiquidatable", "only the owner may liquidate a cluster that can still pay"),
    ("EmptyPublicKeysList", "the list of validators is empty"),
    ("ETHTransferFailed", "the receiving account refused the ether"),
    ("ExceedValidatorLimit", "this operator has no room for the validators; choose another operator"),
    ("ExceedValidatorLimitWithData", "this operator has no room for the validators; choose another operator"),
    ("FeeExceedsIncreaseLimit", "the fee may not grow this much at once"),
    ("FeeIncreaseNotAllowed", "the fee may only be lowered here"),
    ("FeeTooHigh", "the operator fee is above the network's maximum"),
    ("FeeTooLow", "the operator fee is below the network's minimum; it may also be 0"),
    (
        "IncorrectClusterState",
        "the cluster has changed meanwhile; run the command again, it reads the latest state",
    ),
    ("IncorrectClusterVersion", "the cluster still pays in SSV tokens; migrate it to ether first"),
    ("IncorrectValidatorState", "the validator is not registered by this account with these operators"),
    (
        "IncorrectValidatorStateWithData",
        "this validator is not registered by the signing account with these operators",
    ),
    ("InsufficientBalance", "the cluster's balance would be too small; pay in a larger amount"),
    ("InvalidOperatorIdsLength", "a committee has 4, 7, 10 or 13 operators"),
    ("InvalidPublicKeyLength", "a validator's public key has 48 bytes"),
    ("MaxPrecisionExceeded", "the amount must be a multiple of the contract's unit"),
    ("MaxValueExceeded", "the amount is too big"),
    ("NoFeeDeclared", "there is no declared fee to execute or cancel"),
    (
        "OperatorAlreadyExists",
        "an operator with this public key was registered before; a key registers only once",
    ),
    ("OperatorDoesNotExist", "one of the operators is unknown or was removed; check the ids"),
    ("OperatorsListNotUnique", "an operator stands twice in the list"),
    ("PublicKeysSharesLengthMismatch", "there must be as many shares as public keys"),
    ("SameFeeChangeNotAllowed", "this fee is already the operator's fee"),
    ("TokenTransferFailed", "the token transfer failed; approve the amount for the registry first"),
    ("UnsortedOperatorsList", "the operator ids must be in ascending order"),
    ("ValidatorAlreadyExists", "the validator is already registered by this account"),
    ("ValidatorAlreadyExistsWithData", "this validator is already registered by the signing account"),
    ("ValidatorAlreadyRegistered", "this validator is already registered"),
    ("ValidatorDoesNotExist", "the validator is not registered by this account"),
    ("ZeroAddressNotAllowed", "the zero address is not allowed"),
];
