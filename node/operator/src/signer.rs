//! The vault as the conductor uses it: off the I/O threads, because it waits for the disk and computes.

use std::collections::HashMap;
use std::sync::Arc;

use duty::runner::{AggregateObject, ShareObject, ShareRequest};
use duty::{SignRequest, Signed, SigningObject, SigningTask, Watermark, Withheld};
use types::{
    BeaconRole, CommitteeId, Epoch, PublicKeyBytes, Root, RunnerRole, SignatureBytes, Slot, ValidatorIndex,
};
use vault::{AttestationRequest, BlockRequest, Consensus, Marks, Object, ObjectRequest, Vault};

use crate::clock::SlotClock;
use crate::doppelganger::{Watch, guarded};

/// What shares had signed at one moment; nothing is permitted to a share that is not in it.
#[derive(Debug, Default)]
pub(crate) struct Standing(HashMap<PublicKeyBytes, Marks>);

impl Standing {
    /// Whether a share may sign a vote with this target.
    pub(crate) fn may_vote(&self, share: PublicKeyBytes, target: Epoch) -> bool {
        self.0.get(&share).is_some_and(|marks| marks.target < target)
    }

    /// The highest slot that a share signed a block for; the last one there is for a share without a record, which signs nothing.
    pub(crate) fn highest_block(&self, share: PublicKeyBytes) -> Slot {
        self.0.get(&share).map_or(Slot(u64::MAX), |marks| marks.slot)
    }
}

/// Makes partial signatures, by way of the signing history.
#[derive(Clone)]
pub(crate) struct Signer {
    vault: Arc<Vault>,
    clock: Arc<SlotClock>,
    watch: Watch,
}

impl Signer {
    /// `watch` says which validators are under observation.
    pub(crate) const fn new(vault: Arc<Vault>, clock: Arc<SlotClock>, watch: Watch) -> Self {
        Self { vault, clock, watch }
    }

    /// Writes down that these speak in the consensus of a slot, in one write. Answers in their order; none if nothing could be written:
    /// then nobody must speak.
    pub(crate) async fn begin_consensus(
        &self,
        speakers: Vec<(CommitteeId, RunnerRole)>,
        slot: Slot,
    ) -> Vec<Consensus> {
        let vault = Arc::clone(&self.vault);
        let begun = tokio::task::spawn_blocking(move || vault.begin_consensus(&speakers, slot)).await;
        match begun {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => {
                tracing::error!(%slot, %error, "the start of consensus is not on disk: the node keeps silent");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    /// What these shares have signed so far.
    pub(crate) async fn standing(&self, shares: Vec<PublicKeyBytes>) -> Standing {
        let vault = Arc::clone(&self.vault);
        let read = tokio::task::spawn_blocking(move || {
            let marks = vault.marks(&shares)?;
            let known = shares.into_iter().zip(marks).filter_map(|(share, marks)| Some((share, marks?)));
            Ok::<_, vault::HistoryError>(Standing(known.collect()))
        });
        match read.await {
            Ok(Ok(standing)) => standing,
            Ok(Err(error)) => {
                tracing::error!(%error, "the signing history is not readable");
                Standing::default()
            }
            // A lost thread: the node stops.
            Err(_) => Standing::default(),
        }
    }

    /// What these shares have signed so far, in their order. A share without a record gets a mark that refuses everything.
    pub(crate) async fn watermarks(&self, shares: &[PublicKeyBytes]) -> Vec<Watermark> {
        const CLOSED: Watermark = Watermark { source: Epoch(u64::MAX), target: Epoch(u64::MAX) };
        let standing = self.standing(shares.to_vec()).await;
        let mark = |share| {
            let marks = standing.0.get(share)?;
            Some(Watermark { source: marks.source, target: marks.target })
        };
        shares.iter().map(|share| mark(share).unwrap_or(CLOSED)).collect()
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
        signers: Arc<HashMap<ValidatorIndex, vault::Signer>>,
        request: SignRequest,
    ) -> Vec<Signed> {
        let (vault, now) = (Arc::clone(&self.vault), self.clock.slot());
        let (request, withheld) = self.withhold_votes(request);
        let work = move || sign(&vault, now, &signers, &request);
        let mut signed = tokio::task::spawn_blocking(work).await.unwrap_or_default();
        signed.extend(withheld);
        signed
    }

    /// Takes out the votes of validators under observation.
    fn withhold_votes(&self, request: SignRequest) -> (SignRequest, Vec<Signed>) {
        let withholds = |task: &SigningTask| match task.object {
            SigningObject::Attestation(_) => !self.watch.is_safe(task.validator),
            SigningObject::SyncMessage(_) => false,
        };
        let (withheld, tasks): (Vec<_>, Vec<_>) = request.tasks.into_iter().partition(withholds);
        let answer = |task: SigningTask| Signed {
            validator: task.validator,
            role: BeaconRole::Attester,
            signature: Err(Withheld::Doppelganger),
        };
        (SignRequest { tasks, ..request }, withheld.into_iter().map(answer).collect())
    }

    /// Makes the partial signatures of any other duty, in the order of the request: blocks by permit, everything else as it is.
    pub(crate) async fn sign_objects(
        &self,
        signers: Arc<HashMap<ValidatorIndex, vault::Signer>>,
        request: ShareRequest,
    ) -> Vec<Result<SignatureBytes, Withheld>> {
        let (vault, now) = (Arc::clone(&self.vault), self.clock.slot());
        let watch = self.watch.clone();
        let work = move || sign_objects(&vault, &watch, now, &signers, &request);
        tokio::task::spawn_blocking(work).await.unwrap_or_default()
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

/// An answer for each task, in their order.
fn sign_objects(
    vault: &Vault,
    watch: &Watch,
    now: Slot,
    signers: &HashMap<ValidatorIndex, vault::Signer>,
    request: &ShareRequest,
) -> Vec<Result<SignatureBytes, Withheld>> {
    let mut answers = vec![Err(Withheld::Refused); request.tasks.len()];
    let (mut places, mut objects, mut block_places, mut blocks) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, task) in request.tasks.iter().enumerate() {
        let Some(signer) = signers.get(&task.validator).copied() else { continue };
        if guarded(&task.object).is_some() && !watch.is_safe(task.validator) {
            if let Some(answer) = answers.get_mut(place) {
                *answer = Err(Withheld::Doppelganger);
            }
            continue;
        }
        if let ShareObject::Block(header) = &task.object {
            block_places.push(place);
            blocks.push(BlockRequest { signer, header: *header });
        } else if let Some(object) = object(&task.object) {
            places.push(place);
            objects.push(ObjectRequest { signer, slot: request.slot, object });
        }
    }
    let signed = vault.sign_objects(&objects).into_iter().chain(sign_blocks(vault, now, &blocks));
    for (place, answer) in places.into_iter().chain(block_places).zip(signed) {
        if let Err(refused) = &answer {
            tracing::warn!(slot = %request.slot, stage = ?request.stage, %refused, "the vault did not sign");
        }
        if let Some(slot) = answers.get_mut(place) {
            *slot = answer.map(|signed| signed.signature).map_err(|_| Withheld::Refused);
        }
    }
    answers
}

fn sign_blocks(
    vault: &Vault,
    now: Slot,
    blocks: &[BlockRequest],
) -> Vec<Result<vault::Signed, vault::Refused>> {
    let sign = |permit| vault.sign_many(vec![permit]).pop().unwrap_or(Err(vault::Refused::NotArmed));
    vault.permit_blocks(now, blocks).into_iter().map(|permit| permit.and_then(sign)).collect()
}

/// The vault's word for what a share signs; blocks have their own way.
fn object(object: &ShareObject) -> Option<Object> {
    Some(match object {
        ShareObject::Block(_) => return None,
        ShareObject::Randao(epoch) => Object::Randao(*epoch),
        ShareObject::SlotSelection(slot) => Object::SlotSelection(*slot),
        ShareObject::SyncSelection(data) => Object::SyncSelection(*data),
        ShareObject::Aggregate(AggregateObject::Phase0(aggregate)) => Object::Aggregate(aggregate.clone()),
        ShareObject::Aggregate(AggregateObject::Electra(aggregate)) => {
            Object::AggregateElectra(aggregate.clone())
        }
        ShareObject::Contribution(contribution) => Object::Contribution(contribution.clone()),
        ShareObject::Registration(registration) => Object::Registration(*registration),
        ShareObject::Exit(exit) => Object::Exit(*exit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_votes_above_its_mark_and_one_without_a_mark_never() {
        let (known, other) = (PublicKeyBytes([1; 48]), PublicKeyBytes([2; 48]));
        let marks = Marks { source: Epoch(8), target: Epoch(9), slot: Slot(300) };
        let standing = Standing(HashMap::from([(known, marks)]));
        assert_eq!([9, 10].map(|target| standing.may_vote(known, Epoch(target))), [false, true]);
        assert_eq!(standing.highest_block(known), Slot(300));
        assert!(!standing.may_vote(other, Epoch(u64::MAX)));
        assert_eq!(standing.highest_block(other), Slot(u64::MAX));
    }
}
