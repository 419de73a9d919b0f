//! What the beacon chain knows about a validator, and in which duties that lets it take part.

use crate::call::Call;
use crate::error::BeaconError;
use crate::http::Request;
use crate::nodes::{BeaconNodes, encode};
use crate::quoted::Quoted;
use crate::state::{Data, read_json};
use serde::Deserialize;
use types::{Epoch, PublicKeyBytes, ValidatorIndex};

/// Keys in one question about validators; 512 as in the reference node.
const VALIDATORS_PER_CALL: usize = 512;

/// Status of a validator (beacon-APIs `ValidatorStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValidatorStatus {
    /// Deposited, not yet eligible.
    PendingInitialized,
    /// Waiting for activation.
    PendingQueued,
    /// Working.
    ActiveOngoing,
    /// Working until its exit epoch.
    ActiveExiting,
    /// Slashed and on its way out.
    ActiveSlashed,
    /// Out.
    ExitedUnslashed,
    /// Out, after a slashing.
    ExitedSlashed,
    /// Out long enough to be withdrawn.
    WithdrawalPossible,
    /// Withdrawn.
    WithdrawalDone,
    /// A word this node does not know: takes part in nothing.
    Unrecognised,
}

impl ValidatorStatus {
    fn read(text: &str) -> Self {
        match text {
            "pending_initialized" => Self::PendingInitialized,
            "pending_queued" => Self::PendingQueued,
            "active_ongoing" => Self::ActiveOngoing,
            "active_exiting" => Self::ActiveExiting,
            "active_slashed" => Self::ActiveSlashed,
            "exited_unslashed" => Self::ExitedUnslashed,
            "exited_slashed" => Self::ExitedSlashed,
            "withdrawal_possible" => Self::WithdrawalPossible,
            "withdrawal_done" => Self::WithdrawalDone,
            _ => Self::Unrecognised,
        }
    }
}

/// One validator at the head state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validator {
    /// Its key.
    pub public_key: PublicKeyBytes,
    /// Its index, fixed for life.
    pub index: ValidatorIndex,
    /// Its status.
    pub status: ValidatorStatus,
    /// First epoch of its work; the far future when not scheduled.
    pub activation_epoch: Epoch,
    /// First epoch without work; the far future when not scheduled.
    pub exit_epoch: Epoch,
}

impl Validator {
    /// Whether it attests in `epoch` (`ssv protocol/v2/types/ssvshare.go`, `IsAttesting`).
    #[must_use]
    pub fn attests_in(&self, epoch: Epoch) -> bool {
        match self.status {
            ValidatorStatus::ActiveOngoing | ValidatorStatus::ActiveExiting => true,
            ValidatorStatus::PendingQueued => self.activation_epoch <= epoch,
            ValidatorStatus::PendingInitialized
            | ValidatorStatus::ActiveSlashed
            | ValidatorStatus::ExitedUnslashed
            | ValidatorStatus::ExitedSlashed
            | ValidatorStatus::WithdrawalPossible
            | ValidatorStatus::WithdrawalDone
            | ValidatorStatus::Unrecognised => false,
        }
    }

    /// Whether it may still sit in a sync committee in `epoch`: it attests, or it left no longer ago than in the previous sync
    /// committee period of `epochs_per_period` epochs (`ssv protocol/v2/types/ssvshare.go`, `IsParticipating`).
    #[must_use]
    pub fn syncs_in(&self, epoch: Epoch, epochs_per_period: u64) -> bool {
        let left = match self.status {
            ValidatorStatus::ExitedUnslashed
            | ValidatorStatus::ExitedSlashed
            | ValidatorStatus::WithdrawalPossible
            | ValidatorStatus::ActiveSlashed => true,
            ValidatorStatus::PendingInitialized
            | ValidatorStatus::PendingQueued
            | ValidatorStatus::ActiveOngoing
            | ValidatorStatus::ActiveExiting
            | ValidatorStatus::WithdrawalDone
            | ValidatorStatus::Unrecognised => false,
        };
        let period = |epoch: Epoch| epoch.0.checked_div(epochs_per_period).unwrap_or(0);
        let recently = epoch >= self.exit_epoch && period(epoch).saturating_sub(period(self.exit_epoch)) <= 1;
        self.attests_in(epoch) || (left && recently)
    }
}

impl BeaconNodes {
    /// What is known of these keys at the head; a key the chain does not know is missing in the answer. Asked in batches of
    /// 512; the order of the answer is the nodes'.
    ///
    /// # Errors
    /// See [`BeaconError`]; a batch that fails fails the call.
    pub async fn validators(&self, keys: &[PublicKeyBytes]) -> Result<Vec<Validator>, BeaconError> {
        let mut found = Vec::with_capacity(keys.len());
        for batch in keys.chunks(VALIDATORS_PER_CALL) {
            let body = encode(Call::Validators, &serde_json::json!({ "ids": batch }))?;
            let request = Request::post("/eth/v1/beacon/states/head/validators".into(), body);
            let answer = self.read(Call::Validators, request, |reply| {
                read_json::<Data<Vec<ValidatorJson>>>(reply).map(|answer| answer.data)
            });
            found.extend(answer.await?.into_iter().map(Validator::from));
        }
        Ok(found)
    }
}

/// `data` of the answer.
#[derive(Deserialize)]
struct ValidatorJson {
    index: Quoted,
    status: String,
    validator: ValidatorInnerJson,
}

#[derive(Deserialize)]
struct ValidatorInnerJson {
    pubkey: PublicKeyBytes,
    activation_epoch: Quoted,
    exit_epoch: Quoted,
}

impl From<ValidatorJson> for Validator {
    fn from(json: ValidatorJson) -> Self {
        Self {
            public_key: json.validator.pubkey,
            index: ValidatorIndex(json.index.0),
            status: ValidatorStatus::read(&json.status),
            activation_epoch: Epoch(json.validator.activation_epoch.0),
            exit_epoch: Epoch(json.validator.exit_epoch.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator(status: ValidatorStatus, activation: u64, exit: u64) -> Validator {
        Validator {
            public_key: PublicKeyBytes([0; 48]),
            index: ValidatorIndex(1),
            status,
            activation_epoch: Epoch(activation),
            exit_epoch: Epoch(exit),
        }
    }

    #[test]
    fn a_queued_validator_attests_from_its_activation_epoch() {
        let queued = validator(ValidatorStatus::PendingQueued, 10, u64::MAX);
        assert!(!queued.attests_in(Epoch(9)));
        assert!(queued.attests_in(Epoch(10)));
    }

    #[test]
    fn a_slashed_validator_attests_no_more_and_syncs_only_after_its_exit_epoch() {
        let slashed = validator(ValidatorStatus::ActiveSlashed, 0, 20);
        assert!(!slashed.attests_in(Epoch(5)));
        assert!(!slashed.syncs_in(Epoch(19), 8));
        assert!(slashed.syncs_in(Epoch(20), 8));
    }

    #[test]
    fn an_exited_validator_syncs_until_the_end_of_the_next_period() {
        let exited = validator(ValidatorStatus::ExitedUnslashed, 0, 20);
        assert!(exited.syncs_in(Epoch(31), 8), "exit in period 2, epoch 31 is in period 3");
        assert!(!exited.syncs_in(Epoch(32), 8));
        let withdrawn = validator(ValidatorStatus::WithdrawalDone, 0, 20);
        assert!(!withdrawn.syncs_in(Epoch(21), 8));
    }

    #[test]
    fn a_word_of_the_future_takes_part_in_nothing() {
        assert_eq!(ValidatorStatus::read("active_resting"), ValidatorStatus::Unrecognised);
        assert!(!validator(ValidatorStatus::Unrecognised, 0, u64::MAX).syncs_in(Epoch(1), 8));
    }
}
