//! Why the contract refused a call, in words.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use ethers_core::abi::ethabi::AbiError;
use ethers_core::abi::{ParamType, Token};

use crate::abi;
use crate::read;

mod words;

/// `Error(string)`, which `require` with a text raises.
const MESSAGE: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// `Panic(uint256)`, which the compiler's own checks raise.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// What the contract said when it refused. [`fmt::Display`] gives a sentence for the person who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revert {
    /// One of the registry's own errors.
    Registry {
        /// Its name in the contract.
        name: &'static str,
        /// Its arguments, as text.
        arguments: Vec<String>,
    },
    /// A plain text.
    Message(String),
    /// A failed check of the compiler, such as an overflow.
    Panic(u64),
    /// Nothing: no code at the address, an unknown call, a payment to a call that takes none, or no gas left.
    Silent,
    /// Data that is none of the above.
    Unknown(Vec<u8>),
}

static ERRORS: LazyLock<BTreeMap<[u8; 4], &'static AbiError>> = LazyLock::new(|| {
    let all = abi::all().into_iter().flat_map(|abi| abi.errors());
    all.map(|error| (selector(error), error)).collect()
});

fn selector(error: &AbiError) -> [u8; 4] {
    let hash = error.signature().0;
    [hash[0], hash[1], hash[2], hash[3]]
}

impl Revert {
    /// Reads the data of a reverted call.
    #[must_use]
    pub fn decode(data: &[u8]) -> Self {
        let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
            return if data.is_empty() { Self::Silent } else { Self::Unknown(data.to_vec()) };
        };
        Self::read(*selector, arguments).unwrap_or_else(|| Self::Unknown(data.to_vec()))
    }

    fn read(selector: [u8; 4], arguments: &[u8]) -> Option<Self> {
        let one = |kind| read::values(&[kind], arguments).ok()?.pop();
        match selector {
            MESSAGE => one(ParamType::String)?.into_string().map(Self::Message),
            PANIC => Some(Self::Panic(one(ParamType::Uint(64))?.into_uint()?.low_u64())),
            other => {
                let error = ERRORS.get(&other)?;
                let kinds: Vec<_> = error.inputs.iter().map(|input| input.kind.clone()).collect();
                let arguments = read::values(&kinds, arguments).ok()?.iter().map(text).collect();
                Some(Self::Registry { name: error.name.as_str(), arguments })
            }
        }
    }
}

fn text(token: &Token) -> String {
    match token {
        Token::Uint(number) => number.to_string(),
        Token::Address(address) => format!("{address:?}"),
        Token::Bytes(bytes) => format!("0x{}", hex::encode(bytes)),
        Token::FixedBytes(_)
        | Token::Int(_)
        | Token::Bool(_)
        | Token::String(_)
        | Token::FixedArray(_)
        | Token::Array(_)
        | Token::Tuple(_) => token.to_string(),
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { name, arguments } => {
                write!(f, "{name}({})", arguments.join(", "))?;
                words::of(name).map_or(Ok(()), |words| write!(f, ": {words}"))
            }
            Self::Message(text) => write!(f, "the contract says: {text}"),
            Self::Panic(code) => write!(f, "a check inside the contract failed (panic {code:#x})"),
            Self::Silent => f.write_str(
                "the contract gave no reason: the address may hold another contract, or the gas was not enough",
            ),
            Self::Unknown(data) => write!(f, "the contract gave a reason unknown here: 0x{}", hex::encode(data)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_for_errors_that_exist() {
        for (name, _) in words::TABLE {
            assert!(ERRORS.values().any(|error| error.name == *name), "{name}");
        }
    }

    #[test]
    fn tells_an_error_with_its_arguments() {
        let data = hex::decode(format!("b7f529fe{:064x}", 7)).unwrap();
        let revert = Revert::decode(&data);
        assert_eq!(
            revert,
            Revert::Registry { name: "CallerNotWhitelistedWithData", arguments: vec!["7".into()] }
        );
        assert!(revert.to_string().starts_with("CallerNotWhitelistedWithData(7): "), "{revert}");
    }

    #[test]
    fn tells_texts_panics_silence_and_garbage_apart() {
        let text = format!("08c379a0{:064x}{:064x}{:0<64}", 32, 2, "6e6f");
        assert_eq!(Revert::decode(&hex::decode(text).unwrap()), Revert::Message("no".into()));
        let panic = format!("4e487b71{:064x}", 0x11);
        assert_eq!(Revert::decode(&hex::decode(panic).unwrap()), Revert::Panic(0x11));
        assert_eq!(Revert::decode(&[]), Revert::Silent);
        assert_eq!(Revert::decode(&[1, 2]), Revert::Unknown(vec![1, 2]));
        let cut = hex::decode("b7f529fe00").unwrap();
        assert_eq!(Revert::decode(&cut), Revert::Unknown(cut));
    }
}
