//! A validator as one operator of its committee holds it, in the reference's layout.
//!
//! Local only; the layout matters to the published vectors. Source: `ssv-spec types/share.go`.

use std::collections::BTreeSet;

use ssz_derive::{Decode, Encode};
use tree_hash_derive::TreeHash;

use crate::ids::{Address, DomainType, OperatorId, PublicKeyBytes, Root, ValidatorIndex};
use crate::list::List;
use crate::refusal::RefusalCode;

/// One operator's public part of a validator key; 56 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct ShareMember {
    /// The share's public key.
    pub share_public_key: PublicKeyBytes,
    /// The operator that holds the share.
    pub signer: OperatorId,
}

/// A validator and the shares of its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct Share {
    /// Its number on the beacon chain.
    pub validator_index: ValidatorIndex,
    /// Its key.
    pub validator_public_key: PublicKeyBytes,
    /// The public key of this operator's own share.
    pub share_public_key: PublicKeyBytes,
    /// The public keys of all shares.
    pub committee: List<ShareMember, 13>,
    /// The network's domain.
    pub domain: DomainType,
    /// Who receives the fees of its blocks.
    pub fee_recipient: Address,
    /// What its blocks say.
    pub graffiti: Root,
}

impl Share {
    /// The share public key of an operator.
    #[must_use]
    pub fn share_of(&self, signer: OperatorId) -> Option<PublicKeyBytes> {
        self.committee.iter().find(|member| member.signer == signer).map(|member| member.share_public_key)
    }

    /// The rules a record can check on itself (`Share.Validate`, April 2026); `domain_known` holds every
    /// (network, fork) domain of the node.
    ///
    /// # Errors
    /// [`RefusalCode::InvalidShare`].
    pub fn validate(&self, domain_known: impl Fn(DomainType) -> bool) -> Result<(), RefusalCode> {
        let signers: BTreeSet<_> = self.committee.iter().map(|member| member.signer).collect();
        let ok = self.validator_public_key != PublicKeyBytes::default()
            && !self.committee.is_empty()
            && !signers.contains(&OperatorId(0))
            && signers.len() == self.committee.len()
            && domain_known(self.domain);
        if ok { Ok(()) } else { Err(RefusalCode::InvalidShare) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssz::{Decode, Encode};

    fn share() -> Share {
        let member = |id| ShareMember { share_public_key: PublicKeyBytes([3; 48]), signer: OperatorId(id) };
        Share {
            validator_index: ValidatorIndex(1),
            validator_public_key: PublicKeyBytes([1; 48]),
            share_public_key: PublicKeyBytes([2; 48]),
            committee: List::new((1..=4).map(member).collect()).unwrap(),
            domain: DomainType([0, 0, 3, 1]),
            fee_recipient: Address::ZERO,
            graffiti: Root::ZERO,
        }
    }

    #[test]
    fn layout() {
        let bytes = share().as_ssz_bytes();
        assert_eq!(bytes.len(), 164 + 4 * 56);
        assert_eq!(&bytes[104..108], &164_u32.to_le_bytes());
        assert_eq!(&bytes[108..112], &[0, 0, 3, 1]);
        assert_eq!(Share::from_ssz_bytes(&bytes).unwrap(), share());
    }

    #[test]
    fn a_share_record_is_consistent() {
        let check = |change: fn(&mut Share)| {
            let mut record = share();
            change(&mut record);
            record.validate(|domain| domain == DomainType([0, 0, 3, 1]))
        };
        let refused = Err(RefusalCode::InvalidShare);
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|s| s.validator_public_key = PublicKeyBytes::default()), refused);
        assert_eq!(check(|s| s.committee = List::empty()), refused);
        assert_eq!(check(|s| s.committee.as_mut_slice()[0].signer = OperatorId(0)), refused);
        assert_eq!(check(|s| s.committee.as_mut_slice()[0].signer = OperatorId(2)), refused);
        assert_eq!(check(|s| s.domain = DomainType([1; 4])), refused);
    }
}
