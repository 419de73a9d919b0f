//! What validators wish of others: registrations with builders, the fee recipients of their blocks, and to leave.
//!
//! All of it goes to every node: fee recipients because any of them may build the block, the rest because it costs nothing. Nodes forget
//! preparations after about two epochs and expire registrations, so both are sent anew once an epoch, in batches of
//! [`ITEMS_PER_CALL`]. Source: ssv `operator/fee_recipient/controller.go`, `operator/duties/validator_registration.go`.

use crate::call::Call;
use crate::error::BeaconError;
use crate::http::Request;
use crate::nodes::{BeaconNodes, encode};
use crate::quoted::Quoted;
use serde::Serialize;
use types::beacon::{SignedValidatorRegistration, SignedVoluntaryExit};
use types::{Address, ValidatorIndex};

/// Registrations or preparations in one call, as in the reference node.
pub const ITEMS_PER_CALL: usize = 500;

#[derive(Serialize)]
struct PreparationJson {
    validator_index: Quoted,
    fee_recipient: Address,
}

impl BeaconNodes {
    /// Submits signed builder registrations to every node. No registrations, no call.
    ///
    /// # Errors
    /// See [`BeaconError`]: of the first batch that no node took whole; later batches are sent all the same.
    pub async fn register_validators(
        &self,
        registrations: &[SignedValidatorRegistration],
    ) -> Result<(), BeaconError> {
        let call = Call::RegisterValidators;
        self.submit_each(call, batches(call, "/eth/v1/validator/register_validator", registrations)?).await
    }

    /// Submits a signed voluntary exit to every node.
    ///
    /// # Errors
    /// See [`BeaconError`]; a validator that has left already, or is too young to, is refused with 400.
    pub async fn submit_exit(&self, exit: &SignedVoluntaryExit) -> Result<(), BeaconError> {
        let call = Call::SubmitExit;
        let request = Request::post("/eth/v1/beacon/pool/voluntary_exits".into(), encode(call, exit)?);
        self.submit(call, request).await.map(|_| ())
    }

    /// Tells every node who receives the fees of whose blocks: of all own validators, since a node that comes back later is told what
    /// was told last. No validators, no call.
    ///
    /// # Errors
    /// As [`Self::register_validators`].
    pub async fn prepare_proposers(
        &self,
        recipients: &[(ValidatorIndex, Address)],
    ) -> Result<(), BeaconError> {
        let items: Vec<PreparationJson> = recipients
            .iter()
            .map(|(index, address)| PreparationJson {
                validator_index: Quoted(index.0),
                fee_recipient: *address,
            })
            .collect();
        let call = Call::PrepareProposers;
        let batches = batches(call, "/eth/v1/validator/prepare_beacon_proposer", &items)?;
        self.care().remember(batches.clone());
        self.submit_each(call, batches).await
    }

    async fn submit_each(&self, call: Call, batches: Vec<Request>) -> Result<(), BeaconError> {
        let mut outcome = Ok(());
        for batch in batches {
            outcome = outcome.and(self.submit(call, batch).await.map(|_| ()));
        }
        outcome
    }
}

fn batches<T: Serialize>(call: Call, path: &str, items: &[T]) -> Result<Vec<Request>, BeaconError> {
    items.chunks(ITEMS_PER_CALL).map(|batch| Ok(Request::post(path.into(), encode(call, batch)?))).collect()
}
