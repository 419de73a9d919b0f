//! `capstan run --check`: the effective configuration, and whether what it points to is there.
//!
//! Nothing is created and nothing is waited for. The worst finding decides the exit code: a wrong network or key (3) before a
//! configuration that cannot be used (2) before something that does not answer (1); a node would wait for the last.

use std::fmt::{self, Display, Write as _};
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::time::Duration;

use beacon::BeaconNodes;
use serde::Serialize;
use tokio::time::timeout;
use types::NetworkRules;

use super::network_key;
use crate::chain::Registry;
use crate::config::{Loaded, NodeConfig, Row};
use crate::exit::{Exit, told, usage};
use crate::output::Output;
use crate::setup::{beacon_settings, open_operator_key, rules};

/// How long a client or node has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
    #[serde(skip)]
    exit: Exit,
}

impl Finding {
    fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, ok: true, detail: detail.into(), exit: Exit::Ok }
    }

    fn bad(what: &'static str, exit: Exit, detail: impl Into<String>) -> Self {
        Self { what, ok: false, detail: detail.into(), exit }
    }

    fn of(what: &'static str, result: anyhow::Result<String>) -> Self {
        match result {
            Ok(detail) => Self::good(what, detail),
            Err(error) => Self::bad(what, Exit::of(&error), format!("{error:#}")),
        }
    }
}

/// The whole report.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    config: Vec<Row>,
    checks: Vec<Finding>,
}

/// Looks at everything and reports.
///
/// # Errors
/// Something is not as it must be.
pub async fn run(loaded: Loaded, out: Output) -> anyhow::Result<()> {
    let config = &loaded.config;
    let mut checks = Vec::new();
    match rules(config) {
        Ok(rules) => {
            checks.push(Finding::good(
                "network",
                format!("{} (chain {}, {} preset)", rules.name, rules.chain_id, rules.preset),
            ));
            checks.extend(execution_clients(config, &rules).await);
            checks.extend(beacon_nodes(config, &rules).await);
        }
        Err(error) => checks.push(Finding::bad("network", Exit::of(&error), format!("{error:#}"))),
    }
    checks.push(Finding::of("operator key", operator_key(config, out)));
    checks.push(Finding::of("network key", network_key_file(&config.p2p.key_file)));
    checks.push(Finding::of("data folder", data_folder(&config.data_dir)));
    checks.extend(ports(config));
    let worst = checks.iter().map(|finding| finding.exit).max_by_key(|exit| exit.code()).unwrap_or(Exit::Ok);
    let report = Report { ok: worst == Exit::Ok, config: loaded.rows, checks };
    out.result(&report, &report)?;
    if worst == Exit::Ok {
        return Ok(());
    }
    Err(told(worst, "the check found problems, see above"))
}

fn operator_key(config: &NodeConfig, out: Output) -> anyhow::Result<String> {
    let key = open_operator_key(config, out)?;
    Ok(format!("opens; fingerprint 0x{}", hex::encode(key.public_key().fingerprint())))
}

fn network_key_file(path: &Path) -> anyhow::Result<String> {
    if path.symlink_metadata().is_err() {
        return Ok("absent; will be created at the first start".into());
    }
    Ok(format!("peer id {}", network_key::read(path)?.peer_id()?.to_base58()))
}

fn data_folder(path: &Path) -> anyhow::Result<String> {
    let there = path.ancestors().find(|folder| folder.is_dir()).unwrap_or_else(|| Path::new("."));
    let metadata = fs::metadata(there)?;
    if metadata.permissions().readonly() || (path.exists() && !path.is_dir()) {
        return Err(usage(format!(
            "{} cannot be written: check data_dir and its permissions",
            path.display()
        )));
    }
    Ok(if path.is_dir() { "there".into() } else { "absent; will be created at the first start".into() })
}

fn ports(config: &NodeConfig) -> Vec<Finding> {
    let taken = |what, key: &str, address: SocketAddr, result: std::io::Result<()>| match result {
        Ok(()) => Finding::good(what, format!("{address} is free")),
        Err(error) => Finding::bad(
            what,
            Exit::Failed,
            format!(
                "{address} cannot be used: {error}; change {key}, or stop what uses it (this node, if it runs)"
            ),
        ),
    };
    let tcp = SocketAddr::new(config.p2p.listen, config.p2p.tcp_port);
    let udp = SocketAddr::new(config.p2p.listen, config.p2p.udp_port);
    let api = SocketAddr::new(config.api.listen, config.api.port);
    vec![
        taken("p2p tcp port", "p2p.tcp_port", tcp, TcpListener::bind(tcp).map(drop)),
        taken("p2p udp port", "p2p.udp_port", udp, UdpSocket::bind(udp).map(drop)),
        taken("api port", "api.port", api, TcpListener::bind(api).map(drop)),
    ]
}

async fn execution_clients(config: &NodeConfig, rules: &NetworkRules) -> Vec<Finding> {
    let mut findings = Vec::new();
    for url in &config.execution.urls {
        let answer = match timeout(PATIENCE, Registry::open(url, rules)).await {
            Ok(Ok(_)) => Ok(format!("chain {}, registry {}", rules.chain_id, rules.contract)),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(anyhow::anyhow!("no answer within {PATIENCE:?}")),
        };
        findings.push(Finding::of("execution client", answer));
    }
    findings
}

async fn beacon_nodes(config: &NodeConfig, rules: &NetworkRules) -> Vec<Finding> {
    let what = "beacon node";
    let expected = beacon::Expectations::of(rules, None);
    let nodes = match BeaconNodes::start(&beacon_settings(config, rules), expected) {
        Ok(nodes) => nodes,
        Err(error) => return vec![Finding::of(what, Err(error.into()))],
    };
    // Silence shows in the status below; another chain is all there is to say.
    if let Ok(Err(error)) = timeout(PATIENCE, nodes.chain()).await {
        return vec![Finding::of(what, Err(error.into()))];
    }
    let finding = |node: beacon::NodeStatus| match node.not_ready_because {
        None => Finding::good(what, format!("{} {} is ready", node.name, node.version.unwrap_or_default())),
        Some(why) => Finding::bad(
            what,
            Exit::Failed,
            format!("{}: {why}; check that it runs, is reachable and synced (beacon.urls)", node.name),
        ),
    };
    nodes.status().nodes.into_iter().map(finding).collect()
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.config.iter().map(|row| row.key.len()).max().unwrap_or_default();
        for row in &self.config {
            writeln!(f, "{:width$}  {}  ({})", row.key, row.value, row.source)?;
        }
        f.write_char('\n')?;
        for finding in &self.checks {
            let mark = if finding.ok { "ok    " } else { "FAILED" };
            writeln!(f, "{mark}  {:16}  {}", finding.what, finding.detail)?;
        }
        Ok(())
    }
}
