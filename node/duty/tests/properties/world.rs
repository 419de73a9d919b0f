//! One history of one committee: what is on its way, and what the seed lets happen next.

use std::sync::Arc;

use duty::runner::End;
use types::{OperatorId, Round, SignedSsvMessage};

use crate::books::{Ends, Roots, Seen, check_bounds};
use crate::forge::{Forger, bend_proposal, signed_by};
use crate::machine::{Done, Machine, Own};
use crate::seeded::Rng;
use crate::standin::{MEMBERS, SLOT, STANDING};

/// Enough for all messages of a committee in some rounds.
const ACTIONS: usize = 600;

struct Node<M> {
    own: Own,
    machine: M,
    ends: Ends,
    /// The start of consensus is on disk.
    spoke: bool,
    /// Killed after that: it must not speak again.
    muted: bool,
    timer: Option<Round>,
}

/// How rough a history is.
struct Weather {
    /// One in so many messages.
    lost: usize,
    repeated: usize,
    /// One in so many actions.
    trouble: usize,
}

struct World<'a, M: Machine> {
    recipe: &'a M::Recipe,
    rng: &'a mut Rng,
    seen: &'a mut Seen,
    weather: Weather,
    nodes: Vec<Node<M>>,
    wire: Vec<(usize, Arc<SignedSsvMessage>)>,
    owed: Vec<(usize, M::Input)>,
    forger: Option<Forger>,
    roots: Roots,
}

/// Lets one committee live through what the seed chooses, and holds the properties.
pub fn history<M: Machine>(recipe: &M::Recipe, rng: &mut Rng, seen: &mut Seen) {
    let calm = rng.one_in(3);
    let weather = Weather {
        lost: if calm { usize::MAX } else { [10, 30, 100, usize::MAX][rng.below(4)] },
        repeated: [4, 10, 40][rng.below(3)],
        trouble: if calm { 400 } else { [10, 30, 120][rng.below(3)] },
    };
    let traitor = (!calm).then(|| traitor(rng));
    let mut nodes: Vec<Node<M>> = STANDING
        .operators
        .iter()
        .map(|operator| node(recipe, *operator, traitor == Some(*operator), rng))
        .collect();
    // A traitor runs two machines under one name.
    nodes.extend(traitor.map(|operator| node(recipe, operator, true, rng)));
    let owed = (0..nodes.len()).map(|place| (place, M::begin())).collect();
    let forger = traitor.map(Forger::new);
    let (wire, roots) = (Vec::new(), Roots::default());
    World { recipe, rng, seen, weather, nodes, wire, owed, forger, roots }.run();
}

/// Often the leader of the first round, who can do the most harm.
fn traitor(rng: &mut Rng) -> OperatorId {
    if rng.one_in(2) {
        return STANDING.leader.leader(SLOT, Round::FIRST);
    }
    STANDING.operators[rng.below(MEMBERS)]
}

fn node<M: Machine>(recipe: &M::Recipe, operator: OperatorId, lies: bool, rng: &mut Rng) -> Node<M> {
    let head = u8::try_from(rng.below(3)).unwrap();
    let own = Own { operator, head, lies };
    let machine = M::new(recipe, own);
    Node { own, machine, ends: Ends::default(), spoke: false, muted: false, timer: None }
}

impl<M: Machine> World<'_, M> {
    fn run(mut self) {
        let mut silences = self.rng.below(4);
        for _ in 0..ACTIONS {
            if self.rng.one_in(self.weather.trouble) {
                self.trouble();
            } else if self.wire.is_empty() && self.owed.is_empty() {
                if silences == 0 {
                    break;
                }
                silences -= 1;
                (0..self.nodes.len()).for_each(|place| self.time_out(place));
            } else if self.rng.below(self.wire.len() + 4 * self.owed.len()) < self.wire.len() {
                self.deliver();
            } else {
                let (place, input) = self.owed.swap_remove(self.rng.below(self.owed.len()));
                self.feed(place, input);
            }
        }
        for place in 0..self.nodes.len() {
            self.feed(place, M::give_up());
            let node = &self.nodes[place];
            node.ends.close(&node.machine);
            check_bounds(&node.machine);
        }
    }

    fn deliver(&mut self) {
        let pick = self.rng.below(self.wire.len());
        let (place, message) = if self.rng.one_in(self.weather.repeated) {
            self.seen.repeated += 1;
            self.wire[pick].clone()
        } else {
            self.wire.swap_remove(pick)
        };
        self.seen.messages += 1;
        self.feed(place, M::message(message.as_ref().clone()));
    }

    fn trouble(&mut self) {
        let place = self.rng.below(self.nodes.len());
        match self.rng.below(16) {
            0..4 => self.time_out(place),
            4 => {
                // A timer of another round than the one that runs.
                let round = Round(self.rng.next() % 14);
                self.feed(place, M::timeout(round));
            }
            5 => self.kill(place),
            6 | 7 => self.resume(place),
            8 if self.rng.one_in(8) => self.feed(place, M::give_up()),
            8 => self.feed(place, M::begin()),
            _ => self.forge(),
        }
    }

    fn time_out(&mut self, place: usize) {
        if let Some(round) = self.nodes[place].timer.take() {
            self.seen.timeouts += 1;
            self.feed(place, M::timeout(round));
        }
    }

    /// The node starts again: what it held in memory and what it was owed is gone.
    fn kill(&mut self, place: usize) {
        self.seen.kills += 1;
        self.owed.retain(|(owed, _)| *owed != place);
        let node = &mut self.nodes[place];
        node.machine = M::new(self.recipe, node.own);
        (node.ends, node.muted, node.timer) = (Ends::default(), node.spoke, None);
        self.owed.push((place, M::begin()));
    }

    /// A machine that may speak is replaced by one with the same progress.
    fn resume(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        if node.muted || (node.machine.decides() && !node.spoke) {
            return;
        }
        self.seen.resumed += 1;
        node.machine = node.machine.put_together(self.recipe, node.own);
        node.ends = Ends::resumed();
    }

    fn forge(&mut self) {
        let Some(forger) = &self.forger else { return };
        let Some(message) = forger.forge(self.rng) else { return };
        self.seen.forged += 1;
        let message = Arc::new(message);
        for place in 0..self.nodes.len() {
            if self.rng.below(3) > 0 {
                self.wire.push((place, Arc::clone(&message)));
            }
        }
    }

    fn publish(&mut self, from: usize, message: SignedSsvMessage) {
        let message = Arc::new(message);
        if let Some(forger) = &mut self.forger {
            forger.hear(&message);
        }
        for place in 0..self.nodes.len() {
            if place != from && self.rng.one_in(self.weather.lost) {
                self.seen.lost += 1;
            } else {
                self.wire.push((place, Arc::clone(&message)));
            }
        }
    }

    fn feed(&mut self, place: usize, input: M::Input) {
        let node = &mut self.nodes[place];
        let own = node.own;
        let turn = node.machine.step(input, own, self.rng);
        self.seen.refused += u64::from(turn.refused);
        for done in turn.done {
            self.carry_out(place, own, done);
        }
    }

    fn carry_out(&mut self, place: usize, own: Own, done: Done<M::Input>) {
        match done {
            Done::BeginConsensus => {
                let node = &mut self.nodes[place];
                self.owed.push((place, M::permitted(!node.spoke)));
                node.spoke = true;
            }
            Done::Owed(input) => self.owed.push((place, input)),
            Done::Sign(claims, input) => {
                for claim in claims.iter().filter(|_| !own.lies) {
                    self.seen.signed += 1;
                    self.roots.sign(own.operator, claim);
                }
                self.owed.push((place, input));
            }
            Done::Send(mut unsigned) => {
                if own.lies && self.rng.one_in(3) {
                    bend_proposal(self.rng, &mut unsigned);
                }
                self.publish(place, signed_by(own.operator, unsigned));
            }
            Done::Publish(message) => self.publish(place, message),
            Done::Timer(round) => self.nodes[place].timer = Some(round),
            Done::Decided => self.seen.decided += 1,
            Done::Ended { entry, end } => {
                self.nodes[place].ends.end(entry);
                match end {
                    End::Submitted => self.seen.submitted += 1,
                    End::NotSelected => self.seen.unselected += 1,
                    End::Failed(_) => self.seen.failed += 1,
                }
            }
        }
    }
}
