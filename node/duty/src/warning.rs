//! What is to be said of a duty beside its outcome: it was submitted, and yet not all went well on the chain, or at this node.

use std::fmt;

/// What is to be said of a duty beside its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Warning {
    /// No block of the following epoch holds it.
    NotIncluded,
    /// It is in a block, but not in the first one that could have held it.
    IncludedLate,
    /// The vote's head is not the block of the canonical chain.
    WrongHead,
    /// The vote's target is not the block of the canonical chain.
    WrongTarget,
    /// The slot after a sync committee message has no block, so no block can hold it.
    NoNextBlock,
    /// The block was proposed, and is not in the canonical chain.
    NotCanonical,
    /// Blocks that may hold it were not looked at.
    NotChecked,
    /// On the chain that won, the validator has its duty elsewhere.
    Reassigned,
    /// This node withheld its own signature: the validator was under observation.
    UnderObservation,
    /// This node's clock was off.
    ClockOff,
    /// The fees of the block that this node's beacon node made go elsewhere.
    OtherFeeRecipient,
    /// A message of this node's reached nobody.
    NotPublished,
}

impl Warning {
    /// Every warning, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::NotIncluded,
        Self::IncludedLate,
        Self::WrongHead,
        Self::WrongTarget,
        Self::NoNextBlock,
        Self::NotCanonical,
        Self::NotChecked,
        Self::Reassigned,
        Self::UnderObservation,
        Self::ClockOff,
        Self::OtherFeeRecipient,
        Self::NotPublished,
    ];

    /// Whether the chain says it, once it is looked at; the others are this node's own, said while the duty runs.
    #[must_use]
    pub const fn is_of_chain(self) -> bool {
        match self {
            Self::NotIncluded
            | Self::IncludedLate
            | Self::WrongHead
            | Self::WrongTarget
            | Self::NoNextBlock
            | Self::NotCanonical
            | Self::NotChecked
            | Self::Reassigned => true,
            Self::UnderObservation | Self::ClockOff | Self::OtherFeeRecipient | Self::NotPublished => false,
        }
    }

    /// The name used in records, metrics and documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotIncluded => "not_included",
            Self::IncludedLate => "included_late",
            Self::WrongHead => "wrong_head",
            Self::WrongTarget => "wrong_target",
            Self::NoNextBlock => "no_next_block",
            Self::NotCanonical => "not_canonical",
            Self::NotChecked => "not_checked",
            Self::Reassigned => "reassigned",
            Self::UnderObservation => "under_observation",
            Self::ClockOff => "clock_off",
            Self::OtherFeeRecipient => "other_fee_recipient",
            Self::NotPublished => "not_published",
        }
    }

    /// What happened, in one sentence for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NotIncluded => {
                "A beacon node took the signed object, but no block of the following epoch holds it."
            }
            Self::IncludedLate => {
                "The vote is in the chain, but a block before that one could have held it: it was late, or the block left it out."
            }
            Self::WrongHead => {
                "The vote named another head than the block that the chain has at that slot: the beacon node had not seen it yet, or the block was late."
            }
            Self::WrongTarget => {
                "The vote named another target than the block that the chain has at the start of the epoch."
            }
            Self::NoNextBlock => {
                "The slot after the message has no block, and no other block may hold the message."
            }
            Self::NotCanonical => {
                "The block was handed in, but the chain has another block at that slot, or none."
            }
            Self::NotChecked => {
                "The node did not look at every block that may hold it: it was busy, was started later, or its beacon node did not give the block."
            }
            Self::Reassigned => {
                "The chain reorganised under the epoch after the duty was planned: on the branch that won, the validator has another seat, so nobody can use this vote."
            }
            Self::UnderObservation => {
                "This node withheld its own signature, because the validator may be running elsewhere too (safety.doppelganger); it was left to the rest of the committee."
            }
            Self::ClockOff => {
                "When the duty began, this node's clock was more than 100 ms off the clocks of its beacon nodes."
            }
            Self::OtherFeeRecipient => {
                "The beacon node made a block whose fees go to another address than the one the owner has set."
            }
            Self::NotPublished => {
                "A message of this node's about the duty went to nobody: no peer was there for it, or none took it."
            }
        }
    }

    /// What to do about it, for the operator of this node.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NotIncluded => {
                "Look when it was submitted. If that was late, the record tells who held it up. If not, look whether your beacon node has enough peers: it may not have told anybody."
            }
            Self::IncludedLate => {
                "Look when it was submitted. After two thirds of the slot is too late for the next block; before that it was the choice of whoever proposed the block."
            }
            Self::WrongHead => {
                "Single ones are normal, where the block itself came late. If most votes have it, the beacon node of whoever led the round lags behind."
            }
            Self::WrongTarget => {
                "Seldom and only at the start of an epoch it is normal. Otherwise the beacon node of whoever led the round sees another chain."
            }
            Self::NoNextBlock => "Nothing: whoever was to propose the next block did not.",
            Self::NotCanonical => {
                "Look when it was submitted. A block that is late in its slot loses to the next one: look at proposals.delay_ms, the relay, and who held up the round."
            }
            Self::NotChecked => {
                "Nothing, for single duties. If it is often, the node or its beacon node is overloaded."
            }
            Self::Reassigned => {
                "Nothing, for the few duties between a reorganisation and the next look at the duties. If it is often, your beacon node changes branches a lot: look at its peers and its load."
            }
            Self::UnderObservation => {
                "Wait: it ends when a quorum of the committee was seen, or after two silent epochs. If it does not end though the committee is down, the validator runs elsewhere."
            }
            Self::ClockOff => {
                "Check that chrony or systemd-timesyncd runs on this machine and at the beacon nodes."
            }
            Self::OtherFeeRecipient => {
                "Look whether the beacon node takes the fee recipients that this node sends each epoch, or has one of its own in its settings."
            }
            Self::NotPublished => {
                "Look at this node's peers in /v1/peers and whether its ports are reachable. If it has peers, its line or theirs is too slow for what is to be sent."
            }
        }
    }

    /// The warning with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|warning| warning.name() == name)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_lead_back_and_are_told_in_sentences() {
        for warning in Warning::ALL {
            assert_eq!(Warning::from_name(warning.name()), Some(warning));
            assert!(warning.meaning().ends_with('.') && warning.advice().ends_with('.'), "{warning}");
            assert!(crate::FailureReason::from_name(warning.name()).is_none(), "{warning}");
        }
        assert_eq!(Warning::from_name("lost"), None);
    }
}
