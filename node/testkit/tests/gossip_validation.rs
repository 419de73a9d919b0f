//! Gossip is validated before it is relayed: three real nodes in a line, the middle one validates.
//!
//! The first node says something wrong, one rule at a time. The middle one must come to the right refusal and verdict,
//! the last one must never hear of it, and a good message must still come through after each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

mod gossip;

use gossip::line::Line;
use gossip::messages::{Committee, Forged, SLOT};
use network::{MAX_PUBLISH_BYTES, PublishError};
use types::{DomainType, OperatorId, PartialSignatureType, RunnerRole, SignedSsvMessage, Slot, SubnetId};
use validation::{Refusal, Verdict};

/// One thing wrong with a message, and what must follow.
struct Case {
    rule: &'static str,
    forge: fn(&mut Forged),
    refusal: Refusal,
}

const CASES: &[Case] = &[
    Case {
        rule: "size: more partial signatures than the network carries",
        forge: |m| m.become_bundle(PartialSignatureType::PostConsensus, 1_051),
        refusal: Refusal::PartialSignaturesTooBig,
    },
    Case {
        rule: "SSZ: an offset that points nowhere",
        forge: |m| m.damage = Some((0, 0xff)),
        refusal: Refusal::Malformed,
    },
    Case {
        rule: "SSZ: data that is no consensus message",
        forge: |m| m.data = Some(vec![1; 60]),
        refusal: Refusal::UndecodableData,
    },
    Case { rule: "no signer", forge: |m| m.signers.clear(), refusal: Refusal::NoSigners },
    Case {
        rule: "signers not sorted",
        forge: |m| m.signers = vec![OperatorId(2), OperatorId(1), OperatorId(3)],
        refusal: Refusal::SignersNotSorted,
    },
    Case {
        rule: "signers not unique",
        forge: |m| m.signers = vec![OperatorId(1), OperatorId(2), OperatorId(2)],
        refusal: Refusal::DuplicatedSigner,
    },
    Case {
        rule: "signer not known",
        forge: |m| m.signers = vec![OperatorId(99)],
        refusal: Refusal::UnknownOperator,
    },
    Case {
        rule: "domain of another network",
        forge: |m| m.domain = DomainType([0, 0, 0, 1]),
        refusal: Refusal::WrongDomain,
    },
    Case {
        rule: "role of another fork",
        forge: |m| m.role = RunnerRole::AggregatorCommittee,
        refusal: Refusal::InvalidRole,
    },
    Case {
        rule: "committee that does not exist",
        forge: |m| m.committee.0[0] ^= 1,
        refusal: Refusal::NonExistentCommittee,
    },
    Case {
        rule: "signer of another committee",
        forge: |m| m.signers = vec![OperatorId(5)],
        refusal: Refusal::SignerNotInCommittee,
    },
    Case {
        rule: "topic of another committee",
        forge: |m| m.topic.subnet = SubnetId::new(36).unwrap(),
        refusal: Refusal::IncorrectTopic,
    },
    Case {
        rule: "slot before its time",
        forge: |m| m.slot = Slot(SLOT.get() + 1_000),
        refusal: Refusal::EarlySlot,
    },
    Case {
        rule: "slot after its time",
        forge: |m| m.slot = Slot(SLOT.get() - 1_000),
        // The round of so old a slot is plausible, so the window itself refuses.
        refusal: Refusal::LateSlot,
    },
    Case {
        rule: "RSA: signed with another operator's key",
        forge: |m| m.sign_as = Some(OperatorId(2)),
        refusal: Refusal::SignatureVerification,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_not_relayed_and_what_is_good_is() {
    let committee = Committee::new();
    let mut line = Line::start(&committee).await;
    let mut slots = (0..).map(|back| Slot(SLOT.get() - back));

    let good = committee.good(slots.next().unwrap());
    line.first_message_reaches_the_last(good.encode(&committee), good.topic).await;

    for case in CASES {
        let mut forged = committee.good(slots.next().unwrap());
        (case.forge)(&mut forged);
        let bytes = forged.encode(&committee);
        let before = line.score_of_sender().await;
        line.publish(forged.topic, bytes.clone()).await;
        let outcome = line.outcome_of(&bytes).await;
        assert_eq!(outcome, Err(case.refusal), "{}", case.rule);

        let cost = before - line.score_of_sender().await;
        match case.refusal.verdict() {
            Verdict::Reject => assert!(cost > 1.0, "{}: the forwarder is punished, {cost}", case.rule),
            Verdict::Ignore => assert!(cost < 1.0, "{}: nobody is punished, {cost}", case.rule),
            Verdict::Accept => panic!("{}: a refusal is never accepted", case.rule),
        }

        // The very next thing the last node hears is the good message.
        let good = committee.good(slots.next().unwrap());
        let bytes = good.encode(&committee);
        line.publish(good.topic, bytes.clone()).await;
        assert_eq!(line.outcome_of(&bytes).await, Ok(()), "{}", case.rule);
        assert_eq!(line.heard_by_the_last().await, bytes, "{}", case.rule);
    }
    line.is_still_a_line().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_above_the_limit_does_not_leave_the_sender() {
    let committee = Committee::new();
    let line = Line::start(&committee).await;
    let topic = committee.good(SLOT).topic;
    let refused = line.try_publish(topic, vec![0; MAX_PUBLISH_BYTES + 1]).await;
    assert_eq!(refused, Err(PublishError::TooLarge(MAX_PUBLISH_BYTES + 1)));
    const { assert!(MAX_PUBLISH_BYTES >= SignedSsvMessage::MAX_SSZ_LEN) };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_twice_is_relayed_once() {
    let committee = Committee::new();
    let mut line = Line::start(&committee).await;
    let good = committee.good(SLOT);
    line.first_message_reaches_the_last(good.encode(&committee), good.topic).await;

    // The same step again in other bytes: gossip does not know that it is the same, validation does.
    let mut again = committee.good(SLOT);
    again.root[0] ^= 1;
    let bytes = again.encode(&committee);
    line.publish(again.topic, bytes.clone()).await;
    assert_eq!(line.outcome_of(&bytes).await, Err(Refusal::DuplicatedMessage));

    let next = committee.good(Slot(SLOT.get() - 1));
    let bytes = next.encode(&committee);
    line.publish(next.topic, bytes.clone()).await;
    assert_eq!(line.heard_by_the_last().await, bytes);
}
