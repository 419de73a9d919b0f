// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Cluster, Errors, Events} from "./Words.sol";

/// What the registry remembers, and the questions that several calls ask of it.
///
/// Every default is the zero value: the runtime code works as well when it is placed in a genesis
/// allocation, where no constructor runs.
abstract contract State is Errors, Events {
    /// `fee` is per block and validator. `index` is the sum of the fees (in packed units) up to block
    /// `indexBlock`; it moves in accounting mode only. A removed operator keeps its owner and its index.
    struct Operator {
        address owner;
        uint32 validatorCount;
        bool isPrivate;
        bool exists;
        uint64 index;
        uint64 indexBlock;
        uint256 fee;
    }

    struct DeclaredFee {
        bool open;
        uint256 fee;
    }

    /// Fees are counted in units of this many base units, as the real registry packs them.
    uint256 internal constant PACKING = 10_000_000;
    uint32 internal constant DEFAULT_VALIDATORS_PER_OPERATOR = 3000;

    uint64 internal lastOperatorId;
    mapping(uint64 => Operator) internal operators;
    mapping(uint64 => DeclaredFee) internal declaredFees;
    /// keccak256(publicKey argument) => id; never cleared, so a key registers once and for all.
    mapping(bytes32 => uint64) internal operatorsPKs;
    /// keccak256(publicKey || owner) => keccak256(ids as words) with the lowest bit set.
    mapping(bytes32 => bytes32) internal validatorPKs;
    /// keccak256(owner || ids as words) => hash of the cluster's state.
    mapping(bytes32 => bytes32) internal clusters;
    /// Admitted address => word (id >> 8) => bitmap (1 << (id & 0xff)).
    mapping(address => mapping(uint256 => uint256)) internal whitelist;

    uint256 internal minimumCollateral;
    uint64 internal minimumBlocksBeforeLiquidation;
    uint32 internal validatorsPerOperatorLimit;
    uint32 internal networkValidatorsCount;

    bool internal accounting;
    uint64 internal accountingSince;
    uint64 internal networkFeeIndex;
    uint64 internal networkFeeIndexBlock;
    uint256 internal networkFee;

    // ---- operators -------------------------------------------------------------------------------

    function existing(uint64 id) internal view returns (Operator storage operator) {
        operator = operators[id];
        if (!operator.exists) revert OperatorDoesNotExist();
    }

    function owned(uint64 id) internal view returns (Operator storage operator) {
        operator = existing(id);
        if (operator.owner != msg.sender) revert CallerNotOwnerWithData(msg.sender, operator.owner);
    }

    function isWhitelisted(address who, uint64 id) internal view returns (bool) {
        return whitelist[who][id >> 8] & (uint256(1) << (id & 0xff)) != 0;
    }

    function validatorsLimit() internal view returns (uint32) {
        return validatorsPerOperatorLimit == 0 ? DEFAULT_VALIDATORS_PER_OPERATOR : validatorsPerOperatorLimit;
    }

    /// Counts `added` validators on every operator of the list that still exists.
    function addToOperators(uint64[] memory ids, uint32 added) internal {
        for (uint256 i; i < ids.length; ++i) {
            Operator storage operator = operators[ids[i]];
            if (!operator.exists) continue;
            if (uint256(operator.validatorCount) + added > validatorsLimit()) revert ExceedValidatorLimitWithData(ids[i]);
            operator.validatorCount += added;
        }
        networkValidatorsCount += added;
    }

    function takeFromOperators(uint64[] memory ids, uint32 taken) internal {
        for (uint256 i; i < ids.length; ++i) {
            Operator storage operator = operators[ids[i]];
            if (operator.exists) operator.validatorCount -= taken;
        }
        networkValidatorsCount -= taken;
    }

    // ---- clusters and validators -----------------------------------------------------------------

    function clusterId(address owner, uint64[] memory ids) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(owner, ids));
    }

    function clusterHash(Cluster memory c) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(c.validatorCount, c.networkFeeIndex, c.index, c.balance, c.active));
    }

    /// The id of a cluster that exists and whose state the caller knows.
    function knownCluster(address owner, uint64[] memory ids, Cluster memory c) internal view returns (bytes32 id) {
        id = clusterId(owner, ids);
        bytes32 stored = clusters[id];
        if (stored == 0) revert ClusterDoesNotExist();
        if (stored != clusterHash(c)) revert IncorrectClusterState();
    }

    function store(bytes32 id, Cluster memory c) internal {
        clusters[id] = clusterHash(c);
    }

    function validatorKey(bytes memory publicKey, address owner) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(publicKey, owner));
    }

    function operatorsHash(uint64[] memory ids) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(ids)) | bytes32(uint256(1));
    }

    /// The record of a validator that the caller registered with exactly these operators.
    function ownValidator(bytes memory publicKey, bytes32 operatorSet) internal view returns (bytes32 key) {
        key = validatorKey(publicKey, msg.sender);
        if (validatorPKs[key] != operatorSet) revert IncorrectValidatorStateWithData(publicKey);
    }

    // ---- accounting (development switch; all of it is nothing while the switch is off) -----------

    function operatorIndex(Operator storage operator) internal view returns (uint64) {
        if (!accounting || !operator.exists) return operator.index;
        return operator.index + grown(operator.indexBlock, operator.fee);
    }

    function currentNetworkFeeIndex() internal view returns (uint64) {
        if (!accounting) return networkFeeIndex;
        return networkFeeIndex + grown(networkFeeIndexBlock, networkFee);
    }

    function grown(uint64 since, uint256 fee) private view returns (uint64) {
        uint64 from = since > accountingSince ? since : accountingSince;
        return uint64((block.number - from) * (fee / PACKING));
    }

    /// Brings an operator's index up to this block, before its fee changes.
    function settleOperator(Operator storage operator) internal {
        operator.index = operatorIndex(operator);
        operator.indexBlock = uint64(block.number);
    }

    /// Charges a cluster up to this block. Without accounting its tuple keeps what it carries.
    function settle(uint64[] memory ids, Cluster memory c) internal view {
        if (!accounting) return;
        uint64 index;
        for (uint256 i; i < ids.length; ++i) index += operatorIndex(operators[ids[i]]);
        uint64 feeIndex = currentNetworkFeeIndex();
        uint256 usage = (uint256(index - c.index) + (feeIndex - c.networkFeeIndex)) * c.validatorCount * PACKING;
        c.balance = usage < c.balance ? c.balance - usage : 0;
        c.index = index;
        c.networkFeeIndex = feeIndex;
    }

    /// Packed fees of the existing operators per block and validator; 0 without accounting.
    function burnRate(uint64[] memory ids) internal view returns (uint256 rate) {
        if (!accounting) return 0;
        for (uint256 i; i < ids.length; ++i) {
            if (operators[ids[i]].exists) rate += operators[ids[i]].fee / PACKING;
        }
    }

    /// Of a settled cluster: is it below the collateral, or below what the next blocks will cost?
    function liquidatable(uint64[] memory ids, Cluster memory c) internal view returns (bool) {
        if (c.validatorCount == 0) return false;
        if (c.balance < minimumCollateral) return true;
        if (!accounting) return false;
        uint256 perBlock = (burnRate(ids) + networkFee / PACKING) * c.validatorCount * PACKING;
        return c.balance < minimumBlocksBeforeLiquidation * perBlock;
    }

    /// Pays out of the one pot: amounts of the token generation are not backed by ether, so a payout
    /// is never more than what is there. The caller has written all state before.
    function pay(address to, uint256 amount) internal {
        uint256 backed = amount < address(this).balance ? amount : address(this).balance;
        if (backed == 0) return;
        (bool ok, ) = to.call{value: backed}("");
        if (!ok) revert ETHTransferFailed();
    }
}
