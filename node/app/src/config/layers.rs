//! The layers, each a source of the `config` crate whose values remember where they came from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::NodeConfig;
use super::effective::{self, Row};
use super::keys::{KEYS, Key, PREFIX};
use super::problem::Problem;
use super::relations;
use crate::exit::usage;

/// A value given by a flag.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The key it sets.
    pub key: &'static str,
    /// One value, or those of a list.
    pub values: Vec<String>,
}

/// Where values may come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// The environment; what does not begin with `CAPSTAN__` is left alone.
    pub environment: Vec<(String, String)>,
    /// The flags.
    pub flags: Vec<Flag>,
}

impl Layers {
    /// The file and the flags, and the environment of this process between them. What is not Unicode there is none of ours.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let unicode =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self { file, environment: std::env::vars_os().filter_map(unicode).collect(), flags }
    }
}

/// A configuration that passed every check.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: NodeConfig,
    /// The values as text, with their sources, secrets left out.
    pub rows: Vec<Row>,
}

/// Puts the layers together and checks the result.
///
/// # Errors
/// Exit code 2, with every problem and where it is.
pub fn load(layers: &Layers) -> anyhow::Result<Loaded> {
    let mut builder = config::Config::builder().add_source(Given::defaults());
    if let Some(file) = &layers.file {
        if !file.is_file() {
            return Err(usage(format!("there is no configuration file {}", file.display())));
        }
        builder = builder.add_source(File::from(file.as_path()).format(FileFormat::Toml));
    }
    let builder =
        builder.add_source(Given::environment(&layers.environment)).add_source(Given::flags(&layers.flags));
    let merged = builder.build().map_err(|error| unreadable(&error))?;
    let base = layers.file.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new("")).to_owned();
    let (rows, values) = effective::check(merged.cache, &base).map_err(|problems| refused(&problems))?;
    let merged =
        config::Config::builder().add_source(Given(values)).build().map_err(|error| unreadable(&error))?;
    let config: NodeConfig = merged.try_deserialize().map_err(|error| unreadable(&error))?;
    relations::check(&config, &rows).map_err(|problems| refused(&problems))?;
    Ok(Loaded { config, rows })
}

fn unreadable(error: &ConfigError) -> anyhow::Error {
    usage(format!("the configuration cannot be read: {error}"))
}

fn refused(problems: &[Problem]) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    usage(format!("the configuration cannot be used:\n  {}", lines.join("\n  ")))
}

/// A layer whose values are at hand.
#[derive(Debug, Clone)]
struct Given(Vec<(String, Value)>);

impl Given {
    fn defaults() -> Self {
        let value =
            |key: &Key| key.default.map(|text| (key.path.to_owned(), from_text(key, text, "default")));
        Self(KEYS.iter().filter_map(value).collect())
    }

    /// A variable of a key that does not exist is kept under its path, to be refused with the others.
    fn environment(variables: &[(String, String)]) -> Self {
        let value = |(name, text): &(String, String)| {
            let path = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
            let value = match Key::find(&path) {
                Some(key) => from_text(key, text, name),
                None => Value::new(Some(name), ValueKind::String(text.clone())),
            };
            Some((path, value))
        };
        Self(variables.iter().filter_map(value).collect())
    }

    fn flags(flags: &[Flag]) -> Self {
        let value = |flag: &Flag| {
            let key = Key::find(flag.key)?;
            let origin = format!("--{}", key.flag.unwrap_or(key.path));
            let value = match flag.values.as_slice() {
                [one] if !key.kind.is_list() => Value::new(Some(&origin), ValueKind::String(one.clone())),
                many => list(&origin, many.iter().map(String::as_str)),
            };
            Some((flag.key.to_owned(), value))
        };
        Self(flags.iter().filter_map(value).collect())
    }
}

impl Source for Given {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.iter().cloned().collect())
    }
}

fn from_text(key: &Key, text: &str, origin: &str) -> Value {
    if key.kind.is_list() {
        return list(origin, text.split(',').map(str::trim).filter(|item| !item.is_empty()));
    }
    Value::new(Some(&origin.to_owned()), ValueKind::String(text.to_owned()))
}

fn list<'a>(origin: &str, items: impl Iterator<Item = &'a str>) -> Value {
    let origin = origin.to_owned();
    let items = items.map(|item| Value::new(Some(&origin), ValueKind::String(item.to_owned()))).collect();
    Value::new(Some(&origin), ValueKind::Array(items))
}
