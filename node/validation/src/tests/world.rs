//! A network, a registry and a message that breaks no rule, to be changed by one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    ByteList, ChainRules, CommitteeId, DomainType, Encode, Epoch, ForkVersion, List, MessageId, MsgType,
    NetworkRules, OperatorId, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType,
    PublicKeyBytes, QbftMessage, QbftMessageType, Root, Round, RunnerRole, SignatureBytes, SignedSsvMessage,
    Slot, SsvFork, SsvMessage, SubnetId, ValidatorIndex,
};

use crate::*;

pub(super) const ALAN: DomainType = DomainType([0, 0, 4, 2]);
pub(super) const BOOLE: DomainType = DomainType([0, 0, 4, 3]);
/// First slot of Boole.
pub(super) const FORK: Slot = Slot(32_000);
/// The slot that most messages are about.
pub(super) const SLOT: Slot = Slot(3_201);
pub(super) const KEY: PublicKeyBytes = PublicKeyBytes([0xaa; 48]);
pub(super) const INDEX: ValidatorIndex = ValidatorIndex(5);

pub(super) fn ids(range: std::ops::RangeInclusive<u64>) -> Vec<OperatorId> {
    range.map(OperatorId).collect()
}

pub(super) fn rules() -> ChainRules {
    let network = include_str!("../../../types/samples/local-boole.toml");
    let mut config: BTreeMap<String, String> =
        [("PRESET_BASE", "mainnet"), ("SECONDS_PER_SLOT", "12")].map(|(k, v)| (k.into(), v.into())).into();
    for fork in ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"] {
        config.insert(format!("{fork}_FORK_VERSION"), "0x01000000".into());
    }
    let genesis = BeaconGenesis {
        genesis_time: 1_600_000_000,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ForkVersion::default(),
    };
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    ChainRules::new(Arc::new(NetworkRules::from_toml(network).unwrap()), Arc::new(beacon)).unwrap()
}

pub(super) struct Committee {
    pub(super) operators: Vec<OperatorId>,
    pub(super) registered: usize,
    pub(super) known: Vec<ValidatorIndex>,
}

#[derive(Default)]
pub(super) struct Registry {
    pub(super) operators: BTreeSet<OperatorId>,
    pub(super) committees: BTreeMap<CommitteeId, Committee>,
    pub(super) validators: BTreeMap<PublicKeyBytes, (CommitteeId, bool, ValidatorStanding)>,
}

impl Registry {
    pub(super) fn add_committee(&mut self, operators: Vec<OperatorId>, validators: u64) -> CommitteeId {
        let id = CommitteeId::of(&operators);
        self.operators.extend(&operators);
        let known: Vec<_> = (0..validators).map(ValidatorIndex).collect();
        self.committees.insert(id, Committee { operators, registered: known.len(), known });
        id
    }

    /// Forgets all but so many of a committee's validators, as if the beacon node had not been asked for the others yet.
    pub(super) fn know_only(&mut self, committee: CommitteeId, validators: usize) {
        self.committees.get_mut(&committee).unwrap().known.truncate(validators);
    }
}

impl RegistryView for Registry {
    fn has_operator(&self, id: OperatorId) -> bool {
        self.operators.contains(&id)
    }

    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>> {
        let Committee { operators, registered, known } = self.committees.get(id)?;
        Some(CommitteeView { operators, registered: *registered, validators: known })
    }

    fn validator(&self, key: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        let (committee, liquidated, standing) = *self.validators.get(key)?;
        let operators = &self.committees.get(&committee)?.operators;
        Some(ValidatorView { committee, operators, liquidated, standing })
    }
}

#[derive(Default)]
pub(super) struct Duties {
    pub(super) proposals: BTreeMap<Slot, DutyKnowledge>,
    pub(super) sync_committee: BTreeSet<ValidatorIndex>,
    pub(super) exits: u64,
}

impl DutyView for Duties {
    fn proposes(&self, slot: Slot, validator: ValidatorIndex) -> DutyKnowledge {
        assert_eq!(validator, INDEX);
        self.proposals.get(&slot).copied().unwrap_or(DutyKnowledge::No)
    }

    fn in_sync_committee(&self, _: Epoch, validator: ValidatorIndex) -> bool {
        self.sync_committee.contains(&validator)
    }

    fn exits(&self, _: Slot, validator: &PublicKeyBytes) -> u64 {
        if *validator == KEY { self.exits } else { 0 }
    }
}

pub(super) struct World {
    pub(super) rules: ChainRules,
    pub(super) registry: Registry,
    pub(super) duties: Duties,
    pub(super) seen: SeenState,
    pub(super) committee: CommitteeId,
}

impl World {
    /// Operators 1 to 13 are registered; 1 to 4 form a committee of ten validators, one of which has a known key.
    pub(super) fn new() -> Self {
        let mut registry = Registry { operators: (1..=13).map(OperatorId).collect(), ..Registry::default() };
        let committee = registry.add_committee(ids(1..=4), 10);
        let standing = ValidatorStanding::Attesting { index: INDEX };
        registry.validators.insert(KEY, (committee, false, standing));
        Self { rules: rules(), registry, duties: Duties::default(), seen: SeenState::new(32), committee }
    }

    pub(super) fn start(&self, slot: Slot) -> u64 {
        self.rules.slot_start_millis(slot)
    }

    pub(super) fn judge(&self, draft: &Draft) -> Result<Candidate, Refusal> {
        match &draft.payload {
            Some(payload) => self.judge_bytes(payload, draft),
            None => self.judge_bytes(&draft.message().as_ssz_bytes(), draft),
        }
    }

    pub(super) fn judge_bytes(&self, data: &[u8], draft: &Draft) -> Result<Candidate, Refusal> {
        let context = Context { rules: &self.rules, registry: &self.registry, duties: &self.duties };
        let inbound = Inbound {
            data,
            topic: draft.topic,
            forwarder: &draft.forwarder,
            received_at_millis: draft.received_at,
        };
        context.judge(&inbound, &self.seen)
    }

    /// The refusal of a message, `None` when it breaks no rule.
    pub(super) fn refusal(&self, draft: &Draft) -> Option<Refusal> {
        self.judge(draft).err()
    }

    /// Judges and commits.
    pub(super) fn accept(&mut self, draft: &Draft) -> Result<(), Refusal> {
        let candidate = self.judge(draft)?;
        let now = self.rules.slot_at(draft.received_at).unwrap();
        self.seen.commit(&candidate.update, now)
    }

    /// A prepare of the committee at a slot, received a second into it.
    pub(super) fn prepare_at(&self, slot: Slot) -> Draft {
        self.consensus(RunnerRole::Committee, slot, QbftMessageType::Prepare)
    }

    pub(super) fn prepare(&self) -> Draft {
        self.prepare_at(SLOT)
    }

    pub(super) fn consensus(&self, role: RunnerRole, slot: Slot, kind: QbftMessageType) -> Draft {
        let qbft = QbftMessage {
            msg_type: kind,
            height: slot,
            round: Round::FIRST,
            identifier: ByteList::empty(),
            root: Root::repeat_byte(7),
            data_round: Round::NONE,
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        self.draft(role, slot, Body::Consensus(qbft))
    }

    pub(super) fn bundle(&self, role: RunnerRole, slot: Slot, kind: PartialSignatureType) -> Draft {
        let entry = PartialSignatureMessage {
            partial_signature: SignatureBytes([1; 96]),
            signing_root: Root::repeat_byte(2),
            signer: OperatorId(1),
            validator_index: INDEX,
        };
        let messages = List::new(vec![entry]).unwrap();
        self.draft(role, slot, Body::Partial(PartialSignatureMessages { msg_type: kind, slot, messages }))
    }

    fn draft(&self, role: RunnerRole, slot: Slot, body: Body) -> Draft {
        let fork = self.rules.network.fork_at(slot);
        let operators = &self.registry.committees[&self.committee].operators;
        let domain = self.rules.network.domain_at(slot);
        let id = if role.is_committee_role() {
            MessageId::committee(domain, role, &self.committee)
        } else {
            MessageId::validator(domain, role, &KEY)
        };
        Draft {
            id,
            identifier: None,
            msg_type: None,
            body,
            signers: vec![OperatorId(1)],
            signatures: None,
            full_data: Vec::new(),
            topic: topic(fork, operators),
            forwarder: PeerKey::new(b"peer"),
            received_at: self.start(slot) + 1_000,
            payload: None,
        }
    }
}

pub(super) fn topic(fork: SsvFork, operators: &[OperatorId]) -> Topic {
    Topic { fork, subnet: SubnetId::of(fork, operators) }
}

#[derive(Clone)]
pub(super) enum Body {
    Consensus(QbftMessage),
    Partial(PartialSignatureMessages),
    Raw(Vec<u8>),
}

/// A message before it is encoded.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) id: MessageId,
    /// The message id inside the consensus message; the outer one when absent.
    pub(super) identifier: Option<Vec<u8>>,
    pub(super) msg_type: Option<MsgType>,
    pub(super) body: Body,
    pub(super) signers: Vec<OperatorId>,
    /// One of the right size for each signer when absent.
    pub(super) signatures: Option<Vec<Vec<u8>>>,
    pub(super) full_data: Vec<u8>,
    pub(super) topic: Topic,
    pub(super) forwarder: PeerKey,
    pub(super) received_at: u64,
    /// Bytes instead of the encoded message.
    pub(super) payload: Option<Vec<u8>>,
}

impl Draft {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn qbft(mut self, change: impl FnOnce(&mut QbftMessage)) -> Self {
        match &mut self.body {
            Body::Consensus(message) => change(message),
            Body::Partial(_) | Body::Raw(_) => panic!("not a consensus message"),
        }
        self
    }

    pub(super) fn partial(mut self, change: impl FnOnce(&mut PartialSignatureMessages)) -> Self {
        match &mut self.body {
            Body::Partial(bundle) => change(bundle),
            Body::Consensus(_) | Body::Raw(_) => panic!("not a bundle"),
        }
        self
    }

    /// Replaces the entries of a bundle by those of the validators, all by the first signer.
    pub(super) fn of_validators(self, indices: impl IntoIterator<Item = u64>) -> Self {
        self.partial(|bundle| {
            let entry = bundle.messages[0];
            let of = |index| PartialSignatureMessage { validator_index: ValidatorIndex(index), ..entry };
            bundle.messages = List::collect(indices.into_iter().map(of)).unwrap();
        })
    }

    pub(super) fn received_at(self, millis: u64) -> Self {
        self.with(|draft| draft.received_at = millis)
    }

    pub(super) fn signed_by(self, signers: &[u64]) -> Self {
        self.with(|draft| draft.signers = signers.iter().copied().map(OperatorId).collect())
    }

    pub(super) fn full_data(self, data: &[u8]) -> Self {
        let root = types::message::full_data_root(data);
        self.with(|draft| draft.full_data = data.to_vec()).qbft(|message| message.root = root)
    }

    pub(super) fn forwarded_by(self, peer: &[u8]) -> Self {
        self.with(|draft| draft.forwarder = PeerKey::new(peer))
    }

    pub(super) fn message(&self) -> SignedSsvMessage {
        let (msg_type, data) = match &self.body {
            Body::Consensus(message) => {
                let mut message = message.clone();
                let identifier = self.identifier.clone().unwrap_or_else(|| self.id.0.to_vec());
                message.identifier = ByteList::new(identifier).unwrap();
                (MsgType::Consensus, message.as_ssz_bytes())
            }
            Body::Partial(bundle) => (MsgType::PartialSignature, bundle.as_ssz_bytes()),
            Body::Raw(data) => (MsgType::Consensus, data.clone()),
        };
        let signatures =
            self.signatures.clone().unwrap_or_else(|| self.signers.iter().map(|_| vec![9; 256]).collect());
        SignedSsvMessage {
            signatures: List::collect(signatures.into_iter().map(|s| ByteList::new(s).unwrap())).unwrap(),
            operator_ids: List::new(self.signers.clone()).unwrap(),
            ssv_message: SsvMessage {
                msg_type: self.msg_type.unwrap_or(msg_type),
                msg_id: self.id,
                data: ByteList::new(data).unwrap(),
            },
            full_data: ByteList::new(self.full_data.clone()).unwrap(),
        }
    }
}
