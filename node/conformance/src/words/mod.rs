//! The types suite: 111 vectors of Boole, 103 of Alan.
//!
//! Its state files repeat the tests; only the one of message ids says more.

mod aggregator_committee;
mod committee_member;
mod consensus_data;
mod deposit;
mod duty;
mod encoding;
mod encryption;
mod message_id;
mod partial_signature;
mod proposal;
mod rebuilt;
mod signed;
mod size;

use crate::suite::{Kind, Run, Suite};

pub use consensus_data::blocks;
pub use rebuilt::families as rebuilt;

/// What runs the vectors of the types.
pub const SUITE: Suite = Suite {
    folder: "types/spectest/generate",
    states: true,
    kinds: &[
        kind("maxmsgsize.StructureSizeTest", Run::With(size::run)),
        kind("proposerconsensusdata.ProposerConsensusDataTest", Run::With(consensus_data::run)),
        kind("validatorconsensusdata.ValidatorConsensusDataTest", Run::With(consensus_data::run)),
        kind(
            "aggregatorcommitteeconsensusdata.AggregatorCommitteeConsensusDataTest",
            Run::With(aggregator_committee::run),
        ),
        kind("duty.DutySpecTest", Run::With(duty::run)),
        kind("signedssvmsg.SignedSSVMessageTest", Run::With(signed::run)),
        kind("partialsigmessage.MsgSpecTest", Run::With(partial_signature::run)),
        kind("consensusdataproposer.ProposerSpecTest", Run::With(proposal::block)),
        kind("committeemember.CommitteeMemberTest", Run::With(committee_member::run)),
        kind("ssvmsg.SSVMessageTest", Run::With(message_id::run)),
        kind("encryption.EncryptionSpecTest", Run::With(encryption::run)),
        kind("beacon.DepositDataSpecTest", Run::With(deposit::run)),
        kind("ssz.SSZSpecTest", Run::With(proposal::withdrawals)),
        kind("aggregatorcommitteeconsensusdata.EncodingTest", Run::With(encoding::aggregator_committee)),
        kind("proposerconsensusdata.EncodingTest", Run::With(encoding::consensus_data)),
        kind("validatorconsensusdata.EncodingTest", Run::With(encoding::consensus_data)),
        kind("beaconvote.EncodingTest", Run::With(encoding::beacon_vote)),
        kind("partialsigmessage.EncodingTest", Run::With(encoding::partial_signatures)),
        kind("share.EncodingTest", Run::With(encoding::share)),
        kind("signedssvmsg.EncodingTest", Run::With(encoding::signed)),
        kind("ssvmsg.EncodingTest", Run::With(encoding::ssv_message)),
    ],
};

const fn kind(prefix: &'static str, run: Run) -> Kind {
    Kind { prefix, run }
}
