//! The main network as a load: about 700 committees of 1,300 operators with 110,000 validators, and the messages of some of its slots.
//!
//! Everything follows from a seed but the operators' keys and what they sign, which takes minutes once and is kept
//! ([`Corpus`]).

mod corpus;
mod gossip;
mod loaded;
mod mix;
mod shelf;

pub use corpus::{Corpus, Message};
pub use gossip::{Gossip, peer_id};
pub use loaded::Loaded;
pub use mix::{Kind, Payload, of_slot};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    ChainRules, CommitteeId, ForkVersion, NetworkRules, OperatorId, PublicKeyBytes, Root, Slot,
    ValidatorIndex,
};

/// Registered operators.
pub const OPERATORS: u64 = 1_300;
/// Committees.
pub const COMMITTEES: usize = 700;
/// Validators of all committees.
pub const VALIDATORS: u64 = 110_000;
/// Validators of the whole beacon chain, as the reference's score formulas have it.
pub const BEACON_VALIDATORS: u64 = 1_064_860;
/// Messages a second, all committees together, under Alan.
pub const MESSAGES_PER_SECOND: u32 = 1_783;
/// The first slot of the load: the first of an epoch.
pub const FIRST_SLOT: Slot = Slot(13_000_000);

/// One committee: four operators, the commonest size, and the one with the fewest signatures for each message.
#[derive(Debug)]
pub struct Committee {
    /// Its name.
    pub id: CommitteeId,
    /// Its operators, ascending.
    pub operators: Vec<OperatorId>,
    /// Its validators.
    pub validators: Vec<(ValidatorIndex, PublicKeyBytes)>,
}

/// Who runs what with whom, and the chain under it.
#[derive(Debug)]
pub struct MainNetwork {
    /// Network and chain.
    pub rules: ChainRules,
    /// All committees.
    pub committees: Vec<Committee>,
    /// Validators in the sync committee.
    pub sync_committee: BTreeSet<ValidatorIndex>,
}

impl MainNetwork {
    /// The same each time.
    ///
    /// # Errors
    /// When the built-in rules of the network are damaged.
    pub fn new() -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut committees: BTreeMap<CommitteeId, Committee> = BTreeMap::new();
        while committees.len() < COMMITTEES {
            let mut operators = BTreeSet::new();
            while operators.len() < 4 {
                operators.insert(OperatorId(1 + rng.next_u64() % OPERATORS));
            }
            let operators: Vec<_> = operators.into_iter().collect();
            let id = CommitteeId::of(&operators);
            committees.entry(id).or_insert(Committee { id, operators, validators: Vec::new() });
        }
        let mut committees: Vec<_> = committees.into_values().collect();
        for (index, committee) in (0..VALIDATORS).zip((0..COMMITTEES).cycle()) {
            let mut key = PublicKeyBytes([0; 48]);
            rng.fill_bytes(&mut key.0);
            if let Some(committee) = committees.get_mut(committee) {
                committee.validators.push((ValidatorIndex(index), key));
            }
        }
        let sync_committee = (0..VALIDATORS).filter(|_| rng.next_u64() % BEACON_VALIDATORS < 512);
        let sync_committee = sync_committee.map(ValidatorIndex).collect();
        Ok(Self { rules: rules()?, committees, sync_committee })
    }
}

fn rules() -> Result<ChainRules> {
    let mut config = BTreeMap::from([("PRESET_BASE".to_owned(), "mainnet".to_owned())]);
    for fork in ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"] {
        config.insert(format!("{fork}_FORK_VERSION"), "0x01000000".to_owned());
    }
    let genesis = BeaconGenesis {
        genesis_time: 1_606_824_023,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ForkVersion::default(),
    };
    let network = Arc::new(NetworkRules::builtin("mainnet")?);
    Ok(ChainRules::new(network, Arc::new(BeaconSpec::new(&config, genesis)?))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_has_its_size_and_is_the_same_each_time() {
        let network = MainNetwork::new().unwrap();
        assert_eq!(network.committees.len(), COMMITTEES);
        let validators: usize = network.committees.iter().map(|committee| committee.validators.len()).sum();
        assert_eq!(validators, 110_000);
        assert!((30..80).contains(&network.sync_committee.len()), "{}", network.sync_committee.len());
        let again = MainNetwork::new().unwrap();
        assert_eq!(network.committees[699].validators[3], again.committees[699].validators[3]);
    }
}
