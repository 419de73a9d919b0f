//! An operator that signs badly, as a process of its own: it speaks with the key of a registered operator and sends, for every
//! bundle of partial signatures that a peer sends for a duty of their committee, the same bundle in its own name. Every signature in
//! it is a signature of the right thing by the wrong share, which nobody sees before it is verified. It takes no part in consensus
//! and holds no share.
//!
//! ```text
//! traitor --network network.toml --operator 2 --key operator.json --password operator.pass --network-key network.key
//!         --listen 127.0.0.1 --tcp 13001 --udp 12001 --fork boole --committee 1,2,3,4 [--committee ..] [--bootnode enr:..]
//! ```

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use crypto::keystore::{OperatorKeyFile, Password};
use crypto::rsa::OperatorPrivateKey;
use network::{InboundMessage, Network, NetworkConfig, NetworkEvent, NetworkKey, Verdict};
use testkit::outsider::Arguments;
use types::{
    ByteList, CommitteeId, Decode, Encode, List, MessageId, MsgType, OperatorId, PartialSignatureMessages,
    SignedSsvMessage, Slot, SsvFork, SsvMessage,
};

type Failure = Box<dyn Error>;

/// Slots of which it is remembered what was forged.
const REMEMBERED_SLOTS: u64 = 64;

/// Turns other operators' bundles into bad ones of its own, one for each that an honest operator would send.
struct Forger {
    operator: OperatorId,
    key: OperatorPrivateKey,
    committees: Vec<Vec<OperatorId>>,
    /// What was forged already: a second bundle of the kind would be refused by its rules, not by its signatures.
    done: BTreeSet<(Slot, MessageId, u64)>,
}

impl Forger {
    /// The bad bundle that answers `bytes`; none for other messages, own ones, and bundles that were answered before.
    fn forge(&mut self, bytes: &[u8]) -> Option<SignedSsvMessage> {
        let heard = SignedSsvMessage::from_ssz_bytes(bytes).ok()?;
        let author = heard.operator_ids.first().copied()?;
        // Topics are shared, and in another committee's name it would be refused before anybody looks at a signature. The ids
        // of validators' own duties do not tell whose they are.
        let id = heard.ssv_message.msg_id;
        let is_mine = self.committees.iter().any(|all| CommitteeId::of(all) == id.committee_id());
        if heard.ssv_message.msg_type != MsgType::PartialSignature
            || author == self.operator
            || !(id.role().is_committee_role() && is_mine)
        {
            return None;
        }
        let mut bundle = PartialSignatureMessages::from_ssz_bytes(&heard.ssv_message.data).ok()?;
        if !self.done.insert((bundle.slot, heard.ssv_message.msg_id, bundle.msg_type.number())) {
            return None;
        }
        let oldest = Slot(bundle.slot.get().saturating_sub(REMEMBERED_SLOTS));
        self.done.retain(|(slot, ..)| *slot >= oldest);
        let signed_by_me = bundle.messages.iter().cloned().map(|mut entry| {
            entry.signer = self.operator;
            entry
        });
        bundle.messages = List::collect(signed_by_me).ok()?;
        self.seal(heard.ssv_message.msg_id, &bundle)
    }

    fn seal(&self, msg_id: MessageId, bundle: &PartialSignatureMessages) -> Option<SignedSsvMessage> {
        let data = ByteList::new(bundle.as_ssz_bytes()).ok()?;
        let ssv_message = SsvMessage { msg_type: MsgType::PartialSignature, msg_id, data };
        let signature = self.key.sign_digest(&ssv_message.signed_digest()).ok()?;
        Some(SignedSsvMessage {
            signatures: List::new(vec![ByteList::new(signature.to_vec()).ok()?]).ok()?,
            operator_ids: List::new(vec![self.operator]).ok()?,
            ssv_message,
            full_data: ByteList::empty(),
        })
    }
}

fn open_key(arguments: &Arguments) -> Result<OperatorPrivateKey, Failure> {
    // What is trimmed from a password file matters to whoever wrote it, not here.
    let (password, _trimmed) = Password::from_file_content(&fs::read(arguments.text("password")?)?)?;
    Ok(OperatorKeyFile::parse(&fs::read_to_string(arguments.text("key")?)?)?.open(Some(&password))?)
}

fn open_network_key(path: &Path) -> Result<NetworkKey, Failure> {
    let text = fs::read_to_string(path)?;
    let mut bytes = [0; 32];
    let digits = text.trim().trim_start_matches("0x");
    for (at, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(at.saturating_mul(2)..at.saturating_mul(2).saturating_add(2));
        *byte = u8::from_str_radix(pair.ok_or("the network key is too short")?, 16)?;
    }
    Ok(NetworkKey::from_bytes(bytes)?)
}

fn fork(name: &str) -> Result<SsvFork, Failure> {
    match name {
        "alan" => Ok(SsvFork::Alan),
        "boole" => Ok(SsvFork::Boole),
        other => Err(format!("there is no fork {other}").into()),
    }
}

fn config(arguments: &Arguments, fork: SsvFork) -> Result<NetworkConfig, Failure> {
    let listen: IpAddr = arguments.text("listen")?.parse()?;
    Ok(NetworkConfig {
        key: open_network_key(Path::new(arguments.text("network-key")?))?,
        listen,
        tcp_port: arguments.text("tcp")?.parse()?,
        udp_port: arguments.text("udp")?.parse()?,
        external_address: Some(listen),
        bootnodes: arguments.bootnodes.clone(),
        fork,
        ..NetworkConfig::loopback()
    })
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let fork = fork(arguments.text("fork")?)?;
    let rules = Arc::new(arguments.rules()?);
    let mut forger = Forger {
        operator: OperatorId(arguments.text("operator")?.parse()?),
        key: open_key(&arguments)?,
        committees: arguments.committees.clone(),
        done: BTreeSet::new(),
    };
    let (network, mut events) = Network::start(config(&arguments, fork)?, rules).await?;
    network.subscribe(arguments.topics(fork)).await?;
    writeln!(std::io::stdout(), "operator {} signs badly as {}", forger.operator, network.peer_id())?;

    while let Some(event) = events.recv().await {
        let NetworkEvent::Message(InboundMessage { receipt, topic, data, .. }) = event else { continue };
        network.verdict(receipt, Verdict::Accept);
        if let Some(forged) = forger.forge(&data)
            && let Err(error) = network.publish(topic, forged.as_ssz_bytes()).await
        {
            eprintln!("not published: {error}");
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a failing test panics")]
mod tests {
    use super::*;
    use types::{
        DomainType, PartialSignatureMessage, PartialSignatureType, Root, RunnerRole, SignatureBytes,
        ValidatorIndex,
    };

    fn forger() -> Forger {
        Forger {
            operator: OperatorId(2),
            key: OperatorPrivateKey::generate().unwrap(),
            committees: vec![[1, 2, 3, 4].map(OperatorId).to_vec()],
            done: BTreeSet::new(),
        }
    }

    fn heard(author: u64, slot: u64) -> Vec<u8> {
        heard_of([1, 2, 3, 4], author, slot)
    }

    fn heard_of(committee: [u64; 4], author: u64, slot: u64) -> Vec<u8> {
        let entry = PartialSignatureMessage {
            partial_signature: SignatureBytes([7; 96]),
            signing_root: Root::repeat_byte(8),
            signer: OperatorId(author),
            validator_index: ValidatorIndex(9),
        };
        let bundle = PartialSignatureMessages {
            msg_type: PartialSignatureType::PostConsensus,
            slot: Slot(slot),
            messages: List::new(vec![entry]).unwrap(),
        };
        let committee = CommitteeId::of(&committee.map(OperatorId));
        let msg_id = MessageId::committee(DomainType([0, 0, 4, 3]), RunnerRole::Committee, &committee);
        let author = Forger { operator: OperatorId(author), ..forger() };
        author.seal(msg_id, &bundle).unwrap().as_ssz_bytes()
    }

    #[test]
    fn a_bundle_comes_back_in_the_own_name_with_the_other_share_s_signature() {
        let mut forger = forger();
        let forged = forger.forge(&heard(1, 40)).unwrap();
        assert_eq!(forged.operator_ids.to_vec(), [OperatorId(2)]);
        let digest = forged.ssv_message.signed_digest();
        assert!(forger.key.public_key().verify_digest(&digest, &forged.signatures[0]));
        let bundle = PartialSignatureMessages::from_ssz_bytes(&forged.ssv_message.data).unwrap();
        let [entry] = &bundle.messages[..] else { panic!("one entry") };
        assert_eq!((entry.signer, entry.partial_signature), (OperatorId(2), SignatureBytes([7; 96])));
        assert_eq!((entry.signing_root, bundle.slot), (Root::repeat_byte(8), Slot(40)));
    }

    #[test]
    fn one_bundle_of_a_kind_is_answered_once_and_neither_own_nor_foreign_ones() {
        let mut forger = forger();
        assert!(forger.forge(&heard(1, 40)).is_some());
        assert!(forger.forge(&heard(3, 40)).is_none());
        assert!(forger.forge(&heard(3, 41)).is_some());
        assert!(forger.forge(&heard(2, 42)).is_none());
        assert!(forger.forge(&heard_of([1, 2, 3, 5], 1, 42)).is_none());
        assert!(forger.forge(b"nonsense").is_none());
    }
}
