//! A second live copy of this operator, recognised by what it says.
//!
//! Two nodes that sign with the same shares do not know what the other one signed: a validator can be slashed for the two votes they
//! make. So a node listens for itself. A message is another copy's if all of this holds:
//!
//! * its only signer is this operator, and the signature is that of its key (the intake has verified it);
//! * this process did not make it: every own message is signed at one place (`Identity::sign`), and remembered there before
//!   anybody else can have it;
//! * its slot is later than that of our start. What an earlier process of this operator said may still come back; it spoke for slots up
//!   to the one it stopped in.
//!
//! After a start a node listens for a whole slot before it says a word itself ([`crate::schedule`]): so a newcomer hears the copy that is
//! at work, and stops, before that one hears the newcomer.
//!
//! Echoes that come back by way of peers, however late or often, are recognised. Whoever stores our messages to send them again long
//! after cannot trip the rule either: when the memory is full its oldest slot is forgotten, and messages of that slot and of those
//! before it are not judged any more.
//!
//! From the first such message on this process signs no message any more ([`crate::SignError::SecondCopy`]), and the node ends with the
//! exit code that says that a person must choose.
//!
//! **Bound**: [`REMEMBERED`] messages, 32 bytes each; the oldest slot leaves first.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use types::{
    Decode, MsgType, OperatorId, PartialSignatureMessages, QbftMessage, RunnerRole, Slot, SsvMessage,
};

/// Own messages that are remembered: with 500 committees and 16 messages a slot each, those of sixteen slots.
const REMEMBERED: usize = 1 << 17;

type Digest = [u8; 32];

/// How another copy of this operator showed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondCopy {
    /// This operator.
    pub operator: OperatorId,
    /// The duty it spoke about.
    pub slot: Slot,
    /// The kind of duty.
    pub role: RunnerRole,
    /// The peer that brought the message.
    pub from: String,
}

impl fmt::Display for SecondCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operator, slot, role, from } = self;
        write!(
            f,
            "another live copy of operator {operator} is at work: peer {from} brought a message for slot {slot} ({role:?}) that is signed \
             with this operator's key and was not made by this node. Two copies get validators slashed, so this one stops. Find and stop \
             the other one (an old machine, a second container, a restored backup), then start this node again; if there is none, \
             somebody has the operator key: exit or move the validators"
        )
    }
}

/// What was said, and from where on it counts.
#[derive(Debug)]
struct Memory {
    said: BTreeMap<Slot, HashSet<Digest>>,
    count: usize,
    bound: usize,
    /// Messages of slots up to this one are not judged.
    unjudged: Slot,
}

impl Memory {
    /// A memory that judges nothing before it [`begins`](Self::begin).
    const fn with_bound(bound: usize) -> Self {
        Self { said: BTreeMap::new(), count: 0, bound, unjudged: Slot(u64::MAX) }
    }

    fn begin(&mut self, start: Slot) {
        // Beginning again must not judge what was forgotten meanwhile.
        let forgotten = (self.unjudged != Slot(u64::MAX)).then_some(self.unjudged);
        self.unjudged = forgotten.map_or(start, |forgotten| forgotten.max(start));
    }

    fn say(&mut self, slot: Slot, digest: Digest) {
        if self.said.entry(slot).or_default().insert(digest) {
            self.count = self.count.saturating_add(1);
        }
        while self.count > self.bound
            && let Some((oldest, digests)) = self.said.pop_first()
        {
            self.count = self.count.saturating_sub(digests.len());
            self.unjudged = self.unjudged.max(oldest);
        }
    }

    fn is_foreign(&self, slot: Slot, digest: &Digest) -> bool {
        slot > self.unjudged && !self.said.get(&slot).is_some_and(|said| said.contains(digest))
    }
}

/// What this process has said with the operator's key, and whether somebody else says things with it too.
#[derive(Clone)]
pub(crate) struct Voice {
    memory: Arc<Mutex<Memory>>,
    heard: Arc<watch::Sender<Option<SecondCopy>>>,
}

impl Default for Voice {
    fn default() -> Self {
        let memory = Arc::new(Mutex::new(Memory::with_bound(REMEMBERED)));
        Self { memory, heard: Arc::new(watch::Sender::new(None)) }
    }
}

impl Voice {
    /// Messages for slots after `start` count from now on. Without this call nobody is a second copy.
    pub(crate) fn begin(&self, start: Slot) {
        self.memory().begin(start);
    }

    /// Whether another copy is listened for.
    pub(crate) fn listens(&self) -> bool {
        self.memory().unjudged != Slot(u64::MAX)
    }

    /// Remembers an own message. To be called before anybody else can have it.
    pub(crate) fn say(&self, message: &SsvMessage) {
        if let Some(slot) = slot_of(message) {
            self.memory().say(slot, message.signed_digest());
        }
    }

    /// Judges a message whose only signer is this operator, and whose signature holds. True if another copy made it; the first one is
    /// told to everybody who [listens](Self::listen).
    pub(crate) fn hear(
        &self,
        message: &SsvMessage,
        slot: Slot,
        told: impl FnOnce() -> (OperatorId, String),
    ) -> bool {
        if !self.memory().is_foreign(slot, &message.signed_digest()) {
            return false;
        }
        self.heard.send_if_modified(|heard| {
            let is_first = heard.is_none();
            if is_first {
                let (operator, from) = told();
                *heard = Some(SecondCopy { operator, slot, role: message.msg_id.role(), from });
            }
            is_first
        });
        true
    }

    /// Whether another copy was heard.
    pub(crate) fn is_doubled(&self) -> bool {
        self.heard.borrow().is_some()
    }

    /// Changes once, when another copy is heard.
    pub(crate) fn listen(&self) -> watch::Receiver<Option<SecondCopy>> {
        self.heard.subscribe()
    }

    // The lock is held for plain map operations that do not panic half-way.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slot that a message of ours is about.
fn slot_of(message: &SsvMessage) -> Option<Slot> {
    match message.msg_type {
        MsgType::Consensus => QbftMessage::from_ssz_bytes(&message.data).ok().map(|message| message.height),
        MsgType::PartialSignature => {
            PartialSignatureMessages::from_ssz_bytes(&message.data).ok().map(|bundle| bundle.slot)
        }
        MsgType::Dkg | MsgType::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use types::{
        ByteList, DomainType, Encode, List, MessageId, PartialSignatureMessage, PartialSignatureType,
        QbftMessageType, Root, Round, SignatureBytes, ValidatorIndex,
    };

    use super::*;

    fn id() -> MessageId {
        let role = RunnerRole::Committee;
        MessageId::committee(DomainType([0, 0, 4, 2]), role, &types::CommitteeId([7; 32]))
    }

    fn prepare(slot: u64, root: u8) -> SsvMessage {
        let data = QbftMessage {
            msg_type: QbftMessageType::Prepare,
            height: Slot(slot),
            round: Round(1),
            identifier: ByteList::try_from(id().as_ref()).unwrap(),
            root: Root::repeat_byte(root),
            data_round: Round(0),
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        let data = ByteList::new(data.as_ssz_bytes()).unwrap();
        SsvMessage { msg_type: MsgType::Consensus, msg_id: id(), data }
    }

    fn bundle(slot: u64) -> SsvMessage {
        let entry = PartialSignatureMessage {
            partial_signature: SignatureBytes([1; 96]),
            signing_root: Root::ZERO,
            signer: OperatorId(1),
            validator_index: ValidatorIndex(3),
        };
        let bundle = PartialSignatureMessages {
            msg_type: PartialSignatureType::PostConsensus,
            slot: Slot(slot),
            messages: List::new(vec![entry]).unwrap(),
        };
        let data = ByteList::new(bundle.as_ssz_bytes()).unwrap();
        SsvMessage { msg_type: MsgType::PartialSignature, msg_id: id(), data }
    }

    fn hear(voice: &Voice, message: &SsvMessage) -> bool {
        let slot = slot_of(message).unwrap();
        voice.hear(message, slot, || (OperatorId(5), "12D3".to_owned()))
    }

    fn begun(start: u64) -> Voice {
        let voice = Voice::default();
        voice.begin(Slot(start));
        voice
    }

    #[test]
    fn own_echoes_are_recognised_whatever_they_say() {
        let voice = begun(10);
        for message in [prepare(12, 1), bundle(12), prepare(13, 1)] {
            voice.say(&message);
            assert!(!hear(&voice, &message) && !hear(&voice, &message));
        }
        assert!(!voice.is_doubled());
    }

    #[test]
    fn what_this_process_did_not_say_is_another_copys() {
        for message in [prepare(12, 2), bundle(13), prepare(14, 1)] {
            let voice = begun(10);
            let told = voice.listen();
            assert!(told.borrow().is_none());
            voice.say(&prepare(12, 1));
            assert!(hear(&voice, &message));
            assert!(voice.is_doubled());
            let told = told.borrow().clone().unwrap();
            assert_eq!(Some(told.slot), slot_of(&message));
            assert!(
                told.to_string().contains("operator 5") && told.to_string().contains("stop the other one")
            );
        }
    }

    #[test]
    fn what_an_earlier_process_said_does_not_count() {
        let voice = begun(10);
        for slot in [3, 9, 10] {
            assert!(!hear(&voice, &prepare(slot, 1)), "slot {slot}");
        }
        assert!(hear(&voice, &prepare(11, 1)));
    }

    #[test]
    fn before_it_begins_nothing_counts() {
        let voice = Voice::default();
        assert!(!hear(&voice, &prepare(1 << 40, 1)) && !voice.listens());
        voice.begin(Slot(1));
        assert!(voice.listens());
    }

    #[test]
    fn the_first_one_is_told_and_no_other() {
        let voice = begun(10);
        assert!(hear(&voice, &prepare(20, 1)) && hear(&voice, &prepare(21, 1)));
        assert_eq!(voice.listen().borrow().as_ref().map(|copy| copy.slot), Some(Slot(20)));
    }

    #[test]
    fn what_was_forgotten_is_not_judged() {
        let mut memory = Memory::with_bound(3);
        memory.begin(Slot(10));
        for (slot, digest) in [(12, 1), (13, 1), (13, 1), (13, 2), (14, 1)] {
            memory.say(Slot(slot), [digest; 32]);
        }
        assert_eq!((memory.count, memory.unjudged), (3, Slot(12)), "the same message twice is one");
        assert!(!memory.is_foreign(Slot(12), &[1; 32]), "a replay of what was forgotten");
        assert!(memory.is_foreign(Slot(13), &[9; 32]));
        memory.say(Slot(11), [1; 32]);
        assert_eq!(memory.unjudged, Slot(12), "an older slot than what was forgotten changes nothing");
        // One slot with more messages than there is place for is not judged either.
        (0..9).for_each(|digest| memory.say(Slot(15), [digest; 32]));
        assert!((0..9).all(|digest| !memory.is_foreign(Slot(15), &[digest; 32])));
        assert!(memory.count <= 3);
    }

    #[test]
    fn who_begins_again_does_not_judge_what_was_forgotten() {
        let mut memory = Memory::with_bound(1);
        memory.begin(Slot(10));
        memory.say(Slot(20), [1; 32]);
        memory.say(Slot(21), [1; 32]);
        memory.begin(Slot(5));
        assert!(!memory.is_foreign(Slot(20), &[1; 32]));
        assert!(memory.is_foreign(Slot(22), &[1; 32]));
    }
}
