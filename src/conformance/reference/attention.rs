//! Attention, and which pairs a mask allows.

use super::Near;
use crate::backend::{AttentionMask, Engine, PerSequence};
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
    /// Whether a query of a sequence may attend to a key, of so many queries and keys.
    pub fn allows(&self, [sequence, query, key]: [usize; 3], [queries, keys]: [usize; 2]) -> bool {
        let places = self.causal || self.window.is_some();
        let own = |first: Option<&Vec<usize>>| first.map_or_else(|| keys - queries, |first| first[sequence]) + query;
        let own = if places { own(self.first_query.as_ref()) } else { 0 };
        let by_allowed = |allowed: &Sample<bool>| match allowed.rank() {
            2 => allowed.at(&[query, key]),
            _ => allowed.at(&[sequence, query, key]),
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
        }
    }
}

/// Softmax over the allowed pairs of scores `(batch, heads, queries, keys)`.
pub fn masked_softmax(scores: &Sample<Near>, mask: &Mask) -> Sample<Near> {
    let &[_, _, queries, keys] = &scores.sizes[..] else { unreachable!("four axes") };
    let row = |outer: Vec<usize>| {
        let allowed = |key| mask.allows([outer[0], outer[2], key], [queries, keys]);
        let row: Vec<_> = (0..keys).map(|key| (allowed(key), scores.at(&[&outer[..], &[key]].concat()))).collect();
        let of_allowed = || row.iter().filter(|(allowed, _)| *allowed).map(|(_, score)| score);
        let largest = of_allowed().map(|score| score.value).fold(f64::NEG_INFINITY, f64::max);
        let sum = of_allowed().map(|score| (score.value - largest).exp()).sum::<f64>();
        let scale = of_allowed().map(|score| score.scale).filter(|scale| scale.is_finite()).fold(0.0, f64::max);
        let near = |(allowed, score): (bool, Near)| {
            let value = if allowed { (score.value - largest).exp() / sum } else { 0.0 };
            Near { value, scale: value * (1.0 + 2.0 * scale) }
        };
        row.into_iter().map(near).collect::<Vec<_>>()
    };
    Sample::new(&scores.sizes, indices(&scores.sizes[..3]).flat_map(row).collect())
}

/// `softmax(scale · q · kᵀ)` on the allowed pairs.
pub fn weights(q: &Sample<f64>, k: &Sample<f64>, mask: &Mask, scale: f64) -> Sample<Near> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (&q.sizes[..], &k.sizes[..]) else {
        unreachable!("four axes")
    };
    let scores = Sample::from_fn(&[batch, heads, queries, keys], |index| {
        let head = index[1] / (heads / key_heads);
        let term = |i| scale * q.at(&[index[0], index[1], index[2], i]) * k.at(&[index[0], head, index[3], i]);
        Near::sum((0..d).map(term))
    });
    masked_softmax(&scores, mask)
}

/// `softmax(scale · q · kᵀ) · v` on the allowed pairs.
pub fn attention([q, k, v]: [&Sample<f64>; 3], mask: &Mask, scale: f64) -> Sample<Near> {
    let weights = weights(q, k, mask, scale);
    let (&[batch, heads, queries, keys], &[_, key_heads, _, e]) = (&weights.sizes[..], &v.sizes[..]) else {
        unreachable!("four axes")
    };
    Sample::from_fn(&[batch, heads, queries, e], |index| {
        let head = index[1] / (heads / key_heads);
        let mut sum = Near { value: 0.0, scale: 0.0 };
        // Of what is masked nothing is added: it may be no number.
        for key in (0..keys).filter(|key| mask.allows([index[0], index[2], *key], [queries, keys])) {
            let weight = weights.at(&[index[0], index[1], index[2], key]);
            let value = v.at(&[index[0], head, key, index[3]]);
            sum = Near { value: sum.value + weight.value * value, scale: sum.scale + weight.scale * value.abs() };
        }
        sum
    })
}
