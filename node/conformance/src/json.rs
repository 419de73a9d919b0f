//! The JSON spellings of the vectors: the same kind of data comes as base64 here and as hex there, and Go tells an
//! absent list from an empty one.
//!
//! Every spelling reads tolerantly and writes what Go writes, so that the same structs read vectors and produce the text
//! that Go hashes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// A Go byte slice: base64, or `null` when it is nil.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base64(pub Option<Vec<u8>>);

impl Base64 {
    /// The bytes; nil is empty.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Nil when empty, as a Go slice that nobody assigned.
    #[must_use]
    pub fn nil_if_empty(bytes: &[u8]) -> Self {
        Self((!bytes.is_empty()).then(|| bytes.to_vec()))
    }
}

impl From<&[u8]> for Base64 {
    fn from(bytes: &[u8]) -> Self {
        Self(Some(bytes.to_vec()))
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text)).transpose().map(Self).map_err(Error::custom)
    }
}

/// Bytes as lower-case hex without `0x`; reads it with or without.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub Vec<u8>);

impl From<&[u8]> for Hex {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::encode(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text.trim_start_matches("0x")).map(Self).map_err(Error::custom)
    }
}

/// A list that may be `null` or absent.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A domain: hex text, or an array of four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain(pub [u8; 4]);

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::encode(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spelling {
            Text(Hex),
            Numbers([u8; 4]),
        }
        match Spelling::deserialize(deserializer)? {
            Spelling::Numbers(numbers) => Ok(Self(numbers)),
            Spelling::Text(Hex(bytes)) => {
                bytes.try_into().map(Self).map_err(|_| Error::custom("a domain has four bytes"))
            }
        }
    }
}
