//! Integers as the Beacon API writes them: decimal, in quotation marks. Bare numbers are read too, as some nodes send them.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An unsigned integer in quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted(pub u64);

impl Serialize for Quoted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuotedVisitor)
    }
}

struct QuotedVisitor;

impl Visitor<'_> for QuotedVisitor {
    type Value = Quoted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an unsigned 64-bit integer, as a decimal string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quoted, E> {
        text.parse().map(Quoted).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Quoted, E> {
        Ok(Quoted(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_strings_and_numbers_and_writes_strings() {
        assert_eq!(serde_json::from_str::<Quoted>("\"18446744073709551615\"").unwrap(), Quoted(u64::MAX));
        assert_eq!(serde_json::from_str::<Quoted>("7").unwrap(), Quoted(7));
        assert_eq!(serde_json::to_string(&Quoted(u64::MAX)).unwrap(), "\"18446744073709551615\"");
        for wrong in ["\"-1\"", "\"\"", "\"18446744073709551616\"", "-1", "1.5", "null", "\"0x1\""] {
            assert!(serde_json::from_str::<Quoted>(wrong).is_err(), "{wrong}");
        }
    }
}
