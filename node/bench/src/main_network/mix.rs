//! What the operators of the main network say in a slot.
//!
//! The mix follows from the protocol, because no published figure gives it. A duty with consensus is, as the reference counts for its
//! score parameters (`ssv network/topics/params/message_rate.go`), one proposal, a prepare and a commit of each operator, two decided messages
//! (of three and of four signers here), and a bundle of partial signatures of each operator after it; duties with a
//! proof have a bundle of each operator before it too. The duties of a slot:
//!
//! * a committee has one when a validator of it attests (one slot in 32) or is in the sync committee;
//! * an attester aggregates with probability 16 in the size of its beacon committee;
//! * a validator in the sync committee contributes with probability 16 in a quarter of it;
//! * a validator proposes with probability 1 in all of the beacon chain; a block counts for 100 kB;
//! * a validator's registration is signed anew every ten epochs, without consensus.
//!
//! All rounds are first rounds, so there are no round changes. Committees of four operators only: larger ones have more signatures for each
//! decided message, which makes the raw verification a larger part of the whole.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use types::{
    ByteList, DomainType, Encode, List, MessageId, MsgType, OperatorId, PartialSignatureMessage,
    PartialSignatureMessages, PartialSignatureType, PublicKeyBytes, QbftMessage, QbftMessageType, Root,
    Round, RunnerRole, SignatureBytes, SignedSsvMessage, Slot, SsvFork, SsvMessage, ValidatorIndex, leader,
};

use super::{BEACON_VALIDATORS, Committee, MainNetwork};

/// What a message is, for the shares of the mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The leader's value.
    Proposal,
    /// One operator's prepare.
    Prepare,
    /// One operator's commit.
    Commit,
    /// A quorum's commits in one.
    Decided,
    /// A bundle of partial signatures.
    PartialSignatures,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Proposal, Self::Prepare, Self::Commit, Self::Decided, Self::PartialSignatures];

    /// Its name in a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposal => "proposals",
            Self::Prepare => "prepares",
            Self::Commit => "commits",
            Self::Decided => "decided",
            Self::PartialSignatures => "partial signatures",
        }
    }
}

/// A message that its signers have not signed yet.
#[derive(Debug)]
pub struct Payload {
    /// What it is.
    pub kind: Kind,
    /// Place of its committee in the network's list.
    pub committee: usize,
    /// What is signed.
    pub message: SsvMessage,
    /// Who signs.
    pub signers: Vec<OperatorId>,
    /// The value in consensus, where it travels.
    pub full_data: Vec<u8>,
}

impl Payload {
    /// The gossip payload with these signatures, one for each signer.
    ///
    /// # Errors
    /// When there are more than a message can carry.
    pub fn signed(&self, signatures: &[[u8; 256]]) -> anyhow::Result<Vec<u8>> {
        let signatures = signatures.iter().map(|signature| ByteList::new(signature.to_vec()));
        let message = SignedSsvMessage {
            signatures: List::new(signatures.collect::<Result<_, _>>()?)?,
            operator_ids: List::new(self.signers.clone())?,
            ssv_message: self.message.clone(),
            full_data: ByteList::new(self.full_data.clone())?,
        };
        Ok(message.as_ssz_bytes())
    }
}

/// Sizes of the values that consensus is about, in bytes.
const BEACON_VOTE: usize = 112;
const AGGREGATE: usize = 730;
const CONTRIBUTION: usize = 420;
const BLOCK: usize = 100_000;

/// Slots between two registrations of one validator.
const REGISTRATION_SLOTS: u64 = 320;

/// All messages of a slot, in an order in which they may come.
///
/// # Errors
/// When a message does not fit its type, which is a defect of this module.
pub fn of_slot(network: &MainNetwork, slot: Slot) -> anyhow::Result<Vec<Payload>> {
    let mut rng = ChaCha20Rng::seed_from_u64(slot.get());
    let domain = network.rules.network.domain_at(slot);
    let mut payloads = Vec::new();
    for (place, committee) in network.committees.iter().enumerate() {
        let mut scribe = Scribe { rng: &mut rng, domain, slot, committee, place, payloads: &mut payloads };
        scribe.committee_duty(network)?;
        scribe.validator_duties(network)?;
    }
    Ok(payloads)
}

struct Scribe<'a> {
    rng: &'a mut ChaCha20Rng,
    domain: DomainType,
    slot: Slot,
    committee: &'a Committee,
    place: usize,
    payloads: &'a mut Vec<Payload>,
}

impl Scribe<'_> {
    fn committee_duty(&mut self, network: &MainNetwork) -> anyhow::Result<()> {
        let validators = self.committee.validators.iter().map(|(index, _)| *index);
        let attesting = validators.clone().filter(|index| attests(*index, self.slot));
        let syncing = validators.filter(|index| network.sync_committee.contains(index));
        let signing: Vec<_> = attesting.chain(syncing).collect();
        if signing.is_empty() {
            return Ok(());
        }
        let id = MessageId::committee(self.domain, RunnerRole::Committee, &self.committee.id);
        self.consensus(id, BEACON_VOTE)?;
        self.bundles(id, PartialSignatureType::PostConsensus, &signing)
    }

    fn validator_duties(&mut self, network: &MainNetwork) -> anyhow::Result<()> {
        use PartialSignatureType as Type;
        // 16 of a beacon committee of this size aggregate.
        let beacon_committee = BEACON_VALIDATORS / 2_048;
        for (index, key) in &self.committee.validators {
            if attests(*index, self.slot) && self.one_in(beacon_committee / 16) {
                self.duty_with_proof(RunnerRole::Aggregator, (*index, key), Type::SelectionProof, AGGREGATE)?;
            }
            if network.sync_committee.contains(index) && self.one_in(8) {
                let role = RunnerRole::SyncCommitteeContribution;
                self.duty_with_proof(role, (*index, key), Type::ContributionProofs, CONTRIBUTION)?;
            }
            if proposes(*index, self.slot) {
                self.duty_with_proof(RunnerRole::Proposer, (*index, key), Type::Randao, BLOCK)?;
            }
            if index.get() % REGISTRATION_SLOTS == self.slot.get() % REGISTRATION_SLOTS {
                let id = MessageId::validator(self.domain, RunnerRole::ValidatorRegistration, key);
                self.bundles(id, Type::ValidatorRegistration, &[*index])?;
            }
        }
        Ok(())
    }

    fn duty_with_proof(
        &mut self,
        role: RunnerRole,
        (index, key): (ValidatorIndex, &PublicKeyBytes),
        proof: PartialSignatureType,
        value: usize,
    ) -> anyhow::Result<()> {
        let id = MessageId::validator(self.domain, role, key);
        self.bundles(id, proof, &[index])?;
        self.consensus(id, value)?;
        self.bundles(id, PartialSignatureType::PostConsensus, &[index])
    }

    fn consensus(&mut self, id: MessageId, value: usize) -> anyhow::Result<()> {
        let operators = self.committee.operators.as_slice();
        let mut data = vec![0; value];
        self.rng.fill_bytes(&mut data);
        let root = types::message::full_data_root(&data);
        let mut say = |kind, msg_type, signers: &[OperatorId], full_data: &[u8]| {
            let message = QbftMessage {
                msg_type,
                height: self.slot,
                round: Round::FIRST,
                identifier: ByteList::new(id.0.to_vec())?,
                root,
                data_round: Round::NONE,
                round_change_justification: List::empty(),
                prepare_justification: List::empty(),
            };
            let data = ByteList::new(message.as_ssz_bytes())?;
            self.payloads.push(Payload {
                kind,
                committee: self.place,
                message: SsvMessage { msg_type: MsgType::Consensus, msg_id: id, data },
                signers: signers.to_vec(),
                full_data: full_data.to_vec(),
            });
            anyhow::Ok(())
        };
        let leader = leader(SsvFork::Alan, operators, self.slot, Round::FIRST);
        say(Kind::Proposal, QbftMessageType::Proposal, leader.as_slice(), &data)?;
        for operator in operators {
            say(Kind::Prepare, QbftMessageType::Prepare, &[*operator], &[])?;
        }
        for operator in operators {
            say(Kind::Commit, QbftMessageType::Commit, &[*operator], &[])?;
        }
        say(Kind::Decided, QbftMessageType::Commit, operators.get(..3).unwrap_or(operators), &data)?;
        say(Kind::Decided, QbftMessageType::Commit, operators, &data)
    }

    fn bundles(
        &mut self,
        id: MessageId,
        msg_type: PartialSignatureType,
        validators: &[ValidatorIndex],
    ) -> anyhow::Result<()> {
        for operator in &self.committee.operators {
            let mut entries = Vec::with_capacity(validators.len());
            for index in validators {
                let (mut signature, mut root) = (SignatureBytes([0; 96]), Root::ZERO);
                self.rng.fill_bytes(&mut signature.0);
                self.rng.fill_bytes(&mut root.0);
                entries.push(PartialSignatureMessage {
                    partial_signature: signature,
                    signing_root: root,
                    signer: *operator,
                    validator_index: *index,
                });
            }
            let bundle =
                PartialSignatureMessages { msg_type, slot: self.slot, messages: List::new(entries)? };
            let data = ByteList::new(bundle.as_ssz_bytes())?;
            self.payloads.push(Payload {
                kind: Kind::PartialSignatures,
                committee: self.place,
                message: SsvMessage { msg_type: MsgType::PartialSignature, msg_id: id, data },
                signers: vec![*operator],
                full_data: Vec::new(),
            });
        }
        Ok(())
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.rng.next_u64().is_multiple_of(many.max(1))
    }
}

/// A scattered number for a validator and a moment.
const fn scatter(index: ValidatorIndex, moment: u64) -> u64 {
    let mixed = (index.get() ^ moment.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

/// Whether a validator attests in a slot: in one of the 32 of each epoch.
const fn attests(index: ValidatorIndex, slot: Slot) -> bool {
    scatter(index, slot.get() / 32) % 32 == slot.get() % 32
}

/// Whether a validator proposes in a slot.
pub(super) const fn proposes(index: ValidatorIndex, slot: Slot) -> bool {
    scatter(index, slot.get().wrapping_add(1 << 40)).is_multiple_of(BEACON_VALIDATORS)
}
