//! Writes the seeds of every target: `fuzz-seeds FOLDER` makes a folder for each and prints its name.

use std::io::{Error, Write, stdout};
use std::path::Path;

fn main() -> Result<(), Error> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| Error::other("usage: fuzz-seeds FOLDER"))?;
    for name in fuzz::write_all(Path::new(&folder))? {
        writeln!(stdout(), "{name}")?;
    }
    Ok(())
}
