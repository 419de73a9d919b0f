//! What the machines of a vector are told, and who answers them: the committee, the shares, the stubs of the beacon node and of
//! the vault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use crypto::bls::sign;
use duty::runner::{
    Claim, Domains, Facts, Plan, ProposalForm, RunnerSetup, Selection, ShareRequest, ShareTask, Subject,
};
use duty::{Setup, SignRequest, Signed, SigningObject, SigningTask, Withheld};
use qbft::{Committee, Leader};
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::signing::BeaconDomainType;
use types::{
    BeaconRole, CommitteeMember, Epoch, OperatorId, PresetName, Round, SignatureBytes, Slot, ValidatorDuty,
};

use super::alan;
use super::beacon::{self, SLOTS_PER_EPOCH};
use super::model::Duty;
use super::shares::Shares;
use crate::keys::LOCAL;
use crate::qbft::world::CUT_OFF;
use crate::suite::Archive;

/// Operator 1 leads every round.
struct Always;

impl Leader for Always {
    fn leader(&self, _: Slot, _: Round) -> OperatorId {
        LOCAL
    }
}

/// Selects as a vector says. Without a word, everybody is.
#[derive(Clone, Default)]
pub(super) struct Chosen {
    /// By beacon committee.
    pub(super) committees: BTreeMap<u64, bool>,
    /// By proof over a subcommittee; what is not there is not selected.
    pub(super) proofs: Option<BTreeMap<SignatureBytes, bool>>,
}

impl Selection for Chosen {
    fn selects(&self, claim: &Claim) -> bool {
        match claim.subject {
            Subject::Committee(index) => self.committees.get(&index.get()).copied().unwrap_or(true),
            Subject::Subcommittee(_) => {
                self.proofs.as_ref().is_none_or(|proofs| proofs.get(&claim.proof) == Some(&true))
            }
        }
    }
}

/// An epoch after every one of the vectors but the one that must lie in the future.
const CURRENT_EPOCH: Epoch = Epoch(400_000);
const GENESIS_TIME: u64 = 1_616_508_000;
const SECONDS_PER_SLOT: u64 = 12;
const GAS_LIMIT: u64 = 30_000_000;

/// The surroundings of the machines.
pub(super) struct Env<'a> {
    /// Where the vector is from.
    pub(super) archive: &'a Archive,
    /// The committee, seen by the local operator.
    pub(super) member: CommitteeMember,
    /// The validators' shares.
    pub(super) shares: Shares,
    /// Verifies RSA signatures.
    pub(super) verifier: Arc<qbft::CommitteeKeys>,
    /// Who aggregates.
    pub(super) chosen: Chosen,
    /// Slots whose attestations the vault refuses.
    pub(super) slashable: BTreeSet<Slot>,
}

impl<'a> Env<'a> {
    pub(super) fn new(archive: &'a Archive, member: CommitteeMember, shares: Shares) -> Result<Self> {
        let verifier = Arc::new(qbft::CommitteeKeys::try_from(&member)?);
        let (chosen, slashable) = (Chosen::default(), BTreeSet::new());
        Ok(Self { archive, member, shares, verifier, chosen, slashable })
    }

    /// What the machine of a committee's votes is told.
    pub(super) fn committee_setup(&self, slot: Slot) -> Setup {
        Setup {
            fork: self.archive.fork,
            domain: self.member.domain,
            committee_id: self.member.committee_id,
            committee: Committee::from(&self.member),
            leader: Arc::new(Always),
            verifier: Arc::<qbft::CommitteeKeys>::clone(&self.verifier),
            cut_off: CUT_OFF,
            keys: self.shares.keys(),
            attester_domain: Domains::default().of(BeaconDomainType::Attester),
            sync_domain: Domains::default().of(BeaconDomainType::SyncCommittee),
            attestation_index: beacon::attestation_index(slot),
        }
    }

    /// What every other machine is told.
    pub(super) fn runner_setup(&self, slot: Slot) -> RunnerSetup {
        RunnerSetup {
            fork: self.archive.fork,
            domain: self.member.domain,
            committee_id: self.member.committee_id,
            committee: Committee::from(&self.member),
            leader: Arc::new(Always),
            verifier: Arc::<qbft::CommitteeKeys>::clone(&self.verifier),
            cut_off: CUT_OFF,
            keys: self.shares.keys(),
            domains: Domains::default(),
            preset: PresetName::Mainnet,
            beacon_fork: beacon::fork_at(slot),
            proposal_form: ProposalForm::AsFetched,
            selection: Arc::new(self.chosen.clone()),
            facts: Facts { current_epoch: CURRENT_EPOCH, highest_block: None },
        }
    }

    /// The plan of a duty that is not a committee's votes.
    pub(super) fn plan(&self, duty: &Duty) -> Result<Plan> {
        let duty = match duty {
            Duty::Aggregators(duty) => return Ok(Plan::AggregatorCommittee(duty.clone())),
            Duty::Committee(_) => anyhow::bail!("votes have a machine of their own"),
            Duty::Validator(duty) => duty.clone(),
        };
        Ok(match duty.role {
            BeaconRole::Proposer => Plan::Proposal(duty),
            BeaconRole::Aggregator => Plan::Aggregation(duty),
            BeaconRole::SyncCommitteeContribution => Plan::Contribution(alan::told(duty)?),
            BeaconRole::ValidatorRegistration => {
                let registration = self.registration(&duty);
                Plan::Registration(duty, registration)
            }
            BeaconRole::VoluntaryExit => {
                let epoch = Epoch(duty.slot.get() / SLOTS_PER_EPOCH);
                let exit = VoluntaryExit { epoch, validator_index: duty.validator_index };
                Plan::Exit(duty, exit)
            }
            BeaconRole::Attester | BeaconRole::SyncCommittee | BeaconRole::Other(_) => {
                anyhow::bail!("one validator has no duty of role {:?}", duty.role)
            }
        })
    }

    fn registration(&self, duty: &ValidatorDuty) -> ValidatorRegistration {
        let first_slot = duty.slot.get() / SLOTS_PER_EPOCH * SLOTS_PER_EPOCH;
        ValidatorRegistration {
            fee_recipient: self.shares.fee_recipient(duty.validator_index).unwrap_or_default(),
            gas_limit: GAS_LIMIT,
            timestamp: GENESIS_TIME + first_slot * SECONDS_PER_SLOT,
            pubkey: duty.public_key,
        }
    }

    /// The vault's answer about votes; it refuses an attestation that it would be slashed for.
    pub(super) fn sign_votes(&self, request: &SignRequest) -> Result<Vec<Signed>> {
        let refuses = self.slashable.contains(&request.slot);
        let one = |task: &SigningTask| -> Result<Signed> {
            let (role, refused) = match task.object {
                SigningObject::Attestation(_) => (BeaconRole::Attester, refuses),
                SigningObject::SyncMessage(_) => (BeaconRole::SyncCommittee, false),
            };
            let secret = self.shares.secret(&self.archive.keys, task.validator)?;
            let signature = if refused {
                Err(Withheld::Refused)
            } else {
                Ok(sign(secret, beacon::root_to_sign(&task.object)))
            };
            Ok(Signed { validator: task.validator, role, signature })
        };
        request.tasks.iter().map(one).collect()
    }

    /// The vault's answer about everything else.
    pub(super) fn sign_objects(
        &self,
        request: &ShareRequest,
    ) -> Result<Vec<std::result::Result<SignatureBytes, Withheld>>> {
        let one = |task: &ShareTask| {
            let secret = self.shares.secret(&self.archive.keys, task.validator)?;
            Ok(Ok(sign(secret, Domains::default().signing_root(&task.object))))
        };
        request.tasks.iter().map(one).collect()
    }
}
