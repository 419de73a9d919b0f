//! Nodes, the messages between them, and their timers.

use std::sync::Arc;

use qbft::{
    Committee, Config, Controller, Effect, INSTANCE_CAPACITY, Input, RoundRobin, Step, Unsigned, Value,
    ValueCheck, ValueRefusal, VerifySigner,
};
use sha2::{Digest, Sha256};
use types::{
    ByteList, MessageId, OperatorId, RefusalCode, Round, RsaSignature, SignedSsvMessage, Slot, SsvFork,
    Thresholds,
};

pub const CUT_OFF: Round = Round(12);

/// Signatures that anybody can check and only the test makes: a hash of signer and digest.
pub struct HashSigner;

fn signature(signer: OperatorId, digest: &[u8; 32]) -> RsaSignature {
    let hash = Sha256::new().chain_update(signer.get().to_le_bytes()).chain_update(digest).finalize();
    ByteList::try_from(hash.as_slice()).unwrap()
}

/// Signs a message as this operator.
pub fn sign(signer: OperatorId, unsigned: Unsigned) -> SignedSsvMessage {
    let digest = Sha256::digest(unsigned.message.signed_bytes()).into();
    unsigned.signed(signer, signature(signer, &digest))
}

impl VerifySigner for HashSigner {
    fn verify(&self, signer: OperatorId, digest: &[u8; 32], given: &[u8]) -> bool {
        signature(signer, digest).as_slice() == given
    }
}

pub struct AnyValue;

impl ValueCheck for AnyValue {
    fn check(&self, _: &[u8]) -> Result<(), ValueRefusal> {
        Ok(())
    }
}

struct Node {
    operator: OperatorId,
    controller: Controller,
    timer: Option<(Slot, Round)>,
    decided: Option<Value>,
}

/// A message on its way to one node.
struct Flight {
    to: usize,
    message: SignedSsvMessage,
}

pub struct World {
    nodes: Vec<Node>,
    flights: Vec<Flight>,
    height: Slot,
}

/// The own value of the node at this place.
pub fn value_of(node: usize) -> Value {
    Value::new(format!("value of node {node}").into_bytes()).unwrap()
}

impl World {
    /// A committee of operators 1 to `size`, of which `present` live; an operator listed twice has two lives.
    pub fn new(size: u64, present: &[OperatorId], fork: SsvFork) -> Self {
        let members: Vec<OperatorId> = (1..=size).map(OperatorId).collect();
        let boole_from = (fork == SsvFork::Boole).then_some(Slot(0));
        let leader = Arc::new(RoundRobin::new(members.clone(), boole_from));
        let node = |operator: &OperatorId| Node {
            operator: *operator,
            controller: Controller::new(
                Config {
                    committee: Committee::new(*operator, members.clone(), Thresholds::of_size(members.len())),
                    leader: leader.clone(),
                    verifier: Arc::new(HashSigner),
                    cut_off: CUT_OFF,
                    capacity: INSTANCE_CAPACITY,
                },
                MessageId([7; 56]),
            ),
            timer: None,
            decided: None,
        };
        Self { nodes: present.iter().map(node).collect(), flights: Vec::new(), height: Slot(0) }
    }

    pub fn start_all(&mut self, height: Slot) {
        self.start(height, |_| true);
    }

    /// Begins everywhere, at the places of which `has_value` is true with an own value.
    pub fn start(&mut self, height: Slot, has_value: impl Fn(usize) -> bool) {
        self.height = height;
        for at in 0..self.nodes.len() {
            let check = Arc::new(AnyValue);
            let input = if has_value(at) {
                Input::Start { height, value: value_of(at), check }
            } else {
                Input::Join { height, check }
            };
            let step = self.nodes[at].controller.step(input);
            self.carry_out(at, step);
        }
    }

    /// The own value of this place comes.
    pub fn give_value(&mut self, at: usize) {
        let step = self.nodes[at].controller.step(Input::Value { height: self.height, value: value_of(at) });
        self.carry_out(at, step);
    }

    /// The values that operators of this kind have decided.
    pub fn decided_by(&self, kind: impl Fn(OperatorId) -> bool) -> Vec<Value> {
        let nodes = self.nodes.iter().filter(|node| kind(node.operator));
        nodes.filter_map(|node| node.decided.clone()).collect()
    }

    pub fn highest_round(&self) -> Round {
        let rounds = self.nodes.iter().filter_map(|node| node.controller.instance(self.height));
        rounds.map(|instance| instance.state().round).max().unwrap()
    }

    /// One event: mostly an arrival, sometimes a loss, a repetition or a timeout.
    pub fn disturb(&mut self, choice: u32) {
        let (kind, pick) = (choice % 64, usize::try_from(choice / 64).unwrap());
        match kind {
            0 => self.time_out(pick % self.nodes.len()),
            _ if self.flights.is_empty() => {}
            1..=4 => drop(self.flights.swap_remove(pick % self.flights.len())),
            5..=8 => {
                let Flight { to, message } = &self.flights[pick % self.flights.len()];
                let again = Flight { to: *to, message: message.clone() };
                self.flights.push(again);
            }
            _ => {
                let flight = self.flights.swap_remove(pick % self.flights.len());
                self.arrive(flight);
            }
        }
    }

    /// Delivers everything, in an order the choices make, until nothing that is left changes anything.
    pub fn settle(&mut self, choices: &mut impl Iterator<Item = u16>) {
        loop {
            let mut arriving = std::mem::take(&mut self.flights);
            let mut changed = false;
            while !arriving.is_empty() {
                let pick = usize::from(choices.next().unwrap_or(0)) % arriving.len();
                changed |= self.arrive(arriving.swap_remove(pick));
            }
            if !changed {
                break;
            }
        }
        // What still waits belongs to a round that is over.
        self.flights.clear();
    }

    pub fn time_out_all(&mut self) {
        (0..self.nodes.len()).for_each(|at| self.time_out(at));
    }

    fn time_out(&mut self, at: usize) {
        if let Some((height, round)) = self.nodes[at].timer.take() {
            let step = self.nodes[at].controller.step(Input::Timeout { height, round });
            self.carry_out(at, step);
        }
    }

    /// True if the message was taken; one that is too early goes back to wait.
    fn arrive(&mut self, flight: Flight) -> bool {
        let step = self.nodes[flight.to].controller.step(Input::Message(flight.message.clone()));
        let early = [
            RefusalCode::FutureMessage,
            RefusalCode::NoProposalForCurrentRound,
            RefusalCode::WrongMessageRound,
        ];
        let waits =
            step.refusal.as_ref().and_then(qbft::Refusal::code).is_some_and(|code| early.contains(&code));
        let to = flight.to;
        if waits {
            self.flights.push(flight);
        }
        self.carry_out(to, step);
        !waits
    }

    fn carry_out(&mut self, at: usize, step: Step) {
        for effect in step.effects {
            match effect {
                Effect::ArmTimer { height, round } => self.nodes[at].timer = Some((height, round)),
                Effect::Broadcast(unsigned) => {
                    let message = sign(self.nodes[at].operator, unsigned);
                    self.publish(&message);
                }
                Effect::PublishDecided(message) => self.publish(&message),
                Effect::Decided(message) => {
                    assert!(self.nodes[at].decided.is_none(), "decided twice");
                    self.nodes[at].decided = Some(message.full_data);
                }
            }
        }
    }

    /// To everyone, the sender included.
    fn publish(&mut self, message: &SignedSsvMessage) {
        let flights = (0..self.nodes.len()).map(|to| Flight { to, message: message.clone() });
        self.flights.extend(flights);
    }
}
