//! What the machine wants done, in the order in which it must happen.

use types::{Round, SignedSsvMessage, Slot};

use crate::{Refusal, Unsigned};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start the round timer of this height anew, replacing the one that runs. When it runs out, it comes back as
    /// [`Input::Timeout`](crate::Input::Timeout). How long a round lasts is a matter of the role and the network.
    ArmTimer {
        /// The instance.
        height: Slot,
        /// The round that begins.
        round: Round,
    },
    /// Sign with the operator's RSA key and publish. Once published, the signed message comes back as
    /// [`Input::Message`](crate::Input::Message): own messages count like all others, and gossip does not echo them.
    Broadcast(Unsigned),
    /// Consensus is reached: the commits of a quorum in one message with the decided value as its full data. Once
    /// per height.
    Decided(SignedSsvMessage),
    /// Publish this decided message, which already carries its signatures, for those that missed the commits.
    PublishDecided(SignedSsvMessage),
}

/// What one input led to.
///
/// Both parts count: a refused input can have moved the state before it was refused (a jump to the cut-off round arms
/// the timer and is then refused with 54, because nothing may be sent any more).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "effects that are not carried out stop the consensus"]
pub struct Step {
    /// To be carried out in this order.
    pub effects: Vec<Effect>,
    /// Why the input, or its last part, was refused.
    pub refusal: Option<Refusal>,
}

impl Step {
    pub(crate) fn from_result(effects: Vec<Effect>, result: Result<(), Refusal>) -> Self {
        Self { effects, refusal: result.err() }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { effects: Vec::new(), refusal: Some(refusal) }
    }
}
