//! A committee of machines in one process: messages travel through one queue whose order comes from a seed; keys,
//! signatures and recombination are real, RSA is replaced by a tag that only its owner can be given.

#![allow(clippy::unwrap_used)]

mod deal;
mod tag;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crypto::bls::{SecretKey, sign};
use crypto::threshold::CoefficientCache;
use duty::committee::Progress;
use duty::{
    AttestationIndex, CommitteeKeys, CommitteeRunner, Effect, Input, Outcome, OwnView, Setup, SignRequest,
    Signed, SignedObject, SigningObject, SubmitError, Watermark, Withheld, recombine,
};
use qbft::{CUT_OFF_ROUND, Committee, Controller, RoundRobin};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use types::signing::{BeaconDomain, signing_root};
use types::{
    BeaconRole, BeaconVote, ByteList, Checkpoint, CommitteeDuty, CommitteeId, CommitteeIndex, DomainType,
    Encode, Epoch, List, MessageId, MsgType, OperatorId, PartialSignatureMessage, PartialSignatureMessages,
    PartialSignatureType, PublicKeyBytes, RefusalCode, Root, SignatureBytes, SignedSsvMessage, Slot, SsvFork,
    SsvMessage, Thresholds, TreeHash, ValidatorDuty, ValidatorIndex,
};

use deal::{Dealt, deal};
pub use tag::Tag;

pub const SLOT: Slot = Slot(41);

/// What an operator does wrong, or does not do.
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
    /// Its beacon node does not answer; it knows the checkpoints from an earlier slot, and the head of that slot.
    Slow,
    /// Its beacon node stands in another epoch.
    Elsewhere,
    /// What is sent to it is held back until it is released.
    Late,
    /// Its vault refuses the first attestation.
    Refusing,
    /// It withholds the first attestation, because that validator is under observation.
    Watching,
    /// Publishes a bundle of bad signatures before its good one.
    Equivocating,
}

pub struct Node {
    pub id: OperatorId,
    pub conduct: Conduct,
    pub machine: CommitteeRunner,
    pub timers: BTreeSet<u64>,
    /// Every numbered refusal, in order.
    pub refused: Vec<RefusalCode>,
    pub submitted: Vec<SignedObject>,
    pub outcomes: Vec<Outcome>,
    pub blamed: BTreeSet<OperatorId>,
    shares: BTreeMap<ValidatorIndex, SecretKey>,
    pub spoke: bool,
}

pub struct Sim {
    pub nodes: Vec<Node>,
    pub keys: Arc<CommitteeKeys>,
    setups: Vec<Setup>,
    duty: CommitteeDuty,
    /// How beacon nodes answer a submission.
    pub beacon: Result<(), SubmitError>,
    /// Everything that was ever published.
    pub published: Vec<SignedSsvMessage>,
    held_back: Vec<(usize, SignedSsvMessage)>,
    wire: VecDeque<(usize, SignedSsvMessage)>,
    rng: ChaCha20Rng,
    pub attester_domain: BeaconDomain,
    pub sync_domain: BeaconDomain,
}

pub fn vote() -> BeaconVote {
    let checkpoint = |epoch: u64| Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(7) };
    BeaconVote { block_root: Root::repeat_byte(0xbb), source: checkpoint(4), target: checkpoint(5) }
}

fn entry(role: BeaconRole, index: u64, public_key: PublicKeyBytes) -> ValidatorDuty {
    ValidatorDuty {
        role,
        public_key,
        slot: SLOT,
        validator_index: ValidatorIndex(index),
        committee_index: CommitteeIndex(index % 2),
        committee_length: 8,
        committees_at_slot: 2,
        validator_committee_index: index % 8,
        validator_sync_committee_indices: List::empty(),
    }
}

impl Sim {
    /// `validators` attesters, of which the first is in the sync committee too.
    pub fn new(seed: u64, validators: u64, conducts: &[Conduct]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let operators: Vec<_> = (1..=conducts.len() as u64).map(|i| OperatorId(i * 31)).collect();
        let thresholds = Thresholds::of_size(operators.len());
        let Dealt { keys, public_keys, shares } = deal(100..100 + validators, &operators, &mut rng);
        let mut entries = Vec::new();
        for (index, public_key) in (100..).zip(public_keys) {
            entries.push(entry(BeaconRole::Attester, index, public_key));
            if index == 100 {
                entries.push(entry(BeaconRole::SyncCommittee, index, public_key));
            }
        }
        let keys: Arc<CommitteeKeys> = Arc::new(keys.into_iter().collect());
        let (attester_domain, sync_domain) = (BeaconDomain([1; 32]), BeaconDomain([7; 32]));
        let setup = |own| Setup {
            fork: SsvFork::Alan,
            domain: DomainType([0, 0, 4, 2]),
            committee_id: CommitteeId::of(&operators),
            committee: Committee::new(own, operators.clone(), thresholds),
            leader: Arc::new(RoundRobin::new(operators.clone(), None)),
            verifier: Arc::new(Tag),
            cut_off: CUT_OFF_ROUND,
            keys: Arc::clone(&keys),
            attester_domain,
            sync_domain,
            attestation_index: AttestationIndex::Zero,
        };
        let duty = CommitteeDuty { slot: SLOT, validator_duties: entries };
        let setups: Vec<_> = operators.iter().map(|id| setup(*id)).collect();
        let nodes = operators.iter().zip(conducts).zip(shares).map(|((id, conduct), shares)| Node {
            id: *id,
            conduct: *conduct,
            machine: CommitteeRunner::new(setup(*id), duty.clone()).unwrap(),
            timers: BTreeSet::new(),
            refused: Vec::new(),
            submitted: Vec::new(),
            outcomes: Vec::new(),
            blamed: BTreeSet::new(),
            shares,
            spoke: false,
        });
        let nodes = nodes.collect();
        Self {
            nodes,
            keys: Arc::clone(&keys),
            setups,
            duty,
            beacon: Ok(()),
            published: Vec::new(),
            held_back: Vec::new(),
            wire: VecDeque::new(),
            rng,
            attester_domain,
            sync_domain,
        }
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
            Effect::FetchView if node.conduct == Conduct::Blind => inputs.push_back(Input::View(None)),
            Effect::FetchView if node.conduct == Conduct::Slow => {
                let watermarks = vec![Watermark { source: Epoch(3), target: Epoch(4) }];
                let vote = BeaconVote { block_root: Root::repeat_byte(0xaa), ..vote() };
                inputs.push_back(Input::Foreseen(OwnView { vote, watermarks }));
            }
            Effect::FetchView => {
                let mut vote = vote();
                if node.conduct == Conduct::Elsewhere {
                    vote.target.epoch = Epoch(6);
                }
                let watermarks = vec![Watermark { source: Epoch(3), target: Epoch(4) }];
                inputs.push_back(Input::View(Some(OwnView { vote, watermarks })));
            }
            Effect::ArmTimer { round } => {
                node.timers.insert(round.get());
            }
            Effect::Broadcast(unsigned) => {
                if unsigned.message.msg_type == types::MsgType::Consensus {
                    node.spoke = true;
                }
                let tag = Tag::of(node.id, &Sha256::digest(unsigned.message.signed_bytes()).into());
                let message = unsigned.signed(node.id, tag);
                self.publish(&message);
            }
            Effect::PublishDecided(message) => self.publish(&message),
            Effect::Sign(request) => {
                if self.nodes[place].conduct == Conduct::Equivocating {
                    let lie = Input::Signed(self.sign(place, &request, true));
                    inputs.push_back(lie);
                }
                let lies = self.nodes[place].conduct == Conduct::BadShares;
                inputs.push_back(Input::Signed(self.sign(place, &request, lies)));
            }
            Effect::Recombine(tasks) => {
                let results = recombine(&tasks, &self.keys, &mut CoefficientCache::default(), &mut self.rng);
                inputs.push_back(Input::Recombined(results));
            }
            Effect::Submit(submission) => {
                let objects =
                    submission.objects.iter().map(|o| (o.duty.validator_index, o.duty.role)).collect();
                node.submitted.extend(submission.objects);
                inputs.push_back(Input::Submitted { objects, result: self.beacon });
            }
            Effect::Reached(_) => {}
            Effect::BadPartialSignature { operator, .. } => {
                node.blamed.insert(operator);
            }
            Effect::Ended(outcome) => node.outcomes.push(outcome),
        }
    }

    fn publish(&mut self, message: &SignedSsvMessage) {
        self.published.push(message.clone());
        for (place, node) in self.nodes.iter().enumerate() {
            let copy = (place, message.clone());
            if node.conduct == Conduct::Late {
                self.held_back.push(copy);
            } else {
                self.wire.push_back(copy);
            }
        }
    }

    /// Puts what was held back on the wire; what `wanted` does not want is lost.
    pub fn release(&mut self, wanted: impl Fn(&SignedSsvMessage) -> bool) {
        let held_back = std::mem::take(&mut self.held_back);
        self.wire.extend(held_back.into_iter().filter(|(_, message)| wanted(message)));
    }

    /// The node is killed and starts again: a new machine that must not speak in this slot's consensus.
    pub fn restart(&mut self, place: usize) {
        let machine = CommitteeRunner::new(self.setups[place].clone(), self.duty.clone()).unwrap();
        let node = &mut self.nodes[place];
        (node.machine, node.conduct, node.spoke) = (machine, Conduct::Muted, false);
        self.feed(place, Input::Begin);
    }

    /// The consensus of the committee's earlier slots up to `height`, as a node has it.
    pub fn earlier(&self, place: usize, height: Slot) -> Controller {
        let setup = &self.setups[place];
        Controller::restore(Arc::new(setup.qbft_config()), setup.message_id(), height, Vec::new())
    }

    /// A node's machine for the same duty at `slot`, after the consensus of earlier ones.
    pub fn after(&self, place: usize, earlier: Controller, slot: Slot) -> CommitteeRunner {
        let mut duty = CommitteeDuty { slot, ..self.duty.clone() };
        duty.validator_duties.iter_mut().for_each(|entry| entry.slot = slot);
        CommitteeRunner::after(earlier, self.setups[place].clone(), duty).unwrap()
    }

    /// Replaces a node's machine by one with the same progress.
    pub fn put_together(&mut self, place: usize) {
        let machine = &self.nodes[place].machine;
        let watermarks = vec![Watermark { source: Epoch(3), target: Epoch(4) }];
        let progress = Progress {
            controller: machine.controller().clone(),
            running: machine.controller().instance(SLOT).is_some(),
            view: Some(OwnView { vote: vote(), watermarks }),
            post: machine.signatures().entries().collect(),
            decided_value: machine.decided_vote().map(|vote| vote.as_ssz_bytes()),
            finished: machine.is_finished(),
        };
        let setup = self.setups[place].clone();
        self.nodes[place].machine = CommitteeRunner::restore(setup, self.duty.clone(), progress).unwrap();
    }

    /// Whether messages are on their way.
    pub fn is_busy(&self) -> bool {
        !self.wire.is_empty()
    }

    /// Delivers `count` messages, or what there is.
    pub fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            self.deliver_one();
        }
    }

    /// A message of this operator, with its tag.
    pub fn message(&self, place: usize, message: SsvMessage) -> SignedSsvMessage {
        let id = self.nodes[place].id;
        let tag = Tag::of(id, &Sha256::digest(message.signed_bytes()).into());
        qbft::Unsigned { message, full_data: ByteList::empty() }.signed(id, tag)
    }

    /// The message id of the committee's duties.
    pub fn message_id(&self) -> MessageId {
        self.setups[0].message_id()
    }

    fn sign(&self, place: usize, request: &SignRequest, lies: bool) -> Vec<Signed> {
        let node = &self.nodes[place];
        let one = |task: &duty::SigningTask| {
            let (role, root) = match &task.object {
                SigningObject::Attestation(data) => {
                    (BeaconRole::Attester, signing_root(data.tree_hash_root(), self.attester_domain))
                }
                SigningObject::SyncMessage(root) => {
                    (BeaconRole::SyncCommittee, signing_root(*root, self.sync_domain))
                }
            };
            let root = if lies { Root::repeat_byte(0xee) } else { root };
            let key = &node.shares[&task.validator];
            let of = |conduct, withheld| (node.conduct == conduct).then_some(withheld);
            let withheld = of(Conduct::Refusing, Withheld::Refused)
                .or_else(|| of(Conduct::Watching, Withheld::Doppelganger));
            let withheld =
                withheld.filter(|_| role == BeaconRole::Attester && task.validator == ValidatorIndex(100));
            Signed {
                validator: task.validator,
                role,
                signature: withheld.map_or_else(|| Ok(sign(key, root)), Err),
            }
        };
        request.tasks.iter().map(one).collect()
    }

    /// Delivers everything on the wire in an order that the seed chooses.
    pub fn deliver_all(&mut self) {
        while self.deliver_one() {}
    }

    fn deliver_one(&mut self) -> bool {
        if self.wire.is_empty() {
            return false;
        }
        let pick = usize::try_from(self.rng.next_u64() % self.wire.len() as u64).unwrap();
        let (place, message) = self.wire.swap_remove_back(pick).unwrap();
        self.feed(place, Input::Message(message));
        true
    }

    pub fn begin_all(&mut self) {
        for place in 0..self.nodes.len() {
            self.feed(place, Input::Begin);
        }
    }

    /// Lets the latest armed timer of every node run out.
    pub fn time_out_all(&mut self) {
        for place in 0..self.nodes.len() {
            if let Some(round) = self.nodes[place].timers.last().copied() {
                self.feed(place, Input::Timeout { round: types::Round(round) });
            }
        }
    }

    /// Every submitted object carries the signature of its validator's key over the decided vote.
    pub fn check_submitted(&self, place: usize) {
        for object in &self.nodes[place].submitted {
            let root = match &object.object {
                SigningObject::Attestation(data) => signing_root(data.tree_hash_root(), self.attester_domain),
                SigningObject::SyncMessage(root) => signing_root(*root, self.sync_domain),
            };
            let key = &self.keys.get(object.duty.validator_index).unwrap().validator;
            let signature = crypto::bls::Signature::from_bytes(&object.signature).unwrap();
            assert!(crypto::bls::verify(key, root, &signature));
        }
    }
}

/// A bundle of one signature, with what a test changes.
pub struct Bundle {
    pub signer: OperatorId,
    pub slot: Slot,
    pub kind: PartialSignatureType,
}

impl Bundle {
    pub fn of(self, sim: &Sim, place: usize) -> SignedSsvMessage {
        let entry = PartialSignatureMessage {
            partial_signature: SignatureBytes([1; 96]),
            signing_root: Root::repeat_byte(1),
            signer: self.signer,
            validator_index: ValidatorIndex(100),
        };
        let messages = List::new(vec![entry]).unwrap();
        let bundle = PartialSignatureMessages { msg_type: self.kind, slot: self.slot, messages };
        let data = ByteList::new(bundle.as_ssz_bytes()).unwrap();
        sim.message(place, SsvMessage { msg_type: MsgType::PartialSignature, msg_id: sim.message_id(), data })
    }
}
