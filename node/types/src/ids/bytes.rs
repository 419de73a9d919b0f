//! Identifiers that are fixed runs of bytes.

/// Text that is not the hex form of a fixed number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseBytesError {
    /// A character outside 0-9, a-f, A-F, or an odd number of them.
    #[error("not hexadecimal")]
    NotHex,
    /// Another number of bytes.
    #[error("{got} bytes where {expected} belong")]
    WrongLength {
        /// Bytes offered.
        got: usize,
        /// Bytes needed.
        expected: usize,
    },
}

/// Defines a fixed run of bytes with hex text, serde, SSZ and tree hash.
macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self([0; $len])
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl From<$name> for [u8; $len] {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = $crate::ids::ParseBytesError;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                <[u8; $len]>::try_from(bytes).map(Self).map_err(|_| {
                    $crate::ids::ParseBytesError::WrongLength { got: bytes.len(), expected: $len }
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "0x{}", hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        /// Hex, with or without `0x`, in either letter case.
        impl std::str::FromStr for $name {
            type Err = $crate::ids::ParseBytesError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix("0x").unwrap_or(text);
                let bytes = hex::decode(digits).map_err(|_| $crate::ids::ParseBytesError::NotHex)?;
                Self::try_from(bytes.as_slice())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl ssz::Encode for $name {
            fn is_ssz_fixed_len() -> bool {
                true
            }
            fn ssz_fixed_len() -> usize {
                $len
            }
            fn ssz_bytes_len(&self) -> usize {
                $len
            }
            fn ssz_append(&self, buf: &mut Vec<u8>) {
                buf.extend_from_slice(&self.0);
            }
        }

        impl ssz::Decode for $name {
            fn is_ssz_fixed_len() -> bool {
                true
            }
            fn ssz_fixed_len() -> usize {
                $len
            }
            fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, ssz::DecodeError> {
                <[u8; $len]>::try_from(bytes).map(Self).map_err(|_| {
                    ssz::DecodeError::InvalidByteLength { len: bytes.len(), expected: $len }
                })
            }
        }

        impl tree_hash::TreeHash for $name {
            fn tree_hash_type() -> tree_hash::TreeHashType {
                tree_hash::TreeHashType::Vector
            }
            fn tree_hash_packed_encoding(&self) -> tree_hash::PackedEncoding {
                tree_hash::PackedEncoding::from_slice(&self.0)
            }
            fn tree_hash_packing_factor() -> usize {
                1
            }
            fn tree_hash_root(&self) -> tree_hash::Hash256 {
                tree_hash::merkle_root(&self.0, 0)
            }
        }
    };
}

pub(crate) use byte_id;

byte_id! {
    /// A compressed BLS12-381 G1 point: a validator's or a share's public key. Not checked to be on the curve.
    PublicKeyBytes, 48
}

byte_id! {
    /// A compressed BLS12-381 G2 point: a BLS signature. Not checked to be on the curve.
    SignatureBytes, 96
}

byte_id! {
    /// Network and fork of a message: two zero bytes, the network lane, the version within it
    /// (`ssv-spec types/domain_type.go`).
    DomainType, 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_with_and_without_prefix_and_written_with_it() {
        let domain: DomainType = "0x00000502".parse().unwrap();
        assert_eq!("00000502".parse(), Ok(domain));
        assert_eq!(domain.to_string(), "0x00000502");
        assert_eq!(serde_json::to_string(&domain).unwrap(), "\"0x00000502\"");
        assert_eq!(serde_json::from_str::<DomainType>("\"0x00000502\"").unwrap(), domain);
        assert_eq!("0x0000050".parse::<DomainType>(), Err(ParseBytesError::NotHex));
        assert_eq!(
            "0x000005".parse::<DomainType>(),
            Err(ParseBytesError::WrongLength { got: 3, expected: 4 })
        );
    }
}
