//! The JSON of instances, in Go's field order, and its conversions from and to our state.

use std::collections::BTreeMap;

use anyhow::Result;
use qbft::{Container, Instance, ProcessingMessage, State};
use serde::{Deserialize, Serialize};
use types::{ByteList, CommitteeMember, MessageId, Round, Slot};

use crate::json::Base64;
use crate::model::{MemberJson, MessageJson, SignedJson};

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

/// `qbft.State` as read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateIn {
    /// The committee, seen by the local operator.
    pub committee_member: MemberJson,
    #[serde(rename = "ID")]
    id: Base64,
    round: u64,
    /// The height of the instance.
    pub height: u64,
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
    #[serde(rename = "forceStop", skip_serializing_if = "std::ops::Not::not")]
    force_stop: bool,
    #[serde(rename = "State")]
    state: StateOut,
    #[serde(rename = "StartValue")]
    start_value: Base64,
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
