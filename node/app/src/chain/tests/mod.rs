//! The contract commands against a real execution client with the local registry.

#[path = "../../../../../contracts-abi/tests/local_registry/support/anvil.rs"]
mod anvil;
#[path = "../../../../../contracts-abi/tests/local_registry/support/npm.rs"]
mod npm;

mod refusals;
mod sending;
mod staking;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use alloy_primitives::{Address, address, hex};
use contracts_abi::dev_registry;
use crypto::bls::SecretKey;
use crypto::keystore::{Kdf, Password, ValidatorKeystore};
use crypto::rsa::OperatorPrivateKey;
use jsonrpsee::rpc_params;
use tempfile::TempDir;
use types::OperatorId;

use self::anvil::{Anvil, KEYS};
use super::args::{ChainArgs, SendArgs};
use super::registry::Registry;
use super::rpc::Rpc;
use crate::commands::operator_register::{self, OperatorRegisterArgs, OperatorRegistered};
use crate::commands::validator_register::{self, ValidatorRegisterArgs, ValidatorsRegistered};
use crate::commands::validator_split::{self, ValidatorSplitArgs, ValidatorsSplit};
use crate::output::Output;

const CONTRACT: Address = address!("0x00000000000000000000000000000000000ca957");
const PASSWORD: &str = "a password of tests";
pub(super) const OUT: Output = Output::new(true);

/// Operator keys, made once: they are slow to make.
static OPERATORS: LazyLock<Vec<OperatorPrivateKey>> =
    LazyLock::new(|| (0..5).map(|_| OperatorPrivateKey::generate().unwrap()).collect());

/// An execution client with the registry, and a folder with the files of its users.
struct World {
    _anvil: Anvil,
    url: String,
    dir: TempDir,
}

impl World {
    /// `None`, with a word about it, where no execution client can run.
    async fn start(arguments: &[&str]) -> Option<Self> {
        let anvil = Anvil::start(arguments)?;
        let url = format!("http://127.0.0.1:{}", anvil.port);
        let world = Self { _anvil: anvil, url, dir: tempfile::tempdir().unwrap() };
        world.place(&dev_registry::runtime_bytecode().unwrap()).await;
        world.write("network.toml", &network_file(31337), 0o644);
        world.write("password", PASSWORD, 0o600);
        for (i, key) in KEYS.iter().enumerate() {
            world.write(&format!("signer-{i}"), key, 0o600);
        }
        Some(world)
    }

    /// With the first `count` operators registered by account 0.
    async fn with_operators(count: usize) -> Option<Self> {
        let world = Self::start(&[]).await?;
        for i in 0..count {
            let registered = world.register_operator(i).await.unwrap();
            let id = u64::try_from(i).unwrap() + 1;
            assert!(matches!(registered, OperatorRegistered::Sent { operator_id, .. } if operator_id == id));
        }
        Some(world)
    }

    async fn place(&self, code: &[u8]) {
        let params = rpc_params![CONTRACT, hex::encode_prefixed(code)];
        self.rpc().await.ask::<()>("anvil_setCode", params).await.unwrap();
    }

    async fn rpc(&self) -> Rpc {
        Rpc::connect(&self.url).await.unwrap()
    }

    async fn registry(&self) -> Registry {
        self.chain().open().await.unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        write(&self.path(name), content, mode);
    }

    fn chain(&self) -> ChainArgs {
        ChainArgs {
            network: self.path("network.toml").display().to_string(),
            execution_url: self.url.clone(),
        }
    }

    fn signed_by(&self, account: usize) -> SendArgs {
        let signer_key_file = Some(self.path(&format!("signer-{account}")));
        SendArgs { signer_key_file, calldata: false, wait_seconds: 60 }
    }

    fn operator_args(&self, i: usize) -> OperatorRegisterArgs {
        let name = format!("operator-{i}");
        self.write(&name, &OPERATORS[i].to_pem(), 0o600);
        OperatorRegisterArgs {
            chain: self.chain(),
            key: self.path(&name),
            password_file: None,
            fee: alloy_primitives::U256::ZERO,
            private: false,
            send: self.signed_by(0),
        }
    }

    async fn register_operator(&self, i: usize) -> anyhow::Result<OperatorRegistered> {
        operator_register::register(&self.operator_args(i), OUT).await
    }

    /// Writes a keystore with the secret key of this number.
    fn keystore(&self, name: &str, number: u8) {
        let password = Password::new(PASSWORD).unwrap();
        let keystore =
            ValidatorKeystore::encrypt(&secret(number), &password, Kdf::Pbkdf2, "", &mut rand::rng())
                .unwrap();
        self.write(name, &keystore.to_json().unwrap(), 0o600);
    }

    fn split_args(&self, keystores: &[&str], operators: &[u64], out: &str) -> ValidatorSplitArgs {
        ValidatorSplitArgs {
            chain: self.chain(),
            owner: account(1),
            operators: operators.iter().copied().map(OperatorId).collect(),
            keystore: keystores.iter().map(|name| self.path(name)).collect(),
            password_file: self.path("password"),
            out: self.path(out),
        }
    }

    async fn split(
        &self,
        keystores: &[&str],
        operators: &[u64],
        out: &str,
    ) -> anyhow::Result<ValidatorsSplit> {
        validator_split::split(&self.split_args(keystores, operators, out), OUT).await
    }

    fn register_args(&self, file: &str) -> ValidatorRegisterArgs {
        ValidatorRegisterArgs {
            chain: self.chain(),
            keyshares: self.path(file),
            amount: alloy_primitives::U256::ZERO,
            send: self.signed_by(1),
        }
    }

    async fn register(&self, file: &str) -> anyhow::Result<ValidatorsRegistered> {
        validator_register::register_all(&self.register_args(file), OUT).await
    }
}

fn network_file(chain_id: u64) -> String {
    format!(
        "name = \"local\"\npreset = \"minimal\"\nchain_id = {chain_id}\ncontract = \"{CONTRACT}\"\ndeploy_block = 0\n\
         follow_distance = 0\nseconds_per_slot = 3\n[domains]\nalan = \"0x00000402\"\n"
    )
}

fn write(path: &Path, content: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The address of the `i`-th funded account.
fn account(i: usize) -> Address {
    contracts_abi::Signer::from_key(&hex::decode(KEYS[i]).unwrap().try_into().unwrap()).unwrap().address()
}

fn secret(number: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    SecretKey::from_be_bytes(&bytes).unwrap()
}
