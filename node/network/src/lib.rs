//! Moves bytes among operators: discovery, handshake, gossip, scores.
