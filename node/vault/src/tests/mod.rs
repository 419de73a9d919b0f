mod arming;
mod consensus;
mod exits;
mod interchange;
mod objects;
mod permits;
mod signing;
mod stopping;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crypto::bls::SecretKey;
use store::HistoryDb;
use types::beacon::AttestationData;
use types::rules::{BeaconGenesis, BeaconSpec, ChainRules, NetworkRules};
use types::{Checkpoint, CommitteeIndex, Epoch, PublicKeyBytes, Root, Slot};

use crate::{ArmShare, Arming, AttestationRequest, Floor, Signer, Vault};

/// The main network on a chain with this genesis validators root.
fn chain(root: u8) -> Arc<ChainRules> {
    let network = NetworkRules::builtin("mainnet").unwrap();
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut config = BTreeMap::from([text("PRESET_BASE", "mainnet"), text("SECONDS_PER_SLOT", "12")]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), (number * 1000).to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    config.insert("CONFIG_NAME".to_owned(), "mainnet".to_owned());
    let genesis = BeaconGenesis {
        genesis_time: 0,
        genesis_validators_root: Root::repeat_byte(root),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    Arc::new(ChainRules::new(Arc::new(network), Arc::new(beacon)).unwrap())
}

fn open(folder: &Path) -> Vault {
    Vault::open(HistoryDb::open(folder).unwrap(), chain(7)).unwrap()
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_be_bytes(&[number; 32]).unwrap()
}

/// Share `number` of validator `number`.
fn share(number: u8) -> ArmShare {
    let secret = secret(number);
    ArmShare { validator: PublicKeyBytes([number; 48]), share: secret.public_key().to_bytes(), secret }
}

fn signer(number: u8) -> Signer {
    share(number).signer()
}

fn floor(source: u64, target: u64) -> Floor {
    Floor { source: Epoch(source), target: Epoch(target), slot: Slot(target * 32) }
}

/// A vault with shares 1 to `count` armed at the floor (9, 10).
fn armed(folder: &Path, count: u8) -> Vault {
    let vault = open(folder);
    vault.arm((1..=count).map(share).collect(), floor(9, 10), Arming::Anew).unwrap();
    vault
}

fn data(source: u64, target: u64, block: u8) -> AttestationData {
    let root = Root::repeat_byte(block);
    AttestationData {
        slot: Slot(target * 32),
        index: CommitteeIndex(0),
        beacon_block_root: root,
        source: Checkpoint { epoch: Epoch(source), root },
        target: Checkpoint { epoch: Epoch(target), root },
    }
}

fn vote(number: u8, source: u64, target: u64, block: u8) -> AttestationRequest {
    AttestationRequest { signer: signer(number), data: data(source, target, block) }
}

const LATE: Slot = Slot(1_000_000);
