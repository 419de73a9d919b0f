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
        kind("maxmsgsize.StructureSizeTest", [26, 24], Run::With(size::run)),
        kind("proposerconsensusdata.ProposerConsensusDataTest", [20, 0], Run::With(consensus_data::run)),
        kind("validatorconsensusdata.ValidatorConsensusDataTest", [0, 29], Run::With(consensus_data::run)),
        kind(
            "aggregatorcommitteeconsensusdata.AggregatorCommitteeConsensusDataTest",
            [16, 0],
            Run::With(aggregator_committee::run),
        ),
        kind("duty.DutySpecTest", [8, 8], Run::With(duty::run)),
        kind("signedssvmsg.SignedSSVMessageTest", [8, 8], Run::With(signed::run)),
        kind("partialsigmessage.MsgSpecTest", [7, 8], Run::With(partial_signature::run)),
        kind("consensusdataproposer.ProposerSpecTest", [6, 6], Run::With(proposal::block)),
        kind("committeemember.CommitteeMemberTest", [4, 4], Run::With(committee_member::run)),
        kind("ssvmsg.SSVMessageTest", [2, 2], Run::With(message_id::run)),
        kind("encryption.EncryptionSpecTest", [2, 2], Run::With(encryption::run)),
        kind("beacon.DepositDataSpecTest", [1, 1], Run::With(deposit::run)),
        kind("ssz.SSZSpecTest", [1, 1], Run::With(proposal::withdrawals)),
        kind(
            "aggregatorcommitteeconsensusdata.EncodingTest",
            [3, 0],
            Run::With(encoding::aggregator_committee),
        ),
        kind("proposerconsensusdata.EncodingTest", [2, 0], Run::With(encoding::consensus_data)),
        kind("validatorconsensusdata.EncodingTest", [0, 5], Run::With(encoding::consensus_data)),
        kind("beaconvote.EncodingTest", [1, 1], Run::With(encoding::beacon_vote)),
        kind("partialsigmessage.EncodingTest", [1, 1], Run::With(encoding::partial_signatures)),
        kind("share.EncodingTest", [1, 1], Run::With(encoding::share)),
        kind("signedssvmsg.EncodingTest", [1, 1], Run::With(encoding::signed)),
        kind("ssvmsg.EncodingTest", [1, 1], Run::With(encoding::ssv_message)),
    ],
};

const fn kind(prefix: &'static str, published: [usize; 2], run: Run) -> Kind {
    Kind { prefix, published, run }
}
