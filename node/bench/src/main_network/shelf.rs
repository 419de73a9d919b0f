//! Where the operators' keys and the signed messages are kept between runs: a folder outside the tree's history.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use crypto::rsa::OperatorPrivateKey;
use rayon::prelude::*;

use super::OPERATORS;

/// The folder of what takes minutes to make: `CAPSTAN_BENCH_CORPUS`, or `bench-corpus` in the build folder.
pub fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os("CAPSTAN_BENCH_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-corpus"), Into::into);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

/// The private keys of all operators, made at the first call: they sign this load and nothing else.
pub fn private_keys(folder: &Path) -> Result<Vec<OperatorPrivateKey>> {
    let path = folder.join("operators.pem");
    let end = "-----END RSA PRIVATE KEY-----\n";
    if !path.exists() {
        let keys =
            (0..OPERATORS).into_par_iter().map(|_| Ok(OperatorPrivateKey::generate()?.to_pem().to_string()));
        write(&path, keys.collect::<Result<Vec<_>>>()?.concat().as_bytes())?;
    }
    let text = fs::read_to_string(&path)?;
    let keys: Result<Vec<_>> = text
        .split_inclusive(end)
        .map(|pem| OperatorPrivateKey::from_pem(pem).with_context(|| damaged(&path)))
        .collect();
    let keys = keys?;
    ensure!(u64::try_from(keys.len())? == OPERATORS, damaged(&path));
    Ok(keys)
}

/// The registered texts of all operators' keys, one on each line.
pub fn public_texts(folder: &Path) -> Result<Vec<String>> {
    let path = folder.join("operators.pub");
    if !path.exists() {
        let texts: Vec<_> =
            private_keys(folder)?.iter().map(|key| key.public_key().to_base64() + "\n").collect();
        write(&path, texts.concat().as_bytes())?;
    }
    let texts: Vec<_> = fs::read_to_string(&path)?.lines().map(str::to_owned).collect();
    ensure!(u64::try_from(texts.len())? == OPERATORS, damaged(&path));
    Ok(texts)
}

/// Writes a whole file or none.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes)?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

/// What to do about a file that is not what it should be.
pub fn damaged(path: &Path) -> String {
    format!("{} is damaged or of another version: remove its folder, it is made anew", path.display())
}

/// Fields of a record in a file: numbers little endian, bytes with their length before them.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next eight bytes as a number.
    pub fn number(&mut self) -> Result<u64> {
        let Some((first, rest)) = self.0.split_first_chunk() else { bail!("a record ends too early") };
        self.0 = rest;
        Ok(u64::from_le_bytes(*first))
    }

    /// The next bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = usize::try_from(self.number()?)?;
        let Some((bytes, rest)) = self.0.split_at_checked(len) else { bail!("a record ends too early") };
        self.0 = rest;
        Ok(bytes)
    }
}

/// As [`Reader`] reads it.
pub fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.extend_from_slice(&u64::try_from(bytes.len())?.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}
