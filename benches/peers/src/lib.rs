//! What every peer written in Rust shares: the cases on standard input, their inputs, and the clock.
//!
//! `python/harness.py` is the same for the peers in Python: the numbers and the output are alike.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{BufRead, stdin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

#[cfg(feature = "memory")]
#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// How long a case runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(20);
/// A sample takes at least this long, so that the clock does not count.
const SAMPLE: Duration = Duration::from_micros(300);
/// How long a case is measured, and how many samples it has at least.
const BUDGET: (Duration, usize) = (Duration::from_millis(60), 3);
/// A slow case ends here, however few samples it has.
const LIMIT: Duration = Duration::from_millis(500);
/// How many values of a result are compared.
const COMPARED: usize = 256;

/// One case, as its peer is told of it.
pub struct Bench {
    /// Its name.
    pub name: String,
    /// The kind of work.
    pub kind: String,
    /// The sizes, as `cases.txt` lists them for the kind.
    pub sizes: Vec<usize>,
    mode: Mode,
    held_before: u64,
}

/// What is asked of the cases, by the variable `PEERS_MODE`.
#[derive(Clone, Copy)]
enum Mode {
    /// The median time of a step, in nanoseconds.
    Time,
    /// Some values of the result, to be compared.
    Check,
    /// How often one step, after others, allocates, how many bytes, and the most that it holds at once.
    Memory,
    /// The most memory that the process has held, after some steps, and what it has held before the case, in KiB.
    Peak,
}

/// Calls `peer` for each case on standard input, one a line: name, kind, sizes.
///
/// A peer that does not know a kind does nothing. One that panics loses the case, and goes on with the next.
pub fn each_case(mut peer: impl FnMut(&Bench)) {
    let mode = match std::env::var("PEERS_MODE").as_deref() {
        Ok("check") => Mode::Check,
        Ok("memory") => Mode::Memory,
        Ok("peak") => Mode::Peak,
        _ => Mode::Time,
    };
    for line in stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
        let sizes = words.map(|size| size.parse().expect("a size is a number")).collect();
        let bench = Bench { name, kind, sizes, mode, held_before: held() };
        if catch_unwind(AssertUnwindSafe(|| peer(&bench))).is_err() {
            eprintln!("{} panicked", bench.name);
        }
    }
}

impl Bench {
    /// Measures `step` and prints what is asked for.
    pub fn run<R>(&self, step: impl FnMut() -> R, values: impl FnOnce(&R) -> Vec<f32>) {
        self.run_parts(step, |result| vec![values(result)]);
    }

    /// As [`run`](Bench::run), for a result of several parts, each of which is compared by itself: a loss and gradients.
    pub fn run_parts<R>(&self, mut step: impl FnMut() -> R, parts: impl FnOnce(&R) -> Vec<Vec<f32>>) {
        let name = &self.name;
        match self.mode {
            Mode::Time => println!("{name}\t{:.1}", median(&mut step)),
            Mode::Check => {
                for (i, part) in parts(&step()).iter().enumerate() {
                    println!("{name}\t{i}\t{}", sample(part));
                }
            }
            Mode::Memory => println!("{name}\t{}", allocations(&mut step)),
            Mode::Peak => {
                (0..3).for_each(|_| _ = black_box(step()));
                println!("{name}\t{}\t{}", held(), self.held_before);
            }
        }
    }
}

/// The most memory that the process has held, in KiB.
fn held() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The number of values, and some of them.
fn sample(values: &[f32]) -> String {
    let count = values.len();
    let chosen = (0..count.min(COMPARED)).map(|i| if count <= COMPARED { i } else { i * 2_654_435_761 % count });
    let chosen: Vec<String> = chosen.map(|i| values[i].to_string()).collect();
    format!("{count}\t{}", chosen.join(" "))
}

/// How often a step allocates, and how many bytes, with the memory that others left; and the most that it holds without.
#[cfg(feature = "memory")]
fn allocations<R>(step: &mut impl FnMut() -> R) -> String {
    let mut measured = || {
        let _profiler = dhat::Profiler::builder().testing().build();
        let _result = step();
        dhat::HeapStats::get()
    };
    (0..2).for_each(|_| _ = measured());
    let dhat::HeapStats { total_blocks, total_bytes, .. } = measured();
    congruent::release_memory();
    format!("{total_blocks}\t{total_bytes}\t{}", measured().max_bytes)
}
#[cfg(not(feature = "memory"))]
fn allocations<R>(_: &mut impl FnMut() -> R) -> String {
    panic!("built without the feature `memory`")
}

fn median<R>(step: &mut impl FnMut() -> R) -> f64 {
    // The first call may do more than the others.
    black_box(step());
    let (start, mut calls) = (Instant::now(), 0);
    while calls == 0 || start.elapsed() < WARM_UP {
        black_box(step());
        calls += 1;
    }
    let each = start.elapsed().as_secs_f64() / f64::from(calls);
    let calls = (SAMPLE.as_secs_f64() / each).ceil().max(1.0) as u32;

    let (start, mut samples) = (Instant::now(), Vec::new());
    let (budget, least) = BUDGET;
    while start.elapsed() < budget || (samples.len() < least && start.elapsed() < LIMIT) {
        let sample = Instant::now();
        for _ in 0..calls {
            black_box(&step());
        }
        samples.push(sample.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// How many threads the peer may use.
pub fn threads() -> usize {
    std::env::var("PEERS_THREADS").map_or(1, |threads| threads.parse().expect("a number of threads"))
}

/// The numbers of an input, from -1 to 1: the same in every peer. Each input of a case has a seed of its own.
pub fn input(seed: u64, count: usize) -> Vec<f32> {
    (0..count as u64).map(|i| uniform(seed << 32 | i)).collect()
}

/// The weights of a layer of `inputs`: as [`input`], divided by their square root.
pub fn weights(seed: u64, inputs: usize, count: usize) -> Vec<f32> {
    let scale = (inputs as f32).sqrt();
    input(seed, count).into_iter().map(|value| value / scale).collect()
}

/// Ids of a table, from the numbers of an input.
pub fn ids(seed: u64, count: usize, table: usize) -> Vec<u32> {
    input(seed, count).into_iter().map(|value| ((value + 1.0) * (table as f32 / 2.0)) as u32).collect()
}

/// The finalizer of SplitMix64 (Steele et al. 2014), on a counter.
fn uniform(counter: u64) -> f32 {
    let z = counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// The lengths of a padded batch: from 8 to the longest, mixed.
pub fn lengths(batch: usize, longest: usize) -> Vec<usize> {
    (0..batch).map(|i| longest - i * 37 % (longest - 7)).collect()
}

/// The token ids of `count` of the sentences, the first of which is number `first`.
pub fn tokens(first: usize, count: usize) -> Vec<Vec<u32>> {
    let path = std::env::var("PEERS_TOKENS").expect("PEERS_TOKENS is the file of token ids");
    let text = std::fs::read_to_string(path).expect("the file of token ids can be read");
    let ids = |line: &str| line.split(' ').map(|id| id.parse().expect("an id is a number")).collect();
    text.lines().skip(first).take(count).map(ids).collect()
}

/// The folder of all-MiniLM-L6-v2.
pub fn model() -> std::path::PathBuf {
    std::env::var_os("PEERS_MODEL").expect("PEERS_MODEL is the folder of the model").into()
}

/// What attention gives for a padded batch `[batch, heads, queries, width]`, with zeros for the padding.
pub fn without_padding(mut values: Vec<f32>, lengths: &[usize], heads: usize, width: usize) -> Vec<f32> {
    let queries = values.len() / (lengths.len() * heads * width);
    for (i, head) in values.chunks_mut(queries * width).enumerate() {
        head[lengths[i / heads] * width..].fill(0.0);
    }
    values
}

/// The products of matrices, for libraries that have nothing else. `product` gets the sizes M, K, N, the two matrices,
/// whether the second is [N, K], and where to write the result.
pub fn products(bench: &Bench, product: impl Fn([usize; 3], &[f32], &[f32], bool, &mut [f32])) {
    let (batch, sizes, transposed) = match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("matmul", &[m, k, n]) => (1, [m, k, n], false),
        ("linear", &[m, k, n]) => (1, [m, k, n], true),
        ("batch_matmul", &[batch, m, k, n]) => (batch, [m, k, n], false),
        _ => return,
    };
    let [m, k, n] = sizes;
    let a = input(1, batch * m * k);
    let b = if transposed { weights(2, k, n * k) } else { input(2, batch * k * n) };
    let c = RefCell::new(vec![0.0; batch * m * n]);
    let step = || {
        for (i, c) in c.borrow_mut().chunks_mut(m * n).enumerate() {
            product(sizes, &a[i * m * k..][..m * k], &b[i * k * n..][..k * n], transposed, c);
        }
    };
    bench.run(step, |()| c.borrow().clone());
}

/// [`tokens`] as rows of one length, row by row, and ones where they are no padding.
pub fn padded_tokens(first: usize, count: usize) -> (Vec<u32>, Vec<u32>) {
    let tokens = tokens(first, count);
    let longest = tokens.iter().map(Vec::len).max().unwrap_or(0);
    let position = |i: usize| tokens[i / longest].get(i % longest).copied();
    let all = 0..count * longest;
    (all.clone().map(|i| position(i).unwrap_or(0)).collect(), all.map(|i| position(i).is_some().into()).collect())
}
