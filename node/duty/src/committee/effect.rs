//! What a committee's duty wants done, in the order in which it must happen.

use qbft::Unsigned;
use types::beacon::AttestationData;
use types::{
    BeaconRole, OperatorId, PublicKeyBytes, Root, Round, SignatureBytes, SignedSsvMessage, Slot,
    ValidatorDuty, ValidatorIndex,
};

use crate::reason::FailureReason;
use crate::recombine::RecombineTask;

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Write down that this node speaks in the consensus of this slot, durably, and answer with
    /// [`Input::ConsensusPermitted`](super::Input::ConsensusPermitted).
    BeginConsensus,
    /// Ask the beacon node what to vote for, and the vault for the watermarks; answer with [`Input::View`](super::Input::View).
    FetchView,
    /// Start the round timer anew, replacing the one that runs.
    ArmTimer {
        /// The round that begins.
        round: Round,
    },
    /// Sign with the operator's RSA key, publish, and give back as [`Input::Message`](super::Input::Message).
    Broadcast(Unsigned),
    /// Publish a decided message, which carries its signatures.
    PublishDecided(SignedSsvMessage),
    /// Ask the vault for the partial signatures; answer with [`Input::Signed`](super::Input::Signed).
    Sign(SignRequest),
    /// Recombine and verify on the crypto pool; answer with [`Input::Recombined`](super::Input::Recombined).
    Recombine(Vec<RecombineTask>),
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
    /// One validator's duty ended.
    Ended(Outcome),
}

/// A station of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The own view of the chain is there.
    View,
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
    /// A quorum of partial signatures is there for the first validators.
    PostQuorum,
    /// The signatures of these validators are whole and verified.
    Recombined,
}

/// How one validator's duty ended: the one record it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The validator.
    pub validator: ValidatorIndex,
    /// Attester or sync committee.
    pub role: BeaconRole,
    /// Submitted (a beacon node answered 2xx), or why not.
    pub result: Result<(), FailureReason>,
}

/// Everything this operator signs for one decided vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignRequest {
    /// The slot of the duty.
    pub slot: Slot,
    /// What to sign, in duty order.
    pub tasks: Vec<SigningTask>,
}

/// One partial signature to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningTask {
    /// The validator's public key.
    pub public_key: PublicKeyBytes,
    /// The validator's number.
    pub validator: ValidatorIndex,
    /// What it signs.
    pub object: SigningObject,
}

/// What a share signs after consensus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningObject {
    /// An attestation; slashable, so the signing history decides.
    Attestation(AttestationData),
    /// The block root of a sync committee message.
    SyncMessage(Root),
}

/// Whole, verified signatures to be given to the beacon nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The slot of the duty.
    pub slot: Slot,
    /// The objects: all attestations, or all sync committee messages.
    pub objects: Vec<SignedObject>,
}

/// One signed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedObject {
    /// The duty it fulfils.
    pub duty: ValidatorDuty,
    /// What was signed.
    pub object: SigningObject,
    /// The validator's signature.
    pub signature: SignatureBytes,
}
