//! The vault behind the registry's door: shares are armed with the floor of the moment, and exits that owners ask for are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beacon::BeaconNodes;
use registry::{ArmFailed, Armer, Arming, ExitRequest, HistoryMark, SharePlace, ShareToArm};
use types::{ChainRules, Epoch};
use vault::{ArmShare, ExitError, Floor, Signer, Vault};

use crate::clock::SlotClock;
use crate::exits;

/// No justified epoch is known.
const UNKNOWN: u64 = u64::MAX;

/// The justified epoch of a synced beacon node of ours, as of a moment ago.
#[derive(Debug, Clone)]
pub struct Justified(Arc<AtomicU64>);

impl Default for Justified {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(UNKNOWN)))
    }
}

impl Justified {
    /// The epoch, if one is known.
    #[must_use]
    pub fn get(&self) -> Option<Epoch> {
        Some(self.0.load(Ordering::Relaxed)).filter(|epoch| *epoch != UNKNOWN).map(Epoch)
    }

    /// Asks once. A node that is not synced, or does not answer, leaves nothing known.
    pub async fn refresh(&self, beacon: &BeaconNodes) {
        let known = match (beacon.status().is_ready(), beacon.finality().await) {
            (true, Ok(finality)) => finality.current_justified.epoch.get(),
            (false, Ok(_)) | (_, Err(_)) => UNKNOWN,
        };
        self.0.store(known, Ordering::Relaxed);
    }

    /// Asks in every slot, for ever.
    pub async fn follow(self, beacon: BeaconNodes, rules: Arc<ChainRules>) {
        let slot = Duration::from_millis(rules.network.slot_millis());
        loop {
            self.refresh(&beacon).await;
            tokio::time::sleep(slot).await;
        }
    }
}

/// Arms and disarms shares as the registry says, and keeps what their owners ask for.
pub struct Armory {
    vault: Arc<Vault>,
    clock: SlotClock,
    justified: Justified,
}

impl Armory {
    /// The door to this vault.
    #[must_use]
    pub const fn new(vault: Arc<Vault>, clock: SlotClock, justified: Justified) -> Self {
        Self { vault, clock, justified }
    }
}

impl Armer for Armory {
    fn arm(&self, shares: Vec<ShareToArm>, arming: Arming) -> Result<(), ArmFailed> {
        let floor = Floor::now(self.clock.epoch(), self.clock.slot(), self.justified.get());
        let share = |share: ShareToArm| ArmShare {
            validator: share.place.validator,
            share: share.place.share,
            secret: share.secret,
        };
        let arming = match arming {
            Arming::Resume => vault::Arming::Resume,
            Arming::Anew => vault::Arming::Anew,
        };
        self.vault.arm(shares.into_iter().map(share).collect(), floor, arming)?;
        Ok(())
    }

    fn disarm(&self, places: &[SharePlace]) -> Result<(), ArmFailed> {
        let signer = |place: &SharePlace| Signer { validator: place.validator, share: place.share };
        self.vault.disarm(&places.iter().map(signer).collect::<Vec<_>>())?;
        Ok(())
    }

    fn keep_exits(&self, requests: &[ExitRequest]) -> Result<(), ArmFailed> {
        for exit in requests.iter().map(|request| exits::pending(&self.clock, request)) {
            match self.vault.put_exit(exit) {
                Ok(is_new) if is_new => {
                    tracing::info!(validator = %exit.validator, slot = %exit.slot, "the owner asks for a voluntary exit");
                }
                Ok(_) => {}
                // The blocks must not wait for that.
                Err(error @ ExitError::TooMany) => {
                    tracing::error!(validator = %exit.validator, %error, "the exit is not taken on: its owner must ask again");
                }
                Err(error @ ExitError::History(_)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn mark(&self) -> HistoryMark {
        let mark = self.vault.history_mark();
        HistoryMark { id: mark.id, generation: mark.generation }
    }
}
