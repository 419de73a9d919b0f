//! Blocks, full and blinded, of every fork: what a leader proposes and what a beacon node takes.

use alloy_primitives::U256;
use types::beacon::block::body::{
    BlindedBodyCapella, BlindedBodyDeneb, BlindedBodyElectra, BlockBody, BodyCapella, BodyDeneb, BodyElectra,
};
use types::beacon::block::bytes::{Blob, DepositProof, KzgCommitment, KzgProof, LogsBloom};
use types::beacon::block::contents::{BeaconBlock, BlockContents};
use types::beacon::block::operations::{
    AttesterSlashing, AttesterSlashingElectra, BlsToExecutionChange, ConsolidationRequest, Deposit,
    DepositData, DepositRequest, Eth1Data, ExecutionRequests, IndexedAttestation, IndexedAttestationElectra,
    ProposerSlashing, SignedBeaconBlockHeader, SignedBlsToExecutionChange, SyncAggregate, WithdrawalRequest,
};
use types::beacon::block::payload::{ExecutionPayloadCapella, ExecutionPayloadDeneb, Withdrawal};
use types::beacon::{ProposedBlock, SignedVoluntaryExit};
use types::{Encode, List, Mainnet, Minimal, Preset};

use crate::Entry;
use crate::beacon::{attestation, data, electra, exit, header};
use crate::generate::{Generator, bit_vector};

pub const ENTRIES: &[Entry] = &[
    ("Block Capella mainnet", |g| both(capella::<Mainnet>(g), g)),
    ("Block Capella minimal", |g| both(capella::<Minimal>(g), g)),
    ("Block Capella blinded", |g| both(blinded_capella(g), g)),
    ("Block Deneb mainnet", |g| both(deneb::<Mainnet>(g), g)),
    ("Block Deneb minimal", |g| both(deneb::<Minimal>(g), g)),
    ("Block Deneb blinded", |g| both(blinded_deneb(g), g)),
    ("Block Electra mainnet", |g| both(of_electra::<Mainnet>(g), g)),
    ("Block Electra minimal", |g| both(of_electra::<Minimal>(g), g)),
    ("Block Electra blinded", |g| both(blinded_electra(g), g)),
    ("Block Fulu mainnet", |g| both(fulu::<Mainnet>(g), g)),
    ("Block Fulu minimal", |g| both(fulu::<Minimal>(g), g)),
    ("Block Fulu blinded", |g| both(blinded_fulu(g), g)),
];

/// As it is proposed and as it is submitted, with the roots of the block and of the signed object.
fn both<P: Preset>(block: ProposedBlock<P>, g: &mut Generator) -> Vec<u8> {
    let (bytes, root) = (block.as_ssz_bytes(), block.block_root());
    let signed = block.sign(g.signature());
    [bytes, root.to_vec(), signed.as_ssz_bytes(), signed.root().to_vec()].concat()
}

fn capella<P: Preset>(g: &mut Generator) -> ProposedBlock<P> {
    ProposedBlock::Capella(Box::new(block(g, body_capella)))
}

fn blinded_capella(g: &mut Generator) -> ProposedBlock<Mainnet> {
    let body = |g: &mut Generator| -> BlindedBodyCapella<Mainnet> { body_capella(g).blinded() };
    ProposedBlock::BlindedCapella(Box::new(block(g, body)))
}

fn deneb<P: Preset>(g: &mut Generator) -> ProposedBlock<P> {
    ProposedBlock::Deneb(Box::new(contents(g, body_deneb)))
}

fn blinded_deneb(g: &mut Generator) -> ProposedBlock<Mainnet> {
    let body = |g: &mut Generator| -> BlindedBodyDeneb<Mainnet> { body_deneb(g).blinded() };
    ProposedBlock::BlindedDeneb(Box::new(block(g, body)))
}

fn of_electra<P: Preset>(g: &mut Generator) -> ProposedBlock<P> {
    ProposedBlock::Electra(Box::new(contents(g, body_electra)))
}

fn body_blinded_electra(g: &mut Generator) -> BlindedBodyElectra<Mainnet> {
    body_electra(g).blinded()
}

fn blinded_electra(g: &mut Generator) -> ProposedBlock<Mainnet> {
    ProposedBlock::BlindedElectra(Box::new(block(g, body_blinded_electra)))
}

fn fulu<P: Preset>(g: &mut Generator) -> ProposedBlock<P> {
    ProposedBlock::Fulu(Box::new(contents(g, body_electra)))
}

fn blinded_fulu(g: &mut Generator) -> ProposedBlock<Mainnet> {
    ProposedBlock::BlindedFulu(Box::new(block(g, body_blinded_electra)))
}

fn block<B: BlockBody>(g: &mut Generator, body: impl Fn(&mut Generator) -> B) -> BeaconBlock<B> {
    BeaconBlock {
        slot: g.slot(),
        proposer_index: g.validator(),
        parent_root: g.root(),
        state_root: g.root(),
        body: body(g),
    }
}

/// Few of them have a blob: it is large.
fn contents<B: BlockBody, const PROOFS: usize>(
    g: &mut Generator,
    body: impl Fn(&mut Generator) -> B,
) -> BlockContents<B, PROOFS> {
    let blob = |g: &mut Generator| Blob::new(g.array::<32>().repeat(Blob::LEN / 32)).unwrap();
    let blobs = g.below(8) / 7;
    BlockContents {
        block: block(g, body),
        kzg_proofs: g.list(3, |g| KzgProof(g.array())),
        blobs: List::new((0..blobs).map(|_| blob(g)).collect()).unwrap(),
    }
}

/// The fields that every body has, in their order, with the payload and what a fork adds.
macro_rules! body {
    ($g:ident, $name:ident, $slashing:expr, $attestation:expr, $payload:expr, { $($tail:ident: $value:expr),* }) => {
        $name {
            randao_reveal: $g.signature(),
            eth1_data: Eth1Data {
                deposit_root: $g.root(),
                deposit_count: $g.number(),
                block_hash: $g.root(),
            },
            graffiti: $g.root(),
            proposer_slashings: $g.list(2, proposer_slashing),
            attester_slashings: $g.list(1, $slashing),
            attestations: $g.list(2, $attestation),
            deposits: $g.list(1, deposit),
            voluntary_exits: $g.list(2, |g| SignedVoluntaryExit { message: exit(g), signature: g.signature() }),
            sync_aggregate: SyncAggregate {
                sync_committee_bits: bit_vector!($g),
                sync_committee_signature: $g.signature(),
            },
            execution_payload: $payload($g),
            bls_to_execution_changes: $g.list(2, change),
            $($tail: $value,)*
        }
    };
}

fn body_capella<P: Preset>(g: &mut Generator) -> BodyCapella<P> {
    body!(g, BodyCapella, slashing, attestation, payload_capella, {})
}

fn body_deneb<P: Preset>(g: &mut Generator) -> BodyDeneb<P> {
    body!(g, BodyDeneb, slashing, attestation, payload_deneb, {
        blob_kzg_commitments: g.list(3, |g| KzgCommitment(g.array()))
    })
}

fn body_electra<P: Preset>(g: &mut Generator) -> BodyElectra<P> {
    body!(g, BodyElectra, slashing_electra, electra, payload_deneb, {
        blob_kzg_commitments: g.list(3, |g| KzgCommitment(g.array())),
        execution_requests: requests(g)
    })
}

/// The fields that every payload has, and what a fork adds.
macro_rules! payload {
    ($g:ident, $name:ident, { $($tail:ident: $value:expr),* }) => {
        $name {
            parent_hash: $g.root(),
            fee_recipient: $g.address(),
            state_root: $g.root(),
            receipts_root: $g.root(),
            logs_bloom: LogsBloom($g.array()),
            prev_randao: $g.root(),
            block_number: $g.number(),
            gas_limit: $g.number(),
            gas_used: $g.number(),
            timestamp: $g.number(),
            extra_data: $g.byte_list(32),
            base_fee_per_gas: U256::from_le_bytes($g.array::<32>()),
            block_hash: $g.root(),
            transactions: $g.list(3, |g| g.byte_list(200)),
            withdrawals: $g.items(4, withdrawal).try_into().unwrap(),
            $($tail: $value,)*
        }
    };
}

fn payload_capella<P: Preset>(g: &mut Generator) -> ExecutionPayloadCapella<P> {
    payload!(g, ExecutionPayloadCapella, {})
}

fn payload_deneb<P: Preset>(g: &mut Generator) -> ExecutionPayloadDeneb<P> {
    payload!(g, ExecutionPayloadDeneb, { blob_gas_used: g.number(), excess_blob_gas: g.number() })
}

fn withdrawal(g: &mut Generator) -> Withdrawal {
    Withdrawal { index: g.number(), validator_index: g.validator(), address: g.address(), amount: g.number() }
}

fn proposer_slashing(g: &mut Generator) -> ProposerSlashing {
    let signed = |g: &mut Generator| SignedBeaconBlockHeader { message: header(g), signature: g.signature() };
    ProposerSlashing { signed_header_1: signed(g), signed_header_2: signed(g) }
}

fn slashing(g: &mut Generator) -> AttesterSlashing {
    let indexed = |g: &mut Generator| IndexedAttestation {
        attesting_indices: g.list(5, Generator::validator),
        data: data(g),
        signature: g.signature(),
    };
    AttesterSlashing { attestation_1: indexed(g), attestation_2: indexed(g) }
}

fn slashing_electra<P: Preset>(g: &mut Generator) -> AttesterSlashingElectra<P> {
    let indexed = |g: &mut Generator| IndexedAttestationElectra {
        attesting_indices: g.items(5, Generator::validator).try_into().unwrap(),
        data: data(g),
        signature: g.signature(),
    };
    AttesterSlashingElectra { attestation_1: indexed(g), attestation_2: indexed(g) }
}

fn deposit(g: &mut Generator) -> Deposit {
    let proof: Vec<_> = (0..DepositProof::LEN).map(|_| g.root()).collect();
    Deposit {
        proof: proof.try_into().unwrap(),
        data: DepositData {
            pubkey: g.key(),
            withdrawal_credentials: g.root(),
            amount: g.number(),
            signature: g.signature(),
        },
    }
}

fn change(g: &mut Generator) -> SignedBlsToExecutionChange {
    let message = BlsToExecutionChange {
        validator_index: g.validator(),
        from_bls_pubkey: g.key(),
        to_execution_address: g.address(),
    };
    SignedBlsToExecutionChange { message, signature: g.signature() }
}

fn requests(g: &mut Generator) -> ExecutionRequests {
    ExecutionRequests {
        deposits: g.list(2, |g| DepositRequest {
            pubkey: g.key(),
            withdrawal_credentials: g.root(),
            amount: g.number(),
            signature: g.signature(),
            index: g.number(),
        }),
        withdrawals: g.list(2, |g| WithdrawalRequest {
            source_address: g.address(),
            validator_pubkey: g.key(),
            amount: g.number(),
        }),
        consolidations: g.list(2, |g| ConsolidationRequest {
            source_address: g.address(),
            source_pubkey: g.key(),
            target_pubkey: g.key(),
        }),
    }
}
