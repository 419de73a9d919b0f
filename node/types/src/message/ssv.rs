//! The message that operators sign with their network keys.

use sha2::{Digest, Sha256};

use super::{Wire, WireError, within};
use crate::ids::MessageId;
use crate::list::ByteList;
use crate::open_enum::{open_enum, ssz_as_u64};
use crate::refusal::RefusalCode;
use crate::role::SsvFork;

open_enum! {
    /// What the data of an [`SsvMessage`] is.
    MsgType: u64, Other {
        /// A [`super::QbftMessage`].
        Consensus = 0,
        /// [`super::PartialSignatureMessages`].
        PartialSignature = 1,
        /// Defined by the reference, never processed by a duty.
        Dkg = 2,
    }
}

ssz_as_u64!(MsgType);

/// A kind, an address and a payload (`ssv-spec types/messages.go`).
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct SsvMessage {
    /// What the data is.
    pub msg_type: MsgType,
    /// Whose duty, in which role, on which network.
    pub msg_id: MessageId,
    /// The payload; Alan allows less than this type, see [`Wire`].
    pub data: ByteList<726_932>,
}

impl SsvMessage {
    /// Largest payload in `fork`, in bytes.
    #[must_use]
    pub const fn max_data_len(fork: SsvFork) -> usize {
        match fork {
            SsvFork::Alan => 722_412,
            SsvFork::Boole => 726_932,
        }
    }

    /// The bytes whose SHA-256 the operators sign: the SSZ encoding, without full data
    /// (`ssv-spec types/operator_signer.go`).
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        ssz::Encode::as_ssz_bytes(self)
    }

    /// SHA-256 of [`Self::signed_bytes`]: what an RSA signature is made of.
    #[must_use]
    pub fn signed_digest(&self) -> [u8; 32] {
        Sha256::digest(self.signed_bytes()).into()
    }

    /// The rules a message can check on itself.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        match self.msg_type {
            MsgType::Consensus | MsgType::PartialSignature | MsgType::Dkg => {}
            MsgType::Other(_) => return Err(RefusalCode::MessageTypeInvalid),
        }
        if self.msg_id.role().number() < 0 {
            return Err(RefusalCode::SsvMessageInvalidRole);
        }
        Ok(())
    }
}

impl Wire for SsvMessage {
    const NAME: &'static str = "SSVMessage";

    fn check_limits(&self, fork: SsvFork) -> Result<(), WireError> {
        within("SSVMessage.Data", self.data.len(), Self::max_data_len(fork), fork)
    }
}
