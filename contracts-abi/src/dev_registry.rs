//! The registry of local networks, compiled from `solidity/src` by the pinned compiler.

use serde::Deserialize;

/// The committed artifact, as text: ABI, code, compiler and settings.
pub const ARTIFACT: &str = include_str!("../solidity/artifact/DevRegistry.json");

/// The code that a deployment transaction carries. The contract takes no constructor arguments.
///
/// # Errors
/// The committed artifact is damaged.
pub fn bytecode() -> Result<Vec<u8>, ArtifactError> {
    code().map(|artifact| artifact.bytecode)
}

/// The code that ends up on chain. It depends on no constructor, so it can stand in a genesis allocation.
///
/// # Errors
/// The committed artifact is damaged.
pub fn runtime_bytecode() -> Result<Vec<u8>, ArtifactError> {
    code().map(|artifact| artifact.deployed_bytecode)
}

/// The committed artifact cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "contracts-abi/solidity/artifact/DevRegistry.json is damaged: run `npm run compile` in contracts-abi/solidity"
)]
pub struct ArtifactError(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    #[serde(with = "alloy_primitives::hex::serde")]
    bytecode: Vec<u8>,
    #[serde(with = "alloy_primitives::hex::serde")]
    deployed_bytecode: Vec<u8>,
}

fn code() -> Result<Artifact, ArtifactError> {
    Ok(serde_json::from_str(ARTIFACT)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_artifact_holds_code_below_the_limit_of_a_chain() {
        let runtime = runtime_bytecode().unwrap();
        assert!((1..=24_576).contains(&runtime.len()), "{}", runtime.len());
        assert!(bytecode().unwrap().ends_with(&runtime), "the constructor only returns the code");
    }
}
