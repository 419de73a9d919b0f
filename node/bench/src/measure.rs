//! Timing two ways in turns.

use anyhow::Result;
use std::time::{Duration, Instant};

/// Runs of a comparison.
const RUNS: u32 = 5;

/// The median of the runs, with the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The least.
    pub least: f64,
    /// The median.
    pub median: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Figure {
    /// Of these runs.
    #[must_use]
    pub fn of(mut runs: Vec<f64>) -> Self {
        runs.sort_by(f64::total_cmp);
        let at = |place: usize| runs.get(place).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(runs.len() / 2), greatest: at(runs.len().saturating_sub(1)) }
    }
}

/// Two ways to do one thing. Times in microseconds for each item.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Our way.
    pub ours: Figure,
    /// The other way.
    pub other: Figure,
    /// The other way's time over ours, run by run.
    pub ratio: Figure,
}

/// Times two ways in turns, five runs after one that does not count. In each run both are repeated until
/// at least `least_items` items are done, one after the other, so that a noisy neighbour disturbs both.
///
/// # Errors
/// The first error of either way.
pub fn compare(
    items: u32,
    least_items: u32,
    mut ours: impl FnMut() -> Result<()>,
    mut other: impl FnMut() -> Result<()>,
) -> Result<Comparison> {
    let repeats = least_items.div_ceil(items).max(1);
    let (mut ours_us, mut other_us, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let (mut ours_time, mut other_time) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..if run == 0 { 1 } else { repeats } {
            ours_time += timed(&mut ours)?;
            other_time += timed(&mut other)?;
        }
        if run > 0 {
            let per_item = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(items) / f64::from(repeats);
            ours_us.push(per_item(ours_time));
            other_us.push(per_item(other_time));
            ratios.push(other_time.as_secs_f64() / ours_time.as_secs_f64());
        }
    }
    Ok(Comparison { ours: Figure::of(ours_us), other: Figure::of(other_us), ratio: Figure::of(ratios) })
}

fn timed(work: &mut impl FnMut() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn both_ways_take_turns() {
        let order = RefCell::new(String::new());
        let mark = |c| {
            order.borrow_mut().push(c);
            Ok(())
        };
        compare(4, 8, || mark('a'), || mark('b')).unwrap();
        assert_eq!(*order.borrow(), "ab".repeat(1 + 5 * 2));
        assert!(compare(1, 1, || mark('a'), || anyhow::bail!("no")).is_err());
    }

    #[test]
    fn a_figure_is_median_and_extremes() {
        let figure = Figure::of(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!(figure, Figure { least: 1.0, median: 3.0, greatest: 5.0 });
    }
}
