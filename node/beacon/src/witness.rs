//! What the `Date` of a node's answers says about our clock.
//!
//! A date is whole seconds, so one of them is worth little. But each answer was made between the moment we asked and the moment its
//! header came, and its date is the second in which that was by the node's clock: the node's clock is ahead of ours by more than
//! `date - received` and by less than `date + 1 s - sent`. Every exchange gives such an interval, the questions fall anywhere within a
//! second, and what lies in all intervals is narrow after some tens of them: a few milliseconds more than the fastest answer took.
//!
//! * A server that repeats a date beyond its second makes the upper ends too low, never the lower ones too high. So where the ends
//!   contradict each other the lower end counts.
//! * When our clock is set, what was measured before is void: the wall clock has moved against the steady one.
//!
//! **Bound**: the last [`KEPT`] exchanges of the last [`AGE`].

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Exchanges that are held.
const KEPT: usize = 256;
/// For how long an exchange counts: a bad oscillator drifts by a few milliseconds meanwhile.
const AGE: Duration = Duration::from_secs(180);
/// With fewer exchanges nothing is said.
const FEWEST: usize = 12;
/// The wall clock was set if it moved this far against the steady one between two exchanges.
const SET_MICROS: i64 = 20_000;

const SECOND_MICROS: i64 = 1_000_000;

/// Microseconds since the Unix epoch; 0 on a clock before it.
pub(crate) fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// One question and the head of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// When it was asked, by our wall clock in microseconds since 1970.
    pub sent_unix_micros: u64,
    /// When the head of the answer was there.
    pub received_unix_micros: u64,
    /// The same moment by a steady clock, in microseconds since any moment.
    pub steady_micros: u64,
    /// The date of the answer, in seconds since 1970.
    pub date_unix_seconds: u64,
}

/// How far our clock is ahead of a node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// Negative when ours is behind.
    pub ahead_micros: i64,
    /// How far off that may be, either way.
    pub error_micros: u64,
}

/// The node's clock is ahead of ours by something between these.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    low: i64,
    high: i64,
    at: u64,
}

/// What a node's dates have said.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    bounds: VecDeque<Bounds>,
    /// Wall clock minus steady clock at the last exchange.
    apart: Option<i64>,
}

impl Witness {
    pub(crate) fn note(&mut self, exchange: Exchange) {
        let micros = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let (sent, received) = (micros(exchange.sent_unix_micros), micros(exchange.received_unix_micros));
        let apart = received.saturating_sub(micros(exchange.steady_micros));
        let was_set = |before: i64| before.abs_diff(apart) > SET_MICROS.unsigned_abs();
        if self.apart.replace(apart).is_some_and(was_set) {
            self.bounds.clear();
        }
        // An exchange during which our clock was set back says nothing.
        if sent > received {
            return;
        }
        let date = micros(exchange.date_unix_seconds).saturating_mul(SECOND_MICROS);
        if self.bounds.len() >= KEPT {
            self.bounds.pop_front();
        }
        self.bounds.push_back(Bounds {
            low: date.saturating_sub(received),
            high: date.saturating_add(SECOND_MICROS).saturating_sub(sent),
            at: exchange.received_unix_micros,
        });
    }

    /// What follows at `now`; `None` while too little is known.
    pub(crate) fn offset(&self, now_unix_micros: u64) -> Option<ClockOffset> {
        let age = u64::try_from(AGE.as_micros()).unwrap_or(u64::MAX);
        let fresh = || self.bounds.iter().filter(|bounds| now_unix_micros.saturating_sub(bounds.at) <= age);
        if fresh().count() < FEWEST {
            return None;
        }
        let low = fresh().map(|bounds| bounds.low).max()?;
        let high = fresh().map(|bounds| bounds.high).min()?;
        // Rounded up: the truth may be at either end.
        let half = high.saturating_sub(low).saturating_add(1) / 2;
        let theirs = if half > 0 { low.saturating_add(half) } else { low };
        Some(ClockOffset { ahead_micros: theirs.saturating_neg(), error_micros: half.unsigned_abs() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000_000_000;

    /// A node whose clock is ahead of ours, that answers after `travel` there and `travel` back, with a date that is a little old.
    struct Node {
        ahead_micros: i64,
        travel: u64,
        stale_micros: u64,
    }

    impl Node {
        fn exchange(&self, sent: u64) -> Exchange {
            let made =
                (sent + self.travel).checked_add_signed(self.ahead_micros).unwrap() - self.stale_micros;
            Exchange {
                sent_unix_micros: sent,
                received_unix_micros: sent + 2 * self.travel,
                steady_micros: sent + 2 * self.travel - START + 77,
                date_unix_seconds: made / 1_000_000,
            }
        }
    }

    /// Exchanges at odd moments, as duties and probes make them.
    fn moments(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(|number| START + number * 1_370_029)
    }

    fn last(count: u64) -> u64 {
        moments(count).last().unwrap()
    }

    #[test]
    fn some_tens_of_whole_seconds_make_a_few_milliseconds() {
        for ahead_micros in [0, 200_000, -200_000, 1_700_000, -30_000_000] {
            for travel in [200, 5_000, 40_000] {
                let (node, mut witness) =
                    (Node { ahead_micros, travel, stale_micros: 0 }, Witness::default());
                moments(100).for_each(|sent| witness.note(node.exchange(sent)));
                let offset = witness.offset(last(100)).unwrap();
                let missed = (offset.ahead_micros + ahead_micros).unsigned_abs();
                assert!(missed <= offset.error_micros, "{offset:?} for {ahead_micros} with {travel}");
                assert!(
                    offset.error_micros <= travel + 15_000,
                    "{offset:?} for {ahead_micros} with {travel}"
                );
            }
        }
    }

    #[test]
    fn few_exchanges_say_nothing() {
        let (node, mut witness) =
            (Node { ahead_micros: 0, travel: 500, stale_micros: 0 }, Witness::default());
        moments(11).for_each(|sent| witness.note(node.exchange(sent)));
        assert_eq!(witness.offset(last(11)), None);
        witness.note(node.exchange(last(12)));
        assert!(witness.offset(last(12)).is_some());
        let later = last(12) + 200_000_000;
        assert_eq!(witness.offset(later), None, "what is old does not count");
    }

    #[test]
    fn a_server_that_repeats_its_date_does_not_pass_for_a_wrong_clock() {
        let mut witness = Witness::default();
        for (number, sent) in (0..).zip(moments(200)) {
            // Half of its dates are up to a second old.
            let stale_micros = if number % 2 == 0 { (number * 37_003) % 1_000_000 } else { 0 };
            witness.note(Node { ahead_micros: 0, travel: 2_000, stale_micros }.exchange(sent));
        }
        let offset = witness.offset(last(200)).unwrap();
        assert!(offset.ahead_micros.unsigned_abs() < 25_000, "{offset:?}");
    }

    #[test]
    fn a_clock_that_is_set_begins_anew() {
        let (behind, right) = (
            Node { ahead_micros: 900_000, travel: 500, stale_micros: 0 },
            Node { ahead_micros: 0, travel: 500, stale_micros: 0 },
        );
        let mut witness = Witness::default();
        moments(50).for_each(|sent| witness.note(behind.exchange(sent)));
        assert!(witness.offset(last(50)).unwrap().ahead_micros < -880_000);
        // Ours is put forward by 900 ms; the steady clock is not.
        let set = |sent: u64| {
            let exchange = right.exchange(sent + 900_000);
            Exchange { steady_micros: exchange.steady_micros - 900_000, ..exchange }
        };
        witness.note(set(last(51)));
        assert_eq!(witness.offset(last(51)), None);
        moments(100).skip(51).for_each(|sent| witness.note(set(sent)));
        assert!(witness.offset(last(100)).unwrap().ahead_micros.unsigned_abs() < 25_000);
    }

    #[test]
    fn no_more_than_the_bound_is_held_and_odd_numbers_harm_nobody() {
        let (node, mut witness) =
            (Node { ahead_micros: 0, travel: 500, stale_micros: 0 }, Witness::default());
        moments(1000).for_each(|sent| witness.note(node.exchange(sent)));
        assert_eq!(witness.bounds.len(), KEPT);
        for number in [0, u64::MAX] {
            witness.note(Exchange {
                sent_unix_micros: number,
                received_unix_micros: number,
                steady_micros: u64::MAX - number,
                date_unix_seconds: u64::MAX,
            });
            let _ = witness.offset(number);
        }
    }
}
