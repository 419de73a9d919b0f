//! The consensus message.

use ssz::Decode;

use super::{SignedSsvMessage, Wire, WireError};
use crate::ids::{MessageId, Root, Round, Slot};
use crate::list::{ByteList, List};
use crate::open_enum::{open_enum, ssz_as_u64};
use crate::refusal::RefusalCode;
use crate::role::SsvFork;

open_enum! {
    /// The step of consensus a message belongs to.
    QbftMessageType: u64, Other {
        /// The leader's value.
        Proposal = 0,
        /// The value was seen and is acceptable.
        Prepare = 1,
        /// A quorum prepared the value.
        Commit = 2,
        /// The round is over.
        RoundChange = 3,
    }
}

ssz_as_u64!(QbftMessageType);

/// An encoded [`SignedSsvMessage`] without full data, of at most `N` bytes.
pub type Justification<const N: usize> = ByteList<N>;

/// One step of one consensus instance (`ssv-spec qbft/messages.go`).
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct QbftMessage {
    /// The step.
    pub msg_type: QbftMessageType,
    /// The instance: the duty's slot.
    pub height: Slot,
    /// The round, from 1.
    pub round: Round,
    /// The 56 bytes of the [`MessageId`], again.
    pub identifier: ByteList<56>,
    /// SHA-256 of the full data; zero on a round change that has not prepared.
    pub root: Root,
    /// On round changes: the last round with a prepare quorum, 0 for none.
    pub data_round: Round,
    /// On proposals: round changes. On round changes: **prepares**.
    pub round_change_justification: List<Justification<51_852>, 13>,
    /// On proposals: prepares.
    pub prepare_justification: List<Justification<3_700>, 13>,
}

impl QbftMessage {
    /// Largest encoding in bytes.
    pub const MAX_SSZ_LEN: usize = 722_412;

    /// The identifier as a message id, when it has the right length.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        MessageId::try_from(self.identifier.as_slice()).ok()
    }

    /// The messages in the round-change justification.
    ///
    /// # Errors
    /// [`RefusalCode::UnmarshalSsz`] for the first that does not decode.
    pub fn round_change_justifications(&self) -> Result<Vec<SignedSsvMessage>, RefusalCode> {
        decode_all(&self.round_change_justification)
    }

    /// The messages in the prepare justification.
    ///
    /// # Errors
    /// [`RefusalCode::UnmarshalSsz`] for the first that does not decode.
    pub fn prepare_justifications(&self) -> Result<Vec<SignedSsvMessage>, RefusalCode> {
        decode_all(&self.prepare_justification)
    }

    /// The rules a message can check on itself. Justifications must decode; they are not validated here.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        if self.identifier.len() != MessageId::LEN {
            return Err(RefusalCode::MessageIdentifierInvalid);
        }
        self.round_change_justifications()?;
        self.prepare_justifications()?;
        match self.msg_type {
            QbftMessageType::Proposal
            | QbftMessageType::Prepare
            | QbftMessageType::Commit
            | QbftMessageType::RoundChange => {}
            QbftMessageType::Other(_) => return Err(RefusalCode::MessageTypeInvalid),
        }
        if self.round == Round::NONE {
            return Err(RefusalCode::MessageRoundInvalid);
        }
        Ok(())
    }
}

fn decode_all<const N: usize>(items: &[ByteList<N>]) -> Result<Vec<SignedSsvMessage>, RefusalCode> {
    items
        .iter()
        .map(|item| SignedSsvMessage::from_ssz_bytes(item).map_err(|_| RefusalCode::UnmarshalSsz))
        .collect()
}

impl Wire for QbftMessage {
    const NAME: &'static str = "QBFT message";

    fn check_limits(&self, _fork: SsvFork) -> Result<(), WireError> {
        Ok(())
    }
}
