//! The whole way of a staker: register operators, split keys, register them, read the chain, remove.

use alloy_primitives::U256;
use contracts_abi::{RegistryEvent, decode, topic};
use crypto::keystore::encrypt_operator_key;
use crypto::owner_nonce;
use crypto::shamir::{self, Share};
use types::{PublicKeyBytes, SignatureBytes};

use super::*;
use crate::chain::ShownCall;
use crate::chain::history::{OwnerHistory, operators};
use crate::commands::validator_register::{Outcome, Registration};
use crate::commands::validator_remove::{self, ValidatorRemoveArgs};

const FOUR: [u64; 4] = [1, 2, 3, 4];

fn key(number: u8) -> PublicKeyBytes {
    secret(number).public_key().to_bytes()
}

/// What the chain says of registered validators: key and shares, in order.
async fn added(world: &World) -> Vec<(Vec<u8>, Vec<u8>)> {
    let logs = world.registry().await.logs(&vec![vec![topic("ValidatorAdded").unwrap()]]).await.unwrap();
    let events = logs.iter().map(|log| decode(&log.topics, &log.data).unwrap().unwrap());
    let shares = |event| {
        let RegistryEvent::ValidatorAdded { public_key, shares, .. } = event else { panic!("{event:?}") };
        (public_key, shares)
    };
    events.map(shares).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_can_sign_for_what_was_split_and_registered() {
    let Some(world) = World::with_operators(4).await else { return };
    std::fs::create_dir(world.path("keys")).unwrap();
    // By name: key 3 comes first.
    world.keystore("keys/a.json", 3);
    world.keystore("keys/b.json", 1);
    world.keystore("single.json", 2);
    world.write("keys/readme.txt", "not a keystore", 0o644);

    let split = world.split(&["keys", "single.json"], &[4, 2, 1, 3], "keyshares.json").await.unwrap();
    let nonces: Vec<_> = split.validators.iter().map(|v| (v.public_key, v.owner_nonce)).collect();
    assert_eq!(nonces, [(key(3), 0), (key(1), 1), (key(2), 2)]);
    assert_eq!(split.operators.iter().map(|id| id.get()).collect::<Vec<_>>(), FOUR);

    let registered = world.register("keyshares.json").await.unwrap();
    assert_eq!((registered.owner, registered.already_registered), (account(1), 0));
    let [Registration { validators, outcome: Outcome::Sent { .. }, .. }] = &registered.transactions[..]
    else {
        panic!("one transaction for all: {registered:?}");
    };
    assert_eq!(validators, &[key(3), key(1), key(2)]);

    for (nonce, (public_key, shares)) in (0..).zip(added(&world).await) {
        let validator = PublicKeyBytes::try_from(public_key.as_slice()).unwrap();
        let signature = SignatureBytes::try_from(&shares[..96]).unwrap();
        assert!(owner_nonce::verify(&validator, &signature, &account(1), nonce), "{nonce}");
        let share = |i: usize| {
            let key = PublicKeyBytes::try_from(&shares[96 + i * 48..][..48]).unwrap();
            let text = &shares[96 + 4 * 48 + i * 256..][..256];
            Share { operator: OperatorId(FOUR[i]), secret: OPERATORS[i].decrypt_share(text, &key).unwrap().0 }
        };
        let recovered = shamir::combine(&[share(3), share(0), share(2)]).unwrap();
        assert_eq!(recovered.public_key().to_bytes(), validator);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonces_go_on_after_removals_and_finished_work_is_passed_over() {
    let Some(world) = World::with_operators(4).await else { return };
    world.keystore("1.json", 1);
    world.keystore("2.json", 2);
    world.split(&["1.json"], &FOUR, "first.json").await.unwrap();
    world.register("first.json").await.unwrap();
    let again = world.register("first.json").await.unwrap();
    assert_eq!((again.already_registered, again.transactions.len()), (1, 0));

    let remove = ValidatorRemoveArgs {
        chain: world.chain(),
        public_key: vec![key(1)],
        operators: FOUR.map(OperatorId).to_vec(),
        owner: None,
        send: world.signed_by(1),
    };
    let removed = validator_remove::remove(&remove).await.unwrap();
    assert!(matches!(removed.outcome, Outcome::Sent { .. }));
    let unknown = validator_remove::remove(&remove).await.unwrap_err().to_string();
    assert!(unknown.contains("is not registered by"), "{unknown}");

    let split = world.split(&["1.json", "2.json"], &FOUR, "second.json").await.unwrap();
    assert_eq!(split.validators.iter().map(|v| v.owner_nonce).collect::<Vec<_>>(), [1, 2]);
    world.register("second.json").await.unwrap();
    let registry = world.registry().await;
    let history = OwnerHistory::read(&registry, account(1)).await.unwrap();
    assert_eq!(history.next_nonce(), 3);
    assert_eq!(history.cluster(&FOUR.map(OperatorId)).cluster.validator_count, 2);
    assert_eq!(OwnerHistory::read(&registry, account(2)).await.unwrap().next_nonce(), 0);
}

/// Two clusters in turn, with a deposit: each transaction has the tuple that the one before left, and the deposit goes
/// into each cluster once.
#[tokio::test(flavor = "multi_thread")]
async fn clusters_may_alternate_in_one_file() {
    let Some(world) = World::with_operators(5).await else { return };
    let other = [1, 2, 3, 5];
    let registry = world.registry().await;
    let mut items = Vec::new();
    for (number, ids) in [(1, FOUR), (2, FOUR), (3, other), (4, FOUR)] {
        let found = operators(&registry, &ids.map(OperatorId)).await.unwrap();
        let committee = crate::chain::keyshares::split::Committee { owner: account(1), operators: &found };
        items.push(committee.split(&secret(number), u64::from(number) - 1, &mut rand::rng()).unwrap());
    }
    crate::chain::keyshares::Keyshares::new(items, 0).write(&world.path("keyshares.json")).unwrap();
    let mut args = world.register_args("keyshares.json");
    args.amount = U256::from(1000);

    let mut shown = world.register_args("keyshares.json");
    shown.send = SendArgs { signer_key_file: None, calldata: true, wait_seconds: 0 };
    let refused = validator_register::register_all(&shown, OUT).await.unwrap_err().to_string();
    assert!(refused.contains("more than one transaction"), "{refused}");

    let done = validator_register::register_all(&args, OUT).await.unwrap();
    let sizes: Vec<_> = done.transactions.iter().map(|t| t.validators.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
    let history = OwnerHistory::read(&registry, account(1)).await.unwrap();
    let state = |ids: [u64; 4]| {
        let cluster = history.cluster(&ids.map(OperatorId)).cluster;
        (cluster.validator_count, cluster.balance)
    };
    assert_eq!((state(FOUR), state(other)), ((3, U256::from(1000)), (1, U256::from(1000))));
}

/// What `--calldata` shows is what would be sent: handed in by someone else, it does the same.
#[tokio::test(flavor = "multi_thread")]
async fn shown_calls_do_what_sent_calls_do() {
    let Some(world) = World::with_operators(4).await else { return };
    world.keystore("1.json", 1);
    world.split(&["1.json"], &FOUR, "keyshares.json").await.unwrap();
    let mut args = world.register_args("keyshares.json");
    args.send = SendArgs { signer_key_file: None, calldata: true, wait_seconds: 0 };
    args.amount = U256::from(77);
    let shown = validator_register::register_all(&args, OUT).await.unwrap();
    let [Registration { outcome: Outcome::Shown(call), .. }] = &shown.transactions[..] else {
        panic!("{shown:?}")
    };
    let ShownCall { chain_id, to, value, calldata } = call;
    assert_eq!((*chain_id, *to, value.as_str()), (31337, CONTRACT, "77"));
    assert!(added(&world).await.is_empty(), "nothing was sent");

    let rpc = world.rpc().await;
    let transaction = serde_json::json!({ "from": account(1), "to": to, "value": "0x4d", "data": calldata });
    rpc.ask::<alloy_primitives::B256>("eth_sendTransaction", rpc_params![transaction]).await.unwrap();
    rpc.ask::<serde_json::Value>("evm_mine", rpc_params![]).await.unwrap();
    assert_eq!(added(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_registers_from_an_encrypted_key_file() {
    let Some(world) = World::start(&[]).await else { return };
    let password = Password::new(PASSWORD).unwrap();
    world.write(
        "encrypted.json",
        &encrypt_operator_key(&OPERATORS[0], &password, &mut rand::rng()).unwrap(),
        0o600,
    );
    let mut args = world.operator_args(0);
    args.key = world.path("encrypted.json");
    args.password_file = Some(world.path("password"));
    args.fee = U256::from(500);
    args.private = true;
    let done = operator_register::register(&args, OUT).await.unwrap();
    assert!(matches!(done, OperatorRegistered::Sent { operator_id: 1, .. }));
    let found = operators(&world.registry().await, &[OperatorId(1)]).await.unwrap();
    assert_eq!(found[0].text, OPERATORS[0].public_key().to_base64());
    let json = serde_json::to_value(&done).unwrap();
    assert_eq!(json["operator_id"], 1);
    assert!(json["transaction_hash"].as_str().unwrap().starts_with("0x") && json["block"].is_u64(), "{json}");
}
