//! An execution client, spoken to in JSON-RPC over HTTP or WebSocket.
//!
//! Only `eth_chainId`, `eth_syncing`, `eth_getCode`, `eth_getBlockByNumber`, `eth_getLogs` and, over WebSocket,
//! `eth_subscribe("newHeads")`, whose messages serve as a bell only: what is in a block is always asked for, since no
//! subscription can begin in the past or tells what it lost.

mod client;
mod wire;

pub(crate) use client::{CallError, Client, Heads, redacted};
pub(crate) use wire::{Header, RawLog};
