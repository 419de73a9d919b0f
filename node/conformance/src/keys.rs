//! The keys of the published tests: four committees, the operators of each numbered from 1.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use crypto::bls::SecretKey;
use crypto::rsa::OperatorPrivateKey;
use serde::Deserialize;
use types::{
    CommitteeId, CommitteeMember, DomainType, List, Operator, OperatorId, OperatorKeyPem, PublicKeyBytes,
    ValidatorIndex,
};

use crate::json::Hex;
use crate::source::Files;

/// The local operator of every vector.
pub const LOCAL: OperatorId = OperatorId(1);

/// The domain of every vector.
const DOMAIN: DomainType = DomainType([0, 0, 3, 1]);

/// The keys that the vectors need.
pub struct TestKeys {
    operators: BTreeMap<usize, BTreeMap<OperatorId, OperatorPrivateKey>>,
    shares: BTreeMap<PublicKeyBytes, SecretKey>,
    /// The public keys of the shares in the committee of most tests.
    pub share_keys: BTreeMap<OperatorId, PublicKeyBytes>,
    /// Whether the file beside the vectors is there.
    pub has_validator_shares: bool,
    /// The validator of most tests.
    pub validator: PublicKeyBytes,
    /// The validators of tests with several; one of them has the index of the other.
    pub validators: BTreeMap<ValidatorIndex, PublicKeyBytes>,
}

/// The committee of most tests.
const DEFAULT_COMMITTEE: usize = 4;

/// Where the shares of the validators lie that the vectors name without their keys: beside the folder of the vectors.
pub const SHARE_KEYS: &str = "../protocol/testing_share_keys.json";

#[derive(Deserialize)]
struct WithKeys {
    #[serde(rename = "PrivateKeys")]
    keys: Option<KeySet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeySet {
    #[serde(rename = "ValidatorPK")]
    validator: Hex,
    share_count: usize,
    shares: BTreeMap<OperatorId, Hex>,
    operator_keys: BTreeMap<OperatorId, Hex>,
}

#[derive(Deserialize)]
struct ShareKeys {
    validators: BTreeMap<String, ValidatorShares>,
}

#[derive(Deserialize)]
struct ValidatorShares {
    validator_pk: Hex,
    shares: BTreeMap<OperatorId, Hex>,
}

impl TestKeys {
    /// Takes each set from the first file below `folder` that carries it, and the other shares from beside the vectors.
    ///
    /// # Errors
    /// A file is not JSON, or a key is not one.
    pub fn load(root: &Path, files: &Files, folder: &str) -> Result<Self> {
        let mut keys = Self {
            operators: BTreeMap::new(),
            shares: BTreeMap::new(),
            share_keys: BTreeMap::new(),
            has_validator_shares: false,
            validator: PublicKeyBytes::default(),
            validators: BTreeMap::new(),
        };
        for (path, bytes) in files.below(folder) {
            let file: WithKeys = serde_json::from_slice(bytes).with_context(|| path.to_owned())?;
            if let Some(set) = file.keys.filter(|set| !keys.operators.contains_key(&set.share_count)) {
                keys.add(&set)?;
            }
        }
        if let Ok(bytes) = fs::read(root.join(SHARE_KEYS)) {
            keys.has_validator_shares = true;
            let file: ShareKeys = serde_json::from_slice(&bytes).context(SHARE_KEYS)?;
            for (index, validator) in &file.validators {
                keys.add_share(&validator.shares)?;
                let key = PublicKeyBytes::try_from(validator.validator_pk.0.as_slice())?;
                keys.validators.insert(ValidatorIndex(index.parse()?), key);
            }
        }
        Ok(keys)
    }

    fn add(&mut self, set: &KeySet) -> Result<()> {
        self.validator = PublicKeyBytes::try_from(set.validator.0.as_slice())?;
        self.add_share(&set.shares)?;
        if set.share_count == DEFAULT_COMMITTEE {
            let public = |(id, share): (&OperatorId, &Hex)| Ok((*id, secret(share)?.public_key().to_bytes()));
            self.share_keys = set.shares.iter().map(public).collect::<Result<_>>()?;
        }
        let key = |(id, Hex(pem)): (&OperatorId, &Hex)| -> Result<_> {
            Ok((*id, OperatorPrivateKey::from_pem(std::str::from_utf8(pem)?)?))
        };
        let operators = set.operator_keys.iter().map(key).collect::<Result<_>>()?;
        self.operators.insert(set.share_count, operators);
        Ok(())
    }

    /// Keeps the local operator's share.
    fn add_share(&mut self, shares: &BTreeMap<OperatorId, Hex>) -> Result<()> {
        let share = secret(shares.get(&LOCAL).context("no share of the local operator")?)?;
        self.shares.insert(share.public_key().to_bytes(), share);
        Ok(())
    }

    /// A committee of this size, as the local operator sees it.
    ///
    /// # Errors
    /// No vector carries keys for such a committee.
    pub fn member(&self, committee: usize) -> Result<CommitteeMember> {
        let set = self.operators.get(&committee).with_context(|| format!("no test keys for {committee}"))?;
        let pem = |key: &OperatorPrivateKey| OperatorKeyPem::try_from(key.public_key().to_pem().as_bytes());
        let operator = |(id, key): (&OperatorId, &OperatorPrivateKey)| -> Result<Operator> {
            Ok(Operator { operator_id: *id, public_key: pem(key)? })
        };
        let ids: Vec<OperatorId> = set.keys().copied().collect();
        Ok(CommitteeMember {
            operator_id: LOCAL,
            committee_id: CommitteeId::of(&ids),
            public_key: pem(self.local(committee)?)?,
            faulty_nodes: u64::try_from(committee)? / 3,
            committee: List::new(set.iter().map(operator).collect::<Result<_>>()?)?,
            domain: DOMAIN,
        })
    }

    /// An operator's key in a committee of this size.
    ///
    /// # Errors
    /// No vector carries keys for such a committee.
    pub fn operator(&self, committee: usize, operator: OperatorId) -> Result<&OperatorPrivateKey> {
        let set = self.operators.get(&committee);
        let key = set.and_then(|set| set.get(&operator));
        key.with_context(|| format!("no test key for operator {operator} of {committee}"))
    }

    /// The local operator's key in a committee of this size.
    ///
    /// # Errors
    /// No vector carries keys for such a committee.
    pub fn local(&self, committee: usize) -> Result<&OperatorPrivateKey> {
        self.operator(committee, LOCAL)
    }

    /// The local operator's share with this public key.
    #[must_use]
    pub fn share(&self, public: &PublicKeyBytes) -> Option<&SecretKey> {
        self.shares.get(public)
    }
}

fn secret(Hex(bytes): &Hex) -> Result<SecretKey> {
    Ok(SecretKey::from_be_bytes(bytes.as_slice().try_into()?)?)
}
