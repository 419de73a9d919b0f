//! The JSON of messages and committees, in Go's field order, and its conversions from and to our types.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use types::{
    ByteList, CommitteeId, CommitteeMember, DomainType, Encode, List, MessageId, MsgType, Operator,
    OperatorId, OperatorKeyPem, QbftMessage, QbftMessageType, Root, Round, SignedSsvMessage, Slot,
    SsvMessage,
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
        Ok(Some(SignedSsvMessage {
            signatures: byte_lists(&self.signatures)?,
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
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageJson {
    data_round: u64,
    height: u64,
    identifier: Base64,
    msg_type: u64,
    #[serde(deserialize_with = "list")]
    prepare_justification: Vec<Base64>,
    root: Hex,
    round: u64,
    #[serde(deserialize_with = "list")]
    round_change_justification: Vec<Base64>,
}

impl MessageJson {
    /// Our form of it.
    pub fn decode(&self) -> Result<QbftMessage> {
        Ok(QbftMessage {
            msg_type: QbftMessageType::from(self.msg_type),
            height: Slot(self.height),
            round: Round(self.round),
            identifier: ByteList::try_from(self.identifier.bytes())?,
            root: Root::try_from(self.root.0.as_slice())?,
            data_round: Round(self.data_round),
            round_change_justification: byte_lists(&self.round_change_justification)?,
            prepare_justification: byte_lists(&self.prepare_justification)?,
        })
    }
}

fn byte_lists<const N: usize, const M: usize>(items: &[Base64]) -> Result<List<ByteList<N>, M>> {
    let items: Vec<_> =
        items.iter().map(|item| ByteList::try_from(item.bytes())).collect::<Result<_, _>>()?;
    Ok(List::new(items)?)
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
