//! Files with secrets: written whole or not at all, readable by their owner only, never over another file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zeroize::Zeroizing;

use crate::exit::usage;

/// No key, password or network file is longer; what is longer is another file.
const MAX_SECRET_FILE: u64 = 1024 * 1024;

/// Writes a new file with mode 0600. It appears under its name only when all of it is on disk; a file that is there already is
/// kept and is an error.
///
/// # Errors
/// The name is taken, or the file system refuses.
pub fn write_new_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let folder = folder_of(path);
    let beside = beside(path)?;
    let written = write_synced(&beside, content).and_then(|()| publish(&beside, path));
    // The name beside is ours alone; when it is gone already there is nothing to remove.
    let _ = fs::remove_file(&beside);
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(path)),
        other => other.with_context(|| {
            format!("cannot write {}: check the folder and its permissions", path.display())
        })?,
    }
    let synced = File::open(&folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync the folder of {}", path.display()))
}

/// Makes a folder that only its owner may enter; one that is there already stays as it is.
///
/// # Errors
/// The file system refuses.
pub fn create_folder(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| {
        format!("cannot make the folder {}: check `data_dir` and its permissions", path.display())
    })
}

/// Reads a small file that holds a secret, and says whether others may read it too.
///
/// # Errors
/// It is not there, cannot be read, or is no small file.
pub fn read_secret(path: &Path) -> anyhow::Result<SecretFile> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let metadata = file.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_file() || metadata.len() > MAX_SECRET_FILE {
        bail!("{} is not a small file", path.display());
    }
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(size.saturating_add(1)));
    file.read_to_end(&mut content).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(SecretFile { content, mode: metadata.mode() & 0o777 })
}

/// The content of a file with a secret. Wiped on drop.
pub struct SecretFile {
    /// The bytes.
    pub content: Zeroizing<Vec<u8>>,
    /// Permission bits.
    pub mode: u32,
}

impl SecretFile {
    /// Whether anybody but the owner may do anything with it.
    #[must_use]
    pub const fn is_exposed(&self) -> bool {
        self.mode & 0o077 != 0
    }

    /// As text.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, path: &Path) -> anyhow::Result<&str> {
        str::from_utf8(&self.content).with_context(|| format!("{} is not a text file", path.display()))
    }
}

fn taken(path: &Path) -> anyhow::Error {
    usage(format!(
        "{} is there already and is not overwritten: give another name, or move it away",
        path.display()
    ))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A name beside `path` that nobody else uses.
fn beside(path: &Path) -> anyhow::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(usage(format!("{} is not the name of a file", path.display())));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", std::process::id()));
    Ok(folder_of(path).join(hidden))
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Gives the file its name, unless the name was taken meanwhile. A file system without hard links gets a rename.
fn publish(beside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            if path.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(beside, path)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_new_secret_is_for_its_owner_only_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new_secret(&path, b"one").unwrap();
        let file = read_secret(&path).unwrap();
        assert_eq!((file.content.as_slice(), file.mode, file.is_exposed()), (&b"one"[..], 0o600, false));
        let error = write_new_secret(&path, b"two").unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Usage);
        assert_eq!(read_secret(&path).unwrap().content.as_slice(), b"one");
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["key"], "nothing is left beside it");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_new_secret(&folder.path().join("no/key"), b"x").unwrap_err();
        assert!(format!("{error:#}").contains("no/key"), "{error:#}");
    }

    #[test]
    fn exposed_files_are_recognised_and_folders_are_no_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read_secret(&path).unwrap().is_exposed());
        assert!(read_secret(folder.path()).is_err());
    }
}
