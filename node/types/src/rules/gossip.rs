//! Sizes that gossip may have, as the reference derives them (`ssv message/validation/const.go`).

use crate::role::SsvFork;

/// Limits in bytes. A message above one of them is refused before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GossipLimits {
    /// Payload of one gossip message, and of one RPC.
    pub max_message_len: usize,
    /// Data of an SSV message with consensus inside.
    pub max_consensus_len: usize,
    /// Data of an SSV message with partial signatures inside.
    pub max_partial_signatures_len: usize,
}

/// The reference's allowance for the encoding: 5 % and 4 bytes.
const fn with_overhead(len: usize) -> usize {
    len.saturating_add(len / 20).saturating_add(4)
}

const SIGNERS: usize = 13;
const RSA_SIGNATURE: usize = 256;
const MESSAGE_ID: usize = 56;
const JUSTIFICATIONS: usize = SIGNERS.saturating_mul(3_616 + 50_624);
const CONSENSUS: usize =
    with_overhead((8 + 8 + 8 + MESSAGE_ID + 32 + 8_usize).saturating_add(JUSTIFICATIONS));
const PARTIAL_SIGNATURES_ALAN: usize = with_overhead(8 + 8 + 1_000 * 144);
const SIGNED: usize = (SIGNERS * RSA_SIGNATURE + SIGNERS * 8 + 8 + MESSAGE_ID)
    .saturating_add(CONSENSUS)
    .saturating_add(crate::message::MAX_FULL_DATA_LEN);

// The figures of the reference.
const _: () = assert!(CONSENSUS == 740_506);
const _: () = assert!(PARTIAL_SIGNATURES_ALAN == 151_220);
const _: () = assert!(with_overhead(SIGNED) == 9_589_483);

impl GossipLimits {
    /// The limits of a fork. Boole raised the number of partial signatures, and with it their size: the larger
    /// one is accepted there although an early branch of the reference kept the smaller.
    #[must_use]
    pub const fn of(fork: SsvFork) -> Self {
        let max_partial_signatures_len = match fork {
            SsvFork::Alan => PARTIAL_SIGNATURES_ALAN,
            SsvFork::Boole => crate::message::SsvMessage::max_data_len(SsvFork::Boole),
        };
        Self {
            max_message_len: with_overhead(SIGNED),
            max_consensus_len: CONSENSUS,
            max_partial_signatures_len,
        }
    }
}
