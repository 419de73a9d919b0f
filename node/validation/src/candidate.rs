//! A message that broke no rule, with what remains to be done before it is believed.

use types::{
    CommitteeId, OperatorId, PartialSignatureMessages, QbftMessage, RsaSignature, SignedSsvMessage, Slot,
    SsvFork,
};

use crate::seen::Update;

/// The decoded data of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A step of consensus.
    Consensus(QbftMessage),
    /// One operator's partial signatures.
    PartialSignatures(PartialSignatureMessages),
}

impl Content {
    /// The slot of the duty.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        match self {
            Self::Consensus(message) => message.height,
            Self::PartialSignatures(bundle) => bundle.slot,
        }
    }
}

/// One RSA signature to verify: PKCS#1 v1.5 over `digest`, with the operator's registered key.
#[derive(Clone, Copy, Debug)]
pub struct SignatureCheck<'a> {
    /// Whose key.
    pub signer: OperatorId,
    /// SHA-256 of the signed bytes.
    pub digest: [u8; 32],
    /// 256 bytes.
    pub signature: &'a RsaSignature,
}

/// A message that broke no rule. It is not to be believed before every [`SignatureCheck`] holds and the update is
/// committed.
#[derive(Debug)]
#[must_use = "a candidate is neither delivered nor remembered until its signatures hold and its update is committed"]
pub struct Candidate {
    /// The message.
    pub message: SignedSsvMessage,
    /// Its data, decoded.
    pub content: Content,
    /// The fork of its slot.
    pub fork: SsvFork,
    /// Whose duty it is.
    pub committee: CommitteeId,
    /// What will have been seen; for [`crate::SeenState::commit`].
    pub update: Update,
}

impl Candidate {
    /// The slot of its duty.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.content.slot()
    }

    /// The signatures that remain to be checked; hashes the message once for all of them. One that fails is
    /// [`crate::Refusal::SignatureVerification`].
    pub fn signature_checks(&self) -> impl Iterator<Item = SignatureCheck<'_>> {
        let digest = self.message.ssv_message.signed_digest();
        self.message
            .operator_ids
            .iter()
            .zip(&self.message.signatures)
            .map(move |(signer, signature)| SignatureCheck { signer: *signer, digest, signature })
    }
}
