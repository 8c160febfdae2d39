//! What a step sends, by formula: numbers of four bytes.

use congruent::mesh::Traffic;
use congruent::prelude::*;
use parallel::Settings;
use speak::{Embed, Ffn, HeadDim, Heads};
use std::ops::Add;

/// The arrays of a model, as one rank has them.
pub struct Sizes<'a> {
    settings: &'a Settings,
    /// Parameters that all ranks have alike, and those of which each along the axis of the model has a part.
    alike: Vec<usize>,
    parts: Vec<usize>,
}

impl<'a> Sizes<'a> {
    pub fn new(settings: &'a Settings, vocab: usize) -> Self {
        let (embed, layers) = (Embed.size(), settings.layers);
        // The characters, the last norm, and two norms of each layer.
        let mut alike = vec![vocab * embed, embed];
        alike.extend(vec![embed; 2 * layers]);
        // Queries, keys, values and what makes one of the heads; the gate, up, and down.
        let of_layer = [
            [embed * Heads.size() * HeadDim.size() / settings.model; 4].to_vec(),
            vec![embed * Ffn.size() / settings.model; 3],
        ];
        Sizes { settings, alike, parts: of_layer.concat().repeat(layers) }
    }

    pub fn parameters(&self) -> usize {
        self.alike.iter().chain(&self.parts).sum()
    }

    /// Two means of Adam: of all parameters, or of a share of each.
    pub fn state(&self) -> usize {
        let shares = |sizes: &[usize]| self.shares(sizes);
        if self.settings.zero == 0 { 2 * self.parameters() } else { 2 * (shares(&self.alike) + shares(&self.parts)) }
    }

    fn shares(&self, sizes: &[usize]) -> usize {
        sizes.iter().map(|size| size.div_ceil(self.settings.data)).sum()
    }

    /// What ranks do together: kind, along which axis, how many of each, numbers given by a rank.
    fn messages(&self) -> Vec<(&'static str, usize, usize, usize)> {
        let Settings { data, model, zero, batch, context, layers, .. } = *self.settings;
        let mut messages = Vec::new();
        // Behind attention and behind the feed-forward network, and in the backward pass before them (Megatron-LM).
        messages.push(("all_reduce", model, 4 * layers, batch / data * context * Embed.size()));
        // The loss.
        messages.push(("all_reduce", data, 1, 1));
        let gradients =
            if zero < 2 { ("all_reduce", self.parameters()) } else { ("reduce_scatter", data * self.state() / 2) };
        messages.push((gradients.0, data, 1, gradients.1));
        // Squares of gradients, of which ranks have parts or shares.
        messages.push(("all_reduce", model, 1, self.parts.len()));
        // What is alike goes in one message, and what ranks along the axis of the model have parts of in another.
        for sizes in [&self.alike, &self.parts] {
            if zero == 2 {
                messages.push(("all_reduce", data, 1, sizes.len()));
            }
            if zero > 0 {
                messages.push(("all_gather", data, 1, self.shares(sizes)));
            }
        }
        messages.retain(|(_, ranks, ..)| *ranks > 1);
        messages
    }

    /// What [`Counted`](congruent::mesh::Counted) counts.
    pub fn traffic(&self) -> Traffic {
        let add = |all: Traffic, (kind, _, times, numbers): (_, _, usize, usize)| {
            all.and(kind, times as u64, 4 * numbers as u64)
        };
        self.messages().into_iter().fold(Traffic::default(), add)
    }

    /// The bytes that a rank sends in rings: an all-reduce is a reduce-scatter and an all-gather.
    pub fn in_a_ring(&self) -> f64 {
        let sent = |(kind, ranks, times, numbers): (&str, usize, usize, usize)| {
            let (bytes, others) = (4.0 * (times * numbers) as f64, (ranks - 1) as f64);
            match kind {
                "all_reduce" => 2.0 * bytes * others / ranks as f64,
                "reduce_scatter" => bytes * others / ranks as f64,
                _ => bytes * others,
            }
        };
        self.messages().into_iter().map(sent).fold(0.0, f64::add)
    }
}
