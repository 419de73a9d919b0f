//! The handshake: each side tells its network and its subnets under its own signature, and leaves if they do not fit.

pub(crate) mod codec;
pub(crate) mod envelope;
pub(crate) mod info;
