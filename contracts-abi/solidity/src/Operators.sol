// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {State} from "./State.sol";

/// What operators call: registration, fees, privacy. Fee limits and waiting periods are not enforced.
abstract contract Operators is State {
    function registerOperator(bytes calldata publicKey, uint256 fee, bool setPrivate) external returns (uint64 id) {
        bytes32 key = keccak256(publicKey);
        if (operatorsPKs[key] != 0) revert OperatorAlreadyExists();
        id = ++lastOperatorId;
        operatorsPKs[key] = id;
        Operator storage operator = operators[id];
        operator.owner = msg.sender;
        operator.fee = fee;
        operator.isPrivate = setPrivate;
        operator.exists = true;
        operator.indexBlock = uint64(block.number);
        emit OperatorAdded(id, msg.sender, publicKey, fee);
        uint64[] memory ids = new uint64[](1);
        ids[0] = id;
        emit OperatorPrivacyStatusUpdated(ids, setPrivate);
    }

    function removeOperator(uint64 operatorId) external {
        Operator storage operator = owned(operatorId);
        settleOperator(operator);
        operator.exists = false;
        operator.validatorCount = 0;
        operator.fee = 0;
        delete declaredFees[operatorId];
        emit OperatorRemoved(operatorId);
    }

    function declareOperatorFee(uint64 operatorId, uint256 fee) external {
        owned(operatorId);
        declaredFees[operatorId] = DeclaredFee(true, fee);
        emit OperatorFeeDeclared(msg.sender, operatorId, block.number, fee);
    }

    function executeOperatorFee(uint64 operatorId) external {
        Operator storage operator = owned(operatorId);
        DeclaredFee memory declared = declaredFees[operatorId];
        if (!declared.open) revert NoFeeDeclared();
        changeFee(operatorId, operator, declared.fee);
    }

    function cancelDeclaredOperatorFee(uint64 operatorId) external {
        owned(operatorId);
        if (!declaredFees[operatorId].open) revert NoFeeDeclared();
        delete declaredFees[operatorId];
        emit OperatorFeeDeclarationCancelled(msg.sender, operatorId);
    }

    function reduceOperatorFee(uint64 operatorId, uint256 fee) external {
        Operator storage operator = owned(operatorId);
        if (fee >= operator.fee) revert FeeIncreaseNotAllowed();
        changeFee(operatorId, operator, fee);
    }

    function changeFee(uint64 operatorId, Operator storage operator, uint256 fee) private {
        settleOperator(operator);
        operator.fee = fee;
        delete declaredFees[operatorId];
        emit OperatorFeeExecuted(msg.sender, operatorId, block.number, fee);
    }

    // Operators earn nothing here, so there is never anything to withdraw.

    function withdrawOperatorEarnings(uint64 operatorId, uint256) external view {
        nothingToWithdraw(operatorId);
    }

    function withdrawAllOperatorEarnings(uint64 operatorId) external view {
        nothingToWithdraw(operatorId);
    }

    function withdrawOperatorEarningsSSV(uint64 operatorId, uint256) external view {
        nothingToWithdraw(operatorId);
    }

    function withdrawAllOperatorEarningsSSV(uint64 operatorId) external view {
        nothingToWithdraw(operatorId);
    }

    function withdrawAllVersionOperatorEarnings(uint64 operatorId) external view {
        nothingToWithdraw(operatorId);
    }

    function nothingToWithdraw(uint64 operatorId) private view {
        owned(operatorId);
        revert InsufficientBalance();
    }

    function setOperatorsPrivateUnchecked(uint64[] calldata operatorIds) external {
        setPrivacy(operatorIds, true);
    }

    function setOperatorsPublicUnchecked(uint64[] calldata operatorIds) external {
        setPrivacy(operatorIds, false);
    }

    function setPrivacy(uint64[] calldata operatorIds, bool toPrivate) private {
        if (operatorIds.length == 0) revert InvalidOperatorIdsLength();
        for (uint256 i; i < operatorIds.length; ++i) owned(operatorIds[i]).isPrivate = toPrivate;
        emit OperatorPrivacyStatusUpdated(operatorIds, toPrivate);
    }

    function setOperatorsWhitelists(uint64[] calldata operatorIds, address[] calldata whitelistAddresses) external {
        setWhitelists(operatorIds, whitelistAddresses, true);
        emit OperatorMultipleWhitelistUpdated(operatorIds, whitelistAddresses);
    }

    function removeOperatorsWhitelists(uint64[] calldata operatorIds, address[] calldata whitelistAddresses) external {
        setWhitelists(operatorIds, whitelistAddresses, false);
        emit OperatorMultipleWhitelistRemoved(operatorIds, whitelistAddresses);
    }

    function setWhitelists(uint64[] calldata operatorIds, address[] calldata addresses, bool admit) private {
        if (addresses.length == 0) revert InvalidWhitelistAddressesLength();
        if (operatorIds.length == 0) revert InvalidOperatorIdsLength();
        for (uint256 i; i < operatorIds.length; ++i) {
            owned(operatorIds[i]);
            if (i == 0) continue;
            if (operatorIds[i - 1] > operatorIds[i]) revert UnsortedOperatorsList();
            if (operatorIds[i - 1] == operatorIds[i]) revert OperatorsListNotUnique();
        }
        for (uint256 a; a < addresses.length; ++a) {
            if (addresses[a] == address(0)) revert ZeroAddressNotAllowed();
            for (uint256 i; i < operatorIds.length; ++i) {
                uint256 bit = uint256(1) << (operatorIds[i] & 0xff);
                if (admit) whitelist[addresses[a]][operatorIds[i] >> 8] |= bit;
                else whitelist[addresses[a]][operatorIds[i] >> 8] &= ~bit;
            }
        }
    }
}
