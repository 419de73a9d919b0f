//! Enumerations that travel as integers and may carry a number that we do not know.
//!
//! Such a value must survive decoding (a rule refuses it later, by its own code) and must encode back to the
//! same bytes, so every enumeration has a last variant for the rest. The constructor keeps the mapping
//! one-to-one: a known number never ends up in that variant.

/// Defines an open enumeration over an integer, with SSZ, tree hash and conversions both ways.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $name:ident : $int:ty, $rest:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $value:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A number outside the list above; never one of the list.
            $rest($int),
        }

        impl $name {
            /// Every known variant, in the order of their numbers.
            pub const KNOWN: &'static [$name] = &[$($name::$variant),+];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> $int {
                match self {
                    $($name::$variant => $value,)+
                    $name::$rest(number) => number,
                }
            }

            /// Reads the number on the wire; total and one-to-one.
            #[must_use]
            pub const fn from_number(number: $int) -> Self {
                match number {
                    $($value => $name::$variant,)+
                    other => $name::$rest(other),
                }
            }
        }

        impl From<$int> for $name {
            fn from(number: $int) -> Self {
                Self::from_number(number)
            }
        }

        impl From<$name> for $int {
            fn from(value: $name) -> Self {
                value.number()
            }
        }
    };
}

/// SSZ and tree hash of an open enumeration over `u64`.
macro_rules! ssz_as_u64 {
    ($name:ident) => {
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
                u64::from(*self).ssz_append(buf);
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
                <u64 as ssz::Decode>::from_ssz_bytes(bytes).map(Self::from)
            }
        }

        impl tree_hash::TreeHash for $name {
            fn tree_hash_type() -> tree_hash::TreeHashType {
                tree_hash::TreeHashType::Basic
            }
            fn tree_hash_packed_encoding(&self) -> tree_hash::PackedEncoding {
                u64::from(*self).tree_hash_packed_encoding()
            }
            fn tree_hash_packing_factor() -> usize {
                <u64 as tree_hash::TreeHash>::tree_hash_packing_factor()
            }
            fn tree_hash_root(&self) -> tree_hash::Hash256 {
                u64::from(*self).tree_hash_root()
            }
        }
    };
}

pub(crate) use {open_enum, ssz_as_u64};
