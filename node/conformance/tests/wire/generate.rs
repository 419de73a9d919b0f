//! Values from a seed.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use types::{
    Address, ByteList, CommitteeId, CommitteeIndex, DomainType, Encode, Epoch, List, MessageId, OperatorId,
    PublicKeyBytes, Root, Round, SignatureBytes, Slot, TreeHash, ValidatorIndex,
};

pub struct Generator(ChaCha20Rng);

impl Generator {
    pub fn new(name: &str) -> Self {
        Self(ChaCha20Rng::from_seed(Sha256::digest(name).into()))
    }

    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    pub fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// At most `limit` bytes.
    pub fn bytes(&mut self, limit: u64) -> Vec<u8> {
        (0..self.below(limit + 1)).map(|_| self.array::<1>()[0]).collect()
    }

    pub fn byte_list<const N: usize>(&mut self, limit: u64) -> ByteList<N> {
        ByteList::new(self.bytes(limit)).unwrap()
    }

    /// At most `limit` items.
    pub fn list<T, const N: usize>(&mut self, limit: u64, item: impl Fn(&mut Self) -> T) -> List<T, N> {
        List::new(self.items(limit, item)).unwrap()
    }

    pub fn items<T>(&mut self, limit: u64, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(limit + 1)).map(|_| item(self)).collect()
    }

    pub fn root(&mut self) -> Root {
        Root::from(self.array())
    }

    pub fn address(&mut self) -> Address {
        Address::from(self.array())
    }

    pub fn key(&mut self) -> PublicKeyBytes {
        PublicKeyBytes(self.array())
    }

    pub fn signature(&mut self) -> SignatureBytes {
        SignatureBytes(self.array())
    }

    pub fn domain(&mut self) -> DomainType {
        DomainType(self.array())
    }

    pub fn message_id(&mut self) -> MessageId {
        MessageId(self.array())
    }

    pub fn committee_id(&mut self) -> CommitteeId {
        CommitteeId(self.array())
    }

    pub fn slot(&mut self) -> Slot {
        Slot(self.number())
    }

    pub fn epoch(&mut self) -> Epoch {
        Epoch(self.number())
    }

    pub fn round(&mut self) -> Round {
        Round(self.number())
    }

    pub fn operator(&mut self) -> OperatorId {
        OperatorId(self.number())
    }

    pub fn validator(&mut self) -> ValidatorIndex {
        ValidatorIndex(self.number())
    }

    pub fn committee(&mut self) -> CommitteeIndex {
        CommitteeIndex(self.number())
    }
}

/// Bits of any limit, set at random.
macro_rules! bit_list {
    ($g:expr) => {{
        let length = usize::try_from($g.below(200)).unwrap();
        let mut bits = ssz::BitList::with_capacity(length).unwrap();
        for place in 0..length {
            bits.set(place, $g.flag()).unwrap();
        }
        bits
    }};
}

/// Bits of a fixed number, set at random.
macro_rules! bit_vector {
    ($g:expr) => {{
        let mut bits = ssz::BitVector::new();
        for place in 0..bits.len() {
            bits.set(place, $g.flag()).unwrap();
        }
        bits
    }};
}

pub(crate) use {bit_list, bit_vector};

/// The encoding and the root.
pub fn whole<T: Encode + TreeHash>(value: &T) -> Vec<u8> {
    let mut bytes = value.as_ssz_bytes();
    bytes.extend_from_slice(value.tree_hash_root().as_slice());
    bytes
}
