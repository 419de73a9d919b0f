//! Transactions that do not go as foreseen.

use alloy_primitives::{U64, U256};
use contracts_abi::call::operator;
use serde_json::Value;
use std::time::Duration;

use super::*;
use crate::chain::{ChainError, Sender};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_not_mined_is_named() {
    let Some(world) = World::start(&["--no-mining"]).await else { return };
    let registry = world.registry().await;
    let sender = Sender::new(&registry, &world.path("signer-0"), Duration::ZERO).unwrap();
    let error = sender.send(operator::register("key", U256::ZERO, false)).await.unwrap_err();
    let ChainError::NotMined { hash, seconds: 0 } = error else { panic!("{error}") };
    world.rpc().await.ask::<Value>("evm_mine", rpc_params![]).await.unwrap();
    let receipt = world.rpc().await.receipt(hash).await.unwrap();
    assert_eq!(receipt.unwrap().status, U64::from(1), "the message names the right transaction");
}

/// Two accounts register the same key in one block: both estimates succeed, one transaction is reverted in the block.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_in_the_block_is_told_in_words() {
    let Some(world) = World::start(&["--no-mining"]).await else { return };
    let registry = world.registry().await;
    let sender =
        |i| Sender::new(&registry, &world.path(&format!("signer-{i}")), Duration::from_secs(60)).unwrap();
    let (one, two) = (sender(0), sender(1));
    let call = || operator::register("the same key", U256::ZERO, false);
    let mine = async {
        let rpc = world.rpc().await;
        loop {
            let status: Value = rpc.ask("txpool_status", rpc_params![]).await.unwrap();
            if status["pending"] == "0x2" {
                break;
            }
            tokio::task::yield_now().await;
        }
        rpc.ask::<Value>("evm_mine", rpc_params![]).await.unwrap();
    };
    let (one, two, ()) = tokio::join!(one.send(call()), two.send(call()), mine);
    let (mined, reverted) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(mined.unwrap().block, 1);
    let words = reverted.unwrap_err().to_string();
    assert!(words.contains("OperatorAlreadyExists()"), "{words}");
}
