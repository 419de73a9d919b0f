//! Every key there is, in the order of the file: its kind, default, flag and meaning.

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A path.
    Path,
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// An IP address.
    Ip,
    /// A list of addresses with one of these schemes; in variables separated by commas.
    Urls(&'static [&'static str]),
    /// A list of node records; in variables separated by commas.
    Records,
}

impl Kind {
    /// Whether the value is a list.
    #[must_use]
    pub const fn is_list(self) -> bool {
        match self {
            Self::Urls(_) | Self::Records => true,
            Self::Text | Self::Word(_) | Self::Path | Self::Number(..) | Self::Ip => false,
        }
    }
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section and name, as in `api.port`.
    pub path: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Its value when nobody says anything.
    pub default: Option<&'static str>,
    /// Whether the node cannot run without it.
    pub required: bool,
    /// The flag of `capstan run` that sets it, without the dashes.
    pub flag: Option<&'static str>,
}

impl Key {
    const fn new(path: &'static str, kind: Kind) -> Self {
        Self { path, kind, default: None, required: false, flag: None }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = Some(flag);
        self
    }

    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }

    /// The key with this path.
    #[must_use]
    pub fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }
}

/// What environment variables of the configuration begin with.
pub const PREFIX: &str = "CAPSTAN__";

const YES_NO: Kind = Kind::Word(&["true", "false"]);
/// Longest wait before a block is asked for: half of what lies between a slot's start and its votes on the public networks. Shorter slots
/// bound it further.
const MAX_DELAY_MS: u64 = 2_000;

const PORT: Kind = Kind::Number(1, 65_535);

/// Every key, in the order of the file.
pub const KEYS: &[Key] = &[
    Key::new("data_dir", Kind::Path).or("data").flag("data-dir"),
    Key::new("network.name", Kind::Text).flag("network"),
    Key::new("network.file", Kind::Path).flag("network"),
    Key::new("execution.urls", Kind::Urls(&["http", "https", "ws", "wss"])).required().flag("execution-url"),
    Key::new("beacon.urls", Kind::Urls(&["http", "https"])).required().flag("beacon-url"),
    Key::new("beacon.agreement", Kind::Number(1, 16)).or("1"),
    Key::new("operator.key_file", Kind::Path).required().flag("operator-key-file"),
    Key::new("operator.password_file", Kind::Path).flag("operator-password-file"),
    Key::new("proposals.graffiti", Kind::Text).or("capstan"),
    Key::new("proposals.gas_limit", Kind::Number(1, u64::MAX)),
    Key::new("proposals.builder", YES_NO).or("true"),
    Key::new("proposals.builder_boost_factor", Kind::Number(0, u64::MAX)).or("100"),
    Key::new("proposals.delay_ms", Kind::Number(0, MAX_DELAY_MS)).or("0"),
    Key::new("safety.doppelganger", YES_NO).or("false"),
    Key::new("safety.second_copy", YES_NO).or("true"),
    Key::new("p2p.key_file", Kind::Path).or("network.key"),
    Key::new("p2p.listen", Kind::Ip).or("0.0.0.0").flag("p2p-listen"),
    Key::new("p2p.tcp_port", PORT).or("13001").flag("p2p-tcp-port"),
    Key::new("p2p.udp_port", PORT).or("12001").flag("p2p-udp-port"),
    Key::new("p2p.external_address", Kind::Ip).flag("p2p-external-address"),
    Key::new("p2p.bootnodes", Kind::Records).or(""),
    Key::new("p2p.max_peers", Kind::Number(4, 500)).or("60"),
    Key::new("api.listen", Kind::Ip).or("127.0.0.1"),
    Key::new("api.port", PORT).or("16000").flag("api-port"),
    Key::new("log.level", Kind::Text).or("info").flag("log-level"),
    Key::new("log.format", Kind::Word(&["text", "json"])).or("text").flag("log-format"),
];
