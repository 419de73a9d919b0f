//! Leave to sign one slashable object, granted after it was recorded.

use types::{PublicKeyBytes, Root};

/// Whose signature: a validator, and the share that signs for it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signer {
    /// The validator.
    pub validator: PublicKeyBytes,
    /// Our share of its key.
    pub share: PublicKeyBytes,
}

/// A vote to be permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestationRequest {
    /// Who votes.
    pub signer: Signer,
    /// The vote.
    pub data: types::beacon::AttestationData,
}

/// A block to be permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRequest {
    /// Who proposes.
    pub signer: Signer,
    /// The block's header, whose root is that of the block, full or blinded.
    pub header: types::beacon::BeaconBlockHeader,
}

/// Proof that a slashable object was checked against the signing history and recorded there durably.
///
/// It is granted by the vault and used up by [`crate::Vault::sign_many`]. There is no other way to get one:
///
/// ```compile_fail
/// # fn forge(signer: vault::Signer, root: types::Root) {
/// let permit = vault::Permit { signer, root };
/// # }
/// ```
///
/// It cannot be used twice:
///
/// ```compile_fail
/// # fn twice(vault: &vault::Vault, permit: vault::Permit) {
/// vault.sign_many(vec![permit]);
/// vault.sign_many(vec![permit]);
/// # }
/// ```
///
/// nor copied, nor can a root take its place:
///
/// ```compile_fail
/// # fn copy(permit: &vault::Permit) -> vault::Permit {
/// permit.clone()
/// # }
/// ```
///
/// ```compile_fail
/// # fn bytes(vault: &vault::Vault, root: types::Root) {
/// vault.sign_many(vec![root]);
/// # }
/// ```
///
/// What does compile is this:
///
/// ```
/// # fn sign(vault: &vault::Vault, now: types::Slot, request: vault::AttestationRequest) {
/// let permits = vault.permit_attestations(now, &[request]).into_iter().flatten().collect();
/// for signed in vault.sign_many(permits).into_iter().flatten() {
///     println!("{}", signed.signature);
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the object is recorded as signed: sign it or give the duty up"]
pub struct Permit {
    signer: Signer,
    root: Root,
}

impl Permit {
    /// Only to be called once the record is durable.
    pub(crate) const fn granted(signer: Signer, root: Root) -> Self {
        Self { signer, root }
    }

    /// Whose signature it is for.
    #[must_use]
    pub const fn signer(&self) -> Signer {
        self.signer
    }

    /// The signing root it is for.
    #[must_use]
    pub const fn root(&self) -> Root {
        self.root
    }
}
