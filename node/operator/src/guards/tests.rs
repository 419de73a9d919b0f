//! Whose block and whose registration is strange.

use std::collections::BTreeMap;

use types::beacon::{BeaconFork, ValidatorRegistration};
use types::rules::{BeaconGenesis, BeaconSpec, NetworkRules};
use types::signing::{compute_domain, signing_root};
use types::{Address, CommitteeId, PresetName, PublicKeyBytes, TreeHash};

use super::*;

const KEY: PublicKeyBytes = PublicKeyBytes([7; 48]);

fn own(fee_recipient: Address) -> OwnValidator {
    let key = crypto::bls::SecretKey::from_be_bytes(&[1; 32]).unwrap().public_key().to_bytes();
    OwnValidator {
        public_key: KEY,
        owner: Address::repeat_byte(2),
        fee_recipient,
        committee: CommitteeId([3; 32]),
        share: PublicKeyBytes([4; 48]),
        keys: Arc::new(duty::ValidatorKeys::parse(&key, Vec::new()).unwrap()),
        liquidated: false,
    }
}

fn block(blinded: bool) -> AnyProposedBlock {
    const FULL: &[u8] = include_bytes!("../../../types/src/beacon/block/fixtures/capella.ssz");
    let full = AnyProposedBlock::of_ssz(PresetName::Mainnet, BeaconFork::Capella, false, FULL).unwrap();
    if blinded { full.to_blinded() } else { full }
}

#[test]
fn a_local_block_pays_the_owners_recipient_and_a_builders_the_builder() {
    let guards = Guards::default();
    assert!(!guards.note_block(&own(block(false).fee_recipient()), &block(false)));
    assert!(!guards.note_block(&own(Address::repeat_byte(9)), &block(true)));
    assert_eq!(guards.strange_blocks(), 0);
    assert!(guards.note_block(&own(Address::repeat_byte(9)), &block(false)));
    assert_eq!(guards.strange_blocks(), 1);
}

fn rules() -> ChainRules {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut config = BTreeMap::from([text("PRESET_BASE", "mainnet"), text("SECONDS_PER_SLOT", "12")]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), number.to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: 0,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000005".parse().unwrap(),
    };
    let network = NetworkRules::builtin("mainnet").unwrap();
    ChainRules::new(Arc::new(network), Arc::new(BeaconSpec::new(&config, genesis).unwrap())).unwrap()
}

/// The root of the registration that pays this address, in the place of `ours`.
fn root_paying(recipient: u8, ours: ValidatorRegistration) -> Root {
    let theirs = ValidatorRegistration { fee_recipient: Address::repeat_byte(recipient), ..ours };
    let domain =
        compute_domain(BeaconDomainType::ApplicationBuilder, "0x00000005".parse().unwrap(), Root::ZERO);
    signing_root(theirs.tree_hash_root(), domain)
}

fn registration() -> ValidatorRegistration {
    ValidatorRegistration {
        fee_recipient: Address::repeat_byte(1),
        gas_limit: 36_000_000,
        timestamp: 1_700_000_000,
        pubkey: KEY,
    }
}

fn paying(recipient: u8) -> Directory {
    let mut directory = Directory::default();
    directory.own.insert(KEY, Arc::new(own(Address::repeat_byte(recipient))));
    directory
}

/// Its execution client is behind.
#[test]
fn an_operator_that_still_registers_the_recipient_of_before_is_named() {
    let guards = Guards::default();
    for recipient in [8, 9, 1] {
        guards.recipients.notice(&paying(recipient));
    }
    let named = |number: u64, recipient| {
        let theirs = (OperatorId(number), root_paying(recipient, registration()));
        guards.note_registration(&rules(), &paying(1), Slot(500), theirs, &registration());
        guards.disagreements.all().into_iter().find(|one| one.operator == theirs.0).unwrap().difference
    };
    assert_eq!(named(3, 9).fee_recipient, Some(Address::repeat_byte(9)));
    assert_eq!(named(4, 8).fee_recipient, Some(Address::repeat_byte(8)));
    assert_eq!(named(2, 7).name(), "unknown");
}

/// The directory knows the owner, so an operator that has not read of the recipient is found out.
#[test]
fn an_operator_that_still_registers_the_owner_is_named() {
    let (guards, root) = (Guards::default(), root_paying(2, registration()));
    guards.note_registration(&rules(), &paying(1), Slot(500), (OperatorId(3), root), &registration());
    let [named] = guards.disagreements.all().try_into().unwrap();
    assert_eq!(
        (named.operator, named.slot, named.validator, named.count),
        (OperatorId(3), Slot(500), KEY, 1)
    );
    assert_eq!(named.difference.fee_recipient, Some(Address::repeat_byte(2)));
}
