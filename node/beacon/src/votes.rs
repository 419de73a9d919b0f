//! What one block says about duties: who proposed it, on which parent, and whose votes are in it.
//!
//! Read from the blinded form of the block, which has all of that and no transactions; how long the committees are that its attestations
//! speak of is asked apart. The root is computed here from what was read, so
//! that a block asked for by root is that block.

use crate::aggregation::Aggregate;
use crate::call::Call;
use crate::error::{BeaconError, CallError};
use crate::http::{Encoding, Reply, Request};
use crate::nodes::BeaconNodes;
use crate::quoted::Quoted;
use crate::state::{Data, read_json};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use types::beacon::block::body::BlockBody;
use types::beacon::block::contents::BeaconBlock;
use types::beacon::block::operations::{SignedVoluntaryExit, SyncAggregate};
use types::beacon::{AnyAttestation, Attestation, AttestationElectra, SignedProposal};
use types::preset::{ByPreset, Preset};
use types::{BeaconFork, Mainnet, Minimal, PresetName, Root, Slot, TreeHash, ValidatorIndex};

/// Which block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockId {
    /// The block with this root, on whatever branch.
    Root(Root),
    /// The block of this slot on the branch of the head.
    Slot(Slot),
}

impl From<Root> for BlockId {
    fn from(root: Root) -> Self {
        Self::Root(root)
    }
}

impl From<Slot> for BlockId {
    fn from(slot: Slot) -> Self {
        Self::Slot(slot)
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(root) => root.fmt(f),
            Self::Slot(slot) => slot.fmt(f),
        }
    }
}

/// The votes in one block, and whose block it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockVotes {
    /// Root of the block.
    pub root: Root,
    /// Its slot.
    pub slot: Slot,
    /// Its fork.
    pub fork: BeaconFork,
    /// Who proposed it.
    pub proposer: ValidatorIndex,
    /// The block before it.
    pub parent_root: Root,
    /// The attestations in it, in its order.
    pub attestations: Vec<Aggregate>,
    /// The sync committee's seats, true for those that signed the parent.
    pub sync_seats: Vec<bool>,
    /// Validators that leave by it.
    pub exits: Vec<ValidatorIndex>,
}

impl BeaconNodes {
    /// The votes in one block.
    ///
    /// # Errors
    /// See [`BeaconError`]; [`BeaconError::is_not_found`] for an empty slot or an unknown root.
    pub async fn block_votes(&self, id: impl Into<BlockId>) -> Result<BlockVotes, BeaconError> {
        let (call, id) = (Call::BlockVotes, id.into());
        let preset = self.preset(call)?;
        let request = Request::get(format!("/eth/v1/beacon/blinded_blocks/{id}")).prefer_ssz();
        let read = |reply: &Reply| {
            let votes = match preset {
                PresetName::Mainnet => read_block::<Mainnet>(reply, ByPreset::Mainnet)?,
                PresetName::Minimal => read_block::<Minimal>(reply, ByPreset::Minimal)?,
            };
            let found = match id {
                BlockId::Root(root) => votes.root == root,
                BlockId::Slot(slot) => votes.slot == slot,
            };
            if found { Ok(votes) } else { Err(CallError::Malformed(format!("another block than {id}"))) }
        };
        self.read(call, request, read).await
    }

    /// The members of each beacon committee of a slot, by committee index and in their order, on the branch of the head: what is needed
    /// to find one validator's bit in an attestation across committees. The slot's epoch is at most one from the head's. A slot of the
    /// main network has some 30,000 members.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn committees(&self, slot: Slot) -> Result<Vec<Vec<ValidatorIndex>>, BeaconError> {
        let call = Call::Committees;
        let epoch = self.epoch_of(call, slot)?;
        let path = format!("/eth/v1/beacon/states/head/committees?epoch={}&slot={}", epoch.0, slot.0);
        let read = |reply: &Reply| by_index(read_json::<Data<Vec<CommitteeJson>>>(reply)?.data, slot);
        self.read(call, Request::get(path), read).await
    }
}

#[derive(Deserialize)]
struct CommitteeJson {
    index: Quoted,
    slot: Quoted,
    validators: Vec<Quoted>,
}

/// Members by committee, where every committee of the slot is named once.
fn by_index(committees: Vec<CommitteeJson>, slot: Slot) -> Result<Vec<Vec<ValidatorIndex>>, CallError> {
    let wrong = || CallError::Malformed(format!("not the committees of slot {slot}, each once"));
    let mut found: Vec<Option<Vec<ValidatorIndex>>> = vec![None; committees.len()];
    for committee in committees {
        let place = usize::try_from(committee.index.0).ok().and_then(|index| found.get_mut(index));
        match place {
            Some(place @ None) if committee.slot.0 == slot.0 => {
                *place =
                    Some(committee.validators.into_iter().map(|index| ValidatorIndex(index.0)).collect());
            }
            Some(_) | None => return Err(wrong()),
        }
    }
    found.into_iter().map(|members| members.ok_or_else(wrong)).collect()
}

#[derive(Deserialize)]
struct BlockJson<'a> {
    version: BeaconFork,
    #[serde(borrow)]
    data: &'a RawValue,
}

fn read_block<P: Preset>(
    reply: &Reply,
    layout: fn(AttestationElectra<P>) -> AnyAttestation,
) -> Result<BlockVotes, CallError> {
    let malformed = |error: &dyn fmt::Display| CallError::Malformed(error.to_string());
    let block = match reply.encoding {
        Encoding::Ssz => {
            let unsaid = || malformed(&"a block in SSZ without the header Eth-Consensus-Version");
            let fork = reply.version.ok_or_else(unsaid)?;
            SignedProposal::<P>::from_ssz(fork, true, &reply.body).map_err(|error| malformed(&error))?
        }
        Encoding::Json => {
            let BlockJson { version, data } =
                serde_json::from_slice(&reply.body).map_err(|error| malformed(&error))?;
            SignedProposal::<P>::from_json(version, true, data.get().as_bytes())
                .map_err(|error| malformed(&error))?
        }
    };
    let fork = block.fork();
    match &block {
        SignedProposal::BlindedCapella(block) => {
            let body = &block.message.body;
            Ok(votes(
                fork,
                &block.message,
                phase0(&body.attestations),
                &body.sync_aggregate,
                &body.voluntary_exits,
            ))
        }
        SignedProposal::BlindedDeneb(block) => {
            let body = &block.message.body;
            Ok(votes(
                fork,
                &block.message,
                phase0(&body.attestations),
                &body.sync_aggregate,
                &body.voluntary_exits,
            ))
        }
        SignedProposal::BlindedElectra(block) | SignedProposal::BlindedFulu(block) => {
            let body = &block.message.body;
            let attestations = body.attestations.iter().cloned().map(|one| Aggregate::Electra(layout(one)));
            Ok(votes(
                fork,
                &block.message,
                attestations.collect(),
                &body.sync_aggregate,
                &body.voluntary_exits,
            ))
        }
        SignedProposal::Capella(_)
        | SignedProposal::Deneb(_)
        | SignedProposal::Electra(_)
        | SignedProposal::Fulu(_) => Err(malformed(&"a full block where a blinded one was asked for")),
    }
}

fn phase0(attestations: &[Attestation]) -> Vec<Aggregate> {
    attestations.iter().cloned().map(Aggregate::Phase0).collect()
}

fn votes<B: BlockBody, P: Preset>(
    fork: BeaconFork,
    block: &BeaconBlock<B>,
    attestations: Vec<Aggregate>,
    sync: &SyncAggregate<P>,
    exits: &[SignedVoluntaryExit],
) -> BlockVotes {
    BlockVotes {
        root: block.tree_hash_root(),
        slot: block.slot,
        fork,
        proposer: block.proposer_index,
        parent_root: block.parent_root,
        attestations,
        sync_seats: sync.sync_committee_bits.iter().collect(),
        exits: exits.iter().map(|exit| exit.message.validator_index).collect(),
    }
}
