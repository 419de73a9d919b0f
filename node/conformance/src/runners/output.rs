//! What came out of the machines of a vector, and whether it is what was expected.

use anyhow::{Result, anyhow, bail, ensure};
use crypto::rsa::OperatorPrivateKey;
use duty::Refusal;
use types::{Decode, MsgType, PartialSignatureMessages, RefusalCode, Root, SsvFork, TreeHash};

use crate::codes;
use crate::qbft::world::sign;

/// What came out.
pub(super) struct Output {
    fork: SsvFork,
    /// The bundles that were published, in order.
    bundles: Vec<PartialSignatureMessages>,
    /// Whether anything was published, consensus included.
    pub(super) said_anything: bool,
    /// The roots of what was submitted.
    pub(super) beacon_roots: Vec<Root>,
    /// The last refusal: its code and its words.
    refusal: Option<(Option<RefusalCode>, String)>,
}

impl Output {
    pub(super) const fn new(fork: SsvFork) -> Self {
        Self { fork, bundles: Vec::new(), said_anything: false, beacon_roots: Vec::new(), refusal: None }
    }

    /// A refusal before any machine is asked.
    pub(super) fn refuse(&mut self, code: RefusalCode) {
        self.refusal = Some((Some(code), code.to_string()));
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.refusal = Some((refusal.code(), refusal.to_string()));
    }

    /// Signs and keeps what is published.
    pub(super) fn publish(&mut self, key: &OperatorPrivateKey, unsigned: qbft::Unsigned) -> Result<()> {
        let message = sign(key, unsigned)?;
        self.said_anything = true;
        if message.ssv_message.msg_type == MsgType::PartialSignature {
            let bundle = PartialSignatureMessages::from_ssz_bytes(&message.ssv_message.data);
            self.bundles.push(bundle.map_err(|error| anyhow!("own bundle: {error:?}"))?);
        }
        Ok(())
    }

    /// Whether the last refusal has this code.
    pub(super) fn was_refused(&self, code: RefusalCode) -> bool {
        self.refusal.as_ref().is_some_and(|(last, _)| *last == Some(code))
    }

    pub(super) fn check_refusal(&self, expected: u64) -> Result<()> {
        codes::check(self.fork, expected, self.refusal.clone())
    }

    /// These roots were submitted, in any order.
    pub(super) fn check_beacon_roots(&self, expected: &[Root]) -> Result<()> {
        let sorted = |roots: &[Root]| {
            let mut roots = roots.to_vec();
            roots.sort();
            roots
        };
        let (got, due) = (sorted(&self.beacon_roots), sorted(expected));
        ensure!(got == due, "submitted: expected {due:?}, got {got:?}");
        Ok(())
    }

    /// These bundles were published; `ordered` tells whether their order counts. The order inside one never does.
    pub(super) fn check_bundles(&self, expected: &[PartialSignatureMessages], ordered: bool) -> Result<()> {
        let mut got: Vec<_> = self.bundles.iter().map(fingerprint).collect();
        let mut due: Vec<_> = expected.iter().map(fingerprint).collect();
        if !ordered {
            got.sort();
            due.sort();
        }
        if got != due {
            bail!("bundles: expected {expected:?}, got {:?}", self.bundles);
        }
        Ok(())
    }

    /// Bundles with these entries were published, whatever their kind and slot.
    pub(super) fn check_entries(&self, expected: &[PartialSignatureMessages]) -> Result<()> {
        let entries = |bundles: &[PartialSignatureMessages]| -> Vec<Vec<Root>> {
            bundles.iter().map(|bundle| fingerprint(bundle).2).collect()
        };
        if entries(&self.bundles) != entries(expected) {
            bail!("bundles: expected {expected:?}, got {:?}", self.bundles);
        }
        Ok(())
    }
}

/// Kind, slot, and the roots of the entries without their order.
fn fingerprint(bundle: &PartialSignatureMessages) -> (u64, u64, Vec<Root>) {
    let mut roots: Vec<Root> = bundle.messages.iter().map(TreeHash::tree_hash_root).collect();
    roots.sort();
    (bundle.msg_type.number(), bundle.slot.get(), roots)
}
