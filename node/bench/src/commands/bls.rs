//! `scripts/bench bls`: a committee's signing, our way against the plain way and against a lower bound.
//!
//! The lower bound is the number of products in the base field that the best known portable algorithms need, times the cost
//! of a product on this machine. That cost is taken from reading a point, which is one long exponentiation of
//! [`DECOMPRESS`] products, timed in the same run. Quotas for verification and signing hold for large batches; smaller
//! ones cannot reach them.

use anyhow::{Result, ensure};
use bench::load::Load;
use bench::measure::{Comparison, Figure, compare};
use std::hint::black_box;
use std::io::Write;

const SIZES: [u32; 4] = [1, 12, 100, 1000];
/// The work of one run in validators, so that small batches are timed for long enough.
const LEAST_ITEMS: u32 = 48;

/// Products to read a point of G2.
const DECOMPRESS: f64 = 920.0;
/// Products to sign with fixed-base tables.
const SIGN: f64 = 640.0;
/// Products to verify in a large batch.
const VERIFY: f64 = 225.0;

/// Parts to recombine, and the products that takes beyond reading and verifying.
struct Subset {
    ids: &'static [u64],
    products: f64,
}

/// The last is the one the closing ratio speaks of.
const SUBSETS: [Subset; 4] = [
    // Four additions of 24 products.
    Subset { ids: &[1, 2, 3], products: 96.0 },
    // Six additions or doublings, then a multiplication of 62 bits: as measured at its best, 51 us at 22 ns.
    Subset { ids: &[1, 2, 4], products: 2300.0 },
    Subset { ids: &[34, 512, 911, 1320], products: 920.0 },
    Subset { ids: &[34, 512, 911], products: 2763.0 },
];

pub fn run(out: &mut impl Write) -> Result<()> {
    writeln!(out, "microseconds for each validator, median of five runs (least..greatest); one thread\n")?;
    writeln!(
        out,
        "{:<34}{:>5}  {:<24}{:<24}{:<18}{:>7} {:>9}",
        "work", "N", "ours", "one by one", "ratio", "bound", "to bound"
    )?;
    for size in SIZES {
        sign_and_verify(out, size)?;
    }
    let mut last = None;
    for subset in &SUBSETS {
        for size in SIZES {
            last = Some((size, reconstruct(out, subset, size)?));
        }
    }
    if let Some((size, (comparison, bound))) = last {
        let ratio = comparison.ratio;
        writeln!(
            out,
            "\nratio {:.2} ({:.2}..{:.2}) of one by one to ours, {:.2} of ours to the lower bound: {size} validators, ids 34, 512, 911, parts to verified signatures",
            ratio.median,
            ratio.least,
            ratio.greatest,
            comparison.ours.median / bound,
        )?;
    }
    Ok(())
}

fn sign_and_verify(out: &mut impl Write, size: u32) -> Result<()> {
    let load = std::cell::RefCell::new(Load::new(&[1, 2, 3], size)?);
    let product = product_us(&load.borrow(), size)?;
    let work = |signatures: Vec<_>| {
        black_box(signatures);
        Ok(())
    };
    let made =
        compare(size, LEAST_ITEMS, || work(load.borrow().sign()), || work(load.borrow().sign_plainly()))?;
    row(out, "sign_many", size, &made, SIGN * product)?;
    let valid = |valid| {
        ensure!(valid, "a signature does not verify");
        Ok(())
    };
    let made = compare(
        size,
        LEAST_ITEMS,
        || valid(load.borrow_mut().verify()),
        || valid(load.borrow().verify_plainly()),
    )?;
    row(out, "verify_many", size, &made, VERIFY * product)
}

fn reconstruct(out: &mut impl Write, subset: &Subset, size: u32) -> Result<(Comparison, f64)> {
    let load = std::cell::RefCell::new(Load::new(subset.ids, size)?);
    let parts = f64::from(u32::try_from(subset.ids.len())?);
    let bound = (parts * DECOMPRESS + subset.products + VERIFY) * product_us(&load.borrow(), size)?;
    let made = compare(
        size,
        LEAST_ITEMS,
        || load.borrow_mut().reconstruct(),
        || load.borrow().reconstruct_plainly(),
    )?;
    row(out, &format!("reconstruct_many {:?}", subset.ids), size, &made, bound)?;
    Ok((made, bound))
}

/// The cost of a product of the base field, in microseconds.
fn product_us(load: &Load, size: u32) -> Result<f64> {
    let read = || {
        ensure!(load.decompress(), "a part is no point");
        Ok(())
    };
    Ok(compare(size, 500, read, read)?.ours.least / DECOMPRESS)
}

fn row(out: &mut impl Write, work: &str, size: u32, made: &Comparison, bound: f64) -> Result<()> {
    let time = |figure: Figure| format!("{:.1} ({:.1}..{:.1})", figure.median, figure.least, figure.greatest);
    let ratio = format!("{:.2} ({:.2}..{:.2})", made.ratio.median, made.ratio.least, made.ratio.greatest);
    let (ours, other, over) = (time(made.ours), time(made.other), made.ours.median / bound);
    writeln!(out, "{work:<34}{size:>5}  {ours:<24}{other:<24}{ratio:<18}{bound:>7.1} {over:>9.2}")?;
    Ok(())
}
