//! Topics and selectors against those of the deployed ABIs, computed apart from this code.

use std::collections::BTreeMap;

use alloy_primitives::{B256, hex};
use contracts_abi::{Revert, known_topics};

#[test]
fn every_event_has_the_topic_of_the_reference() {
    let mut ours: BTreeMap<B256, &str> = known_topics().collect();
    for (name, topic) in EVENTS {
        let topic: B256 = topic.parse().unwrap();
        assert_eq!(ours.remove(&topic), Some(*name), "{topic}");
    }
    assert!(ours.is_empty(), "not in the reference: {ours:?}");
}

#[test]
fn every_error_has_the_selector_of_the_reference() {
    // Serves every argument list: a number or address of 64, or an offset to an empty byte string.
    let arguments = format!("{:064x}{:0128x}", 64, 0);
    for (name, selector) in ERRORS {
        let data = hex::decode(format!("{selector}{arguments}")).unwrap();
        assert!(
            matches!(Revert::decode(&data), Revert::Registry { name: ours, .. } if ours == *name),
            "{name}"
        );
    }
}

const EVENTS: &[(&str, &str)] = &[
    ("ValidatorAdded", "0x48a3ea0796746043948f6341d17ff8200937b99262a0b48c2663b951ed7114e5"),
    ("ValidatorRemoved", "0xccf4370403e5fbbde0cd3f13426479dcd8a5916b05db424b7a2c04978cf8ce6e"),
    ("ClusterLiquidated", "0x1fce24c373e07f89214e9187598635036111dbb363e99f4ce498488cdc66e688"),
    ("ClusterReactivated", "0xc803f8c01343fcdaf32068f4c283951623ef2b3fa0c547551931356f456b6859"),
    ("ValidatorExited", "0xb4b20ffb2eb1f020be3df600b2287914f50c07003526d3a9d89a9dd12351828c"),
    ("OperatorAdded", "0xd839f31c14bd632f424e307b36abff63ca33684f77f28e35dc13718ef338f7f4"),
    ("OperatorRemoved", "0x0e0ba6c2b04de36d6d509ec5bd155c43a9fe862f8052096dd54f3902a74cca3e"),
    ("FeeRecipientAddressUpdated", "0x259235c230d57def1521657e7c7951d3b385e76193378bc87ef6b56bc2ec3548"),
    ("ClusterWithdrawn", "0x39d1320bbda24947e77f3560661323384aa0a1cb9d5e040e617e5cbf50b6dbe0"),
    ("ClusterDeposited", "0x2bac1912f2481d12f0df08647c06bee174967c62d3a03cbc078eb215dc1bd9a2"),
    ("OperatorFeeIncreaseLimitUpdated", "0x2fff7e5a48a4befc2c2be4d77e141f6d97907798977ce452429ec55c2658a342"),
    ("DeclareOperatorFeePeriodUpdated", "0x5fbd75d987b37490f91aa1909db948e7ff14c6ffb495b2f8e0b2334da9b192f1"),
    ("ExecuteOperatorFeePeriodUpdated", "0xf6b8a2b45d0a60381de51a7b980c4660d9e5b82db6e07a4d342bfc17a6ff96bf"),
    (
        "LiquidationThresholdPeriodUpdated",
        "0x42af14411036d7a50e5e92daf825781450fc8fac8fb65cbdb04720ff08efb84f",
    ),
    (
        "MinimumLiquidationCollateralUpdated",
        "0xd363ab4392efaf967a89d8616cba1ff0c6f05a04c2f214671be365f0fab05960",
    ),
    ("NetworkFeeUpdated", "0x8f49a76c5d617bd72673d92d3a019ff8f04f204536aae7a3d10e7ca85603f3cc"),
    ("NetworkEarningsWithdrawn", "0x370342c3bb9245e20bffe6dced02ba2fceca979701f881d5adc72d838e83f1c5"),
    ("OperatorMaximumFeeUpdated", "0x38552bed8df52ac76c5de6da688eafcda7d7b070f6c987f391a07dd69986d783"),
    ("OperatorFeeDeclared", "0x796204296f2eb56d7432fa85961e9750d0cb21741873ebf7077e28263e327358"),
    ("OperatorFeeDeclarationCancelled", "0x5055fa347441172447637c015e80a3ee748b9382212ceb5dca5a3683298fd6f3"),
    ("OperatorFeeExecuted", "0x513e931ff778ed01e676d55880d8db185c29b0094546ff2b3e9f5b6920d16bef"),
    ("OperatorWithdrawn", "0x178bf78bdd8914b8483d640b4a4f84e20943b5eb6b639b7474286364c7651d60"),
    ("OperatorPrivacyStatusUpdated", "0x7cae2703330c3f53308fb0fe3a9143f335997ba7e059b9ac8e4417ed8fbddbd3"),
    (
        "OperatorMultipleWhitelistUpdated",
        "0x3d5869fa1ed68d6b7b5e2a1f44df8e1e7edd8ea7a6cc240e45c72e2eb3523962",
    ),
    (
        "OperatorMultipleWhitelistRemoved",
        "0x589a71ef5bb37432c8ce279a4afc32783592f1764c6fcb07e3c437e80c80ab2e",
    ),
    (
        "OperatorWhitelistingContractUpdated",
        "0xf41d8ca981ff900f6db7f71d7e2ae866eae8e4327d23e5c692c13a6c43b39c3d",
    ),
    ("ModuleUpgraded", "0xfdf54bf052398eb41c923eb1bd596351c5e72b99959d1ca529a7f13c0a2503d7"),
    ("AdminChanged", "0x7e644d79422f17c01e4894b5f4f588d331ebfa28653d42ae832dc59e38c9798f"),
    ("BeaconUpgraded", "0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e"),
    ("Initialized", "0x7f26b83ff96e1f2b6a682f133852f6798a09c465da95921460cefb3847402498"),
    ("OperatorWhitelistUpdated", "0x29f72634ccb172103f8c542da23de7f6cf9bce724c5bb91bd6f3a516b14c63fe"),
    ("OwnershipTransferStarted", "0x38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e22700"),
    ("OwnershipTransferred", "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0"),
    ("Upgraded", "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"),
    ("ClusterBalanceUpdated", "0x0cc301d13799ab915796eed462da724756a969f8e05d69ad2405eb3da7036b55"),
    ("ClusterMigratedToETH", "0x6dc71e7231318932a8a7f99bac76f94ffe24cac147843e0c285ce4cf290c803a"),
    ("CooldownDurationUpdated", "0xe865acf13176ceb6a83a16f925f9f67fd03c94ca1af6160d78a7f8a2914253e2"),
    ("ERC20Rescued", "0x8bbfbb5d7fcacf6fc74005cdede0635561638507f576c95f7f294c22141be2e5"),
    ("FeesSynced", "0x9386d77e0bcb586105f5c2bee7cabc987f85e7c518f34e580fab935df5d3a9c6"),
    (
        "LiquidationThresholdPeriodSSVUpdated",
        "0xc968a767c53be943fe324987597efaba682968c894cab4291313662c8b99691d",
    ),
    ("MinBlocksBetweenUpdatesUpdated", "0x8794fa1a5292ace029a96ff5db5c03006669acdf358814c3f716ac098b99092e"),
    (
        "MinimumLiquidationCollateralSSVUpdated",
        "0xc6e0ba7aedc5595dfb313cf8e5bc03109e9f71dc644c019f9acb86fc054ed454",
    ),
    ("MinimumOperatorEthFeeUpdated", "0x18d44c1ee4bcb1ecb7d57ca44a74ede64c7c9accda084b97d466e6a0998329b3"),
    ("NetworkFeeUpdatedSSV", "0x67b4581d242b51c956246a35859809bc259dfd07d622b4bc0a9858641a6297fb"),
    ("OperatorMaximumFeeUpdated", "0xbb018dc682e13c04ee4a5608c89a9f287c402c1aec96588d6dd85478179b4bba"),
    ("OperatorWithdrawnSSV", "0x8ce3fab60deb285381bb700bc8406adc165eba737126273b52f7dd5280576f91"),
    ("OracleReplaced", "0x6113130a2400e4e0980410314b8d41a250e526ca56d039ffd91278aeac44c468"),
    ("QuorumUpdated", "0x791dc99be5109fa13cd62186968189a4f65235f0a4aea35cdf15c585bbcbfdaf"),
    ("RewardsClaimed", "0xfc30cddea38e2bf4d6ea7d3f9ed3b6ad7f176419f4963bd81318067a4aee73fe"),
    ("RewardsSettled", "0x4e38a3eebabe29eaad79f76c94599208a54f204cbd7d3907ac066df5afcb5057"),
    ("RootCommitted", "0x6965b9c8509097ad68ba0eb17fcb9436f4a72a057fe5ac556737580bce80d840"),
    ("SSVNetworkUpgradeBlock", "0xe733b31bc9141b87ce3fb540e27a03b4711c1214ec06490c8e68daf82bc33911"),
    ("Staked", "0x9e71bc8eea02a63969f509818f2dafb9254532904319f9dbda79b67bd34a5f3d"),
    ("UnstakeRequested", "0x57e41df54512c76148b5ba9b643d149752b0d35e493b969bd017d0a3fe5228cf"),
    ("UnstakedWithdrawn", "0x8fe9b0a74e05eaabda056a095be40fb09405d83f5b2c07d7823d1eb655b927b8"),
    ("WeightedRootProposed", "0xc0516bad4be527b56ad33b7087029ffee230e390e2f2d1076597820c9e170b67"),
];

const ERRORS: &[(&str, &str)] = &[
    ("AddressIsWhitelistingContract", "0x71cadba7"),
    ("AlreadyVoted", "0x7c9a1cf9"),
    ("ApprovalNotWithinTimeframe", "0x97e4b518"),
    ("CallerNotOwner", "0x5cd83192"),
    ("CallerNotOwnerWithData", "0x8907fc65"),
    ("CallerNotWhitelisted", "0x8c6e5d71"),
    ("CallerNotWhitelistedWithData", "0xb7f529fe"),
    ("ClusterAlreadyEnabled", "0x3babafd2"),
    ("ClusterDoesNotExist", "0x25d92f88"),
    ("ClusterDoesNotExists", "0x185e2b16"),
    ("ClusterIsLiquidated", "0x95a0cf33"),
    ("ClusterNotLiquidatable", "0x60300a8d"),
    ("EBBelowMinimum", "0x9fecdce5"),
    ("EBExceedsMaximum", "0xf5ca7cb9"),
    ("ETHTransferFailed", "0xb12d13eb"),
    ("EmptyPublicKeysList", "0xdf83e679"),
    ("ExceedValidatorLimit", "0x8ddf7de4"),
    ("ExceedValidatorLimitWithData", "0x639f5851"),
    ("FeeExceedsIncreaseLimit", "0x958065d9"),
    ("FeeIncreaseNotAllowed", "0x410a2b6c"),
    ("FeeTooHigh", "0xcd4e6167"),
    ("FeeTooLow", "0x732f9413"),
    ("FutureBlockNumber", "0x252f8a0e"),
    ("IncorrectClusterState", "0x12e04c87"),
    ("IncorrectClusterVersion", "0xf6749746"),
    ("IncorrectOperatorVersion", "0xf222e863"),
    ("IncorrectValidatorState", "0x2feda3c1"),
    ("IncorrectValidatorStateWithData", "0x89307938"),
    ("InsufficientBalance", "0xf4d678b8"),
    ("InsufficientCSSVSupply", "0x49c43735"),
    ("InvalidContractAddress", "0xa710429d"),
    ("InvalidOperatorFeeIncreaseLimit", "0x602d89dd"),
    ("InvalidOperatorFeeRange", "0x44b0758c"),
    ("InvalidOperatorIdsLength", "0x38186224"),
    ("InvalidOracleId", "0x87265dc1"),
    ("InvalidProof", "0x09bde339"),
    ("InvalidPublicKeyLength", "0x637297a4"),
    ("InvalidQuorum", "0xd1735779"),
    ("InvalidToken", "0xc1ab6dc1"),
    ("InvalidWhitelistAddressesLength", "0xcbb362dc"),
    ("InvalidWhitelistingContract", "0x886e6a03"),
    ("LegacyOperatorFeeDeclarationInvalid", "0x9e593e76"),
    ("MaxPrecisionExceeded", "0x24756546"),
    ("MaxRequestsAmountReached", "0xee0e82ff"),
    ("MaxValueExceeded", "0x91aa3017"),
    ("MustUseLatestRoot", "0x4b3a0f08"),
    ("NewBlockPeriodIsBelowMinimum", "0x6e6c9cac"),
    ("NoFeeDeclared", "0x1d226c30"),
    ("NotAuthorized", "0xea8e4eb5"),
    ("NotCSSV", "0x1598959e"),
    ("NotOracle", "0x1bc2178f"),
    ("NothingToClaim", "0x969bf728"),
    ("NothingToWithdraw", "0xd0d04f60"),
    ("OperatorAlreadyExists", "0x289c9494"),
    ("OperatorDoesNotExist", "0x961e3e8c"),
    ("OperatorsListNotUnique", "0xa5a1ff5d"),
    ("OracleAlreadyAssigned", "0xa97938cb"),
    ("PublicKeysSharesLengthMismatch", "0x9ad467b8"),
    ("RootNotFound", "0x3033b0ff"),
    ("SameFeeChangeNotAllowed", "0xc81272f8"),
    ("SameOracleAddressNotAllowed", "0xd2850a75"),
    ("StakeTooLow", "0x1cc3b37b"),
    ("StaleBlockNumber", "0x305c3e93"),
    ("StaleUpdate", "0x666a2814"),
    ("TargetModuleDoesNotExist", "0x8f9195fb"),
    ("TargetModuleDoesNotExistWithData", "0x208bb85d"),
    ("TokenTransferFailed", "0x045c4b02"),
    ("UnsortedOperatorsList", "0xdd020e25"),
    ("UnstakeAmountExceedsBalance", "0x02a19f57"),
    ("UpdateTooFrequent", "0x53f7a6ee"),
    ("ValidatorAlreadyExists", "0x8d09a73e"),
    ("ValidatorAlreadyExistsWithData", "0x388e7999"),
    ("ValidatorAlreadyRegistered", "0x75106a26"),
    ("ValidatorDoesNotExist", "0xe51315d2"),
    ("ZeroAddress", "0xd92e233d"),
    ("ZeroAddressNotAllowed", "0x8579befe"),
    ("ZeroAmount", "0x1f2a2005"),
    ("ZeroCSSVSupply", "0xcc1b9e26"),
];
