//! The mathematics: BLS shares, Shamir, threshold recombination, batch verification, RSA operator identity, keystores.
//!
//! Two key systems live here and never mix:
//!
//! * **RSA-2048 operator keys** ([`rsa`]) sign every network message and decrypt shares at registration.
//! * **BLS12-381 key shares** ([`bls`], [`shamir`], [`threshold`]) make partial signatures over beacon objects, which
//!   a quorum of operators recombines into the validator's signature.
//!
//! Around them: [`keystore`] (EIP-2335 files and the operator key file), [`owner_nonce`] (the signature that ties a
//! registration to its owner), [`field`] (the scalar field both Shamir and Lagrange work in).
//!
//! The crate is pure. It reads no files and no clock, and randomness is handed in by the caller wherever the result
//! depends on it. The exceptions are inside `aws-lc-rs`, which draws its own padding and blinding and generates RSA
//! keys from its own generator.
//!
//! Interfaces are shaped for batches: a message root is hashed to the curve once ([`bls::HashedRoot`]), and
//! signatures are made, recombined and verified many at a time. Secrets are zeroized on drop and have no `Debug`.
#![deny(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod bls;
pub mod field;
pub mod keystore;
mod montgomery;
pub mod owner_nonce;
pub mod rsa;
pub mod shamir;
pub mod threshold;
