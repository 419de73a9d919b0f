//! Identifiers and counters that are 64-bit numbers.

/// Defines a number with its own type, serde as a plain number, SSZ and tree hash as `u64`.
macro_rules! number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The bare number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ssz::Encode for $name {
            fn is_ssz_fixed_len() -> bool {
                true
            }
            fn ssz_fixed_len() -> usize {
                8
            }
            fn ssz_bytes_len(&self) -> usize {
                8
            }
            fn ssz_append(&self, buf: &mut Vec<u8>) {
                self.0.ssz_append(buf);
            }
        }

        impl ssz::Decode for $name {
            fn is_ssz_fixed_len() -> bool {
                true
            }
            fn ssz_fixed_len() -> usize {
                8
            }
            fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, ssz::DecodeError> {
                <u64 as ssz::Decode>::from_ssz_bytes(bytes).map(Self)
            }
        }

        impl tree_hash::TreeHash for $name {
            fn tree_hash_type() -> tree_hash::TreeHashType {
                tree_hash::TreeHashType::Basic
            }
            fn tree_hash_packed_encoding(&self) -> tree_hash::PackedEncoding {
                self.0.tree_hash_packed_encoding()
            }
            fn tree_hash_packing_factor() -> usize {
                <u64 as tree_hash::TreeHash>::tree_hash_packing_factor()
            }
            fn tree_hash_root(&self) -> tree_hash::Hash256 {
                self.0.tree_hash_root()
            }
        }
    };
}

number! {
    /// An operator's number in the registry contract. 0 is invalid everywhere.
    OperatorId
}

number! {
    /// A validator's number on the beacon chain.
    ValidatorIndex
}

number! {
    /// A beacon committee's number within a slot (for contributors: the sync subnet).
    CommitteeIndex
}

number! {
    /// A beacon slot; also the height of a consensus instance.
    Slot
}

number! {
    /// A beacon epoch.
    Epoch
}

number! {
    /// A consensus round. The first is 1; 0 means "no round".
    Round
}

impl Slot {
    /// The slot after this one; the last representable slot stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// `slots` later, stopping at the last representable slot.
    #[must_use]
    pub const fn saturating_add(self, slots: u64) -> Self {
        Self(self.0.saturating_add(slots))
    }

    /// `slots` earlier, stopping at slot 0.
    #[must_use]
    pub const fn saturating_sub(self, slots: u64) -> Self {
        Self(self.0.saturating_sub(slots))
    }

    /// How many slots after `earlier` this is; `None` when it is before it.
    #[must_use]
    pub const fn checked_since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }
}

impl Epoch {
    /// The epoch that no fork ever reaches: "not scheduled".
    pub const FAR_FUTURE: Self = Self(u64::MAX);

    /// The epoch after this one; the last representable epoch stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// `epochs` later, stopping at the last representable epoch.
    #[must_use]
    pub const fn saturating_add(self, epochs: u64) -> Self {
        Self(self.0.saturating_add(epochs))
    }

    /// `epochs` earlier, stopping at epoch 0.
    #[must_use]
    pub const fn saturating_sub(self, epochs: u64) -> Self {
        Self(self.0.saturating_sub(epochs))
    }
}

impl Round {
    /// No round: the data round of a round change that has seen no prepare quorum.
    pub const NONE: Self = Self(0);
    /// The first round of every instance.
    pub const FIRST: Self = Self(1);

    /// The round after this one; the last representable round stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_arithmetic_never_wraps() {
        assert_eq!(Slot(u64::MAX).next(), Slot(u64::MAX));
        assert_eq!(Slot(1).saturating_sub(2), Slot(0));
        assert_eq!(Slot(5).checked_since(Slot(3)), Some(2));
        assert_eq!(Slot(3).checked_since(Slot(5)), None);
        assert_eq!(Epoch::FAR_FUTURE.next(), Epoch::FAR_FUTURE);
    }

    #[test]
    fn numbers_are_plain_in_json() {
        assert_eq!(serde_json::to_string(&Slot(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<OperatorId>("12").unwrap(), OperatorId(12));
    }
}
