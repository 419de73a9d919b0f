//! Questions about the node and its head state.

use crate::call::Call;
use crate::error::{BeaconError, CallError};
use crate::health::SyncState;
use crate::http::{Encoding, Reply, Request};
use crate::nodes::BeaconNodes;
use crate::quoted::Quoted;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use types::{Checkpoint, Slot};

/// The envelope of most answers.
#[derive(Deserialize)]
pub(crate) struct Data<T> {
    pub data: T,
}

/// Reads a JSON answer.
pub(crate) fn read_json<T: DeserializeOwned>(reply: &Reply) -> Result<T, CallError> {
    if reply.encoding != Encoding::Json {
        return Err(CallError::Malformed("SSZ where only JSON was asked for".into()));
    }
    serde_json::from_slice(&reply.body).map_err(|error| CallError::Malformed(error.to_string()))
}

pub(crate) fn version_request() -> Request {
    Request::get("/eth/v1/node/version".into())
}

#[derive(Deserialize)]
struct VersionJson {
    version: String,
}

/// The node's name of itself, at most 100 characters of it.
pub(crate) fn read_version(reply: &Reply) -> Result<String, CallError> {
    let answer: Data<VersionJson> = read_json(reply)?;
    Ok(answer.data.version.chars().filter(|c| !c.is_control()).take(100).collect())
}

pub(crate) fn syncing_request() -> Request {
    Request::get("/eth/v1/node/syncing".into())
}

#[derive(Deserialize)]
struct SyncingJson {
    head_slot: Quoted,
    sync_distance: Quoted,
    is_syncing: bool,
    #[serde(default)]
    is_optimistic: bool,
    #[serde(default)]
    el_offline: bool,
}

pub(crate) fn read_syncing(reply: &Reply) -> Result<SyncState, CallError> {
    let Data { data } = read_json::<Data<SyncingJson>>(reply)?;
    Ok(SyncState {
        head_slot: Slot(data.head_slot.0),
        distance: data.sync_distance.0,
        syncing: data.is_syncing,
        optimistic: data.is_optimistic,
        execution_offline: data.el_offline,
    })
}

/// What the head state holds as justified and final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Finality {
    /// Justified one epoch earlier.
    pub previous_justified: Checkpoint,
    /// Justified now: the source of new votes.
    pub current_justified: Checkpoint,
    /// Final.
    pub finalized: Checkpoint,
}

impl BeaconNodes {
    /// What is justified and final at the head.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn finality(&self) -> Result<Finality, BeaconError> {
        self.read(Call::Finality, finality_request(), read_finality).await
    }
}

fn finality_request() -> Request {
    Request::get("/eth/v1/beacon/states/head/finality_checkpoints".into())
}

fn read_finality(reply: &Reply) -> Result<Finality, CallError> {
    Ok(read_json::<Data<Finality>>(reply)?.data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use types::{Epoch, Root};

    fn json(body: &'static str) -> Reply {
        Reply { encoding: Encoding::Json, body: Bytes::from_static(body.as_bytes()), ..Reply::default() }
    }

    #[test]
    fn recorded_answers_are_read() {
        // Recorded from Lodestar 1.44.0.
        assert_eq!(
            read_version(&json(include_str!("../tests/answers/version.json"))).unwrap(),
            "Lodestar/1.44.0"
        );
        let sync = read_syncing(&json(include_str!("../tests/answers/syncing.json"))).unwrap();
        assert!(sync.is_synced() && !sync.optimistic && !sync.execution_offline);
        let finality =
            read_finality(&json(include_str!("../tests/answers/finality_checkpoints.json"))).unwrap();
        assert_eq!(finality.finalized, Checkpoint { epoch: Epoch(0), root: Root::ZERO });
    }

    #[test]
    fn ssz_where_json_was_asked_for_is_refused() {
        let reply = Reply { encoding: Encoding::Ssz, body: Bytes::new(), ..Reply::default() };
        assert!(matches!(read_version(&reply), Err(CallError::Malformed(_))));
    }
}
