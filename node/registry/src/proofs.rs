//! Owner-nonce signatures of a range of blocks, verified together (about half the cost of one by one).
//!
//! Which nonce a registration is judged by does not depend on whether the ones before it were accepted: every decodable
//! registration of an owner uses up one. So the nonces of a range are known before any of its events is applied.

use std::collections::{HashMap, HashSet};

use contracts_abi::RegistryEvent;
use crypto::bls::{self, PublicKey, Signature, SignedBy};
use crypto::owner_nonce;
use types::{Address, PublicKeyBytes, Root, SignatureBytes};

use crate::blob::SHARES_PREFIX_LEN;
use crate::keeper::Range;
use crate::state::State;

/// A claim that holds.
type Proof = (PublicKeyBytes, SignatureBytes, Address, u16);

/// The claims of a range that hold.
pub(crate) struct OwnerNonces(HashSet<Proof>);

/// A claim whose key and signature are points.
struct Claim {
    proof: Proof,
    root: Root,
    key: PublicKey,
    signature: Signature,
}

impl OwnerNonces {
    /// Verifies what the registrations of a range claim.
    pub(crate) fn verify(state: &State, range: &Range) -> Self {
        let mut nonces: HashMap<Address, u16> = HashMap::new();
        let mut claims = Vec::new();
        for at in range.blocks.iter().flat_map(|block| &block.events) {
            let Some(RegistryEvent::ValidatorAdded { owner, public_key, shares, .. }) = &at.event else {
                continue;
            };
            let nonce = nonces.entry(*owner).or_insert_with(|| state.next_nonce(owner));
            claims.extend(claim(owner, *nonce, public_key, shares));
            *nonce = nonce.wrapping_add(1);
        }
        let items: Vec<(Root, SignedBy<'_>)> = claims
            .iter()
            .map(|claim| (claim.root, SignedBy { public_key: &claim.key, signature: &claim.signature }))
            .collect();
        let holds = bls::verify_distinct(&items, &mut rand::rng());
        let proofs = claims.iter().zip(holds).filter(|(_, holds)| *holds).map(|(claim, _)| claim.proof);
        Self(proofs.collect())
    }

    /// Whether the signature ties the validator key to this owner and nonce.
    pub(crate) fn holds(
        &self,
        key: &PublicKeyBytes,
        signature: &SignatureBytes,
        owner: &Address,
        nonce: u16,
    ) -> bool {
        self.0.contains(&(*key, *signature, *owner, nonce))
    }
}

fn claim(owner: &Address, nonce: u16, public_key: &[u8], shares: &[u8]) -> Option<Claim> {
    let key = PublicKeyBytes::try_from(public_key).ok()?;
    let signature = SignatureBytes(*shares.first_chunk::<SHARES_PREFIX_LEN>()?);
    let root = owner_nonce::message(owner, u64::from(nonce));
    Some(Claim {
        proof: (key, signature, *owner, nonce),
        root,
        key: PublicKey::from_bytes(&key).ok()?,
        signature: Signature::from_bytes(&signature).ok()?,
    })
}
