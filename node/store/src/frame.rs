//! How a row lies on disk: CRC-32 (little-endian), then the value.
//!
//! The checksum covers table, key and value, so that a value which turns up under another key is damage as well.

/// Bytes before the value.
pub(crate) const PREFIX_LEN: usize = 4;

/// CRC-32 of a row.
pub(crate) fn checksum(table: &str, key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(table.as_bytes());
    hasher.update(&[0]);
    hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// The bytes to store for a row, and their checksum.
pub(crate) fn seal(table: &str, key: &[u8], value: &[u8]) -> (Vec<u8>, u32) {
    let sum = checksum(table, key, value);
    let mut bytes = Vec::with_capacity(PREFIX_LEN.saturating_add(value.len()));
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(value);
    (bytes, sum)
}

/// The value inside stored bytes and its checksum; `None` when they do not belong together.
pub(crate) fn unseal<'a>(table: &str, key: &[u8], bytes: &'a [u8]) -> Option<(&'a [u8], u32)> {
    let (prefix, value) = bytes.split_first_chunk::<PREFIX_LEN>()?;
    let stated = u32::from_le_bytes(*prefix);
    (stated == checksum(table, key, value)).then_some((value, stated))
}

#[cfg(test)]
mod tests {
    use super::{seal, unseal};

    #[test]
    fn a_sealed_row_opens_only_where_it_belongs() {
        let (bytes, sum) = seal("operators", b"key", b"value");
        assert_eq!(unseal("operators", b"key", &bytes), Some((&b"value"[..], sum)));
        assert_eq!(unseal("validators", b"key", &bytes), None);
        assert_eq!(unseal("operators", b"kez", &bytes), None);
        assert_eq!(unseal("operators", b"ke", &bytes), None);
        assert_eq!(unseal("operators", b"key", &bytes[..3]), None);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (bytes, _) = seal("marks", b"k", &[7; 40]);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal("marks", b"k", &wrong), None, "bit {bit}");
        }
    }
}
