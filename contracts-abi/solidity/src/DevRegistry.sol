// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Clusters} from "./Clusters.sol";
import {Operators} from "./Operators.sol";
import {Validators} from "./Validators.sol";
import {Views} from "./Views.sol";

/// The SSV registry of a local network: to nodes, tools and automation the same as the real one as far
/// as calls, events, checks and errors go; without tokens, oracles, staking, owner or upgrades.
///
/// What follows here exists on development chains only. Anyone may call it.
contract DevRegistry is Operators, Validators, Clusters, Views {
    function updateMinimumLiquidationCollateral(uint256 amount) external {
        minimumCollateral = amount;
        emit MinimumLiquidationCollateralUpdated(amount);
    }

    function updateLiquidationThresholdPeriod(uint64 blocks) external {
        minimumBlocksBeforeLiquidation = blocks;
        emit LiquidationThresholdPeriodUpdated(blocks);
    }

    function updateNetworkFee(uint256 fee) external {
        networkFeeIndex = currentNetworkFeeIndex();
        networkFeeIndexBlock = uint64(block.number);
        emit NetworkFeeUpdated(networkFee, fee);
        networkFee = fee;
    }

    function setValidatorsPerOperatorLimit(uint32 limit) external {
        validatorsPerOperatorLimit = limit;
    }

    /// Turns the charging of fees on or off, from this block on. With it cluster tuples carry indices
    /// and shrinking balances, which catches clients that guess a tuple instead of reading the latest event.
    /// Turning it off forgets what has grown since the last settlement of each operator.
    function setAccounting(bool on) external {
        accounting = on;
        accountingSince = uint64(block.number);
    }

    /// Emits any log from this address, for the malformed events that the checks above would prevent
    /// and that a node must survive. Touches no state.
    function emitRaw(bytes32[] calldata topics, bytes calldata data) external {
        if (topics.length > 4) revert TooManyTopics();
        assembly ("memory-safe") {
            let start := mload(0x40)
            calldatacopy(start, data.offset, data.length)
            let t := topics.offset
            switch topics.length
            case 0 { log0(start, data.length) }
            case 1 { log1(start, data.length, calldataload(t)) }
            case 2 { log2(start, data.length, calldataload(t), calldataload(add(t, 32))) }
            case 3 { log3(start, data.length, calldataload(t), calldataload(add(t, 32)), calldataload(add(t, 64))) }
            case 4 {
                log4(
                    start, data.length,
                    calldataload(t), calldataload(add(t, 32)), calldataload(add(t, 64)), calldataload(add(t, 96))
                )
            }
        }
    }
}
