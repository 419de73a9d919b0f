//! Who has to go when there is no room: peers that share no subnet with us first, then those whose absence would hurt least.
//!
//! There is no room when more peers are connected than we aim for, or when the places for those that dial us are taken. In the latter
//! case only inbound peers go, and useful ones only on every fifth occasion: newcomers get their chance, and meshes rest.
//! Source: ssv `network/p2p/p2p.go`.

use libp2p::PeerId;

use super::relevance::{SubnetCounts, relevance};
use super::table::DisconnectReason;
use crate::subnets::SubnetBits;

/// Peers without a shared subnet that go at once.
const USELESS_AT_ONCE: usize = 3;
/// Others that go at once.
const TRIMMED_AT_ONCE: usize = 4;

/// A peer that may have to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub peer: PeerId,
    pub inbound: bool,
    pub serves: SubnetBits,
}

/// What room there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowding {
    /// More peers than we aim for.
    pub overall: bool,
    /// No place for another inbound one.
    pub inbound: bool,
    /// This is the occasion to let useful inbound peers go.
    pub rotate: bool,
}

/// Chooses who has to go, and why.
pub(crate) fn choose(
    peers: &[Standing],
    ours: SubnetBits,
    counts: &SubnetCounts,
    crowding: Crowding,
) -> Vec<(PeerId, DisconnectReason)> {
    if !crowding.overall && !crowding.inbound {
        return Vec::new();
    }
    let may_go: Vec<&Standing> = peers.iter().filter(|peer| crowding.overall || peer.inbound).collect();
    let useless: Vec<_> = may_go
        .iter()
        .filter(|peer| !ours.is_empty() && ours.shared_with(peer.serves).is_empty())
        .take(USELESS_AT_ONCE)
        .map(|peer| (peer.peer, DisconnectReason::NoSharedSubnet))
        .collect();
    if !useless.is_empty() || (!crowding.overall && !crowding.rotate) {
        return useless;
    }
    let mut worth: Vec<(u32, PeerId)> = may_go
        .iter()
        .map(|peer| {
            let mut without = counts.clone();
            without.remove(peer.serves);
            (relevance(ours, peer.serves, &without), peer.peer)
        })
        .collect();
    worth.sort_unstable_by_key(|(worth, _)| *worth);
    worth.into_iter().take(TRIMMED_AT_ONCE).map(|(_, peer)| (peer, DisconnectReason::Trimmed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subnets::tests::bits;

    const ROOM: Crowding = Crowding { overall: false, inbound: false, rotate: true };

    fn peer(inbound: bool, subnets: &[u8]) -> Standing {
        Standing { peer: PeerId::random(), inbound, serves: bits(subnets) }
    }

    fn gone(peers: &[Standing], ours: &[u8], crowding: Crowding) -> Vec<(usize, DisconnectReason)> {
        let counts = SubnetCounts::of(peers.iter().map(|peer| peer.serves));
        let chosen = choose(peers, bits(ours), &counts, crowding);
        let place = |id| peers.iter().position(|peer| peer.peer == id).unwrap();
        let mut places: Vec<_> = chosen.into_iter().map(|(id, reason)| (place(id), reason)).collect();
        places.sort_unstable_by_key(|(place, _)| *place);
        places
    }

    #[test]
    fn nobody_goes_while_there_is_room() {
        assert_eq!(gone(&[peer(true, &[9]), peer(false, &[])], &[1], ROOM), []);
    }

    #[test]
    fn three_without_a_shared_subnet_go_first() {
        let peers = [&[9][..], &[1], &[], &[8], &[7]].map(|subnets| peer(false, subnets));
        let crowded = Crowding { overall: true, ..ROOM };
        let reason = DisconnectReason::NoSharedSubnet;
        assert_eq!(gone(&peers, &[1], crowded), [(0, reason), (2, reason), (3, reason)]);
        // A node without subnets of its own shares none with anybody.
        assert!(gone(&peers, &[], crowded).iter().all(|(_, reason)| *reason == DisconnectReason::Trimmed));
    }

    #[test]
    fn then_four_whose_absence_hurts_least() {
        let subnets: [&[u8]; 7] = [&[1], &[2], &[2], &[3], &[3], &[3], &[3]];
        let peers = subnets.map(|subnets| peer(false, subnets));
        let trimmed = gone(&peers, &[1, 2, 3], Crowding { overall: true, ..ROOM });
        // The only one on 1 stays, and one of each pair on 2 would leave it with one peer: the four on 3 go.
        assert_eq!(trimmed, [3, 4, 5, 6].map(|place| (place, DisconnectReason::Trimmed)));
    }

    #[test]
    fn taken_inbound_places_cost_inbound_peers_alone_and_useful_ones_seldom() {
        let peers = [peer(false, &[9]), peer(true, &[1]), peer(false, &[1]), peer(true, &[1])];
        let full = Crowding { inbound: true, ..ROOM };
        assert_eq!(gone(&peers, &[1], Crowding { rotate: false, ..full }), []);
        assert_eq!(gone(&peers, &[1], full), [1, 3].map(|place| (place, DisconnectReason::Trimmed)));
        let with_useless = [peers[0], peers[1], peer(true, &[9])];
        let useless = [(2, DisconnectReason::NoSharedSubnet)];
        assert_eq!(gone(&with_useless, &[1], Crowding { rotate: false, ..full }), useless);
    }
}
