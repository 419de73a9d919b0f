//! One committee's task with everything around it real but the beacon node: a vault, a network, keys. The test stands where the
//! mailbox is, so nothing here waits for time.

mod bounds;
mod heard;
mod leaving;
mod observed;
mod promise;
mod redirected;
mod registered;
mod second_copy;

use std::sync::atomic::AtomicBool;

use beacon::{BeaconNodes, Expectations, Settings};
use crypto::bls::SecretKey;
use crypto::rsa::OperatorPrivateKey;
use duty::{AttestationIndex, CommitteeKeys, CommitteeRunner, OwnView, Setup, ValidatorKeys};
use network::{Network, NetworkConfig, NetworkEvent, NetworkHandle, Topic};
use outbox::DutyLog;
use tempfile::TempDir;
use types::message::{QbftMessage, QbftMessageType, full_data_root};
use types::rules::{BeaconGenesis, BeaconSpec, ChainRules, NetworkRules};
use types::{
    BeaconDomainType, BeaconRole, BeaconVote, ByteList, Checkpoint, CommitteeDuty, CommitteeIndex, Encode,
    Epoch, List, MessageId, MsgType, OperatorId, PublicKeyBytes, Root, RunnerRole, SsvFork, SsvMessage,
    SubnetId, Thresholds, ValidatorDuty, ValidatorIndex,
};
use vault::{ArmShare, Floor, Vault};

use super::*;
use std::collections::HashMap;

use crate::books::Books;
use crate::clock::{SlotClock, unix_millis};
use crate::context::{Coefficients, together};
use crate::directory::Directory;
use crate::doppelganger::Watch;
use crate::drops::Drops;
use crate::exits::Exits;
use crate::guards::Guards;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::machine::Machine;
use crate::memo::Memo;
use crate::pool::CryptoPool;
use crate::proposals::Proposals;
use crate::registrations::Registrations;
use crate::roster::Roster;
use crate::signer::Signer;
use crate::starts::Starts;
use crate::views::Views;

const LOCAL: &str = include_str!("../../../../types/samples/local.toml");

const MEMBERS: [u64; 4] = [1, 2, 3, 4];
const VALIDATOR: ValidatorIndex = ValidatorIndex(7);

/// A chain that is a thousand slots old.
fn chain() -> Arc<ChainRules> {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let config =
        [text("PRESET_BASE", "minimal"), text("CONFIG_NAME", "minimal"), text("SECONDS_PER_SLOT", "3")];
    let mut config: BTreeMap<_, _> = config.into_iter().collect();
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), number.to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: unix_millis() / 1000 - 3000,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    let network = NetworkRules::from_toml(LOCAL).unwrap();
    Arc::new(ChainRules::new(Arc::new(network), Arc::new(beacon)).unwrap())
}

fn members() -> Vec<OperatorId> {
    MEMBERS.map(OperatorId).to_vec()
}

fn id() -> CommitteeId {
    CommitteeId::of(&members())
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_be_bytes(&[number; 32]).unwrap()
}

fn public(number: u8) -> PublicKeyBytes {
    secret(number).public_key().to_bytes()
}

/// The validator's key is number 50, the operators' shares of it are 1 to 4.
fn share(operator: OperatorId) -> vault::Signer {
    vault::Signer { validator: public(50), share: public(u8::try_from(operator.get()).unwrap()) }
}

/// One operator of four and its committee's task; the task's letters come to the test.
struct World {
    context: Arc<Context>,
    vault: Arc<Vault>,
    /// Breaks the disk of the signing history.
    broken: Arc<AtomicBool>,
    committee: Committee,
    mailbox: Mailbox,
    letters: mpsc::Receiver<Letter>,
    events: mpsc::Receiver<NetworkEvent>,
    /// The slot of the duty; this operator leads it.
    slot: Slot,
    own: OperatorId,
    rsa: Vec<Arc<OperatorPrivateKey>>,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::with(Watch::default()).await
    }

    /// A world in which `watch` says who is under observation.
    async fn with(watch: Watch) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let rules = chain();
        let clock = Arc::new(SlotClock::new(Arc::clone(&rules)));
        let slot = clock.slot();
        let own = types::leader(SsvFork::Alan, &members(), slot, Round(1)).unwrap();
        let rsa: Vec<_> = MEMBERS.map(|_| Arc::new(OperatorPrivateKey::generate().unwrap())).into();
        let (vault, broken) = Vault::on_faulty_disk(Arc::clone(&rules)).unwrap();
        let epoch = rules.network.epoch_of(slot);
        let floor = Floor {
            source: Epoch(epoch.get() - 3),
            target: Epoch(epoch.get() - 1),
            slot: Slot(slot.get() - 1),
        };
        let signer = share(own);
        let armed = ArmShare {
            validator: signer.validator,
            share: signer.share,
            secret: secret(u8::try_from(own.get()).unwrap()),
        };
        vault.arm(vec![armed], floor, vault::Arming::Anew).unwrap();
        let unreachable =
            Settings::new(vec!["http://127.0.0.1:1".to_owned()], std::time::Duration::from_secs(3));
        let beacon = BeaconNodes::start(&unreachable, Expectations::default()).unwrap();
        let (network, events) =
            Network::start(NetworkConfig::loopback(), Arc::clone(&rules.network)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let log = DutyLog::open(folder.path()).unwrap();
        let mut directory = Directory::default();
        directory.committees.insert(id(), Arc::new(listed(&rsa)));
        let directory = Arc::new(arc_swap::ArcSwap::from_pointee(directory));
        let ledger = Arc::new(Ledger::new(own, Arc::clone(&directory), Arc::clone(&clock)));
        let vault = Arc::new(vault);
        let signer = Signer::new(Arc::clone(&vault), Arc::clone(&clock), watch.clone());
        let (aggregates, contributions) = together(&beacon, rules.network.slot_millis());
        let context = Arc::new(Context {
            clock: Arc::clone(&clock),
            identity: Identity::new(own, Arc::clone(&rsa[place(own)])),
            pool: CryptoPool::start().unwrap(),
            network,
            beacon: beacon.clone(),
            starts: Starts::start(signer.clone()),
            signer,
            views: Views::new(beacon, Arc::clone(&clock)),
            books: Books::start(Arc::clone(&ledger), log),
            ledger,
            directory,
            coefficients: Coefficients::default(),
            drops: Drops::default(),
            registrations: Registrations::default(),
            aggregates,
            contributions,
            given_aggregates: Memo::default(),
            given_contributions: Memo::default(),
            exits: Arc::new(Exits::open(Arc::clone(&vault), Arc::clone(&clock)).unwrap()),
            roster: Roster::default(),
            proposals: Proposals::default(),
            guards: Arc::new(Guards::new(watch)),
            runtime: tokio::runtime::Handle::current(),
        });
        let (sender, letters) = mpsc::channel(MAILBOX);
        let mailbox = Mailbox(sender);
        let committee = Committee::new(id(), Arc::clone(&context), &mailbox);
        Self { context, vault, broken, committee, mailbox, letters, events, slot, own, rsa, _folder: folder }
    }

    fn setup(&self, keys: Arc<CommitteeKeys>) -> Setup {
        let rules = self.context.clock.rules();
        let epoch = rules.network.epoch_of(self.slot);
        Setup {
            fork: SsvFork::Alan,
            domain: rules.network.domain_at(self.slot),
            committee_id: id(),
            committee: qbft::Committee::new(self.own, members(), Thresholds::of_size(4)),
            leader: Arc::new(qbft::RoundRobin::new(members(), None)),
            verifier: Arc::<qbft::CommitteeKeys>::clone(&listed(&self.rsa).keys)
                as Arc<dyn qbft::VerifySigner>,
            cut_off: rules.network.timeouts.cutoff_round,
            keys,
            attester_domain: rules.beacon.domain(BeaconDomainType::Attester, epoch),
            sync_domain: rules.beacon.domain(BeaconDomainType::SyncCommittee, epoch),
            attestation_index: AttestationIndex::Zero,
        }
    }

    /// The duty of this slot, scheduled.
    fn assignment(&self) -> Letter {
        let shares = members().into_iter().map(|operator| (operator, share(operator).share));
        let parsed = Arc::new(ValidatorKeys::parse(&public(50), shares).unwrap());
        let keys: Arc<CommitteeKeys> = Arc::new(std::iter::once((VALIDATOR, parsed)).collect());
        let duty = ValidatorDuty {
            role: BeaconRole::Attester,
            public_key: public(50),
            slot: self.slot,
            validator_index: VALIDATOR,
            committee_index: CommitteeIndex(0),
            committee_length: 4,
            committees_at_slot: 1,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        };
        let epoch = self.context.clock.rules().network.epoch_of(self.slot);
        self.context.ledger.schedule(epoch, id(), std::slice::from_ref(&duty));
        let duty = CommitteeDuty { slot: self.slot, validator_duties: vec![duty] };
        let machine = CommitteeRunner::new(self.setup(Arc::clone(&keys)), duty).unwrap();
        let signers = Arc::new(HashMap::from([(VALIDATOR, share(self.own))]));
        let machine = Machine::Vote(Box::new(machine));
        Letter::Prepare { slot: self.slot, duties: vec![Assignment { machine, keys, signers }] }
    }

    /// The name of the vote of this slot.
    fn id(&self) -> RunId {
        let domain = self.context.clock.rules().network.domain_at(self.slot);
        RunId { slot: self.slot, message_id: MessageId::committee(domain, RunnerRole::Committee, &id()) }
    }

    fn begin(&self) -> Letter {
        Letter::Begin(vec![self.id()], Start::CLOCK)
    }

    fn vote(&self) -> BeaconVote {
        let epoch = self.context.clock.rules().network.epoch_of(self.slot).get();
        let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(7) };
        BeaconVote {
            block_root: Root::repeat_byte(0xbb),
            source: checkpoint(epoch - 1),
            target: checkpoint(epoch),
        }
    }

    async fn view(&self) -> Letter {
        let watermarks = self.context.signer.watermarks(&[share(self.own).share]).await;
        let view = OwnView { vote: self.vote(), watermarks };
        Letter::Answer { id: self.id(), input: Input::View(Some(view)) }
    }

    /// What the three others have decided.
    fn decided(&self) -> Letter {
        let others = members().into_iter().filter(|operator| *operator != self.own);
        self.said(QbftMessageType::Commit, others, self.vote().as_ssz_bytes())
    }

    /// A prepare of one operator.
    fn prepare_of(&self, operator: OperatorId) -> Letter {
        self.said(QbftMessageType::Prepare, [operator], Vec::new())
    }

    /// A word of these operators about the vote, in round 1.
    fn said(
        &self,
        msg_type: QbftMessageType,
        signers: impl IntoIterator<Item = OperatorId>,
        full_data: Vec<u8>,
    ) -> Letter {
        let msg_id = self.id().message_id;
        let word = QbftMessage {
            msg_type,
            height: self.slot,
            round: Round(1),
            identifier: ByteList::new(msg_id.0.to_vec()).unwrap(),
            root: full_data_root(&self.vote().as_ssz_bytes()),
            data_round: Round(0),
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        let data = ByteList::new(word.as_ssz_bytes()).unwrap();
        let ssv_message = SsvMessage { msg_type: MsgType::Consensus, msg_id, data };
        let (mut signatures, mut operator_ids) = (List::empty(), List::empty());
        for operator in signers {
            let signature = self.rsa[place(operator)].sign(&ssv_message.signed_bytes()).unwrap();
            signatures.push(ByteList::new(signature.to_vec()).unwrap()).unwrap();
            operator_ids.push(operator).unwrap();
        }
        let full_data = ByteList::new(full_data).unwrap();
        let message = SignedSsvMessage { signatures, operator_ids, ssv_message, full_data };
        Letter::Message { id: self.id(), message }
    }

    /// Lets the time pass in which the duty is worth something.
    async fn give_up(&mut self) {
        let epoch = self.context.clock.rules().network.slots_per_epoch();
        self.committee.open(Letter::Tick { slot: self.slot.saturating_add(epoch).next() }).await;
    }

    /// Opens the letters that come until one is the answer to an effect, and gives back what it says.
    async fn open_answer(&mut self) -> Input {
        loop {
            let letter = self.letters.recv().await.unwrap();
            let answer = match &letter {
                Letter::Answer { input, .. } => Some(input.clone()),
                Letter::Prepare { .. }
                | Letter::Begin(..)
                | Letter::Message { .. }
                | Letter::Timeout { .. }
                | Letter::Tick { .. }
                | Letter::Done(_)
                | Letter::Leave => None,
            };
            self.committee.open(letter).await;
            if let Some(answer) = answer {
                return answer;
            }
        }
    }
}

fn place(operator: OperatorId) -> usize {
    members().iter().position(|member| *member == operator).unwrap()
}

/// The committee as the registry lists it.
fn listed(rsa: &[Arc<OperatorPrivateKey>]) -> crate::directory::Committee {
    let keys = members().into_iter().zip(rsa).map(|(id, key)| (id, key.public_key().clone())).collect();
    let keys = Arc::new(qbft::CommitteeKeys::new(keys));
    crate::directory::Committee { id: id(), members: members(), keys, validators: 1, ours: true }
}

fn topic() -> Topic {
    Topic { fork: SsvFork::Alan, subnet: SubnetId::of(SsvFork::Alan, &members()) }
}

/// Another node that hears everything the committee publishes.
struct Witness {
    handle: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
}

impl Witness {
    async fn of(world: &mut World) -> Self {
        let network = &world.context.network;
        network.subscribe([topic()]).await.unwrap();
        let config = NetworkConfig { bootnodes: vec![network.local_enr()], ..NetworkConfig::loopback() };
        let rules = Arc::clone(&world.context.clock.rules().network);
        let (handle, events) = Network::start(config, rules).await.unwrap();
        handle.subscribe([topic()]).await.unwrap();
        // From then on whatever is published reaches it.
        loop {
            if let NetworkEvent::PeerSubscribed { .. } = world.events.recv().await.unwrap() {
                break;
            }
        }
        Self { handle, events }
    }

    /// The next message of the committee, or the sentinel.
    async fn next(&mut self) -> Option<SignedSsvMessage> {
        loop {
            if let NetworkEvent::Message(message) = self.events.recv().await.unwrap() {
                return types::Wire::from_wire(&message.data, SsvFork::Alan).ok();
            }
        }
    }

    /// Everything that comes before sentinels that are published last, one after the other has arrived: gossip may change the order of
    /// messages that are under way together.
    async fn before_sentinels(&mut self, world: &World) -> Vec<SignedSsvMessage> {
        let mut heard = Vec::new();
        for sentinel in [b"first".as_slice(), b"second", b"third"] {
            world.context.network.publish(topic(), sentinel).await.unwrap();
            while let Some(message) = self.next().await {
                heard.push(message);
            }
        }
        heard
    }
}
