//! The mathematics: BLS shares, Shamir, threshold recombination, batch verification, RSA operator identity, keystores.
