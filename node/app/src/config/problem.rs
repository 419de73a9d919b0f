//! What can be wrong with a configuration. Every problem is told with its key, where the value is from, and what belongs there.

use super::keys::Key;

/// One thing that is wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Problem {
    #[error("{path} ({source_name}) is no key of the configuration{}", .nearest.map(|key| format!("; did you mean {key}?")).unwrap_or_default())]
    UnknownKey { path: String, source_name: String, nearest: Option<&'static str> },
    #[error("{} is needed: set it in the configuration file, or with {}{}", .0.path, .0.variable(), .0.flag.map(|flag| format!(", --{flag}")).unwrap_or_default())]
    Missing(&'static Key),
    #[error("{key} ({source_name}) {fault}")]
    Value { key: &'static str, source_name: String, fault: Fault },
    #[error(
        "network.name or network.file is needed: a built-in network such as mainnet, or a network file; flag --network"
    )]
    NoNetwork,
    #[error("network.name ({name}) and network.file ({file}) are both set: keep one")]
    TwoNetworks { name: String, file: String },
    #[error("p2p.tcp_port ({tcp}) and api.port ({api}) are both {port}: the API needs a port of its own")]
    OnePort { tcp: String, api: String, port: u16 },
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("must be a single value")]
    NotSingle,
    #[error("must be a list of texts")]
    NotAList,
    #[error("is {text:?}; it can be {}", .words.join(" or "))]
    Word { text: String, words: &'static [&'static str] },
    #[error("is an empty path")]
    EmptyPath,
    #[error("is {text:?}; it must be a number from {low} to {high}")]
    Number { text: String, low: u64, high: u64 },
    #[error("is {text:?}; it must be an IP address such as 127.0.0.1")]
    Ip { text: String },
    /// The text itself is not repeated: it may hold a password.
    #[error("[{position}] must be an address that begins with {}://", .schemes.join(":// or "))]
    Url { position: usize, schemes: &'static [&'static str] },
    #[error("[{position}] is no node record: it must start with enr:")]
    Record { position: usize },
    #[error("has {given} addresses, at most {limit} are used")]
    TooMany { given: usize, limit: usize },
    #[error("is {needed}, and beacon.urls has {nodes} addresses: so many nodes can never agree")]
    Agreement { needed: usize, nodes: usize },
    #[error("has {given} bytes, at most {limit} fit")]
    TooLong { given: usize, limit: usize },
    #[error("is the address of no machine: give the one others reach, or leave it out")]
    Unspecified,
    #[error("is no filter: {why}; use a level such as info, or pairs such as info,beacon=debug")]
    Filter { why: String },
}
