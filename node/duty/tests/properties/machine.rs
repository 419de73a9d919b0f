//! What the harness asks of a machine, whichever role it has.

use duty::collector::Collector;
use duty::runner::End;
use duty::{SubmitError, Withheld, committee};
use qbft::{Controller, Unsigned};
use types::{BeaconRole, OperatorId, Root, Round, SignatureBytes, SignedSsvMessage, ValidatorIndex};

use crate::seeded::Rng;
use crate::standin::part;

/// One place of the committee.
#[derive(Clone, Copy)]
pub struct Own {
    pub operator: OperatorId,
    /// Which head of the chain its beacon node sees.
    pub head: u8,
    /// Whether its partial signatures are bad now and then.
    pub lies: bool,
}

/// A root that a share is asked to sign.
#[derive(Clone, Copy)]
pub struct Claim {
    pub validator: ValidatorIndex,
    /// The kind of object, and the subcommittee where a validator has several.
    pub subject: (&'static str, u64),
    pub root: Root,
}

/// What a machine wants, with the answer it will get some time.
pub enum Done<I> {
    BeginConsensus,
    Owed(I),
    Sign(Vec<Claim>, I),
    Send(Unsigned),
    Publish(SignedSsvMessage),
    Timer(Round),
    Decided,
    Ended { entry: (ValidatorIndex, BeaconRole), end: End },
}

pub struct Turn<I> {
    pub done: Vec<Done<I>>,
    pub refused: bool,
}

pub trait Machine: Sized {
    type Input: Clone;
    type Recipe;

    fn new(recipe: &Self::Recipe, own: Own) -> Self;
    /// A machine with the same progress.
    fn put_together(&self, recipe: &Self::Recipe, own: Own) -> Self;
    fn step(&mut self, input: Self::Input, own: Own, rng: &mut Rng) -> Turn<Self::Input>;

    fn begin() -> Self::Input;
    fn permitted(speak: bool) -> Self::Input;
    fn message(message: SignedSsvMessage) -> Self::Input;
    fn timeout(round: Round) -> Self::Input;
    fn give_up() -> Self::Input;

    /// Whether the duty has consensus.
    fn decides(&self) -> bool;
    fn entries(&self) -> usize;
    fn has_ended(&self) -> bool;
    fn controller(&self) -> &Controller;
    fn collectors(&self) -> Vec<&Collector>;
    /// The most entries that one operator may have in a collector.
    fn per_signer(&self) -> usize;
}

/// The vault's answer: a liar's is bad now and then, and any vault may refuse.
pub fn vault(own: Own, claim: &Claim, rng: &mut Rng) -> Result<SignatureBytes, Withheld> {
    if rng.one_in(60) {
        return Err(Withheld::Refused);
    }
    let operator = if own.lies && rng.one_in(3) { OperatorId(9) } else { own.operator };
    Ok(part(claim.validator, operator, claim.root))
}

/// The beacon nodes' answer.
pub fn beacon(rng: &mut Rng) -> Result<(), SubmitError> {
    match rng.below(20) {
        0 => Err(committee::SubmitError::Refused),
        1 => Err(committee::SubmitError::Unanswered),
        _ => Ok(()),
    }
}
