//! What the network is told while it runs: one command a line.
//!
//! ```text
//! set delay=20..100 jitter=10 loss=2     milliseconds, milliseconds, percent; what is not named stays
//! partition 1,2,3/4,5                    two groups; who is in none hears only others in none
//! heal                                   nobody is cut off
//! stats                                  packets so far
//! quit
//! ```

use std::ops::RangeInclusive;

use super::NodeNumber;
use super::link::Conditions;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The network is like this from now on.
    Change(Conditions),
    /// Tell the counts.
    Stats,
    /// End.
    Quit,
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The first word.
    #[error("the commands are set, partition, heal, stats and quit, not `{0}`")]
    Unknown(String),
    /// A part of `set`.
    #[error("`{0}` is not delay=A..B, jitter=N or loss=PERCENT (0 to 100)")]
    Setting(String),
    /// A part of `partition`.
    #[error("`{0}` is not a node")]
    Node(String),
}

/// Reads a line; `now` is what the network is like.
///
/// # Errors
/// [`CommandError`] names the part that cannot be read; nothing changes then.
pub fn parse(line: &str, now: &Conditions) -> Result<Command, CommandError> {
    let mut words = line.split_whitespace();
    match words.next().unwrap_or_default() {
        "set" => words
            .try_fold(now.clone(), |conditions, word| {
                setting(conditions, word).ok_or_else(|| CommandError::Setting(word.into()))
            })
            .map(Command::Change),
        "partition" => {
            let groups = words.next().unwrap_or_default().split('/').map(group);
            let partition = groups.collect::<Result<Vec<_>, _>>()?;
            Ok(Command::Change(Conditions { partition, ..now.clone() }))
        }
        "heal" => Ok(Command::Change(Conditions { partition: Vec::new(), ..now.clone() })),
        "stats" => Ok(Command::Stats),
        "quit" => Ok(Command::Quit),
        other => Err(CommandError::Unknown(other.into())),
    }
}

fn setting(now: Conditions, word: &str) -> Option<Conditions> {
    let (name, value) = word.split_once('=')?;
    match name {
        "delay" => Some(Conditions { delay_millis: range(value)?, ..now }),
        "jitter" => Some(Conditions { jitter_millis: value.parse().ok()?, ..now }),
        "loss" => Some(Conditions { loss_ppm: percent_to_ppm(value)?, ..now }),
        _ => None,
    }
}

fn range(text: &str) -> Option<RangeInclusive<u32>> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high).then_some(low..=high)
}

/// `2`, `0.5`: at most four digits after the point.
fn percent_to_ppm(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 4 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<4}").parse().ok()?;
    let ppm = whole.checked_mul(10_000)?.checked_add(fraction)?;
    (ppm <= 1_000_000).then_some(ppm)
}

fn group(text: &str) -> Result<Vec<NodeNumber>, CommandError> {
    text.split(',')
        .map(|word| {
            word.parse().ok().and_then(NodeNumber::new).ok_or_else(|| CommandError::Node(word.into()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeNumber {
        NodeNumber::new(number).unwrap()
    }

    #[test]
    fn set_changes_what_it_names() {
        let before = Conditions { partition: vec![vec![node(1)]], ..Conditions::default() };
        let expected =
            Conditions { delay_millis: 20..=100, jitter_millis: 10, loss_ppm: 20_000, ..before.clone() };
        assert_eq!(
            parse("set delay=20..100 jitter=10 loss=2", &before),
            Ok(Command::Change(expected.clone()))
        );
        let only_delay = Conditions { delay_millis: 300..=300, ..expected.clone() };
        assert_eq!(parse("set delay=300", &expected), Ok(Command::Change(only_delay)));
        let fine = Conditions { loss_ppm: 5_025, ..expected.clone() };
        assert_eq!(parse("set loss=0.5025", &expected), Ok(Command::Change(fine)));
    }

    #[test]
    fn a_partition_comes_and_goes() {
        let calm = Conditions::default();
        let cut = Conditions { partition: vec![vec![node(1), node(2)], vec![node(3)]], ..calm.clone() };
        assert_eq!(parse("partition 1,2/3", &calm), Ok(Command::Change(cut.clone())));
        assert_eq!(parse("heal", &cut), Ok(Command::Change(calm.clone())));
        assert_eq!(parse("stats", &calm), Ok(Command::Stats));
        assert_eq!(parse("quit", &calm), Ok(Command::Quit));
    }

    #[test]
    fn what_is_no_command_is_named() {
        let calm = Conditions::default();
        for word in
            ["delay=9..3", "delay=", "loss=101", "loss=1.00001", "loss=-1", "loss=1.x", "width=3", "delay"]
        {
            assert_eq!(parse(&format!("set {word}"), &calm), Err(CommandError::Setting(word.into())));
        }
        for word in ["", "0", "251", "x"] {
            assert_eq!(parse(&format!("partition 1/{word}"), &calm), Err(CommandError::Node(word.into())));
        }
        assert_eq!(parse("", &calm), Err(CommandError::Unknown(String::new())));
        assert_eq!(parse("halt", &calm), Err(CommandError::Unknown("halt".into())));
    }
}
