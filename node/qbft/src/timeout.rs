//! The round timer ran out: ask for the next round and go there (ssv-spec `qbft/timeout.go`).

use types::RefusalCode;

use crate::instance::Effects;
use crate::{Instance, Refusal};

impl Instance {
    /// The round is raised after the round change is sent, so the one for the cut-off round still goes out; then the
    /// instance is silent.
    pub(crate) fn time_out(&mut self, effects: &mut Effects) -> Result<(), Refusal> {
        if !self.can_process() {
            return Err(RefusalCode::TimeoutInstance.into());
        }
        let next = self.state.round.next();
        let sent = self.create_round_change(next).and_then(|message| self.broadcast(message, effects));
        self.move_to(next, effects);
        sent
    }
}
