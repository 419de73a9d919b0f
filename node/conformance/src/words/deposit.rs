//! `beacon.DepositDataSpecTest`: the signing root of a deposit message, the domain's arithmetic on an object that we never sign.

use anyhow::{Result, ensure};
use serde::Deserialize;
use tree_hash_derive::TreeHash;
use types::signing::{BeaconDomainType, compute_domain, signing_root};
use types::{ForkVersion, PublicKeyBytes, Root, TreeHash};

use crate::json::Hex;
use crate::suite::Vector;

/// The deposit of every test, in Gwei.
const AMOUNT: u64 = 32_000_000_000;

#[derive(TreeHash)]
struct DepositMessage {
    pubkey: PublicKeyBytes,
    withdrawal_credentials: Root,
    amount: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    #[serde(rename = "ValidatorPK")]
    validator: Hex,
    withdrawal_credentials: Hex,
    fork_version: Hex,
    domain: Hex,
    expected_signing_root: Hex,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let message = DepositMessage {
        pubkey: PublicKeyBytes::try_from(test.validator.0.as_slice())?,
        withdrawal_credentials: Root::try_from(test.withdrawal_credentials.0.as_slice())?,
        amount: AMOUNT,
    };
    ensure!(BeaconDomainType::Deposit.bytes()[..] == test.domain.0, "another domain type");
    let version = ForkVersion::try_from(test.fork_version.0.as_slice())?;
    let domain = compute_domain(BeaconDomainType::Deposit, version, Root::ZERO);
    let root = signing_root(message.tree_hash_root(), domain);
    ensure!(root.as_slice() == test.expected_signing_root.0, "another signing root: {root}");
    Ok(())
}
