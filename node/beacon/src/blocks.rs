//! Blocks: built by the fastest node in step, published through all.
//!
//! Every node that is synced on the best known head is asked at once and the first block wins; a node that lags would build on an old
//! parent, and one that was cut off a moment ago would build without the votes of that time: these are asked only when the others fail or are silent (the race is that of ssv `beacon/goclient`; the order is this node's). What is
//! asked for is SSZ, and JSON is read too; what is sent is SSZ, and JSON to a node that does not take it. The bodies are bounded
//! before they are read ([`crate::http::MAX_BODY`]).

use crate::broadcast::Sending;
use crate::call::Call;
use crate::error::{BeaconError, CallError, NodeName};
use crate::event::NodeId;
use crate::http::{Encoding, Reply, Request};
use crate::nodes::BeaconNodes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use types::beacon::{AnyProposedBlock, AnySignedProposal};
use types::{BeaconFork, PresetName, Root, SignatureBytes, Slot};

/// A block to propose, and who built it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducedBlock {
    /// The block: blinded if its payload comes from a relay, else with its blobs.
    pub proposal: AnyProposedBlock,
    /// The node that gave it.
    pub node: NodeName,
}

impl BeaconNodes {
    /// A block for `slot` with this randomness. `boost` weighs builders against the local execution client: 0 local, 100 whichever
    /// pays more, 2^64-1 builders. `teller` is among the first asked, whatever its condition: it told of the newest head.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn produce_block(
        &self,
        slot: Slot,
        randao: SignatureBytes,
        graffiti: [u8; 32],
        boost: u64,
        teller: Option<NodeId>,
    ) -> Result<ProducedBlock, BeaconError> {
        let call = Call::ProduceBlock;
        let preset = self.preset(call)?;
        let path = format!(
            "/eth/v3/validator/blocks/{}?randao_reveal={randao}&graffiti={}&builder_boost_factor={boost}",
            slot.0,
            Root::from(graffiti)
        );
        let read = |reply: &Reply| {
            let block = read_block(reply, preset)?;
            answers(&block, slot, randao)?;
            Ok(block)
        };
        let (node, proposal) = self.race(call, Request::get(path).prefer_ssz(), teller, read).await?;
        Ok(ProducedBlock { proposal, node })
    }

    /// Publishes a signed block through every node: a full one with its blobs, a blinded one for the node or its relay to complete.
    /// The first node that takes it ends the wait; a node that has the block already says 2xx too, or 202.
    ///
    /// # Errors
    /// See [`BeaconError`]; no node took it.
    pub async fn publish_block(&self, proposal: &AnySignedProposal) -> Result<(), BeaconError> {
        let path =
            if proposal.is_blinded() { "/eth/v2/beacon/blinded_blocks" } else { "/eth/v2/beacon/blocks" };
        let fork = proposal.fork().name();
        let request = Request::post_ssz(path.into(), proposal.as_ssz_bytes().into()).version(fork);
        let proposal = Arc::new(proposal.clone());
        let in_json = move || {
            let body = serde_json::to_vec(proposal.as_ref()).ok()?;
            Some(Request::post(path.into(), body.into()).version(fork))
        };
        self.submit(Call::PublishBlock, Sending::or_in_json(request, Box::new(in_json))).await.map(|_| ())
    }
}

/// The envelope of a produced block. Its other fields, the values in wei, do not matter here.
#[derive(Deserialize)]
struct BlockJson<'a> {
    version: BeaconFork,
    execution_payload_blinded: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

fn read_block(reply: &Reply, preset: PresetName) -> Result<AnyProposedBlock, CallError> {
    let unsaid = |what| CallError::Malformed(format!("a block in SSZ without the header {what}"));
    let unreadable = |error: &dyn std::fmt::Display| CallError::Malformed(error.to_string());
    match reply.encoding {
        Encoding::Ssz => {
            let fork = reply.version.ok_or_else(|| unsaid("Eth-Consensus-Version"))?;
            let blinded = reply.blinded.ok_or_else(|| unsaid("Eth-Execution-Payload-Blinded"))?;
            AnyProposedBlock::of_ssz(preset, fork, blinded, &reply.body).map_err(|error| unreadable(&error))
        }
        Encoding::Json => {
            let BlockJson { version, execution_payload_blinded, data } =
                serde_json::from_slice(&reply.body).map_err(|error| unreadable(&error))?;
            AnyProposedBlock::of_json(preset, version, execution_payload_blinded, data.get().as_bytes())
                .map_err(|error| unreadable(&error))
        }
    }
}

/// Holds a block against the question: one for another slot or with other randomness would be refused by the chain.
fn answers(block: &AnyProposedBlock, slot: Slot, randao: SignatureBytes) -> Result<(), CallError> {
    if block.slot() != slot {
        return Err(CallError::Malformed(format!(
            "a block for slot {} where slot {slot} was asked for",
            block.slot()
        )));
    }
    if block.randao_reveal() != randao {
        return Err(CallError::Malformed("a block with another RANDAO than was given".into()));
    }
    Ok(())
}
