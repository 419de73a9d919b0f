//! What a command says: results on standard output, everything else on standard error.
//!
//! With `--json` standard output holds exactly one JSON document: the result, or `{"error": {...}}` with the exit code. Notes
//! and progress go to standard error in either form, so a pipe only ever sees results.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::exit::{Exit, is_told};

/// Where a command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Text for people, or JSON.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result: `text` for people, `value` as JSON.
    ///
    /// # Errors
    /// Standard output cannot be written (a closed pipe is no error).
    pub fn result<T: Serialize + ?Sized>(&self, value: &T, text: impl Display) -> anyhow::Result<()> {
        let line = if self.json { serde_json::to_string_pretty(value)? } else { text.to_string() };
        Ok(write_line(&mut io::stdout().lock(), line.trim_end())?)
    }

    /// A remark on the way, on standard error.
    pub fn note(&self, text: impl Display) {
        // Nobody to tell when standard error is closed.
        let _ = write_line(&mut io::stderr().lock(), &text.to_string());
    }

    /// The end of a failed command. Gives the code back.
    #[must_use]
    pub fn failure(&self, error: &anyhow::Error) -> Exit {
        let exit = Exit::of(error);
        let causes: Vec<String> = distinct_causes(error);
        if self.json && is_told(error) {
            return exit;
        }
        if self.json {
            let body = serde_json::json!({
                "error": { "message": causes.first(), "causes": causes.get(1..), "exit_code": exit.code() }
            });
            let _ = write_line(&mut io::stdout().lock(), &format!("{body:#}"));
        } else {
            self.note(format_args!("error: {}", causes.join("\n  because: ")));
        }
        exit
    }

    /// Progress of long work: a bar on a terminal, otherwise a line every tenth of the way.
    #[must_use]
    pub fn progress(&self, what: &'static str, total: u64) -> Progress {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Progress { out: *self, what, total, done: 0, bar }
    }
}

/// How far long work has come.
#[derive(Debug)]
pub struct Progress {
    out: Output,
    what: &'static str,
    total: u64,
    done: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// One more is done.
    pub fn advance(&mut self) {
        self.done = self.done.saturating_add(1);
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        let tenth = self.total.div_ceil(10).max(1);
        if self.total >= 10 && self.done.is_multiple_of(tenth) {
            self.out.note(format_args!("{}: {} of {}", self.what, self.done, self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The messages of an error and its causes. Many errors repeat their cause in their own text; such a cause is left out.
fn distinct_causes(error: &anyhow::Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !causes.last().is_some_and(|last| last.contains(&cause)) {
            causes.push(cause);
        }
    }
    causes
}

fn write_line(to: &mut dyn Write, line: &str) -> io::Result<()> {
    match writeln!(to, "{line}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn a_cause_that_is_already_told_is_not_told_again() {
        let inner = anyhow::anyhow!("disk full");
        let error =
            Err::<(), _>(inner).context("writing failed: disk full").context("no key made").unwrap_err();
        assert_eq!(distinct_causes(&error), ["no key made", "writing failed: disk full"]);
    }
}
