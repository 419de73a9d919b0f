//! A peer that only listens: it joins the topics of committees, in every fork of the network, and writes down one JSON line for each
//! message that it hears: on which topic, and what the message itself says of its slot, domain and role. It judges nothing, relays
//! nothing and publishes nothing, so that what operators hear they hear of each other.
//!
//! ```text
//! listener --network network.toml --out heard.jsonl --committee 1,2,3,4 [--committee ..] [--bootnode enr:..]
//! ```

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use network::{InboundMessage, Network, NetworkConfig, NetworkEvent, NetworkHandle, Verdict};
use testkit::outsider::Arguments;
use types::{
    Decode, MessageId, MsgType, NetworkRules, PartialSignatureMessages, QbftMessage, SignedSsvMessage, Slot,
    SsvFork,
};

/// What a message says of itself.
struct Heard {
    slot: Slot,
    id: MessageId,
    kind: &'static str,
    operators: Vec<String>,
    /// Whose each partial signature is, as often as there is one of it.
    validators: Vec<String>,
}

/// Reads a message; nothing of it is verified. None if it is none.
fn read(bytes: &[u8]) -> Option<Heard> {
    let message = SignedSsvMessage::from_ssz_bytes(bytes).ok()?;
    let data = &message.ssv_message.data;
    let (kind, slot, validators) = match message.ssv_message.msg_type {
        MsgType::Consensus => ("consensus", QbftMessage::from_ssz_bytes(data).ok()?.height, Vec::new()),
        MsgType::PartialSignature => {
            let bundle = PartialSignatureMessages::from_ssz_bytes(data).ok()?;
            let validators = bundle.messages.iter().map(|one| one.validator_index.to_string()).collect();
            ("partial_signatures", bundle.slot, validators)
        }
        MsgType::Dkg | MsgType::Other(_) => return None,
    };
    let operators = message.operator_ids.iter().map(ToString::to_string).collect();
    Some(Heard { slot, id: message.ssv_message.msg_id, kind, operators, validators })
}

/// The line about a message on the topic of this name.
fn line(topic: &str, bytes: &[u8]) -> String {
    let Some(Heard { slot, id, kind, operators, validators }) = read(bytes) else {
        return format!(r#"{{"topic":"{topic}","unreadable_bytes":{}}}"#, bytes.len());
    };
    format!(
        r#"{{"topic":"{topic}","slot":{slot},"domain":"{}","role":{},"kind":"{kind}","operators":[{}],"validators":[{}]}}"#,
        id.domain(),
        id.role().number(),
        operators.join(","),
        validators.join(",")
    )
}

/// Announces the newest fork that was heard. Whoever opens a connection later stays only if both announce one fork.
async fn follow(network: &NetworkHandle, announced: &mut SsvFork, heard: SsvFork) {
    if heard > *announced {
        *announced = heard;
        if let Err(error) = network.set_fork(heard).await {
            eprintln!("not announced: {error}");
        }
    }
}

async fn listen(
    rules: Arc<NetworkRules>,
    arguments: &Arguments,
    mut out: File,
) -> Result<(), Box<dyn Error>> {
    let config = NetworkConfig { bootnodes: arguments.bootnodes.clone(), ..NetworkConfig::loopback() };
    let mut announced = config.fork;
    let (network, mut events) = Network::start(config, Arc::clone(&rules)).await?;
    let forks = rules.forks.rows().iter().map(|row| row.fork);
    network.subscribe(forks.flat_map(|fork| arguments.topics(fork))).await?;
    writeln!(std::io::stdout(), "listening as {}", network.peer_id())?;

    while let Some(event) = events.recv().await {
        let NetworkEvent::Message(InboundMessage { receipt, topic, data, .. }) = event else { continue };
        network.verdict(receipt, Verdict::Ignore);
        follow(&network, &mut announced, topic.fork).await;
        writeln!(out, "{}", line(&rules.topic(topic.fork, topic.subnet), &data))?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let out = File::create(arguments.text("out")?)?;
    listen(Arc::new(arguments.rules()?), &arguments, out).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test panics")]
mod tests {
    use super::*;
    use types::{
        ByteList, CommitteeId, DomainType, Encode, List, OperatorId, PartialSignatureMessage,
        PartialSignatureType, QbftMessageType, Root, Round, RunnerRole, SignatureBytes, SsvMessage,
        ValidatorIndex,
    };

    const BOOLE: DomainType = DomainType([0, 0, 4, 3]);

    fn sealed(role: RunnerRole, msg_type: MsgType, data: Vec<u8>, operators: &[u64]) -> Vec<u8> {
        let committee = CommitteeId::of(&[1, 2, 3, 4].map(OperatorId));
        let msg_id = MessageId::committee(BOOLE, role, &committee);
        SignedSsvMessage {
            signatures: List::new(vec![ByteList::new(vec![9; 256]).unwrap(); operators.len()]).unwrap(),
            operator_ids: List::new(operators.iter().copied().map(OperatorId).collect()).unwrap(),
            ssv_message: SsvMessage { msg_type, msg_id, data: ByteList::new(data).unwrap() },
            full_data: ByteList::empty(),
        }
        .as_ssz_bytes()
    }

    #[test]
    fn a_consensus_message_tells_its_height_and_a_bundle_its_slot() {
        let commit = QbftMessage {
            msg_type: QbftMessageType::Commit,
            height: Slot(40),
            round: Round(1),
            identifier: ByteList::empty(),
            root: Root::default(),
            data_round: Round(0),
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        let bytes = sealed(RunnerRole::Committee, MsgType::Consensus, commit.as_ssz_bytes(), &[1, 3, 4]);
        assert_eq!(
            line("ssv.v2.114", &bytes),
            r#"{"topic":"ssv.v2.114","slot":40,"domain":"0x00000403","role":0,"kind":"consensus","operators":[1,3,4],"validators":[]}"#
        );
        let entry = PartialSignatureMessage {
            partial_signature: SignatureBytes([7; 96]),
            signing_root: Root::default(),
            signer: OperatorId(2),
            validator_index: ValidatorIndex(9),
        };
        let bundle = PartialSignatureMessages {
            msg_type: PartialSignatureType::AggregatorCommittee,
            slot: Slot(41),
            messages: List::new(vec![entry; 2]).unwrap(),
        };
        let bytes =
            sealed(RunnerRole::AggregatorCommittee, MsgType::PartialSignature, bundle.as_ssz_bytes(), &[2]);
        assert_eq!(
            line("/ssv/local/boole/11", &bytes),
            r#"{"topic":"/ssv/local/boole/11","slot":41,"domain":"0x00000403","role":6,"kind":"partial_signatures","operators":[2],"validators":[9,9]}"#
        );
    }

    #[test]
    fn what_cannot_be_read_is_written_down_too() {
        let unreadable = |bytes: &[u8]| line("t", bytes);
        assert_eq!(unreadable(b"nonsense"), r#"{"topic":"t","unreadable_bytes":8}"#);
        let empty = sealed(RunnerRole::Committee, MsgType::Consensus, Vec::new(), &[1]);
        assert_eq!(unreadable(&empty), format!(r#"{{"topic":"t","unreadable_bytes":{}}}"#, empty.len()));
        let dkg = sealed(RunnerRole::Committee, MsgType::Dkg, Vec::new(), &[1]);
        assert_eq!(unreadable(&dkg), format!(r#"{{"topic":"t","unreadable_bytes":{}}}"#, dkg.len()));
    }
}
