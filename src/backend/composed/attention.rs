//! Attention, by products and a softmax of scores that stand in memory.

use super::elementwise::positions;
use super::or_else;
use crate::backend::{ArrayOf, Backend, Binary, Compare, DeviceOf, Float, MaskOf, PerSequence, With, constant};
use num_traits::Bounded;
use std::cell::LazyCell;

/// Whether attention is allowed, `(batch, queries, keys)` or `(queries, keys)`; none if it is everywhere.
pub fn allowed<B: Backend>(
    mask: &MaskOf<B>,
    [batch, queries, keys]: [usize; 3],
    beside: &ArrayOf<B>,
) -> Option<ArrayOf<B, bool>> {
    if mask.restricts_nothing(batch, [queries, keys]) {
        return mask.allowed.clone();
    }
    // The rows are alike where nothing is said of each sequence.
    let of_each = mask.lengths.is_some() || mask.first_query.is_some();
    let given_of_each = mask.allowed.as_ref().is_some_and(|given| With::<B, bool>::sizes(given).len() == 3);
    let sizes = [batch, queries, keys];
    let sizes = &sizes[usize::from(!of_each && !given_of_each)..];
    let both = |x: Option<ArrayOf<B, bool>>, y: ArrayOf<B, bool>| {
        let y = With::<B, bool>::broadcast(&y, sizes);
        Some(match x {
            Some(x) => With::<B, bool>::select(&x, &y, &x),
            None => y,
        })
    };
    let device = B::device(beside);
    let key = LazyCell::new(|| positions::<B>(sizes.len() - 1, sizes, beside));
    let of_sequence = |numbers: &PerSequence| {
        let numbers = With::<B, u32>::reshape(&array::<B>(numbers, &device), &[batch, 1, 1]);
        With::<B, u32>::broadcast(&numbers, sizes)
    };
    let compare = |op, x: &ArrayOf<B, u32>, y: &ArrayOf<B, u32>| With::<B, u32>::compare(op, x, y);
    let mut found = mask.allowed.clone().and_then(|given| both(None, given));
    if let Some(lengths) = &mask.lengths {
        found = both(found, compare(Compare::Less, &key, &of_sequence(lengths)));
    }
    if mask.causal || mask.window.is_some() {
        let first = match &mask.first_query {
            // Sums with it are no larger than the largest number.
            Some(first) => With::<B, u32>::binary_scalar(Binary::Min, of_sequence(first), u32::MAX / 4 * 3),
            None => With::<B, u32>::filled((keys - queries) as u32, sizes, &device),
        };
        let own = With::<B, u32>::binary(Binary::Add, positions::<B>(sizes.len() - 2, sizes, beside), first);
        if mask.causal {
            found = both(found, compare(Compare::LessOrEqual, &key, &own));
        }
        if let Some(window) = mask.window {
            // Behind it by less than the window, written without a difference, which may be below zero.
            let window = u32::try_from(window).unwrap_or(u32::MAX / 2).min(u32::MAX / 2);
            let reach = With::<B, u32>::binary_scalar(Binary::Add, key.clone(), window);
            found = both(found, compare(Compare::Greater, &reach, &own));
        }
    }
    found
}

/// A number for each sequence as an array `(batch)`, which goes to the device once.
fn array<B: Backend>(numbers: &PerSequence, device: &DeviceOf<B>) -> ArrayOf<B, u32> {
    let make = |numbers: &[usize]| {
        let elements = numbers.iter().map(|number| u32::try_from(*number).unwrap_or(u32::MAX)).collect();
        With::<B, u32>::from_elements(elements, &[numbers.len()], device)
    };
    // What failed before is made anew.
    let fits = |array: &_| With::<B, u32>::device(array) == *device && With::<B, u32>::failure(array).is_none();
    numbers.cached(fits, make)
}

fn four(sizes: &[usize]) -> [usize; 4] {
    sizes.try_into().expect("(batch, heads, queries, keys), or their elements")
}

/// See [`Backend::masked_softmax`].
pub fn masked_softmax<B: Backend<Elem: Float>>(scores: ArrayOf<B>, mask: &MaskOf<B>) -> ArrayOf<B> {
    let [batch, _, queries, keys] = four(B::sizes(&scores));
    let Some(allowed) = allowed::<B>(mask, [batch, queries, keys], &scores) else { return B::softmax(scores, 3) };
    // One mask for all heads.
    let of_batch = With::<B, bool>::sizes(&allowed).len() == 3;
    let allowed = With::<B, bool>::reshape(&allowed, &[if of_batch { batch } else { 1 }, 1, queries, keys]);
    // The lowest number and not infinity: the softmax of a row that may attend to nothing is then no NaN, nor its gradient.
    let weights = B::softmax(or_else::<B>(&allowed, &scores, B::Elem::min_value()), 3);
    or_else::<B>(&allowed, &weights, constant(0.0))
}

/// `scale · q · kᵀ`. The query heads that share a key head stand side by side: they are more queries of that head.
fn scores<B: Backend<Elem: Float>>(q: &ArrayOf<B>, k: &ArrayOf<B>, scale: f64) -> ArrayOf<B> {
    let ([batch, heads, queries, d], [_, key_heads, keys, _]) = (four(B::sizes(q)), four(B::sizes(k)));
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let scores = B::matmul(&B::reshape(q, &[batch, key_heads, shared, d]), &B::permute(k, &[0, 1, 3, 2]));
    B::binary_scalar(Binary::Mul, B::reshape(&scores, &[batch, heads, queries, keys]), constant(scale))
}

/// The values, weighted.
fn weighted<B: Backend<Elem: Float>>(weights: &ArrayOf<B>, v: &ArrayOf<B>) -> ArrayOf<B> {
    let ([batch, heads, queries, keys], [_, key_heads, _, e]) = (four(B::sizes(weights)), four(B::sizes(v)));
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let values = B::matmul(&B::reshape(weights, &[batch, key_heads, shared, keys]), v);
    B::reshape(&values, &[batch, heads, queries, e])
}

/// Keys or values with zeros beyond the lengths: a weight of zero does not keep a NaN away.
pub fn without_padding<B: Backend<Elem: Float>>(x: &ArrayOf<B>, mask: &MaskOf<B>) -> ArrayOf<B> {
    let [batch, _, keys, _] = four(B::sizes(x));
    let Some(lengths) = mask.lengths.as_ref().filter(|lengths| lengths.iter().any(|length| *length < keys)) else {
        return x.clone();
    };
    let sizes = [batch, 1, keys, 1];
    let lengths = With::<B, u32>::reshape(&array::<B>(lengths, &B::device(x)), &[batch, 1, 1, 1]);
    let lengths = With::<B, u32>::broadcast(&lengths, &sizes);
    let live = With::<B, u32>::compare(Compare::Less, &positions::<B>(2, &sizes, x), &lengths);
    or_else::<B>(&live, x, constant(0.0))
}

/// See [`Backend::attention_weights`].
pub fn attention_weights<B: Backend<Elem: Float>>(
    q: &ArrayOf<B>,
    k: &ArrayOf<B>,
    mask: &MaskOf<B>,
    scale: f64,
) -> ArrayOf<B> {
    B::masked_softmax(scores::<B>(q, &without_padding::<B>(k, mask), scale), mask)
}

/// See [`Backend::attention`].
pub fn attention<B: Backend<Elem: Float>>([q, k, v]: [&ArrayOf<B>; 3], mask: &MaskOf<B>, scale: f64) -> ArrayOf<B> {
    weighted::<B>(&B::attention_weights(q, k, mask, scale), &without_padding::<B>(v, mask))
}

/// Attention whose scores become others before the softmax, which may take another mask.
pub(crate) fn biased_attention<B: Backend<Elem: Float>>(
    [q, k, v]: [&ArrayOf<B>; 3],
    mask: MaskOf<B>,
    scale: f64,
    softmax: impl FnOnce(ArrayOf<B>, MaskOf<B>) -> ArrayOf<B>,
) -> ArrayOf<B> {
    let [k, v] = [k, v].map(|x| without_padding::<B>(x, &mask));
    let weights = softmax(scores::<B>(q, &k, scale), mask);
    let sizes = [four(B::sizes(q)), four(B::sizes(&k))];
    let weights = B::reshape(&weights, &[sizes[0][0], sizes[0][1], sizes[0][2], sizes[1][2]]);
    weighted::<B>(&weights, &v)
}
