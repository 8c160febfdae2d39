//! Attention, by products and a softmax of scores that stand in memory.

use super::elementwise::positions;
use super::or_else;
use crate::backend::{
    ArrayOf, AttentionMask, Backend, Binary, Compare, DeviceOf, Float, MaskOf, OptionsOf, PerSequence, Unary, With,
    constant,
};
use num_traits::Bounded;
use std::cell::LazyCell;

/// Whether attention is allowed, `(batch, heads, queries, keys)`, where batch and heads may be 1 in place of their number; none
/// if it is everywhere.
pub fn allowed<B: Backend>(
    mask: &MaskOf<B>,
    [batch, queries, keys]: [usize; 3],
    beside: &ArrayOf<B>,
) -> Option<ArrayOf<B, bool>> {
    let given = mask.allowed.as_ref().map(by_heads::<B>);
    if mask.restricts_nothing(batch, [queries, keys]) {
        return given;
    }
    // The sequences are alike where nothing is said of each.
    let of_each = mask.lengths.is_some() || mask.first_query.is_some();
    let sizes = &[if of_each { batch } else { 1 }, 1, queries, keys];
    let device = B::device(beside);
    let key = LazyCell::new(|| positions::<B>(3, sizes, beside));
    let of_sequence = |numbers: &PerSequence| {
        let numbers = With::<B, u32>::reshape(&array::<B>(numbers, &device), &[batch, 1, 1, 1]);
        With::<B, u32>::broadcast(&numbers, sizes)
    };
    let compare = |op, x: &ArrayOf<B, u32>, y: &ArrayOf<B, u32>| With::<B, u32>::compare(op, x, y);
    let mut found = given;
    if let Some(lengths) = &mask.lengths {
        found = both::<B>(found, compare(Compare::Less, &key, &of_sequence(lengths)));
    }
    if mask.causal || mask.window.is_some() {
        let first = match &mask.first_query {
            // Sums with it are no larger than the largest number.
            Some(first) => With::<B, u32>::binary_scalar(Binary::Min, of_sequence(first), u32::MAX / 4 * 3),
            None => With::<B, u32>::filled((keys - queries) as u32, sizes, &device),
        };
        let own = With::<B, u32>::binary(Binary::Add, positions::<B>(2, sizes, beside), first);
        if mask.causal {
            found = both::<B>(found, compare(Compare::LessOrEqual, &key, &own));
        }
        if let Some(window) = mask.window {
            // Behind it by less than the window, written without a difference, which may be below zero.
            let window = u32::try_from(window).unwrap_or(u32::MAX / 2).min(u32::MAX / 2);
            let reach = With::<B, u32>::binary_scalar(Binary::Add, key.clone(), window);
            found = both::<B>(found, compare(Compare::Greater, &reach, &own));
        }
    }
    found
}

/// Given pairs `(batch, heads, queries, keys)`, where batch and heads may be 1.
fn by_heads<B: Backend>(given: &ArrayOf<B, bool>) -> ArrayOf<B, bool> {
    match *With::<B, bool>::sizes(given) {
        [queries, keys] => With::<B, bool>::reshape(given, &[1, 1, queries, keys]),
        [batch, queries, keys] => With::<B, bool>::reshape(given, &[batch, 1, queries, keys]),
        _ => given.clone(),
    }
}

/// The mask, on these pairs alone: `(batch, heads, queries, keys)`, where batch and heads may be 1.
pub fn with_allowed<B: Backend>(mask: MaskOf<B>, pairs: ArrayOf<B, bool>) -> MaskOf<B> {
    AttentionMask { allowed: both::<B>(mask.allowed.as_ref().map(by_heads::<B>), pairs), ..mask }
}

/// Where both hold, each of which has the sizes of the other, or 1 in their place.
fn both<B: Backend>(x: Option<ArrayOf<B, bool>>, y: ArrayOf<B, bool>) -> Option<ArrayOf<B, bool>> {
    let Some(x) = x else { return Some(y) };
    let [of_x, of_y] = [&x, &y].map(|x| four(With::<B, bool>::sizes(x)));
    let sizes: [usize; 4] = std::array::from_fn(|axis| if of_x[axis] == 1 { of_y[axis] } else { of_x[axis] });
    let [x, y] = [x, y].map(|x| With::<B, bool>::broadcast(&x, &sizes));
    Some(With::<B, bool>::select(&x, &y, &x))
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

pub(crate) fn four(sizes: &[usize]) -> [usize; 4] {
    sizes.try_into().expect("(batch, heads, queries, keys), or their elements")
}

/// See [`Backend::masked_softmax`].
pub fn masked_softmax<B: Backend<Elem: Float>>(scores: ArrayOf<B>, mask: &MaskOf<B>) -> ArrayOf<B> {
    let [batch, _, queries, keys] = four(B::sizes(&scores));
    let Some(allowed) = allowed::<B>(mask, [batch, queries, keys], &scores) else { return B::softmax(scores, 3) };
    let weights = B::softmax(or_lowest::<B>(&allowed, &scores), 3);
    or_else::<B>(&allowed, &weights, constant(0.0))
}

/// The lowest number and not infinity where it is not allowed: the softmax of a row that may attend to nothing is then no NaN,
/// nor its gradient.
fn or_lowest<B: Backend<Elem: Float>>(allowed: &ArrayOf<B, bool>, scores: &ArrayOf<B>) -> ArrayOf<B> {
    or_else::<B>(allowed, scores, B::Elem::min_value())
}

/// `scale · q · kᵀ`. The query heads that share a key head stand side by side: they are more queries of that head.
pub(crate) fn scores<B: Backend<Elem: Float>>(q: &ArrayOf<B>, k: &ArrayOf<B>, scale: f64) -> ArrayOf<B> {
    let ([batch, heads, queries, d], [_, key_heads, keys, _]) = (four(B::sizes(q)), four(B::sizes(k)));
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let scores = B::matmul(&B::reshape(q, &[batch, key_heads, shared, d]), &B::permute(k, &[0, 1, 3, 2]));
    B::binary_scalar(Binary::Mul, B::reshape(&scores, &[batch, heads, queries, keys]), constant(scale))
}

/// The values, weighted.
pub(crate) fn weighted<B: Backend<Elem: Float>>(weights: &ArrayOf<B>, v: &ArrayOf<B>) -> ArrayOf<B> {
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
    let valid = With::<B, u32>::compare(Compare::Less, &positions::<B>(2, &sizes, x), &lengths);
    or_else::<B>(&valid, x, constant(0.0))
}

/// The mask, without the pairs that a bias forbids.
pub fn with_forbidden<B: Backend<Elem: Float>>(
    mask: &MaskOf<B>,
    [queries, keys]: [usize; 2],
    bias: &ArrayOf<B>,
) -> MaskOf<B> {
    let sizes = B::sizes(bias);
    let sizes: [usize; 4] = std::array::from_fn(|axis| (axis + sizes.len()).checked_sub(4).map_or(1, |at| sizes[at]));
    let bias = B::reshape(&B::detach(bias.clone()), &sizes);
    // Of NaN it is true: that is no mask.
    let is_allowed = B::compare_scalar(Compare::NotEqual, &bias, constant(f64::NEG_INFINITY));
    let is_allowed = With::<B, bool>::broadcast(&is_allowed, &[sizes[0], sizes[1], queries, keys]);
    with_allowed::<B>(mask.clone(), is_allowed)
}

/// Softmax of scores beside a sink for each head, which is a key that any query may attend to.
fn softmax_beside<B: Backend<Elem: Float>>(scores: ArrayOf<B>, mask: &MaskOf<B>, sinks: &ArrayOf<B>) -> ArrayOf<B> {
    let [batch, heads, queries, keys] = four(B::sizes(&scores));
    let allowed = allowed::<B>(mask, [batch, queries, keys], &scores);
    let scores = allowed.as_ref().map_or(scores.clone(), |allowed| or_lowest::<B>(allowed, &scores));
    let sinks = B::broadcast(&B::reshape(sinks, &[1, heads, 1, 1]), &[batch, heads, queries, 1]);
    let weights = B::narrow(&B::softmax(B::concat(&[&scores, &sinks], 3), 3), 3, 0, keys);
    allowed.map_or(weights.clone(), |allowed| or_else::<B>(&allowed, &weights, constant(0.0)))
}

/// See [`Backend::attention_weights`].
pub fn attention_weights<B: Backend<Elem: Float>>(
    q: &ArrayOf<B>,
    k: &ArrayOf<B>,
    mask: &MaskOf<B>,
    OptionsOf::<B> { scale, soft_cap, bias, sinks, factors }: OptionsOf<'_, B>,
) -> ArrayOf<B> {
    let mut scores = scores::<B>(q, &without_padding::<B>(k, mask), scale);
    if let Some(cap) = soft_cap {
        let share = B::binary_scalar(Binary::Div, scores, constant(cap));
        scores = B::binary_scalar(Binary::Mul, B::unary(Unary::Tanh, share), constant(cap));
    }
    let sizes = four(B::sizes(&scores));
    let mask = match bias {
        Some(bias) => {
            scores = B::binary(Binary::Add, scores, B::broadcast(bias, &sizes));
            &with_forbidden::<B>(mask, [sizes[2], sizes[3]], bias)
        }
        None => mask,
    };
    let weights = match sinks {
        Some(sinks) => softmax_beside::<B>(scores, mask, sinks),
        None => B::masked_softmax(scores, mask),
    };
    match factors {
        Some(factors) => B::binary(Binary::Mul, weights, factors.clone()),
        None => weights,
    }
}

/// See [`Backend::attention`].
pub fn attention<B: Backend<Elem: Float>>(
    [q, k, v]: [&ArrayOf<B>; 3],
    mask: &MaskOf<B>,
    options: OptionsOf<'_, B>,
) -> ArrayOf<B> {
    weighted::<B>(&B::attention_weights(q, k, mask, options), &without_padding::<B>(v, mask))
}
