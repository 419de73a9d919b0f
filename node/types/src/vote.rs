//! What a committee agrees on before it attests: the full data of its consensus.

use crate::ids::{Epoch, Root};
use crate::refusal::RefusalCode;

/// A finality checkpoint of the beacon chain; 40 bytes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    ssz_derive::Encode,
    ssz_derive::Decode,
    tree_hash_derive::TreeHash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Checkpoint {
    /// The epoch it closes.
    #[serde(with = "serde_utils::quoted_u64")]
    pub epoch: Epoch,
    /// The block root at its first slot.
    pub root: Root,
}

/// The value of the committee runner's consensus, for every validator of the committee; 112 bytes
/// (`ssv-spec types/consensus_data.go`).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    ssz_derive::Encode,
    ssz_derive::Decode,
    tree_hash_derive::TreeHash,
)]
pub struct BeaconVote {
    /// Head block, for the attestation and the sync committee message.
    pub block_root: Root,
    /// Justified checkpoint.
    pub source: Checkpoint,
    /// Checkpoint of the duty's epoch.
    pub target: Checkpoint,
}

impl BeaconVote {
    /// Encoded size in bytes.
    pub const SSZ_LEN: usize = 112;

    /// Source before target (`ssv-spec types/consensus_data.go`, `BeaconVote.Validate`).
    ///
    /// # Errors
    /// [`RefusalCode::AttestationSourceNotLessThanTarget`].
    pub fn validate(&self) -> Result<(), RefusalCode> {
        if self.source.epoch >= self.target.epoch {
            return Err(RefusalCode::AttestationSourceNotLessThanTarget);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssz::{Decode, Encode};

    fn vote(source: u64, target: u64) -> BeaconVote {
        BeaconVote {
            block_root: Root::repeat_byte(1),
            source: Checkpoint { epoch: Epoch(source), root: Root::repeat_byte(2) },
            target: Checkpoint { epoch: Epoch(target), root: Root::repeat_byte(3) },
        }
    }

    #[test]
    fn a_vote_is_112_bytes_exactly() {
        let bytes = vote(1, 2).as_ssz_bytes();
        assert_eq!(bytes.len(), BeaconVote::SSZ_LEN);
        assert_eq!(BeaconVote::from_ssz_bytes(&bytes).unwrap(), vote(1, 2));
        assert!(BeaconVote::from_ssz_bytes(&bytes[..111]).is_err());
        assert!(BeaconVote::from_ssz_bytes(&[bytes, vec![0]].concat()).is_err());
    }

    #[test]
    fn the_source_is_before_the_target() {
        assert_eq!(vote(1, 2).validate(), Ok(()));
        assert_eq!(vote(2, 2).validate(), Err(RefusalCode::AttestationSourceNotLessThanTarget));
    }
}
