//! The operators that share a validator, and how many of them it takes.
//!
//! Source: `ssv-spec types/committee_member.go`, `types/operator.go`.

use crate::ids::{CommitteeId, DomainType, OperatorId, byte_id};
use crate::list::List;
use crate::refusal::RefusalCode;

byte_id! {
    /// An operator's RSA public key as the reference stores it: the PEM text itself, 459 ASCII bytes.
    OperatorKeyPem, 459
}

/// How many signers it takes, derived from how many members may be faulty. The one place with this formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thresholds {
    faulty: u64,
}

impl Thresholds {
    /// For `faulty` tolerated members.
    #[must_use]
    pub const fn of_faulty(faulty: u64) -> Self {
        Self { faulty }
    }

    /// For a committee of `size` members: f = (n - 1) / 3, rounded down; 0 for the empty committee.
    #[must_use]
    pub const fn of_size(size: usize) -> Self {
        // usize is at most 64 bits wide on every platform Rust supports.
        Self { faulty: (size.saturating_sub(1) / 3) as u64 }
    }

    /// f: members that may be faulty.
    #[must_use]
    pub const fn faulty(self) -> u64 {
        self.faulty
    }

    /// 2f + 1: signers of a decision and of a reconstructed signature.
    #[must_use]
    pub const fn quorum(self) -> u64 {
        self.faulty.saturating_mul(2).saturating_add(1)
    }

    /// f + 1: at least one honest signer.
    #[must_use]
    pub const fn partial_quorum(self) -> u64 {
        self.faulty.saturating_add(1)
    }

    /// Whether `signers` distinct members are a quorum.
    #[must_use]
    pub const fn has_quorum(self, signers: usize) -> bool {
        signers as u64 >= self.quorum()
    }

    /// Whether `signers` distinct members include an honest one.
    #[must_use]
    pub const fn has_partial_quorum(self, signers: usize) -> bool {
        signers as u64 >= self.partial_quorum()
    }
}

/// One member of a committee; 467 bytes.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct Operator {
    /// Its number in the registry.
    pub operator_id: OperatorId,
    /// Its network signing key.
    pub public_key: OperatorKeyPem,
}

impl Operator {
    /// An operator has a number.
    ///
    /// # Errors
    /// [`RefusalCode::InvalidOperator`].
    pub fn validate(&self) -> Result<(), RefusalCode> {
        if self.operator_id == OperatorId(0) {
            return Err(RefusalCode::InvalidOperator);
        }
        Ok(())
    }
}

/// A committee as one of its members sees it.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct CommitteeMember {
    /// The member whose view this is.
    pub operator_id: OperatorId,
    /// The committee's name.
    pub committee_id: CommitteeId,
    /// The member's own network signing key.
    pub public_key: OperatorKeyPem,
    /// f: members that may be faulty.
    pub faulty_nodes: u64,
    /// All members in ascending order of their ids, the own one included.
    pub committee: List<Operator, 13>,
    /// The network's domain.
    pub domain: DomainType,
}

impl CommitteeMember {
    /// Quorum numbers of this committee.
    #[must_use]
    pub const fn thresholds(&self) -> Thresholds {
        Thresholds::of_faulty(self.faulty_nodes)
    }

    /// The member with this id.
    #[must_use]
    pub fn operator(&self, id: OperatorId) -> Option<&Operator> {
        self.committee.iter().find(|operator| operator.operator_id == id)
    }

    /// Ids of all members, in committee order.
    pub fn operator_ids(&self) -> impl Iterator<Item = OperatorId> + '_ {
        self.committee.iter().map(|operator| operator.operator_id)
    }

    /// The rules a record can check on itself (`CommitteeMember.Validate`, April 2026); `domain_known` holds every
    /// (network, fork) domain of the node, since the reference's own list lacks the public test networks.
    ///
    /// # Errors
    /// [`RefusalCode::InvalidCommitteeMember`].
    pub fn validate(&self, domain_known: impl Fn(DomainType) -> bool) -> Result<(), RefusalCode> {
        let mut ids: Vec<OperatorId> = self.operator_ids().collect();
        let member_missing = !ids.contains(&self.operator_id);
        let id_matches = CommitteeId::of(&ids) == self.committee_id;
        let bad_member = self.committee.iter().any(|operator| operator.validate().is_err());
        ids.sort_unstable();
        ids.dedup();
        let size = self.committee.len();
        let ok = self.operator_id != OperatorId(0)
            && size != 0
            && size.saturating_sub(1).is_multiple_of(3)
            && Thresholds::of_size(size) == self.thresholds()
            && !bad_member
            && ids.len() == size
            && !member_missing
            && id_matches
            && domain_known(self.domain);
        if ok { Ok(()) } else { Err(RefusalCode::InvalidCommitteeMember) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssz::Encode;

    fn member(size: u64) -> CommitteeMember {
        let committee: Vec<_> = (1..=size)
            .map(|id| Operator { operator_id: OperatorId(id), public_key: OperatorKeyPem::default() })
            .collect();
        let ids: Vec<_> = committee.iter().map(|operator| operator.operator_id).collect();
        CommitteeMember {
            operator_id: OperatorId(1),
            committee_id: CommitteeId::of(&ids),
            public_key: OperatorKeyPem::default(),
            faulty_nodes: Thresholds::of_size(committee.len()).faulty(),
            committee: List::new(committee).unwrap(),
            domain: DomainType([0, 0, 3, 1]),
        }
    }

    #[test]
    fn thresholds_of_the_four_committee_sizes() {
        for (size, faulty, quorum, partial) in [(4, 1, 3, 2), (7, 2, 5, 3), (10, 3, 7, 4), (13, 4, 9, 5)] {
            let thresholds = Thresholds::of_size(size);
            assert_eq!(
                (thresholds.faulty(), thresholds.quorum(), thresholds.partial_quorum()),
                (faulty, quorum, partial)
            );
            let quorum = usize::try_from(quorum).unwrap();
            assert!(thresholds.has_quorum(quorum) && !thresholds.has_quorum(quorum - 1));
        }
    }

    #[test]
    fn encoded_sizes() {
        assert_eq!(member(4).as_ssz_bytes().len(), 515 + 4 * 467);
    }

    #[test]
    fn a_member_record_is_consistent() {
        let check = |change: fn(&mut CommitteeMember)| {
            let mut record = member(4);
            change(&mut record);
            record.validate(|domain| domain == DomainType([0, 0, 3, 1]))
        };
        let refused = Err(RefusalCode::InvalidCommitteeMember);
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|record| record.operator_id = OperatorId(0)), refused);
        assert_eq!(check(|record| record.operator_id = OperatorId(5)), refused);
        assert_eq!(check(|record| record.faulty_nodes = 2), refused);
        assert_eq!(check(|record| record.committee_id = CommitteeId::default()), refused);
        assert_eq!(check(|record| record.domain = DomainType([9; 4])), refused);
        assert_eq!(check(|record| record.committee.as_mut_slice()[1].operator_id = OperatorId(1)), refused);
        assert_eq!(check(|record| *record = member(5)), refused);
        assert_eq!(check(|record| record.committee = List::empty()), refused);
    }
}
