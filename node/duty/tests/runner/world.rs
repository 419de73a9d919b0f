//! A committee of runners in one process: messages travel through one queue whose order, losses and repetitions come from a
//! seed; keys, signatures and recombination are real.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crypto::bls::{SecretKey, Signature, sign, verify};
use crypto::threshold::CoefficientCache;
use duty::runner::{
    Aggregate, Claim, Domains, Effect, Facts, Fetch, Fetched, Input, Outcome, Past, Plan, Progress,
    ProposalForm, Runner, RunnerSetup, Selection, ShareRequest, Stage, Submission,
};
use duty::{CommitteeKeys, SubmitError, Withheld, recombine};
use qbft::{CUT_OFF_ROUND, Committee, RoundRobin};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use types::beacon::{
    AnyAttestation, AnyContribution, AnyProposedBlock, AnySignedProposal, Attestation, AttestationData,
    AttestationElectra, SyncCommitteeContribution, ValidatorRegistration,
};
use types::{
    AggregatorCommitteeDuty, BeaconFork, BeaconRole, ByteList, CommitteeId, CommitteeIndex, DataVersion,
    DomainType, Epoch, List, Mainnet, MsgType, OperatorId, PresetName, PublicKeyBytes, RefusalCode, Root,
    Round, SignatureBytes, SignedSsvMessage, Slot, SsvFork, SsvMessage, Thresholds, ValidatorDuty,
    ValidatorIndex,
};

use crate::deal::{Dealt, deal};
use crate::tag::Tag;

pub const SLOT: Slot = Slot(41);
const BLOCK: &[u8] = include_bytes!("../../../types/src/beacon/block/fixtures/capella.ssz");

/// Selects as it is told, by validator.
#[derive(Debug, Clone)]
pub struct Chosen(pub bool);

impl Selection for Chosen {
    fn selects(&self, _: &Claim) -> bool {
        self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    Honest,
    /// Neither sends nor receives.
    Silent,
    /// Signs with a key that is not its share.
    BadShares,
    /// Receives everything, but must not speak in consensus.
    Muted,
    /// Its beacon node does not answer.
    Blind,
    /// Its beacon node answers when [`World::answer_late`] says so.
    Late,
    /// Its vault refuses everything after consensus.
    Refusing,
    /// It withholds every signature.
    Watching,
    /// Its registrations have another gas limit.
    Disagreeing,
}

/// What the network does to messages, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub lost: u64,
    pub twice: u64,
}

pub struct Node {
    pub id: OperatorId,
    pub conduct: Conduct,
    pub machine: Runner,
    pub refused: Vec<RefusalCode>,
    pub outcomes: Vec<Outcome>,
    pub blamed: BTreeSet<OperatorId>,
    /// Who signed something else, and over what root.
    pub disagreed: Vec<(OperatorId, Root)>,
    pub objects: Vec<Submission>,
    /// What it was asked to sign after consensus.
    pub post_requests: Vec<ShareRequest>,
    asked: Option<Fetch>,
    timers: BTreeSet<u64>,
    shares: BTreeMap<ValidatorIndex, SecretKey>,
}

pub struct World {
    pub nodes: Vec<Node>,
    pub keys: Arc<CommitteeKeys>,
    pub setups: Vec<RunnerSetup>,
    pub plan: Plan,
    pub beacon: Result<(), SubmitError>,
    pub weather: Weather,
    wire: VecDeque<(usize, SignedSsvMessage)>,
    rng: ChaCha20Rng,
}

pub fn entry(role: BeaconRole, index: u64, public_key: PublicKeyBytes) -> ValidatorDuty {
    let positions = if role == BeaconRole::SyncCommitteeContribution { vec![5, 130, 140] } else { vec![] };
    ValidatorDuty {
        role,
        public_key,
        slot: SLOT,
        validator_index: ValidatorIndex(index),
        committee_index: CommitteeIndex(index % 2),
        committee_length: 64,
        committees_at_slot: 2,
        validator_committee_index: index % 8,
        validator_sync_committee_indices: List::new(positions).unwrap(),
    }
}

/// A committee's duty: two aggregators, the first of them in the sync committee too.
pub fn committee_plan(keys: &[PublicKeyBytes]) -> Plan {
    let duties = vec![
        entry(BeaconRole::Aggregator, 100, keys[0]),
        entry(BeaconRole::Aggregator, 101, keys[1]),
        entry(BeaconRole::SyncCommitteeContribution, 100, keys[0]),
    ];
    Plan::AggregatorCommittee(AggregatorCommitteeDuty { slot: SLOT, validator_duties: duties })
}

pub struct Recipe {
    pub plan: fn(&[PublicKeyBytes]) -> Plan,
    pub fork: SsvFork,
    pub beacon_fork: BeaconFork,
    pub selected: bool,
}

impl World {
    pub fn new(seed: u64, recipe: &Recipe, conducts: &[Conduct]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let operators: Vec<_> = (1..=conducts.len() as u64).map(|i| OperatorId(i * 31)).collect();
        let thresholds = Thresholds::of_size(operators.len());
        let Dealt { keys, public_keys, shares } = deal([100, 101], &operators, &mut rng);
        let plan = (recipe.plan)(&public_keys);
        let in_duty = |index| plan.entries().iter().any(|entry| entry.validator_index == index);
        let keys: Arc<CommitteeKeys> =
            Arc::new(keys.into_iter().filter(|(index, _)| in_duty(*index)).collect());
        let setup = |own| RunnerSetup {
            fork: recipe.fork,
            domain: DomainType([0, 0, 4, 2]),
            committee_id: CommitteeId::of(&operators),
            committee: Committee::new(own, operators.clone(), thresholds),
            leader: Arc::new(RoundRobin::new(operators.clone(), None)),
            verifier: Arc::new(Tag),
            cut_off: CUT_OFF_ROUND,
            keys: Arc::clone(&keys),
            domains: Domains::default(),
            preset: PresetName::Mainnet,
            beacon_fork: recipe.beacon_fork,
            proposal_form: ProposalForm::Blinded,
            selection: Arc::new(Chosen(recipe.selected)),
            facts: Facts { current_epoch: Epoch(1), highest_block: Some(Slot(40)) },
        };
        let setups: Vec<_> = operators.iter().map(|id| setup(*id)).collect();
        let nodes = setups.iter().zip(conducts).zip(shares).map(|((setup, conduct), shares)| Node {
            id: setup.committee.own(),
            conduct: *conduct,
            machine: Runner::new(setup.clone(), plan_of(*conduct, &plan), Past::default()).unwrap(),
            refused: Vec::new(),
            outcomes: Vec::new(),
            blamed: BTreeSet::new(),
            disagreed: Vec::new(),
            objects: Vec::new(),
            post_requests: Vec::new(),
            asked: None,
            timers: BTreeSet::new(),
            shares,
        });
        let nodes = nodes.collect();
        let (wire, beacon, weather) = (VecDeque::new(), Ok(()), Weather::default());
        Self { nodes, keys, setups, plan, beacon, weather, wire, rng }
    }

    /// From the start to the end of `rounds` rounds.
    pub fn run(&mut self, rounds: usize) {
        self.begin_all();
        self.deliver_all();
        for _ in 1..rounds {
            for place in 0..self.nodes.len() {
                if let Some(round) = self.nodes[place].timers.last().copied() {
                    self.feed(place, Input::Timeout { round: Round(round) });
                }
            }
            self.deliver_all();
        }
    }

    /// The place of who proposes in a round.
    pub fn leader(&self, round: Round) -> usize {
        let leader = self.setups[0].leader.leader(SLOT, round);
        self.nodes.iter().position(|node| node.id == leader).unwrap()
    }

    /// The late beacon nodes answer.
    pub fn answer_late(&mut self) {
        for place in 0..self.nodes.len() {
            if let Some(fetch) = self.nodes[place].asked.take() {
                let fetched = answer(&fetch, self.setups[place].beacon_fork);
                self.feed(place, Input::Fetched(Some(fetched)));
            }
        }
        self.deliver_all();
    }

    pub fn begin_all(&mut self) {
        for place in 0..self.nodes.len() {
            self.feed(place, Input::Begin);
        }
    }

    /// Replaces a node's machine by one with the same progress.
    pub fn put_together(&mut self, place: usize) {
        let machine = &self.nodes[place].machine;
        let progress = Progress {
            controller: machine.controller().clone(),
            running: machine.controller().instance(SLOT).is_some(),
            pre: machine.signatures(Stage::Pre).entries().collect(),
            post: machine.signatures(Stage::Post).entries().collect(),
            decided_value: machine.decided_value().map(<[u8]>::to_vec),
            finished: machine.is_finished(),
        };
        let setup = self.setups[place].clone();
        self.nodes[place].machine = Runner::restore(setup, self.plan.clone(), progress).unwrap();
    }

    pub fn feed(&mut self, place: usize, input: Input) {
        if self.nodes[place].conduct == Conduct::Silent {
            return;
        }
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let step = self.nodes[place].machine.step(input);
            self.nodes[place].refused.extend(step.refusal.and_then(|refusal| refusal.code()));
            for effect in step.effects {
                self.carry_out(place, effect, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, place: usize, effect: Effect, inputs: &mut VecDeque<Input>) {
        let node = &mut self.nodes[place];
        match effect {
            Effect::BeginConsensus => {
                inputs.push_back(Input::ConsensusPermitted(node.conduct != Conduct::Muted));
            }
            Effect::Sign(request) => {
                let signatures = Self::sign(node, &request);
                if request.stage == Stage::Post {
                    node.post_requests.push(request.clone());
                }
                inputs.push_back(Input::Signed { stage: request.stage, signatures });
            }
            Effect::Broadcast(unsigned) => {
                let tag = Tag::of(node.id, &Sha256::digest(unsigned.message.signed_bytes()).into());
                let message = unsigned.signed(node.id, tag);
                self.publish(&message);
            }
            Effect::PublishDecided(message) => self.publish(&message),
            Effect::Recombine { stage, tasks } => {
                let results = recombine(&tasks, &self.keys, &mut CoefficientCache::default(), &mut self.rng);
                inputs.push_back(Input::Recombined { stage, results });
            }
            Effect::Fetch(fetch) if node.conduct == Conduct::Late => node.asked = Some(fetch),
            Effect::Fetch(_) if node.conduct == Conduct::Blind => inputs.push_back(Input::Fetched(None)),
            Effect::Fetch(fetch) => {
                let fork = self.setups[place].beacon_fork;
                inputs.push_back(Input::Fetched(Some(answer(&fetch, fork))));
            }
            Effect::ArmTimer { round } => {
                node.timers.insert(round.get());
            }
            Effect::Submit(submission) => {
                let slots = match &submission {
                    Submission::Block { slot, .. } => vec![*slot],
                    Submission::Objects(objects) => objects.iter().map(|object| object.slot).collect(),
                };
                node.objects.push(submission);
                inputs.push_back(Input::Submitted { slots, result: self.beacon });
            }
            Effect::Disagrees { operator, slot } => node.disagreed.push((operator, slot.root)),
            Effect::Reached(_) => {}
            Effect::BadPartialSignature { operator, .. } => {
                node.blamed.insert(operator);
            }
            Effect::Ended(outcome) => node.outcomes.push(outcome),
        }
    }

    fn sign(node: &Node, request: &ShareRequest) -> Vec<Result<SignatureBytes, Withheld>> {
        let refuses = node.conduct == Conduct::Refusing && request.stage == Stage::Post;
        let one = |task: &duty::runner::ShareTask| {
            let lies = node.conduct == Conduct::BadShares;
            let root = Domains::default().signing_root(&task.object);
            let root = if lies { Root::repeat_byte(0xee) } else { root };
            if node.conduct == Conduct::Watching {
                return Err(Withheld::Doppelganger);
            }
            if refuses { Err(Withheld::Refused) } else { Ok(sign(&node.shares[&task.validator], root)) }
        };
        request.tasks.iter().map(one).collect()
    }

    fn publish(&mut self, message: &SignedSsvMessage) {
        for place in 0..self.nodes.len() {
            let (lost, twice) = (self.rng.next_u64() % 100, self.rng.next_u64() % 100);
            let own = message.operator_ids.as_slice() == [self.nodes[place].id];
            if lost < self.weather.lost && !own {
                continue;
            }
            self.wire.push_back((place, message.clone()));
            if twice < self.weather.twice {
                self.wire.push_back((place, message.clone()));
            }
        }
    }

    pub fn deliver_all(&mut self) {
        while self.deliver(1) {}
    }

    /// Delivers `count` messages; false if there were none.
    pub fn deliver(&mut self, count: usize) -> bool {
        let any = !self.wire.is_empty();
        for _ in 0..count.min(self.wire.len()) {
            let pick = usize::try_from(self.rng.next_u64() % self.wire.len() as u64).unwrap();
            let (place, message) = self.wire.swap_remove_back(pick).unwrap();
            self.feed(place, Input::Message(message));
        }
        any
    }

    /// A message of this operator about the duty, with its tag.
    pub fn message(&self, place: usize, msg_type: MsgType, data: Vec<u8>) -> SignedSsvMessage {
        let msg_id = self.setups[0].message_id(&self.plan);
        let message = SsvMessage { msg_type, msg_id, data: ByteList::new(data).unwrap() };
        let id = self.nodes[place].id;
        let tag = Tag::of(id, &Sha256::digest(message.signed_bytes()).into());
        qbft::Unsigned { message, full_data: ByteList::empty() }.signed(id, tag)
    }

    /// The first refusal of this message.
    pub fn refusal(&mut self, place: usize, message: SignedSsvMessage) -> Option<u64> {
        self.nodes[place].refused.clear();
        self.feed(place, Input::Message(message));
        self.nodes[place].refused.first().map(|code| code.code())
    }

    /// Everything a node submitted carries the signature of its validator's key.
    pub fn check_submitted(&self, place: usize) {
        for submission in &self.nodes[place].objects {
            match submission {
                Submission::Block { slot, proposal } => {
                    self.check(slot.validator, slot.root, &signature_of(proposal));
                }
                Submission::Objects(objects) => {
                    for object in objects {
                        let root = Domains::default().signing_root(&object.object);
                        assert_eq!(root, object.slot.root);
                        self.check(object.slot.validator, root, &object.signature);
                    }
                }
            }
        }
    }

    fn check(&self, validator: ValidatorIndex, root: Root, signature: &SignatureBytes) {
        let key = &self.keys.get(validator).unwrap().validator;
        assert!(verify(key, root, &Signature::from_bytes(signature).unwrap()));
    }
}

/// The plan of an operator with this conduct.
fn plan_of(conduct: Conduct, plan: &Plan) -> Plan {
    if let Plan::Registration(duty, registration) = plan
        && conduct == Conduct::Disagreeing
    {
        let gas_limit = registration.gas_limit + 1;
        return Plan::Registration(duty.clone(), ValidatorRegistration { gas_limit, ..*registration });
    }
    plan.clone()
}

/// In the bytes of a signed block the signature follows the offset of the block.
fn signature_of(proposal: &AnySignedProposal) -> SignatureBytes {
    SignatureBytes::try_from(&proposal.as_ssz_bytes()[4..100]).unwrap()
}

fn answer(fetch: &Fetch, fork: BeaconFork) -> Fetched {
    match fetch {
        Fetch::Block { .. } => {
            let block = AnyProposedBlock::decode(PresetName::Mainnet, DataVersion::Capella, BLOCK).unwrap();
            Fetched::Block(Box::new(block))
        }
        Fetch::Aggregates { committees, subcommittees, .. } => Fetched::Aggregates {
            aggregates: committees.iter().map(|index| (*index, aggregate(*index, fork))).collect(),
            contributions: subcommittees.iter().map(|subcommittee| contribution(*subcommittee)).collect(),
        },
    }
}

fn aggregate(index: CommitteeIndex, fork: BeaconFork) -> Aggregate {
    let data = AttestationData { slot: SLOT, index, ..AttestationData::default() };
    let signature = SignatureBytes([3; 96]);
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

fn contribution(subcommittee_index: u64) -> AnyContribution {
    AnyContribution::Mainnet(SyncCommitteeContribution::<Mainnet> {
        slot: SLOT,
        beacon_block_root: Root::repeat_byte(4),
        subcommittee_index,
        aggregation_bits: ssz::BitVector::new(),
        signature: SignatureBytes([5; 96]),
    })
}
