//! Against blocks, roots and signatures of the reference's vectors (`tests.MultiMsgProcessingSpecTest full happy flow`). Of
//! full blocks the fixtures hold the block alone; proofs and blobs are made up around it.

use ssz::{Decode, Encode};
use tree_hash::TreeHash;

use super::body::BodyElectra;
use super::bytes::{Blob, KzgProof};
use super::contents::{SignedBeaconBlock, SignedBlockContents};
use crate::beacon::{BeaconFork, DataVersion, ForkVersion, ProposedBlock, SignedProposal, UnsupportedFork};
use crate::consensus_data::{AlanDataError, ProposerConsensusData};
use crate::duty::ValidatorDuty;
use crate::ids::{CommitteeIndex, PublicKeyBytes, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::list::{ByteList, List};
use crate::preset::{Mainnet, Minimal, PresetName};
use crate::refusal::RefusalCode;
use crate::role::BeaconRole;
use crate::signing::{BeaconDomainType, compute_domain, signing_root};

type Block = ProposedBlock<Mainnet>;

struct Published {
    version: DataVersion,
    block: &'static [u8],
    blinded: &'static [u8],
    signing_root: &'static str,
    signature: &'static str,
    signed_blinded_root: &'static str,
}

const PUBLISHED: [Published; 4] = [
    Published {
        version: DataVersion::Capella,
        block: include_bytes!("fixtures/capella.ssz"),
        blinded: include_bytes!("fixtures/capella_blinded.ssz"),
        signing_root: "6151734b80affaf369de883d756fb22033126abcbed411e5c4d813057bd4ca6f",
        signature: "930c152cd72a18e8f28240b3a199a8f88680624fa7494ee7675047440b998e89019b5acd1368ec395f124e729a1fdc33\
                    01ddcf8721f55455a38e796225b40427e0446946624e979e1b2d21e62a2c361ed6dc0a58147a864fa2c95aa52b8cda7c",
        signed_blinded_root: "10183cdaea14fba962c389d29e01a0f4bec3199851c40197e02fbe98ae97fef9",
    },
    Published {
        version: DataVersion::Deneb,
        block: include_bytes!("fixtures/deneb.ssz"),
        blinded: include_bytes!("fixtures/deneb_blinded.ssz"),
        signing_root: "734ce0b3fea9558ef2605043bbb947d7f02e9f6270ab5fc19eb4a2f6dd987976",
        signature: "953f8be206cf42190682481ca51879628817b0c5afe086f4415ef6987536a3630bb5689ffacbaa0edcdaea05b43525e9\
                    150c0a20845ecaea5b5617220527e844a0ff27b87c197bab0e72bf38f1fba118b366daa58057baf302c2174aa3253bac",
        signed_blinded_root: "d2b611753af6167e7ea3317e517849e290a2e34ef40c8bf954c1b13f80269d3c",
    },
    Published {
        version: DataVersion::Electra,
        block: include_bytes!("fixtures/electra.ssz"),
        blinded: include_bytes!("fixtures/electra_blinded.ssz"),
        signing_root: "e1aad31ff466c1b079384e629e979330e6918d35dfbfd285bc57534a3bed6e01",
        signature: "a46fcc1aecc6ec50a06d9d4c6ae5fbd9bd310d1ac2863d7e38b477c3460cd0460286fe1b2168f49e4dcd388c439437d9\
                    00b3e8edd41c3a0d16760ee6dfaf5ac031cf224372e5f37202d12d584c3d3ce838ac197a4e5f956b0efc24c70ae036da",
        signed_blinded_root: "6b3850da01083b77203a02aa28cab231cec3d4752ed2700556c2b42fe3ce0cf0",
    },
    Published {
        version: DataVersion::Fulu,
        block: include_bytes!("fixtures/fulu.ssz"),
        blinded: include_bytes!("fixtures/fulu_blinded.ssz"),
        signing_root: "2a3009777cdcfc52e452080bde9862bb0090aa2efbe3693eebf7af5681111443",
        signature: "89212867d2f6f939bc24f6c47aab321a4a3bb5b253c7724e915d49be4828a39c2faacf0db89f88fbbb4d587e7eafb7f4\
                    0e1cff591c4b6cab7392278d90616aa79c4c34bf9d8735a8f03f522f93b45102d1a8ab1a67a7949350b6c2da3e67ce32",
        signed_blinded_root: "3078256cd8df2dc17c54083163e2aaeebeb1dbd632418ca7b710de3315a544f0",
    },
];

impl Published {
    /// The full value: the bare block (Capella), or block, two proofs and two blobs.
    fn full(&self) -> Vec<u8> {
        if self.version == DataVersion::Capella {
            return self.block.to_vec();
        }
        let proofs = 12 + self.block.len();
        let blobs = proofs + 2 * KzgProof::LEN;
        let mut bytes: Vec<u8> =
            [12, proofs, blobs].iter().flat_map(|at| u32::try_from(*at).unwrap().to_le_bytes()).collect();
        bytes.extend_from_slice(self.block);
        bytes.extend((1..=2).flat_map(|n| [n; KzgProof::LEN]));
        bytes.extend((3..=4).flat_map(|n| vec![n; Blob::LEN]));
        bytes
    }

    fn signature(&self) -> SignatureBytes {
        self.signature.parse().unwrap()
    }

    fn data(&self, bytes: &[u8]) -> ProposerConsensusData {
        let duty = ValidatorDuty {
            role: BeaconRole::Proposer,
            public_key: PublicKeyBytes([1; 48]),
            slot: Slot(12),
            validator_index: ValidatorIndex(1),
            committee_index: CommitteeIndex(3),
            committee_length: 128,
            committees_at_slot: 36,
            validator_committee_index: 11,
            validator_sync_committee_indices: List::empty(),
        };
        ProposerConsensusData { duty, version: self.version, data_ssz: ByteList::try_from(bytes).unwrap() }
    }
}

fn root(hex: &str) -> Root {
    hex.parse().unwrap()
}

#[test]
fn blinded_and_full_blocks_decode_by_trial_and_sign_the_same() {
    let domain = compute_domain(BeaconDomainType::Proposer, ForkVersion::default(), Root::ZERO);
    for published in &PUBLISHED {
        let full_bytes = published.full();
        let blinded = Block::decode(published.version, published.blinded).unwrap();
        let full = Block::decode(published.version, &full_bytes).unwrap();
        assert!(blinded.is_blinded() && !full.is_blinded());
        assert_eq!(blinded.as_ssz_bytes(), published.blinded);
        assert_eq!(full.as_ssz_bytes(), full_bytes);
        assert_eq!(full.to_blinded(), blinded);
        for block in [&blinded, &full] {
            assert_eq!(Some(block.fork()), published.version.fork());
            assert_eq!(block.header().tree_hash_root(), block.block_root());
            assert_eq!(block.slot(), full.slot());
            assert_eq!(block.proposer_index(), full.proposer_index());
            assert_eq!(block.randao_reveal(), full.randao_reveal());
            assert_eq!(block.fee_recipient(), full.fee_recipient());
            assert_eq!(signing_root(block.block_root(), domain), root(published.signing_root));
        }
    }
}

#[test]
fn signed_blocks_have_the_published_roots() {
    for published in &PUBLISHED {
        let blinded = Block::decode(published.version, published.blinded).unwrap();
        let name = blinded.block_root();
        let signed = blinded.sign(published.signature());
        assert_eq!(signed.block_root(), name);
        assert_eq!(signed.root(), root(published.signed_blinded_root));
        // Two offsets and the signature stand around the block.
        assert_eq!(signed.as_ssz_bytes().len(), published.blinded.len() + 100);

        let fork = published.version.fork().unwrap();
        assert_eq!(SignedProposal::<Mainnet>::from_ssz(fork, true, &signed.as_ssz_bytes()).unwrap(), signed);
        let json = serde_json::to_vec(&signed).unwrap();
        assert_eq!(SignedProposal::<Mainnet>::from_json(fork, true, &json).unwrap(), signed);

        let full = Block::decode(published.version, &published.full()).unwrap();
        let signed = full.sign(published.signature());
        assert_eq!(signed.block_root(), name);
        assert_eq!(SignedProposal::<Mainnet>::from_ssz(fork, false, &signed.as_ssz_bytes()).unwrap(), signed);
        assert_eq!(Some(signed.fork()), published.version.fork());
        assert!(!signed.is_blinded());
        assert_eq!(signed.as_ssz_bytes().len(), published.full().len() + 100);
    }
    // A bare block and its blinded twin are one object to the tree hash.
    let capella = &PUBLISHED[0];
    let signed = Block::decode(capella.version, capella.block).unwrap().sign(capella.signature());
    assert_eq!(signed.root(), root(capella.signed_blinded_root));
}

/// The limits of proofs differ, so that equal contents have different roots in Electra and in Fulu.
#[test]
fn signed_contents_decode_again_and_know_their_limits() {
    let bytes = Block::decode(DataVersion::Fulu, &PUBLISHED[3].full())
        .unwrap()
        .sign(SignatureBytes([5; 96]))
        .as_ssz_bytes();
    let fulu =
        SignedBlockContents::<BodyElectra<Mainnet>, { super::contents::CELL_PROOFS }>::from_ssz_bytes(&bytes)
            .unwrap();
    let electra =
        SignedBlockContents::<BodyElectra<Mainnet>, { super::contents::BLOB_PROOFS }>::from_ssz_bytes(&bytes)
            .unwrap();
    assert_eq!(fulu.as_ssz_bytes(), bytes);
    assert_eq!(fulu.signed_block, electra.signed_block);
    assert_ne!(fulu.tree_hash_root(), electra.tree_hash_root());
    let alone = fulu.signed_block.as_ssz_bytes();
    assert_eq!(SignedBeaconBlock::<BodyElectra<Mainnet>>::from_ssz_bytes(&alone).unwrap(), fulu.signed_block);
}

#[test]
fn what_is_no_block_is_refused_by_number() {
    let data = |version, bytes: &[u8]| ProposerConsensusData { version, ..PUBLISHED[0].data(bytes) };
    for version in [DataVersion::Capella, DataVersion::Deneb, DataVersion::Electra, DataVersion::Fulu] {
        assert_eq!(data(version, &[]).validate(PresetName::Mainnet), Err(RefusalCode::UnmarshalSsz));
    }
    for version in [DataVersion::Unknown, DataVersion::Bellatrix, DataVersion::from_number(100)] {
        let data = data(version, PUBLISHED[0].blinded);
        assert_eq!(data.validate(PresetName::Mainnet), Err(RefusalCode::UnknownBlockVersion));
    }
    let mut foreign = PUBLISHED[0].data(PUBLISHED[0].blinded);
    foreign.duty.role = BeaconRole::VoluntaryExit;
    assert_eq!(foreign.validate(PresetName::Mainnet), Err(RefusalCode::UnknownDutyRoleData));
    assert_eq!(foreign.validate_alan(PresetName::Mainnet), Err(AlanDataError::Exit));
    foreign.duty.role = BeaconRole::Aggregator;
    let unmarshal = Err(AlanDataError::Rule(RefusalCode::UnmarshalSsz));
    assert_eq!(foreign.validate_alan(PresetName::Mainnet), unmarshal);
    foreign.version = DataVersion::Unknown;
    assert_eq!(foreign.validate_alan(PresetName::Mainnet), Err(AlanDataError::UnknownAggregateVersion));
}

#[test]
fn published_values_are_valid_in_both_generations() {
    for published in &PUBLISHED {
        for bytes in [published.blinded, &published.full()] {
            let data = published.data(bytes);
            assert_eq!(data.validate(PresetName::Mainnet), Ok(()));
            assert_eq!(data.validate_alan(PresetName::Mainnet), Ok(()));
            // The other preset has other bit fields.
            assert_eq!(data.validate(PresetName::Minimal), Err(RefusalCode::UnmarshalSsz));
        }
    }
}

/// Cut off at any length, or one bit beside, a block does not decode to other bytes than it was.
#[test]
fn decoding_is_canonical() {
    for published in &PUBLISHED {
        for cut in (0..published.blinded.len()).step_by(17) {
            assert!(Block::decode(published.version, &published.blinded[..cut]).is_err(), "{cut}");
        }
        for at in 0..published.blinded.len() {
            let mut changed = published.blinded.to_vec();
            changed[at] ^= 1;
            if let Ok(block) = Block::decode(published.version, &changed) {
                assert_eq!(block.as_ssz_bytes(), changed, "{at}");
            }
        }
    }
}

#[test]
fn json_is_that_of_the_beacon_api() {
    for published in &PUBLISHED {
        let fork = published.version.fork().unwrap();
        for (blinded, bytes) in [(true, published.blinded), (false, &published.full())] {
            let block = Block::decode(published.version, bytes).unwrap();
            let json = serde_json::to_vec(&block).unwrap();
            assert_eq!(Block::from_json(fork, blinded, &json).unwrap(), block);
            let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
            let with_blobs = !blinded && fork >= BeaconFork::Deneb;
            let inner = if with_blobs { &value["block"] } else { &value };
            assert_eq!(inner["slot"], block.slot().get().to_string());
            let payload = if blinded { "execution_payload_header" } else { "execution_payload" };
            let payload = &inner["body"][payload];
            assert_eq!(payload["fee_recipient"], serde_json::json!(block.fee_recipient()));
            let fee = payload["base_fee_per_gas"].as_str().unwrap();
            assert!(fee.bytes().all(|digit| digit.is_ascii_digit()));
            assert!(payload["extra_data"].as_str().unwrap().starts_with("0x"));
            assert_eq!(payload["withdrawals"].is_array(), !blinded);
            assert_eq!(value["blobs"].as_array().map(Vec::len), with_blobs.then_some(2));
        }
    }
    let signed =
        Block::decode(DataVersion::Fulu, &PUBLISHED[3].full()).unwrap().sign(SignatureBytes([5; 96]));
    let value = serde_json::to_value(&signed).unwrap();
    assert!(value["signed_block"]["message"]["slot"].is_string());
    assert_eq!(value["kzg_proofs"].as_array().unwrap().len(), 2);
}

#[test]
fn forks_without_proposals_are_named() {
    for fork in [BeaconFork::Phase0, BeaconFork::Altair, BeaconFork::Bellatrix] {
        let error = ProposedBlock::<Minimal>::from_ssz(fork, true, &[]).unwrap_err();
        assert_eq!(error.to_string(), UnsupportedFork(fork).to_string());
    }
}
