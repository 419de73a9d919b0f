//! `capstan duty` and `capstan duties`: what happened to duties, and why.

use clap::Args;
use outbox::DutyRole;
use types::Slot;

use crate::exit::usage;
use crate::ledger::digest::{Digest, Filter, Validator};
use crate::ledger::source::{PlaceArgs, Source};
use crate::ledger::tale::Tale;
use crate::output::Output;

/// Slots that are summed up when nobody says which.
const RECENT: u64 = 64;
/// Slots that one command sums up at most.
const MOST: u64 = 8_192;

/// `capstan duty`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Tells for each duty how it ended, who was missing, who was late (against the other operators and
the end of the round), what this node did and when, and what to do. All reasons are on the page
REASONS.md of the handbook. Times are since the start of the slot.

A running node is asked; with --config or --data-dir the journal of a stopped one is read.

Examples:
  capstan duty 9123456
  capstan duty 9123456 --validator 412345 --config capstan.toml
  capstan duty 9123456 --data-dir data --json

Exit codes:
  0 told   1 nothing is recorded of that slot, or no node answers   2 command line or configuration
  3 a node that does not answer holds the journal")]
pub struct DutyArgs {
    /// The slot
    #[arg(value_name = "SLOT")]
    pub slot: u64,
    /// Only this validator, by number or public key; repeat for several
    #[arg(long, value_name = "INDEX|0xKEY")]
    pub validator: Vec<Validator>,
    /// Only duties of this kind
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<DutyRole>,
    /// Which node
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `capstan duties`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Sums up the duties of a range of slots, the last 64 if none is given, and lists the newest of them.
The sums are over all duties of the range (and of --validator and --role); --failed and --warned
choose what is listed.

Examples:
  capstan duties
  capstan duties --failed --from-slot 9120000 --to-slot 9123456
  capstan duties --warned --validator 412345 --config capstan.toml --json

Exit codes:
  0 told   1 no node answers   2 command line or configuration
  3 a node that does not answer holds the journal")]
pub struct DutiesArgs {
    /// First slot; the last 64 slots up to --to-slot when absent
    #[arg(long, value_name = "SLOT")]
    pub from_slot: Option<u64>,
    /// Last slot; the newest one when absent
    #[arg(long, value_name = "SLOT")]
    pub to_slot: Option<u64>,
    /// List failed duties only
    #[arg(long)]
    pub failed: bool,
    /// List duties with warnings only
    #[arg(long)]
    pub warned: bool,
    /// Only this validator, by number or public key; repeat for several
    #[arg(long, value_name = "INDEX|0xKEY")]
    pub validator: Vec<Validator>,
    /// Only duties of this kind
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<DutyRole>,
    /// How many are listed at most
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub limit: usize,
    /// Which node
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Text that names no kind of duty.
#[derive(Debug, thiserror::Error)]
#[error("no kind of duty; there are {}", DutyRole::ALL.map(DutyRole::name).join(", "))]
struct NoRole;

fn role(text: &str) -> Result<DutyRole, NoRole> {
    DutyRole::ALL.into_iter().find(|role| role.name() == text).ok_or(NoRole)
}

/// Runs `capstan duty`.
///
/// # Errors
/// No node can be asked, or nothing is recorded of that slot.
pub async fn tell(args: &DutyArgs, out: Output) -> anyhow::Result<()> {
    let (source, slot) = (Source::open(&args.place, out).await?, Slot(args.slot));
    let records = source.records(slot, slot).await?;
    let is_empty = records.is_empty();
    let filter = Filter { validators: args.validator.clone(), role: args.role, ..Filter::default() };
    let records: Vec<_> = records.into_iter().filter(|record| filter.is_about(record)).collect();
    if records.is_empty() {
        let newest = source.newest().await?;
        anyhow::bail!(nothing(slot, newest, is_empty, &source.name()));
    }
    let tale = Tale::new(slot, source.name(), records);
    out.result(&tale, &tale)
}

fn nothing(slot: Slot, newest: Option<Slot>, is_empty: bool, source: &str) -> String {
    match newest {
        None => format!("{source} holds no duty at all"),
        Some(newest) if newest < slot => {
            format!("{source} knows nothing of slot {slot}: the newest slot is {newest}")
        }
        Some(_) if is_empty => format!(
            "{source} knows of no duty in slot {slot}: none of its validators had one, the node did not run then, or the slot is older than what is kept"
        ),
        Some(_) => format!("{source} knows duties of slot {slot}, but none of that validator and kind"),
    }
}

/// Runs `capstan duties`.
///
/// # Errors
/// No node can be asked, or the range of slots is none.
pub async fn sum_up(args: &DutiesArgs, out: Output) -> anyhow::Result<()> {
    let source = Source::open(&args.place, out).await?;
    let newest = match args.to_slot {
        Some(slot) => Some(Slot(slot)),
        None => source.newest().await?,
    };
    let Some(to) = newest else { anyhow::bail!("{} holds no duty at all", source.name()) };
    let from = args.from_slot.map_or_else(|| to.saturating_sub(RECENT.saturating_sub(1)), Slot);
    if from > to {
        return Err(usage(format!("--from-slot {from} is after the last slot, {to}")));
    }
    if to.get().saturating_sub(from.get()) >= MOST {
        return Err(usage(format!("{from} to {to} are more than {MOST} slots: ask in parts")));
    }
    let filter = Filter {
        validators: args.validator.clone(),
        role: args.role,
        failed: args.failed,
        warned: args.warned,
    };
    let records = source.records(from, to).await?;
    let digest = Digest::new((from, to), source.name(), records, &filter, args.limit);
    out.result(&digest, &digest)
}
