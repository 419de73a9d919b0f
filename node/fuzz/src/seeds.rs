//! A small network, and valid inputs for every target.

use std::io::Error;
use std::path::Path;
use std::sync::Arc;

use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    BeaconVote, ByteList, ChainRules, Checkpoint, CommitteeId, Encode, Epoch, ForkVersion, List, MessageId,
    MsgType, NetworkRules, OperatorId, PartialSignatureMessage, PartialSignatureMessages,
    PartialSignatureType, PublicKeyBytes, QbftMessage, QbftMessageType, Root, Round, RunnerRole,
    SignatureBytes, SignedSsvMessage, Slot, SsvFork, SsvMessage, SubnetId, ValidatorIndex, leader,
};
use validation::{
    CommitteeView, DutyKnowledge, DutyView, RegistryView, Topic, ValidatorStanding, ValidatorView,
};

const NETWORK: &str = include_str!("../../types/samples/local-boole.toml");
const KEY: PublicKeyBytes = PublicKeyBytes([0xaa; 48]);
const INDEX: ValidatorIndex = ValidatorIndex(5);
const OPERATORS: [OperatorId; 4] = [OperatorId(1), OperatorId(2), OperatorId(3), OperatorId(4)];

/// One committee of four operators with ten validators, all duties theirs, before and after a fork.
pub struct World {
    pub rules: ChainRules,
    committee: CommitteeId,
    validators: Vec<ValidatorIndex>,
}

impl World {
    /// A slot of each fork.
    pub const ALAN: Slot = Slot(3_201);
    pub const BOOLE: Slot = Slot(32_001);

    pub fn new() -> Self {
        Self {
            rules: rules().expect("the rules of the small network hold"),
            committee: CommitteeId::of(&OPERATORS),
            validators: (0..10).map(ValidatorIndex).collect(),
        }
    }
}

fn rules() -> Result<ChainRules, types::RulesError> {
    let config = ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]
        .map(|fork| (format!("{fork}_FORK_VERSION"), "0x01000000".to_owned()))
        .into_iter()
        .chain([("PRESET_BASE".to_owned(), "mainnet".to_owned())])
        .collect();
    let genesis = BeaconGenesis {
        genesis_time: 1_600_000_000,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ForkVersion::default(),
    };
    ChainRules::new(Arc::new(NetworkRules::from_toml(NETWORK)?), Arc::new(BeaconSpec::new(&config, genesis)?))
}

/// The committee's topic at a slot.
pub fn topic(rules: &ChainRules, slot: Slot) -> Topic {
    let fork = rules.network.fork_at(slot);
    Topic { fork, subnet: SubnetId::of(fork, &OPERATORS) }
}

impl RegistryView for World {
    fn has_operator(&self, id: OperatorId) -> bool {
        (1..=13).contains(&id.get())
    }

    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>> {
        (*id == self.committee).then_some(CommitteeView {
            operators: &OPERATORS,
            registered: self.validators.len(),
            validators: &self.validators,
        })
    }

    fn validator(&self, key: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        (*key == KEY).then_some(ValidatorView {
            committee: self.committee,
            operators: &OPERATORS,
            liquidated: false,
            standing: ValidatorStanding::Attesting { index: INDEX },
        })
    }
}

impl DutyView for World {
    fn proposes(&self, _: Slot, _: ValidatorIndex) -> DutyKnowledge {
        DutyKnowledge::Yes
    }

    fn in_sync_committee(&self, _: Epoch, _: ValidatorIndex) -> bool {
        true
    }

    fn exits(&self, _: Slot, _: &PublicKeyBytes) -> u64 {
        1
    }
}

/// One message of each kind, in each fork, with the slot it is about.
fn messages() -> Vec<(Slot, SignedSsvMessage)> {
    let rules = rules().expect("the rules of the small network hold");
    let roles = [
        (World::ALAN, RunnerRole::Committee),
        (World::ALAN, RunnerRole::Aggregator),
        (World::ALAN, RunnerRole::Proposer),
        (World::BOOLE, RunnerRole::Committee),
        (World::BOOLE, RunnerRole::AggregatorCommittee),
    ];
    let mut all = Vec::new();
    for (slot, role) in roles {
        let domain = rules.network.domain_at(slot);
        let id = if role.is_committee_role() {
            MessageId::committee(domain, role, &CommitteeId::of(&OPERATORS))
        } else {
            MessageId::validator(domain, role, &KEY)
        };
        let fork = rules.network.fork_at(slot);
        all.extend(consensus(fork, id, slot).into_iter().map(|message| (slot, message)));
        let kinds = [0, 1, 2, 6].map(PartialSignatureType::from_number);
        all.extend(kinds.map(|kind| (slot, bundle(id, slot, kind))));
    }
    all
}

fn consensus(fork: SsvFork, id: MessageId, slot: Slot) -> Vec<SignedSsvMessage> {
    let value = vote();
    let step = |msg_type, round, signers: &[u64], justifications: &[SignedSsvMessage], full_data: &[u8]| {
        let justify = || justifications.iter().map(Encode::as_ssz_bytes);
        let prepares = if msg_type == QbftMessageType::Proposal { justifications } else { &[] };
        let message = QbftMessage {
            msg_type,
            height: slot,
            round: Round(round),
            identifier: fits(ByteList::new(id.0.to_vec())),
            root: types::message::full_data_root(&value),
            data_round: Round(round.saturating_sub(1)),
            round_change_justification: fits(List::collect(
                justify().map(|bytes| fits(ByteList::new(bytes))),
            )),
            prepare_justification: fits(List::collect(
                prepares.iter().map(|prepare| fits(ByteList::new(prepare.as_ssz_bytes()))),
            )),
        };
        signed(MsgType::Consensus, id, message.as_ssz_bytes(), signers, full_data)
    };
    let leads = |round| leader(fork, &OPERATORS, slot, Round(round)).map_or(1, OperatorId::get);
    let prepares: Vec<_> =
        (1..=3).map(|signer| step(QbftMessageType::Prepare, 1, &[signer], &[], &[])).collect();
    let mut all = vec![
        step(QbftMessageType::Proposal, 1, &[leads(1)], &[], &value),
        step(QbftMessageType::Proposal, 2, &[leads(2)], &prepares, &value),
        step(QbftMessageType::RoundChange, 2, &[3], &prepares, &value),
        step(QbftMessageType::Commit, 1, &[4], &[], &[]),
        step(QbftMessageType::Commit, 1, &[1, 2, 4], &[], &value),
    ];
    all.extend(prepares);
    all
}

fn bundle(id: MessageId, slot: Slot, msg_type: PartialSignatureType) -> SignedSsvMessage {
    let entry = PartialSignatureMessage {
        partial_signature: SignatureBytes([1; 96]),
        signing_root: Root::repeat_byte(2),
        signer: OperatorId(1),
        validator_index: INDEX,
    };
    let bundle = PartialSignatureMessages { msg_type, slot, messages: fits(List::new(vec![entry])) };
    signed(MsgType::PartialSignature, id, bundle.as_ssz_bytes(), &[1], &[])
}

fn signed(
    msg_type: MsgType,
    msg_id: MessageId,
    data: Vec<u8>,
    signers: &[u64],
    full_data: &[u8],
) -> SignedSsvMessage {
    let signatures = signers.iter().map(|_| fits(ByteList::new(vec![9; 256])));
    SignedSsvMessage {
        signatures: fits(List::collect(signatures)),
        operator_ids: fits(List::collect(signers.iter().copied().map(OperatorId))),
        ssv_message: SsvMessage { msg_type, msg_id, data: fits(ByteList::new(data)) },
        full_data: fits(ByteList::new(full_data.to_vec())),
    }
}

fn fits<T, E: std::fmt::Debug>(made: Result<T, E>) -> T {
    made.expect("a seed is within its limits")
}

fn vote() -> Vec<u8> {
    let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(4) };
    BeaconVote { block_root: Root::repeat_byte(3), source: checkpoint(99), target: checkpoint(100) }
        .as_ssz_bytes()
}

pub fn gossip_messages() -> Vec<Vec<u8>> {
    let how = |slot| u8::from(slot == World::BOOLE) | 0b100;
    messages().iter().map(|(slot, message)| [vec![how(*slot)], message.as_ssz_bytes()].concat()).collect()
}

pub fn signed_messages() -> Vec<Vec<u8>> {
    messages().iter().map(|(_, message)| message.as_ssz_bytes()).collect()
}

pub fn ssv_messages() -> Vec<Vec<u8>> {
    messages().iter().map(|(_, message)| message.ssv_message.as_ssz_bytes()).collect()
}

fn data_of(kind: MsgType) -> Vec<Vec<u8>> {
    let messages = messages();
    let of_kind = messages.iter().filter(|(_, message)| message.ssv_message.msg_type == kind);
    of_kind.map(|(_, message)| message.ssv_message.data.to_vec()).collect()
}

pub fn qbft_messages() -> Vec<Vec<u8>> {
    data_of(MsgType::Consensus)
}

pub fn partial_signatures() -> Vec<Vec<u8>> {
    data_of(MsgType::PartialSignature)
}

pub fn consensus_values() -> Vec<Vec<u8>> {
    use types::consensus_data::{
        AggregatorCommitteeConsensusData, AssignedAggregator, ProposerConsensusData,
    };
    let duty = types::ValidatorDuty {
        role: types::BeaconRole::Aggregator,
        public_key: KEY,
        slot: World::ALAN,
        validator_index: INDEX,
        committee_index: types::CommitteeIndex(1),
        committee_length: 512,
        committees_at_slot: 64,
        validator_committee_index: 7,
        validator_sync_committee_indices: List::empty(),
    };
    let electra = types::DataVersion::Electra;
    let object = fits(ByteList::new(vec![7; 300]));
    let of_validator = ProposerConsensusData { duty, version: electra, data_ssz: object };
    let aggregator = AssignedAggregator {
        validator_index: INDEX,
        selection_proof: SignatureBytes([1; 96]),
        committee_index: types::CommitteeIndex(1),
    };
    let of_committee = AggregatorCommitteeConsensusData::<types::Mainnet> {
        version: electra,
        aggregators: fits(List::new(vec![aggregator])),
        aggregators_committee_indexes: fits(List::new(vec![types::CommitteeIndex(1)])),
        aggregated_attestations: fits(List::new(vec![fits(ByteList::new(vec![7; 300]))])),
        contributors: List::empty(),
        sync_committee_contributions: List::empty(),
    };
    vec![vote(), of_validator.as_ssz_bytes(), of_committee.as_ssz_bytes()]
}

pub fn node_infos() -> Vec<Vec<u8>> {
    let metadata = concat!(
        r#"{\"NodeVersion\":\"v1.0.0\",\"ExecutionNode\":\"geth/x\",\"ConsensusNode\":\"prysm/x\","#,
        r#"\"Subnets\":\"00000000000000000000000000000400\"}"#
    );
    vec![
        format!(r#"{{"Entries":["","0x00000001","{metadata}"]}}"#).into_bytes(),
        br#"{"Entries":["","0x00000502"]}"#.to_vec(),
    ]
}

pub fn handshakes() -> Vec<Vec<u8>> {
    let sealed = node_infos().into_iter().filter_map(network::strangers::sealed).map(|(bytes, _)| bytes);
    sealed.chain(node_infos()).collect()
}

pub fn records() -> Vec<Vec<u8>> {
    let made = record_entries().into_iter().filter_map(|seed| {
        let (cuts, rest) = seed.split_first_chunk::<3>()?;
        let (first, rest) = rest.split_at_checked(usize::from(cuts[0]))?;
        let (second, rest) = rest.split_at_checked(usize::from(cuts[1]))?;
        let (third, fourth) = rest.split_at_checked(usize::from(cuts[2]))?;
        network::strangers::record_with([first, second, third, fourth]).map(String::into_bytes)
    });
    made.collect()
}

pub fn record_entries() -> Vec<Vec<u8>> {
    let subnets = [&[0x90][..], &[0x55; 16]].concat();
    vec![
        [&[1, 5, 5, 1, 0x84, 0, 0, 4, 2, 0x84, 0, 0, 4, 3][..], &subnets].concat(),
        [&[1, 1, 1, 0x80, 0x80, 0x80][..], &[0x80]].concat(),
    ]
}

/// Writes the seeds of every target into a folder of its name inside `folder`; the names.
///
/// # Errors
/// When they cannot be written.
pub fn write_all(folder: &Path) -> Result<Vec<&'static str>, Error> {
    let mut names = Vec::new();
    for target in crate::TARGETS {
        let own = folder.join(target.name);
        std::fs::create_dir_all(&own)?;
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            std::fs::write(own.join(format!("seed-{number}")), seed)?;
        }
        names.push(target.name);
    }
    Ok(names)
}
