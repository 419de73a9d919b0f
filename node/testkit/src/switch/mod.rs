//! A network with faults in user space: every node has a TUN device, and this is what lies between them.
//!
//! Nodes are numbered from 1; node `n` has the address 10.77.`n`.1: a network of its own, since discovery bounds how many nodes of
//! one it takes up. A packet that a node sends comes out of its device
//! ([`router`]), is lost or given a time of arrival ([`link`]), waits ([`queue`]) and goes into the device of its receiver.
//! What the network is like is told line by line over a Unix socket ([`control`]) while it runs. All chance comes from one seed.
//!
//! It stands in for the kernel's network emulation where that is not built in. The binary is `netswitch`; `scripts/netns` puts
//! nodes into namespaces around it.

pub mod control;
pub mod link;
pub mod queue;
pub mod router;

/// The most nodes a network has: what the third byte of the address can tell.
pub const MOST_NODES: u8 = 250;

/// A node, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeNumber(u8);

impl NodeNumber {
    /// A number from 1 to [`MOST_NODES`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= MOST_NODES { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The node that an IPv4 packet is for; none for other packets and other addresses.
    #[must_use]
    pub fn destination(packet: &[u8]) -> Option<Self> {
        let is_ipv4 = packet.first().is_some_and(|first| first >> 4 == 4);
        match packet.get(16..20) {
            Some([10, 77, node, 1]) if is_ipv4 => Self::new(*node),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(version: u8, destination: [u8; 4]) -> Vec<u8> {
        let mut packet = vec![0; 20];
        packet[0] = version << 4 | 5;
        packet[16..].copy_from_slice(&destination);
        packet
    }

    #[test]
    fn a_packet_is_for_the_node_of_its_third_byte() {
        assert_eq!(NodeNumber::destination(&packet(4, [10, 77, 7, 1])), NodeNumber::new(7));
        for other in [
            packet(4, [10, 77, 0, 1]),
            packet(4, [10, 77, 251, 1]),
            packet(4, [10, 77, 7, 2]),
            packet(6, [10, 77, 7, 1]),
            packet(4, [10, 77, 7, 1])[..19].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(NodeNumber::destination(&other), None);
        }
    }
}
