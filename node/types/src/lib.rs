//! Every word of the protocol: ids, SSZ containers, forks, networks, beacon objects, refusal codes.
//!
//! Nothing here acts. The other crates pass these nouns through their doors and ask them for what follows
//! from the protocol alone: an encoding, a root, a committee id, a quorum, the first rule that is broken.
//!
//! * [`ids`], [`role`]: who and what a message is about;
//! * [`message`]: what travels by gossip, and the rules each message can check on itself;
//! * [`vote`], [`duty`], [`committee`]: what a consensus is about, and among whom;
//! * [`consensus_data`], [`share`]: the other values of consensus, and a validator's record;
//! * [`preset`], [`beacon`], [`signing`]: objects of the beacon chain and what is signed of them;
//! * [`rules`]: one network with its forks, times and limits;
//! * [`refusal`]: the one numbered list of reasons to say no;
//! * [`mod@leader`]: who proposes in a round;
//! * [`list`]: SSZ lists that cannot hold more than their limit.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod open_enum;

pub mod beacon;
pub mod committee;
pub mod consensus_data;
pub mod duty;
pub mod ids;
pub mod leader;
pub mod list;
pub mod message;
pub mod preset;
pub mod refusal;
pub mod role;
pub mod rules;
pub mod share;
pub mod signing;
pub mod vote;

pub use alloy_primitives::{Address, B256, Bytes};
pub use ssz::{Decode, DecodeError, Encode};
pub use tree_hash::TreeHash;

pub use beacon::{BeaconFork, DataVersion, ForkVersion};
pub use committee::{CommitteeMember, Operator, OperatorKeyPem, Thresholds};
pub use duty::{AggregatorCommitteeDuty, CommitteeDuty, ValidatorDuty};
pub use ids::{
    CommitteeId, CommitteeIndex, DomainType, Epoch, MessageId, OperatorId, PublicKeyBytes, Root, Round,
    SignatureBytes, Slot, ValidatorIndex,
};
pub use leader::leader;
pub use list::{ByteList, List, OverLimit};
pub use message::{
    MsgType, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, QbftMessage,
    QbftMessageType, RsaSignature, SignedSsvMessage, SsvMessage, Wire, WireError,
};
pub use preset::{Mainnet, Minimal, Preset, PresetName};
pub use refusal::RefusalCode;
pub use role::{BeaconRole, RunnerRole, SsvFork};
pub use rules::{ChainRules, NetworkRules, RulesError, SubnetId};
pub use share::{Share, ShareMember};
pub use signing::{BeaconDomain, BeaconDomainType};
pub use vote::{BeaconVote, Checkpoint};
