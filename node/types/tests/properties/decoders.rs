//! One property for each decoder.

use types::beacon::{
    AggregateAndProof, AggregateAndProofElectra, Attestation, AttestationElectra, SyncCommitteeContribution,
};
use types::consensus_data::Contributions;
use types::{DataVersion, Mainnet, Minimal, PresetName};

use crate::inputs::{self, Fits, MAINNET, MINIMAL, Made};
use crate::judges;
use crate::piece::{Part, Piece, container, damage, noise};
use crate::seeded::{Kind, Rng, run};

const DECODERS: Kind =
    Kind { noun: "inputs", variable: "CAPSTAN_PROPERTY_INPUTS", package: "types", few: 2_000 };

/// Noise, an undamaged encoding, or a damaged one.
fn decoder(test: &str, make: impl Fn(&mut Rng) -> Made, judge: impl Fn(&[u8]) -> Fits) {
    let (mut both, mut boole, mut refused) = (0_u64, 0_u64, 0_u64);
    let head = run(&DECODERS, test, |rng| {
        let fits = match rng.below(8) {
            0 => {
                let len = rng.below(600);
                judge(&noise(rng, len))
            }
            1 | 2 => {
                let made = make(rng);
                let fits = judge(&made.piece.bytes);
                assert_eq!(fits, made.fits, "an undamaged encoding of {} bytes", made.piece.bytes.len());
                fits
            }
            _ => {
                let made = make(rng);
                judge(&damage(rng, &made.piece))
            }
        };
        match fits {
            Fits::Both => both += 1,
            Fits::BooleOnly => boole += 1,
            Fits::Neither => refused += 1,
        }
    });
    println!("{head}: {both} decoded in both forks, {boole} in Boole alone, {refused} refused");
}

macro_rules! decoders {
    ($($name:ident: $make:expr, $judge:expr;)*) => { $(
        #[test]
        fn $name() {
            decoder(concat!("decoders::", stringify!($name)), $make, $judge);
        }
    )* };
}

decoders! {
    signed_ssv_message: inputs::signed_message, judges::signed_message;
    ssv_message: inputs::ssv_message, judges::ssv_message;
    qbft_message: inputs::qbft_message, judges::qbft_message;
    partial_signature_messages: inputs::bundle, judges::bundle;
    beacon_vote: inputs::vote, judges::vote;
    validator_duty: inputs::duty, judges::duty;
    duty_consensus_data: inputs::duty_data, judges::duty_data;
    aggregator_committee_data_mainnet:
        |rng| inputs::committee_data(rng, &MAINNET), judges::committee_data::<Mainnet>;
    aggregator_committee_data_minimal:
        |rng| inputs::committee_data(rng, &MINIMAL), judges::committee_data::<Minimal>;
    contributions_mainnet: |rng| inputs::contributions(rng, &MAINNET), judges::plain::<Contributions<Mainnet>>;
    contributions_minimal: |rng| inputs::contributions(rng, &MINIMAL), judges::plain::<Contributions<Minimal>>;
    sync_committee_contribution_mainnet:
        |rng| inputs::contribution(rng, &MAINNET), judges::plain::<SyncCommitteeContribution<Mainnet>>;
    sync_committee_contribution_minimal:
        |rng| inputs::contribution(rng, &MINIMAL), judges::plain::<SyncCommitteeContribution<Minimal>>;
    attestation: |rng| inputs::attestation(rng, 2_048, None), judges::plain::<Attestation>;
    attestation_electra_mainnet:
        |rng| inputs::attestation(rng, 131_072, Some(&MAINNET)), judges::plain::<AttestationElectra<Mainnet>>;
    attestation_electra_minimal:
        |rng| inputs::attestation(rng, 8_192, Some(&MINIMAL)), judges::plain::<AttestationElectra<Minimal>>;
    aggregate_and_proof: |rng| inputs::aggregate(rng, 2_048, None), judges::plain::<AggregateAndProof>;
    aggregate_and_proof_electra_mainnet:
        |rng| inputs::aggregate(rng, 131_072, Some(&MAINNET)), judges::plain::<AggregateAndProofElectra<Mainnet>>;
    aggregate_and_proof_electra_minimal:
        |rng| inputs::aggregate(rng, 8_192, Some(&MINIMAL)), judges::plain::<AggregateAndProofElectra<Minimal>>;
}

const BLOCKS: [(u64, bool, &[u8]); 8] = [
    (4, false, include_bytes!("../../src/beacon/block/fixtures/capella.ssz")),
    (4, true, include_bytes!("../../src/beacon/block/fixtures/capella_blinded.ssz")),
    (5, false, include_bytes!("../../src/beacon/block/fixtures/deneb.ssz")),
    (5, true, include_bytes!("../../src/beacon/block/fixtures/deneb_blinded.ssz")),
    (6, false, include_bytes!("../../src/beacon/block/fixtures/electra.ssz")),
    (6, true, include_bytes!("../../src/beacon/block/fixtures/electra_blinded.ssz")),
    (7, false, include_bytes!("../../src/beacon/block/fixtures/fulu.ssz")),
    (7, true, include_bytes!("../../src/beacon/block/fixtures/fulu_blinded.ssz")),
];

/// A full block travels with proofs and blobs from Deneb on.
fn with_blobs(rng: &mut Rng, version: u64, is_blinded: bool, block: &Piece) -> Piece {
    if version < 5 || is_blinded {
        return block.clone();
    }
    let (proofs, blobs) = (rng.below(5) * 48, usize::from(rng.one_in(500)) * 131_072);
    let [proofs, blobs] = [proofs, blobs].map(|len| Part::Variable(Piece::flat(noise(rng, len))));
    container(vec![Part::Variable(block.clone()), proofs, blobs])
}

/// Real blocks of every fork, whole and damaged, under their own version, under another and under the other preset.
#[test]
fn block_by_trial() {
    let pieces: Vec<Piece> = BLOCKS.iter().map(|(_, _, bytes)| Piece::foreign(bytes)).collect();
    let (mut full, mut blinded, mut refused) = (0_u64, 0_u64, 0_u64);
    let head = run(&DECODERS, "decoders::block_by_trial", |rng| {
        let place = rng.below(BLOCKS.len());
        let (version, is_blinded, _) = BLOCKS[place];
        let whole = with_blobs(rng, version, is_blinded, &pieces[place]);
        if rng.one_in(16) {
            let block = judges::block(PresetName::Mainnet, DataVersion::from_number(version), &whole.bytes);
            assert_eq!(block.map(|block| block.is_blinded()), Some(is_blinded));
        }
        let bytes = if rng.one_in(16) {
            let len = rng.below(1_500);
            noise(rng, len)
        } else {
            damage(rng, &whole)
        };
        let version = if rng.one_in(8) { rng.next() % 10 } else { version };
        let preset = if rng.one_in(8) { PresetName::Minimal } else { PresetName::Mainnet };
        match judges::block(preset, DataVersion::from_number(version), &bytes) {
            Some(block) if block.is_blinded() => blinded += 1,
            Some(_) => full += 1,
            None => refused += 1,
        }
    });
    println!("{head}: {full} full, {blinded} blinded, {refused} refused");
}
