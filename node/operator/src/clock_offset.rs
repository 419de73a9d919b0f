//! Our clock against those of the beacon nodes, and when that is worth an alarm.
//!
//! Slots are wall clock time. Other operators ignore what comes more than 50 ms before its slot
//! ([`types::rules::ChainRules::CLOCK_TOLERANCE_MILLIS`]), and a node whose clock is behind begins every duty late. The dates of the beacon nodes'
//! answers tell how far ours is off ([`beacon::ClockOffset`]; why these: `decisions/0031-clock-offset.md`).
//!
//! * With several nodes the one in the middle counts, so that one node with a bad clock neither hides ours nor is taken for it; of two
//!   the one that is nearer to ours.
//! * An alarm needs certainty: the offset less its error is beyond [`ALARM`]. It ends when the offset itself is below half of that.
//! * Duties can be done with an alarm, only less well. Beyond [`UNFIT`] beacon nodes take what we make for the past or the future, and the
//!   node is not ready.

use std::time::Duration;

use beacon::ClockOffset;

/// Beyond this our clock, or that of the beacon nodes, needs a hand.
const ALARM: Duration = Duration::from_millis(100);
/// How far apart the clocks of beacon nodes may be (`MAXIMUM_GOSSIP_CLOCK_DISPARITY`, consensus-specs).
const UNFIT: Duration = Duration::from_millis(500);

/// How our clock stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockState {
    /// How far our clock is ahead of the beacon nodes', in milliseconds; negative when it is behind. `None` while too little is known.
    pub ahead_millis: Option<i64>,
    /// How far off that may be, in milliseconds.
    pub error_millis: u64,
    /// Whether it is worth an alarm.
    pub is_off: bool,
}

/// What changed between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// An alarm began.
    Off,
    /// It ended.
    Right,
}

impl ClockState {
    /// How the clock stands after what the nodes say now.
    #[must_use]
    pub fn after(self, nodes: &[ClockOffset]) -> Self {
        let Some(offset) = middle(nodes) else { return Self { ahead_millis: None, error_millis: 0, ..self } };
        let (ahead, alarm) = (offset.ahead_micros.unsigned_abs(), micros(ALARM));
        let certain = ahead.saturating_sub(offset.error_micros);
        Self {
            ahead_millis: Some(offset.ahead_micros / 1_000),
            error_millis: offset.error_micros / 1_000,
            is_off: certain > alarm || (self.is_off && ahead > alarm / 2),
        }
    }

    pub(crate) const fn turn(self, next: Self) -> Option<Turn> {
        match (self.is_off, next.is_off) {
            (false, true) => Some(Turn::Off),
            (true, false) => Some(Turn::Right),
            (true, true) | (false, false) => None,
        }
    }

    /// The problem, where it is so big that the node is not fit for its duties.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let ahead = Duration::from_millis(self.ahead_millis?.unsigned_abs());
        self.problem().filter(|_| ahead > UNFIT)
    }

    /// What to do about it, where it is off.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let ahead = self.ahead_millis.filter(|_| self.is_off)?;
        let (far, way) = (ahead.unsigned_abs(), if ahead > 0 { "ahead of" } else { "behind" });
        Some(format!(
            "this machine's clock is {far} ms {way} that of the beacon nodes (give or take {} ms): check that time \
             synchronisation (chrony, systemd-timesyncd) runs here and there",
            self.error_millis
        ))
    }
}

/// The offset in the middle; of two in the middle the smaller one.
fn middle(nodes: &[ClockOffset]) -> Option<ClockOffset> {
    let mut sorted = nodes.to_vec();
    sorted.sort_by_key(|offset| offset.ahead_micros);
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    let middle = [sorted.get(low)?, sorted.get(high)?];
    middle.into_iter().min_by_key(|offset| offset.ahead_micros.unsigned_abs()).copied()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(ahead_millis: i64, error_millis: u64) -> ClockOffset {
        ClockOffset { ahead_micros: ahead_millis * 1_000, error_micros: error_millis * 1_000 }
    }

    #[test]
    fn an_alarm_needs_certainty_and_ends_well_below_its_bound() {
        let mut state = ClockState::default();
        for (ahead, error, is_off) in [
            (90, 5, false),
            (110, 20, false),
            (110, 5, true),
            (90, 5, true),
            (-60, 5, true),
            (-49, 5, false),
            (-200, 20, true),
            (0, 200, false),
        ] {
            state = state.after(&[offset(ahead, error)]);
            assert_eq!((state.ahead_millis, state.is_off), (Some(ahead), is_off), "{ahead}");
            assert_eq!(state.problem().is_some(), is_off);
        }
    }

    #[test]
    fn the_problem_says_which_way_and_what_to_do() {
        let text = |ahead| ClockState::default().after(&[offset(ahead, 12)]).problem().unwrap();
        assert!(text(-200).contains("200 ms behind") && text(-200).contains("12 ms"), "{}", text(-200));
        assert!(text(2_000).contains("2000 ms ahead of") && text(2_000).contains("chrony"));
    }

    #[test]
    fn a_small_offset_is_an_alarm_and_a_big_one_stands_in_the_way() {
        let state = |ahead, error| ClockState::default().after(&[offset(ahead, error)]);
        assert!(state(-400, 5).problem().is_some() && state(-400, 5).obstacle().is_none());
        assert_eq!(state(-501, 5).obstacle(), state(-501, 5).problem());
        assert_eq!(state(600, 550).obstacle(), None, "it is not certain that it is off at all");
        assert_eq!(ClockState::default().obstacle(), None);
    }

    #[test]
    fn one_node_with_a_bad_clock_is_outvoted() {
        let ahead = |nodes: &[i64]| {
            let nodes: Vec<_> = nodes.iter().map(|ahead| offset(*ahead, 5)).collect();
            let state = ClockState::default().after(&nodes);
            (state.ahead_millis, state.is_off)
        };
        assert_eq!(ahead(&[3, 5_000]), (Some(3), false));
        assert_eq!(ahead(&[-5_000, 3]), (Some(3), false));
        assert_eq!(ahead(&[-5_000, 3, 4]), (Some(3), false));
        assert_eq!(ahead(&[300, 290, 0]), (Some(290), true));
        assert_eq!(ahead(&[300, 310]), (Some(300), true));
        assert_eq!(ahead(&[-4, 1, 2, 900]), (Some(1), false));
    }

    #[test]
    fn without_witnesses_nothing_is_known_and_an_alarm_stays() {
        let off = ClockState::default().after(&[offset(500, 5)]);
        let blind = off.after(&[]);
        assert_eq!((blind.ahead_millis, blind.is_off, blind.problem()), (None, true, None));
        assert_eq!(ClockState::default().after(&[]), ClockState::default());
    }

    #[test]
    fn turns_are_told_once() {
        let (right, off) = (ClockState::default(), ClockState { is_off: true, ..ClockState::default() });
        assert_eq!(
            [right.turn(off), off.turn(off), off.turn(right), right.turn(right)],
            [Some(Turn::Off), None, Some(Turn::Right), None]
        );
    }
}
