//! What the SSV registry contract says, typed: events, calls, errors, and the Solidity registry of local networks.
