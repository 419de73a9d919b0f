//! What can happen to a duty.

use types::beacon::{AnyAttestation, AnyContribution, AnyProposedBlock, Attestation};
use types::{CommitteeIndex, Round, SignatureBytes, SignedSsvMessage};

use crate::collector::SignatureSlot;
use crate::committee::{SubmitError, Withheld};
use crate::recombine::Recombined;

/// Before consensus or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Selection proofs, randomness, or all there is.
    Pre,
    /// The decided objects.
    Post,
}

/// What can happen to a duty.
#[derive(Debug, Clone)]
pub enum Input {
    /// The duty may start.
    Begin,
    /// The answer to [`Effect::BeginConsensus`](super::Effect::BeginConsensus): true if the node may speak in this consensus,
    /// false if it may have spoken before a restart.
    ConsensusPermitted(bool),
    /// The answer to [`Effect::Sign`](super::Effect::Sign): one for each task in its order.
    Signed {
        /// The stage of the request.
        stage: Stage,
        /// The partial signatures.
        signatures: Vec<Result<SignatureBytes, Withheld>>,
    },
    /// The answer to [`Effect::Fetch`](super::Effect::Fetch). `None`: no beacon node answered.
    Fetched(Option<Fetched>),
    /// A message for this duty, from a peer or our own coming back. Its RSA signatures are verified.
    Message(SignedSsvMessage),
    /// The timer of [`Effect::ArmTimer`](super::Effect::ArmTimer) ran out.
    Timeout {
        /// The round it was armed for.
        round: Round,
    },
    /// The answer to [`Effect::Recombine`](super::Effect::Recombine).
    Recombined {
        /// The stage of the tasks.
        stage: Stage,
        /// What became of them.
        results: Vec<Recombined>,
    },
    /// The answer to [`Effect::Submit`](super::Effect::Submit).
    Submitted {
        /// Which objects this is about.
        slots: Vec<SignatureSlot>,
        /// How the beacon nodes answered.
        result: Result<(), SubmitError>,
    },
    /// The duty is worth nothing any more: everything open ends as failed.
    GiveUp,
}

/// What the own beacon node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// A block to propose.
    Block(Box<AnyProposedBlock>),
    /// Aggregates by beacon committee, and contributions: as many as could be had.
    Aggregates {
        /// One aggregate for each committee asked for.
        aggregates: Vec<(CommitteeIndex, Aggregate)>,
        /// One contribution for each subcommittee asked for.
        contributions: Vec<AnyContribution>,
    },
}

/// An aggregate attestation in the layout of its fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// Before Electra.
    Phase0(Attestation),
    /// From Electra on.
    Electra(AnyAttestation),
}
