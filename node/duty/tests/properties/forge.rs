//! What a traitor can send: under its own name anything, made of what it has heard; under the names of others only what they
//! signed, in any combination.

use std::sync::Arc;

use qbft::Unsigned;
use sha2::{Digest, Sha256};
use types::consensus_data::{AggregatorCommitteeConsensusData, Contributions, ProposerConsensusData};
use types::message::full_data_root;
use types::{
    BeaconVote, ByteList, Decode, Encode, List, Mainnet, MsgType, OperatorId, PartialSignatureMessages,
    QbftMessage, QbftMessageType, Root, Round, SignatureBytes, SignedSsvMessage, Slot, SsvMessage,
    ValidatorIndex,
};

use crate::seeded::Rng;
use crate::standin::{FIRST, SLOT, STANDING};
use crate::tag::Tag;

/// How much it remembers.
const MEMORY: usize = 96;

pub struct Forger {
    own: OperatorId,
    heard: Vec<Arc<SignedSsvMessage>>,
}

pub fn signed_by(operator: OperatorId, unsigned: Unsigned) -> SignedSsvMessage {
    let tag = Tag::of(operator, &Sha256::digest(unsigned.message.signed_bytes()).into());
    unsigned.signed(operator, tag)
}

/// Another value in the own proposal, whatever it was to be.
pub fn bend_proposal(rng: &mut Rng, unsigned: &mut Unsigned) {
    let Ok(mut inner) = QbftMessage::from_ssz_bytes(&unsigned.message.data) else { return };
    if inner.msg_type != QbftMessageType::Proposal || unsigned.message.msg_type != MsgType::Consensus {
        return;
    }
    let value = bent_value(rng, &unsigned.full_data);
    inner.root = full_data_root(&value);
    unsigned.message.data = ByteList::new(inner.as_ssz_bytes()).unwrap_or_default();
    unsigned.full_data = ByteList::new(value).unwrap_or_default();
}

fn qbft(message: &SignedSsvMessage) -> Option<QbftMessage> {
    if message.ssv_message.msg_type != MsgType::Consensus {
        return None;
    }
    QbftMessage::from_ssz_bytes(&message.ssv_message.data).ok()
}

impl Forger {
    pub const fn new(own: OperatorId) -> Self {
        Self { own, heard: Vec::new() }
    }

    pub fn hear(&mut self, message: &Arc<SignedSsvMessage>) {
        if self.heard.len() < MEMORY {
            self.heard.push(Arc::clone(message));
        }
    }

    pub fn forge(&self, rng: &mut Rng) -> Option<SignedSsvMessage> {
        let base = self.any(rng)?;
        match rng.below(8) {
            0 => return Some(base.clone()),
            1 => return self.decided(rng, base),
            2 => return self.proposal(rng),
            _ => {}
        }
        let (data, full_data) = match qbft(base) {
            Some(inner) => self.bent_consensus(rng, inner, base)?,
            None => (self.bent_bundle(rng, base)?, ByteList::empty()),
        };
        self.sign(base, data, full_data)
    }

    fn any(&self, rng: &mut Rng) -> Option<&SignedSsvMessage> {
        self.heard.get(rng.below(self.heard.len())).map(Arc::as_ref)
    }

    fn sign<const N: usize>(
        &self,
        base: &SignedSsvMessage,
        data: Vec<u8>,
        full_data: ByteList<N>,
    ) -> Option<SignedSsvMessage> {
        let message = SsvMessage { data: ByteList::new(data).ok()?, ..base.ssv_message.clone() };
        let full_data = ByteList::new(full_data.into_bytes()).ok()?;
        Some(signed_by(self.own, Unsigned { message, full_data }))
    }

    /// A proposal for the first round with a value that no honest operator made.
    fn proposal(&self, rng: &mut Rng) -> Option<SignedSsvMessage> {
        let base = self.heard.iter().find(|message| !message.full_data.is_empty())?;
        let mut inner = qbft(base)?;
        let value = bent_value(rng, &base.full_data);
        inner.msg_type = QbftMessageType::Proposal;
        (inner.round, inner.data_round) = (Round::FIRST, Round::NONE);
        (inner.round_change_justification, inner.prepare_justification) = (List::empty(), List::empty());
        inner.root = full_data_root(&value);
        self.sign(base, inner.as_ssz_bytes(), ByteList::<8_388_836>::new(value).ok()?)
    }

    /// Commits of others with the own one: genuine if there are enough, with borrowed names if not.
    fn decided(&self, rng: &mut Rng, base: &SignedSsvMessage) -> Option<SignedSsvMessage> {
        let inner = qbft(base).filter(|inner| inner.msg_type == QbftMessageType::Commit)?;
        let same = self.heard.iter().filter(|other| other.ssv_message == base.ssv_message);
        let mut pairs: Vec<_> =
            same.filter_map(|m| Some((*m.operator_ids.first()?, m.signatures.first()?.clone()))).collect();
        let digest = base.ssv_message.signed_digest();
        pairs.push((self.own, Tag::of(self.own, &digest)));
        if rng.one_in(3) {
            let borrowed = STANDING.operators.iter().map(|name| (*name, Tag::of(self.own, &digest)));
            pairs.extend(borrowed);
        }
        pairs.sort_by_key(|(name, _)| *name);
        pairs.dedup_by_key(|(name, _)| *name);
        let value = self.heard.iter().find(|m| full_data_root(&m.full_data) == inner.root)?;
        let (names, tags): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Some(SignedSsvMessage {
            signatures: List::new(tags).ok()?,
            operator_ids: List::new(names).ok()?,
            ssv_message: base.ssv_message.clone(),
            full_data: value.full_data.clone(),
        })
    }

    fn bent_consensus(
        &self,
        rng: &mut Rng,
        mut inner: QbftMessage,
        base: &SignedSsvMessage,
    ) -> Option<(Vec<u8>, ByteList<8_388_836>)> {
        let mut value = base.full_data.clone();
        for _ in 0..rng.below(3) {
            match rng.below(10) {
                0 => inner.round = Round(rng.next() % 4),
                1 => inner.round = Round(rng.next() >> rng.below(64)),
                2 => inner.msg_type = (rng.next() % 5).into(),
                3 => inner.root = self.any(rng).and_then(qbft).map_or(Root::ZERO, |other| other.root),
                4 => inner.data_round = Round(rng.next() % 4),
                5 => inner.height = Slot(SLOT.get() - 1 + rng.next() % 3),
                6 => inner.round_change_justification = self.justification(rng),
                7 => inner.prepare_justification = self.justification(rng),
                8 => value = self.any(rng)?.full_data.clone(),
                _ => {
                    value = ByteList::new(bent_value(rng, &value)).ok()?;
                    inner.root = full_data_root(&value);
                }
            }
        }
        Some((inner.as_ssz_bytes(), value))
    }

    fn justification<const N: usize>(&self, rng: &mut Rng) -> List<ByteList<N>, 13> {
        let count = rng.below(5);
        let start = rng.below(self.heard.len());
        let messages = self.heard.iter().cycle().skip(start).take(count + 3);
        let encoded = messages.filter(|m| qbft(m).is_some()).map(|m| m.without_full_data().as_ssz_bytes());
        List::collect(encoded.filter_map(|bytes| ByteList::new(bytes).ok()).take(count)).unwrap_or_default()
    }

    fn bent_bundle(&self, rng: &mut Rng, base: &SignedSsvMessage) -> Option<Vec<u8>> {
        let mut bundle = PartialSignatureMessages::from_ssz_bytes(&base.ssv_message.data).ok()?;
        let mut entries = bundle.messages.into_vec();
        entries.iter_mut().for_each(|entry| entry.signer = self.own);
        for _ in 0..rng.below(3) {
            let place = rng.below(entries.len());
            let Some(entry) = entries.get_mut(place) else { break };
            match rng.below(9) {
                0 => entry.signing_root = Root::repeat_byte(rng.byte()),
                1 => entry.partial_signature = SignatureBytes([rng.byte() & 0x0f; 96]),
                2 => entry.validator_index = ValidatorIndex(FIRST + rng.next() % 3),
                3 => entry.signer = STANDING.operators[rng.below(4)],
                4 => bundle.slot = Slot(SLOT.get() - 1 + rng.next() % 3),
                5 => bundle.msg_type = (rng.next() % 8).into(),
                6 => entries.reverse(),
                7 => entries.truncate(place),
                _ if rng.one_in(200) => flood(rng, &mut entries),
                _ => entries.extend_from_within(place..),
            }
        }
        bundle.messages = List::new(entries).ok()?;
        Some(bundle.as_ssz_bytes())
    }
}

/// As many roots as a bundle can hold, none of them asked for.
fn flood(rng: &mut Rng, entries: &mut Vec<types::PartialSignatureMessage>) {
    let Some(first) = entries.first().copied() else { return };
    entries.resize_with(1_000 + rng.below(4_000), || types::PartialSignatureMessage {
        signing_root: Root::left_padding_from(&rng.next().to_le_bytes()),
        ..first
    });
}

/// The value of another view, of doubled entries, or damaged.
fn bent_value(rng: &mut Rng, value: &[u8]) -> Vec<u8> {
    if let Ok(mut vote) = BeaconVote::from_ssz_bytes(value) {
        match rng.below(3) {
            0 => vote.block_root = Root::repeat_byte(rng.byte()),
            1 => vote.target.root = Root::repeat_byte(rng.byte()),
            _ => vote.target.epoch = types::Epoch(rng.next() % 8),
        }
        return vote.as_ssz_bytes();
    }
    if let Ok(data) = AggregatorCommitteeConsensusData::<Mainnet>::from_ssz_bytes(value)
        && rng.below(4) > 0
    {
        return bent_committee_data(rng, data);
    }
    if let Ok(data) = ProposerConsensusData::from_ssz_bytes(value)
        && rng.below(4) > 0
    {
        return bent_duty_data(rng, data);
    }
    let mut bytes = value.to_vec();
    let place = rng.below(bytes.len());
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << rng.below(8);
    }
    bytes
}

fn bent_committee_data(rng: &mut Rng, mut data: AggregatorCommitteeConsensusData<Mainnet>) -> Vec<u8> {
    let selection_proof = SignatureBytes([rng.byte(); 96]);
    let doubled = if rng.one_in(2) { &data.aggregators[..] } else { &[] };
    if let Some(mut again) = doubled.first().copied() {
        again.selection_proof = selection_proof;
        let _ = data.aggregators.push(again);
    } else if let Some(mut again) = data.contributors.first().copied() {
        again.selection_proof = selection_proof;
        let _ = data.contributors.push(again);
    }
    data.as_ssz_bytes()
}

fn bent_duty_data(rng: &mut Rng, mut data: ProposerConsensusData) -> Vec<u8> {
    if let Ok(mut contributions) = Contributions::<Mainnet>::from_ssz_bytes(&data.data_ssz)
        && let Some(mut again) = contributions.0.first().cloned()
        && rng.one_in(2)
    {
        again.contribution.beacon_block_root = Root::repeat_byte(rng.byte());
        let _ = contributions.0.push(again);
        data.data_ssz = ByteList::new(contributions.as_ssz_bytes()).unwrap_or_default();
        return data.as_ssz_bytes();
    }
    match rng.below(4) {
        0 => data.duty.slot = Slot(rng.next() % 80),
        1 => data.version = (rng.next() % 9).into(),
        2 => data.duty.validator_index = ValidatorIndex(FIRST + rng.next() % 3),
        _ => {
            let mut bytes = data.data_ssz.to_vec();
            let place = rng.below(bytes.len().min(120));
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << rng.below(8);
            }
            data.data_ssz = ByteList::new(bytes).unwrap_or_default();
        }
    }
    data.as_ssz_bytes()
}
