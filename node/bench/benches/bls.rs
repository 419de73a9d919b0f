//! A committee's signing over its size, for comparison of a tree with its own past (`cargo bench -p bench`).

use bench::load::Load;
use criterion::{BenchmarkId, Criterion, Throughput};
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2));
    let mut group = criterion.benchmark_group("bls");
    for size in [1, 12, 100, 1000] {
        group.throughput(Throughput::Elements(u64::from(size)));
        let mut load = Load::new(&[34, 512, 911], size)?;
        group.bench_function(BenchmarkId::new("sign_many", size), |b| b.iter(|| load.sign()));
        group.bench_function(BenchmarkId::new("reconstruct_many", size), |b| b.iter(|| load.reconstruct()));
        group.bench_function(BenchmarkId::new("verify_many", size), |b| b.iter(|| load.verify()));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
