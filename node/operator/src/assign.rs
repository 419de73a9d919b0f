//! From a plan to machines: each with what its committee, its fork and its epoch say.

use std::collections::HashMap;
use std::sync::Arc;

use duty::runner::{ByProof, Domains, Facts, Past, Plan as Walk, ProposalForm, RunnerSetup};
use duty::{AttestationIndex, CommitteeKeys, CommitteeRunner, Refusal, Runner, Setup};
use qbft::RoundRobin;
use types::rules::ChainRules;
use types::{
    AggregatorCommitteeDuty, BeaconDomainType, BeaconFork, BeaconRole, CommitteeDuty, Epoch, PublicKeyBytes,
    RunnerRole, Slot, SsvFork, Thresholds, ValidatorDuty, ValidatorIndex,
};

use crate::directory::{Committee, OwnValidator};
use crate::machine::Machine;
use crate::plan::Plan;
use crate::run::Assignment;
use crate::worth;

/// Everything a committee's machines have in common in a slot.
pub(crate) struct Office<'a> {
    pub rules: &'a ChainRules,
    /// This operator.
    pub own: types::OperatorId,
    pub committee: &'a Committee,
    pub slot: Slot,
    /// The highest slot that a share signed a block for.
    pub highest_block: &'a dyn Fn(PublicKeyBytes) -> Slot,
}

/// The duties of a committee in a slot.
#[derive(Default)]
pub(crate) struct Assigned {
    /// Those that begin with the slot.
    pub at_once: Vec<Assignment>,
    /// The vote, which waits for the head of the slot.
    pub vote: Option<Assignment>,
    /// What is no duty, and why.
    pub refused: Vec<(ValidatorDuty, Refusal)>,
}

impl Office<'_> {
    /// The machines of a plan. Aggregation is the committee's from Boole on, and each validator's before.
    pub(crate) fn assign(&self, plan: &Plan) -> Assigned {
        let mut assigned = Assigned::default();
        if !plan.votes.is_empty() {
            match self.vote(plan) {
                Ok(vote) => assigned.vote = Some(vote),
                Err(refusal) => assigned.refuse(&plan.votes, &refusal),
            }
        }
        match self.rules.network.fork_at(self.slot) {
            SsvFork::Boole if !plan.candidates.is_empty() => {
                let validator_duties = plan.candidates.clone();
                let duty = AggregatorCommitteeDuty { slot: self.slot, validator_duties };
                self.walk(plan, Walk::AggregatorCommittee(duty), &mut assigned);
            }
            SsvFork::Boole => {}
            SsvFork::Alan => {
                for duty in plan.candidates.iter().cloned() {
                    let walk = if duty.role == BeaconRole::Aggregator {
                        Walk::Aggregation(duty)
                    } else {
                        Walk::Contribution(duty)
                    };
                    self.walk(plan, walk, &mut assigned);
                }
            }
        }
        for duty in plan.proposals.iter().cloned() {
            self.walk(plan, Walk::Proposal(duty), &mut assigned);
        }
        for (duty, registration) in plan.registrations.iter().cloned() {
            self.walk(plan, Walk::Registration(duty, registration), &mut assigned);
        }
        for (duty, exit) in plan.exits.iter().cloned() {
            self.walk(plan, Walk::Exit(duty, exit), &mut assigned);
        }
        assigned
    }

    fn vote(&self, plan: &Plan) -> Result<Assignment, Refusal> {
        let (keys, signers) = people(plan.votes.iter(), plan);
        let duty = CommitteeDuty { slot: self.slot, validator_duties: plan.votes.clone() };
        let machine = CommitteeRunner::new(self.vote_setup(Arc::clone(&keys)), duty)?;
        Ok(Assignment { machine: Machine::Vote(Box::new(machine)), keys, signers })
    }

    fn walk(&self, plan: &Plan, walk: Walk, assigned: &mut Assigned) {
        let entries = walk.entries().to_vec();
        let (keys, signers) = people(entries.iter(), plan);
        let highest_block = matches!(walk, Walk::Proposal(_))
            .then(|| entries.first().and_then(|duty| plan.own.get(&duty.validator_index)))
            .flatten()
            .map(|own| (self.highest_block)(own.share));
        let setup = self.walk_setup(walk.role(), walk.slot(), Arc::clone(&keys), highest_block);
        match Runner::new(setup, walk, Past::default()) {
            Ok(machine) => {
                assigned.at_once.push(Assignment {
                    machine: Machine::Walk(Box::new(machine)),
                    keys,
                    signers,
                });
            }
            Err(refusal) => assigned.refuse(&entries, &refusal),
        }
    }

    fn leader(&self) -> Arc<RoundRobin> {
        let network = &self.rules.network;
        let boole = network.forks.row(SsvFork::Boole).map(|row| network.first_slot(row.epoch));
        Arc::new(RoundRobin::new(self.committee.members.clone(), boole))
    }

    fn members(&self) -> qbft::Committee {
        let members = self.committee.members.clone();
        let thresholds = Thresholds::of_size(members.len());
        qbft::Committee::new(self.own, members, thresholds)
    }

    fn verifier(&self) -> Arc<dyn qbft::VerifySigner> {
        Arc::<qbft::CommitteeKeys>::clone(&self.committee.keys)
    }

    fn vote_setup(&self, keys: Arc<CommitteeKeys>) -> Setup {
        let (network, epoch) = (&self.rules.network, self.rules.network.epoch_of(self.slot));
        let electra = self.rules.beacon.fork_at(epoch).has_electra_attestations();
        Setup {
            fork: network.fork_at(self.slot),
            domain: network.domain_at(self.slot),
            committee_id: self.committee.id,
            committee: self.members(),
            leader: self.leader(),
            verifier: self.verifier(),
            cut_off: worth::cut_off(network, RunnerRole::Committee, self.slot),
            keys,
            attester_domain: self.rules.beacon.domain(BeaconDomainType::Attester, epoch),
            sync_domain: self.rules.beacon.domain(BeaconDomainType::SyncCommittee, epoch),
            attestation_index: if electra { AttestationIndex::Zero } else { AttestationIndex::OfDuty },
        }
    }

    /// `slot` is the duty's: that of an exit may be long past.
    fn walk_setup(
        &self,
        role: RunnerRole,
        slot: Slot,
        keys: Arc<CommitteeKeys>,
        highest_block: Option<Slot>,
    ) -> RunnerSetup {
        let (network, epoch) = (&self.rules.network, self.rules.network.epoch_of(slot));
        RunnerSetup {
            fork: network.fork_at(slot),
            domain: network.domain_at(slot),
            committee_id: self.committee.id,
            committee: self.members(),
            leader: self.leader(),
            verifier: self.verifier(),
            cut_off: worth::cut_off(network, role, slot),
            keys,
            domains: domains(self.rules, epoch),
            preset: network.preset,
            beacon_fork: self.rules.beacon.fork_at(epoch),
            proposal_form: ProposalForm::Blinded,
            selection: Arc::new(ByProof),
            facts: Facts { current_epoch: network.epoch_of(self.slot), highest_block },
        }
    }
}

impl Assigned {
    fn refuse(&mut self, duties: &[ValidatorDuty], refusal: &Refusal) {
        self.refused.extend(duties.iter().map(|duty| (duty.clone(), refusal.clone())));
    }
}

fn domains(rules: &ChainRules, epoch: Epoch) -> Domains {
    let beacon = &rules.beacon;
    let current = beacon.version_at(epoch);
    Domains {
        current,
        capella: beacon.version_of(BeaconFork::Capella).unwrap_or(current),
        genesis: beacon.genesis.genesis_fork_version,
        genesis_validators_root: beacon.genesis.genesis_validators_root,
    }
}

type Signers = Arc<HashMap<ValidatorIndex, vault::Signer>>;

/// The keys and shares of the validators of these duties.
fn people<'a>(duties: impl Iterator<Item = &'a ValidatorDuty>, plan: &Plan) -> (Arc<CommitteeKeys>, Signers) {
    let of =
        |duty: &ValidatorDuty| plan.own.get(&duty.validator_index).map(|own| (duty.validator_index, own));
    let own: HashMap<ValidatorIndex, &Arc<OwnValidator>> = duties.filter_map(of).collect();
    let keys = own.iter().map(|(index, own)| (*index, Arc::clone(&own.keys))).collect();
    let signer = |own: &OwnValidator| vault::Signer { validator: own.public_key, share: own.share };
    let signers = own.iter().map(|(index, own)| (*index, signer(own))).collect();
    (Arc::new(keys), Arc::new(signers))
}

#[cfg(test)]
mod tests;
