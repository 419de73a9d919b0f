// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {State} from "./State.sol";
import {Cluster} from "./Words.sol";

/// What anyone may ask. Cluster views revert on a wrong tuple, as the calls do.
abstract contract Views is State {
    function getVersion() external pure returns (string memory) {
        return "v2.0.0-dev";
    }

    function getValidator(address owner, bytes calldata publicKey) external view returns (bool) {
        return validatorPKs[validatorKey(publicKey, owner)] != 0;
    }

    /// The fourth word, the whitelisting address, is always zero here: the bitmap is the only whitelist.
    function getOperatorById(
        uint64 operatorId
    ) external view returns (address, uint256, uint32, address, bool, bool) {
        Operator storage o = operators[operatorId];
        return (o.owner, o.fee, o.validatorCount, address(0), o.isPrivate, o.exists);
    }

    function getOperatorFee(uint64 operatorId) external view returns (uint256) {
        return operators[operatorId].fee;
    }

    function getOperatorEarnings(uint64) external pure returns (uint256) {
        return 0;
    }

    function getWhitelistedOperators(
        uint64[] calldata operatorIds,
        address whitelistedAddress
    ) external view returns (uint64[] memory found) {
        uint64[] memory admitted = new uint64[](operatorIds.length);
        uint256 count;
        for (uint256 i; i < operatorIds.length; ++i) {
            if (isWhitelisted(whitelistedAddress, operatorIds[i])) admitted[count++] = operatorIds[i];
        }
        found = new uint64[](count);
        for (uint256 i; i < count; ++i) found[i] = admitted[i];
    }

    function isWhitelistingContract(address) external pure returns (bool) {
        return false;
    }

    function getBalance(
        address owner,
        uint64[] calldata operatorIds,
        Cluster memory cluster
    ) external view returns (uint256) {
        knownCluster(owner, operatorIds, cluster);
        if (!cluster.active) revert ClusterIsLiquidated();
        settle(operatorIds, cluster);
        return cluster.balance;
    }

    function getBurnRate(
        address owner,
        uint64[] calldata operatorIds,
        Cluster memory cluster
    ) external view returns (uint256) {
        knownCluster(owner, operatorIds, cluster);
        if (!accounting) return 0;
        return (burnRate(operatorIds) + networkFee / PACKING) * cluster.validatorCount * PACKING;
    }

    function isLiquidatable(
        address owner,
        uint64[] calldata operatorIds,
        Cluster memory cluster
    ) external view returns (bool) {
        knownCluster(owner, operatorIds, cluster);
        if (!cluster.active) return false;
        settle(operatorIds, cluster);
        return liquidatable(operatorIds, cluster);
    }

    function isLiquidated(
        address owner,
        uint64[] calldata operatorIds,
        Cluster memory cluster
    ) external view returns (bool) {
        knownCluster(owner, operatorIds, cluster);
        return !cluster.active;
    }

    function getNetworkFee() external view returns (uint256) {
        return networkFee;
    }

    function getNetworkEarnings() external pure returns (uint256) {
        return 0;
    }

    function getValidatorsPerOperatorLimit() external view returns (uint32) {
        return validatorsLimit();
    }

    function getMinimumLiquidationCollateral() external view returns (uint256) {
        return minimumCollateral;
    }

    function getLiquidationThresholdPeriod() external view returns (uint64) {
        return minimumBlocksBeforeLiquidation;
    }

    /// The same word for readers of either generation, which expect uint64 or uint256.
    function getMaximumOperatorFee() external pure returns (uint256) {
        return type(uint64).max;
    }

    function getNetworkValidatorsCount() external view returns (uint32) {
        return networkValidatorsCount;
    }
}
