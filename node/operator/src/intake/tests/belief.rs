//! Bytes to belief, with real signatures: rules 56 and 76, and that a duplicate costs no verification.

use std::cell::Cell;

use crypto::rsa::OperatorPrivateKey;
use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    ByteList, ChainRules, Encode, ForkVersion, List, MessageId, MsgType, NetworkRules,
    PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, PublicKeyBytes, QbftMessage,
    QbftMessageType, Root, Round, RunnerRole, SignatureBytes, SignedSsvMessage, Slot, SsvFork, SsvMessage,
    SubnetId, ValidatorIndex,
};
use validation::{CommitteeView, RegistryView, ValidatorView};

use super::*;

const SLOT: Slot = Slot(3_201);

fn rules() -> ChainRules {
    let config = ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]
        .map(|fork| (format!("{fork}_FORK_VERSION"), "0x01000000".to_owned()))
        .into_iter()
        .chain([("PRESET_BASE".to_owned(), "mainnet".to_owned())])
        .collect();
    let genesis = BeaconGenesis {
        genesis_time: 1_600_000_000,
        genesis_validators_root: Root::ZERO,
        genesis_fork_version: ForkVersion::default(),
    };
    let network = NetworkRules::builtin("mainnet").unwrap();
    ChainRules::new(Arc::new(network), Arc::new(BeaconSpec::new(&config, genesis).unwrap())).unwrap()
}

/// Operators 1 to 4 with their keys, and how often somebody asked for the keys.
struct World {
    rules: ChainRules,
    members: Vec<OperatorId>,
    validators: Vec<ValidatorIndex>,
    private: Vec<OperatorPrivateKey>,
    keys: Arc<CommitteeKeys>,
    asked: Cell<u32>,
    seen: Mutex<SeenState>,
}

impl World {
    fn new() -> Self {
        let members: Vec<_> = (1..=4).map(OperatorId).collect();
        let private: Vec<_> = members.iter().map(|_| OperatorPrivateKey::generate().unwrap()).collect();
        let public = members.iter().zip(&private).map(|(id, key)| (*id, key.public_key().clone()));
        Self {
            rules: rules(),
            keys: Arc::new(CommitteeKeys::new(public.collect())),
            members,
            validators: vec![ValidatorIndex(5)],
            private,
            asked: Cell::new(0),
            seen: Mutex::new(SeenState::new(32)),
        }
    }

    /// A message of operators, signed with the keys of others perhaps.
    fn message(&self, data: (MsgType, Vec<u8>), signers: &[u64], keys_of: &[usize]) -> Vec<u8> {
        let ssv_message =
            SsvMessage { msg_type: data.0, msg_id: self.id(), data: ByteList::new(data.1).unwrap() };
        let digest = ssv_message.signed_digest();
        let signatures = keys_of
            .iter()
            .map(|key| ByteList::new(self.private[*key].sign_digest(&digest).unwrap().to_vec()).unwrap());
        SignedSsvMessage {
            signatures: List::collect(signatures).unwrap(),
            operator_ids: List::collect(signers.iter().copied().map(OperatorId)).unwrap(),
            ssv_message,
            full_data: ByteList::empty(),
        }
        .as_ssz_bytes()
    }

    fn id(&self) -> MessageId {
        let domain = self.rules.network.domain_at(SLOT);
        MessageId::committee(domain, RunnerRole::Committee, &CommitteeId::of(&self.members))
    }

    fn step(&self, msg_type: QbftMessageType) -> (MsgType, Vec<u8>) {
        let message = QbftMessage {
            msg_type,
            height: SLOT,
            round: Round::FIRST,
            identifier: ByteList::new(self.id().0.to_vec()).unwrap(),
            root: Root::repeat_byte(7),
            data_round: Round::NONE,
            round_change_justification: List::empty(),
            prepare_justification: List::empty(),
        };
        (MsgType::Consensus, message.as_ssz_bytes())
    }

    fn believe(&self, data: &[u8]) -> Result<(), Refusal> {
        let context =
            validation::Context { rules: &self.rules, registry: self, duties: &validation::NoDuties };
        let inbound = Inbound {
            data,
            topic: validation::Topic {
                fork: SsvFork::Alan,
                subnet: SubnetId::of(SsvFork::Alan, &self.members),
            },
            forwarder: &PeerKey::new(b"peer"),
            received_at_millis: self.rules.slot_start_millis(SLOT) + 1_000,
        };
        believe(&context, &self.seen, self, &inbound, SLOT).map(drop)
    }
}

impl RegistryView for World {
    fn has_operator(&self, id: OperatorId) -> bool {
        self.members.contains(&id)
    }

    fn committee(&self, _: &CommitteeId) -> Option<CommitteeView<'_>> {
        Some(CommitteeView {
            operators: &self.members,
            registered: self.validators.len(),
            validators: &self.validators,
        })
    }

    fn validator(&self, _: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        None
    }
}

impl SignerKeys for World {
    fn keys_of(&self, _: CommitteeId, _: &[OperatorId]) -> Result<Arc<CommitteeKeys>, Refusal> {
        self.asked.set(self.asked.get() + 1);
        Ok(Arc::clone(&self.keys))
    }
}

#[test]
fn a_signature_that_does_not_hold_is_rejected_and_leaves_no_trace() {
    let world = World::new();
    let commit = || world.step(QbftMessageType::Commit);
    let (one, two) = ([1], [1, 2, 4]);
    // Rule 56: of one signer, and the last of three.
    for (signers, wrong, right) in [(&one[..], vec![1], vec![0]), (&two, vec![0, 1, 2], vec![0, 1, 3])] {
        let refused = world.believe(&world.message(commit(), signers, &wrong));
        assert_eq!(refused, Err(Refusal::SignatureVerification));
        assert!(world.seen.lock().unwrap().is_empty());
        assert_eq!(world.believe(&world.message(commit(), signers, &right)), Ok(()));
        *world.seen.lock().unwrap() = SeenState::new(32);
    }
    assert_eq!(verdict(Refusal::SignatureVerification), Verdict::Reject("SignatureVerification"));
    // Rule 76.
    let entry = PartialSignatureMessage {
        partial_signature: SignatureBytes([1; 96]),
        signing_root: Root::ZERO,
        signer: OperatorId(2),
        validator_index: ValidatorIndex(5),
    };
    let messages = List::new(vec![entry]).unwrap();
    let bundle =
        PartialSignatureMessages { msg_type: PartialSignatureType::PostConsensus, slot: SLOT, messages };
    let bundle = || (MsgType::PartialSignature, bundle.as_ssz_bytes());
    let refused = world.believe(&world.message(bundle(), &[2], &[0]));
    assert_eq!(refused, Err(Refusal::SignatureVerification));
    assert_eq!(world.believe(&world.message(bundle(), &[2], &[1])), Ok(()));
}

#[test]
fn a_duplicate_is_answered_before_any_signature_is_looked_at() {
    let world = World::new();
    let prepare = world.message(world.step(QbftMessageType::Prepare), &[3], &[2]);
    let decided = world.message(world.step(QbftMessageType::Commit), &[1, 2, 3], &[0, 1, 2]);
    for (message, refusal) in
        [(&prepare, Refusal::DuplicatedMessage), (&decided, Refusal::DecidedWithSameSigners)]
    {
        assert_eq!(world.believe(message), Ok(()));
        let asked = world.asked.get();
        assert_eq!(world.believe(message), Err(refusal));
        // Nor are the keys asked for when the copy's signature is another one.
        let mut copy = message.clone();
        copy[16 + 4 + 100] ^= 1;
        assert_eq!(world.believe(&copy), Err(refusal));
        assert_eq!(world.asked.get(), asked);
    }
}
