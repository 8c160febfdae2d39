//! What it costs to share work: the pool of the crate beside `rayon-core` and a single thread.
//!
//! Jobs are arithmetic in registers, so that nothing but the sharing differs. Means take turns in rounds; each time is the
//! median of all rounds, in microseconds. `cargo bench -p benches --bench threads` with the number of rounds as its argument.

#[allow(dead_code, unused_imports)] // A bench runs no tests of it.
#[path = "../src/cpu/parallel/pool/mod.rs"]
mod pool;

use std::hint::black_box;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

type Piece<'a> = &'a (dyn Fn(usize) + Sync);
/// Calls a piece with each number below a count.
type Means = fn(usize, Piece<'_>);

fn alone(count: usize, piece: Piece<'_>) {
    (0..count).for_each(piece);
}

fn pool(count: usize, piece: Piece<'_>) {
    static POOL: pool::Pool = pool::Pool::new();
    POOL.run(2, count, 1, piece);
}

fn rayon(count: usize, piece: Piece<'_>) {
    fn halves(first: usize, last: usize, piece: Piece<'_>) {
        if last - first == 1 {
            return piece(first);
        }
        let middle = first.midpoint(last);
        rayon_core::join(|| halves(first, middle, piece), || halves(middle, last, piece));
    }
    halves(0, count, piece);
}

#[inline(never)]
fn work(turns: usize) {
    let mut x = black_box([1.0f32; 16]);
    let (factor, term) = (black_box(0.999), black_box(0.001));
    for _ in 0..turns {
        x.iter_mut().for_each(|x| *x = *x * factor + term);
    }
    black_box(x);
}

fn micros(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64() * 1e6
}

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20);
    rayon_core::ThreadPoolBuilder::new().num_threads(2).build_global().expect("no pool of rayon was built before");
    // The least of many: the machine may be busy.
    let quick = (0..200).map(|_| micros(|| work(10_000))).fold(f64::INFINITY, f64::min);
    let spend = |micros: f64| work((micros / quick * 10_000.0) as usize);
    let two = |means: Means, each: f64| micros(|| means(2, &|_| spend(each)));

    let cases: [(&str, usize, &dyn Fn(Means) -> f64); 9] = [
        ("2 pieces of 10 µs, back to back", 100, &|means| two(means, 10.0)),
        ("2 pieces of 25 µs, back to back", 100, &|means| two(means, 25.0)),
        ("2 pieces of 50 µs, back to back", 50, &|means| two(means, 50.0)),
        ("2 pieces of 200 µs, back to back", 20, &|means| two(means, 200.0)),
        ("2 pieces of 25 µs, 20 µs after the last", 50, &|means| {
            spend(20.0);
            two(means, 25.0)
        }),
        ("2 pieces of 25 µs, 1 ms after the last", 10, &|means| {
            sleep(Duration::from_millis(1));
            two(means, 25.0)
        }),
        ("2 pieces of 200 µs, 1 ms after the last", 10, &|means| {
            sleep(Duration::from_millis(1));
            two(means, 200.0)
        }),
        ("32 pieces of 0 to 97 µs", 5, &|means| micros(|| means(32, &|i| spend(i as f64 * 3.125)))),
        ("4 callers, each 2 pieces of 50 µs", 1, &|means| {
            let time = micros(|| {
                scope(|scope| {
                    (0..4).for_each(|_| _ = scope.spawn(|| (0..50).for_each(|_| means(2, &|_| spend(50.0)))));
                });
            });
            time / 50.0
        }),
    ];
    let means: [(&str, Means); 3] = [("alone", alone), ("pool", pool), ("rayon-core", rayon)];
    println!("{:40}{:>12}{:>12}{:>12}", "", means[0].0, means[1].0, means[2].0);
    for (name, times, case) in cases {
        let mut found = means.map(|_| Vec::new());
        for _ in 0..rounds {
            for ((_, means), found) in means.iter().zip(&mut found) {
                // Helpers of the means before fall asleep, then those of this one awake.
                sleep(Duration::from_millis(2));
                (0..5).for_each(|_| _ = case(*means));
                found.extend((0..times).map(|_| case(*means)));
            }
        }
        let [alone, pool, rayon] = found.map(|mut found| {
            found.sort_by(f64::total_cmp);
            found[found.len() / 2]
        });
        println!("{name:40}{alone:12.1}{pool:12.1}{rayon:12.1}");
    }
}
