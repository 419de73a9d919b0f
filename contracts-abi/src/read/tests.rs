use ethers_core::abi;
use proptest::prelude::*;

use super::*;

fn number(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

#[test]
fn a_number_must_fit_its_type() {
    let mut data = number(u64::MAX);
    assert_eq!(values(&[ParamType::Uint(64)], &data), Ok(vec![Token::Uint(u64::MAX.into())]));
    assert_eq!(values(&[ParamType::Uint(32)], &data), Err(Fault::NumberTooBig { at: 0, bits: 32 }));
    data[23] = 1;
    assert_eq!(values(&[ParamType::Uint(64)], &data), Err(Fault::NumberTooBig { at: 0, bits: 64 }));
    assert!(values(&[ParamType::Uint(256)], &data).is_ok());
}

#[test]
fn a_boolean_is_zero_or_one() {
    assert_eq!(values(&[ParamType::Bool], &number(1)), Ok(vec![Token::Bool(true)]));
    assert_eq!(values(&[ParamType::Bool], &number(2)), Err(Fault::NotABoolean { at: 0 }));
}

#[test]
fn the_upper_bytes_of_an_address_are_not_looked_at() {
    let mut data = [0xee; 32];
    data[12..].copy_from_slice(&[7; 20]);
    assert_eq!(values(&[ParamType::Address], &data), Ok(vec![Token::Address(H160([7; 20]))]));
}

#[test]
fn bytes_need_their_content_but_not_their_padding() {
    let mut data = [number(32), number(3)].concat();
    data.extend_from_slice(b"ab");
    assert_eq!(values(&[ParamType::Bytes], &data), Err(Fault::TooShort { at: 67, len: 66 }));
    data.push(b'c');
    assert_eq!(values(&[ParamType::Bytes], &data), Ok(vec![Token::Bytes(b"abc".to_vec())]));
    data.extend_from_slice(&[9; 50]);
    assert_eq!(values(&[ParamType::Bytes], &data), Ok(vec![Token::Bytes(b"abc".to_vec())]));
}

#[test]
fn offsets_may_point_anywhere_inside() {
    // Both fields share one tail, which stands after a gap.
    let data = [number(96), number(96), number(0), number(1), number(5)].concat();
    let list = Token::Array(vec![Token::Uint(5.into())]);
    let kind = ParamType::Array(Box::new(ParamType::Uint(64)));
    assert_eq!(values(&[kind.clone(), kind], &data), Ok(vec![list.clone(), list]));
}

#[test]
fn huge_offsets_and_lengths_are_refused_before_they_cost_anything() {
    let list = ParamType::Array(Box::new(ParamType::Uint(64)));
    for kind in [ParamType::Bytes, list] {
        for data in [
            [number(u64::MAX), number(0)].concat(),
            [[0xff; 32], number(0)].concat(),
            [number(32), number(u64::MAX)].concat(),
            [number(32), [0xff; 32]].concat(),
            [number(32), number(1 << 40)].concat(),
            vec![],
        ] {
            assert!(
                matches!(values(std::slice::from_ref(&kind), &data), Err(Fault::TooShort { .. })),
                "{data:?}"
            );
        }
    }
}

fn validator_added() -> Vec<ParamType> {
    let uint = ParamType::Uint;
    let cluster = ParamType::Tuple(vec![uint(32), uint(64), uint(64), ParamType::Bool, uint(256)]);
    vec![ParamType::Array(Box::new(uint(64))), ParamType::Bytes, ParamType::Bytes, cluster]
}

proptest! {
    /// Whatever an encoder writes is read as it was meant, by us as by `ethers`.
    #[test]
    fn reads_what_an_encoder_writes(
        ids in prop::collection::vec(any::<u64>(), 0..14),
        key in prop::collection::vec(any::<u8>(), 0..100),
        shares in prop::collection::vec(any::<u8>(), 0..400),
        count in any::<u32>(), index in any::<u64>(), active in any::<bool>(),
    ) {
        let tokens = vec![
            Token::Array(ids.iter().map(|id| Token::Uint((*id).into())).collect()),
            Token::Bytes(key),
            Token::Bytes(shares),
            Token::Tuple(vec![
                Token::Uint(count.into()), Token::Uint(index.into()), Token::Uint(0.into()),
                Token::Bool(active), Token::Uint(U256::MAX),
            ]),
        ];
        let data = abi::encode(&tokens);
        prop_assert_eq!(&values(&validator_added(), &data).unwrap(), &tokens);
        prop_assert_eq!(&abi::decode(&validator_added(), &data).unwrap(), &tokens);
    }

    /// Garbage is refused or read, never a panic; and what we read, `ethers` reads alike.
    #[test]
    fn survives_garbage(words in prop::collection::vec(prop_oneof![0u64..512, any::<u64>()], 0..24), cut in 0usize..32) {
        let mut data: Vec<u8> = words.into_iter().flat_map(number).collect();
        data.truncate(data.len().saturating_sub(cut));
        if let Ok(tokens) = values(&validator_added(), &data) {
            prop_assert_eq!(abi::decode(&validator_added(), &data).unwrap(), tokens);
        }
    }
}
