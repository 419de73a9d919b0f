//! The messages of some slots, signed: made once and kept.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use crypto::rsa::{OperatorPrivateKey, OperatorPublicKey};
use rayon::prelude::*;
use types::{OperatorId, Slot};

use super::mix::{self, Kind, Payload};
use super::shelf::{self, Reader};
use super::{FIRST_SLOT, MainNetwork};

/// Slots of messages. The load changes with this file's format: its name says both.
const SLOTS: u64 = 4;
const FILE: &str = "messages-4-slots.v1";

/// One signed message.
#[derive(Debug)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// Place of its committee in the network's list.
    pub committee: usize,
    /// Its slot.
    pub slot: Slot,
    /// How many signed it.
    pub signatures: usize,
    /// The gossip payload.
    pub data: Vec<u8>,
}

/// The messages of some slots of the main network, in the order of their slots.
#[derive(Debug)]
pub struct Corpus {
    /// All messages.
    pub messages: Vec<Message>,
}

impl Corpus {
    /// Reads the messages, or makes them (some minutes, once).
    ///
    /// # Errors
    /// When the folder is not usable or what is in it is damaged.
    pub fn open(network: &MainNetwork) -> Result<Self> {
        let folder = shelf::folder()?;
        let path = folder.join(FILE);
        if !path.exists() {
            make(network, &folder, &path)?;
        }
        Self::read(&fs::read(&path)?).with_context(|| shelf::damaged(&path))
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let mut messages = Vec::new();
        while !reader.0.is_empty() {
            let kind = usize::try_from(reader.number()?)?;
            messages.push(Message {
                kind: *Kind::ALL.get(kind).context("no such kind")?,
                committee: usize::try_from(reader.number()?)?,
                slot: Slot(reader.number()?),
                signatures: usize::try_from(reader.number()?)?,
                data: reader.bytes()?.to_vec(),
            });
        }
        ensure!(!messages.is_empty(), "no messages");
        Ok(Self { messages })
    }

    /// The parsed keys of all operators.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn keys() -> Result<HashMap<OperatorId, OperatorPublicKey>> {
        let texts = shelf::public_texts(&shelf::folder()?)?;
        (1..)
            .zip(texts)
            .map(|(id, text)| Ok((OperatorId(id), OperatorPublicKey::from_base64(&text)?)))
            .collect()
    }
}

fn make(network: &MainNetwork, folder: &Path, path: &Path) -> Result<()> {
    let keys = shelf::private_keys(folder)?;
    shelf::public_texts(folder)?;
    let mut out = Vec::new();
    for slot in (0..SLOTS).map(|n| FIRST_SLOT.saturating_add(n)) {
        let payloads = mix::of_slot(network, slot)?;
        let signed: Result<Vec<_>> = payloads.par_iter().map(|payload| sign(payload, &keys)).collect();
        for (payload, data) in payloads.iter().zip(signed?) {
            let kind = Kind::ALL.iter().position(|kind| *kind == payload.kind).unwrap_or_default();
            for number in [kind, payload.committee] {
                out.extend_from_slice(&u64::try_from(number)?.to_le_bytes());
            }
            out.extend_from_slice(&slot.get().to_le_bytes());
            out.extend_from_slice(&u64::try_from(payload.signers.len())?.to_le_bytes());
            shelf::put(&mut out, &data)?;
        }
    }
    shelf::write(path, &out)
}

fn sign(payload: &Payload, keys: &[OperatorPrivateKey]) -> Result<Vec<u8>> {
    let digest = payload.message.signed_digest();
    let mut signatures = Vec::new();
    for signer in &payload.signers {
        let place = usize::try_from(signer.get())?.checked_sub(1).context("operators are counted from 1")?;
        signatures.push(keys.get(place).context("no such operator")?.sign_digest(&digest)?);
    }
    payload.signed(&signatures)
}
