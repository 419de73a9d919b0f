//! The name of a set of operators.

use sha2::{Digest, Sha256};

use super::{OperatorId, byte_id};

byte_id! {
    /// SHA-256 over the sorted operator ids, each as 4 bytes little-endian (`ssv-spec types/committee_id.go`).
    ///
    /// Not the contract's cluster id, which is a keccak over owner and operators.
    CommitteeId, 32
}

impl CommitteeId {
    /// The id of these operators, given in any order. Ids are truncated to their low 32 bits, as the reference does.
    #[must_use]
    pub fn of(operators: &[OperatorId]) -> Self {
        let mut sorted: Vec<u64> = operators.iter().map(|id| id.get()).collect();
        sorted.sort_unstable();
        let mut hasher = Sha256::new();
        for id in sorted {
            let [a, b, c, d, ..] = id.to_le_bytes();
            hasher.update([a, b, c, d]);
        }
        Self(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(operators: impl IntoIterator<Item = u64>) -> String {
        let operators: Vec<_> = operators.into_iter().map(OperatorId).collect();
        hex::encode(CommitteeId::of(&operators))
    }

    #[test]
    fn published_committee_ids() {
        assert_eq!(id_of([1, 2, 3, 4]), "cf97adeedb59e05bfd73a2b4c2a8885708c4f4f70c84c64b27120e72ab733b72");
        assert_eq!(id_of([4, 2, 1, 3]), "cf97adeedb59e05bfd73a2b4c2a8885708c4f4f70c84c64b27120e72ab733b72");
        assert_eq!(id_of(1..=7), "4c816952ba53cc361d8e45bd833338dc6427e4a5d5f06ebad5351fd46439a15a");
        assert_eq!(id_of(1..=10), "272bc3456b7ce85de2ce18d1964316879e840a1201a4664e967ef42ba3f76b96");
        assert_eq!(id_of(1..=13), "df6ea5b59f0e6c03f390ad5fea0bbc199ec3524c0a682913148fd071af1898ec");
        assert_eq!(
            id_of([42, 1000, 2000, 3000]),
            "a9d61d6e248b80c18fa0dcc858e0b75906233e5e3b5de60c78c690bc8257e79d"
        );
    }

    #[test]
    fn only_the_low_32_bits_count() {
        assert_eq!(id_of([1, 2, 3, 4 + (1 << 32)]), id_of([1, 2, 3, 4]));
    }
}
