//! Helpers: validators, operators and their shares by number, and an armer that remembers.

mod abi;
mod applying;
mod binding;
mod chain;
mod client_trouble;
mod following;
mod keeping;
mod reorganising;
mod replaying;
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use alloy_primitives::U256;
use contracts_abi::{Cluster, RegistryEvent};
use crypto::bls::SecretKey;
use crypto::owner_nonce;
use crypto::rsa::ShareError;
use store::{FileId, Generation};
use types::rules::NetworkRules;
use types::{Address, OperatorId, PublicKeyBytes};

use crate::ports::{ArmFailed, Armer, Arming, HistoryMark, ShareDecryptor, SharePlace, ShareToArm};
use crate::set::ExitRequest;

fn owner(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn operator_text(id: u64) -> String {
    format!("key of operator {id}")
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_be_bytes(&[number; 32]).unwrap()
}

/// The key of validator `number`.
fn key(number: u8) -> PublicKeyBytes {
    secret(number).public_key().to_bytes()
}

fn share_bytes(validator: u8, operator: u64) -> [u8; 32] {
    let mut bytes = [validator; 32];
    bytes[31] = u8::try_from(operator).unwrap();
    bytes
}

/// The share of validator `validator` that operator `operator` holds.
fn share_secret(validator: u8, operator: u64) -> SecretKey {
    SecretKey::from_be_bytes(&share_bytes(validator, operator)).unwrap()
}

fn place(validator: u8, operator: u64) -> SharePlace {
    SharePlace { validator: key(validator), share: share_secret(validator, operator).public_key().to_bytes() }
}

fn operator_added(id: u64) -> RegistryEvent {
    let public_key = operator_text(id).into_bytes();
    RegistryEvent::OperatorAdded { operator_id: id, owner: owner(0xee), public_key, fee: U256::ZERO }
}

/// `count` operators from 1 on.
fn operators(count: u64) -> Vec<RegistryEvent> {
    (1..=count).map(operator_added).collect()
}

/// A registration that is in order, for `owner` at `nonce`.
fn registration(owner: Address, nonce: u64, ids: &[u64], validator: u8) -> RegistryEvent {
    let mut shares = owner_nonce::sign(&secret(validator), &owner, nonce).0.to_vec();
    for id in ids {
        shares.extend(share_secret(validator, *id).public_key().to_bytes().0);
    }
    for id in ids {
        let mut ciphertext = [0; 256];
        ciphertext[..32].copy_from_slice(&share_bytes(validator, *id));
        ciphertext[32] = u8::try_from(*id).unwrap();
        shares.extend(ciphertext);
    }
    let public_key = key(validator).0.to_vec();
    RegistryEvent::ValidatorAdded {
        owner,
        operator_ids: ids.to_vec(),
        public_key,
        shares,
        cluster: Cluster::NEW,
    }
}

/// The same registration with other shares bytes.
fn with_shares(event: RegistryEvent, change: impl FnOnce(&mut Vec<u8>)) -> RegistryEvent {
    let RegistryEvent::ValidatorAdded { owner, operator_ids, public_key, mut shares, cluster } = event else {
        panic!("not a registration");
    };
    change(&mut shares);
    RegistryEvent::ValidatorAdded { owner, operator_ids, public_key, shares, cluster }
}

/// The same registration with a ciphertext that the operator at `position` of four cannot open.
fn with_bad_ciphertext(event: RegistryEvent, position: usize) -> RegistryEvent {
    with_shares(event, |shares| shares[96 + 4 * 48 + position * 256 + 32] = 0xff)
}

fn removal(owner: Address, ids: &[u64], validator: u8) -> RegistryEvent {
    let public_key = key(validator).0.to_vec();
    RegistryEvent::ValidatorRemoved { owner, operator_ids: ids.to_vec(), public_key, cluster: Cluster::NEW }
}

fn exit(owner: Address, ids: &[u64], validator: u8) -> RegistryEvent {
    let public_key = key(validator).0.to_vec();
    RegistryEvent::ValidatorExited { owner, operator_ids: ids.to_vec(), public_key }
}

fn redirection(owner: Address, recipient: u8) -> RegistryEvent {
    RegistryEvent::FeeRecipientAddressUpdated { owner, recipient: Address::repeat_byte(recipient) }
}

fn liquidation(owner: Address, ids: &[u64]) -> RegistryEvent {
    RegistryEvent::ClusterLiquidated { owner, operator_ids: ids.to_vec(), cluster: Cluster::NEW }
}

fn reactivation(owner: Address, ids: &[u64]) -> RegistryEvent {
    RegistryEvent::ClusterReactivated { owner, operator_ids: ids.to_vec(), cluster: Cluster::NEW }
}

const FOUR: [u64; 4] = [1, 2, 3, 4];

/// Opens what [`registration`] seals for one operator.
struct Opener(OperatorId);

impl ShareDecryptor for Opener {
    fn decrypt(&self, ciphertext: &[u8], registered: &PublicKeyBytes) -> Result<SecretKey, ShareError> {
        if u64::from(ciphertext[32]) != self.0.get() {
            return Err(ShareError::Decrypt);
        }
        let secret = SecretKey::from_be_bytes(ciphertext[..32].try_into().unwrap())
            .map_err(|_| ShareError::Plaintext)?;
        let found = secret.public_key().to_bytes();
        if found == *registered {
            Ok(secret)
        } else {
            Err(ShareError::PublicKey { found, registered: *registered })
        }
    }
}

/// What an armer was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Arm(Vec<SharePlace>, Arming),
    Disarm(Vec<SharePlace>),
    KeepExits(Vec<ExitRequest>),
}

/// Remembers what it was asked; fails while the switch is on.
struct Spy {
    asked: Mutex<Vec<Asked>>,
    failing: AtomicBool,
    mark: Mutex<HistoryMark>,
    /// Called at each arming, before it is answered.
    watch: Mutex<Option<Watch>>,
}

type Watch = Box<dyn Fn(&[SharePlace]) + Send>;

impl Spy {
    fn new() -> Arc<Self> {
        let mark = HistoryMark { id: FileId([1; 16]), generation: Generation(5) };
        Arc::new(Self {
            asked: Mutex::default(),
            failing: AtomicBool::new(false),
            mark: Mutex::new(mark),
            watch: Mutex::new(None),
        })
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    fn answer(&self, asked: Asked) -> Result<(), ArmFailed> {
        if self.failing.load(Ordering::SeqCst) {
            return Err("the signing history is stopped".into());
        }
        self.asked.lock().unwrap().push(asked);
        Ok(())
    }
}

impl Armer for Spy {
    fn arm(&self, shares: Vec<ShareToArm>, arming: Arming) -> Result<(), ArmFailed> {
        for share in &shares {
            assert_eq!(share.secret.public_key().to_bytes(), share.place.share);
        }
        let places: Vec<SharePlace> = shares.iter().map(|share| share.place).collect();
        if let Some(watch) = &*self.watch.lock().unwrap() {
            watch(&places);
        }
        self.answer(Asked::Arm(places, arming))
    }

    fn disarm(&self, places: &[SharePlace]) -> Result<(), ArmFailed> {
        self.answer(Asked::Disarm(places.to_vec()))
    }

    fn keep_exits(&self, requests: &[ExitRequest]) -> Result<(), ArmFailed> {
        self.answer(Asked::KeepExits(requests.to_vec()))
    }

    fn mark(&self) -> HistoryMark {
        *self.mark.lock().unwrap()
    }
}

/// The sample network with this contract, followed at this distance.
fn rules_with(contract: Address, follow_distance: u64) -> Arc<NetworkRules> {
    let sample = include_str!("../../../types/samples/local.toml");
    let mut rules = NetworkRules::from_toml(sample).unwrap();
    (rules.contract, rules.follow_distance) = (contract, follow_distance);
    Arc::new(rules)
}

fn contract() -> Address {
    Address::repeat_byte(0xc0)
}

fn rules() -> Arc<NetworkRules> {
    rules_with(contract(), 0)
}
