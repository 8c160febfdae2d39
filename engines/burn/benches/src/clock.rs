//! Cases that several systems calculate, measured in turns.

use std::time::{Duration, Instant};

/// One calculation. It gives the numbers of its result if it is asked for them, which waits for the device; else nothing.
pub type Step<'a> = Box<dyn FnMut(bool) -> Vec<f32> + 'a>;

/// What is calculated, and by whom. The first system is what the others are compared with.
pub struct Case<'a> {
    /// What is calculated.
    pub name: String,
    systems: Vec<(&'static str, Step<'a>)>,
}

/// How long a system takes.
pub struct Time {
    /// The system.
    pub system: &'static str,
    /// The median of the rounds.
    pub nanoseconds: f64,
    /// The median of the ratios to the first system in the same round.
    pub ratio: f64,
}

/// A sample takes at least this long, so that the clock does not count.
const SAMPLE: Duration = Duration::from_millis(4);
/// The least rounds, and the most that are worth their time.
const ROUNDS: [usize; 2] = [5, 301];

impl<'a> Case<'a> {
    /// A case that nobody calculates yet.
    pub fn new(name: impl Into<String>) -> Self {
        Case { name: name.into(), systems: Vec::new() }
    }

    /// With one more system.
    pub fn by(mut self, system: &'static str, step: Step<'a>) -> Self {
        self.systems.push((system, step));
        self
    }

    /// Whether it is asked for: by a part of its name among the arguments, or all are.
    fn is_asked(&self) -> bool {
        let mut parts = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
        parts.peek().is_none() || parts.any(|part| self.name.contains(&part))
    }

    /// All systems give the same numbers, within `tolerance` relative to numbers beyond 1.
    ///
    /// # Panics
    /// They do not.
    fn check(&mut self, tolerance: f32) {
        let mut results = self.systems.iter_mut().map(|(system, step)| (*system, step(true)));
        let (first, expected) = results.next().expect("a case has a system");
        assert!(!expected.is_empty(), "{}: {first} gives nothing", self.name);
        for (system, found) in results {
            assert_eq!(found.len(), expected.len(), "{}: {system} and {first}", self.name);
            let near = |(x, y): (&f32, &f32)| (x - y).abs() <= tolerance * y.abs().max(1.0);
            let at = found.iter().zip(&expected).position(|pair| !near(pair));
            let at = at.map(|at| (at, found[at], expected[at]));
            assert!(at.is_none(), "{}: at {at:?}, of {system} and of {first}", self.name);
        }
    }

    /// As [`measure`](Self::measure), after a check that the numbers agree, which is all where no times are measured. A case
    /// that is not asked for gives nothing.
    pub fn run(&mut self, budget: Duration, waits: bool) -> Option<Vec<Time>> {
        if !self.is_asked() {
            return None;
        }
        self.check(1e-3);
        is_bench().then(|| self.measure(budget, waits))
    }

    /// Measures each system in turn, round by round, for about so long. A device that calculates while the program goes on is
    /// waited for at the end of each sample, by reading.
    fn measure(&mut self, budget: Duration, waits: bool) -> Vec<Time> {
        let each = self.systems.iter_mut().map(|(_, step)| sample(step, 1, waits)).fold(f64::INFINITY, f64::min);
        let calls = (SAMPLE.as_nanos() as f64 / each).ceil().max(1.0) as usize;
        let mut rounds: Vec<Vec<f64>> = Vec::new();
        let start = Instant::now();
        while rounds.len() < ROUNDS[0] || start.elapsed() < budget && rounds.len() < ROUNDS[1] {
            let mut round = vec![0.0; self.systems.len()];
            // What comes first in one round is last in the next.
            let mut order: Vec<usize> = (0..round.len()).collect();
            if rounds.len() % 2 == 1 {
                order.reverse();
            }
            for system in order {
                round[system] = sample(&mut self.systems[system].1, calls, waits);
            }
            rounds.push(round);
        }
        let time = |(system, (name, _)): (usize, &(&'static str, Step<'_>))| Time {
            system: name,
            nanoseconds: median(rounds.iter().map(|round| round[system])),
            ratio: median(rounds.iter().map(|round| round[system] / round[0])),
        };
        self.systems.iter().enumerate().map(time).collect()
    }
}

/// The nanoseconds of each of so many calls.
fn sample(step: &mut Step<'_>, calls: usize, waits: bool) -> f64 {
    let start = Instant::now();
    for call in 1..=calls {
        std::hint::black_box(step(waits && call == calls));
    }
    start.elapsed().as_nanos() as f64 / calls as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Whether times are measured: `cargo bench` says so.
pub fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Nanoseconds as milliseconds, with three digits.
pub fn milliseconds(nanoseconds: f64) -> String {
    let x = nanoseconds / 1e6;
    let digits = (2.0 - x.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{x:.digits$}")
}
