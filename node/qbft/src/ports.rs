//! What the machine asks of the world while it runs: three questions, all answered at once and without side effects.

use std::fmt;

use types::{OperatorId, Round, Slot};

use crate::ValueRefusal;

/// May this value be decided? Given once, when an instance starts, with everything it needs to know inside it
/// (signing watermarks, the current epoch, the own view of the chain): it reads no clock and no disk.
pub trait ValueCheck: Send + Sync {
    /// Judges the raw full data of a proposal.
    ///
    /// # Errors
    /// The rule that refuses the value.
    fn check(&self, full_data: &[u8]) -> Result<(), ValueRefusal>;
}

/// Verifies the RSA signature of one committee member.
///
/// Live messages come verified to this machine. What they carry inside (justifications), and decided messages, are
/// verified here, as the reference does.
pub trait VerifySigner: Send + Sync {
    /// True if `signature` is the operator's PKCS#1 v1.5 signature over `digest`, the SHA-256 of the SSZ encoding of an
    /// SSVMessage. False for an operator whose key is not known.
    fn verify(&self, signer: OperatorId, digest: &[u8; 32], signature: &[u8]) -> bool;
}

/// Who proposes in a round.
pub trait Leader: Send + Sync {
    /// The proposer of `round` at `height`.
    fn leader(&self, height: Slot, round: Round) -> OperatorId;
}

impl fmt::Debug for dyn ValueCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValueCheck")
    }
}

impl fmt::Debug for dyn VerifySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifySigner")
    }
}

impl fmt::Debug for dyn Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leader")
    }
}

/// The value check of an instance that was created by a decided message: it never proposed and needs no value.
pub(crate) struct NoValue;

impl ValueCheck for NoValue {
    fn check(&self, _: &[u8]) -> Result<(), ValueRefusal> {
        Err(ValueRefusal { code: None, reason: "the instance was not started here" })
    }
}
