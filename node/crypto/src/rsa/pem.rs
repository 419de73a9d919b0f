//! PEM armour with 64-column base64, LF line ends and a final LF.

use super::RsaError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Columns of a base64 line.
const COLUMNS: usize = 64;
/// Longest text that is looked at; a key of 8192 bits has about 6.5 kB.
const MAX_LEN: usize = 16 * 1024;

/// Puts DER into armour with this label.
pub(super) fn wrap(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // Reserved in full, so that no half-written copy of a secret stays behind in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(body.len().saturating_mul(2).saturating_add(128)));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The label and the DER of the first armoured block. Line ends and white space inside do not matter.
///
/// # Errors
/// [`RsaError::Pem`] when there is none, or when begin and end do not agree.
pub(super) fn unwrap(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), RsaError> {
    let parse = || {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, rest) = rest.split_once("-----END ")?;
        let (end, _) = rest.split_once("-----")?;
        (label == end).then_some((label, body))
    };
    let (label, body) =
        Some(text).filter(|text| text.len() <= MAX_LEN).and_then(|_| parse()).ok_or(RsaError::Pem)?;
    let mut digits = Zeroizing::new(String::with_capacity(body.len()));
    digits.extend(body.chars().filter(|c| !c.is_ascii_whitespace()));
    let der = STANDARD.decode(digits.as_bytes()).map_err(|_| RsaError::Pem)?;
    Ok((label, Zeroizing::new(der)))
}
