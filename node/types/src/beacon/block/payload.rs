//! Execution payloads, whole and as headers.

use alloy_primitives::U256;
use tree_hash::TreeHash;

use super::bytes::{LogsBloom, hex_byte_lists, hex_bytes};
use super::preset_list::{PresetList, WithdrawalsPerPayload};
use crate::beacon::container;
use crate::ids::{Address, Root, ValidatorIndex};
use crate::list::{ByteList, List};
use crate::preset::Preset;

container! {
    /// A payment from the beacon chain to the execution layer.
    #[derive(Copy)]
    pub struct Withdrawal {
        /// Its place among all withdrawals.
        #[serde(with = "serde_utils::quoted_u64")]
        pub index: u64,
        /// The validator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub validator_index: ValidatorIndex,
        /// Who is paid.
        pub address: Address,
        /// Gwei.
        #[serde(with = "serde_utils::quoted_u64")]
        pub amount: u64,
    }
}

/// Transactions, opaque: `List[List[u8, 2^30], 2^20]`.
pub type Transactions = List<ByteList<1_073_741_824>, 1_048_576>;

/// A payload and its header: the same fields, but for the two lists that the header holds the roots of.
macro_rules! payload {
    ($payload:ident, $header:ident, $fork:literal, { $($tail:tt)* }, [$($name:ident),*]) => {
        container! {
            #[doc = concat!("An execution block (", $fork, ").")]
            pub struct $payload<P: Preset> {
                /// Hash of the parent.
                pub parent_hash: Root,
                /// Who receives the fees.
                pub fee_recipient: Address,
                /// Root of the execution state.
                pub state_root: Root,
                /// Root of the receipts.
                pub receipts_root: Root,
                /// Filter of the logs.
                pub logs_bloom: LogsBloom,
                /// Randomness of the beacon chain.
                pub prev_randao: Root,
                /// Height.
                #[serde(with = "serde_utils::quoted_u64")]
                pub block_number: u64,
                /// Gas allowed.
                #[serde(with = "serde_utils::quoted_u64")]
                pub gas_limit: u64,
                /// Gas used.
                #[serde(with = "serde_utils::quoted_u64")]
                pub gas_used: u64,
                /// Unix seconds.
                #[serde(with = "serde_utils::quoted_u64")]
                pub timestamp: u64,
                /// Whatever the builder likes.
                #[serde(with = "hex_bytes")]
                pub extra_data: ByteList<32>,
                /// Wei.
                #[serde(with = "serde_utils::quoted_u256")]
                pub base_fee_per_gas: U256,
                /// Hash of this block.
                pub block_hash: Root,
                /// The transactions.
                #[serde(with = "hex_byte_lists")]
                pub transactions: Transactions,
                /// The withdrawals.
                pub withdrawals: PresetList<Withdrawal, WithdrawalsPerPayload<P>>,
                $($tail)*
            }
        }

        container! {
            #[doc = concat!("An execution block with roots in place of its lists (", $fork, ").")]
            pub struct $header {
                /// Hash of the parent.
                pub parent_hash: Root,
                /// Who receives the fees.
                pub fee_recipient: Address,
                /// Root of the execution state.
                pub state_root: Root,
                /// Root of the receipts.
                pub receipts_root: Root,
                /// Filter of the logs.
                pub logs_bloom: LogsBloom,
                /// Randomness of the beacon chain.
                pub prev_randao: Root,
                /// Height.
                #[serde(with = "serde_utils::quoted_u64")]
                pub block_number: u64,
                /// Gas allowed.
                #[serde(with = "serde_utils::quoted_u64")]
                pub gas_limit: u64,
                /// Gas used.
                #[serde(with = "serde_utils::quoted_u64")]
                pub gas_used: u64,
                /// Unix seconds.
                #[serde(with = "serde_utils::quoted_u64")]
                pub timestamp: u64,
                /// Whatever the builder likes.
                #[serde(with = "hex_bytes")]
                pub extra_data: ByteList<32>,
                /// Wei.
                #[serde(with = "serde_utils::quoted_u256")]
                pub base_fee_per_gas: U256,
                /// Hash of this block.
                pub block_hash: Root,
                /// Root of the transactions.
                pub transactions_root: Root,
                /// Root of the withdrawals.
                pub withdrawals_root: Root,
                $($tail)*
            }
        }

        impl<P: Preset> $payload<P> {
            /// The header, which has the same hash tree root.
            #[must_use]
            pub fn header(&self) -> $header {
                $header {
                    parent_hash: self.parent_hash,
                    fee_recipient: self.fee_recipient,
                    state_root: self.state_root,
                    receipts_root: self.receipts_root,
                    logs_bloom: self.logs_bloom,
                    prev_randao: self.prev_randao,
                    block_number: self.block_number,
                    gas_limit: self.gas_limit,
                    gas_used: self.gas_used,
                    timestamp: self.timestamp,
                    extra_data: self.extra_data.clone(),
                    base_fee_per_gas: self.base_fee_per_gas,
                    block_hash: self.block_hash,
                    transactions_root: self.transactions.tree_hash_root(),
                    withdrawals_root: self.withdrawals.tree_hash_root(),
                    $($name: self.$name,)*
                }
            }
        }
    };
}

payload!(ExecutionPayloadCapella, ExecutionPayloadHeaderCapella, "Capella", {}, []);
payload!(ExecutionPayloadDeneb, ExecutionPayloadHeaderDeneb, "Deneb to Fulu", {
    /// Gas of blobs used.
    #[serde(with = "serde_utils::quoted_u64")]
    pub blob_gas_used: u64,
    /// Gas of blobs above the target so far.
    #[serde(with = "serde_utils::quoted_u64")]
    pub excess_blob_gas: u64,
}, [blob_gas_used, excess_blob_gas]);
