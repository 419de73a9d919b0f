//! What a peer is worth: how badly the subnets we share with it need another peer.
//!
//! A subnet of ours without any peer counts 16, with one peer 4, with two 1, else nothing.
//! Source: ssv `network/p2p/p2p_discovery.go`.

use types::SubnetId;

use crate::subnets::SubnetBits;

/// Worth of a subnet that has no peer yet.
pub(crate) const DEAD_SUBNET: u32 = 16;

/// Connected peers per subnet.
#[derive(Debug, Clone)]
pub(crate) struct SubnetCounts([u32; SubnetId::COUNT as usize]);

impl SubnetCounts {
    /// Counts the peers of each subnet.
    pub(crate) fn of(peers: impl IntoIterator<Item = SubnetBits>) -> Self {
        let mut counts = Self([0; SubnetId::COUNT as usize]);
        peers.into_iter().for_each(|peer| counts.add(peer));
        counts
    }

    pub(crate) fn add(&mut self, peer: SubnetBits) {
        for subnet in peer.iter() {
            if let Some(count) = self.0.get_mut(usize::from(subnet.get())) {
                *count = count.saturating_add(1);
            }
        }
    }

    pub(crate) fn remove(&mut self, peer: SubnetBits) {
        for subnet in peer.iter() {
            if let Some(count) = self.0.get_mut(usize::from(subnet.get())) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn get(&self, subnet: SubnetId) -> u32 {
        self.0.get(usize::from(subnet.get())).copied().unwrap_or(0)
    }

    /// Whether any of our subnets has fewer than `wanted` peers.
    pub(crate) fn lacks(&self, ours: SubnetBits, wanted: u32) -> bool {
        ours.iter().any(|subnet| self.get(subnet) < wanted)
    }
}

/// The worth of a peer on `theirs` to a node on `ours`.
pub(crate) fn relevance(ours: SubnetBits, theirs: SubnetBits, counts: &SubnetCounts) -> u32 {
    ours.shared_with(theirs)
        .iter()
        .map(|subnet| match counts.get(subnet) {
            0 => DEAD_SUBNET,
            1 => 4,
            2 => 1,
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subnets::tests::bits;

    #[test]
    fn dead_solo_and_duo_subnets_count_sixteen_four_and_one() {
        let counts = SubnetCounts::of([bits(&[2, 3, 4, 5]), bits(&[3, 4, 5]), bits(&[4, 5]), bits(&[5])]);
        let ours = bits(&[1, 2, 3, 4]);
        assert_eq!(relevance(ours, bits(&[1]), &counts), 16);
        assert_eq!(relevance(ours, bits(&[2]), &counts), 4);
        assert_eq!(relevance(ours, bits(&[3]), &counts), 1);
        assert_eq!(relevance(ours, bits(&[4]), &counts), 0);
        assert_eq!(relevance(ours, bits(&[1, 2, 3, 4, 5]), &counts), 21);
        assert_eq!(relevance(SubnetBits::default(), bits(&[1]), &counts), 0);
    }

    #[test]
    fn counts_go_up_and_down_and_tell_what_lacks() {
        let mut counts = SubnetCounts::of([bits(&[1]), bits(&[1])]);
        assert!(!counts.lacks(bits(&[1]), 2));
        counts.remove(bits(&[1]));
        assert!(counts.lacks(bits(&[1]), 2));
        assert!(!counts.lacks(SubnetBits::default(), 2));
    }
}
