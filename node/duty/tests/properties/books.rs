//! What is written down of a history, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use qbft::container::MAX_MESSAGES;
use qbft::{CUT_OFF_ROUND, Container, Controller, INSTANCE_CAPACITY};
use types::{BeaconRole, OperatorId, Root, ValidatorIndex};

use crate::machine::{Claim, Machine};
use crate::standin::{MEMBERS, STANDING};

type Duty = (ValidatorIndex, (&'static str, u64));

/// Roots that honest operators were asked to sign.
#[derive(Default)]
pub struct Roots {
    by_operator: BTreeMap<(OperatorId, Duty), Root>,
    by_duty: BTreeMap<Duty, Root>,
}

impl Roots {
    pub fn sign(&mut self, operator: OperatorId, claim: &Claim) {
        let duty = (claim.validator, claim.subject);
        let first = *self.by_operator.entry((operator, duty)).or_insert(claim.root);
        assert_eq!(first, claim.root, "{operator:?} signs two roots for {duty:?}");
        let first = *self.by_duty.entry(duty).or_insert(claim.root);
        assert_eq!(first, claim.root, "two honest operators sign different roots for {duty:?}");
    }
}

/// How the entries of one machine ended.
#[derive(Default)]
pub struct Ends {
    ended: BTreeSet<(ValidatorIndex, BeaconRole)>,
    /// Put together in the midst of its walk: some entries may have ended before.
    resumed: bool,
}

impl Ends {
    pub fn resumed() -> Self {
        Self { resumed: true, ..Self::default() }
    }

    pub fn end(&mut self, entry: (ValidatorIndex, BeaconRole)) {
        assert!(self.ended.insert(entry), "{entry:?} ends twice");
    }

    /// After the machine was told to give up.
    pub fn close<M: Machine>(&self, machine: &M) {
        assert!(machine.has_ended(), "given up, and not ended");
        let complete = self.ended.len() == machine.entries();
        assert!(complete || self.resumed, "{} of {} ended", self.ended.len(), machine.entries());
    }
}

/// What a machine holds is bounded by the committee and the rounds, whatever it was sent.
pub fn check_bounds<M: Machine>(machine: &M) {
    check_consensus(machine.controller());
    for collector in machine.collectors() {
        let mut held: BTreeMap<OperatorId, usize> = BTreeMap::new();
        for (_, signer, _) in collector.entries() {
            *held.entry(signer).or_default() += 1;
        }
        assert!(held.keys().all(|signer| STANDING.operators.contains(signer)));
        assert!(held.values().all(|count| *count <= machine.per_signer()));
    }
}

fn check_consensus(controller: &Controller) {
    assert!(controller.instances().len() <= INSTANCE_CAPACITY);
    let rounds = usize::try_from(CUT_OFF_ROUND.get()).unwrap() + 1;
    for state in controller.instances().iter().map(|instance| instance.state()) {
        let one_each = |container: &Container| container.len() <= MEMBERS * rounds;
        assert!(one_each(&state.proposals) && one_each(&state.prepares) && one_each(&state.round_changes));
        assert!(state.commits.len() <= MAX_MESSAGES);
        assert!(state.round <= CUT_OFF_ROUND.next());
    }
}

/// What all histories of a runner have seen together.
#[derive(Default)]
pub struct Seen {
    pub messages: u64,
    pub refused: u64,
    pub lost: u64,
    pub repeated: u64,
    pub timeouts: u64,
    pub kills: u64,
    pub resumed: u64,
    pub forged: u64,
    pub decided: u64,
    pub signed: u64,
    pub submitted: u64,
    pub failed: u64,
    pub unselected: u64,
}

impl Seen {
    pub fn tell(&self) -> String {
        let Self { messages, refused, lost, repeated, timeouts, kills, resumed, forged, .. } = self;
        let Self { decided, signed, submitted, failed, unselected, .. } = self;
        format!(
            "{messages} messages ({lost} lost, {repeated} repeated, {forged} forged), {refused} inputs refused, \
             {timeouts} timeouts, {kills} kills, {resumed} resumed; {decided} decisions, {signed} roots signed, \
             entries: {submitted} submitted, {unselected} not selected, {failed} failed"
        )
    }
}
