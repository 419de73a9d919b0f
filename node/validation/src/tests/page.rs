//! `RULES.md` says what the code says. After a wanted change: `UPDATE_RULES=1 cargo test -p validation rules_page`.

use std::fmt::Write;

use crate::{Refusal, Rule, Verdict};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/RULES.md");

const HEAD: &str = "# The rules of gossip

Every rule that a gossip message is held to, in the order in which they are looked at: the first that is broken decides. Both
forks have the same order; which of them applies follows from the slot of the message. *Ignore* drops a message and blames
nobody; *reject* also counts an invalid delivery against every peer that forwarded it. A message that breaks no rule is
accepted. The code is the name of the refusal, which is also its label in the metrics; the reason is what the reference
counts it by. Figures are those of the main network. Rules 1 to 28 are for all messages, 30 to 56 for consensus, 57 to 76 for partial
signatures.

This page is written from the code (`src/refusal.rs`); do not edit it. After a change:
`UPDATE_RULES=1 cargo test -p validation rules_page`.

| Rule | Verdict | Code | Reason | Broken when (Alan) | Boole, where it differs |
|---|---|---|---|---|---|
";

const FOOT: &str = "
Numbers that are missing are rules of the reference that nothing off the wire can break here: 4 and 14 (an absent message), 12 (a
registry that fails to answer: ours is in memory), 16 and 29 (data above the limit of consensus, which is above the limit
of the encoding), 34 (a hash that fails).
";

/// Every rule with its refusal, in order.
pub(super) fn rules() -> Vec<(Rule, Refusal)> {
    let mut rules: Vec<_> = Refusal::ALL
        .iter()
        .flat_map(|refusal| refusal.rules().iter().map(|rule| (*rule, *refusal)))
        .collect();
    rules.sort_by_key(|(rule, _)| rule.number);
    rules
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (rule, refusal) in rules() {
        let verdict = match refusal.verdict() {
            Verdict::Accept => "accept",
            Verdict::Ignore => "ignore",
            Verdict::Reject => "reject",
        };
        let (number, name, when) = (rule.number, refusal.name(), rule.when);
        let boole = rule.boole.unwrap_or("");
        writeln!(page, "| {number} | {verdict} | `{name}` | {refusal} | {when} | {boole} |").unwrap();
    }
    page + FOOT
}

#[test]
fn rules_page_is_what_the_code_says() {
    if std::env::var_os("UPDATE_RULES").is_some() {
        std::fs::write(PAGE, page()).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page(),
        "RULES.md is not what the code says; if the change is wanted: UPDATE_RULES=1 cargo test -p validation rules_page"
    );
}

#[test]
fn no_rule_is_missing() {
    let unreachable = [4, 12, 14, 16, 29, 34];
    let mut numbers: Vec<_> = rules().iter().map(|(rule, _)| rule.number).collect();
    numbers.dedup();
    let expected: Vec<u8> = (1..=76).filter(|number| !unreachable.contains(number)).collect();
    assert_eq!(numbers, expected);
}
