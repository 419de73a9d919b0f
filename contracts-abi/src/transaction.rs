//! Transactions to the registry, signed with a plain 32-byte key (EIP-155 and EIP-1559).

use std::fmt;

use alloy_primitives::{Address, B256, U256, keccak256};
use ethers_core::types::transaction::eip2718::TypedTransaction;
use ethers_core::types::{Eip1559TransactionRequest, NameOrAddress, TransactionRequest};
use ethers_signers::{LocalWallet, Signer as _};

use crate::call::Call;
use crate::convert::{from_ethers_address, to_ethers_address, to_ethers_u256};

/// What the sender pays for gas, in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fees {
    /// One price for chains without a base fee (EIP-155).
    Legacy {
        /// Per unit of gas.
        gas_price_wei: u128,
    },
    /// A limit and a tip (EIP-1559).
    Dynamic {
        /// The most that is paid per unit of gas, tip included.
        max_fee_wei: u128,
        /// The part for the block's proposer.
        max_priority_fee_wei: u128,
    },
}

/// A call of a contract on one chain, by one account's next transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The chain it is valid on.
    pub chain_id: u64,
    /// The sender's transaction count.
    pub nonce: u64,
    /// The contract; `None` deploys the calldata as code.
    pub to: Option<Address>,
    /// Calldata and value.
    pub call: Call,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// What the gas costs.
    pub fees: Fees,
}

/// A transaction as `eth_sendRawTransaction` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The encoded transaction.
    pub raw: Vec<u8>,
    /// Its hash, under which it is found on chain.
    pub hash: B256,
}

/// A key that cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Zero, or not below the order of secp256k1.
    #[error("these 32 bytes are not a secp256k1 secret key")]
    NotAKey,
    /// The signing library gave up.
    #[error("the transaction could not be signed")]
    Failed,
}

/// An account's secret key. The key is wiped from memory when this is dropped.
pub struct Signer(LocalWallet);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.address())
    }
}

impl Signer {
    /// # Errors
    /// The bytes are zero or not below the group order.
    pub fn from_key(key: &[u8; 32]) -> Result<Self, SignError> {
        LocalWallet::from_bytes(key).map(Self).map_err(|_| SignError::NotAKey)
    }

    /// The account.
    #[must_use]
    pub fn address(&self) -> Address {
        from_ethers_address(self.0.address())
    }

    /// Signs for the chain that the transaction names.
    ///
    /// # Errors
    /// The signing library failed.
    pub fn sign(&self, transaction: &Transaction) -> Result<SignedTransaction, SignError> {
        let typed = typed(transaction);
        let signature = self.0.sign_transaction_sync(&typed).map_err(|_| SignError::Failed)?;
        let raw = typed.rlp_signed(&signature).to_vec();
        Ok(SignedTransaction { hash: keccak256(&raw), raw })
    }
}

fn typed(transaction: &Transaction) -> TypedTransaction {
    let to = transaction.to.map(|to| NameOrAddress::Address(to_ethers_address(to)));
    let value = to_ethers_u256(transaction.call.value);
    let data = transaction.call.calldata.clone();
    match transaction.fees {
        Fees::Legacy { gas_price_wei } => TypedTransaction::Legacy(TransactionRequest {
            to,
            chain_id: Some(transaction.chain_id.into()),
            nonce: Some(transaction.nonce.into()),
            gas: Some(transaction.gas_limit.into()),
            gas_price: Some(to_ethers_u256(U256::from(gas_price_wei))),
            value: Some(value),
            data: Some(data.into()),
            from: None,
        }),
        Fees::Dynamic { max_fee_wei, max_priority_fee_wei } => {
            TypedTransaction::Eip1559(Eip1559TransactionRequest {
                to,
                chain_id: Some(transaction.chain_id.into()),
                nonce: Some(transaction.nonce.into()),
                gas: Some(transaction.gas_limit.into()),
                max_fee_per_gas: Some(to_ethers_u256(U256::from(max_fee_wei))),
                max_priority_fee_per_gas: Some(to_ethers_u256(U256::from(max_priority_fee_wei))),
                value: Some(value),
                data: Some(data.into()),
                from: None,
                access_list: Default::default(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;
    use ethers_core::types::Bytes;
    use ethers_core::types::Signature;
    use ethers_core::utils::rlp::Rlp;

    use super::*;

    fn transfer(fees: Fees) -> Transaction {
        Transaction {
            chain_id: 1,
            nonce: 9,
            to: Some(address!("0x3535353535353535353535353535353535353535")),
            call: Call { calldata: vec![], value: U256::from(1_000_000_000_000_000_000u64) },
            gas_limit: 21_000,
            fees,
        }
    }

    /// The worked example of EIP-155.
    #[test]
    fn signs_the_example_of_eip_155() {
        let signer = Signer::from_key(&[0x46; 32]).unwrap();
        assert_eq!(signer.address(), address!("0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"));
        let signed = signer.sign(&transfer(Fees::Legacy { gas_price_wei: 20_000_000_000 })).unwrap();
        let expected = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080\
                        25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276\
                        a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
        assert_eq!(hex::encode(signed.raw), expected);
    }

    #[test]
    fn a_dynamic_fee_transaction_recovers_to_its_signer() {
        let signer = Signer::from_key(&[0x46; 32]).unwrap();
        let fees = Fees::Dynamic { max_fee_wei: u128::MAX, max_priority_fee_wei: 1 };
        let mut transaction = transfer(fees);
        transaction.call.calldata = vec![1, 2, 3];
        let signed = signer.sign(&transaction).unwrap();
        assert_eq!(signed.raw[0], 2);
        let (decoded, signature): (TypedTransaction, Signature) =
            TypedTransaction::decode_signed(&Rlp::new(&signed.raw)).unwrap();
        assert_eq!(from_ethers_address(signature.recover(decoded.sighash()).unwrap()), signer.address());
        assert_eq!(decoded.data(), Some(&Bytes::from(vec![1, 2, 3])));
        assert_eq!(decoded.nonce(), Some(&9.into()));
    }

    #[test]
    fn refuses_what_is_no_key_and_shows_no_secret() {
        assert!(matches!(Signer::from_key(&[0; 32]), Err(SignError::NotAKey)));
        assert!(matches!(Signer::from_key(&[0xff; 32]), Err(SignError::NotAKey)));
        let shown = format!("{:?}", Signer::from_key(&[0x46; 32]).unwrap());
        assert_eq!(shown, "Signer(0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F)");
    }
}
