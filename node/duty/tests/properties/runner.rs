//! The machine of every other duty under the harness.

use std::sync::{Arc, LazyLock};

use duty::collector::Collector;
use duty::runner::{
    Aggregate, Claim as Selected, Domains, Effect, Facts, Fetch, Fetched, Input, Milestone, Past, Plan,
    Progress, ProposalForm, Runner, RunnerSetup, Selection, ShareObject, ShareRequest, Stage, Submission,
};
use qbft::{CUT_OFF_ROUND, Committee, Controller};
use types::beacon::{
    AnyAttestation, AnyContribution, AnyContributionAndProof, AnyProposedBlock, Attestation, AttestationData,
    AttestationElectra, SyncCommitteeContribution,
};
use types::{
    BeaconFork, CommitteeIndex, DomainType, Epoch, Mainnet, PartialSignatureMessages, PresetName, Root,
    Round, SignatureBytes, SignedSsvMessage, Slot, SsvFork,
};

use crate::machine::{Claim, Done, Machine, Own, Turn, beacon, vault};
use crate::seeded::Rng;
use crate::standin::{SLOT, STANDING, recombine, whole};
use crate::tag::Tag;

/// One duty under one fork.
pub struct Recipe {
    pub plan: Plan,
    pub fork: SsvFork,
    pub beacon_fork: BeaconFork,
    pub selects: Selects,
}

/// Who aggregates.
#[derive(Clone, Copy)]
pub enum Selects {
    All,
    Nobody,
    /// About half, by their proofs.
    Some,
}

impl Selection for Selects {
    fn selects(&self, claim: &Selected) -> bool {
        match self {
            Self::All => true,
            Self::Nobody => false,
            Self::Some => claim.proof.0[1] & 1 == 0,
        }
    }
}

/// Small blocks of the duty's slot that differ in their state, by head; blinded, and full ones of Capella.
static BLOCKS: LazyLock<[Vec<AnyProposedBlock>; 2]> = LazyLock::new(|| {
    let electra = include_bytes!("../../../types/src/beacon/block/fixtures/electra_blinded.ssz");
    let capella = include_bytes!("../../../types/src/beacon/block/fixtures/capella.ssz");
    let read = |fork, blinded, bytes: &[u8], head: u8| {
        let mut bytes = bytes.to_vec();
        bytes[..8].copy_from_slice(&SLOT.get().to_le_bytes());
        bytes[48] = head;
        AnyProposedBlock::of_ssz(PresetName::Mainnet, fork, blinded, &bytes).unwrap()
    };
    let blinded = (0..4).map(|head| read(BeaconFork::Electra, true, electra, head));
    let full = (0..4).map(|head| read(BeaconFork::Capella, false, capella, head));
    [blinded.collect(), full.collect()]
});

fn answer(fetch: &Fetch, fork: BeaconFork, own: Own, rng: &mut Rng) -> Option<Fetched> {
    if rng.one_in(40) {
        return None;
    }
    Some(match fetch {
        Fetch::Block { .. } => {
            let blocks = &BLOCKS[usize::from(fork == BeaconFork::Capella)];
            Fetched::Block(Box::new(blocks[usize::from(own.head)].clone()))
        }
        Fetch::Aggregates { committees, subcommittees, .. } => {
            let aggregates = committees.iter().map(|index| (*index, aggregate(*index, fork, own)));
            let contributions = subcommittees.iter().map(|subcommittee| contribution(*subcommittee, own));
            let missing = rng.one_in(20);
            Fetched::Aggregates {
                aggregates: aggregates.skip(usize::from(missing)).collect(),
                contributions: contributions.collect(),
            }
        }
    })
}

fn aggregate(index: CommitteeIndex, fork: BeaconFork, own: Own) -> Aggregate {
    let beacon_block_root = Root::repeat_byte(own.head);
    let data = AttestationData { slot: SLOT, index, beacon_block_root, ..AttestationData::default() };
    let signature = SignatureBytes([own.head; 96]);
    if fork.has_electra_attestations() {
        let aggregation_bits = ssz::BitList::with_capacity(8).unwrap();
        let committee_bits = ssz::BitVector::new();
        return Aggregate::Electra(AnyAttestation::Mainnet(AttestationElectra {
            aggregation_bits,
            data,
            signature,
            committee_bits,
        }));
    }
    let aggregation_bits = ssz::BitList::with_capacity(8).unwrap();
    Aggregate::Phase0(Attestation { aggregation_bits, data, signature })
}

fn contribution(subcommittee_index: u64, own: Own) -> AnyContribution {
    AnyContribution::Mainnet(SyncCommitteeContribution::<Mainnet> {
        slot: SLOT,
        beacon_block_root: Root::repeat_byte(own.head),
        subcommittee_index,
        aggregation_bits: ssz::BitVector::new(),
        signature: SignatureBytes([own.head; 96]),
    })
}

/// What a validator does once in a slot.
fn subject(object: &ShareObject) -> (&'static str, u64) {
    match object {
        ShareObject::Randao(_) => ("randao", 0),
        ShareObject::Block(_) => ("block", 0),
        ShareObject::SlotSelection(_) => ("slot selection", 0),
        ShareObject::SyncSelection(data) => ("sync selection", data.subcommittee_index),
        ShareObject::Aggregate(_) => ("aggregate", 0),
        ShareObject::Contribution(signed) => (
            "contribution",
            match signed.as_ref() {
                AnyContributionAndProof::Mainnet(signed) => signed.contribution.subcommittee_index,
                AnyContributionAndProof::Minimal(signed) => signed.contribution.subcommittee_index,
            },
        ),
        ShareObject::Registration(_) => ("registration", 0),
        ShareObject::Exit(_) => ("exit", 0),
    }
}

fn sign(request: &ShareRequest, own: Own, rng: &mut Rng) -> Done<Input> {
    let claim = |task: &duty::runner::ShareTask| Claim {
        validator: task.validator,
        subject: subject(&task.object),
        root: Domains::default().signing_root(&task.object),
    };
    let claims: Vec<Claim> = request.tasks.iter().map(claim).collect();
    let signatures = claims.iter().map(|claim| vault(own, claim, rng)).collect();
    Done::Sign(claims, Input::Signed { stage: request.stage, signatures })
}

fn submit(submission: &Submission, rng: &mut Rng) -> Done<Input> {
    let slots = match submission {
        Submission::Block { slot, proposal } => {
            let signature = &proposal.as_ssz_bytes()[4..100];
            assert!(signature == whole(slot.validator, slot.root).0, "submitted what is not signed");
            vec![*slot]
        }
        Submission::Objects(objects) => {
            for object in objects {
                let expected = whole(object.slot.validator, object.slot.root);
                assert!(object.signature == expected, "submitted what is not signed");
            }
            objects.iter().map(|object| object.slot).collect()
        }
    };
    Done::Owed(Input::Submitted { slots, result: beacon(rng) })
}

pub fn setup(recipe: &Recipe, own: Own) -> RunnerSetup {
    RunnerSetup {
        fork: recipe.fork,
        domain: DomainType([0, 0, 4, 2]),
        committee_id: STANDING.committee_id,
        committee: Committee::new(own.operator, STANDING.operators.clone(), STANDING.thresholds),
        leader: Arc::clone(&STANDING.leader),
        verifier: Arc::new(Tag),
        cut_off: CUT_OFF_ROUND,
        keys: Arc::clone(match &recipe.plan {
            Plan::AggregatorCommittee(_) => &STANDING.keys,
            Plan::Proposal(_)
            | Plan::Aggregation(_)
            | Plan::Contribution(_)
            | Plan::Registration(..)
            | Plan::Exit(..) => &STANDING.first_keys,
        }),
        domains: Domains::default(),
        preset: PresetName::Mainnet,
        beacon_fork: recipe.beacon_fork,
        proposal_form: ProposalForm::Blinded,
        selection: Arc::new(recipe.selects),
        facts: Facts { current_epoch: Epoch(1), highest_block: Some(Slot(40)) },
    }
}

pub struct Walking {
    runner: Runner,
    beacon_fork: BeaconFork,
}

impl Machine for Walking {
    type Input = Input;
    type Recipe = Recipe;

    fn new(recipe: &Recipe, own: Own) -> Self {
        let runner = Runner::new(setup(recipe, own), recipe.plan.clone(), Past::default()).unwrap();
        Self { runner, beacon_fork: recipe.beacon_fork }
    }

    fn put_together(&self, recipe: &Recipe, own: Own) -> Self {
        let controller = self.runner.controller().clone();
        let instance = controller.instance(SLOT);
        let progress = Progress {
            running: instance.is_some_and(|instance| instance.start_value().is_some()),
            controller,
            pre: self.runner.signatures(Stage::Pre).entries().collect(),
            post: self.runner.signatures(Stage::Post).entries().collect(),
            decided_value: self.runner.decided_value().map(<[u8]>::to_vec),
            finished: self.runner.is_finished(),
        };
        let runner = Runner::restore(setup(recipe, own), recipe.plan.clone(), progress).unwrap();
        Self { runner, beacon_fork: recipe.beacon_fork }
    }

    fn step(&mut self, input: Input, own: Own, rng: &mut Rng) -> Turn<Input> {
        let step = self.runner.step(input);
        let mut done = Vec::new();
        for effect in step.effects {
            done.push(match effect {
                Effect::BeginConsensus => Done::BeginConsensus,
                Effect::Sign(request) => sign(&request, own, rng),
                Effect::Broadcast(message) => Done::Send(message),
                Effect::PublishDecided(message) => Done::Publish(message),
                Effect::Recombine { stage, tasks } => {
                    Done::Owed(Input::Recombined { stage, results: recombine(&tasks) })
                }
                Effect::Fetch(fetch) => {
                    Done::Owed(Input::Fetched(answer(&fetch, self.beacon_fork, own, rng)))
                }
                Effect::ArmTimer { round } => Done::Timer(round),
                Effect::Submit(submission) => submit(&submission, rng),
                Effect::Reached(Milestone::Decided { .. }) => Done::Decided,
                Effect::Ended(outcome) => {
                    Done::Ended { entry: (outcome.validator, outcome.role), end: outcome.end }
                }
                Effect::Reached(_) | Effect::BadPartialSignature { .. } | Effect::Disagrees { .. } => {
                    continue;
                }
            });
        }
        Turn { done, refused: step.refusal.is_some() }
    }

    fn begin() -> Input {
        Input::Begin
    }
    fn permitted(speak: bool) -> Input {
        Input::ConsensusPermitted(speak)
    }
    fn message(message: SignedSsvMessage) -> Input {
        Input::Message(message)
    }
    fn timeout(round: Round) -> Input {
        Input::Timeout { round }
    }
    fn give_up() -> Input {
        Input::GiveUp
    }

    fn decides(&self) -> bool {
        !matches!(self.runner.plan(), Plan::Registration(..) | Plan::Exit(..))
    }
    fn entries(&self) -> usize {
        self.runner.plan().entries().len()
    }
    fn has_ended(&self) -> bool {
        self.runner.has_ended()
    }
    fn controller(&self) -> &Controller {
        self.runner.controller()
    }
    fn collectors(&self) -> Vec<&Collector> {
        [Stage::Pre, Stage::Post].map(|stage| self.runner.signatures(stage)).to_vec()
    }
    fn per_signer(&self) -> usize {
        PartialSignatureMessages::max_messages(SsvFork::Boole)
    }
}
