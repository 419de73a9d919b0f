//! The world the consensus vectors assume: a stubbed leader, value check and timer, and a network that keeps what is sent.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use crypto::rsa::OperatorPrivateKey;
use qbft::{
    Committee, CommitteeKeys, Config, Effect, Leader, Refusal, Step, ValueCheck, ValueRefusal, VerifySigner,
};
use sha2::{Digest, Sha256};
use types::{ByteList, CommitteeMember, OperatorId, RefusalCode, Round, SignedSsvMessage, Slot, SsvFork};

use super::state::TimerState;
use crate::codes;
use crate::keys::{LOCAL, TestKeys};
use crate::model::{SignedJson, root};

/// The cut-off round of the vectors; production has 12.
pub const CUT_OFF: Round = Round(15);
/// Vectors keep up to eleven instances; production keeps two.
const CAPACITY: usize = 1_024;

/// The leader of all vectors but the round-robin ones.
struct Always(OperatorId);

impl Leader for Always {
    fn leader(&self, _: Slot, _: Round) -> OperatorId {
        self.0
    }
}

/// Refuses one value, and none.
pub struct TestValueCheck;

impl ValueCheck for TestValueCheck {
    fn check(&self, full_data: &[u8]) -> Result<(), ValueRefusal> {
        if full_data.is_empty() || full_data == [1; 4] {
            return Err(ValueRefusal::rule(
                RefusalCode::QbftValueInvalid,
                "the value of the tests that is invalid",
            ));
        }
        Ok(())
    }
}

/// What a vector runs in, and what it has seen.
pub struct World<'a> {
    fork: SsvFork,
    /// For the instances or the controller.
    pub config: Arc<Config>,
    key: &'a OperatorPrivateKey,
    verifier: CommitteeKeys,
    /// Everything that was published, signed.
    pub broadcasts: Vec<SignedSsvMessage>,
    /// Every decided message.
    pub decided: Vec<SignedSsvMessage>,
    /// The timer.
    pub timer: TimerState,
    /// The last refusal; later successes do not clear it.
    pub refusal: Option<Refusal>,
}

impl<'a> World<'a> {
    /// The world of a committee whose leader is always `leader`.
    pub fn new(
        fork: SsvFork,
        keys: &'a TestKeys,
        member: &CommitteeMember,
        leader: OperatorId,
    ) -> Result<Self> {
        let verifier = CommitteeKeys::try_from(member)?;
        let config = Config {
            committee: Committee::from(member),
            leader: Arc::new(Always(leader)),
            verifier: Arc::new(verifier.clone()),
            cut_off: CUT_OFF,
            capacity: CAPACITY,
        };
        Ok(Self {
            fork,
            config: Arc::new(config),
            key: keys.local(member.committee.len())?,
            verifier,
            broadcasts: Vec::new(),
            decided: Vec::new(),
            timer: TimerState::default(),
            refusal: None,
        })
    }

    /// Carries out what a step asks for, in its order.
    pub fn carry_out(&mut self, step: Step) -> Result<()> {
        for effect in step.effects {
            match effect {
                Effect::ArmTimer { round, .. } => {
                    self.timer = TimerState { timeouts: self.timer.timeouts + 1, round: round.get() };
                }
                Effect::Broadcast(unsigned) => {
                    let message = sign(self.key, unsigned)?;
                    self.broadcasts.push(message);
                }
                Effect::Decided(message) => self.decided.push(message),
                Effect::PublishDecided(message) => self.broadcasts.push(message),
            }
        }
        self.refusal = step.refusal.or(self.refusal.take());
        Ok(())
    }

    /// The last refusal has the expected number; 0 means there was none, numbered or not.
    pub fn check_refusal(&self, expected: u64) -> Result<()> {
        codes::check(
            self.fork,
            expected,
            self.refusal.as_ref().map(|refusal| (refusal.code(), refusal.to_string())),
        )
    }

    /// The timer is as expected, if the vector says how.
    pub fn check_timer(&self, expected: Option<TimerState>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        ensure!(self.timer == expected, "timer: expected {expected:?}, got {:?}", self.timer);
        Ok(())
    }

    /// Exactly these messages were published, in this order, and each verifies.
    pub fn check_broadcasts(&self, expected: &[SignedJson]) -> Result<()> {
        let (sent, due) = (self.broadcasts.len(), expected.len());
        ensure!(sent == due, "{due} messages should have been published, {sent} were");
        for (index, (sent, due)) in self.broadcasts.iter().zip(expected).enumerate() {
            ensure!(root(sent) == root(&due.require()?), "published message {index} differs: {sent:?}");
            let digest = Sha256::digest(sent.ssv_message.signed_bytes()).into();
            let mut signatures = sent.operator_ids.iter().zip(&sent.signatures);
            let good =
                signatures.all(|(signer, signature)| self.verifier.verify(*signer, &digest, signature));
            ensure!(good, "published message {index} does not verify");
        }
        Ok(())
    }
}

/// Signs a message of the local operator.
pub fn sign(key: &OperatorPrivateKey, unsigned: qbft::Unsigned) -> Result<SignedSsvMessage> {
    let signature = key.sign(&unsigned.message.signed_bytes())?;
    let signed = unsigned.signed(LOCAL, ByteList::try_from(&signature[..])?);
    signed.validate().context("an own message is malformed")?;
    Ok(signed)
}
