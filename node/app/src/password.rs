//! Passwords: from a file, or typed at the terminal. Never from arguments or the environment.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Context;
use crypto::keystore::{Password, Trimmed};
use zeroize::Zeroizing;

use crate::exit::usage;
use crate::files::read_secret;
use crate::output::Output;

/// The shortest password that a new key file is written with, in characters.
const SHORTEST: usize = 8;

/// The password in a file. What else reads the file, or would read it differently, is said as a note.
///
/// # Errors
/// The file cannot be read, or holds no password.
pub fn from_file(path: &Path, out: Output) -> anyhow::Result<Password> {
    let file = read_secret(path)?;
    if file.is_exposed() {
        out.note(format_args!(
            "warning: {} can be read by others (mode {:o}): chmod 600 it",
            path.display(),
            file.mode
        ));
    }
    let (password, trimmed) = Password::from_file_content(&file.content)
        .with_context(|| format!("password file {}", path.display()))?;
    if trimmed == Trimmed::Spaces {
        out.note(format_args!(
            "warning: white space around the password in {} is ignored; other clients may not do so: write it anew",
            path.display()
        ));
    }
    Ok(password)
}

/// The password of an existing file: from its password file, or asked for.
///
/// # Errors
/// As [`from_file`]; without a file, there must be a terminal.
pub fn existing(file: Option<&Path>, what: &str, flag: &str, out: Output) -> anyhow::Result<Password> {
    match file {
        Some(path) => from_file(path, out),
        None => Ok(Password::new(&ask(&format!("Password of {what}: "), flag)?)?),
    }
}

/// The password for a new file: from its password file, or asked for twice.
///
/// # Errors
/// As [`existing`]; a typed one may also be too short or typed differently the second time.
pub fn fresh(file: Option<&Path>, what: &str, flag: &str, out: Output) -> anyhow::Result<Password> {
    if let Some(path) = file {
        return from_file(path, out);
    }
    let first = ask(&format!("New password for {what}: "), flag)?;
    if first.chars().count() < SHORTEST {
        return Err(usage(format!("a password has at least {SHORTEST} characters")));
    }
    let second = ask("The same again: ", flag)?;
    if *first != *second {
        return Err(usage("the two passwords differ, nothing was written"));
    }
    Ok(Password::new(&first)?)
}

fn ask(prompt: &str, flag: &str) -> anyhow::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return Err(usage(format!("no terminal to ask for the password: give it with {flag} FILE")));
    }
    let typed = rpassword::prompt_password(prompt).context("the password could not be read")?;
    Ok(Zeroizing::new(typed))
}
