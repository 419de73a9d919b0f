//! The page of all reasons and warnings, `deploy/REASONS.md`, written from the enums.

use std::fmt::Write as _;

use duty::{FailureReason, Room, Warning};

/// How the page is written anew.
pub const COMMAND: &str = "UPDATE_REASONS=1 cargo test -p app --test handbook";

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = format!(
        "# Why a duty failed

<!-- Written from `duty::FailureReason` and `duty::Warning`. After a change there: {COMMAND} -->

Every duty that this node scheduled ends once: submitted, failed with a reason, or not selected (there was nothing to do). The same names
stand in `/v1/duties` (`reason`, `room`, `warnings`), in `/metrics` (`capstan_duties_ended_total`, `capstan_duty_warnings_total`), in the log, and
here. `capstan duty SLOT` tells what happened to the duties of one slot, with the operators' names.

## The rooms, in the order of the walk

| Room | What happens there |
|---|---|
"
    );
    // Writing to a string does not fail.
    for room in Room::ALL {
        let _ = writeln!(page, "| `{}` | {} |", room.name(), room.meaning());
    }
    page += "
## Reasons

| Reason | Room | What happened | What to do |
|---|---|---|---|
";
    let mut reasons = FailureReason::ALL;
    reasons.sort_by_key(|reason| reason.room());
    for reason in reasons {
        let (name, room) = (reason.name(), reason.room().name());
        let _ = writeln!(page, "| `{name}` | {room} | {} | {} |", reason.meaning(), reason.advice());
    }
    page += "
## Warnings

A beacon node took what was signed, and yet not all went well on the chain. Every block is looked at once for what came of the duties; an epoch
after its slot a duty's account is closed. Aggregates, contributions and registrations cannot be seen in blocks. The last four are about this
node, and stand beside any outcome.

| Warning | What happened | What to do |
|---|---|---|
";
    for warning in Warning::ALL {
        let _ = writeln!(page, "| `{}` | {} | {} |", warning.name(), warning.meaning(), warning.advice());
    }
    page
}
