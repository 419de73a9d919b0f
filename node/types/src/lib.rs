//! Every word of the protocol: ids, SSZ containers, forks, networks, beacon objects, refusal codes.
//!
//! Nothing here acts. The other crates pass these nouns through their doors and ask them for what follows
//! from the protocol alone: an encoding, a root, a committee id, a quorum, the first rule that is broken.
//!
//! * [`ids`], [`role`]: who and what a message is about;
//! * [`message`]: what travels by gossip, and the rules each message can check on itself;
//! * [`vote`], [`duty`], [`committee`]: what a consensus is about, and among whom;
//! * [`refusal`]: the one numbered list of reasons to say no;
//! * [`list`]: SSZ lists that cannot hold more than their limit.

#![deny(clippy::arithmetic_side_effects)]

mod open_enum;

pub mod committee;
pub mod duty;
pub mod ids;
pub mod list;
pub mod message;
pub mod refusal;
pub mod role;
pub mod vote;

pub use alloy_primitives::{Address, B256, Bytes};
pub use ssz::{Decode, DecodeError, Encode};
pub use tree_hash::TreeHash;

pub use committee::{CommitteeMember, Operator, OperatorKeyPem, Thresholds};
pub use duty::{AggregatorCommitteeDuty, CommitteeDuty, ValidatorDuty};
pub use ids::{
    CommitteeId, CommitteeIndex, DomainType, Epoch, MessageId, OperatorId, PublicKeyBytes, Root, Round,
    SignatureBytes, Slot, ValidatorIndex,
};
pub use list::{ByteList, List, OverLimit};
pub use message::{
    MsgType, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, QbftMessage,
    QbftMessageType, RsaSignature, SignedSsvMessage, SsvMessage, Wire, WireError,
};
pub use refusal::RefusalCode;
pub use role::{BeaconRole, RunnerRole, SsvFork};
pub use vote::{BeaconVote, Checkpoint};
