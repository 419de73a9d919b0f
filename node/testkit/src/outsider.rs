//! What the processes share that join a running network beside its operators, to look at it or to disturb it from there: the words
//! they are started with, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use network::Topic;
use types::rules::RulesError;
use types::{NetworkRules, OperatorId, SsvFork, SubnetId};

/// What is wrong with the words. All of it is for the caller to mend.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentError {
    /// A word where an option belongs.
    #[error("{0} is no option")]
    NotAnOption(String),
    /// The last word is an option that wants a value.
    #[error("{0} has no value")]
    NoValue(String),
    /// An option that must be given is not.
    #[error("--{0} is missing")]
    Missing(&'static str),
    /// A committee that is no list of numbers.
    #[error("{0} is no list of operators' numbers with commas between them")]
    Committee(String),
    /// The network file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The network file is wrong.
    #[error(transparent)]
    Rules(#[from] RulesError),
}

/// The words: options that are given once, and the two that are given any number of times.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    given: BTreeMap<String, String>,
    /// The operators of each committee (`--committee 1,2,3,4`).
    pub committees: Vec<Vec<OperatorId>>,
    /// Node records to start from (`--bootnode enr:..`).
    pub bootnodes: Vec<String>,
}

impl Arguments {
    /// Reads `--option value` pairs.
    ///
    /// # Errors
    /// [`ArgumentError`] for the first word that does not fit.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, ArgumentError> {
        let mut read = Self::default();
        while let Some(option) = words.next() {
            let Some(name) = option.strip_prefix("--") else {
                return Err(ArgumentError::NotAnOption(option));
            };
            let word = words.next().ok_or_else(|| ArgumentError::NoValue(option.clone()))?;
            match name {
                "committee" => read.committees.push(operators(&word)?),
                "bootnode" => read.bootnodes.push(word),
                _ => {
                    read.given.insert(name.to_owned(), word);
                }
            }
        }
        Ok(read)
    }

    /// The value of an option.
    ///
    /// # Errors
    /// [`ArgumentError::Missing`].
    pub fn text(&self, name: &'static str) -> Result<&str, ArgumentError> {
        self.given.get(name).map(String::as_str).ok_or(ArgumentError::Missing(name))
    }

    /// The rules in the network file (`--network`).
    ///
    /// # Errors
    /// [`ArgumentError`] if the file is not given, not readable, or wrong.
    pub fn rules(&self) -> Result<NetworkRules, ArgumentError> {
        let path = PathBuf::from(self.text("network")?);
        let text = std::fs::read_to_string(&path).map_err(|source| ArgumentError::File { path, source })?;
        Ok(NetworkRules::from_toml(&text)?)
    }

    /// The topics of the committees in a fork.
    pub fn topics(&self, fork: SsvFork) -> BTreeSet<Topic> {
        self.committees.iter().map(|members| Topic { fork, subnet: SubnetId::of(fork, members) }).collect()
    }
}

fn operators(text: &str) -> Result<Vec<OperatorId>, ArgumentError> {
    let id = |word: &str| word.parse().map(OperatorId).map_err(|_| ArgumentError::Committee(text.to_owned()));
    text.split(',').map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Arguments, String> {
        Arguments::read(text.split(' ').map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read_once_or_any_number_of_times() {
        let read =
            read("--committee 1,2,3,4 --fork alan --bootnode a --committee 4,5,6,7 --bootnode b").unwrap();
        assert_eq!(read.committees, [[1, 2, 3, 4], [4, 5, 6, 7]].map(|all| all.map(OperatorId).to_vec()));
        assert_eq!((read.bootnodes.join(" ").as_str(), read.text("fork").unwrap()), ("a b", "alan"));
    }

    #[test]
    fn words_that_do_not_fit_are_named() {
        assert_eq!(read("fork alan").unwrap_err(), "fork is no option");
        assert_eq!(read("--fork alan --tcp").unwrap_err(), "--tcp has no value");
        assert!(read("--committee 1,two").unwrap_err().starts_with("1,two is no list"));
        assert_eq!(read("--fork alan").unwrap().text("tcp").unwrap_err().to_string(), "--tcp is missing");
        assert!(matches!(
            read("--network /nowhere/at.all").unwrap().rules(),
            Err(ArgumentError::File { .. })
        ));
    }

    /// The subnets are those of `types`, and two committees may share one.
    #[test]
    fn each_fork_has_its_topics_of_the_committees() {
        let read = read("--committee 1,2,3,4 --committee 1,2,3,5").unwrap();
        let subnets = |fork| read.topics(fork).iter().map(|topic| topic.subnet.get()).collect::<Vec<_>>();
        assert_eq!(subnets(SsvFork::Alan), [114, 116]);
        assert_eq!(subnets(SsvFork::Boole), [11]);
    }
}
