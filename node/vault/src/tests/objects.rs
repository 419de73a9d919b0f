//! Objects that cannot be slashed for: what root each is signed over, and by whom.
//!
//! The roots were computed apart from this code, from SHA-256 and the containers of consensus-specs alone, for the chain of these
//! tests: Capella's version is 03000000, Deneb's (epochs 4000 to 4999) 04000000, Electra's 05000000.

use crypto::bls;
use ssz::{BitList, BitVector};
use types::beacon::{
    AggregateAndProof, AggregateAndProofElectra, AnyAggregateAndProof, AnyContributionAndProof, Attestation,
    AttestationData, AttestationElectra, ContributionAndProof, SyncAggregatorSelectionData,
    SyncCommitteeContribution, ValidatorRegistration, VoluntaryExit,
};
use types::{Checkpoint, CommitteeIndex, Epoch, Root, SignatureBytes, Slot, ValidatorIndex};

use super::{armed, secret, signer};
use crate::{Object, ObjectRequest, PendingExit, Refused, Signed};

/// In Deneb.
const SLOT: Slot = Slot(4500 * 32 + 3);
/// In Electra.
const LATER: Slot = Slot(5500 * 32);

const AGGREGATOR: ValidatorIndex = ValidatorIndex(9);
const SIGNATURE: SignatureBytes = SignatureBytes([0x11; 96]);
const PROOF: SignatureBytes = SignatureBytes([0x22; 96]);

fn request(number: u8, slot: Slot, object: Object) -> ObjectRequest {
    ObjectRequest { signer: signer(number), slot, object }
}

fn vote(slot: Slot) -> AttestationData {
    let epoch = slot.get() / 32;
    AttestationData {
        slot,
        index: CommitteeIndex(0),
        beacon_block_root: Root::repeat_byte(5),
        source: Checkpoint { epoch: Epoch(epoch - 2), root: Root::repeat_byte(6) },
        target: Checkpoint { epoch: Epoch(epoch), root: Root::repeat_byte(8) },
    }
}

fn aggregate() -> Object {
    let aggregate = Attestation {
        aggregation_bits: BitList::with_capacity(0).unwrap(),
        data: vote(SLOT),
        signature: SIGNATURE,
    };
    Object::Aggregate(Box::new(AggregateAndProof {
        aggregator_index: AGGREGATOR,
        aggregate,
        selection_proof: PROOF,
    }))
}

fn aggregate_electra() -> Object {
    let aggregate = AttestationElectra {
        aggregation_bits: BitList::with_capacity(0).unwrap(),
        data: vote(LATER),
        signature: SIGNATURE,
        committee_bits: BitVector::new(),
    };
    Object::AggregateElectra(Box::new(AnyAggregateAndProof::Mainnet(AggregateAndProofElectra {
        aggregator_index: AGGREGATOR,
        aggregate,
        selection_proof: PROOF,
    })))
}

fn contribution() -> Object {
    let contribution = SyncCommitteeContribution {
        slot: SLOT,
        beacon_block_root: Root::repeat_byte(5),
        subcommittee_index: 3,
        aggregation_bits: BitVector::new(),
        signature: SIGNATURE,
    };
    Object::Contribution(Box::new(AnyContributionAndProof::Mainnet(ContributionAndProof {
        aggregator_index: AGGREGATOR,
        contribution,
        selection_proof: PROOF,
    })))
}

/// The example of builder-specs, on a chain whose genesis version is 00000000.
fn registration() -> Object {
    Object::Registration(ValidatorRegistration {
        fee_recipient: "535953b5a6040074948cf185eaa7d2abbd66808f".parse().unwrap(),
        gas_limit: 30_000_000,
        timestamp: 1_616_508_000,
        pubkey:
            "8e80066551a81b318258709edaf7dd1f63cd686a0e4db8b29bbb7acfe65608677af5a527d9448ee47835485e02b50bc0"
                .parse()
                .unwrap(),
    })
}

#[test]
fn each_kind_is_signed_over_the_root_of_its_domain() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let selection = SyncAggregatorSelectionData { slot: SLOT, subcommittee_index: 3 };
    let examples = [
        (
            SLOT,
            Object::Randao(Epoch(4500)),
            "f1278b574c7082aeb63edca13f80c320e5f04f943a3fd29bc99be0adc96c0a6a",
        ),
        (
            SLOT,
            Object::SlotSelection(SLOT),
            "87268e306c3f54a6557669b6895540e6828e07df8219cd98559382580d13d695",
        ),
        (
            SLOT,
            Object::SyncSelection(selection),
            "271716f90e36263e5ffb5cac30ae1bc1c3de2576611a57556a2227fd67497ed5",
        ),
        (SLOT, aggregate(), "f087d9269eccac4524028758a33cc0a1764462f17f0a7e811cca94310f8b2927"),
        (LATER, aggregate_electra(), "a2a3073e961dc42e1f0bc87faa2f47210473ce2b3e431f50aaf10a8313f4e663"),
        (SLOT, contribution(), "d3129e485f2d57f955afea41fa8c2e0d10dcd69a5ed9ee7123a2f6d58eda314c"),
        (LATER, registration(), "614710073b626a56b407f238887212626104b4c38e5627d787a284b310952f46"),
    ];
    for (slot, object, root) in examples {
        let root: Root = root.parse().unwrap();
        let expected = Signed { signer: signer(1), root, signature: bls::sign(&secret(1), root) };
        assert_eq!(vault.sign_objects(&[request(1, slot, object.clone())]), [Ok(expected)], "{object:?}");
    }
}

#[test]
fn an_exit_is_signed_under_capella_and_a_registration_under_genesis_whatever_the_fork() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let asked = PendingExit { slot: SLOT, validator: signer(1).validator };
    assert!(vault.put_exit(asked).unwrap());
    let exit = VoluntaryExit { epoch: Epoch(4500), validator_index: ValidatorIndex(77) };
    let root_at = |slot, object| vault.sign_objects(&[request(1, slot, object)]).remove(0).unwrap().root;
    let expected: Root = "1f0ab415823a83d6f405225862c098ffeefab146ed06545c8489e39b0174e40e".parse().unwrap();
    for slot in [Slot(0), SLOT, LATER] {
        assert_eq!(root_at(slot, Object::Exit(exit)), expected);
        assert_eq!(root_at(slot, registration()), root_at(Slot(0), registration()));
    }
    assert_ne!(root_at(SLOT, Object::Randao(Epoch(1))), root_at(LATER, Object::Randao(Epoch(1))));
}

#[test]
fn a_batch_is_answered_in_order_and_needs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 9);
    let generation = vault.history_mark().generation;
    // Enough of one root to share its hash, others in between, and shares that are not there.
    let object = |number: u8| {
        if number.is_multiple_of(4) {
            Object::Randao(Epoch(u64::from(number)))
        } else {
            Object::SlotSelection(SLOT)
        }
    };
    let requests: Vec<_> = (1..=12).map(|number| request(number, SLOT, object(number))).collect();
    let signed = vault.sign_objects(&requests);
    for (number, (request, answer)) in (1..).zip(requests.iter().zip(&signed)) {
        if number > 9 {
            assert_eq!(*answer, Err(Refused::NotArmed));
            continue;
        }
        let alone = vault.sign_objects(std::slice::from_ref(request));
        assert_eq!(*answer, alone[0]);
        let signed = answer.unwrap();
        assert_eq!(signed.signature, bls::sign(&secret(number), signed.root));
    }
    assert_eq!(vault.history_mark().generation, generation, "nothing to record");
}
