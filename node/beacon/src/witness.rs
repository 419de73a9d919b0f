//! What the `Date` of a node's answers says about our clock.
//!
//! A date is whole seconds, so one of them is worth little. But each answer was made between the moment we asked and the moment its
//! header came, and its date is the second in which that was by the node's clock: the node's clock is ahead of ours by more than
//! `date - received` and by less than `date + 1 s - sent`. Every exchange gives such an interval, and what lies in all of them is the
//! narrower the nearer to the change of a second some of them were. Duties ask at the same places of every second, so one question in a
//! while is asked for its date alone, when the node's second should change by what is known so far ([`Witness::telling_moment`]): it
//! halves what is left, until that is as wide as the question takes.
//!
//! * A server that repeats a date beyond its second makes the upper ends too low, never the lower ones too high. So where the ends
//!   contradict each other the lower end counts. A busy server does so for about as long as it takes to answer, so half of the usual
//!   round trip is added to the error.
//! * When our clock is set, what was measured before is void: the wall clock has moved against the steady one.
//!
//! **Bound**: the narrowest ends of each [`SPAN`], for [`KEPT`] of them. A bad oscillator drifts by a few milliseconds meanwhile.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is held in one piece.
const SPAN: Duration = Duration::from_secs(3);
/// Spans that are held and count.
const KEPT: usize = 60;
/// With fewer exchanges nothing is said.
const FEWEST: u64 = 12;
/// The wall clock was set if it moved this far against the steady one between two exchanges.
const SET_MICROS: i64 = 20_000;

const SECOND_MICROS: i64 = 1_000_000;

/// Microseconds since 1970 by our wall clock; 0 on a clock before it.
#[must_use]
pub fn unix_micros() -> u64 {
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

/// What the exchanges of one span say: the node's clock is ahead of ours by something between `low` and `high`.
#[derive(Debug, Clone, Copy)]
struct Span {
    number: u64,
    low: i64,
    high: i64,
    exchanges: u64,
    /// The shortest one.
    round_trip: u64,
}

/// What is left of all spans.
#[derive(Debug, Clone, Copy)]
struct Left {
    low: i64,
    high: i64,
    exchanges: u64,
    /// In the middle of those of the spans.
    round_trip: u64,
}

impl Left {
    /// Half of the width, rounded up: the truth may be at either end.
    const fn half(&self) -> i64 {
        self.high.saturating_sub(self.low).saturating_add(1) / 2
    }

    const fn middle(&self) -> i64 {
        let half = self.half();
        if half > 0 { self.low.saturating_add(half) } else { self.low }
    }
}

/// What a node's dates have said.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    spans: VecDeque<Span>,
    /// Wall clock minus steady clock at the last exchange.
    apart: Option<i64>,
}

impl Witness {
    pub(crate) fn note(&mut self, exchange: Exchange) {
        let (sent, received) = (micros(exchange.sent_unix_micros), micros(exchange.received_unix_micros));
        let apart = received.saturating_sub(micros(exchange.steady_micros));
        let was_set = |before: i64| before.abs_diff(apart) > SET_MICROS.unsigned_abs();
        if self.apart.replace(apart).is_some_and(was_set) {
            self.spans.clear();
        }
        // An exchange during which our clock was set back says nothing.
        if sent > received {
            return;
        }
        let date = micros(exchange.date_unix_seconds).saturating_mul(SECOND_MICROS);
        self.add(Span {
            number: span_of(exchange.received_unix_micros),
            low: date.saturating_sub(received),
            high: date.saturating_add(SECOND_MICROS).saturating_sub(sent),
            exchanges: 1,
            round_trip: received.abs_diff(sent),
        });
    }

    fn add(&mut self, one: Span) {
        if let Some(last) = self.spans.back_mut().filter(|last| last.number == one.number) {
            last.low = last.low.max(one.low);
            last.high = last.high.min(one.high);
            last.exchanges = last.exchanges.saturating_add(1);
            last.round_trip = last.round_trip.min(one.round_trip);
            return;
        }
        if self.spans.len() >= KEPT {
            self.spans.pop_front();
        }
        self.spans.push_back(one);
    }

    /// What is left at `now`; `None` if there is nothing fresh.
    fn left(&self, now_unix_micros: u64) -> Option<Left> {
        let kept = u64::try_from(KEPT).unwrap_or(u64::MAX);
        let oldest = span_of(now_unix_micros).saturating_sub(kept);
        let fresh = || self.spans.iter().filter(|span| span.number >= oldest);
        let mut round_trips: Vec<u64> = fresh().map(|span| span.round_trip).collect();
        round_trips.sort_unstable();
        Some(Left {
            low: fresh().map(|span| span.low).max()?,
            high: fresh().map(|span| span.high).min()?,
            exchanges: fresh().map(|span| span.exchanges).fold(0, u64::saturating_add),
            round_trip: *round_trips.get(round_trips.len() / 2)?,
        })
    }

    /// What follows at `now`; `None` while too little is known.
    pub(crate) fn offset(&self, now_unix_micros: u64) -> Option<ClockOffset> {
        let left = self.left(now_unix_micros).filter(|left| left.exchanges >= FEWEST)?;
        let error_micros = left.half().unsigned_abs().saturating_add(left.round_trip / 2);
        Some(ClockOffset { ahead_micros: left.middle().saturating_neg(), error_micros })
    }

    /// When to ask next, at `now` or within a second after it: so that the answer is made when the node's second should change.
    pub(crate) fn telling_moment(&self, now_unix_micros: u64) -> u64 {
        let Some(left) = self.left(now_unix_micros) else { return now_unix_micros };
        let travel = micros(left.round_trip / 2);
        let theirs = micros(now_unix_micros).saturating_add(left.middle()).saturating_add(travel);
        let into_second = theirs.rem_euclid(SECOND_MICROS);
        let wait = SECOND_MICROS.saturating_sub(into_second).rem_euclid(SECOND_MICROS);
        now_unix_micros.saturating_add(wait.unsigned_abs())
    }
}

fn micros(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn span_of(unix_micros: u64) -> u64 {
    let span = u64::try_from(SPAN.as_micros()).unwrap_or(u64::MAX);
    unix_micros.checked_div(span).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000_000_000;

    /// A node whose clock is ahead of ours, that answers after `travel` there and `travel` back, with a date that is a little old.
    #[derive(Clone, Copy)]
    struct Node {
        ahead_micros: i64,
        travel: u64,
        stale_micros: u64,
    }

    impl Node {
        const fn ahead(ahead_micros: i64) -> Self {
            Self { ahead_micros, travel: 500, stale_micros: 0 }
        }

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

    /// Exchanges at odd moments.
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
                let node = Node { ahead_micros, travel, stale_micros: 0 };
                let mut witness = Witness::default();
                moments(100).for_each(|sent| witness.note(node.exchange(sent)));
                let offset = witness.offset(last(100)).unwrap();
                let missed = (offset.ahead_micros + ahead_micros).unsigned_abs();
                assert!(missed <= offset.error_micros, "{offset:?} for {ahead_micros} with {travel}");
                assert!(
                    offset.error_micros <= 2 * travel + 15_000,
                    "{offset:?} for {ahead_micros} with {travel}"
                );
            }
        }
    }

    /// Duties ask at the start and at the thirds of slots, which are whole seconds in many networks.
    #[test]
    fn questions_at_telling_moments_find_what_duties_cannot() {
        for ahead_micros in [0, 200_000, -200_000, 450_000, -7_499_000] {
            let node = Node { travel: 2_000, ..Node::ahead(ahead_micros) };
            let mut witness = Witness::default();
            for slot in 0..20 {
                (0..40).for_each(|ask| witness.note(node.exchange(START + slot * 3_000_000 + ask * 500)));
            }
            let now = START + 60_000_000;
            assert!(witness.offset(now).unwrap().error_micros > 100_000, "the duties alone leave much open");
            let mut at = now;
            for _ in 0..9 {
                at = witness.telling_moment(at + 1_000_000);
                witness.note(node.exchange(at));
            }
            let offset = witness.offset(at).unwrap();
            let missed = (offset.ahead_micros + ahead_micros).unsigned_abs();
            assert!(
                missed <= offset.error_micros && offset.error_micros <= 6_000,
                "{offset:?} for {ahead_micros}"
            );
        }
    }

    #[test]
    fn the_telling_moment_is_within_a_second() {
        let mut witness = Witness::default();
        assert_eq!(witness.telling_moment(START), START, "nothing is known: any moment tells something");
        moments(50).for_each(|sent| witness.note(Node::ahead(300_000).exchange(sent)));
        for now in (0..2_000_000).step_by(37_000).map(|more| last(50) + more) {
            let wait = witness.telling_moment(now) - now;
            assert!(wait < 1_000_000, "{wait}");
        }
    }

    #[test]
    fn few_exchanges_say_nothing() {
        let (node, mut witness) = (Node::ahead(0), Witness::default());
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
        for (number, sent) in (0..).zip(moments(100)) {
            // Half of its dates are up to a second old.
            let stale_micros = if number % 2 == 0 { (number * 37_003) % 1_000_000 } else { 0 };
            witness.note(Node { travel: 2_000, stale_micros, ..Node::ahead(0) }.exchange(sent));
        }
        let offset = witness.offset(last(100)).unwrap();
        assert!(offset.ahead_micros.unsigned_abs() < 35_000, "{offset:?}");
    }

    #[test]
    fn the_error_covers_a_busy_server_that_dates_its_answers_late() {
        let mut witness = Witness::default();
        for (number, sent) in (0..).zip(moments(100)) {
            // It takes 80 ms to answer, and is up to 40 ms late in noticing that a second is over.
            let stale_micros = (number * 7_919) % 40_000;
            witness.note(Node { travel: 40_000, stale_micros, ..Node::ahead(0) }.exchange(sent));
        }
        let offset = witness.offset(last(100)).unwrap();
        assert!(offset.ahead_micros.unsigned_abs() <= offset.error_micros, "{offset:?}");
    }

    #[test]
    fn a_clock_that_is_set_begins_anew() {
        let (behind, right) = (Node::ahead(900_000), Node::ahead(0));
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
        let (node, mut witness) = (Node::ahead(0), Witness::default());
        moments(1000).for_each(|sent| witness.note(node.exchange(sent)));
        assert_eq!(witness.spans.len(), KEPT);
        for number in [0, u64::MAX] {
            witness.note(Exchange {
                sent_unix_micros: number,
                received_unix_micros: number,
                steady_micros: u64::MAX - number,
                date_unix_seconds: u64::MAX,
            });
            let _ = (witness.offset(number), witness.telling_moment(number));
        }
    }
}
