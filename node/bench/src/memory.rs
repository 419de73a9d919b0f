//! How much memory the process has.

use anyhow::{Context, Result};

/// Resident memory in kB, from `/proc/self/status`.
///
/// # Errors
/// On a system without it.
pub fn resident_kb() -> Result<u64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("no /proc: memory is told on Linux only")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS in /proc/self/status")?;
    let number = line.trim().strip_suffix("kB").context("VmRSS without its unit")?;
    Ok(number.trim().parse()?)
}
