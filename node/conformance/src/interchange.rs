//! EIP-3076: the conformance suite (github.com/eth-clients/slashing-protection-interchange-tests) against a real history file.
//!
//! The history keeps marks, so it must answer as a "minimal" store does: `should_succeed`. The vault arms only keys whose secrets it
//! has and signs only what it hashes itself. So each key of a vector stands for one made here, and each signing root is the
//! block root of the vote: different roots stay different, equal ones equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use crypto::bls::SecretKey;
use serde::Deserialize;
use store::HistoryDb;
use types::beacon::{AttestationData, BeaconBlockHeader};
use types::rules::{BeaconGenesis, BeaconSpec, ChainRules, NetworkRules};
use types::{Checkpoint, CommitteeIndex, Epoch, PresetName, PublicKeyBytes, Root, Slot, ValidatorIndex};
use vault::interchange::{self, Interchange};
use vault::{ArmShare, Arming, AttestationRequest, BlockRequest, Floor, Signer, Vault};

use crate::published;
use crate::report::Family;

/// The folder of the suite.
pub const FOLDER: &str = "slashing-interchange";

#[derive(Deserialize)]
struct Vector {
    genesis_validators_root: Root,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    should_succeed: bool,
    interchange: Interchange,
    blocks: Vec<BlockAttempt>,
    attestations: Vec<VoteAttempt>,
}

#[derive(Deserialize)]
struct BlockAttempt {
    pubkey: PublicKeyBytes,
    slot: String,
    signing_root: Root,
    should_succeed: bool,
}

#[derive(Deserialize)]
struct VoteAttempt {
    pubkey: PublicKeyBytes,
    source_epoch: String,
    target_epoch: String,
    signing_root: Root,
    should_succeed: bool,
}

/// Runs the suite below `root`; `None` if it is not there.
///
/// # Errors
/// The folder cannot be read.
pub fn family(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<Family>> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut family = Family::new("EIP-3076 slashing-interchange, the history file");
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    family.absent = published::absent(FOLDER, "", |name| paths.iter().any(|path| stem(path) == name));
    for path in paths {
        family.found += 1;
        if wanted(&path.display().to_string()) {
            let name = stem(&path);
            family.record(&name, fs::read(&path).map_err(Into::into).and_then(|text| run(&text)).into());
        }
    }
    Ok(Some(family))
}

/// Runs one document.
///
/// # Errors
/// What it expects did not happen.
pub fn run(document: &[u8]) -> Result<()> {
    let vector: Vector = serde_json::from_slice(document)?;
    let folder = tempfile::tempdir()?;
    let chain = chain(vector.genesis_validators_root)?;
    let vault = Vault::open(HistoryDb::open(folder.path())?, chain)?;
    let mut keys = Keys::default();
    for (index, step) in vector.steps.iter().enumerate() {
        run_step(&vault, &mut keys, step).with_context(|| format!("step {index}"))?;
    }
    Ok(())
}

fn run_step(vault: &Vault, keys: &mut Keys, step: &Step) -> Result<()> {
    let mut document = step.interchange.clone();
    for entry in &mut document.data {
        entry.pubkey = keys.signer(vault, entry.pubkey)?.share;
    }
    let imported = interchange::import(vault.history(), &document);
    // Slashable data may be refused; raising marks makes it harmless, so it is imported.
    ensure!(imported.is_ok() == step.should_succeed, "import: {imported:?}");
    for attempt in &step.blocks {
        let slot = Slot(attempt.slot.parse()?);
        let request =
            BlockRequest { signer: keys.signer(vault, attempt.pubkey)?, header: header(slot, attempt) };
        let granted = vault.permit_blocks(LATE, &[request]).iter().all(Result::is_ok);
        ensure!(granted == attempt.should_succeed, "block {slot}: granted {granted}");
    }
    for attempt in &step.attestations {
        let signer = keys.signer(vault, attempt.pubkey)?;
        let data = vote(attempt)?;
        let granted = vault.permit_attestations(LATE, &[AttestationRequest { signer, data }]);
        let granted = granted.iter().all(Result::is_ok);
        let (source, target) = (data.source.epoch, data.target.epoch);
        ensure!(granted == attempt.should_succeed, "vote {source} -> {target}: granted {granted}");
    }
    Ok(())
}

/// A slot after all those of the suite.
const LATE: Slot = Slot(u64::MAX);

fn header(slot: Slot, attempt: &BlockAttempt) -> BeaconBlockHeader {
    BeaconBlockHeader {
        slot,
        proposer_index: ValidatorIndex(0),
        parent_root: attempt.signing_root,
        state_root: Root::ZERO,
        body_root: Root::ZERO,
    }
}

fn vote(attempt: &VoteAttempt) -> Result<AttestationData> {
    let root = attempt.signing_root;
    let (source, target): (u64, u64) = (attempt.source_epoch.parse()?, attempt.target_epoch.parse()?);
    let slot = target.checked_mul(PresetName::Mainnet.slots_per_epoch()).context("a slot")?;
    Ok(AttestationData {
        slot: Slot(slot),
        index: CommitteeIndex(0),
        beacon_block_root: root,
        source: Checkpoint { epoch: Epoch(source), root },
        target: Checkpoint { epoch: Epoch(target), root },
    })
}

/// The keys that stand for those of a vector, armed without a floor.
#[derive(Default)]
struct Keys {
    signers: BTreeMap<PublicKeyBytes, Signer>,
}

impl Keys {
    fn signer(&mut self, vault: &Vault, key: PublicKeyBytes) -> Result<Signer> {
        if let Some(signer) = self.signers.get(&key) {
            return Ok(*signer);
        }
        let number = u8::try_from(self.signers.len())?.checked_add(1).context("too many keys")?;
        let secret = SecretKey::from_be_bytes(&[number; 32])?;
        let share = ArmShare { validator: key, share: secret.public_key().to_bytes(), secret };
        let signer = share.signer();
        let floor = Floor { source: Epoch(0), target: Epoch(0), slot: Slot(0) };
        vault.arm(vec![share], floor, Arming::Resume)?;
        self.signers.insert(key, signer);
        Ok(signer)
    }
}

/// The main network's rules on a chain with this root.
///
/// # Errors
/// The rules contradict themselves.
pub fn chain(genesis_validators_root: Root) -> Result<Arc<ChainRules>> {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut config = BTreeMap::from([
        text("CONFIG_NAME", "mainnet"),
        text("PRESET_BASE", "mainnet"),
        text("SECONDS_PER_SLOT", "12"),
    ]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), (number * 1_000).to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis_fork_version = "0x00000000".parse()?;
    let genesis = BeaconGenesis { genesis_time: 0, genesis_validators_root, genesis_fork_version };
    let beacon = BeaconSpec::new(&config, genesis)?;
    let network = NetworkRules::builtin("mainnet").context("no rules of mainnet")?;
    Ok(Arc::new(ChainRules::new(Arc::new(network), Arc::new(beacon))?))
}
