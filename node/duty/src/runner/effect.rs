//! What a duty wants done, in the order in which it must happen.

use qbft::Unsigned;
use types::beacon::AnySignedProposal;
use types::{
    BeaconRole, CommitteeIndex, OperatorId, PublicKeyBytes, Round, SignatureBytes, SignedSsvMessage, Slot,
    ValidatorIndex,
};

use super::input::Stage;
use super::object::ShareObject;
use crate::collector::SignatureSlot;
use crate::reason::FailureReason;
use crate::recombine::RecombineTask;

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Write down that this node speaks in the consensus of this role and slot, durably, and answer with
    /// [`Input::ConsensusPermitted`](super::Input::ConsensusPermitted).
    BeginConsensus,
    /// Ask the vault for partial signatures; answer with [`Input::Signed`](super::Input::Signed).
    Sign(ShareRequest),
    /// Sign with the operator's RSA key, publish, and give back as [`Input::Message`](super::Input::Message).
    Broadcast(Unsigned),
    /// Publish a decided message, which carries its signatures.
    PublishDecided(SignedSsvMessage),
    /// Recombine and verify on the crypto pool; answer with [`Input::Recombined`](super::Input::Recombined).
    Recombine {
        /// To be given back.
        stage: Stage,
        /// The work.
        tasks: Vec<RecombineTask>,
    },
    /// Ask the beacon node; answer with [`Input::Fetched`](super::Input::Fetched).
    Fetch(Fetch),
    /// Start the round timer anew, replacing the one that runs.
    ArmTimer {
        /// The round that begins.
        round: Round,
    },
    /// Give to the beacon nodes; answer with [`Input::Submitted`](super::Input::Submitted).
    Submit(Submission),
    /// Something the ledger notes the time of.
    Reached(Milestone),
    /// An operator's partial signature does not verify.
    BadPartialSignature {
        /// Whose.
        operator: OperatorId,
        /// For which validator.
        validator: ValidatorIndex,
    },
    /// An operator signed something else before consensus than we did (code 41): for a registration its fee recipient, gas limit or
    /// time differ. Told once for each operator of a duty.
    Disagrees {
        /// Who.
        operator: OperatorId,
        /// For which validator, and the signing root that we did not expect.
        slot: SignatureSlot,
    },
    /// One entry of the duty ended.
    Ended(Outcome),
}

/// Partial signatures to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareRequest {
    /// To be given back.
    pub stage: Stage,
    /// The slot of the duty.
    pub slot: Slot,
    /// What to sign.
    pub tasks: Vec<ShareTask>,
}

/// One partial signature to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareTask {
    /// The validator's public key.
    pub public_key: PublicKeyBytes,
    /// The validator's number.
    pub validator: ValidatorIndex,
    /// What it signs.
    pub object: ShareObject,
}

/// What consensus will be about, to be had from the own beacon node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    /// A block, at once or after the operator's configured delay.
    Block {
        /// When.
        slot: Slot,
        /// The randomness it must carry.
        randao_reveal: SignatureBytes,
    },
    /// Aggregates and contributions, not before two thirds of the slot.
    Aggregates {
        /// When.
        slot: Slot,
        /// Beacon committees to have the aggregate of.
        committees: Vec<CommitteeIndex>,
        /// Subcommittees to have the contribution of.
        subcommittees: Vec<u64>,
    },
}

/// A station of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// A quorum of partial signatures is there.
    Quorum(Stage),
    /// The signatures of this stage are whole and verified.
    Recombined(Stage),
    /// The own value is there.
    Value,
    /// A proposal was accepted in this round.
    Proposal {
        /// The round.
        round: Round,
        /// Who proposed.
        leader: OperatorId,
    },
    /// The committee decided in this round.
    Decided {
        /// The round.
        round: Round,
    },
}

/// Whole, verified signatures to be given to the beacon nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// A block, full or blinded: its kind decides the endpoint.
    Block {
        /// To be given back.
        slot: SignatureSlot,
        /// The block.
        proposal: Box<AnySignedProposal>,
    },
    /// Objects of one kind: aggregates, contributions, a registration or an exit.
    Objects(Vec<SignedShareObject>),
}

/// One signed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedShareObject {
    /// To be given back.
    pub slot: SignatureSlot,
    /// What was signed.
    pub object: ShareObject,
    /// The validator's signature.
    pub signature: SignatureBytes,
}

/// How one entry of a duty ended: the one record it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The validator.
    pub validator: ValidatorIndex,
    /// The kind of duty.
    pub role: BeaconRole,
    /// How.
    pub end: End,
}

/// How an entry of a duty ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A beacon node answered 2xx.
    Submitted,
    /// The validator does not aggregate in this slot: nothing was to be done.
    NotSelected,
    /// It failed.
    Failed(FailureReason),
}
