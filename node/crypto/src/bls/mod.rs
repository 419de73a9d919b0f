//! BLS12-381 in its minimal-public-key form: keys in G1 (48 bytes), signatures in G2 (96 bytes), ciphersuite
//! `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`; a message is always a 32-byte signing root.
//!
//! # How the work is kept small
//!
//! All validators of a slot sign few distinct roots, so a root is hashed to the curve once ([`HashedRoot`]), signed by
//! many keys ([`sign_many`]), and the recombined signatures are verified together ([`verify_many`]): every signature
//! gets a private random coefficient `c`, and one equation is checked for all,
//!
//! ```text
//! product over roots  e(sum c PK, H(root))  =  e(g1, sum c S)
//! ```
//!
//! Only when it fails is the batch halved until the culprits are found.
//!
//! # Membership in the subgroup
//!
//! * A [`PublicKey`] is validated when it is read (on the curve, in G1, not infinity) and kept in affine form.
//! * A [`Signature`] is only known to be on the curve. Every verification checks membership in G2, so a forgotten check
//!   is not possible; recombination of unchecked partial signatures is sound because its result is verified.
//! * A random combination of unchecked points must not be checked as one point: the cofactor of G2 has the small factor
//!   13, and a point of order 13 vanishes from a random sum once in 13 times. The bucket sums of [`windows`] are checked
//!   one by one instead; see there.
//!
//! # No unsafe code
//!
//! Everything is reached through the safe half of `blst`. The one detour is the hash to the curve, which `blst` exports
//! only raw: signing with the secret key 1 yields the same point. The map `psi` of the G2 curve, which `blst` does not
//! export at all, is four products in our own base field arithmetic ([`endomorphism`]).

mod batch;
mod endomorphism;
mod hashed_root;
mod pairing;
mod public_key;
mod secret_key;
mod sign;
mod signature;
#[cfg(test)]
mod tests;
mod verify;
mod windows;

pub use batch::{RootGroup, SignedBy, verify_distinct, verify_many};
pub(crate) use endomorphism::{negate, psi};
pub use hashed_root::HashedRoot;
pub use public_key::PublicKey;
pub use secret_key::SecretKey;
pub use sign::{sign, sign_many};
pub use signature::Signature;
pub use verify::{verify, verify_hashed};

/// The ciphersuite of Ethereum's validator signatures, proof-of-possession variant.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Why bytes are not a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlsError {
    /// The scalar is zero or not below the group order.
    #[error("not a BLS secret key: the number is zero or not below the group order")]
    SecretKey,
    /// The bytes are not a compressed point of G1, or name the point at infinity.
    #[error("not a BLS public key: 48 bytes that name no point of the group, or infinity")]
    PublicKey,
    /// The bytes are not a compressed point of the G2 curve, or name the point at infinity.
    #[error("not a BLS signature: 96 bytes that name no point of the curve, or infinity")]
    Signature,
}
