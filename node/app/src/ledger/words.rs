//! Small words: moments, lists, names of duties.

use outbox::DutyRole;
use types::OperatorId;

/// A moment or a length, in seconds.
pub(super) fn seconds(micros: u64) -> String {
    let millis = micros.saturating_add(500) / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}

/// `1`, `1 and 2`, `1, 2 and 3`.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let mut words: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match words.pop() {
        None => String::new(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} and {last}", words.join(", ")),
    }
}

/// `operator 3`, `operators 1, 2 and 3`.
pub(super) fn operators<'a>(ids: impl IntoIterator<Item = &'a OperatorId>) -> String {
    named("operator", ids)
}

/// `validator 3`, `validators 1, 2 and 3`.
pub(super) fn named<T: ToString>(noun: &str, items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<T> = items.into_iter().collect();
    let plural = if items.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} {}", list(items))
}

/// `1 duty`, `2 duties`.
pub(super) fn duties(count: usize) -> String {
    if count == 1 { "1 duty".to_owned() } else { format!("{count} duties") }
}

/// What a duty of this role is called.
pub(super) const fn duty(role: DutyRole) -> &'static str {
    match role {
        DutyRole::Attester => "attestation",
        DutyRole::Aggregator => "aggregate",
        DutyRole::Proposer => "block",
        DutyRole::SyncCommittee => "sync committee message",
        DutyRole::SyncCommitteeContribution => "sync committee contribution",
        DutyRole::ValidatorRegistration => "builder registration",
        DutyRole::VoluntaryExit => "voluntary exit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_as_people_write_them() {
        assert_eq!(seconds(1_234_567), "1.235 s");
        assert_eq!(seconds(0), "0.000 s");
        assert_eq!(list([1, 2, 3]), "1, 2 and 3");
        assert_eq!(operators(&[OperatorId(4)]), "operator 4");
        assert_eq!(named("validator", [4, 5]), "validators 4 and 5");
        assert_eq!((duties(1), duties(0)), ("1 duty".to_owned(), "0 duties".to_owned()));
    }
}
