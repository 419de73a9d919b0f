//! The machine of attestations and sync committee messages under the harness.

use std::sync::Arc;

use duty::collector::Collector;
use duty::committee::Progress;
use duty::runner::End;
use duty::{
    AttestationIndex, CommitteeRunner, Effect, Input, Milestone, OwnView, Setup, SignRequest, Signed,
    SigningObject, Watermark,
};
use qbft::{CUT_OFF_ROUND, Committee, Controller};
use types::signing::{BeaconDomain, signing_root};
use types::{
    BeaconRole, BeaconVote, Checkpoint, CommitteeDuty, DomainType, Encode, Epoch, PartialSignatureMessages,
    Root, Round, SignedSsvMessage, SsvFork, TreeHash,
};

use crate::machine::{Claim, Done, Machine, Own, Turn, beacon, vault};
use crate::roles::entry;
use crate::seeded::Rng;
use crate::standin::{FIRST, SLOT, STANDING, recombine, whole};
use crate::tag::Tag;

const ATTESTER: BeaconDomain = BeaconDomain([1; 32]);
const SYNC: BeaconDomain = BeaconDomain([7; 32]);

pub struct Attesting {
    runner: CommitteeRunner,
    view: Option<OwnView>,
}

fn setup(fork: SsvFork, own: Own) -> Setup {
    Setup {
        fork,
        domain: DomainType([0, 0, 4, 2]),
        committee_id: STANDING.committee_id,
        committee: Committee::new(own.operator, STANDING.operators.clone(), STANDING.thresholds),
        leader: Arc::clone(&STANDING.leader),
        verifier: Arc::new(Tag),
        cut_off: CUT_OFF_ROUND,
        keys: Arc::clone(&STANDING.keys),
        attester_domain: ATTESTER,
        sync_domain: SYNC,
        attestation_index: AttestationIndex::Zero,
    }
}

/// Two attesters, of which the first is in the sync committee too.
fn duty() -> CommitteeDuty {
    let validator_duties = vec![
        entry(BeaconRole::Attester, FIRST),
        entry(BeaconRole::SyncCommittee, FIRST),
        entry(BeaconRole::Attester, FIRST + 1),
    ];
    CommitteeDuty { slot: SLOT, validator_duties }
}

/// Some beacon nodes do not answer, some stand in another epoch, some histories forbid the vote.
fn view(own: Own, rng: &mut Rng) -> Option<OwnView> {
    let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(own.head) };
    let mut vote =
        BeaconVote { block_root: Root::repeat_byte(own.head), source: checkpoint(4), target: checkpoint(5) };
    let mut mark = Watermark { source: Epoch(3), target: Epoch(4) };
    match rng.below(50) {
        0 => return None,
        1 => vote.target.epoch = Epoch(6),
        2 => mark.target = Epoch(5),
        _ => {}
    }
    Some(OwnView { vote, watermarks: vec![mark] })
}

fn root_of(object: &SigningObject) -> Root {
    match object {
        SigningObject::Attestation(data) => signing_root(data.tree_hash_root(), ATTESTER),
        SigningObject::SyncMessage(root) => signing_root(*root, SYNC),
    }
}

fn sign(request: &SignRequest, own: Own, rng: &mut Rng) -> Done<Input> {
    let claims: Vec<Claim> = request
        .tasks
        .iter()
        .map(|task| {
            let kind = match task.object {
                SigningObject::Attestation(_) => "attestation",
                SigningObject::SyncMessage(_) => "sync message",
            };
            Claim { validator: task.validator, subject: (kind, 0), root: root_of(&task.object) }
        })
        .collect();
    let answer = |claim: &Claim| Signed {
        validator: claim.validator,
        role: if claim.subject.0 == "attestation" { BeaconRole::Attester } else { BeaconRole::SyncCommittee },
        signature: vault(own, claim, rng),
    };
    let answers = claims.iter().map(answer).collect();
    Done::Sign(claims, Input::Signed(answers))
}

impl Machine for Attesting {
    type Input = Input;
    type Recipe = SsvFork;

    fn new(fork: &SsvFork, own: Own) -> Self {
        Self { runner: CommitteeRunner::new(setup(*fork, own), duty()).unwrap(), view: None }
    }

    fn put_together(&self, fork: &SsvFork, own: Own) -> Self {
        let controller = self.runner.controller().clone();
        let instance = controller.instance(SLOT);
        let progress = Progress {
            running: instance.is_some_and(|instance| instance.start_value().is_some()),
            controller,
            view: self.view.clone(),
            post: self.runner.signatures().entries().collect(),
            decided_value: self.runner.decided_vote().map(|vote| vote.as_ssz_bytes()),
            finished: self.runner.is_finished(),
        };
        let runner = CommitteeRunner::restore(setup(*fork, own), duty(), progress).unwrap();
        Self { runner, view: self.view.clone() }
    }

    fn step(&mut self, input: Input, own: Own, rng: &mut Rng) -> Turn<Input> {
        if let Input::View(Some(view)) = &input {
            self.view = Some(view.clone());
        }
        let step = self.runner.step(input);
        let mut done = Vec::new();
        for effect in step.effects {
            done.push(match effect {
                Effect::BeginConsensus => Done::BeginConsensus,
                Effect::FetchView => Done::Owed(Input::View(view(own, rng))),
                Effect::ArmTimer { round } => Done::Timer(round),
                Effect::Broadcast(message) => Done::Send(message),
                Effect::PublishDecided(message) => Done::Publish(message),
                Effect::Sign(request) => sign(&request, own, rng),
                Effect::Recombine(tasks) => Done::Owed(Input::Recombined(recombine(&tasks))),
                Effect::Submit(submission) => {
                    for object in &submission.objects {
                        let expected = whole(object.duty.validator_index, root_of(&object.object));
                        assert!(object.signature == expected, "submitted what is not signed");
                    }
                    let objects = submission.objects.iter();
                    let objects = objects.map(|object| (object.duty.validator_index, object.duty.role));
                    Done::Owed(Input::Submitted { objects: objects.collect(), result: beacon(rng) })
                }
                Effect::Reached(Milestone::Decided { .. }) => Done::Decided,
                Effect::Ended(outcome) => Done::Ended {
                    entry: (outcome.validator, outcome.role),
                    end: outcome.result.map_or_else(End::Failed, |()| End::Submitted),
                },
                Effect::Reached(_) | Effect::BadPartialSignature { .. } => continue,
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
        true
    }
    fn entries(&self) -> usize {
        self.runner.duty().validator_duties.len()
    }
    fn has_ended(&self) -> bool {
        self.runner.is_finished()
    }
    fn controller(&self) -> &Controller {
        self.runner.controller()
    }
    fn collectors(&self) -> Vec<&Collector> {
        vec![self.runner.signatures()]
    }
    fn per_signer(&self) -> usize {
        PartialSignatureMessages::max_messages(SsvFork::Boole)
    }
}
