//! The course of one duty as it is heard: who sent what and when, and which rounds this node went through.
//!
//! It is noted where messages come in, whether the duty's machine still runs, takes the message or refuses it: what an operator did and
//! when is a fact of its own. One course serves all records of its machine, so that a message costs the same whether the committee
//! has one validator or a thousand.
//!
//! **Bounds**: [`outbox::MAX_OPERATORS`] operators and [`ROUNDS`] rounds a course.

use std::collections::BTreeMap;

use outbox::{DutyRecord, DutyRole, Heard, MAX_OPERATORS, RoundSpan, Times};
use types::{
    DomainType, MessageId, MsgType, PartialSignatureType, QbftMessageType, Round, RunnerRole,
    SignedSsvMessage, Slot,
};

/// Rounds of one course; no role has more.
const ROUNDS: usize = 16;

/// Which course: that of a slot, a role, and a committee or validator, whatever the domain.
pub(crate) type CourseKey = (Slot, MessageId);

/// The key of the course that messages with this id belong to.
pub(crate) fn key(slot: Slot, id: &MessageId) -> CourseKey {
    (slot, MessageId::new(DomainType::default(), id.role(), &id.executor()))
}

/// The keys of the courses that a record may belong to: aggregators run alone or in committees, by fork.
pub(crate) fn keys_of(record: &DutyRecord) -> impl Iterator<Item = CourseKey> + use<> {
    let domain = DomainType::default();
    let (slot, committee, validator) = (record.slot, record.committee_id, record.public_key);
    let alone = |role| Some(MessageId::validator(domain, role, &validator));
    let together = |role| Some(MessageId::committee(domain, role, &committee));
    let ids = match record.role {
        DutyRole::Attester | DutyRole::SyncCommittee => [together(RunnerRole::Committee), None],
        DutyRole::Aggregator => [alone(RunnerRole::Aggregator), together(RunnerRole::AggregatorCommittee)],
        DutyRole::SyncCommitteeContribution => {
            [alone(RunnerRole::SyncCommitteeContribution), together(RunnerRole::AggregatorCommittee)]
        }
        DutyRole::Proposer => [alone(RunnerRole::Proposer), None],
        DutyRole::ValidatorRegistration => [alone(RunnerRole::ValidatorRegistration), None],
        DutyRole::VoluntaryExit => [alone(RunnerRole::VoluntaryExit), None],
    };
    ids.into_iter().flatten().map(move |id| (slot, id))
}

/// What was heard of one duty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Course {
    rounds: BTreeMap<Round, RoundBook>,
    pre_signatures: Times,
    post_signatures: Times,
}

#[derive(Debug, Clone, Default)]
struct RoundBook {
    span: Option<RoundSpan>,
    proposals: Times,
    prepares: Times,
    commits: Times,
    round_changes: Times,
}

impl Course {
    /// Notes a message. True if it told something new.
    pub(crate) fn hear(&mut self, message: &SignedSsvMessage, micros: u64) -> bool {
        let Some(said) = Said::of(message) else { return false };
        let Some(times) = self.times_of(said) else { return false };
        let mut is_new = false;
        for operator in &message.operator_ids {
            if times.len() < MAX_OPERATORS && !times.contains_key(operator) {
                times.insert(*operator, micros);
                is_new = true;
            }
        }
        is_new
    }

    /// Notes that this node entered a round.
    pub(crate) fn enter(&mut self, round: Round, span: RoundSpan) {
        if let Some(book) = self.round(round) {
            book.span.get_or_insert(span);
        }
    }

    fn round(&mut self, round: Round) -> Option<&mut RoundBook> {
        let has_room = self.rounds.len() < ROUNDS || self.rounds.contains_key(&round);
        has_room.then(|| self.rounds.entry(round).or_default())
    }

    fn times_of(&mut self, said: Said) -> Option<&mut Times> {
        Some(match said {
            Said::Proposal(round) => &mut self.round(round)?.proposals,
            Said::Prepare(round) => &mut self.round(round)?.prepares,
            Said::Commit(round) => &mut self.round(round)?.commits,
            Said::RoundChange(round) => &mut self.round(round)?.round_changes,
            Said::PreSignature => &mut self.pre_signatures,
            Said::PostSignature => &mut self.post_signatures,
        })
    }

    /// Writes into a record what belongs to it.
    pub(crate) fn tell(&self, record: &mut DutyRecord) {
        let round =
            record.round.filter(|round| self.rounds.contains_key(round)).or_else(|| self.last_round());
        let book = round.and_then(|round| self.rounds.get(&round)).cloned().unwrap_or_default();
        record.heard = Heard {
            round,
            proposals: book.proposals,
            prepares: book.prepares,
            commits: book.commits,
            round_changes: book.round_changes,
            pre_signatures: self.pre_signatures.clone(),
            post_signatures: self.post_signatures.clone(),
        };
        let spans = self.rounds.iter().filter_map(|(round, book)| Some((*round, book.span?)));
        record.rounds = spans.collect();
    }

    /// The last round that this node entered, or else that anybody spoke in.
    fn last_round(&self) -> Option<Round> {
        let entered = self.rounds.iter().rev().find(|(_, book)| book.span.is_some());
        entered.or_else(|| self.rounds.last_key_value()).map(|(round, _)| *round)
    }
}

/// What a message says, as far as the books care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Proposal(Round),
    Prepare(Round),
    Commit(Round),
    RoundChange(Round),
    PreSignature,
    PostSignature,
}

impl Said {
    /// Both payloads begin with fixed numbers, so nothing is decoded that the duty's machine decodes anyway.
    fn of(message: &SignedSsvMessage) -> Option<Self> {
        let data: &[u8] = &message.ssv_message.data;
        let number = |place: usize| {
            let bytes = data.get(place..place.checked_add(8)?)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let kind = number(0)?;
        match message.ssv_message.msg_type {
            MsgType::Consensus => {
                let round = Round(number(16)?);
                match QbftMessageType::from(kind) {
                    QbftMessageType::Proposal => Some(Self::Proposal(round)),
                    QbftMessageType::Prepare => Some(Self::Prepare(round)),
                    QbftMessageType::Commit => Some(Self::Commit(round)),
                    QbftMessageType::RoundChange => Some(Self::RoundChange(round)),
                    QbftMessageType::Other(_) => None,
                }
            }
            MsgType::PartialSignature => match PartialSignatureType::from(kind) {
                PartialSignatureType::PostConsensus => Some(Self::PostSignature),
                PartialSignatureType::Randao
                | PartialSignatureType::SelectionProof
                | PartialSignatureType::ContributionProofs
                | PartialSignatureType::ValidatorRegistration
                | PartialSignatureType::VoluntaryExit
                | PartialSignatureType::AggregatorCommittee => Some(Self::PreSignature),
                PartialSignatureType::Other(_) => None,
            },
            MsgType::Dkg | MsgType::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{
        BeaconRole, ByteList, CommitteeId, CommitteeIndex, Encode, Epoch, List, OperatorId,
        PartialSignatureMessage, PartialSignatureMessages, PublicKeyBytes, QbftMessage, Root, SignatureBytes,
        SsvMessage, ValidatorDuty, ValidatorIndex,
    };

    const COMMITTEE: CommitteeId = CommitteeId([3; 32]);
    const VALIDATOR: PublicKeyBytes = PublicKeyBytes([1; 48]);

    fn signed(kind: MsgType, payload: &impl Encode, signers: &[u64]) -> SignedSsvMessage {
        let list = |signers: &[u64]| signers.iter().map(|id| OperatorId(*id)).collect::<Vec<_>>();
        SignedSsvMessage {
            signatures: List::empty(),
            operator_ids: List::try_from(list(signers)).unwrap(),
            ssv_message: SsvMessage {
                msg_type: kind,
                msg_id: MessageId::committee(DomainType([9; 4]), RunnerRole::Committee, &COMMITTEE),
                data: ByteList::try_from(payload.as_ssz_bytes()).unwrap(),
            },
            full_data: ByteList::empty(),
        }
    }

    fn consensus(kind: QbftMessageType, round: u64, signers: &[u64]) -> SignedSsvMessage {
        let message = QbftMessage {
            msg_type: kind,
            height: Slot(9),
            round: Round(round),
            identifier: ByteList::empty(),
            root: Root::repeat_byte(1),
            data_round: Round(0),
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        signed(MsgType::Consensus, &message, signers)
    }

    fn partial(kind: PartialSignatureType, signer: u64) -> SignedSsvMessage {
        let one = PartialSignatureMessage {
            partial_signature: SignatureBytes([0; 96]),
            signing_root: Root::repeat_byte(1),
            signer: OperatorId(signer),
            validator_index: ValidatorIndex(7),
        };
        let message = PartialSignatureMessages {
            msg_type: kind,
            slot: Slot(9),
            messages: List::try_from(vec![one]).unwrap(),
        };
        signed(MsgType::PartialSignature, &message, &[signer])
    }

    fn record(role: BeaconRole) -> DutyRecord {
        let duty = ValidatorDuty {
            role,
            public_key: VALIDATOR,
            slot: Slot(9),
            validator_index: ValidatorIndex(7),
            committee_index: CommitteeIndex(0),
            committee_length: 4,
            committees_at_slot: 1,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        };
        DutyRecord::open(Epoch(1), COMMITTEE, &duty).unwrap()
    }

    fn who(times: &Times) -> Vec<(u64, u64)> {
        times.iter().map(|(operator, micros)| (operator.get(), *micros)).collect()
    }

    #[test]
    fn the_deciding_round_is_told_and_the_first_word_counts() {
        use QbftMessageType::{Commit, Prepare, Proposal, RoundChange};
        let mut course = Course::default();
        assert!(course.hear(&consensus(Proposal, 1, &[2]), 10));
        assert!(course.hear(&consensus(Prepare, 1, &[1]), 11));
        assert!(course.hear(&consensus(RoundChange, 2, &[3]), 20));
        assert!(course.hear(&consensus(Prepare, 2, &[1]), 21));
        assert!(!course.hear(&consensus(Prepare, 2, &[1]), 22), "a second time tells nothing");
        assert!(course.hear(&consensus(Prepare, 2, &[4]), 23));
        assert!(course.hear(&consensus(Commit, 2, &[1, 3, 4]), 30), "a decided message");
        let mut record = record(BeaconRole::Attester);
        record.round = Some(Round(2));
        course.tell(&mut record);
        let heard = &record.heard;
        assert_eq!(heard.round, Some(Round(2)));
        assert!(heard.proposals.is_empty());
        assert_eq!(who(&heard.prepares), [(1, 21), (4, 23)]);
        assert_eq!(who(&heard.commits), [(1, 30), (3, 30), (4, 30)]);
        assert_eq!(who(&heard.round_changes), [(3, 20)]);
        record.round = Some(Round(1));
        course.tell(&mut record);
        assert_eq!(
            (who(&record.heard.proposals), who(&record.heard.prepares)),
            (vec![(2, 10)], vec![(1, 11)])
        );
    }

    #[test]
    fn without_a_proposal_the_last_round_that_was_entered_is_told() {
        let mut course = Course::default();
        let span = RoundSpan::new;
        course.enter(Round(1), span(1, 5));
        course.enter(Round(2), span(5, 9));
        course.enter(Round(2), span(6, 9));
        course.hear(&consensus(QbftMessageType::RoundChange, 3, &[1]), 8);
        let mut record = record(BeaconRole::Attester);
        course.tell(&mut record);
        assert_eq!(record.heard.round, Some(Round(2)));
        assert_eq!(record.rounds, [(Round(1), span(1, 5)), (Round(2), span(5, 9))].into());
    }

    #[test]
    fn partial_signatures_are_of_two_stages() {
        let mut course = Course::default();
        assert!(course.hear(&partial(PartialSignatureType::Randao, 1), 5));
        assert!(course.hear(&partial(PartialSignatureType::PostConsensus, 1), 6));
        assert!(!course.hear(&partial(PartialSignatureType::Other(9), 2), 7));
        let mut record = record(BeaconRole::Proposer);
        course.tell(&mut record);
        assert_eq!(who(&record.heard.pre_signatures), [(1, 5)]);
        assert_eq!(who(&record.heard.post_signatures), [(1, 6)]);
    }

    #[test]
    fn operators_and_rounds_are_bounded_and_nonsense_is_not_noted() {
        let mut course = Course::default();
        for operator in 1..=20 {
            course.hear(&consensus(QbftMessageType::Prepare, 1, &[operator]), operator);
        }
        for round in 2..=40 {
            course.hear(&consensus(QbftMessageType::Prepare, round, &[1]), round);
        }
        assert_eq!(course.rounds.len(), ROUNDS);
        assert_eq!(course.rounds[&Round(1)].prepares.len(), MAX_OPERATORS);
        let mut short = consensus(QbftMessageType::Prepare, 1, &[1]);
        short.ssv_message.data = ByteList::try_from(vec![1_u8; 12]).unwrap();
        assert!(!course.hear(&short, 1));
        assert!(!course.hear(&consensus(QbftMessageType::Other(9), 1, &[1]), 1));
    }

    #[test]
    fn records_find_their_course_under_either_fork() {
        let of = |role, domain| {
            let id = if matches!(role, RunnerRole::Aggregator) {
                MessageId::validator(domain, role, &VALIDATOR)
            } else {
                MessageId::committee(domain, role, &COMMITTEE)
            };
            key(Slot(9), &id)
        };
        let keys: Vec<_> = keys_of(&record(BeaconRole::Aggregator)).collect();
        let (alan, boole) = (DomainType([1; 4]), DomainType([2; 4]));
        assert_eq!(keys, [of(RunnerRole::Aggregator, alan), of(RunnerRole::AggregatorCommittee, boole)]);
        let keys: Vec<_> = keys_of(&record(BeaconRole::SyncCommittee)).collect();
        assert_eq!(keys, [of(RunnerRole::Committee, alan)]);
    }
}
