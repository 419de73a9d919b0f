//! The benchmarks and their load generators.
