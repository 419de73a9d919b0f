//! The `shares` bytes of a registration: signature, share public keys, encrypted shares.

use types::{PublicKeyBytes, SignatureBytes};

/// Bytes of the owner-nonce signature, before the shares.
pub const SHARES_PREFIX_LEN: usize = 96;
const KEY_LEN: usize = 48;
const CIPHERTEXT_LEN: usize = 256;

/// The parts, for a committee of known size; the i-th key and ciphertext belong to the i-th operator id of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareBlob<'a> {
    /// By the validator key, over owner and nonce.
    pub signature: SignatureBytes,
    keys: &'a [u8],
    ciphertexts: &'a [u8],
}

impl<'a> ShareBlob<'a> {
    /// Length for a committee of `operators`: 1312 for 4, 2224 for 7, 3136 for 10, 4048 for 13.
    #[must_use]
    pub const fn len_for(operators: usize) -> usize {
        SHARES_PREFIX_LEN.saturating_add(operators.saturating_mul(KEY_LEN + CIPHERTEXT_LEN))
    }

    /// Splits the bytes; `None` when their length does not fit.
    #[must_use]
    pub fn split(bytes: &'a [u8], operators: usize) -> Option<Self> {
        if bytes.len() != Self::len_for(operators) {
            return None;
        }
        let (signature, rest) = bytes.split_first_chunk::<SHARES_PREFIX_LEN>()?;
        let (keys, ciphertexts) = rest.split_at_checked(operators.checked_mul(KEY_LEN)?)?;
        Some(Self { signature: SignatureBytes(*signature), keys, ciphertexts })
    }

    /// The share public keys.
    pub fn keys(&self) -> impl Iterator<Item = PublicKeyBytes> + use<'a> {
        let (keys, _) = self.keys.as_chunks::<KEY_LEN>();
        keys.iter().map(|key| PublicKeyBytes(*key))
    }

    /// The encrypted shares.
    pub fn ciphertexts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.ciphertexts.chunks_exact(CIPHERTEXT_LEN)
    }
}

#[cfg(test)]
mod tests {
    use super::ShareBlob;

    #[test]
    fn published_lengths() {
        assert_eq!([4, 7, 10, 13].map(ShareBlob::len_for), [1312, 2224, 3136, 4048]);
    }

    #[test]
    fn parts_stand_in_the_order_of_the_operators() {
        let mut bytes = vec![9; 96];
        (1..=4).for_each(|operator| bytes.extend([operator; 48]));
        (5..=8).for_each(|operator| bytes.extend([operator; 256]));
        let blob = ShareBlob::split(&bytes, 4).unwrap();
        assert_eq!(blob.signature.0, [9; 96]);
        assert_eq!(blob.keys().map(|key| key.0[0]).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(blob.ciphertexts().map(|text| (text[0], text.len())).last(), Some((8, 256)));
        assert_eq!(ShareBlob::split(&bytes[1..], 4), None);
        assert_eq!(ShareBlob::split(&bytes, 7), None);
    }
}
