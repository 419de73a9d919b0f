//! The door: configuration in, a follower to run and views to read out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use types::rules::NetworkRules;
use url::Url;

use crate::error::RegistryError;
use crate::follower::{Follower, Outlets};
use crate::keeper::{Keeper, KeeperSetup};
use crate::ports::{Armer, ShareDecryptor};
use crate::set::{ExitRequest, RecipientChange, ValidatorSet};
use crate::status::RegistryStatus;

/// Exit requests that may wait unread; a reader that falls behind is told how many it lost.
const EXITS_WAITING: usize = 1024;
/// Changes of fee recipients that may wait unread, likewise.
const RECIPIENTS_WAITING: usize = 1024;

/// What the registry is told.
#[derive(Clone)]
pub struct RegistryConfig {
    /// The data folder.
    pub folder: PathBuf,
    /// The network.
    pub rules: Arc<NetworkRules>,
    /// Execution clients, `http(s)` or `ws(s)`; the first that can be used is used.
    pub urls: Vec<Url>,
    /// The text of our operator's public key, as it is registered.
    pub operator_key_text: String,
    /// Pace; [`Timing::of`] fits a network.
    pub timing: Timing,
}

/// How often things are tried, and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two looks at the head, where no bell rings.
    pub poll: Duration,
    /// Between two looks at the head beside the bell, in case it is silent.
    pub poll_beside_bell: Duration,
    /// For one call.
    pub request: Duration,
    /// After the first failure; doubled with each further one.
    pub backoff_least: Duration,
    /// At most.
    pub backoff_most: Duration,
    /// A head older than this is not healthy.
    pub stale_after: Duration,
}

impl Timing {
    /// The pace of a network: six looks per slot, stale after 25 slots (300 s on public networks).
    #[must_use]
    pub fn of(rules: &NetworkRules) -> Self {
        let slot = Duration::from_millis(rules.slot_millis());
        Self {
            poll: (slot / 6).clamp(Duration::from_millis(200), Duration::from_secs(2)),
            poll_beside_bell: slot,
            request: Duration::from_secs(10),
            backoff_least: Duration::from_millis(500),
            backoff_most: Duration::from_secs(10),
            stale_after: slot * 25,
        }
    }
}

/// What can be read of a running registry. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    set: watch::Receiver<Arc<ValidatorSet>>,
    status: watch::Receiver<RegistryStatus>,
    exits: broadcast::Sender<ExitRequest>,
    recipients: broadcast::Sender<RecipientChange>,
}

impl Registry {
    /// Opens the database, checks what it is bound to, arms the shares it knows and publishes its set. Nothing is asked of an
    /// execution client yet: that is the [`Follower`]'s work. This call blocks for as long as reading the database takes.
    ///
    /// # Errors
    /// [`RegistryError`]; `operator_must_decide` tells whether trying again can help.
    pub fn open(
        config: RegistryConfig,
        decryptor: Arc<dyn ShareDecryptor>,
        armer: Arc<dyn Armer>,
    ) -> Result<(Self, Follower), RegistryError> {
        if config.urls.is_empty() {
            return Err(RegistryError::Urls("at least one is needed"));
        }
        if !config.urls.iter().all(|url| matches!(url.scheme(), "http" | "https" | "ws" | "wss")) {
            return Err(RegistryError::Urls("they begin with http://, https://, ws:// or wss://"));
        }
        let setup = KeeperSetup {
            folder: config.folder,
            rules: config.rules,
            own_text: config.operator_key_text.into_bytes().into(),
            decryptor,
            armer,
        };
        let mut keeper = Keeper::open(&setup)?;
        let digest = keeper.digest();
        let (set_outlet, set) = watch::channel(Arc::new(keeper.set()));
        let (status_outlet, status) = watch::channel(RegistryStatus::starting(keeper.cursor(), digest));
        let (exits, _) = broadcast::channel(EXITS_WAITING);
        let (recipients, _) = broadcast::channel(RECIPIENTS_WAITING);
        let outlets = Outlets {
            set: set_outlet,
            status: status_outlet,
            exits: exits.clone(),
            recipients: recipients.clone(),
        };
        let follower = Follower::new(setup, keeper, config.urls, config.timing, outlets);
        Ok((Self { set, status, exits, recipients }, follower))
    }

    /// The present set.
    #[must_use]
    pub fn set(&self) -> Arc<ValidatorSet> {
        Arc::clone(&self.set.borrow())
    }

    /// The set and its changes; a new one is published after each block that changed anything.
    #[must_use]
    pub fn sets(&self) -> watch::Receiver<Arc<ValidatorSet>> {
        self.set.clone()
    }

    /// How the registry is.
    #[must_use]
    pub fn status(&self) -> RegistryStatus {
        self.status.borrow().clone()
    }

    /// How the registry is, and its changes.
    #[must_use]
    pub fn statuses(&self) -> watch::Receiver<RegistryStatus> {
        self.status.clone()
    }

    /// Exits that are asked for from now on, or were in the last blocks while the node was away; those of a chain that is read for the
    /// first time are not told. Our own are written down before they are told ([`Armer::keep_exits`]).
    #[must_use]
    pub fn exits(&self) -> broadcast::Receiver<ExitRequest> {
        self.exits.subscribe()
    }

    /// Owners of validators of ours that change their fee recipient from now on. Each is told before the set that has the new recipient
    /// is published; what happened while the node was away is not told.
    #[must_use]
    pub fn recipient_changes(&self) -> broadcast::Receiver<RecipientChange> {
        self.recipients.subscribe()
    }
}
