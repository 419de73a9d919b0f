//! May this vote be decided? (ssv-spec `ssv/value_check.go` `BeaconVoteValueCheckF`; the order decides the code.)
//!
//! 1. it decodes (23);
//! 2. source epoch < target epoch (26);
//! 3. source and target epochs are those of the own beacon node (27): a majority of operators on another fork must not
//!    carry this one along. Roots are not compared;
//! 4. no attesting share would sign something slashable (33). The same data signed before counts as slashable here, as in the
//!    reference, which asks with an impossible committee index.

use qbft::{ValueCheck, ValueRefusal};
use types::{BeaconVote, Decode, RefusalCode};

use super::input::{OwnView, Watermark};

/// The value check of one slot, with everything it needs inside.
#[derive(Debug, Clone)]
pub struct VoteCheck {
    own: BeaconVote,
    watermarks: Vec<Watermark>,
}

impl VoteCheck {
    /// A check against the own view.
    #[must_use]
    pub fn new(view: &OwnView) -> Self {
        Self { own: view.vote, watermarks: view.watermarks.clone() }
    }

    /// Judges a decoded vote.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn judge(&self, vote: &BeaconVote) -> Result<(), ValueRefusal> {
        if vote.source.epoch >= vote.target.epoch {
            return refuse(
                RefusalCode::AttestationSourceNotLessThanTarget,
                "source epoch not before target epoch",
            );
        }
        if vote.source.epoch != self.own.source.epoch {
            return refuse(
                RefusalCode::CheckpointMismatch,
                "source epoch differs from the own beacon node's",
            );
        }
        if vote.target.epoch != self.own.target.epoch {
            return refuse(
                RefusalCode::CheckpointMismatch,
                "target epoch differs from the own beacon node's",
            );
        }
        if self.watermarks.iter().any(|mark| is_slashable(vote, *mark)) {
            return refuse(
                RefusalCode::SlashableAttestation,
                "a share of ours has signed at or beyond this vote",
            );
        }
        Ok(())
    }
}

impl ValueCheck for VoteCheck {
    fn check(&self, full_data: &[u8]) -> Result<(), ValueRefusal> {
        match BeaconVote::from_ssz_bytes(full_data) {
            Ok(vote) => self.judge(&vote),
            Err(_) => refuse(RefusalCode::DecodeBeaconVote, "not a beacon vote"),
        }
    }
}

fn refuse(code: RefusalCode, reason: &'static str) -> Result<(), ValueRefusal> {
    Err(ValueRefusal::rule(code, reason))
}

/// Double vote, surrounding or surrounded vote against everything below the watermark (EIP-3076, minimal form).
fn is_slashable(vote: &BeaconVote, mark: Watermark) -> bool {
    vote.source.epoch < mark.source || vote.target.epoch <= mark.target
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{Checkpoint, Encode, Epoch, Root};

    fn vote(source: u64, target: u64) -> BeaconVote {
        let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(1) };
        BeaconVote {
            block_root: Root::repeat_byte(9),
            source: checkpoint(source),
            target: checkpoint(target),
        }
    }

    fn check(own: (u64, u64), mark: (u64, u64), judged: (u64, u64)) -> Option<RefusalCode> {
        let watermarks = vec![Watermark { source: Epoch(mark.0), target: Epoch(mark.1) }];
        let check = VoteCheck::new(&OwnView { vote: vote(own.0, own.1), watermarks });
        check.check(&vote(judged.0, judged.1).as_ssz_bytes()).err().and_then(|refusal| refusal.code)
    }

    #[test]
    fn rules_in_their_order() {
        assert_eq!(check((4, 5), (4, 4), (4, 5)), None);
        assert_eq!(check((4, 5), (4, 4), (5, 5)), Some(RefusalCode::AttestationSourceNotLessThanTarget));
        assert_eq!(check((4, 5), (4, 4), (3, 5)), Some(RefusalCode::CheckpointMismatch));
        assert_eq!(check((4, 5), (4, 4), (4, 6)), Some(RefusalCode::CheckpointMismatch));
        assert_eq!(check((4, 5), (4, 5), (4, 5)), Some(RefusalCode::SlashableAttestation));
        assert_eq!(check((4, 6), (5, 5), (4, 6)), Some(RefusalCode::SlashableAttestation));
    }

    #[test]
    fn what_is_no_vote_is_refused() {
        let check = VoteCheck::new(&OwnView { vote: vote(1, 2), watermarks: vec![] });
        for bytes in [vec![], vec![0; 111], vec![0; 113]] {
            assert_eq!(check.check(&bytes).unwrap_err().code, Some(RefusalCode::DecodeBeaconVote));
        }
    }
}
