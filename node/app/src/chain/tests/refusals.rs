//! Bad input gets an error that names the fix, and changes nothing on chain.

use super::*;
use crate::exit::Exit;

/// The whole message and the exit code.
fn told<T>(result: anyhow::Result<T>) -> (String, Exit) {
    let Err(error) = result else { panic!("must be refused") };
    (format!("{error:#}"), Exit::of(&error))
}

#[track_caller]
fn expect<T>(result: anyhow::Result<T>, words: &str, exit: Exit) {
    let (message, code) = told(result);
    assert!(message.contains(words), "{message}");
    assert_eq!(code, exit, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_chain_or_contract_is_for_a_person_to_decide() {
    let Some(world) = World::start(&[]).await else { return };
    world.write("network.toml", &network_file(1), 0o644);
    expect(world.chain().open().await, "is on chain 31337, but network local is on chain 1", Exit::Decide);
    world.write("network.toml", &network_file(31337), 0o644);
    world.place(&[]).await;
    expect(world.chain().open().await, &format!("there is no contract at {CONTRACT}"), Exit::Decide);
    // One that answers nothing, and one that reverts.
    for code in [&[0x00][..], &[0x5f, 0x5f, 0xfd]] {
        world.place(code).await;
        expect(world.chain().open().await, "is not a registry this program knows", Exit::Decide);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_client_that_is_not_there_is_named_without_its_secrets() {
    let Some(mut world) = World::start(&[]).await else { return };
    // Bound and never listened on: a connection is refused.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    for scheme in ["http", "ws"] {
        world.url = format!("{scheme}://127.0.0.1:{port}/v3/secret");
        let (message, exit) = told(world.chain().open().await);
        assert!(
            message.contains(&format!("{scheme}://127.0.0.1:{port} ")) && !message.contains("secret"),
            "{message}"
        );
        assert_eq!(exit, Exit::Failed);
    }
    world.url = "127.0.0.1:8545".into();
    expect(world.chain().open().await, "must start with http://", Exit::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_serves_as_well() {
    let Some(mut world) = World::with_operators(1).await else { return };
    world.url = world.url.replace("http", "ws");
    let registered = world.register_operator(1).await.unwrap();
    assert!(matches!(registered, OperatorRegistered::Sent { operator_id: 2, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_files_that_do_not_open_are_named() {
    let Some(world) = World::start(&[]).await else { return };
    let right = Password::new("another password").unwrap();
    let file = crypto::keystore::encrypt_operator_key(&OPERATORS[0], &right, &mut rand::rng()).unwrap();
    let mut args = world.operator_args(0);
    world.write("operator-0", &file, 0o600);
    args.password_file = Some(world.path("password"));
    expect(operator_register::register(&args, OUT).await, "operator-0: wrong password", Exit::Usage);
    world.write("operator-0", &file[..200], 0o600);
    expect(operator_register::register(&args, OUT).await, "operator-0: not a keystore", Exit::Usage);
    world.write("signer-0", KEYS[0], 0o644);
    expect(operator_register::register(&world.operator_args(0), OUT).await, "chmod 600", Exit::Usage);
    assert_eq!(world.rpc().await.block_number().await.unwrap(), 0, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_s_own_refusal_is_told_in_words_before_anything_is_sent() {
    let Some(world) = World::with_operators(1).await else { return };
    let before = world.rpc().await.block_number().await.unwrap();
    expect(
        world.register_operator(0).await,
        "OperatorAlreadyExists(): an operator with this public key",
        Exit::Failed,
    );
    assert_eq!(world.rpc().await.block_number().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn keystores_and_operators_that_cannot_be_used_are_named() {
    let Some(world) = World::with_operators(4).await else { return };
    let four = [1, 2, 3, 4];
    world.keystore("1.json", 1);
    world.keystore("copy.json", 1);
    world.write("broken.json", "{}", 0o600);
    std::fs::create_dir(world.path("empty")).unwrap();
    let split =
        |keystores: &'static [&'static str], ids: &'static [u64]| world.split(keystores, ids, "out.json");
    expect(split(&["1.json"], &[1, 2, 3, 9]).await, "operator 9 is not registered", Exit::Failed);
    expect(split(&["1.json"], &[1, 2, 3]).await, "4, 7, 10 or 13 operators, not 3", Exit::Usage);
    expect(split(&["1.json", "copy.json"], &[1, 2, 3, 4]).await, "hold the same key", Exit::Failed);
    expect(split(&["broken.json"], &[1, 2, 3, 4]).await, "broken.json", Exit::Usage);
    expect(split(&["empty"], &[1, 2, 3, 4]).await, "no keystore (*.json) in folder", Exit::Usage);
    world.write("password", "wrong", 0o600);
    expect(split(&["1.json"], &[1, 2, 3, 4]).await, "1.json: wrong password", Exit::Usage);
    assert!(!world.path("out.json").exists());

    world.write("password", PASSWORD, 0o600);
    world.split(&["1.json"], &four, "out.json").await.unwrap();
    expect(world.split(&["1.json"], &four, "out.json").await, "out.json is there already", Exit::Usage);
    world.register("out.json").await.unwrap();
    expect(world.split(&["1.json"], &four, "new.json").await, "is already registered by", Exit::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_that_left_or_never_had_a_key_are_named() {
    use contracts_abi::call::operator;
    let Some(world) = World::with_operators(4).await else { return };
    let registry = world.registry().await;
    let wait = std::time::Duration::from_secs(60);
    let owner = crate::chain::Sender::new(&registry, &world.path("signer-0"), wait).unwrap();
    owner.send(operator::register("no key", alloy_primitives::U256::ZERO, false)).await.unwrap();
    owner.send(operator::remove(2)).await.unwrap();
    world.keystore("1.json", 1);
    let split = |ids: &'static [u64]| world.split(&["1.json"], ids, "out.json");
    expect(split(&[1, 2, 3, 4]).await, "operator 2 was removed", Exit::Failed);
    expect(
        split(&[1, 3, 4, 5]).await,
        "operator 5 registered something that is not an RSA-2048",
        Exit::Failed,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_another_owner_or_nonce_are_not_registered() {
    let Some(world) = World::with_operators(4).await else { return };
    let four = [1, 2, 3, 4];
    world.keystore("1.json", 1);
    world.keystore("2.json", 2);
    world.split(&["1.json"], &four, "one.json").await.unwrap();
    world.split(&["2.json"], &four, "two.json").await.unwrap();
    let mut stranger = world.register_args("one.json");
    stranger.send = world.signed_by(2);
    expect(
        validator_register::register_all(&stranger, OUT).await,
        "but the signer key is that of",
        Exit::Failed,
    );
    world.register("one.json").await.unwrap();
    expect(world.register("two.json").await, "signed for nonce 0", Exit::Failed);
    let text = std::fs::read_to_string(world.path("two.json")).unwrap();
    world.write("forged.json", &text.replace("\"ownerNonce\": 0", "\"ownerNonce\": 1"), 0o600);
    expect(world.register("forged.json").await, "the signature is not the validator's", Exit::Failed);
}
