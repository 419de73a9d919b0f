//! What a block carries beside its payload: slashings, attestations, deposits, exits, changes and requests.

use super::bytes::{DepositProof, quoted_indices};
use super::preset_list::{PresetList, ValidatorsPerSlot};
use crate::beacon::{AttestationData, VoluntaryExit, container};
use crate::ids::{Address, PublicKeyBytes, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::list::List;
use crate::preset::Preset;
use ssz::BitVector;

container! {
    /// The state of the deposit contract.
    #[derive(Copy, Default)]
    pub struct Eth1Data {
        /// Root of the tree of deposits.
        pub deposit_root: Root,
        /// Deposits made.
        #[serde(with = "serde_utils::quoted_u64")]
        pub deposit_count: u64,
        /// The execution block this was read at.
        pub block_hash: Root,
    }
}

container! {
    /// A block without its body.
    #[derive(Copy)]
    pub struct BeaconBlockHeader {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// Who.
        #[serde(with = "serde_utils::quoted_u64")]
        pub proposer_index: ValidatorIndex,
        /// Root of the parent block.
        pub parent_root: Root,
        /// Root of the state after the block.
        pub state_root: Root,
        /// Root of the body.
        pub body_root: Root,
    }
}

container! {
    /// A signed header.
    #[derive(Copy)]
    pub struct SignedBeaconBlockHeader {
        /// The header.
        pub message: BeaconBlockHeader,
        /// The proposer's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// Two blocks of one proposer for one slot.
    #[derive(Copy)]
    pub struct ProposerSlashing {
        /// One.
        pub signed_header_1: SignedBeaconBlockHeader,
        /// The other.
        pub signed_header_2: SignedBeaconBlockHeader,
    }
}

container! {
    /// An attestation with its attesters by number, before Electra.
    pub struct IndexedAttestation {
        /// Who.
        #[serde(with = "quoted_indices")]
        pub attesting_indices: List<ValidatorIndex, 2_048>,
        /// What.
        pub data: AttestationData,
        /// Their aggregate signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// An attestation with its attesters by number, from Electra on.
    pub struct IndexedAttestationElectra<P: Preset> {
        /// Who.
        #[serde(with = "quoted_indices")]
        pub attesting_indices: PresetList<ValidatorIndex, ValidatorsPerSlot<P>>,
        /// What.
        pub data: AttestationData,
        /// Their aggregate signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// Two contradicting attestations, before Electra.
    pub struct AttesterSlashing {
        /// One.
        pub attestation_1: IndexedAttestation,
        /// The other.
        pub attestation_2: IndexedAttestation,
    }
}

container! {
    /// Two contradicting attestations, from Electra on.
    pub struct AttesterSlashingElectra<P: Preset> {
        /// One.
        pub attestation_1: IndexedAttestationElectra<P>,
        /// The other.
        pub attestation_2: IndexedAttestationElectra<P>,
    }
}

container! {
    /// What a depositor signs, with the signature.
    #[derive(Copy)]
    pub struct DepositData {
        /// The validator.
        pub pubkey: PublicKeyBytes,
        /// Where it withdraws to.
        pub withdrawal_credentials: Root,
        /// Gwei.
        #[serde(with = "serde_utils::quoted_u64")]
        pub amount: u64,
        /// The validator's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// A deposit with the proof that it was made.
    pub struct Deposit {
        /// Its branch in the tree of deposits.
        pub proof: DepositProof,
        /// The deposit.
        pub data: DepositData,
    }
}

container! {
    /// A signed voluntary exit.
    #[derive(Copy)]
    pub struct SignedVoluntaryExit {
        /// The exit.
        pub message: VoluntaryExit,
        /// The validator's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// What the sync committee signed.
    pub struct SyncAggregate<P: Preset> {
        /// Who signed.
        pub sync_committee_bits: BitVector<P::SyncCommitteeSize>,
        /// Their aggregate signature.
        pub sync_committee_signature: SignatureBytes,
    }
}

container! {
    /// From BLS withdrawal credentials to an address.
    #[derive(Copy)]
    pub struct BlsToExecutionChange {
        /// The validator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub validator_index: ValidatorIndex,
        /// The key of the old credentials.
        pub from_bls_pubkey: PublicKeyBytes,
        /// The new address.
        pub to_execution_address: Address,
    }
}

container! {
    /// A signed change of withdrawal credentials.
    #[derive(Copy)]
    pub struct SignedBlsToExecutionChange {
        /// The change.
        pub message: BlsToExecutionChange,
        /// Signature by the key of the old credentials.
        pub signature: SignatureBytes,
    }
}

container! {
    /// A deposit that the execution layer saw.
    #[derive(Copy)]
    pub struct DepositRequest {
        /// The validator.
        pub pubkey: PublicKeyBytes,
        /// Where it withdraws to.
        pub withdrawal_credentials: Root,
        /// Gwei.
        #[serde(with = "serde_utils::quoted_u64")]
        pub amount: u64,
        /// The validator's signature.
        pub signature: SignatureBytes,
        /// Its place among all deposits.
        #[serde(with = "serde_utils::quoted_u64")]
        pub index: u64,
    }
}

container! {
    /// A withdrawal that an execution account asks for.
    #[derive(Copy)]
    pub struct WithdrawalRequest {
        /// The account.
        pub source_address: Address,
        /// The validator.
        pub validator_pubkey: PublicKeyBytes,
        /// Gwei; 0 for an exit.
        #[serde(with = "serde_utils::quoted_u64")]
        pub amount: u64,
    }
}

container! {
    /// A consolidation that an execution account asks for.
    #[derive(Copy)]
    pub struct ConsolidationRequest {
        /// The account.
        pub source_address: Address,
        /// The validator that ends.
        pub source_pubkey: PublicKeyBytes,
        /// The validator that grows.
        pub target_pubkey: PublicKeyBytes,
    }
}

container! {
    /// What the execution layer asks of the beacon chain, from Electra on.
    #[derive(Default)]
    pub struct ExecutionRequests {
        /// Deposits.
        pub deposits: List<DepositRequest, 8_192>,
        /// Withdrawals.
        pub withdrawals: List<WithdrawalRequest, 16>,
        /// Consolidations.
        pub consolidations: List<ConsolidationRequest, 2>,
    }
}
