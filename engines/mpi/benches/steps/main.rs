//! What a step of the character model of `examples/parallel` sends, how long it takes, and what memory a rank needs; what an all-reduce
//! costs by its size; and what both would cost on more ranks, on paper. `scripts/mpi-bench.sh 2` runs it.

mod cost;
mod formula;
mod overlap;

use congruent::mesh::{Alone, Combine, Communicator, Counted, Numbers};
use cost::Link;
use formula::Sizes;
use parallel::{Settings, Step, train};
use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

/// Steps that are measured, after a first one.
const STEPS: u64 = 16;

fn main() {
    congruent_mpi::run(|world| -> anyhow::Result<()> {
        let is_first = world.rank() == 0;
        match [argument("--data"), argument("--model"), argument("--zero")] {
            [Some(data), Some(model), Some(zero)] => row(&world, settings(data as usize, model as usize, zero as u8))?,
            _ => {
                let link = all_reduces(&*world);
                let work = alone(world.ranks())?;
                if is_first {
                    cost::table(link, &settings(1, 1, 0), work);
                }
                overlap::table();
            }
        }
        Ok(())
    })
    .unwrap();
}

/// The settings of the example, on this many ranks.
fn settings(data: usize, model: usize, zero: u8) -> Settings {
    Settings {
        data,
        model,
        vocabulary: false,
        zero,
        steps: STEPS + 1,
        every: 1,
        batch: 8,
        context: 64,
        layers: 2,
        learning_rate: 1e-3,
        clip: 1.0,
        seed: 1,
    }
}

/// A text of 64 characters, over and over.
fn text() -> String {
    let alphabet: String = ('!'..='`').collect();
    alphabet.repeat(20)
}

/// Measures a way to divide the batch and the model, and compares what is sent with the formula. It is alone in its processes, which
/// keep memory that they have had.
fn row(world: &Arc<dyn Communicator>, settings: Settings) -> anyhow::Result<()> {
    let counted = Arc::new(Counted::new(world.clone()));
    let before = memory("VmRSS:");
    let (mut all, mut last, mut since) = (Vec::new(), None, Instant::now());
    train(&settings, &text(), counted.clone(), |step| {
        let traffic = counted.take();
        // What begins a training is in the first.
        if step.number > 1 {
            all.push((since.elapsed().as_secs_f64(), traffic));
        }
        last = Some(step);
        world.all_reduce(Combine::Sum, Numbers::F32(&mut [0.0]));
        since = Instant::now();
        Ok(())
    })?;
    let Step { parameters, state, .. } = last.expect("there were steps");
    let sizes = Sizes::new(&settings, 64);
    let expected = sizes.traffic();
    // A build with debug assertions compares what ranks are about to do.
    let is_counted = !cfg!(debug_assertions);
    for (_, traffic) in &all {
        assert!(!is_counted || *traffic == expected, "{traffic:?}, and the formula says {expected:?}");
    }
    assert_eq!((parameters, state), (sizes.parameters(), sizes.state()));
    if world.rank() == 0 {
        let [messages, given] = [0, 1].map(|i| expected.iter().map(|(_, counts)| counts[i]).sum::<u64>());
        println!(
            "| {} | {} | {} | {:.1} | {messages} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} |",
            settings.data,
            settings.model,
            settings.zero,
            1e3 * least(all.iter().map(|(seconds, _)| *seconds)),
            given as f64 / 1e6,
            sizes.in_a_ring() / 1e6,
            4e-6 * parameters as f64,
            4e-6 * state as f64,
            (memory("VmHWM:") - before) / 1e6,
        );
    }
    Ok(())
}

/// A rank's share of the batch by itself, while all others do the same.
fn alone(ranks: usize) -> anyhow::Result<f64> {
    let (mut all, mut since) = (Vec::new(), Instant::now());
    let settings = Settings { batch: 8 / ranks, ..settings(1, 1, 0) };
    train(&settings, &text(), Arc::new(Alone), |step| {
        if step.number > 1 {
            all.push(since.elapsed().as_secs_f64());
        }
        since = Instant::now();
        Ok(())
    })?;
    Ok(least(all))
}

/// The times of all-reduces by size, and the link that they make likely.
fn all_reduces(world: &dyn Communicator) -> Option<Link> {
    let ranks = world.ranks();
    if ranks == 1 {
        return None;
    }
    let sizes: Vec<usize> = (0..=11).map(|i| 2 << (2 * i)).collect();
    let mut times = Vec::new();
    for &size in &sizes {
        let mut numbers = vec![1f32; size];
        let repeats = (200_000 / size).clamp(7, 1000);
        let time = |_| {
            world.all_reduce(Combine::Max, Numbers::F32(&mut [0.0]));
            let begin = Instant::now();
            world.all_reduce(Combine::Sum, Numbers::F32(&mut numbers));
            begin.elapsed().as_secs_f64()
        };
        times.push((4.0 * size as f64, least((0..repeats).map(time))));
    }
    if world.rank() == 0 {
        println!("\n| bytes of an all-reduce of {ranks} ranks | microseconds | MB/s |\n|---|---|---|");
        for (bytes, seconds) in &times {
            println!("| {bytes} | {:.1} | {:.0} |", 1e6 * seconds, bytes / seconds / 1e6);
        }
    }
    Some(Link::fitted(ranks, &times))
}

/// The least of some times: others that use the machine add to it.
fn least(times: impl IntoIterator<Item = f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// Of this process, in bytes, as Linux has it; else zero.
fn memory(line: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line)?.trim().strip_suffix(" kB"));
    found.and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or_default() * 1024.0
}

/// An argument of the program, `--latency 1e-5`.
pub fn argument(name: &str) -> Option<f64> {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    arguments.nth(1).map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is `{value}`, expected a number")))
}
