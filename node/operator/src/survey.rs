//! From the registry's rows to the directory: parses what is new and takes over what has not changed.
//!
//! Parsing a directory of the main network takes some seconds of computation, so this runs off the I/O threads.

use std::collections::HashMap;
use std::sync::Arc;

use crypto::rsa::OperatorPublicKey;
use duty::ValidatorKeys;
use registry::{ValidatorRow, ValidatorSet};
use types::{CommitteeId, OperatorId};

use crate::directory::{Committee, Directory, OwnValidator, Registered};

/// Makes directories, one after the other.
#[derive(Default)]
pub struct Surveyor {
    /// Parsed operator keys by the text they were parsed from; `None` for a text that is no key.
    operator_keys: HashMap<OperatorId, (Vec<u8>, Option<OperatorPublicKey>)>,
    last: Arc<Directory>,
}

impl Surveyor {
    /// The directory of this set.
    pub fn survey(&mut self, set: &ValidatorSet) -> Arc<Directory> {
        self.parse_operators(set);
        let mut directory =
            Directory { block: set.block.number, operator: set.own_operator, ..Directory::default() };
        directory.operators = self.usable_operators().collect();
        let mut sizes: HashMap<CommitteeId, (Vec<OperatorId>, u32)> = HashMap::new();
        for row in set.validators().values() {
            let committee = row.committee_id();
            directory.validators.insert(row.key, Registered { committee, liquidated: row.liquidated });
            let (_, count) = sizes.entry(committee).or_insert_with(|| (row.operators(), 0));
            *count = count.saturating_add(1);
            if let Some(own) = self.own_validator(set, row, committee) {
                directory.own.insert(row.key, own);
            }
        }
        for (id, (members, validators)) in sizes {
            let committee = self.committee(id, members, validators, set.own_operator);
            directory.committees.insert(id, Arc::new(committee));
        }
        self.last = Arc::new(directory);
        Arc::clone(&self.last)
    }

    fn parse_operators(&mut self, set: &ValidatorSet) {
        self.operator_keys.retain(|id, _| set.operators().contains_key(id));
        for (id, row) in set.operators() {
            let known = self.operator_keys.get(id).is_some_and(|(text, _)| *text == row.public_text);
            if !known {
                let text = std::str::from_utf8(&row.public_text).ok();
                let key = text.and_then(|text| OperatorPublicKey::from_base64(text).ok());
                if key.is_none() {
                    tracing::debug!(operator = %id, "the operator is registered with something that is no key");
                }
                self.operator_keys.insert(*id, (row.public_text.clone(), key));
            }
        }
    }

    fn usable_operators(&self) -> impl Iterator<Item = OperatorId> {
        self.operator_keys.iter().filter(|(_, (_, key))| key.is_some()).map(|(id, _)| *id)
    }

    fn committee(
        &self,
        id: CommitteeId,
        members: Vec<OperatorId>,
        validators: u32,
        own: Option<OperatorId>,
    ) -> Committee {
        let ours = own.is_some_and(|own| members.contains(&own));
        let keys =
            members.iter().filter_map(|id| Some((*id, self.operator_keys.get(id)?.1.clone()?))).collect();
        let keys = Arc::new(qbft::CommitteeKeys::new(keys));
        Committee { id, members, keys, validators, ours }
    }

    fn own_validator(
        &self,
        set: &ValidatorSet,
        row: &ValidatorRow,
        committee: CommitteeId,
    ) -> Option<Arc<OwnValidator>> {
        let share = set.own_share(&row.key).filter(|share| share.usable)?.key;
        let fee_recipient = set.fee_recipient(row);
        let same = |own: &&Arc<OwnValidator>| {
            own.committee == committee
                && own.share == share
                && own.liquidated == row.liquidated
                && own.owner == row.owner
                && own.fee_recipient == fee_recipient
        };
        if let Some(own) = self.last.own(&row.key).filter(same) {
            return Some(Arc::clone(own));
        }
        let shares = row.committee.iter().map(|member| (member.operator, member.share));
        match ValidatorKeys::parse(&row.key, shares) {
            Ok(keys) => Some(Arc::new(OwnValidator {
                public_key: row.key,
                owner: row.owner,
                fee_recipient,
                committee,
                share,
                keys: Arc::new(keys),
                liquidated: row.liquidated,
            })),
            Err(error) => {
                tracing::warn!(validator = %row.key, %error, "the validator is registered with keys that are none; it has no duties");
                None
            }
        }
    }
}
