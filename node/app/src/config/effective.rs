//! The values as they came out of the layers: known keys only, each of its kind, each with its source.

use std::net::IpAddr;
use std::path::Path;

use config::{Value, ValueKind};
use serde::Serialize;
use url::Url;

use super::keys::{KEYS, Key, Kind, PREFIX};

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
/// Every problem, each with its key and source.
pub(super) fn check(merged: Value, base: &Path) -> Result<(Vec<Row>, Values), Vec<String>> {
    let mut leaves = Vec::new();
    flatten(String::new(), merged, &mut leaves);
    keep_the_higher(&mut leaves, "network.name", "network.file");
    let (mut rows, mut values, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (path, value) in &leaves {
        if Key::find(path).is_none() {
            problems.push(format!(
                "{path} ({}) is no key of the configuration{}",
                source(value),
                nearest(path)
            ));
        }
    }
    for key in KEYS {
        let Some((_, value)) = leaves.iter().find(|(path, _)| path == key.path) else {
            if key.required {
                problems.push(missing(key));
            }
            continue;
        };
        match read(key, value, base) {
            Ok((shown, kind)) => {
                if key.required && shown.is_empty() {
                    problems.push(missing(key));
                }
                rows.push(Row { key: key.path, value: shown, source: source(value) });
                values.push((
                    key.path.to_owned(),
                    Value::new(value.origin().map(str::to_owned).as_ref(), kind),
                ));
            }
            Err(problem) => problems.push(format!("{} ({}) {problem}", key.path, source(value))),
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

fn missing(key: &Key) -> String {
    let flag = key.flag.map(|flag| format!(", --{flag}")).unwrap_or_default();
    format!("{} is needed: set it in the configuration file, or with {}{flag}", key.path, key.variable())
}

/// Lists and everything that is no table are leaves.
fn flatten(path: String, value: Value, out: &mut Values) {
    let origin = value.origin().map(str::to_owned);
    match value.kind {
        ValueKind::Table(table) => {
            for (name, inner) in table {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                flatten(path, inner, out);
            }
        }
        kind => out.push((path, Value::new(origin.as_ref(), kind))),
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
}

/// A value of its kind: as it is shown, and as it is read.
fn read(key: &Key, value: &Value, base: &Path) -> Result<(String, ValueKind), String> {
    if key.kind.is_list() {
        return read_list(key, value);
    }
    let text = value.clone().into_string().map_err(|_| "must be a single value".to_owned())?;
    let same = |text: String| Ok((text.clone(), ValueKind::String(text)));
    match key.kind {
        Kind::Text => same(text),
        Kind::Word(words) if words.contains(&text.as_str()) => same(text),
        Kind::Word(words) => Err(format!("is {text:?}; it can be {}", words.join(" or "))),
        Kind::Path => {
            if text.is_empty() {
                return Err("is an empty path".into());
            }
            let path = if layer(value) <= Layer::File { base.join(text) } else { text.into() };
            same(path.display().to_string())
        }
        Kind::Number(low, high) => match text.parse::<u64>() {
            Ok(number) if (low..=high).contains(&number) => same(number.to_string()),
            Ok(_) | Err(_) => Err(format!("is {text:?}; it must be a number from {low} to {high}")),
        },
        Kind::Ip => match text.parse::<IpAddr>() {
            Ok(address) => same(address.to_string()),
            Err(_) => Err(format!("is {text:?}; it must be an IP address such as 127.0.0.1")),
        },
        Kind::Urls(_) | Kind::Records => read_list(key, value),
    }
}

fn read_list(key: &Key, value: &Value) -> Result<(String, ValueKind), String> {
    let not_a_list = |_| "must be a list of texts".to_owned();
    let items = value.clone().into_array().map_err(not_a_list)?;
    let items: Vec<String> =
        items.into_iter().map(Value::into_string).collect::<Result<_, _>>().map_err(not_a_list)?;
    let mut shown = Vec::new();
    for (position, item) in items.iter().enumerate() {
        match key.kind {
            Kind::Urls(schemes) => {
                shown.push(show_url(item, schemes).map_err(|why| format!("[{position}] {why}"))?)
            }
            Kind::Records if item.starts_with("enr:") => shown.push(item.clone()),
            Kind::Records => return Err(format!("[{position}] is no node record: it must start with enr:")),
            Kind::Text | Kind::Word(_) | Kind::Path | Kind::Number(..) | Kind::Ip => {}
        }
    }
    let list = items.into_iter().map(|item| Value::new(None, ValueKind::String(item))).collect();
    Ok((shown.join(", "), ValueKind::Array(list)))
}

/// Scheme, host and port. The rest may be an access token and is not even repeated in an error.
fn show_url(text: &str, schemes: &[&str]) -> Result<String, String> {
    let expected = || format!("must be an address that begins with {}://", schemes.join(":// or "));
    let url = Url::parse(text).map_err(|_| expected())?;
    let host = url.host_str().unwrap_or_default();
    if !schemes.contains(&url.scheme()) || host.is_empty() {
        return Err(expected());
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let rest = if matches!(url.path(), "" | "/") && url.query().is_none() { "" } else { "/..." };
    Ok(format!("{}://{host}{port}{rest}", url.scheme()))
}

/// A hint at the key that was probably meant.
fn nearest(path: &str) -> String {
    let distance = |key: &&Key| edits(path, key.path);
    match KEYS.iter().min_by_key(distance) {
        Some(key) if edits(path, key.path) <= 3 => format!("; did you mean {}?", key.path),
        Some(_) | None => String::new(),
    }
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
        assert!(!show_url("ftp://user:secret@host", &["http"]).unwrap_err().contains("secret"));
    }
}
