//! Attention, and which pairs a mask allows.

use super::Near;
use crate::backend::{AttentionMask, AttentionOptions, Engine, PerSequence};
use crate::conformance::sample::{Sample, indices};
use crate::conformance::view::Maker;

/// A mask whose elements are known.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    pub causal: bool,
    pub window: Option<usize>,
    pub first_query: Option<Vec<usize>>,
    pub lengths: Option<Vec<usize>>,
    pub allowed: Option<Sample<bool>>,
}

impl Mask {
    /// Whether a query of a head of a sequence may attend to a key, of so many queries and keys.
    pub fn allows(&self, [sequence, head, query, key]: [usize; 4], [queries, keys]: [usize; 2]) -> bool {
        let places = self.causal || self.window.is_some();
        let own = |first: Option<&Vec<usize>>| first.map_or_else(|| keys - queries, |first| first[sequence]) + query;
        let own = if places { own(self.first_query.as_ref()) } else { 0 };
        let by_allowed = |allowed: &Sample<bool>| match allowed.rank() {
            2 => allowed.at(&[query, key]),
            3 => allowed.at(&[sequence, query, key]),
            _ => allowed.at_broadcast(&[sequence, head, query, key]),
        };
        (!self.causal || key <= own)
            && self.window.is_none_or(|window| key + window > own)
            && self.lengths.as_ref().is_none_or(|lengths| key < lengths[sequence])
            && self.allowed.as_ref().is_none_or(by_allowed)
    }

    /// The mask of an engine.
    pub fn of<E: Engine>(&self, maker: &Maker<E>) -> AttentionMask<E::Array<bool>> {
        let shared = |numbers: &Option<Vec<usize>>| numbers.as_ref().map(|numbers| PerSequence::from(numbers.clone()));
        AttentionMask {
            causal: self.causal,
            window: self.window,
            first_query: shared(&self.first_query),
            lengths: shared(&self.lengths),
            allowed: self.allowed.as_ref().map(|allowed| maker.as_given().array(allowed)),
            ranks: None,
        }
    }
}

/// What attention is asked for beside a mask; arrays are inputs that follow the others.
#[derive(Clone, Debug)]
pub struct Options {
    pub scale: f64,
    pub soft_cap: Option<f64>,
    /// The sizes of the bias.
    pub bias: Option<Vec<usize>>,
    pub sinks: bool,
    pub factors: bool,
}

impl Options {
    pub fn scaled(scale: f64) -> Self {
        Options { scale, soft_cap: None, bias: None, sinks: false, factors: false }
    }

    /// With the arrays that were asked for, one after another.
    pub fn with<'a, A>(&self, mut arrays: &'a [A]) -> AttentionOptions<'a, A> {
        let mut next = |is_given: bool| {
            let (first, others) = arrays.split_first().filter(|_| is_given)?;
            arrays = others;
            Some(first)
        };
        let [bias, sinks, factors] = [self.bias.is_some(), self.sinks, self.factors].map(&mut next);
        AttentionOptions { scale: self.scale, soft_cap: self.soft_cap, bias, sinks, factors }
    }
}

/// Softmax over the allowed pairs of scores `(batch, heads, queries, keys)`.
pub fn masked_softmax(scores: &Sample<Near>, mask: &Mask) -> Sample<Near> {
    let &[_, _, queries, keys] = &scores.sizes[..] else { unreachable!("four axes") };
    softmax(scores, |at| mask.allows(at, [queries, keys]), None)
}

fn softmax(scores: &Sample<Near>, allows: impl Fn([usize; 4]) -> bool, sinks: Option<&Sample<f64>>) -> Sample<Near> {
    let row = |outer: Vec<usize>| {
        let at = |key| [outer[0], outer[1], outer[2], key];
        let row: Vec<_> = (0..scores.sizes[3]).map(|key| (allows(at(key)), scores.at(&at(key)))).collect();
        let sink = sinks.map(|sinks| Near::relative(sinks.at(&[outer[1]])));
        let of_allowed = || row.iter().filter(|(allowed, _)| *allowed).map(|(_, score)| score).chain(&sink);
        let largest = of_allowed().map(|score| score.value).fold(f64::NEG_INFINITY, f64::max);
        let sum = of_allowed().map(|score| (score.value - largest).exp()).sum::<f64>();
        let scale = of_allowed().map(|score| score.scale).filter(|scale| scale.is_finite()).fold(0.0, f64::max);
        let near = |&(allowed, score): &(bool, Near)| {
            let value = if allowed { (score.value - largest).exp() / sum } else { 0.0 };
            Near { value, scale: value * (1.0 + 2.0 * scale) }
        };
        row.iter().map(near).collect::<Vec<_>>()
    };
    Sample::new(&scores.sizes, indices(&scores.sizes[..3]).flat_map(row).collect())
}

/// The weights of attention, `softmax(scale · q · kᵀ)` on the allowed pairs, with what
/// the options say.
pub fn weights([q, k]: [&Sample<f64>; 2], mask: &Mask, options: AttentionOptions<'_, Sample<f64>>) -> Sample<Near> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (&q.sizes[..], &k.sizes[..]) else {
        unreachable!("four axes")
    };
    let bias = |at: &[usize]| options.bias.map_or(0.0, |bias| bias.at_broadcast(at));
    let scores = Sample::from_fn(&[batch, heads, queries, keys], |index| {
        let head = index[1] / (heads / key_heads);
        let term = |i| options.scale * q.at(&[index[0], index[1], index[2], i]) * k.at(&[index[0], head, index[3], i]);
        let score = Near::sum((0..d).map(term));
        let capped = options.soft_cap.map_or(score.value, |cap| cap * (score.value / cap).tanh());
        Near { value: capped + bias(&index), scale: score.scale + bias(&index).abs() }
    });
    let allows = |at: [usize; 4]| mask.allows(at, [queries, keys]) && bias(&at) != f64::NEG_INFINITY;
    let weights = softmax(&scores, allows, options.sinks);
    let factor = |at: &[usize]| options.factors.map_or(1.0, |factors| factors.at(at));
    Sample::from_fn(&weights.sizes, |at| {
        let Near { value, scale } = weights.at(&at);
        Near { value: value * factor(&at), scale: scale * factor(&at).abs() }
    })
}

/// `softmax(scale · q · kᵀ) · v` on the allowed pairs, with what the options say.
pub fn attention(
    [q, k, v]: [&Sample<f64>; 3],
    mask: &Mask,
    options: AttentionOptions<'_, Sample<f64>>,
) -> Sample<Near> {
    let weights = weights([q, k], mask, options);
    let (&[batch, heads, queries, keys], &[_, key_heads, _, e]) = (&weights.sizes[..], &v.sizes[..]) else {
        unreachable!("four axes")
    };
    Sample::from_fn(&[batch, heads, queries, e], |index| {
        let head = index[1] / (heads / key_heads);
        let mut sum = Near { value: 0.0, scale: 0.0 };
        // Of what is masked nothing is added: it may be no number.
        for key in (0..keys).filter(|key| mask.allows([index[0], index[1], index[2], *key], [queries, keys])) {
            let weight = weights.at(&[index[0], index[1], index[2], key]);
            let value = v.at(&[index[0], head, key, index[3]]);
            sum = Near { value: sum.value + weight.value * value, scale: sum.scale + weight.scale * value.abs() };
        }
        sum
    })
}
