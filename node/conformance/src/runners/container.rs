//! `partialsigcontainer.PartialSigContainerTest`: partial signatures until a quorum, and what they make.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use crypto::threshold::CoefficientCache;
use duty::collector::{Collector, SignatureSlot};
use duty::{CommitteeKeys, RecombineTask, ValidatorKeys, recombine};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;
use types::{PartialSignatureMessages, PublicKeyBytes, RefusalCode};

use crate::bundle::EntryJson;
use crate::codes;
use crate::json::Base64;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    quorum: usize,
    #[serde(rename = "ValidatorPubKey")]
    validator: Base64,
    #[serde(rename = "SignatureMsgs")]
    entries: Vec<EntryJson>,
    expected_error_code: u64,
    expected_result: Base64,
    expected_quorum: bool,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let per_signer = PartialSignatureMessages::max_messages(vector.archive.fork);
    let mut collector = Collector::with_limits(test.quorum, per_signer);
    let mut slot = None;
    for entry in &test.entries {
        let entry = entry.decode()?;
        let this = SignatureSlot { validator: entry.validator_index, root: entry.signing_root };
        collector.insert(entry.signer, this, entry.partial_signature);
        ensure!(slot.is_none_or(|slot| slot == this), "signatures of more than one object");
        slot = Some(this);
    }
    let slot = slot.context("no signature")?;
    let quorum = collector.has_quorum(slot);
    ensure!(quorum == test.expected_quorum, "quorum: expected {}, got {quorum}", test.expected_quorum);

    let shares = vector.archive.keys.share_keys.iter().map(|(operator, key)| (*operator, *key));
    let validator = ValidatorKeys::parse(&PublicKeyBytes::try_from(test.validator.bytes())?, shares)?;
    let keys: CommitteeKeys = [(slot.validator, Arc::new(validator))].into_iter().collect();
    let tasks = [RecombineTask { slot, parts: collector.signatures(slot) }];
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let results = recombine(&tasks, &keys, &mut CoefficientCache::default(), &mut rng);
    let result = results.into_iter().next().context("no result")?.result;
    let refusal = RefusalCode::ReconstructSignature;
    let refusal = result.is_err().then(|| (Some(refusal), refusal.to_string()));
    codes::check(vector.archive.fork, test.expected_error_code, refusal)?;
    let signature = result.map(|signature| signature.0.to_vec()).unwrap_or_default();
    ensure!(signature == test.expected_result.bytes(), "another signature: {}", hex::encode(signature));
    Ok(())
}
