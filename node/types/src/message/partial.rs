//! One operator's BLS signatures for one duty.

use tree_hash::{Hash256, TreeHash};

use super::{Wire, WireError, within};
use crate::ids::{OperatorId, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::list::{List, list_root};
use crate::open_enum::{open_enum, ssz_as_u64};
use crate::refusal::RefusalCode;
use crate::role::SsvFork;

open_enum! {
    /// What a bundle of partial signatures signs. The numbers are those of the reference's code, not of the SIP text.
    PartialSignatureType: u64, Other {
        /// The decided value's objects.
        PostConsensus = 0,
        /// The epoch, before a block proposal.
        Randao = 1,
        /// Alan only: the slot, before an aggregation.
        SelectionProof = 2,
        /// Alan only: the subcommittees, before a contribution.
        ContributionProofs = 3,
        /// A builder registration.
        ValidatorRegistration = 4,
        /// A voluntary exit.
        VoluntaryExit = 5,
        /// Boole only: selection proofs of both kinds.
        AggregatorCommittee = 6,
    }
}

ssz_as_u64!(PartialSignatureType);

/// One BLS signature by one share; 144 bytes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    ssz_derive::Encode,
    ssz_derive::Decode,
    tree_hash_derive::TreeHash,
)]
pub struct PartialSignatureMessage {
    /// The share's signature. Not verified by anyone on the way.
    pub partial_signature: SignatureBytes,
    /// What it signs.
    pub signing_root: Root,
    /// The operator that holds the share.
    pub signer: OperatorId,
    /// The validator the share belongs to.
    pub validator_index: ValidatorIndex,
}

/// A bundle of partial signatures (`ssv-spec types/partial_sig_message.go`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode)]
pub struct PartialSignatureMessages {
    /// What the signatures are for.
    pub msg_type: PartialSignatureType,
    /// The duty's slot.
    pub slot: Slot,
    /// The signatures, all by one operator; Alan allows fewer than this type, see [`Wire`].
    pub messages: List<PartialSignatureMessage, 5_048>,
}

impl PartialSignatureMessages {
    /// Most signatures in a bundle of `fork`.
    #[must_use]
    pub const fn max_messages(fork: SsvFork) -> usize {
        match fork {
            SsvFork::Alan => 1_512,
            SsvFork::Boole => 5_048,
        }
    }

    /// The hash tree root in `fork`; the list limit sets the depth of the tree.
    #[must_use]
    pub fn tree_hash_root(&self, fork: SsvFork) -> Hash256 {
        let leaves = [
            self.msg_type.tree_hash_root(),
            self.slot.tree_hash_root(),
            list_root(&self.messages, Self::max_messages(fork)),
        ];
        let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        tree_hash::merkle_root(&bytes, leaves.len())
    }

    /// The rules a bundle can check on itself.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        let Some(first) = self.messages.first() else {
            return Err(RefusalCode::NoPartialSigMessages);
        };
        for message in &self.messages {
            if message.signer != first.signer {
                return Err(RefusalCode::InconsistentSigners);
            }
            if message.signer == OperatorId(0) {
                return Err(RefusalCode::ZeroSignerNotAllowed);
            }
        }
        Ok(())
    }

    /// As [`Self::validate`], and the bundle is by the operator that signed the message around it.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate_for_signer(&self, signer: OperatorId) -> Result<(), RefusalCode> {
        self.validate()?;
        if self.messages.iter().any(|message| message.signer != signer) {
            return Err(RefusalCode::PartialSigInconsistentSigner);
        }
        Ok(())
    }
}

impl Wire for PartialSignatureMessages {
    const NAME: &'static str = "PartialSignatureMessages";

    fn check_limits(&self, fork: SsvFork) -> Result<(), WireError> {
        within("PartialSignatureMessages.Messages", self.messages.len(), Self::max_messages(fork), fork)
    }
}
