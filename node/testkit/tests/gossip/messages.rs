//! A committee with real network keys, and its messages, good and forged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crypto::rsa::OperatorPrivateKey;
use network::Topic;
use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    ByteList, ChainRules, CommitteeId, DomainType, Encode, ForkVersion, List, MessageId, MsgType,
    NetworkRules, OperatorId, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType,
    PublicKeyBytes, QbftMessage, QbftMessageType, Root, Round, RunnerRole, SignatureBytes, SignedSsvMessage,
    Slot, SsvFork, SsvMessage, SubnetId, ValidatorIndex,
};
use validation::{CommitteeView, RegistryView, ValidatorView};

const LOCAL: &str = r#"
    name = "local"
    preset = "mainnet"
    chain_id = 31337
    contract = "0x00000000000000000000000000000000000000c0"
    deploy_block = 1
    follow_distance = 0
    seconds_per_slot = 12
    [domains]
    alan = "0x00000402"
    boole = "0x00000403"
    [peers]
    ip_colocation_limit = 0
    inbound_rate_limit = 0
"#;

/// The slot at the start of the test. Its messages, and those of 33 slots before it, are of use for minutes.
pub const SLOT: Slot = Slot(3_299);

/// Operators 1 to 4 form a committee of 1,200 validators; operator 5 is registered and has no part in it.
pub struct Committee {
    pub rules: ChainRules,
    pub id: CommitteeId,
    operators: Vec<OperatorId>,
    validators: Vec<ValidatorIndex>,
    pub keys: Arc<BTreeMap<OperatorId, OperatorPrivateKey>>,
}

impl Committee {
    pub fn new() -> Self {
        let keys = (1..=5).map(|id| (OperatorId(id), OperatorPrivateKey::generate().unwrap())).collect();
        let operators: Vec<_> = (1..=4).map(OperatorId).collect();
        Self {
            rules: rules(),
            id: CommitteeId::of(&operators),
            operators,
            validators: (0..1_200).map(ValidatorIndex).collect(),
            keys: Arc::new(keys),
        }
    }

    /// The same committee for another task.
    pub fn shared(&self) -> Self {
        Self {
            rules: self.rules.clone(),
            id: self.id,
            operators: self.operators.clone(),
            validators: self.validators.clone(),
            keys: Arc::clone(&self.keys),
        }
    }

    pub fn topic(&self) -> Topic {
        Topic { fork: SsvFork::Alan, subnet: SubnetId::of(SsvFork::Alan, &self.operators) }
    }

    /// A prepare of operator 1.
    pub fn good(&self, slot: Slot) -> Forged {
        Forged {
            slot,
            domain: DomainType([0, 0, 4, 2]),
            role: RunnerRole::Committee,
            committee: self.id,
            topic: self.topic(),
            root: Root::repeat_byte(7),
            signers: vec![OperatorId(1)],
            sign_as: None,
            msg_type: MsgType::Consensus,
            data: None,
            damage: None,
        }
    }
}

impl RegistryView for Committee {
    fn has_operator(&self, id: OperatorId) -> bool {
        self.keys.contains_key(&id)
    }

    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>> {
        (*id == self.id).then_some(CommitteeView {
            operators: &self.operators,
            registered: self.validators.len(),
            validators: &self.validators,
        })
    }

    fn validator(&self, _: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        None
    }
}

/// A chain whose slot [`SLOT`] has just begun.
fn rules() -> ChainRules {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let genesis = BeaconGenesis {
        genesis_time: now - SLOT.get() * 12 - 2,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ForkVersion::default(),
    };
    let mut config = BTreeMap::from([("PRESET_BASE".to_owned(), "mainnet".to_owned())]);
    for fork in ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"] {
        config.insert(format!("{fork}_FORK_VERSION"), "0x01000000".to_owned());
    }
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    ChainRules::new(Arc::new(NetworkRules::from_toml(LOCAL).unwrap()), Arc::new(beacon)).unwrap()
}

/// A message with any part of it changed.
pub struct Forged {
    pub slot: Slot,
    pub domain: DomainType,
    pub role: RunnerRole,
    pub committee: CommitteeId,
    pub topic: Topic,
    pub root: Root,
    pub signers: Vec<OperatorId>,
    /// Whose key signs, if not the signers' own.
    pub sign_as: Option<OperatorId>,
    msg_type: MsgType,
    /// Instead of a prepare.
    pub data: Option<Vec<u8>>,
    /// One byte of the encoding, and its new value.
    pub damage: Option<(usize, u8)>,
}

impl Forged {
    /// A bundle of `count` partial signatures instead of a prepare.
    pub fn become_bundle(&mut self, msg_type: PartialSignatureType, count: u64) {
        let entry = |index| PartialSignatureMessage {
            partial_signature: SignatureBytes([1; 96]),
            signing_root: Root::ZERO,
            signer: OperatorId(1),
            validator_index: ValidatorIndex(index),
        };
        let messages = List::collect((0..count).map(entry)).unwrap();
        self.msg_type = MsgType::PartialSignature;
        self.data = Some(PartialSignatureMessages { msg_type, slot: self.slot, messages }.as_ssz_bytes());
    }

    pub fn encode(&self, committee: &Committee) -> Vec<u8> {
        let msg_id = MessageId::committee(self.domain, self.role, &self.committee);
        let data = self.data.clone().unwrap_or_else(|| self.prepare(msg_id));
        let ssv_message = SsvMessage { msg_type: self.msg_type, msg_id, data: ByteList::new(data).unwrap() };
        let digest = ssv_message.signed_digest();
        let sign = |signer: &OperatorId| {
            let key = committee.keys.get(&self.sign_as.unwrap_or(*signer));
            let signature = key.map_or([9; 256], |key| key.sign_digest(&digest).unwrap());
            ByteList::new(signature.to_vec()).unwrap()
        };
        let message = SignedSsvMessage {
            signatures: List::collect(self.signers.iter().map(sign)).unwrap(),
            operator_ids: List::new(self.signers.clone()).unwrap(),
            ssv_message,
            full_data: ByteList::empty(),
        };
        let mut bytes = message.as_ssz_bytes();
        if let Some((at, value)) = self.damage {
            bytes[at] = value;
        }
        bytes
    }

    fn prepare(&self, msg_id: MessageId) -> Vec<u8> {
        QbftMessage {
            msg_type: QbftMessageType::Prepare,
            height: self.slot,
            round: Round::FIRST,
            identifier: ByteList::new(msg_id.0.to_vec()).unwrap(),
            root: self.root,
            data_round: Round::NONE,
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        }
        .as_ssz_bytes()
    }
}
