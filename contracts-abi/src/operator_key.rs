//! An operator's public key on chain is the base64 text of its PEM form, ABI-encoded once more as one dynamic value:
//! offset word 0x20, length word, text, padding.
//! The contract does not look into it, so anything can stand there.

use ethers_core::abi::{ParamType, Token};

use crate::read::{self, Fault};

/// Wraps the text for the `publicKey` argument of a registration.
#[must_use]
pub fn wrap(text: &str) -> Vec<u8> {
    ethers_core::abi::encode(&[Token::Bytes(text.as_bytes().to_vec())])
}

/// The text inside a wrapped key, as bytes: it need not be UTF-8, nor a key at all.
///
/// # Errors
/// The bytes are not one ABI-encoded dynamic value.
pub fn unwrap(wrapped: &[u8]) -> Result<Vec<u8>, Fault> {
    match read::values(&[ParamType::Bytes], wrapped)?.pop() {
        Some(Token::Bytes(text)) => Ok(text),
        _ => Err(Fault::UnknownType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_a_612_character_text_into_704_bytes() {
        let text = "L".repeat(612);
        let wrapped = wrap(&text);
        assert_eq!(wrapped.len(), 704);
        assert_eq!(wrapped[31], 0x20);
        assert_eq!(wrapped[62..64], [0x02, 0x64]);
        assert_eq!(unwrap(&wrapped).unwrap(), text.as_bytes());
    }

    #[test]
    fn refuses_a_key_that_is_not_wrapped() {
        assert!(unwrap("L".repeat(612).as_bytes()).is_err());
        assert!(unwrap(&[]).is_err());
    }
}
