//! What the help of the contract commands shows, at most 98 columns wide.

pub(crate) const OPERATOR_REGISTER: &str = "\
The key file must open: a key that cannot be used later is not registered. The registered form of
the public key and its fingerprint are those of `capstan operator key show`.

Examples:
  capstan operator register --network mainnet --execution-url http://127.0.0.1:8545 \\
      --key operator.json --password-file operator.pass --signer-key-file owner.key
  capstan operator register --network mainnet --execution-url http://127.0.0.1:8545 \\
      --key operator.json --password-file operator.pass --calldata --json
      prints the call for a multisig or a hardware wallet";

pub(crate) const VALIDATOR_SPLIT: &str = "\
Operator keys and the owner's nonce are read from the chain. The file is the one that the other
tools read and write. Register its validators before the owner registers any other: each share is
bound to the owner's nonce.

Examples:
  capstan validator split --network mainnet --execution-url http://127.0.0.1:8545 \\
      --owner 0x0123456789abcdef0123456789abcdef01234567 --operators 1,2,3,4 \\
      --keystore keystore-m_12381_3600_0_0_0.json --password-file keystore.pass \\
      --out keyshares.json";

pub(crate) const VALIDATOR_REGISTER: &str = "\
Several validators of one cluster go into as few transactions as fit. The cluster's current state
is read from the chain.

Examples:
  capstan validator register --network mainnet --execution-url http://127.0.0.1:8545 \\
      --keyshares keyshares.json --amount 1000000000000000000 --signer-key-file owner.key
  capstan validator register --network mainnet --execution-url http://127.0.0.1:8545 \\
      --keyshares keyshares.json --calldata --json";

pub(crate) const VALIDATOR_REMOVE: &str = "\
The operators stop signing for a removed validator; it stays active on the beacon chain and is
penalised until another client signs for it or it has exited.

Example:
  capstan validator remove --network mainnet --execution-url http://127.0.0.1:8545 \\
      --public-key 0xa99a... --operators 1,2,3,4 --signer-key-file owner.key";
