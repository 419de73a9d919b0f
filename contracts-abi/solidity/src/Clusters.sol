// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {State} from "./State.sol";
import {Cluster} from "./Words.sol";

/// What happens to a cluster as a whole: liquidation, reactivation, deposits, withdrawals, and the two
/// calls that are new in v2.0.0 and whose events a node ignores.
abstract contract Clusters is State {
    function liquidate(address owner, uint64[] calldata operatorIds, Cluster memory cluster) external {
        bytes32 id = knownCluster(owner, operatorIds, cluster);
        if (!cluster.active) revert ClusterIsLiquidated();
        settle(operatorIds, cluster);
        if (msg.sender != owner && !liquidatable(operatorIds, cluster)) revert ClusterNotLiquidatable();
        takeFromOperators(operatorIds, cluster.validatorCount);
        uint256 remainder = cluster.balance;
        cluster = Cluster(cluster.validatorCount, 0, 0, false, 0);
        store(id, cluster);
        emit ClusterLiquidated(owner, operatorIds, cluster);
        pay(msg.sender, remainder);
    }

    function reactivate(uint64[] calldata operatorIds, Cluster memory cluster) external payable {
        revive(operatorIds, msg.value, cluster);
    }

    function reactivate(uint64[] calldata operatorIds, uint256 amount, Cluster memory cluster) external {
        revive(operatorIds, amount, cluster);
    }

    function revive(uint64[] calldata ids, uint256 value, Cluster memory cluster) private {
        bytes32 id = knownCluster(msg.sender, ids, cluster);
        if (cluster.active) revert ClusterAlreadyEnabled();
        activate(ids, cluster, cluster.balance + value);
        if (liquidatable(ids, cluster)) revert InsufficientBalance();
        store(id, cluster);
        emit ClusterReactivated(msg.sender, ids, cluster);
    }

    /// Starts to charge an inactive cluster at this block.
    function activate(uint64[] memory ids, Cluster memory cluster, uint256 balance) private {
        cluster.balance = 0;
        cluster.active = true;
        settle(ids, cluster);
        cluster.balance = balance;
        addToOperators(ids, cluster.validatorCount);
    }

    function deposit(address clusterOwner, uint64[] calldata operatorIds, Cluster memory cluster) external payable {
        credit(clusterOwner, operatorIds, msg.value, cluster);
    }

    function deposit(address owner, uint64[] calldata operatorIds, uint256 amount, Cluster memory cluster) external {
        credit(owner, operatorIds, amount, cluster);
    }

    function credit(address owner, uint64[] calldata ids, uint256 value, Cluster memory cluster) private {
        bytes32 id = knownCluster(owner, ids, cluster);
        cluster.balance += value;
        store(id, cluster);
        emit ClusterDeposited(owner, ids, value, cluster);
    }

    function withdraw(uint64[] calldata operatorIds, uint256 amount, Cluster memory cluster) external {
        bytes32 id = knownCluster(msg.sender, operatorIds, cluster);
        if (cluster.active) settle(operatorIds, cluster);
        if (cluster.balance < amount) revert InsufficientBalance();
        cluster.balance -= amount;
        if (cluster.active && liquidatable(operatorIds, cluster)) revert InsufficientBalance();
        store(id, cluster);
        emit ClusterWithdrawn(msg.sender, operatorIds, amount, cluster);
        pay(msg.sender, amount);
    }

    /// Accepts any cluster of the caller; the balance becomes what is paid now.
    function migrateClusterToETH(uint64[] calldata operatorIds, Cluster memory cluster) external payable {
        bytes32 id = knownCluster(msg.sender, operatorIds, cluster);
        uint256 refunded = cluster.balance;
        bool wasActive = cluster.active;
        if (wasActive) {
            settle(operatorIds, cluster);
            cluster.balance = msg.value;
        } else {
            activate(operatorIds, cluster, msg.value);
        }
        store(id, cluster);
        emit ClusterMigratedToETH(
            msg.sender, operatorIds, msg.value, refunded, 32 * cluster.validatorCount, cluster
        );
        if (!wasActive) emit ClusterReactivated(msg.sender, operatorIds, cluster);
    }

    /// Emits the event of the real call; there are no oracles here, so the proof is not looked at.
    function updateClusterBalance(
        uint64 blockNum,
        address clusterOwner,
        uint64[] calldata operatorIds,
        Cluster memory cluster,
        uint32 effectiveBalance,
        bytes32[] calldata
    ) external {
        knownCluster(clusterOwner, operatorIds, cluster);
        emit ClusterBalanceUpdated(clusterOwner, operatorIds, blockNum, effectiveBalance, cluster);
    }
}
