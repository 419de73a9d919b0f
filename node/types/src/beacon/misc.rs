//! Signed objects that need no consensus among operators.

use super::container;
use crate::ids::{Address, Epoch, PublicKeyBytes, ValidatorIndex};

container! {
    /// A validator's wish to leave.
    #[derive(Copy)]
    pub struct VoluntaryExit {
        /// Not before this epoch.
        #[serde(with = "serde_utils::quoted_u64")]
        pub epoch: Epoch,
        /// The validator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub validator_index: ValidatorIndex,
    }
}

container! {
    /// A validator's wishes to block builders.
    #[derive(Copy)]
    pub struct ValidatorRegistration {
        /// Who receives the fees.
        pub fee_recipient: Address,
        /// The preferred gas limit.
        #[serde(with = "serde_utils::quoted_u64")]
        pub gas_limit: u64,
        /// Unix seconds.
        #[serde(with = "serde_utils::quoted_u64")]
        pub timestamp: u64,
        /// The validator.
        pub pubkey: PublicKeyBytes,
    }
}
