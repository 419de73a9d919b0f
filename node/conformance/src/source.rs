//! The files of the vectors: from a folder with the published archives, or with the same archives unpacked.
//!
//! An archive is unpacked by the system's `xz` into a pipe and read from there; nothing is left on disk. Only the
//! files that a suite asks for are kept in memory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// A file of the vectors is never larger than this; the largest known one has 4 MiB.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The files of one archive that a suite asked for, by their path inside it.
#[derive(Debug, Default)]
pub struct Files {
    by_path: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Reads the archive `name` (without `.tar.xz`) below `root`; `keep` says which paths to remember.
    /// `None` if neither the unpacked folder nor the archive is there.
    ///
    /// # Errors
    /// The archive or the folder cannot be read.
    pub fn load(root: &Path, name: &str, keep: impl Fn(&str) -> bool) -> Result<Option<Self>> {
        let folder = root.join(name);
        if folder.is_dir() {
            let mut files = Self::default();
            files.read_folder(&folder, &folder, &keep)?;
            return Ok(Some(files));
        }
        let archive = root.join(format!("{name}.tar.xz"));
        if !archive.is_file() {
            return Ok(None);
        }
        Self::read_archive(&archive, keep)
            .with_context(|| format!("cannot read {}", archive.display()))
            .map(Some)
    }

    /// The files directly or deeper below `folder` (which ends in `/`), in the order of their paths.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.by_path
            .range(folder.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Puts other bytes in the place of a file.
    pub fn replace(&mut self, path: &str, bytes: Vec<u8>) {
        self.by_path.insert(path.to_owned(), bytes);
    }

    /// One file by its path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.by_path.get(path).map(Vec::as_slice)
    }

    fn read_folder(&mut self, root: &Path, folder: &Path, keep: &impl Fn(&str) -> bool) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.read_folder(root, &path, keep)?;
            } else {
                let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
                self.insert(name, keep, || Ok(File::open(&path)?))?;
            }
        }
        Ok(())
    }

    fn read_archive(archive: &Path, keep: impl Fn(&str) -> bool) -> Result<Self> {
        let mut child = Command::new("xz")
            .args(["--decompress", "--stdout", "--"])
            .arg(archive)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `xz`; install xz-utils or unpack the archives")?;
        let Some(pipe) = child.stdout.take() else { bail!("`xz` has no output") };
        let mut files = Self::default();
        let mut reader = tar::Archive::new(io::BufReader::with_capacity(1 << 16, pipe));
        for entry in reader.entries()? {
            let entry = entry?;
            let path = entry.path()?.to_string_lossy().into_owned();
            if entry.header().entry_type().is_file() {
                files.insert(path, &keep, || Ok(entry))?;
            }
        }
        // tar stops at its end mark; what follows is padding that xz still has to write.
        io::copy(&mut reader.into_inner(), &mut io::sink())?;
        ensure!(child.wait()?.success(), "`xz` failed: the archive is damaged");
        Ok(files)
    }

    fn insert<R: Read>(
        &mut self,
        path: String,
        keep: &impl Fn(&str) -> bool,
        open: impl FnOnce() -> Result<R>,
    ) -> Result<()> {
        if !keep(&path) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        open()?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
        ensure!((bytes.len() as u64) < MAX_FILE_BYTES, "{path} is larger than any known vector");
        self.by_path.insert(path, bytes);
        Ok(())
    }
}
