//! `capstan operator key`: the RSA key that is the operator's identity.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use crypto::keystore::{OperatorKeyFile, Password, encrypt_operator_key};
use crypto::rsa::{OperatorPrivateKey, OperatorPublicKey};
use serde::Serialize;

use crate::files::{read_secret, write_new_secret};
use crate::output::Output;
use crate::password;

/// `capstan operator key ...`
#[derive(Debug, Subcommand)]
pub enum OperatorKeyCommand {
    /// Create a new operator key in an encrypted file
    New(NewArgs),
    /// Show the public key of an operator key file, as it is registered
    Show(ShowArgs),
}

/// `capstan operator key new`
#[derive(Debug, Args)]
#[command(after_long_help = "\
The file is the encrypted form that the other SSV clients read too. It is written with mode 0600
and never overwrites another. Keep a copy: the shares of your validators are encrypted to this
key, and nobody can replace it.

Examples:
  capstan operator key new --out operator.json
      asks for a password
  capstan operator key new --out operator.json --password-file operator.pass --json
      takes it from a file, for scripts")]
pub struct NewArgs {
    /// Where to write the key file
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// File with the password; asked for at the terminal when absent
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `capstan operator key show`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Encrypted files name their public key, so no password is needed. With a password the file is
opened and checked as well; files of older clients that do not name their key need it.

Examples:
  capstan operator key show --key operator.json
  capstan operator key show --key operator.json --password-file operator.pass --json")]
pub struct ShowArgs {
    /// The key file: encrypted JSON, PEM, or base64 of PEM
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// File with the password, to open and check the file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What both commands tell.
#[derive(Serialize)]
struct Shown<'a> {
    file: &'a Path,
    public_key: String,
    public_key_sha256: String,
    opened: bool,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, or a password does not fit.
pub fn run(command: OperatorKeyCommand, out: Output) -> anyhow::Result<()> {
    match command {
        OperatorKeyCommand::New(args) => new(&args, out),
        OperatorKeyCommand::Show(args) => show(&args, out),
    }
}

fn new(args: &NewArgs, out: Output) -> anyhow::Result<()> {
    let what = args.out.display().to_string();
    let password = password::fresh(args.password_file.as_deref(), &what, "--password-file", out)?;
    let key = OperatorPrivateKey::generate()?;
    let text = encrypt_operator_key(&key, &password, &mut rand::rng())?;
    write_new_secret(&args.out, format!("{text}\n").as_bytes())?;
    tell(&args.out, key.public_key(), true, out)
}

fn show(args: &ShowArgs, out: Output) -> anyhow::Result<()> {
    let file = parse(&args.key)?;
    let stated = file.public_key();
    if let (Some(public), None) = (&stated, &args.password_file) {
        return tell(&args.key, public, false, out);
    }
    let what = args.key.display().to_string();
    let password = password::existing(args.password_file.as_deref(), &what, "--password-file", out)?;
    let key = file.open(Some(&password)).with_context(|| format!("operator key file {what}"))?;
    tell(&args.key, key.public_key(), true, out)
}

/// Opens an operator key file with the password from its file, if one is configured.
///
/// # Errors
/// The file cannot be read or opened; the message names it.
pub fn open(path: &Path, password_file: Option<&Path>, out: Output) -> anyhow::Result<OperatorPrivateKey> {
    let file = parse(path)?;
    let password = password_file.map(|path| password::from_file(path, out)).transpose()?;
    file.open(password.as_ref()).with_context(|| match password_file {
        Some(password_file) => format!(
            "operator key file {} does not open with the password in {}",
            path.display(),
            password_file.display()
        ),
        None => format!("operator key file {} does not open", path.display()),
    })
}

/// Whether the file needs a password.
///
/// # Errors
/// It cannot be read, or is no operator key file.
pub fn is_encrypted(path: &Path) -> anyhow::Result<bool> {
    Ok(match parse(path)? {
        OperatorKeyFile::Encrypted(_) => true,
        OperatorKeyFile::Plain(_) => false,
    })
}

/// Opens an operator key file with a password.
///
/// # Errors
/// The file cannot be read or opened; the message names it.
pub fn open_with(path: &Path, password: &Password) -> anyhow::Result<OperatorPrivateKey> {
    parse(path)?.open(Some(password)).with_context(|| format!("operator key file {}", path.display()))
}

fn parse(path: &Path) -> anyhow::Result<OperatorKeyFile> {
    let secret = read_secret(path)?;
    let file = OperatorKeyFile::parse(secret.text(path)?);
    file.with_context(|| format!("{} is not an operator key file, or is damaged", path.display()))
}

fn tell(file: &Path, public: &OperatorPublicKey, opened: bool, out: Output) -> anyhow::Result<()> {
    let shown = Shown {
        file,
        public_key: public.to_base64(),
        public_key_sha256: format!("0x{}", hex::encode(public.fingerprint())),
        opened,
    };
    let text = format!(
        "file         {}\nfingerprint  {}\npublic key   {}",
        file.display(),
        shown.public_key_sha256,
        shown.public_key
    );
    out.result(&shown, text)
}
