//! The events of the registry, in our own words.

use alloy_primitives::{Address, U256};

use crate::cluster::Cluster;

/// What the registry told. The first eight are what a node acts upon; the next four it ignores, but a tool reads the
/// cluster's state from them.
///
/// Fields are as the log has them: lengths, order and uniqueness are not checked, because the rules for that belong
/// to whoever applies the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryEvent {
    /// A new operator.
    OperatorAdded {
        /// Given out by the contract, from 1, never again.
        operator_id: u64,
        /// The account that registered it.
        owner: Address,
        /// The text of the public key, unwrapped; any bytes.
        public_key: Vec<u8>,
        /// Per block and validator.
        fee: U256,
    },
    /// An operator is gone for good.
    OperatorRemoved {
        /// Which one.
        operator_id: u64,
    },
    /// A validator was assigned to operators; one event each, also in bulk calls.
    ValidatorAdded {
        /// The account that registered it.
        owner: Address,
        /// The committee, in the order of the shares.
        operator_ids: Vec<u64>,
        /// The validator's key.
        public_key: Vec<u8>,
        /// Owner-nonce signature, share public keys and encrypted shares.
        shares: Vec<u8>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// A validator was taken from its operators.
    ValidatorRemoved {
        /// The account that registered it.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// The validator's key.
        public_key: Vec<u8>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// The owner asks for a voluntary exit.
    ValidatorExited {
        /// The account that registered it.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// The validator's key.
        public_key: Vec<u8>,
    },
    /// The operators stop working for a cluster.
    ClusterLiquidated {
        /// The cluster's owner.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// The operators work for a cluster again.
    ClusterReactivated {
        /// The cluster's owner.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// Where the rewards of all of an owner's validators go.
    FeeRecipientAddressUpdated {
        /// Whose validators.
        owner: Address,
        /// The new recipient.
        recipient: Address,
    },
    /// Someone paid into a cluster.
    ClusterDeposited {
        /// The cluster's owner, not the payer.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// The owner took out of a cluster.
    ClusterWithdrawn {
        /// The cluster's owner.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// A cluster pays in ether from now on (v2.0.0).
    ClusterMigratedToEth {
        /// The cluster's owner.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// The effective balance of a cluster was set (v2.0.0).
    ClusterBalanceUpdated {
        /// The cluster's owner.
        owner: Address,
        /// The committee.
        operator_ids: Vec<u64>,
        /// State of the cluster afterwards.
        cluster: Cluster,
    },
    /// Another event of the contract: fees, whitelists, administration. Not looked into.
    Ignored {
        /// Its name.
        name: &'static str,
    },
}

impl RegistryEvent {
    /// The state of a cluster that the event reports: owner, operator ids in registered order, tuple.
    #[must_use]
    pub fn cluster(&self) -> Option<(Address, &[u64], Cluster)> {
        match self {
            Self::ValidatorAdded { owner, operator_ids, cluster, .. }
            | Self::ValidatorRemoved { owner, operator_ids, cluster, .. }
            | Self::ClusterLiquidated { owner, operator_ids, cluster }
            | Self::ClusterReactivated { owner, operator_ids, cluster }
            | Self::ClusterDeposited { owner, operator_ids, cluster }
            | Self::ClusterWithdrawn { owner, operator_ids, cluster }
            | Self::ClusterMigratedToEth { owner, operator_ids, cluster }
            | Self::ClusterBalanceUpdated { owner, operator_ids, cluster } => {
                Some((*owner, operator_ids, *cluster))
            }
            Self::OperatorAdded { .. }
            | Self::OperatorRemoved { .. }
            | Self::ValidatorExited { .. }
            | Self::FeeRecipientAddressUpdated { .. }
            | Self::Ignored { .. } => None,
        }
    }
}
