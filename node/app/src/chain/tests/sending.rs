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
///
/// The steps are taken in a fixed order, since the client estimates on top of what waits in its pool: an estimate made after
/// the other transaction was handed over fails, and there would never be two.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_in_the_block_is_told_in_words() {
    let Some(world) = World::start(&["--no-mining"]).await else { return };
    let registry = world.registry().await;
    // One block is mined after both are handed over, so the receipts are there at the first look.
    let sender = |i| Sender::new(&registry, &world.path(&format!("signer-{i}")), Duration::ZERO).unwrap();
    let (one, two) = (sender(0), sender(1));
    let call = || operator::register("the same key", U256::ZERO, false);
    let (first, second) = (one.prepare(call()).await.unwrap(), two.prepare(call()).await.unwrap());
    let (first, second) = (one.hand_over(first).await.unwrap(), two.hand_over(second).await.unwrap());
    world.rpc().await.ask::<Value>("evm_mine", rpc_params![]).await.unwrap();

    let (mined, reverted) = match (one.outcome(&first).await, two.outcome(&second).await) {
        (Ok(mined), Err(reverted)) | (Err(reverted), Ok(mined)) => (mined, reverted),
        both => panic!("one is mined and one reverted: {both:?}"),
    };
    assert_eq!(mined.block, 1);
    let words = reverted.to_string();
    assert!(words.contains("OperatorAlreadyExists()"), "{words}");
}

/// The cause of the order above, and what an operator sees who registers what another one is about to register.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_pool_is_refused_before_it_is_sent() {
    let Some(world) = World::start(&["--no-mining"]).await else { return };
    let registry = world.registry().await;
    let sender = |i| Sender::new(&registry, &world.path(&format!("signer-{i}")), Duration::ZERO).unwrap();
    let (one, two) = (sender(0), sender(1));
    let call = || operator::register("the same key", U256::ZERO, false);
    one.hand_over(one.prepare(call()).await.unwrap()).await.map(drop).unwrap();
    let error = two.prepare(call()).await.map(drop).unwrap_err();
    assert!(matches!(error, ChainError::Reverted(_)), "{error}");
    assert!(error.to_string().contains("OperatorAlreadyExists()"), "{error}");
}
