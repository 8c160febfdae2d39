//! What a step would cost on more ranks, on paper.

use crate::argument;
use crate::formula::Sizes;
use congruent::prelude::*;
use parallel::Settings;
use speak::Embed;

/// What one rank needs to send to its neighbour: so many seconds, and so many more for each byte.
#[derive(Clone, Copy)]
pub struct Link {
    latency: f64,
    per_byte: f64,
}

impl Link {
    /// Of times of all-reduces: in a ring of `n` ranks, `2 (n - 1)` messages one after another, each of `1 / n` of the bytes. The
    /// latency is that of the smallest, the time of a byte the least of those above 100 kB.
    pub fn fitted(ranks: usize, times: &[(f64, f64)]) -> Self {
        let (hops, (_, smallest)) = (2.0 * (ranks - 1) as f64, times[0]);
        let large = times.iter().filter(|(bytes, _)| *bytes > 1e5);
        let per_byte = large.map(|(bytes, seconds)| (seconds - smallest) / bytes).fold(f64::INFINITY, f64::min);
        Link { latency: smallest / hops, per_byte: per_byte * ranks as f64 / hops }
    }

    fn all_reduce(self, ranks: usize, bytes: f64) -> f64 {
        2.0 * self.all_gather(ranks, bytes)
    }

    /// Of so many bytes together; a reduce-scatter takes as long.
    fn all_gather(self, ranks: usize, bytes: f64) -> f64 {
        (ranks - 1) as f64 * (self.latency + bytes / ranks as f64 * self.per_byte)
    }
}

/// The table from 8 to 1024 ranks, by the link that was measured, or that the arguments say.
pub fn table(measured: Option<Link>, settings: &Settings, work: f64) {
    let Some(measured) = measured else { return };
    let (latency, bandwidth) = (argument("--latency"), argument("--bandwidth"));
    let link = Link {
        latency: latency.unwrap_or(measured.latency),
        per_byte: bandwidth.map_or(measured.per_byte, f64::recip),
    };
    let sizes = Sizes::new(settings, 64);
    let bytes = 4.0 * sizes.parameters() as f64;
    let activations = 4.0 * (settings.batch * settings.context * Embed.size()) as f64;
    let of = if latency.or(bandwidth).is_some() { "given" } else { "measured" };
    println!(
        "\nOn paper: links of {:.1} microseconds and {:.2} GB/s ({of}), {:.1} ms of work a step, {:.2} MB of gradients.",
        1e6 * link.latency,
        1e-9 / link.per_byte,
        1e3 * work,
        bytes / 1e6
    );
    println!(
        "In rings, one rank to a machine, all links alike, nothing else on them, nothing sent during the work; the batch grows with the ranks."
    );
    println!(
        "\n| ranks | ms of the gradients | efficiency | ms by ZeRO 2 | MB of state by ZeRO | ms of a model by 8, batch by the others |\n|---|---|---|---|---|---|"
    );
    for ranks in (3..=10).map(|power| 1 << power) {
        let gradients = link.all_reduce(ranks, bytes);
        // Sums of shares and the parameters are one all-reduce in two halves; beside it, squares of all gradients.
        let shares = 2.0 * link.all_gather(ranks, bytes) + link.all_reduce(ranks, 4.0 * 20.0);
        let state = 2.0 * bytes / ranks as f64;
        let of_model = (4 * settings.layers) as f64 * link.all_reduce(8, activations);
        let of_batch = if ranks > 8 { link.all_reduce(ranks / 8, bytes / 8.0) } else { 0.0 };
        println!(
            "| {ranks} | {:.2} | {:.0} % | {:.2} | {:.4} | {:.2} |",
            1e3 * gradients,
            100.0 * work / (work + gradients),
            1e3 * shares,
            state / 1e6,
            1e3 * (of_model + of_batch)
        );
    }
}
