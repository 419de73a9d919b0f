//! Duties are asked for when they are due, whatever else is being asked for.

use super::*;

use std::collections::BTreeMap;

use beacon::{Expectations, Head, Settings};
use crypto::bls::SecretKey;
use duty::ValidatorKeys;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use types::rules::{BeaconGenesis, BeaconSpec, ChainRules};
use types::{CommitteeId, OperatorId, Root};
use validation::RegistryView;

use crate::clock::unix_millis;
use crate::directory::{Committee, Registered};

const GENESIS: &str = include_str!("../../../beacon/tests/answers/genesis.json");
const SPEC: &str = include_str!("../../../beacon/tests/answers/spec.json");
const VERSION: &str = include_str!("../../../beacon/tests/answers/version.json");
const SYNCING: &str = include_str!("../../../beacon/tests/answers/syncing.json");

const NO_DUTIES: &str =
    r#"{"dependent_root":"0x0707070707070707070707070707070707070707070707070707070707070707","data":[]}"#;

/// The validator that the chain is asked for in vain.
const STRANGER: PublicKeyBytes = PublicKeyBytes([0xcc; 48]);

/// A beacon node that never answers a question about the stranger, or about proposers or sync committees, and has no duties.
struct FakeNode {
    url: String,
    asked: watch::Sender<Vec<&'static str>>,
    own: PublicKeyBytes,
}

impl FakeNode {
    async fn start(own: PublicKeyBytes) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node = Arc::new(Self { url, asked: watch::Sender::default(), own });
        let server = Arc::clone(&node);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(Arc::clone(&server), stream));
            }
        });
        node
    }

    /// The status and body of an answer; `None` to be silent.
    fn answer(&self, path: &str, body: &str) -> Option<(u16, String)> {
        let ok = |body: &str| Some((200, body.to_owned()));
        match path {
            "/eth/v1/beacon/genesis" => ok(GENESIS),
            "/eth/v1/config/spec" => ok(SPEC),
            "/eth/v1/node/version" => ok(VERSION),
            "/eth/v1/node/syncing" => ok(SYNCING),
            "/eth/v1/beacon/states/head/validators" if body.contains(&STRANGER.to_string()) => {
                self.note("stranger");
                None
            }
            "/eth/v1/beacon/states/head/validators" => {
                let far = u64::MAX;
                Some((
                    200,
                    format!(
                        r#"{{"data":[{{"index":"7","status":"active_ongoing","validator":{{"pubkey":"{}","activation_epoch":"0","exit_epoch":"{far}"}}}}]}}"#,
                        self.own
                    ),
                ))
            }
            path if path.starts_with("/eth/v1/validator/duties/attester/") => {
                self.note("attester");
                ok(NO_DUTIES)
            }
            path if path.contains("/validator/duties/") => None,
            _ => ok(""),
        }
    }

    fn note(&self, what: &'static str) {
        self.asked.send_modify(|asked| asked.push(what));
    }

    async fn until(&self, what: &'static str, times: usize) {
        let done = |asked: &Vec<&str>| asked.iter().filter(|one| **one == what).count() >= times;
        self.asked.subscribe().wait_for(done).await.unwrap();
    }
}

/// Answers the requests of one connection.
async fn serve(node: Arc<FakeNode>, mut stream: TcpStream) {
    let mut read = Vec::new();
    loop {
        let (path, body, end) = loop {
            if let Some(request) = request(&read) {
                break request;
            }
            if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                return;
            }
        };
        read.drain(..end);
        let Some((status, body)) = node.answer(&path, &body) else { return std::future::pending().await };
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The path and the body of a request, and where it ends; `None` while it is not whole.
fn request(bytes: &[u8]) -> Option<(String, String, usize)> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
    let length: usize = head.lines().find_map(length).unwrap_or(0);
    let body = rest.get(..length)?;
    let path = head.split(' ').nth(1).unwrap();
    Some((path.to_owned(), body.to_owned(), head.len() + 4 + length))
}

/// A chain of the main network's rules that is a second into an epoch.
fn chain() -> Arc<ChainRules> {
    let mut config = BTreeMap::from([
        ("PRESET_BASE".to_owned(), "mainnet".to_owned()),
        ("SECONDS_PER_SLOT".to_owned(), "12".to_owned()),
    ]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: unix_millis() / 1_000 - 10 * 384 - 1,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    Arc::new(ChainRules::new(Arc::new(NetworkRules::builtin("mainnet").unwrap()), Arc::new(beacon)).unwrap())
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_be_bytes(&[number; 32]).unwrap()
}

fn committee(members: std::ops::RangeInclusive<u64>, validators: u32) -> Arc<Committee> {
    let members: Vec<_> = members.map(OperatorId).collect();
    let (id, keys) = (CommitteeId::of(&members), Arc::new(qbft::CommitteeKeys::new(Vec::new())));
    Arc::new(Committee { id, members, keys, validators, ours: true })
}

/// A committee with a validator of ours, and one that we have no share of.
fn directory(own: PublicKeyBytes) -> Directory {
    let (committee, share) = (committee(1..=4, 2), |number| secret(number).public_key().to_bytes());
    let shares = (1..=4).map(|number| (OperatorId(number.into()), share(number)));
    let own_validator = OwnValidator {
        public_key: own,
        owner: Address::repeat_byte(1),
        fee_recipient: Address::repeat_byte(2),
        committee: committee.id,
        share: share(1),
        keys: Arc::new(ValidatorKeys::parse(&own, shares).unwrap()),
        liquidated: false,
    };
    let mut directory = Directory { operator: Some(OperatorId(1)), ..Directory::default() };
    for key in [own, STRANGER] {
        directory.validators.insert(key, Registered { committee: committee.id, liquidated: false });
    }
    directory.own.insert(own, Arc::new(own_validator));
    directory.committees.insert(committee.id, committee);
    directory
}

#[tokio::test]
async fn attester_duties_and_new_committees_wait_for_no_other_question() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let own = secret(50).public_key().to_bytes();
    let node = FakeNode::start(own).await;
    let settings = Settings::new(vec![node.url.clone()], std::time::Duration::from_secs(12));
    let (beacon, _) = BeaconNodes::connect(&settings, Expectations::default()).await.unwrap();
    let clock = Arc::new(SlotClock::new(chain()));
    let (book, bell) = (Arc::new(DutyBook::default()), Arc::new(Notify::new()));
    let directories = Arc::new(ArcSwap::from_pointee(directory(own)));
    let sight = Arc::new(ArcSwap::from_pointee(Sight::default()));
    let duties = Duties {
        clock: Arc::clone(&clock),
        beacon,
        directory: Arc::clone(&directories),
        roster: Roster::default(),
        book: Arc::clone(&book),
        sight: Arc::clone(&sight),
        bell: Arc::clone(&bell),
    };
    let running = tokio::spawn(duties.run());
    // Our validators come first; the question about the others stays open from here on.
    node.until("attester", 1).await;
    node.until("stranger", 1).await;

    let root = Root::repeat_byte(9);
    let head = Head {
        slot: clock.slot(),
        block: root,
        epoch_transition: false,
        previous_duty_dependent_root: root,
        current_duty_dependent_root: root,
        execution_optimistic: false,
    };
    let reorganise = async || {
        // The answer is on its way into the book.
        while book.mark_stale(clock.epoch(), &head).is_empty() {
            tokio::task::yield_now().await;
        }
        bell.notify_one();
    };
    reorganise().await;
    node.until("attester", 2).await;

    let registered = committee(5..=8, 1);
    let mut changed = Directory::clone(&directories.load());
    changed.committees.insert(registered.id, Arc::clone(&registered));
    directories.store(Arc::new(changed));
    reorganise().await;
    node.until("attester", 3).await;
    assert_eq!(sight.load().committee(&registered.id).map(|seen| seen.registered), Some(1));
    running.abort();
}

#[test]
fn the_next_period_is_asked_for_before_its_border_and_each_period_once() {
    let network = NetworkRules::builtin("mainnet").unwrap();
    let asked = |epoch: u64| {
        period_epochs(&network, Epoch(epoch))
            .into_iter()
            .map(|e| network.sync_period_of(e))
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(0), [0]);
    assert_eq!(asked(253), [0]);
    assert_eq!(asked(254), [0, 1]);
    assert_eq!(asked(255), [0, 1]);
    assert_eq!(asked(256), [1]);
}
