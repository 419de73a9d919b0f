//! Follows the contract and keeps the cluster state, provably complete.
