//! `sharesData`: the owner-nonce signature (96 bytes), the share public keys (48 each), the encrypted shares (256 each),
//! the last two in the order of the operator ids.

use crypto::rsa::RSA_LEN;
use types::{PublicKeyBytes, SignatureBytes};

/// Length of the data of `operators` operators: 1312, 2224, 3136 or 4048.
pub fn len(operators: usize) -> usize {
    SignatureBytes::LEN.saturating_add(operators.saturating_mul(PublicKeyBytes::LEN.saturating_add(RSA_LEN)))
}

/// Puts the parts together.
pub fn join(signature: &SignatureBytes, keys: &[PublicKeyBytes], encrypted: &[[u8; RSA_LEN]]) -> Vec<u8> {
    let mut data = signature.0.to_vec();
    keys.iter().for_each(|key| data.extend_from_slice(&key.0));
    encrypted.iter().for_each(|share| data.extend_from_slice(share));
    data
}

/// Signature and share public keys of `operators` operators; `None` if the length is not theirs.
pub fn signature_and_keys(data: &[u8], operators: usize) -> Option<(SignatureBytes, Vec<PublicKeyBytes>)> {
    if data.len() != len(operators) {
        return None;
    }
    let (signature, rest) = data.split_at_checked(SignatureBytes::LEN)?;
    let keys = rest.chunks_exact(PublicKeyBytes::LEN).take(operators);
    let keys = keys.map(PublicKeyBytes::try_from).collect::<Result<_, _>>().ok()?;
    Some((SignatureBytes::try_from(signature).ok()?, keys))
}
