//! `tests.CreateMsgSpecTest`: the messages the local operator sends.
//!
//! Half of the files carry an empty committee: all are meant for the four-operator committee of the tests.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use crypto::rsa::OperatorPublicKey;
use qbft::{Committee, CommitteeKeys, Config, Instance, ProcessingMessage, RoundRobin, State, Unsigned};
use serde::Deserialize;
use types::{ByteList, MessageId, OperatorId, Root, Round, Slot, Thresholds};

use super::world::{TestValueCheck, sign};
use crate::json::{Base64, Hex, list};
use crate::keys::LOCAL;
use crate::model::{SignedJson, root};
use crate::suite::Vector;

/// The committee of these tests.
const OPERATORS: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    value: Hex,
    state_value: Base64,
    round: u64,
    #[serde(deserialize_with = "list")]
    round_change_justifications: Vec<SignedJson>,
    #[serde(deserialize_with = "list")]
    prepare_justifications: Vec<SignedJson>,
    create_type: String,
    expected_root: Hex,
    expected_error_code: u64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    ensure!(test.expected_error_code == 0, "a refusal is expected, creating has none");
    let key = vector.archive.keys.local(OPERATORS)?;
    let created = sign(key, create(&test, key.public_key())?)?;
    ensure!(root(&created).as_slice() == test.expected_root.0, "another message was created: {created:?}");
    Ok(())
}

fn create(test: &Test, key: &OperatorPublicKey) -> Result<Unsigned> {
    let decode = |messages: &[SignedJson]| -> Result<Vec<ProcessingMessage>> {
        messages.iter().map(|message| Ok(ProcessingMessage::new(message.require()?)?)).collect()
    };
    let mut id = MessageId::default();
    id.0[..4].copy_from_slice(&[1, 2, 3, 4]);
    let mut state = State::new(id, Slot(0));
    state.round = Round(test.round);
    let value = ByteList::try_from(test.state_value.bytes())?;
    let prepares = decode(&test.prepare_justifications)?;
    let root = || Root::try_from(test.value.0.as_slice());
    let created = match test.create_type.as_str() {
        "createProposal" => {
            let round_changes = decode(&test.round_change_justifications)?;
            instance(state, key).create_proposal(&value, &round_changes, &prepares)
        }
        "CreatePrepare" => instance(state, key).create_prepare(Round(test.round), root()?),
        "CreateCommit" => instance(state, key).create_commit(root()?),
        "CreateRoundChange" => {
            if let Some(first) = prepares.first() {
                state.last_prepared_round = first.round();
                state.last_prepared_value = Some(value);
            }
            prepares.into_iter().for_each(|prepare| {
                state.prepares.add(Arc::new(prepare));
            });
            instance(state, key).create_round_change(Round::FIRST)
        }
        other => bail!("no code creates a {other}"),
    };
    Ok(created?)
}

fn instance(state: State, key: &OperatorPublicKey) -> Instance {
    let members: Vec<_> = (1..).map(OperatorId).take(OPERATORS).collect();
    let config = Config {
        committee: Committee::new(LOCAL, members.clone(), Thresholds::of_size(OPERATORS)),
        leader: Arc::new(RoundRobin::new(members, None)),
        verifier: Arc::new(CommitteeKeys::new(vec![(LOCAL, key.clone())])),
        cut_off: super::world::CUT_OFF,
        capacity: qbft::INSTANCE_CAPACITY,
    };
    Instance::restore(Arc::new(config), state, None, Arc::new(TestValueCheck))
}
