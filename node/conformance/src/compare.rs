//! Compares what we produced with what the vectors expect, field by field.

use serde_json::Value;

/// The first place where the two differ, or `None`.
///
/// What Go leaves out, writes as `null`, or as an empty list, text or map means the same; the order of the fields of an
/// object does not matter, that of a list does.
#[must_use]
pub fn difference(expected: &Value, actual: &Value) -> Option<String> {
    let mut path = String::new();
    differ(&mut path, expected, actual)
}

fn differ(path: &mut String, expected: &Value, actual: &Value) -> Option<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let mut keys: Vec<&String> = expected.keys().chain(actual.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let [expected, actual] = [expected, actual].map(|map| map.get(key).unwrap_or(&Value::Null));
                inside(path, key, expected, actual)
            })
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            pairs.find_map(|(index, (expected, actual))| inside(path, &index.to_string(), expected, actual))
        }
        _ if expected == actual || (is_nothing(expected) && is_nothing(actual)) => None,
        _ => Some(format!("{path}: expected {}, got {}", short(expected), short(actual))),
    }
}

fn inside(path: &mut String, key: &str, expected: &Value, actual: &Value) -> Option<String> {
    let length = path.len();
    path.push('/');
    path.push_str(key);
    let found = differ(path, expected, actual);
    path.truncate(length);
    found
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

fn short(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}.. ({} characters)", &text[..at], text.len()),
        None => text,
    }
}
