//! A database on disk as text: its files, without the blocks of zeros they mostly consist of. A line is the offset, how
//! often the block stands there, and the block.
//!
//! ```text
//! file registry/db 524288
//! 0 1 8f02...
//! 64 20 ffff...
//! ```

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const BLOCK: usize = 64;

/// The text of everything below `folder` whose relative path starts with `name`.
pub fn pack(folder: &Path, name: &str) -> String {
    let mut text = String::new();
    for relative in files_below(folder, Path::new("")) {
        if !relative.starts_with(name) || relative.ends_with(".lock") {
            continue;
        }
        let path = folder.join(&relative);
        // sled closes its file from a background thread, and shortens it then: the lock waits for that.
        fs::File::open(&path).unwrap().lock().unwrap();
        let bytes = fs::read(path).unwrap();
        text.push_str(&format!("file {relative} {}\n", bytes.len()));
        let blocks: Vec<&[u8]> = bytes.chunks(BLOCK).collect();
        let mut index = 0;
        for run in blocks.chunk_by(|left, right| left == right) {
            if run[0].iter().any(|byte| *byte != 0) {
                text.push_str(&format!("{} {} {}\n", index * BLOCK, run.len(), hex::encode(run[0])));
            }
            index += run.len();
        }
    }
    text
}

/// Lays the files of a text out below `folder`.
pub fn unpack(text: &str, folder: &Path) {
    let mut open: Option<fs::File> = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["file", relative, length] = words[..] {
            let path = folder.join(relative);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = fs::File::create(path).unwrap();
            file.set_len(length.parse().unwrap()).unwrap();
            open = Some(file);
        } else {
            let file = open.as_mut().unwrap();
            file.seek(SeekFrom::Start(words[0].parse().unwrap())).unwrap();
            file.write_all(&hex::decode(words[2]).unwrap().repeat(words[1].parse().unwrap())).unwrap();
        }
    }
}

fn files_below(folder: &Path, relative: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.join(relative)).unwrap().map(Result::unwrap) {
        let path = relative.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_below(folder, &path));
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// Where the fixture of a schema lies.
pub fn path(name: &str, schema: u32) -> PathBuf {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    migrations.join(name).join("fixtures").join(format!("{schema:04}.fixture"))
}
