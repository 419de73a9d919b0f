//! Which validators were seen at work (`POST /eth/v1/validator/liveness/{epoch}`).
//!
//! Best effort at the node: it knows what it saw itself, and only of the current and the previous epoch. So every node is asked, and one
//! that saw a validator outweighs all that did not. A node that does not answer in time is not waited for; one must.

use crate::call::Call;
use crate::error::BeaconError;
use crate::gather::{Wait, all_if_possible, gather};
use crate::http::Request;
use crate::node::Node;
use crate::nodes::{BeaconNodes, encode};
use crate::quoted::Quoted;
use crate::state::{Data, read_json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use types::{Epoch, ValidatorIndex};

#[derive(Deserialize)]
struct LivenessJson {
    index: Quoted,
    is_live: bool,
}

impl BeaconNodes {
    /// Whether these validators were seen at work in `epoch`, by any node; in the order of their indices. A validator of which no node
    /// said anything is missing in the answer. No validators, no call.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn liveness(
        &self,
        epoch: Epoch,
        validators: &[ValidatorIndex],
    ) -> Result<Vec<(ValidatorIndex, bool)>, BeaconError> {
        if validators.is_empty() {
            return Ok(Vec::new());
        }
        let call = Call::Liveness;
        let indices: Vec<Quoted> = validators.iter().map(|index| Quoted(index.0)).collect();
        let path = format!("/eth/v1/validator/liveness/{}", epoch.0);
        let request = &Request::post(path, encode(call, &indices)?);
        let budget = self.budget(call);
        let wait = Wait { call, budget, soft: budget.patience };
        let care = self.care();
        let ask = |node: Arc<Node>, deadline| async move {
            care.ask(&node, call, request, deadline, read_json::<Data<Vec<LivenessJson>>>).await
        };
        let answers = gather(self.usable(call)?, wait, ask, all_if_possible)
            .await
            .map_err(|failed| failed.into_error(wait))?;
        let mut seen: BTreeMap<ValidatorIndex, bool> = BTreeMap::new();
        for item in answers.into_iter().flat_map(|(_, answer)| answer.data) {
            *seen.entry(ValidatorIndex(item.index.0)).or_default() |= item.is_live;
        }
        let asked: BTreeSet<ValidatorIndex> = validators.iter().copied().collect();
        seen.retain(|index, _| asked.contains(index));
        Ok(seen.into_iter().collect())
    }
}
