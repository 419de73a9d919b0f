//! Between the numbers and addresses of `ethers` and those of our own words.

use alloy_primitives::{Address, U256};
use ethers_core::types as ethers;

pub(crate) fn to_ethers_u256(value: U256) -> ethers::U256 {
    ethers::U256(value.into_limbs())
}

pub(crate) fn from_ethers_u256(value: ethers::U256) -> U256 {
    U256::from_limbs(value.0)
}

pub(crate) fn to_ethers_address(value: Address) -> ethers::Address {
    ethers::Address::from(value.into_array())
}

pub(crate) fn from_ethers_address(value: ethers::Address) -> Address {
    Address::from(value.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limbs_keep_their_order() {
        let value = U256::from_be_bytes(std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap()));
        assert_eq!(from_ethers_u256(to_ethers_u256(value)), value);
        assert_eq!(to_ethers_u256(U256::from(258)), ethers::U256::from(258));
    }
}
