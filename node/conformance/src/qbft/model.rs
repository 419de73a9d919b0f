//! The JSON of the consensus vectors, in Go's field order, and its conversions from and to our types.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use qbft::{Container, Instance, ProcessingMessage, State};
use serde::{Deserialize, Serialize};
use types::{
    ByteList, CommitteeId, CommitteeMember, DomainType, Encode, List, MessageId, MsgType, Operator,
    OperatorId, OperatorKeyPem, QbftMessage, Round, SignedSsvMessage, Slot, SsvMessage,
};

use crate::json::{Base64, Domain, Hex, list};

/// `SignedSSVMessage`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignedJson {
    #[serde(deserialize_with = "list", default)]
    signatures: Vec<Base64>,
    #[serde(rename = "OperatorIDs", deserialize_with = "list", default)]
    operator_ids: Vec<u64>,
    #[serde(rename = "SSVMessage")]
    ssv_message: Option<SsvMessageJson>,
    #[serde(default)]
    full_data: Base64,
}

/// `SSVMessage`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SsvMessageJson {
    msg_type: u64,
    #[serde(rename = "MsgID")]
    msg_id: Hex,
    data: Base64,
}

impl SsvMessageJson {
    /// Our form of it.
    pub fn decode(&self) -> Result<SsvMessage> {
        Ok(SsvMessage {
            msg_type: MsgType::from(self.msg_type),
            msg_id: MessageId::try_from(self.msg_id.0.as_slice())?,
            data: ByteList::try_from(self.data.bytes())?,
        })
    }
}

impl SignedJson {
    /// Our form of it; `None` if it has no message inside.
    pub fn decode(&self) -> Result<Option<SignedSsvMessage>> {
        let Some(message) = &self.ssv_message else { return Ok(None) };
        let signatures: Vec<_> = self
            .signatures
            .iter()
            .map(|signature| ByteList::try_from(signature.bytes()))
            .collect::<Result<_, _>>()?;
        Ok(Some(SignedSsvMessage {
            signatures: List::new(signatures)?,
            operator_ids: List::new(self.operator_ids.iter().copied().map(OperatorId).collect())?,
            ssv_message: message.decode()?,
            full_data: ByteList::try_from(self.full_data.bytes())?,
        }))
    }

    /// Our form of a message that cannot be without one inside.
    pub fn require(&self) -> Result<SignedSsvMessage> {
        self.decode()?.context("a vector without SSVMessage")
    }
}

impl From<&SignedSsvMessage> for SignedJson {
    fn from(message: &SignedSsvMessage) -> Self {
        Self {
            signatures: message.signatures.iter().map(|signature| Base64::from(&signature[..])).collect(),
            operator_ids: message.operator_ids.iter().map(|id| id.get()).collect(),
            ssv_message: Some(SsvMessageJson {
                msg_type: message.ssv_message.msg_type.number(),
                msg_id: Hex::from(message.ssv_message.msg_id.as_ref()),
                data: Base64::from(&message.ssv_message.data[..]),
            }),
            full_data: Base64::nil_if_empty(&message.full_data),
        }
    }
}

/// `qbft.Message`, which Go writes with sorted keys.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageJson {
    data_round: u64,
    height: u64,
    identifier: Base64,
    msg_type: u64,
    prepare_justification: Vec<Base64>,
    root: Hex,
    round: u64,
    round_change_justification: Vec<Base64>,
}

impl From<&QbftMessage> for MessageJson {
    fn from(message: &QbftMessage) -> Self {
        let prepares = &message.prepare_justification;
        let round_changes = &message.round_change_justification;
        Self {
            data_round: message.data_round.get(),
            height: message.height.get(),
            identifier: Base64::from(&message.identifier[..]),
            msg_type: message.msg_type.number(),
            prepare_justification: prepares.iter().map(|item| Base64::from(&item[..])).collect(),
            root: Hex::from(message.root.as_slice()),
            round: message.round.get(),
            round_change_justification: round_changes.iter().map(|item| Base64::from(&item[..])).collect(),
        }
    }
}

/// `ProcessingMessage` as written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessingJson {
    signed_message: SignedJson,
    #[serde(rename = "QBFTMessage")]
    qbft_message: MessageJson,
}

impl From<&ProcessingMessage> for ProcessingJson {
    fn from(message: &ProcessingMessage) -> Self {
        Self { signed_message: message.signed().into(), qbft_message: message.qbft().into() }
    }
}

/// `ProcessingMessage` as read: the inner message is decoded from the signed one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignedOnly {
    signed_message: SignedJson,
}

impl SignedOnly {
    fn decode(&self) -> Result<ProcessingMessage> {
        Ok(ProcessingMessage::new(self.signed_message.require()?)?)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerIn {
    #[serde(default)]
    msgs: BTreeMap<String, Vec<SignedOnly>>,
}

impl ContainerIn {
    fn decode(&self) -> Result<Container> {
        let mut container = Container::default();
        for message in self.msgs.values().flatten() {
            container.add(message.decode()?.into());
        }
        Ok(container)
    }
}

/// Maps are sorted by their keys as text: "10" before "2".
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerOut {
    msgs: BTreeMap<String, Vec<ProcessingJson>>,
}

impl From<&Container> for ContainerOut {
    fn from(container: &Container) -> Self {
        let rounds = container.rounds().map(|(round, messages)| {
            (round.to_string(), messages.iter().map(|message| message.as_ref().into()).collect())
        });
        Self { msgs: rounds.collect() }
    }
}

/// `CommitteeMember`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MemberJson {
    #[serde(rename = "OperatorID")]
    operator_id: u64,
    #[serde(rename = "CommitteeID")]
    committee_id: Hex,
    #[serde(rename = "SSVOperatorPubKey")]
    public_key: Base64,
    faulty_nodes: u64,
    committee: Vec<OperatorJson>,
    domain_type: Domain,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OperatorJson {
    #[serde(rename = "OperatorID")]
    operator_id: u64,
    #[serde(rename = "SSVOperatorPubKey")]
    public_key: Base64,
}

impl MemberJson {
    /// Our form of it.
    pub fn decode(&self) -> Result<CommitteeMember> {
        let operator = |operator: &OperatorJson| -> Result<Operator> {
            Ok(Operator {
                operator_id: OperatorId(operator.operator_id),
                public_key: OperatorKeyPem::try_from(operator.public_key.bytes())?,
            })
        };
        Ok(CommitteeMember {
            operator_id: OperatorId(self.operator_id),
            committee_id: CommitteeId::try_from(self.committee_id.0.as_slice())?,
            public_key: OperatorKeyPem::try_from(self.public_key.bytes())?,
            faulty_nodes: self.faulty_nodes,
            committee: List::new(self.committee.iter().map(operator).collect::<Result<_>>()?)?,
            domain: DomainType(self.domain_type.0),
        })
    }
}

impl From<&CommitteeMember> for MemberJson {
    fn from(member: &CommitteeMember) -> Self {
        let operator = |operator: &Operator| OperatorJson {
            operator_id: operator.operator_id.get(),
            public_key: Base64::from(operator.public_key.as_ref()),
        };
        Self {
            operator_id: member.operator_id.get(),
            committee_id: Hex::from(member.committee_id.as_ref()),
            public_key: Base64::from(member.public_key.as_ref()),
            faulty_nodes: member.faulty_nodes,
            committee: member.committee.iter().map(operator).collect(),
            domain_type: Domain(member.domain.0),
        }
    }
}

/// `qbft.State` as read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateIn {
    /// The committee, seen by the local operator.
    pub committee_member: MemberJson,
    #[serde(rename = "ID")]
    id: Base64,
    round: u64,
    height: u64,
    last_prepared_round: u64,
    last_prepared_value: Base64,
    proposal_accepted_for_current_round: Option<SignedOnly>,
    decided: bool,
    decided_value: Base64,
    propose_container: ContainerIn,
    prepare_container: ContainerIn,
    commit_container: ContainerIn,
    round_change_container: ContainerIn,
}

impl StateIn {
    /// Our form of it.
    pub fn decode(&self) -> Result<State> {
        let value = |value: &Base64| value.0.as_deref().map(ByteList::try_from).transpose();
        let proposal = self.proposal_accepted_for_current_round.as_ref();
        Ok(State {
            id: MessageId::try_from(self.id.bytes())?,
            height: Slot(self.height),
            round: Round(self.round),
            last_prepared_round: Round(self.last_prepared_round),
            last_prepared_value: value(&self.last_prepared_value)?,
            accepted_proposal: proposal.map(|proposal| proposal.decode().map(Into::into)).transpose()?,
            decided: self.decided,
            decided_value: value(&self.decided_value)?,
            proposals: self.propose_container.decode()?,
            prepares: self.prepare_container.decode()?,
            commits: self.commit_container.decode()?,
            round_changes: self.round_change_container.decode()?,
        })
    }
}

/// `qbft.State` as Go writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateOut {
    committee_member: MemberJson,
    #[serde(rename = "ID")]
    id: Base64,
    round: u64,
    height: u64,
    last_prepared_round: u64,
    last_prepared_value: Base64,
    proposal_accepted_for_current_round: Option<ProcessingJson>,
    decided: bool,
    decided_value: Base64,
    propose_container: ContainerOut,
    prepare_container: ContainerOut,
    commit_container: ContainerOut,
    round_change_container: ContainerOut,
}

impl StateOut {
    /// The state of an instance; the committee record is not part of ours.
    #[must_use]
    pub fn new(member: &CommitteeMember, state: &State) -> Self {
        let value = |value: &Option<qbft::Value>| Base64(value.as_ref().map(|value| value.to_vec()));
        Self {
            committee_member: member.into(),
            id: Base64::from(state.id.as_ref()),
            round: state.round.get(),
            height: state.height.get(),
            last_prepared_round: state.last_prepared_round.get(),
            last_prepared_value: value(&state.last_prepared_value),
            proposal_accepted_for_current_round: state.accepted_proposal.as_deref().map(Into::into),
            decided: state.decided,
            decided_value: value(&state.decided_value),
            propose_container: (&state.proposals).into(),
            prepare_container: (&state.prepares).into(),
            commit_container: (&state.commits).into(),
            round_change_container: (&state.round_changes).into(),
        }
    }
}

/// An instance before a test.
#[derive(Debug, Clone, Deserialize)]
pub struct InstanceIn {
    /// What it knows.
    #[serde(rename = "State")]
    pub state: StateIn,
    /// The own value.
    #[serde(rename = "StartValue")]
    pub start_value: Base64,
    /// Whether it was stopped.
    #[serde(rename = "forceStop", default)]
    pub force_stop: bool,
}

/// An instance after a test.
#[derive(Debug, Serialize)]
pub struct InstanceOut {
    #[serde(rename = "State")]
    state: StateOut,
    #[serde(rename = "StartValue")]
    start_value: Base64,
    #[serde(rename = "forceStop")]
    force_stop: bool,
}

impl InstanceOut {
    /// The instance as the vectors show it.
    #[must_use]
    pub fn new(member: &CommitteeMember, instance: &Instance) -> Self {
        Self {
            state: StateOut::new(member, instance.state()),
            start_value: Base64(instance.start_value().map(|value| value.to_vec())),
            force_stop: instance.is_stopped(),
        }
    }
}

/// How often a round timer was started, and for which round last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TimerState {
    /// Count of starts.
    pub timeouts: u64,
    /// Round of the last start.
    pub round: u64,
}

/// The hash tree root that stands for a message.
#[must_use]
pub fn root(message: &SignedSsvMessage) -> types::Root {
    types::TreeHash::tree_hash_root(message)
}

/// Its encoding.
#[must_use]
pub fn encoding(message: &SignedSsvMessage) -> Vec<u8> {
    message.as_ssz_bytes()
}
