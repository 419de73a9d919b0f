//! The address of a message: network and fork, runner role, and whose duty it is.

use super::{CommitteeId, DomainType, PublicKeyBytes, byte_id};
use crate::role::RunnerRole;

byte_id! {
    /// Domain (4 bytes), role (`i32` little-endian), duty executor (48 bytes); `ssv-spec types/messages.go`.
    ///
    /// The executor is a validator key, or 16 zero bytes and a committee id. A received id may break any of this.
    MessageId, 56
}

impl MessageId {
    /// The id of a committee-level duty.
    #[must_use]
    pub fn committee(domain: DomainType, role: RunnerRole, committee: &CommitteeId) -> Self {
        let mut executor = [0; 48];
        executor[16..].copy_from_slice(&committee.0);
        Self::new(domain, role, &executor)
    }

    /// The id of a validator-level duty.
    #[must_use]
    pub fn validator(domain: DomainType, role: RunnerRole, validator: &PublicKeyBytes) -> Self {
        Self::new(domain, role, &validator.0)
    }

    /// The id with the given executor bytes.
    #[must_use]
    pub fn new(domain: DomainType, role: RunnerRole, executor: &[u8; 48]) -> Self {
        let mut id = [0; 56];
        id[..4].copy_from_slice(&domain.0);
        id[4..8].copy_from_slice(&role.number().to_le_bytes());
        id[8..].copy_from_slice(executor);
        Self(id)
    }

    /// The domain.
    #[must_use]
    pub const fn domain(&self) -> DomainType {
        let [a, b, c, d, ..] = self.0;
        DomainType([a, b, c, d])
    }

    /// The role; any number is possible.
    #[must_use]
    pub const fn role(&self) -> RunnerRole {
        let [_, _, _, _, a, b, c, d, ..] = self.0;
        RunnerRole::from_number(i32::from_le_bytes([a, b, c, d]))
    }

    /// The 48 executor bytes.
    #[must_use]
    pub fn executor(&self) -> [u8; 48] {
        let mut executor = [0; 48];
        executor.copy_from_slice(&self.0[8..]);
        executor
    }

    /// The executor read as a validator key.
    #[must_use]
    pub fn validator_key(&self) -> PublicKeyBytes {
        PublicKeyBytes(self.executor())
    }

    /// The executor read as a committee id: its last 32 bytes. The 16 bytes before are not looked at, as in the reference.
    #[must_use]
    pub fn committee_id(&self) -> CommitteeId {
        let mut id = [0; 32];
        id.copy_from_slice(&self.0[24..]);
        CommitteeId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OperatorId;

    const JATO: DomainType = DomainType([0, 0, 3, 1]);

    #[test]
    fn published_committee_message_id() {
        let committee = CommitteeId::of(&[OperatorId(1), OperatorId(2), OperatorId(3), OperatorId(4)]);
        let id = MessageId::committee(JATO, RunnerRole::Committee, &committee);
        assert_eq!(
            hex::encode(id),
            "000003010000000000000000000000000000000000000000\
             cf97adeedb59e05bfd73a2b4c2a8885708c4f4f70c84c64b27120e72ab733b72"
        );
        assert_eq!(id.domain(), JATO);
        assert_eq!(id.role(), RunnerRole::Committee);
        assert_eq!(id.committee_id(), committee);
    }

    #[test]
    fn validator_message_id_carries_the_whole_key() {
        let key = PublicKeyBytes([0x8e; 48]);
        let id = MessageId::validator(JATO, RunnerRole::Proposer, &key);
        assert!(hex::encode(id).starts_with("00000301020000008e8e8e"));
        assert_eq!(id.validator_key(), key);
        assert_eq!(id.role(), RunnerRole::Proposer);
    }

    #[test]
    fn a_negative_role_survives() {
        let id = MessageId::new(JATO, RunnerRole::UNKNOWN, &[0; 48]);
        assert_eq!(&id.0[4..8], &[0xff; 4]);
        assert_eq!(id.role().number(), -1);
    }
}
