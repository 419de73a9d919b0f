//! Reads ABI-encoded values strictly, by the rules of the reference node's decoder (go-ethereum `accounts/abi`).
//!
//! What is undecodable decides whether a ValidatorAdded event consumes a nonce, so every node must draw the line at
//! the same place. `ethers` draws it elsewhere: it cuts a number that is too big for its type to the low bits and
//! takes a boolean of 2 for `false`. The rules here:
//!
//! 1. Offsets are followed wherever they point inside the data; order, gaps and overlaps do not matter.
//! 2. A number must fit its type; a boolean is 0 or 1; the upper twelve bytes of an address are not looked at.
//! 3. The content of `bytes` must be there; its padding may be missing. Bytes after what is read are ignored.
//!
//! *Deviation*: go-ethereum accepts a log with no data at all for an event that has data, and leaves its fields
//! empty. Here that is too short. The contract cannot emit it.

use ethers_core::abi::{ParamType, Token};
use ethers_core::types::{H160, U256};

const WORD: usize = 32;

/// What is wrong with ABI-encoded data. Positions are byte offsets from the start of the data being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The number of topics is not that of the event's indexed fields plus one.
    #[error("{found} topics instead of {expected}")]
    TopicCount {
        /// What the event's signature asks for.
        expected: usize,
        /// What the log has.
        found: usize,
    },
    /// A word, list or byte string ends after the data does.
    #[error("byte {at} is needed, the data has {len}")]
    TooShort {
        /// The last byte needed (saturated).
        at: usize,
        /// Length of the data.
        len: usize,
    },
    /// A number does not fit its type.
    #[error("the number at byte {at} has more than {bits} bits")]
    NumberTooBig {
        /// Where the word starts.
        at: usize,
        /// Width of the type.
        bits: usize,
    },
    /// A boolean that is neither 0 nor 1.
    #[error("the boolean at byte {at} is neither 0 nor 1")]
    NotABoolean {
        /// Where the word starts.
        at: usize,
    },
    /// The signature has a type that no signature of the registry has.
    #[error("no reader for this type")]
    UnknownType,
}

/// Reads values of the given types, laid out one after another as the arguments of a call or event.
pub(crate) fn values(types: &[ParamType], data: &[u8]) -> Result<Vec<Token>, Fault> {
    sequence(types, 0, data)
}

fn sequence(types: &[ParamType], mut at: usize, data: &[u8]) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::with_capacity(types.len());
    for kind in types {
        tokens.push(value(kind, at, data)?);
        at += head_len(kind);
    }
    Ok(tokens)
}

/// Reads one value whose head stands at `at`.
fn value(kind: &ParamType, at: usize, data: &[u8]) -> Result<Token, Fault> {
    match kind {
        ParamType::Uint(bits) => {
            let number = U256::from_big_endian(word(at, data)?);
            if number.bits() > *bits {
                Err(Fault::NumberTooBig { at, bits: *bits })
            } else {
                Ok(Token::Uint(number))
            }
        }
        ParamType::Address => Ok(Token::Address(H160::from_slice(&word(at, data)?[12..]))),
        ParamType::Bool => boolean(at, data),
        ParamType::FixedBytes(len) => {
            let word = word(at, data)?;
            Ok(Token::FixedBytes(word.get(..*len).ok_or(Fault::UnknownType)?.to_vec()))
        }
        ParamType::Bytes => Ok(Token::Bytes(content(at, data)?.to_vec())),
        ParamType::String => Ok(Token::String(String::from_utf8_lossy(content(at, data)?).into_owned())),
        ParamType::Array(inner) => list(inner, at, data),
        ParamType::Tuple(inner) => tuple(kind, inner, at, data),
        ParamType::Int(_) | ParamType::FixedArray(..) => Err(Fault::UnknownType),
    }
}

fn boolean(at: usize, data: &[u8]) -> Result<Token, Fault> {
    let number = U256::from_big_endian(word(at, data)?);
    if number.bits() > 1 { Err(Fault::NotABoolean { at }) } else { Ok(Token::Bool(!number.is_zero())) }
}

/// Bytes with a length before them, found through an offset.
fn content(at: usize, data: &[u8]) -> Result<&[u8], Fault> {
    let (start, len) = tail(at, data)?;
    part(start, len, data)
}

fn list(inner: &ParamType, at: usize, data: &[u8]) -> Result<Token, Fault> {
    let (start, count) = tail(at, data)?;
    let size = head_len(inner);
    // Checked before anything is allocated for the elements.
    part(start, count.saturating_mul(size), data)?;
    let elements = &data[start..];
    (0..count).map(|i| value(inner, i * size, elements)).collect::<Result<_, _>>().map(Token::Array)
}

fn tuple(kind: &ParamType, inner: &[ParamType], at: usize, data: &[u8]) -> Result<Token, Fault> {
    if !kind.is_dynamic() {
        return sequence(inner, at, data).map(Token::Tuple);
    }
    let offset = position(at, data)?;
    let rest = data.get(offset..).ok_or(Fault::TooShort { at: offset, len: data.len() })?;
    sequence(inner, 0, rest).map(Token::Tuple)
}

/// Follows an offset to a length word: where the content starts, and the length.
fn tail(at: usize, data: &[u8]) -> Result<(usize, usize), Fault> {
    let offset = position(at, data)?;
    let length = position(offset, data)?;
    Ok((offset.saturating_add(WORD), length))
}

/// A word that is an offset or a length; one beyond the address space saturates and fails where it is used.
fn position(at: usize, data: &[u8]) -> Result<usize, Fault> {
    let number = U256::from_big_endian(word(at, data)?);
    Ok(if number.bits() > 63 { usize::MAX } else { usize::try_from(number.low_u64()).unwrap_or(usize::MAX) })
}

fn word(at: usize, data: &[u8]) -> Result<&[u8], Fault> {
    part(at, WORD, data)
}

fn part(start: usize, len: usize, data: &[u8]) -> Result<&[u8], Fault> {
    let end = start.saturating_add(len);
    data.get(start..end).ok_or(Fault::TooShort { at: end, len: data.len() })
}

/// Bytes a value occupies in place; a dynamic one is an offset there.
fn head_len(kind: &ParamType) -> usize {
    match kind {
        ParamType::Tuple(inner) if !kind.is_dynamic() => inner.iter().map(head_len).sum(),
        ParamType::Tuple(_)
        | ParamType::Address
        | ParamType::Bytes
        | ParamType::Int(_)
        | ParamType::Uint(_)
        | ParamType::Bool
        | ParamType::String
        | ParamType::Array(_)
        | ParamType::FixedBytes(_)
        | ParamType::FixedArray(..) => WORD,
    }
}

#[cfg(test)]
mod tests;
