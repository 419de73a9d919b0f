//! Passwords as EIP-2335 wants them.

use super::KeystoreError;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A password, normalised (NFKD, control characters removed) beside its original form. Wiped on drop, no `Debug`.
pub struct Password {
    normalised: Zeroizing<Vec<u8>>,
    original: Zeroizing<Vec<u8>>,
}

/// What trimming a password file took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trimmed {
    /// Nothing, or line ends only.
    LineEnds,
    /// Spaces or tabs too. Other clients do not agree on such a file: warn, and advise to write it anew.
    Spaces,
}

impl Password {
    /// A password that someone typed.
    ///
    /// # Errors
    /// [`KeystoreError::EmptyPassword`].
    pub fn new(text: &str) -> Result<Self, KeystoreError> {
        let mut normalised = Zeroizing::new(Vec::with_capacity(text.len().saturating_mul(4)));
        for c in text.nfkd().filter(|c| !c.is_ascii_control()) {
            normalised.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if normalised.is_empty() {
            return Err(KeystoreError::EmptyPassword);
        }
        Ok(Self { normalised, original: Zeroizing::new(text.as_bytes().to_vec()) })
    }

    /// The password in a password file: white space at both ends does not belong to it.
    ///
    /// # Errors
    /// [`KeystoreError::PasswordText`] or [`KeystoreError::EmptyPassword`].
    pub fn from_file_content(content: &[u8]) -> Result<(Self, Trimmed), KeystoreError> {
        let text = str::from_utf8(content).map_err(|_| KeystoreError::PasswordText)?;
        let trimmed = text.trim();
        let without_line_ends = text.trim_matches(['\r', '\n']);
        let what = if trimmed.len() == without_line_ends.len() { Trimmed::LineEnds } else { Trimmed::Spaces };
        Ok((Self::new(trimmed)?, what))
    }

    /// The form that EIP-2335 prescribes; files are written with it.
    pub(super) fn normalised(&self) -> &[u8] {
        &self.normalised
    }

    /// The forms to try when reading: some tools skip the normalisation.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &[u8]> {
        let original = (self.original != self.normalised).then_some(self.original.as_slice());
        std::iter::once(self.normalised.as_slice()).chain(original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of EIP-2335.
    #[test]
    fn normalisation() {
        let password = Password::new("𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑").unwrap();
        assert_eq!(hex::encode(password.normalised()), "7465737470617373776f7264f09f9491");
        assert_eq!(Password::new("a\tb\u{7f}c\r\n").unwrap().normalised(), b"abc");
        assert!(matches!(Password::new("\n"), Err(KeystoreError::EmptyPassword)));
    }

    #[test]
    fn files_are_trimmed_and_say_so() {
        for (content, expected, what) in [
            ("secret", "secret", Trimmed::LineEnds),
            ("secret\r\n", "secret", Trimmed::LineEnds),
            (" secret \n", "secret", Trimmed::Spaces),
            ("two words\n", "two words", Trimmed::LineEnds),
        ] {
            let (password, trimmed) = Password::from_file_content(content.as_bytes()).unwrap();
            assert_eq!((password.normalised(), trimmed), (expected.as_bytes(), what));
        }
        assert!(matches!(Password::from_file_content(b" \n"), Err(KeystoreError::EmptyPassword)));
        assert!(matches!(Password::from_file_content(&[0xff]), Err(KeystoreError::PasswordText)));
    }
}
