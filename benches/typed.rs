//! The time of typed tensors beside that of the bare backend.

mod operations;

use criterion::{Criterion, criterion_group, criterion_main};
use operations::{Operation, with_large, with_small};
use std::time::Duration;

/// Each operation by the backend alone, on dimensions of fixed size, and on run-time dimensions.
fn compare(c: &mut Criterion, size: &str, samples: usize, fixed: &[Operation<'_>], bound: &[Operation<'_>]) {
    for (fixed, bound) in fixed.iter().zip(bound) {
        let mut group = c.benchmark_group(format!("{}, {size}", fixed.name));
        group.sample_size(samples).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        group.bench_function("bare", |b| b.iter(&fixed.bare));
        group.bench_function("fixed sizes", |b| b.iter(&fixed.typed));
        group.bench_function("run-time sizes", |b| b.iter(&bound.typed));
        group.finish();
    }
}

fn typed(c: &mut Criterion) {
    with_small(|fixed, bound| compare(c, "small", 20, fixed, bound));
    with_large(|fixed, bound| compare(c, "large", 10, fixed, bound));
}

criterion_group!(benches, typed);
criterion_main!(benches);
