//! The values as they came out of the layers: known keys only, each of its kind, each with its source.

use std::net::IpAddr;
use std::path::Path;

use config::{Value, ValueKind};
use serde::Serialize;
use url::Url;

use super::keys::{KEYS, Key, Kind, PREFIX};
use super::problem::{Fault, Problem};

/// One value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The key.
    pub key: &'static str,
    /// The value as text; addresses without passwords and paths, which may be access tokens.
    pub value: String,
    /// `default`, the configuration file, the variable, or the flag.
    pub source: String,
}

/// Values by key.
type Values = Vec<(String, Value)>;

/// Checks every value by itself and makes paths absolute where they are relative to the file. Gives back the rows to show, and
/// the values to read the configuration from.
///
/// # Errors
/// Every problem.
pub(super) fn check(merged: Value, base: &Path) -> Result<(Vec<Row>, Values), Vec<Problem>> {
    let mut leaves = Vec::new();
    flatten(String::new(), merged, &mut leaves);
    leaves.sort_by(|a, b| a.0.cmp(&b.0));
    keep_the_higher(&mut leaves, "network.name", "network.file");
    let (mut rows, mut values, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (path, value) in leaves.iter().filter(|(path, _)| Key::find(path).is_none()) {
        let (path, source_name) = (path.clone(), source(value));
        problems.push(Problem::UnknownKey { nearest: nearest(&path), path, source_name });
    }
    for key in KEYS {
        let Some((_, value)) = leaves.iter().find(|(path, _)| path == key.path) else {
            problems.extend(key.required.then_some(Problem::Missing(key)));
            continue;
        };
        match read(key, value, base) {
            Ok((shown, _)) if key.required && shown.is_empty() => problems.push(Problem::Missing(key)),
            Ok((shown, kind)) => {
                rows.push(Row { key: key.path, value: shown, source: source(value) });
                values.push((key.path.to_owned(), Value::new(None, kind)));
            }
            Err(fault) => problems.push(Problem::Value { key: key.path, source_name: source(value), fault }),
        }
    }
    if problems.is_empty() { Ok((rows, values)) } else { Err(problems) }
}

/// Where a value came from, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Default,
    File,
    Environment,
    Flag,
}

fn layer(value: &Value) -> Layer {
    match value.origin() {
        None | Some("default") => Layer::Default,
        Some(origin) if origin.starts_with("--") => Layer::Flag,
        Some(origin) if origin.starts_with(PREFIX) => Layer::Environment,
        Some(_) => Layer::File,
    }
}

/// Of two keys that exclude each other, the one from the higher layer; both when they come from the same.
fn keep_the_higher(leaves: &mut Values, a: &str, b: &str) {
    let layer_of = |key: &str| leaves.iter().find(|(path, _)| path == key).map(|(_, value)| layer(value));
    let (Some(first), Some(second)) = (layer_of(a), layer_of(b)) else { return };
    let lower = match first.cmp(&second) {
        std::cmp::Ordering::Less => a,
        std::cmp::Ordering::Greater => b,
        std::cmp::Ordering::Equal => return,
    };
    leaves.retain(|(path, _)| path != lower);
}

fn source(value: &Value) -> String {
    value.origin().unwrap_or("default").to_owned()
}

/// Lists and everything that is no table are leaves.
fn flatten(path: String, value: Value, out: &mut Values) {
    let origin = value.origin().map(str::to_owned);
    let ValueKind::Table(table) = value.kind else {
        out.push((path, Value::new(origin.as_ref(), value.kind)));
        return;
    };
    for (name, inner) in table {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        flatten(path, inner, out);
    }
}

/// A value of its kind: as it is shown, and as it is read.
fn read(key: &Key, value: &Value, base: &Path) -> Result<(String, ValueKind), Fault> {
    match key.kind {
        Kind::Urls(schemes) => {
            read_list(value, |position, item| show_url(item, schemes).ok_or(Fault::Url { position, schemes }))
        }
        Kind::Records => read_list(value, |position, item| {
            if item.starts_with("enr:") { Ok(item.to_owned()) } else { Err(Fault::Record { position }) }
        }),
        Kind::Text | Kind::Word(_) | Kind::Path | Kind::Number(..) | Kind::Ip => {
            let text = read_one(key.kind, value, base)?;
            Ok((text.clone(), ValueKind::String(text)))
        }
    }
}

fn read_one(kind: Kind, value: &Value, base: &Path) -> Result<String, Fault> {
    let text = value.clone().into_string().map_err(|_| Fault::NotSingle)?;
    match kind {
        Kind::Text | Kind::Urls(_) | Kind::Records => Ok(text),
        Kind::Word(words) if words.contains(&text.as_str()) => Ok(text),
        Kind::Word(words) => Err(Fault::Word { text, words }),
        Kind::Path if text.is_empty() => Err(Fault::EmptyPath),
        Kind::Path if layer(value) <= Layer::File => Ok(base.join(text).display().to_string()),
        Kind::Path => Ok(text),
        Kind::Number(low, high) => match text.parse::<u64>() {
            Ok(number) if (low..=high).contains(&number) => Ok(number.to_string()),
            Ok(_) | Err(_) => Err(Fault::Number { text, low, high }),
        },
        Kind::Ip => match text.parse::<IpAddr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(Fault::Ip { text }),
        },
    }
}

/// A list: every item as `show` shows it, and as it is.
fn read_list(
    value: &Value,
    show: impl Fn(usize, &str) -> Result<String, Fault>,
) -> Result<(String, ValueKind), Fault> {
    let items = value.clone().into_array().map_err(|_| Fault::NotAList)?;
    let items = items
        .into_iter()
        .map(Value::into_string)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Fault::NotAList)?;
    let shown = items
        .iter()
        .enumerate()
        .map(|(position, item)| show(position, item))
        .collect::<Result<Vec<_>, _>>()?;
    let list = items.into_iter().map(|item| Value::new(None, ValueKind::String(item))).collect();
    Ok((shown.join(", "), ValueKind::Array(list)))
}

/// Scheme, host and port; the rest may be an access token. `None` for what is no address of these schemes.
fn show_url(text: &str, schemes: &[&str]) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty() && schemes.contains(&url.scheme()))?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let rest = if matches!(url.path(), "" | "/") && url.query().is_none() { "" } else { "/..." };
    Some(format!("{}://{host}{port}{rest}", url.scheme()))
}

/// The key that was probably meant.
fn nearest(path: &str) -> Option<&'static str> {
    let key = KEYS.iter().min_by_key(|key| edits(path, key.path))?;
    (edits(path, key.path) <= 3).then_some(key.path)
}

/// Letters to insert, drop or change to get from one word to the other (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.iter().skip(1).copied().collect::<Vec<_>>()) {
            let change = diagonal.saturating_add(usize::from(x != y));
            left = change.min(left.saturating_add(1)).min(above.saturating_add(1));
            next.push(left);
            diagonal = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("api.prt", "api.port"), 1);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn tokens_in_addresses_are_not_shown() {
        let shown = show_url("https://user:secret@node.example/token?key=1", &["http", "https"]).unwrap();
        assert_eq!(shown, "https://node.example/...");
        assert_eq!(show_url("http://127.0.0.1:5052", &["http"]).unwrap(), "http://127.0.0.1:5052");
        assert_eq!(show_url("ftp://user:secret@host", &["http"]), None);
    }
}
