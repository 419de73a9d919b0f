//! Log lines: on standard error, as text or JSON, filtered as configured.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSection};
use crate::exit::usage;

/// What strangers can make the libraries say, line by line, is counted instead (`dropped` in the status). The configured filter may ask for more.
const QUIET: &str = "libp2p_gossipsub=error,discv5=error";

/// Starts logging for the whole process.
///
/// # Errors
/// The filter cannot be read, or logging was started before.
pub fn start(section: &LogSection) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", section.level))
        .map_err(|error| usage(format!("log.level is no filter: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match section.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))
}
