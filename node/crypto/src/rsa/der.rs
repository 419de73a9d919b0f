//! The little DER that RSA private keys need: PKCS#1 inside PKCS#8 and back.

use super::RsaError;
use zeroize::Zeroizing;

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
/// Version 0.
const VERSION: [u8; 3] = [0x02, 0x01, 0x00];
/// Algorithm rsaEncryption with NULL parameters.
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Wraps a PKCS#1 `RSAPrivateKey` into a PKCS#8 `PrivateKeyInfo`.
pub(super) fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut inner = Zeroizing::new(Vec::with_capacity(pkcs1.len().saturating_add(32)));
    inner.extend_from_slice(&VERSION);
    inner.extend_from_slice(&RSA_ENCRYPTION);
    push_header(&mut inner, OCTET_STRING, pkcs1.len());
    inner.extend_from_slice(pkcs1);
    let mut outer = Zeroizing::new(Vec::with_capacity(inner.len().saturating_add(8)));
    push_header(&mut outer, SEQUENCE, inner.len());
    outer.extend_from_slice(&inner);
    outer
}

/// The PKCS#1 `RSAPrivateKey` inside a PKCS#8 `PrivateKeyInfo`; attributes after the key are ignored.
pub(super) fn pkcs1_of_pkcs8(pkcs8: &[u8]) -> Result<Zeroizing<Vec<u8>>, RsaError> {
    let (body, _) = read(pkcs8, SEQUENCE).ok_or(RsaError::Key)?;
    let rest = body.strip_prefix(&VERSION).ok_or(RsaError::Key)?;
    let rest = rest.strip_prefix(&RSA_ENCRYPTION).ok_or(RsaError::Key)?;
    let (pkcs1, _) = read(rest, OCTET_STRING).ok_or(RsaError::Key)?;
    Ok(Zeroizing::new(pkcs1.to_vec()))
}

fn push_header(out: &mut Vec<u8>, tag: u8, len: usize) {
    out.push(tag);
    let bytes = len.to_be_bytes();
    let significant = bytes.iter().position(|byte| *byte != 0).map_or(&[][..], |at| &bytes[at..]);
    match (significant, u8::try_from(significant.len())) {
        ([], _) => out.push(0),
        ([short], _) if *short < 0x80 => out.push(*short),
        (long, count) => {
            // A usize has at most eight bytes, so the count always fits.
            out.push(0x80 | count.unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
}

/// Contents of the first element, which must carry `tag`, and what follows it.
fn read(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..0x80 => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0usize, |len, byte| len << 8 | usize::from(*byte)), rest)
        }
        0x80 | 0x85.. => return None,
    };
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_and_unwraps_every_length_form() {
        for len in [0usize, 1, 127, 128, 255, 256, 1193, 70_000] {
            let content = vec![7u8; len];
            let wrapped = pkcs8_of_pkcs1(&content);
            assert_eq!(*pkcs1_of_pkcs8(&wrapped).unwrap(), content, "len {len}");
            for cut in 0..wrapped.len().min(40) {
                assert!(pkcs1_of_pkcs8(&wrapped[..cut]).is_err());
            }
        }
    }
}
