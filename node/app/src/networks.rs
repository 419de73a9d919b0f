//! Which network: a built-in one by name, or a file.

use std::fs;
use std::path::Path;

use anyhow::Context;
use types::NetworkRules;

use crate::exit::usage;

/// The rules of a built-in network, or of the network file at that path.
///
/// # Errors
/// Neither exists, or the file cannot be used (exit code 2).
pub fn by_name_or_file(text: &str) -> anyhow::Result<NetworkRules> {
    if is_built_in(text) {
        return Ok(NetworkRules::builtin(text)?);
    }
    let path = Path::new(text);
    if path.is_file() {
        return from_file(path);
    }
    let known: Vec<&str> = NetworkRules::builtin_names().collect();
    Err(usage(format!(
        "{text} is neither a network file nor one of the built-in networks: {}",
        known.join(", ")
    )))
}

/// Whether this is the name of a built-in network.
#[must_use]
pub fn is_built_in(text: &str) -> bool {
    NetworkRules::builtin_names().any(|name| name == text)
}

/// The rules in a network file.
///
/// # Errors
/// The file cannot be read or used (exit code 2).
pub fn from_file(path: &Path) -> anyhow::Result<NetworkRules> {
    let text = fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read network file {}: {error}", path.display())))?;
    NetworkRules::from_toml(&text).with_context(|| format!("network file {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_name_that_is_nothing_lists_what_there_is() {
        let error = by_name_or_file("mainet").unwrap_err();
        assert!(error.to_string().contains("mainnet, "), "{error}");
        assert_eq!(Exit::of(&error), Exit::Usage);
        assert_eq!(by_name_or_file("mainnet").unwrap().chain_id, 1);
    }
}
