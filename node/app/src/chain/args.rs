//! Arguments that all contract commands take.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use types::OperatorId;

use super::error::ChainError;
use super::registry::Registry;
use crate::exit::usage;
use crate::networks;

/// Which registry, and through which execution client.
#[derive(Debug, Clone, Args)]
pub struct ChainArgs {
    /// Name of a built-in network, or a network file
    #[arg(long, value_name = "NAME|FILE")]
    pub network: String,
    /// JSON-RPC address of an execution client of the network's chain (http, https, ws or wss)
    #[arg(long, value_name = "URL")]
    pub execution_url: String,
}

impl ChainArgs {
    /// Opens the network's registry.
    ///
    /// # Errors
    /// The network cannot be read, or [`ChainError`].
    pub async fn open(&self) -> anyhow::Result<Registry> {
        let network = networks::by_name_or_file(&self.network)?;
        match Registry::open(&self.execution_url, &network).await {
            Err(error @ ChainError::Url { .. }) => Err(usage(error.to_string())),
            other => Ok(other?),
        }
    }
}

/// What to do with the call: send it, or show it to whoever signs.
#[derive(Debug, Clone, Args)]
pub struct SendArgs {
    /// File with the secret key of the signing account: 32 bytes in hex, mode 0600
    #[arg(long, value_name = "FILE", required_unless_present = "calldata", conflicts_with = "calldata")]
    pub signer_key_file: Option<PathBuf>,
    /// Send nothing; print the contract address, the value and the calldata
    #[arg(long)]
    pub calldata: bool,
    /// How long to wait for a transaction to get into a block
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub wait_seconds: u64,
}

impl SendArgs {
    /// How long to wait for a transaction.
    #[must_use]
    pub const fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_seconds)
    }
}

/// A committee on the command line: operator ids in any order, made ascending.
///
/// # Errors
/// An id is repeated or zero, or their number makes no committee (exit code 2).
pub fn committee(ids: &[OperatorId]) -> anyhow::Result<Vec<OperatorId>> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(usage(format!("operator {} is named twice", twice[0])));
    }
    if sorted.first().is_some_and(|id| id.get() == 0) {
        return Err(usage("there is no operator 0: ids start at 1"));
    }
    if !matches!(sorted.len(), 4 | 7 | 10 | 13) {
        return Err(usage(format!("a committee has 4, 7, 10 or 13 operators, not {}", sorted.len())));
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committees_are_sorted_unique_and_of_a_size_that_exists() {
        let read = |ids: &[u64]| {
            let ids: Vec<_> = ids.iter().copied().map(OperatorId).collect();
            committee(&ids).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[4, 1, 3, 2]), Ok(vec![OperatorId(1), OperatorId(2), OperatorId(3), OperatorId(4)]));
        assert_eq!(read(&[4, 1, 4, 2]), Err("operator 4 is named twice".into()));
        assert_eq!(read(&[0, 1, 3, 2]), Err("there is no operator 0: ids start at 1".into()));
        for wrong in [&[][..], &[1, 2, 3], &[1, 2, 3, 4, 5]] {
            assert_eq!(
                read(wrong),
                Err(format!("a committee has 4, 7, 10 or 13 operators, not {}", wrong.len()))
            );
        }
    }
}
