//! The vault as the conductor uses it: off the I/O threads, because it waits for the disk and computes.

use std::collections::HashMap;
use std::sync::Arc;

use duty::{SignRequest, Signed, SigningObject, Watermark, Withheld};
use types::{BeaconRole, CommitteeId, Epoch, PublicKeyBytes, Root, RunnerRole, Slot, ValidatorIndex};
use vault::{AttestationRequest, Consensus, Vault};

use crate::clock::SlotClock;

/// Makes partial signatures, by way of the signing history.
#[derive(Clone)]
pub(crate) struct Signer {
    vault: Arc<Vault>,
    clock: Arc<SlotClock>,
}

impl Signer {
    pub(crate) const fn new(vault: Arc<Vault>, clock: Arc<SlotClock>) -> Self {
        Self { vault, clock }
    }

    /// Writes down that this node speaks in a slot's consensus. False if it may have spoken before, or if nothing could be
    /// written: then it must not speak.
    pub(crate) async fn begin_consensus(&self, committee: CommitteeId, role: RunnerRole, slot: Slot) -> bool {
        let vault = Arc::clone(&self.vault);
        let begun =
            tokio::task::spawn_blocking(move || vault.begin_consensus(&[(committee, role)], slot)).await;
        match begun.map(|answers| answers.map(|answers| answers.first().copied())) {
            Ok(Ok(Some(Consensus::Started))) => true,
            Ok(Ok(Some(Consensus::AlreadySpoken { last }))) => {
                tracing::info!(%slot, %committee, %last, "this node may have spoken in this slot before it was restarted: it follows in silence");
                false
            }
            Ok(Err(error)) => {
                tracing::error!(%slot, %committee, %error, "the start of consensus is not on disk: the node keeps silent");
                false
            }
            Ok(Ok(None)) | Err(_) => false,
        }
    }

    /// What shares have signed so far. A share without a record gets a mark that refuses everything.
    pub(crate) fn watermarks(&self, shares: &[PublicKeyBytes]) -> Vec<Watermark> {
        const CLOSED: Watermark = Watermark { source: Epoch(u64::MAX), target: Epoch(u64::MAX) };
        match self.vault.marks(shares) {
            Ok(marks) => marks
                .into_iter()
                .map(|marks| {
                    marks.map_or(CLOSED, |marks| Watermark { source: marks.source, target: marks.target })
                })
                .collect(),
            Err(error) => {
                tracing::error!(%error, "the signing history is not readable");
                vec![CLOSED; shares.len()]
            }
        }
    }

    /// Whether a share may sign a vote with this target.
    pub(crate) fn may_vote(&self, share: PublicKeyBytes, target: Epoch) -> bool {
        self.watermarks(&[share]).iter().all(|mark| mark.target < target)
    }

    /// How many shares can sign.
    pub(crate) fn ready(&self) -> usize {
        self.vault.ready()
    }

    /// Shares that stopped because their record could not be written.
    pub(crate) fn stopped(&self) -> usize {
        self.vault.stopped().len()
    }

    /// Makes the partial signatures of a decided vote: attestations by permit, all in one transaction of the history.
    pub(crate) async fn sign(
        &self,
        signers: HashMap<ValidatorIndex, vault::Signer>,
        request: SignRequest,
    ) -> Vec<Signed> {
        let (vault, now) = (Arc::clone(&self.vault), self.clock.slot());
        tokio::task::spawn_blocking(move || sign(&vault, now, &signers, &request)).await.unwrap_or_default()
    }
}

fn sign(
    vault: &Vault,
    now: Slot,
    signers: &HashMap<ValidatorIndex, vault::Signer>,
    request: &SignRequest,
) -> Vec<Signed> {
    let (mut attesters, mut votes) = (Vec::new(), Vec::new());
    let mut by_block: HashMap<Root, (Vec<ValidatorIndex>, Vec<vault::Signer>)> = HashMap::new();
    for task in &request.tasks {
        let Some(signer) = signers.get(&task.validator).copied() else { continue };
        match &task.object {
            SigningObject::Attestation(data) => {
                attesters.push(task.validator);
                votes.push(AttestationRequest { signer, data: *data });
            }
            SigningObject::SyncMessage(block) => {
                let (members, keys) = by_block.entry(*block).or_default();
                members.push(task.validator);
                keys.push(signer);
            }
        }
    }
    let mut signed = attestations(vault, now, attesters, &votes);
    for (block, (members, keys)) in by_block {
        let answers = vault.sign_sync_messages(request.slot, block, &keys);
        signed.extend(members.into_iter().zip(answers).map(|(validator, answer)| {
            if let Err(refused) = &answer {
                tracing::warn!(slot = %request.slot, %validator, %refused, "the vault did not sign a sync committee message");
            }
            Signed { validator, role: BeaconRole::SyncCommittee, signature: answer.map(|signed| signed.signature).map_err(|_| Withheld::Refused) }
        }));
    }
    signed
}

fn attestations(
    vault: &Vault,
    now: Slot,
    attesters: Vec<ValidatorIndex>,
    votes: &[AttestationRequest],
) -> Vec<Signed> {
    let answer = |validator, signature| Signed { validator, role: BeaconRole::Attester, signature };
    let (mut permitted, mut permits, mut signed) = (Vec::new(), Vec::new(), Vec::new());
    for (validator, permit) in attesters.into_iter().zip(vault.permit_attestations(now, votes)) {
        match permit {
            Ok(permit) => {
                permitted.push(validator);
                permits.push(permit);
            }
            Err(refused) => {
                tracing::warn!(%validator, %refused, "the vault did not permit an attestation");
                signed.push(answer(validator, Err(Withheld::Refused)));
            }
        }
    }
    let signature = |made: Result<vault::Signed, vault::Refused>| {
        made.map(|made| made.signature).map_err(|_| Withheld::Refused)
    };
    let signatures = vault.sign_many(permits).into_iter().map(signature);
    signed.extend(
        permitted.into_iter().zip(signatures).map(|(validator, signature)| answer(validator, signature)),
    );
    signed
}
