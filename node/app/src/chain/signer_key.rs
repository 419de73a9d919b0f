//! The account that signs: a file with 32 bytes in hex that nobody but its owner may read.

use std::path::Path;

use anyhow::Context;
use contracts_abi::Signer;
use zeroize::Zeroizing;

use crate::exit::usage;
use crate::files::read_secret;

/// Reads the key; what was read is wiped from memory afterwards.
///
/// # Errors
/// The file cannot be read, others can read it too, or it holds something else (exit code 2).
pub fn read(path: &Path) -> anyhow::Result<Signer> {
    let file = read_secret(path).context("signer key file")?;
    let shown = path.display();
    if file.is_exposed() {
        let mode = file.mode;
        return Err(usage(format!(
            "signer key file {shown} has mode {mode:o}, others can read it: chmod 600 it"
        )));
    }
    let digits = file.text(path)?.trim();
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| {
        usage(format!("signer key file {shown} must hold 32 bytes in hex (0x is optional), nothing else"))
    })?;
    Signer::from_key(&key).map_err(|error| usage(format!("signer key file {shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(content: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signer.key");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn reads_hex_with_and_without_prefix() {
        let digits = "46".repeat(32);
        for content in [digits.clone(), format!("0x{digits}\n")] {
            let (_dir, path) = file(&content, 0o600);
            let address = read(&path).unwrap().address();
            assert_eq!(address.to_string(), "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
        }
    }

    #[test]
    fn refuses_what_others_can_read_and_what_is_no_key_without_showing_it() {
        let digits = "46".repeat(32);
        for (content, mode, expected) in [
            (digits.as_str(), 0o640, "chmod 600"),
            (&digits[1..], 0o600, "32 bytes in hex"),
            (&"00".repeat(32), 0o600, "not a secp256k1"),
            (&"46".repeat(200), 0o600, "32 bytes in hex"),
        ] {
            let (_dir, path) = file(content, mode);
            let message = format!("{:#}", read(&path).unwrap_err());
            assert!(message.contains(expected) && !message.contains("4646"), "{message}");
        }
        assert!(format!("{:#}", read(Path::new("/nowhere/key")).unwrap_err()).contains("signer key file"));
    }
}
