//! Who has what to do in a slot, by committee: a function of what is known, without a clock or a question.
//!
//! What is left out, and why: validators whose cluster is liquidated, or that do not take part on the beacon chain
//! (ssv `protocol/v2/types/ssvshare.go`); votes and aggregations of a share that may not sign the epoch's target yet, because it was
//! armed in this epoch (the reference's minimum participation epoch) or has voted in it before a restart. A share that may not sign
//! would make its whole committee refuse the vote.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use beacon::Validator;
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::rules::ChainRules;
use types::{
    Address, BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, PublicKeyBytes, Slot, ValidatorDuty,
    ValidatorIndex,
};
use vault::PendingExit;

use crate::book::DutyBook;
use crate::directory::{Directory, OwnValidator};
use crate::proposals::Proposals;

/// A registration is made once in so many epochs (`ssv operator/duties/validator_registration.go`).
pub(crate) const REGISTRATION_EPOCHS: u64 = 10;

/// What is known.
pub(crate) struct Known<'a> {
    pub rules: &'a ChainRules,
    pub directory: &'a Directory,
    /// What the beacon chain knows of validators.
    pub roster: &'a HashMap<PublicKeyBytes, Validator>,
    pub book: &'a DutyBook,
    pub proposals: &'a Proposals,
    /// Whether a share may sign a vote with this target.
    pub may_vote: &'a dyn Fn(PublicKeyBytes, Epoch) -> bool,
}

/// One committee's part of a slot.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Attestations and sync committee messages.
    pub votes: Vec<ValidatorDuty>,
    /// Who may be selected to aggregate: attestations or sync committee messages.
    pub candidates: Vec<ValidatorDuty>,
    /// At most one, unless a committee's beacon node contradicts itself.
    pub proposals: Vec<ValidatorDuty>,
    pub registrations: Vec<(ValidatorDuty, ValidatorRegistration)>,
    pub exits: Vec<(ValidatorDuty, VoluntaryExit)>,
    /// The validators of all of these.
    pub own: HashMap<ValidatorIndex, Arc<OwnValidator>>,
}

impl Plan {
    /// Takes in what another plan has beside.
    pub(crate) fn add(&mut self, other: Self) {
        self.votes.extend(other.votes);
        self.candidates.extend(other.candidates);
        self.proposals.extend(other.proposals);
        self.registrations.extend(other.registrations);
        self.exits.extend(other.exits);
        self.own.extend(other.own);
    }

    /// Every duty of the plan.
    pub(crate) fn duties(&self) -> impl Iterator<Item = &ValidatorDuty> {
        let registrations = self.registrations.iter().map(|(duty, _)| duty);
        let exits = self.exits.iter().map(|(duty, _)| duty);
        self.votes.iter().chain(&self.candidates).chain(&self.proposals).chain(registrations).chain(exits)
    }
}

#[derive(Default)]
struct Plans(BTreeMap<CommitteeId, Plan>);

impl Plans {
    fn of(&mut self, own: &Arc<OwnValidator>, index: ValidatorIndex) -> &mut Plan {
        let plan = self.0.entry(own.committee).or_default();
        plan.own.entry(index).or_insert_with(|| Arc::clone(own));
        plan
    }
}

/// The plan of a slot.
pub(crate) fn plan(known: &Known<'_>, slot: Slot) -> BTreeMap<CommitteeId, Plan> {
    let mut plans = Plans::default();
    known.votes(slot, &mut plans);
    known.sync_messages(slot, &mut plans);
    known.proposals(slot, &mut plans);
    known.registrations(slot, &mut plans);
    plans.0
}

/// The shares whose signing history a slot's plan depends on: of those that vote or propose in it.
pub(crate) fn signing_shares(
    directory: &Directory,
    book: &DutyBook,
    epoch: Epoch,
    slot: Slot,
) -> Vec<PublicKeyBytes> {
    let voters = book.attesters(epoch, slot).into_iter().map(|duty| duty.public_key);
    let proposers = book.proposers(epoch, slot).into_iter().map(|duty| duty.public_key);
    voters.chain(proposers).filter_map(|key| Some(directory.own(&key)?.share)).collect()
}

/// The plan of each exit; `None` if the chain does not know the validator (yet), or if it is not ours.
pub(crate) fn plan_exits(
    known: &Known<'_>,
    exits: &[PendingExit],
) -> Vec<(PendingExit, Option<(CommitteeId, Plan)>)> {
    let plan = |exit: &PendingExit| {
        let own = known.directory.own(&exit.validator)?;
        let validator = known.roster.get(&exit.validator)?;
        let duty = bare(BeaconRole::VoluntaryExit, own, validator.index, exit.slot);
        let epoch = known.rules.network.epoch_of(exit.slot);
        let message = VoluntaryExit { epoch, validator_index: validator.index };
        let own_validators = HashMap::from([(validator.index, Arc::clone(own))]);
        Some((own.committee, Plan { exits: vec![(duty, message)], own: own_validators, ..Plan::default() }))
    };
    exits.iter().map(|exit| (*exit, plan(exit))).collect()
}

/// The plans of registrations that follow from new fee recipients: the slot of the duty for each owner. It may be before `now`, the slot that
/// begins. A validator whose own turn came since is left out: its peers hear of no earlier registration after it.
pub(crate) fn plan_changes(
    known: &Known<'_>,
    changes: &BTreeMap<Address, Slot>,
    now: Slot,
) -> BTreeMap<CommitteeId, Plan> {
    let mut plans = Plans::default();
    for (own, index) in known.registrants(now) {
        let Some(slot) = changes.get(&own.owner).copied() else { continue };
        let turn_came = known.slots_since_turn(index, now) <= now.checked_since(slot);
        if !turn_came {
            known.register(own, index, slot, now, &mut plans);
        }
    }
    plans.0
}

impl Known<'_> {
    fn epoch_of(&self, slot: Slot) -> Epoch {
        self.rules.network.epoch_of(slot)
    }

    /// Our validator of this key, if it runs and `active` is true of it.
    fn takes_part(
        &self,
        key: &PublicKeyBytes,
        active: impl FnOnce(&Validator) -> bool,
    ) -> Option<&Arc<OwnValidator>> {
        let own = self.directory.own(key).filter(|own| !own.liquidated)?;
        self.roster.get(key).filter(|validator| active(validator))?;
        Some(own)
    }

    /// Every attester may be selected to aggregate.
    fn votes(&self, slot: Slot, plans: &mut Plans) {
        let epoch = self.epoch_of(slot);
        for duty in self.book.attesters(epoch, slot) {
            let Some(own) = self.takes_part(&duty.public_key, |v| v.attests_in(epoch)) else { continue };
            if (self.may_vote)(own.share, epoch) {
                let plan = plans.of(own, duty.validator_index);
                let vote = ValidatorDuty::from(&duty);
                plan.candidates.push(ValidatorDuty { role: BeaconRole::Aggregator, ..vote.clone() });
                plan.votes.push(vote);
            }
        }
    }

    /// A message of the last slot before a period goes into the first block of it, so its members are those of the period.
    fn sync_messages(&self, slot: Slot, plans: &mut Plans) {
        let (network, epoch) = (&self.rules.network, self.epoch_of(slot));
        let per_period = network.preset.epochs_per_sync_committee_period();
        for seats in self.book.sync_members(network.sync_period_of(self.epoch_of(slot.next()))) {
            if let Some(own) = self.takes_part(&seats.public_key, |v| v.syncs_in(epoch, per_period))
                && let Ok(message) = seats.at(slot)
            {
                let plan = plans.of(own, seats.validator_index);
                let role = BeaconRole::SyncCommitteeContribution;
                plan.candidates.push(ValidatorDuty { role, ..message.clone() });
                plan.votes.push(message);
            }
        }
    }

    fn proposals(&self, slot: Slot, plans: &mut Plans) {
        let epoch = self.epoch_of(slot);
        for duty in self.book.proposers(epoch, slot) {
            if let Some(own) = self.takes_part(&duty.public_key, |v| v.attests_in(epoch)) {
                plans.of(own, duty.validator_index).proposals.push((&duty).into());
            }
        }
    }

    /// Each validator that attests in ten epochs, in its own slot of ten epochs (ssv
    /// `operator/duties/validator_registration.go`).
    fn registrations(&self, slot: Slot, plans: &mut Plans) {
        for (own, index) in self.registrants(slot) {
            if self.slots_since_turn(index, slot) == Some(0) {
                self.register(own, index, slot, slot, plans);
            }
        }
    }

    /// Our validators that register with builders.
    fn registrants(&self, now: Slot) -> impl Iterator<Item = (&Arc<OwnValidator>, ValidatorIndex)> {
        let ahead = self.epoch_of(now).saturating_add(REGISTRATION_EPOCHS);
        let registrant = move |own: &Arc<OwnValidator>| {
            let own = self.takes_part(&own.public_key, |v| v.attests_in(ahead))?;
            Some((own, self.roster.get(&own.public_key)?.index))
        };
        self.directory.own_validators().filter(|_| self.proposals.builder).filter_map(registrant)
    }

    /// How many slots ago it was a validator's turn to register.
    fn slots_since_turn(&self, index: ValidatorIndex, now: Slot) -> Option<u64> {
        let cycle = self.rules.network.slots_per_epoch().saturating_mul(REGISTRATION_EPOCHS);
        let turn = index.get().checked_rem(cycle)?;
        now.get().saturating_add(cycle).saturating_sub(turn).checked_rem(cycle)
    }

    /// A registration whose duty is of `slot`. The gas limit is that of the slot which begins, as in the reference.
    fn register(
        &self,
        own: &Arc<OwnValidator>,
        index: ValidatorIndex,
        slot: Slot,
        now: Slot,
        plans: &mut Plans,
    ) {
        let network = &self.rules.network;
        let epoch_start = network.first_slot(self.epoch_of(slot));
        let registration = ValidatorRegistration {
            fee_recipient: own.fee_recipient,
            gas_limit: self.proposals.gas_limit_at(network, self.epoch_of(now)),
            timestamp: self.rules.slot_start_millis(epoch_start) / 1_000,
            pubkey: own.public_key,
        };
        let duty = bare(BeaconRole::ValidatorRegistration, own, index, slot);
        plans.of(own, index).registrations.push((duty, registration));
    }
}

/// A duty without a beacon committee.
fn bare(role: BeaconRole, own: &OwnValidator, validator_index: ValidatorIndex, slot: Slot) -> ValidatorDuty {
    ValidatorDuty {
        role,
        public_key: own.public_key,
        slot,
        validator_index,
        committee_index: CommitteeIndex(0),
        committee_length: 0,
        committees_at_slot: 0,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
