//! The sync committee contributions of one validator, in Alan's own encoding.
//!
//! The reference writes this list as if its items were of variable size: a table of 4-byte offsets comes first.
//! The root is the ordinary one. Source: `ssv-spec types/contributions_encoding.go`.

use ssz::{BYTES_PER_LENGTH_OFFSET, Decode, DecodeError, Encode};
use ssz_derive::{Decode, Encode};
use tree_hash::{Hash256, PackedEncoding, TreeHash, TreeHashType};
use tree_hash_derive::TreeHash;

use crate::beacon::SyncCommitteeContribution;
use crate::ids::SignatureBytes;
use crate::list::List;
use crate::preset::Preset;

/// One contribution with the proof that the validator aggregates it; 256 bytes (mainnet).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct Contribution<P: Preset> {
    /// Signature over the selection data.
    pub selection_proof: SignatureBytes,
    /// The contribution.
    pub contribution: SyncCommitteeContribution<P>,
}

/// At most 13 contributions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Contributions<P: Preset>(pub List<Contribution<P>, 13>);

impl<P: Preset> Encode for Contributions<P> {
    fn is_ssz_fixed_len() -> bool {
        false
    }

    fn ssz_bytes_len(&self) -> usize {
        let item = <Contribution<P> as Encode>::ssz_fixed_len();
        self.0.len().saturating_mul(item.saturating_add(BYTES_PER_LENGTH_OFFSET))
    }

    fn ssz_append(&self, buf: &mut Vec<u8>) {
        let items: Vec<Vec<u8>> = self.0.iter().map(Encode::as_ssz_bytes).collect();
        // A list of byte strings is what the reference makes of it.
        items.ssz_append(buf);
    }
}

impl<P: Preset> Decode for Contributions<P> {
    fn is_ssz_fixed_len() -> bool {
        false
    }

    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let items: Vec<Vec<u8>> = ssz::decode_list_of_variable_length_items(bytes, Some(13))?;
        let contributions =
            items.iter().map(|item| Contribution::from_ssz_bytes(item)).collect::<Result<Vec<_>, _>>()?;
        List::new(contributions).map(Self).map_err(|error| DecodeError::BytesInvalid(error.to_string()))
    }
}

impl<P: Preset> TreeHash for Contributions<P> {
    fn tree_hash_type() -> TreeHashType {
        TreeHashType::List
    }
    fn tree_hash_packed_encoding(&self) -> PackedEncoding {
        PackedEncoding::new()
    }
    fn tree_hash_packing_factor() -> usize {
        1
    }
    fn tree_hash_root(&self) -> Hash256 {
        self.0.tree_hash_root()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Root, Slot};
    use crate::preset::{Mainnet, Minimal};
    use ssz::BitVector;

    fn contribution<P: Preset>(subcommittee_index: u64) -> Contribution<P> {
        Contribution {
            selection_proof: SignatureBytes([1; 96]),
            contribution: SyncCommitteeContribution {
                slot: Slot(12),
                beacon_block_root: Root::repeat_byte(2),
                subcommittee_index,
                aggregation_bits: BitVector::new(),
                signature: SignatureBytes([3; 96]),
            },
        }
    }

    #[test]
    fn an_offset_table_precedes_items_of_fixed_size() {
        let two = Contributions::<Mainnet>(List::new(vec![contribution(0), contribution(1)]).unwrap());
        let bytes = two.as_ssz_bytes();
        assert_eq!(bytes.len(), 2 * (4 + 256));
        assert_eq!(bytes.len(), two.ssz_bytes_len());
        assert_eq!(&bytes[..8], &[8, 0, 0, 0, 8, 1, 0, 0]);
        assert_eq!(Contributions::from_ssz_bytes(&bytes).unwrap(), two);
        // The standard encoding of such a list is refused.
        assert!(Contributions::<Mainnet>::from_ssz_bytes(&two.0.as_ssz_bytes()).is_err());
        // So is an item that is one byte short.
        assert!(Contributions::<Mainnet>::from_ssz_bytes(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn the_minimal_layout_and_the_empty_list() {
        let one = Contributions::<Minimal>(List::new(vec![contribution(0)]).unwrap());
        assert_eq!(one.as_ssz_bytes().len(), 4 + 96 + 145);
        assert_eq!(Contributions::<Minimal>::from_ssz_bytes(&[]).unwrap(), Contributions::default());
    }
}
