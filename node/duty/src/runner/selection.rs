//! Does a validator aggregate? Its signature over the slot or the subcommittee decides (consensus-specs
//! `specs/phase0/validator.md`, `specs/altair/validator.md`).

use std::fmt;

use sha2::{Digest, Sha256};
use types::{CommitteeIndex, PresetName, SignatureBytes, ValidatorDuty};

/// What a validator may aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Attestations of a beacon committee.
    Committee(CommitteeIndex),
    /// Sync committee messages of a subcommittee.
    Subcommittee(u64),
}

/// A validator's claim to aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What.
    pub subject: Subject,
    /// Its signature over the slot or the subcommittee.
    pub proof: SignatureBytes,
    /// One in so many is selected.
    pub modulo: u64,
}

/// Says whether a claim is granted.
pub trait Selection: Send + Sync {
    /// True if the validator aggregates.
    fn selects(&self, claim: &Claim) -> bool;
}

impl fmt::Debug for dyn Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Selection")
    }
}

/// The rule of the beacon chain: the first eight bytes of the proof's SHA-256, little-endian, are a multiple.
#[derive(Debug, Clone, Copy)]
pub struct ByProof;

impl Selection for ByProof {
    fn selects(&self, claim: &Claim) -> bool {
        let digest: [u8; 32] = Sha256::digest(claim.proof).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        u64::from_le_bytes([a, b, c, d, e, f, g, h]).checked_rem(claim.modulo) == Some(0)
    }
}

/// One in so many members of the duty's beacon committee aggregates.
pub(super) fn attestation_modulo(duty: &ValidatorDuty) -> u64 {
    duty.committee_length.checked_div(PresetName::TARGET_AGGREGATORS_PER_COMMITTEE).unwrap_or(1).max(1)
}

/// One in so many members of a sync subcommittee aggregates.
pub(super) fn sync_modulo(preset: PresetName) -> u64 {
    preset
        .sync_subcommittee_size()
        .checked_div(PresetName::TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE)
        .unwrap_or(1)
        .max(1)
}

/// The subcommittee of a position in the sync committee.
pub(super) fn subcommittee_of(preset: PresetName, position: u64) -> u64 {
    position.checked_div(preset.sync_subcommittee_size()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_so_many() {
        assert_eq!(sync_modulo(PresetName::Mainnet), 8);
        assert_eq!(sync_modulo(PresetName::Minimal), 1);
        let claim =
            |n, modulo| Claim { subject: Subject::Subcommittee(0), proof: SignatureBytes([n; 96]), modulo };
        let selected = |modulo| (0..200).filter(|n| ByProof.selects(&claim(*n, modulo))).count();
        assert_eq!(selected(1), 200);
        assert!((10..50).contains(&selected(8)));
        // SHA-256 of 96 zero bytes begins 2ea9ab9198d1638007400cd2.
        assert!(ByProof.selects(&claim(0, 0x8063_d198_91ab_a92e)));
        assert!(!ByProof.selects(&claim(0, 0)));
    }

    #[test]
    fn positions_fall_into_four_subcommittees() {
        let of = |position| subcommittee_of(PresetName::Mainnet, position);
        assert_eq!([of(0), of(127), of(128), of(511)], [0, 0, 1, 3]);
        assert_eq!(subcommittee_of(PresetName::Minimal, 31), 3);
    }
}
