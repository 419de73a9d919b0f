//! Beacon blocks from Capella to Fulu: full and blinded, with what travels beside them, and signed.
//!
//! * [`operations`], [`payload`], [`body`]: the parts, fork by fork;
//! * [`contents`]: blocks, block contents and their signed forms, generic over the body;
//! * [`proposal`], [`any_proposal`]: the block of a proposal, whichever it is, and how consensus data are decoded;
//! * [`bytes`], [`preset_list`]: what these are made of.
//!
//! Source: consensus-specs `specs/{capella,deneb,electra,fulu}/beacon-chain.md`; blinded forms: builder-specs; block contents:
//! beacon-APIs `types/{deneb,electra,fulu}/block_contents.yaml`, limits as in the reference's client library.

pub mod any_proposal;
pub mod body;
pub mod bytes;
pub mod contents;
pub mod operations;
pub mod payload;
pub mod preset_list;
pub mod proposal;

#[cfg(test)]
mod tests;
