// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {State} from "./State.sol";
import {Cluster} from "./Words.sol";

/// What stakers call for their validators, in both generations: the payable calls of v2.0.0 and those
/// of v1.2.0 with an `amount`, which is credited as if it had been paid.
///
/// The contract never looks into `sharesData` and knows no owner nonce: wrong shares are accepted here
/// and refused by nodes.
abstract contract Validators is State {
    function registerValidator(
        bytes calldata publicKey,
        uint64[] calldata operatorIds,
        bytes calldata sharesData,
        Cluster memory cluster
    ) external payable {
        register(one(publicKey), operatorIds, one(sharesData), msg.value, cluster);
    }

    function registerValidator(
        bytes calldata publicKey,
        uint64[] calldata operatorIds,
        bytes calldata sharesData,
        uint256 amount,
        Cluster memory cluster
    ) external {
        register(one(publicKey), operatorIds, one(sharesData), amount, cluster);
    }

    function bulkRegisterValidator(
        bytes[] memory publicKeys,
        uint64[] calldata operatorIds,
        bytes[] memory sharesData,
        Cluster memory cluster
    ) external payable {
        checkBulk(publicKeys, sharesData);
        register(publicKeys, operatorIds, sharesData, msg.value, cluster);
    }

    function bulkRegisterValidator(
        bytes[] memory publicKeys,
        uint64[] calldata operatorIds,
        bytes[] memory sharesData,
        uint256 amount,
        Cluster memory cluster
    ) external {
        checkBulk(publicKeys, sharesData);
        register(publicKeys, operatorIds, sharesData, amount, cluster);
    }

    function checkBulk(bytes[] memory publicKeys, bytes[] memory sharesData) private pure {
        if (publicKeys.length == 0) revert EmptyPublicKeysList();
        if (publicKeys.length != sharesData.length) revert PublicKeysSharesLengthMismatch();
    }

    function register(
        bytes[] memory publicKeys,
        uint64[] memory ids,
        bytes[] memory sharesData,
        uint256 value,
        Cluster memory cluster
    ) private {
        if (ids.length < 4 || ids.length > 13 || ids.length % 3 != 1) revert InvalidOperatorIdsLength();
        recordValidators(publicKeys, operatorsHash(ids));
        bytes32 id = openCluster(ids, cluster);
        uint32 added = uint32(publicKeys.length);
        engage(ids, added);
        cluster.balance += value;
        settle(ids, cluster);
        cluster.validatorCount += added;
        if (liquidatable(ids, cluster)) revert InsufficientBalance();
        store(id, cluster);
        for (uint256 i; i < publicKeys.length; ++i) {
            emit ValidatorAdded(msg.sender, ids, publicKeys[i], sharesData[i], cluster);
        }
    }

    /// Records each key at once, so that a key that stands twice in one call fails too.
    function recordValidators(bytes[] memory publicKeys, bytes32 operatorSet) private {
        for (uint256 i; i < publicKeys.length; ++i) {
            if (publicKeys[i].length != 48) revert InvalidPublicKeyLength();
            bytes32 key = validatorKey(publicKeys[i], msg.sender);
            if (validatorPKs[key] != 0) revert ValidatorAlreadyExistsWithData(publicKeys[i]);
            validatorPKs[key] = operatorSet;
        }
    }

    /// The cluster is new and described as new, or known as described and active.
    function openCluster(uint64[] memory ids, Cluster memory c) private view returns (bytes32 id) {
        id = clusterId(msg.sender, ids);
        bytes32 stored = clusters[id];
        if (stored == 0) {
            bool fresh = c.validatorCount == 0 && c.networkFeeIndex == 0 && c.index == 0 && c.balance == 0 && c.active;
            if (!fresh) revert IncorrectClusterState();
            return id;
        }
        if (stored != clusterHash(c)) revert IncorrectClusterState();
        if (!c.active) revert ClusterIsLiquidated();
    }

    /// Every operator of the list exists, stands in order, admits the caller and has room.
    function engage(uint64[] memory ids, uint32 added) private {
        for (uint256 i; i < ids.length; ++i) {
            uint64 id = ids[i];
            if (i + 1 < ids.length) {
                if (id > ids[i + 1]) revert UnsortedOperatorsList();
                if (id == ids[i + 1]) revert OperatorsListNotUnique();
            }
            Operator storage operator = existing(id);
            if (operator.isPrivate && !isWhitelisted(msg.sender, id)) revert CallerNotWhitelistedWithData(id);
            if (uint256(operator.validatorCount) + added > validatorsLimit()) revert ExceedValidatorLimitWithData(id);
            operator.validatorCount += added;
        }
        networkValidatorsCount += added;
    }

    function removeValidator(bytes calldata publicKey, uint64[] calldata operatorIds, Cluster memory cluster) external {
        remove(one(publicKey), operatorIds, cluster);
    }

    function bulkRemoveValidator(
        bytes[] memory publicKeys,
        uint64[] calldata operatorIds,
        Cluster memory cluster
    ) external {
        if (publicKeys.length == 0) revert ValidatorDoesNotExist();
        remove(publicKeys, operatorIds, cluster);
    }

    function remove(bytes[] memory publicKeys, uint64[] memory ids, Cluster memory cluster) private {
        bytes32 id = knownCluster(msg.sender, ids, cluster);
        bytes32 operatorSet = operatorsHash(ids);
        for (uint256 i; i < publicKeys.length; ++i) delete validatorPKs[ownValidator(publicKeys[i], operatorSet)];
        uint32 removed = uint32(publicKeys.length);
        if (cluster.active) {
            settle(ids, cluster);
            takeFromOperators(ids, removed);
        }
        cluster.validatorCount -= removed;
        store(id, cluster);
        for (uint256 i; i < publicKeys.length; ++i) emit ValidatorRemoved(msg.sender, ids, publicKeys[i], cluster);
    }

    function exitValidator(bytes calldata publicKey, uint64[] calldata operatorIds) external {
        exit(one(publicKey), operatorIds);
    }

    function bulkExitValidator(bytes[] memory publicKeys, uint64[] calldata operatorIds) external {
        if (publicKeys.length == 0) revert ValidatorDoesNotExist();
        exit(publicKeys, operatorIds);
    }

    function exit(bytes[] memory publicKeys, uint64[] memory ids) private {
        bytes32 operatorSet = operatorsHash(ids);
        for (uint256 i; i < publicKeys.length; ++i) {
            ownValidator(publicKeys[i], operatorSet);
            emit ValidatorExited(msg.sender, ids, publicKeys[i]);
        }
    }

    function setFeeRecipientAddress(address feeRecipientAddress) external {
        emit FeeRecipientAddressUpdated(msg.sender, feeRecipientAddress);
    }

    function one(bytes calldata item) private pure returns (bytes[] memory list) {
        list = new bytes[](1);
        list[0] = item;
    }
}
