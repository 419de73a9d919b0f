//! Where records come from: a running node tells them over its interface, a stopped one has them in its journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use outbox::{DutyLog, DutyRecord, LogError};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::StoreError;
use types::Slot;

use crate::config::{Layers, load};
use crate::exit::{decide, usage};
use crate::output::Output;

/// How long a node may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where a node answers when nobody says anything.
const USUAL: &str = "http://127.0.0.1:16000";

/// Which node.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceArgs {
    /// Configuration of the node: its interface is asked, or its journal read if it does not run
    #[arg(long, value_name = "FILE", help_heading = "Which node")]
    pub config: Option<PathBuf>,
    /// Interface of a running node [default: http://127.0.0.1:16000]
    #[arg(long, value_name = "URL", help_heading = "Which node", conflicts_with = "data_dir")]
    pub api_url: Option<String>,
    /// Folder of the databases of a stopped node
    #[arg(long, value_name = "DIR", help_heading = "Which node")]
    pub data_dir: Option<PathBuf>,
}

/// Where the records come from.
pub enum Source {
    /// A running node.
    Node {
        /// Its interface.
        url: Url,
        /// The way to it.
        client: Client,
    },
    /// The journal of a stopped node.
    Journal {
        /// The journal.
        log: DutyLog,
        /// Its folder.
        folder: PathBuf,
    },
}

impl Source {
    /// Finds the node.
    ///
    /// # Errors
    /// No node answers and there is no journal to read, or a node that does not answer holds it.
    pub async fn open(place: &PlaceArgs, out: Output) -> anyhow::Result<Self> {
        let mut folder = place.data_dir.clone();
        let mut url = place.api_url.clone();
        if let Some(file) = &place.config {
            let config = load(&Layers::of_process(Some(file.clone()), Vec::new()))?.config;
            if folder.is_none() {
                let address = std::net::SocketAddr::new(reachable(config.api.listen), config.api.port);
                url = url.or_else(|| Some(format!("http://{address}")));
            }
            folder = folder.or(Some(config.data_dir));
        } else if folder.is_none() {
            url = url.or_else(|| Some(USUAL.to_owned()));
        }
        let told = place.api_url.is_some();
        match (url, folder) {
            (Some(url), Some(folder)) if !told => match Self::node(&url).await {
                Ok(node) => Ok(node),
                Err(error) => {
                    out.note(format_args!("{error:#}; reading the journal in {}", folder.display()));
                    Self::journal(&folder)
                }
            },
            (Some(url), _) => Self::node(&url).await.context(
                "name a running node with --api-url or --config, or the folder of a stopped one with --data-dir",
            ),
            (None, Some(folder)) => Self::journal(&folder),
            (None, None) => Err(usage("which node? --config, --api-url or --data-dir says")),
        }
    }

    async fn node(url: &str) -> anyhow::Result<Self> {
        let parsed = Url::parse(url).ok().filter(|parsed| !parsed.cannot_be_a_base());
        let parsed =
            parsed.ok_or_else(|| usage(format!("--api-url {url} is not an address (http://HOST:PORT)")))?;
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().context("no HTTP client")?;
        let node = Self::Node { url: parsed, client };
        node.status().await?;
        Ok(node)
    }

    fn journal(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        match DutyLog::open_existing(folder) {
            Ok(log) => Ok(Self::Journal { log, folder: folder.to_owned() }),
            Err(LogError::Store(error @ StoreError::Missing { .. })) => {
                Err(usage(format!("there is no duty journal in {shown}: {error}")))
            }
            Err(LogError::Store(StoreError::InUse { .. })) => Err(decide(format!(
                "a node is running on {shown}: ask it (--api-url, or the api settings of --config), or stop it"
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Node { url, .. } => format!("the node at {}", url.as_str().trim_end_matches('/')),
            Self::Journal { folder, .. } => format!("the journal in {}", folder.display()),
        }
    }

    /// The newest slot that there may be something to tell of; none if nothing was ever recorded.
    ///
    /// # Errors
    /// The node does not answer, or the journal cannot be read.
    pub async fn newest(&self) -> anyhow::Result<Option<Slot>> {
        match self {
            Self::Node { .. } => Ok(Some(Slot(self.status().await?.slot))),
            Self::Journal { log, .. } => Ok(log.newest()?),
        }
    }

    /// Every record of these slots, both ends included, in the order of slots.
    ///
    /// # Errors
    /// The node does not answer, or the journal cannot be read.
    pub async fn records(&self, from: Slot, to: Slot) -> anyhow::Result<Vec<DutyRecord>> {
        let mut records = Vec::new();
        let mut next = from.get();
        while next <= to.get() {
            let last = next.saturating_add(api::MAX_SLOTS.saturating_sub(1)).min(to.get());
            match self {
                Self::Node { .. } => {
                    let path = format!("/v1/duties?from_slot={next}&to_slot={last}");
                    records.extend(self.ask::<api::Duties>(&path).await?.duties);
                }
                Self::Journal { log, .. } => {
                    for slot in next..=last {
                        records.extend(log.of_slot(Slot(slot))?);
                    }
                }
            }
            let Some(following) = last.checked_add(1) else { break };
            next = following;
        }
        Ok(records)
    }

    async fn status(&self) -> anyhow::Result<api::Status> {
        self.ask("/v1/status").await
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let Self::Node { url, client } = self else { anyhow::bail!("a journal answers no questions") };
        let shown = url.as_str().trim_end_matches('/');
        let answer = client.get(format!("{shown}{path}")).send().await;
        let answer = answer.with_context(|| format!("no node answers at {shown}"))?;
        let code = answer.status();
        let text = answer.text().await.with_context(|| format!("the answer of {shown} broke off"))?;
        if !code.is_success() {
            let told = serde_json::from_str::<Told>(&text).map_or(text, |told| told.error);
            anyhow::bail!("{shown} answers {code}: {told}");
        }
        serde_json::from_str(&text).with_context(|| {
            format!("{shown} does not answer like a node of this version: is it another program?")
        })
    }
}

#[derive(Deserialize)]
struct Told {
    error: String,
}

/// Where a node that listens on this address is reached from its own machine.
const fn reachable(listen: std::net::IpAddr) -> std::net::IpAddr {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    match listen {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => listen,
    }
}
