//! Ring attention: keys and values of each rank go around all ranks ([Liu et al. 2023](https://arxiv.org/abs/2310.01889)), and queries
//! combine what they find, by the softmax of parts ([Milakov and Gimelshein 2018](https://arxiv.org/abs/1805.02867)).
//!
//! The backward pass is that of FlashAttention-2 ([Dao 2023](https://arxiv.org/abs/2307.08691)): weights are calculated once more from
//! the logarithms of their sums, and the gradients of keys and values go around with these, until they are home.

use super::ranks::Ranks;
use super::visible::{Visible, block_lengths, visible};
use crate::backend::composed::{four, or_else, scores, weighted, without_padding};
use crate::backend::{
    ArrayOf, AttentionOptions, Backend, Binary, DeviceOf, Float, MaskOf, MeshAxis, OptionsOf, Reduce, Unary, With,
    constant, elements, is_recording, made_of,
};
use num_traits::Bounded;
use std::sync::Arc;

/// The backend that is calculated with: narrow numbers travel as they are, and are added up as wide ones.
type Wide<B> = With<B, <<B as Backend>::Elem as Float>::Wide>;
type WideOf<B> = ArrayOf<Wide<B>>;

/// Attention of this rank's queries to the keys of all ranks along an axis.
pub fn attention<B: Backend<Elem: Float>>(
    ranks: &Arc<Ranks>,
    axis: MeshAxis,
    inputs: [&ArrayOf<B>; 3],
    mask: &MaskOf<B>,
    options: OptionsOf<'_, B>,
) -> ArrayOf<B> {
    // By the name that its engine has for it, a backend is known to live as long as the tape.
    recorded::<With<B, B::Elem>>(ranks, axis, inputs, mask, options)
}

fn recorded<B: Backend<Elem: Float> + 'static>(
    ranks: &Arc<Ranks>,
    axis: MeshAxis,
    [q, k, v]: [&ArrayOf<B>; 3],
    mask: &MaskOf<B>,
    options: OptionsOf<'_, B>,
) -> ArrayOf<B> {
    let AttentionOptions { scale, soft_cap, bias, sinks, factors } = options;
    assert!(bias.is_none(), "the bias of pairs of positions that several ranks have is not there in ring attention");
    assert!(factors.is_none(), "ring attention has no dropout of weights: they are never there at once");
    let mut inputs = vec![q.clone(), k.clone(), v.clone()];
    inputs.extend(sinks.cloned());
    let detached = |x: &ArrayOf<B>| B::detach(x.clone());
    let ring = Ring::<B> {
        ranks: ranks.clone(),
        axis,
        q: detached(q),
        k: detached(k),
        v: detached(v),
        sinks: sinks.map(|sinks| Wide::<B>::detach(B::cast::<<B::Elem as Float>::Wide>(sinks))),
        mask: mask.clone(),
        scale,
        soft_cap,
    };
    let (result, log_sums) = ring.forward();
    let value = Wide::<B>::cast::<B::Elem>(&result);
    if !is_recording() || !inputs.iter().any(B::is_tracked) {
        return value;
    }
    // An engine records what was made of one array: so it is made of all inputs, one after another.
    made_of::<B>(&joined::<B>(&inputs), value, move |gradient| {
        let gradients = ring.backward(&B::cast::<<B::Elem as Float>::Wide>(&gradient), &result, &log_sums);
        Wide::<B>::cast::<B::Elem>(&joined::<Wide<B>>(&gradients))
    })
}

/// The elements of all arrays, one after another.
fn joined<B: Backend>(arrays: &[ArrayOf<B>]) -> ArrayOf<B> {
    let flat: Vec<_> = arrays.iter().map(|x| B::reshape(x, &[B::sizes(x).iter().product()])).collect();
    B::concat(&flat.iter().collect::<Vec<_>>(), 0)
}

/// What each rank knows.
struct Ring<B: Backend<Elem: Float>> {
    ranks: Arc<Ranks>,
    axis: MeshAxis,
    q: ArrayOf<B>,
    k: ArrayOf<B>,
    v: ArrayOf<B>,
    sinks: Option<WideOf<B>>,
    mask: MaskOf<B>,
    scale: f64,
    soft_cap: Option<f64>,
}

/// The scores of queries and the keys of one rank, and which of these they see.
struct Scores<B: Backend<Elem: Float>> {
    k: WideOf<B>,
    v: WideOf<B>,
    scores: WideOf<B>,
    allowed: Option<ArrayOf<B, bool>>,
}

impl<B: Backend<Elem: Float>> Ring<B> {
    /// The result `(batch, heads, queries, e)`, and the logarithm of the sum of the weights of each query, `(batch, heads, queries, 1)`.
    fn forward(&self) -> (WideOf<B>, WideOf<B>) {
        let [batch, heads, queries, _] = four(B::sizes(&self.q));
        let of_queries = [batch, heads, queries, 1];
        // A sink is a key that was seen before, whose value is zero.
        let (mut largest, mut sum) = match &self.sinks {
            Some(sinks) => (self.of_heads(sinks), self.filled(1.0, &of_queries)),
            None => {
                let lowest = <<B::Elem as Float>::Wide as Bounded>::min_value();
                (Wide::<B>::filled(lowest, &of_queries, &self.device()), self.filled(0.0, &of_queries))
            }
        };
        let mut result = self.filled(0.0, &[batch, heads, queries, four(B::sizes(&self.v))[3]]);
        let (count, mut travelling) = (self.count(), [self.k.clone(), self.v.clone()]);
        for step in 0..count {
            if let Some(found) = self.scores(step, &travelling) {
                let masked = found.masked();
                let of_block = Wide::<B>::reshape(&Wide::<B>::reduce(Reduce::Max, &masked, 3), &of_queries);
                let now_largest = Wide::<B>::binary(Binary::Max, largest.clone(), of_block);
                let weights = found.weights(masked, &now_largest);
                let rest = Wide::<B>::unary(Unary::Exp, Wide::<B>::binary(Binary::Sub, largest, now_largest.clone()));
                let of_block = Wide::<B>::reshape(&Wide::<B>::reduce(Reduce::Sum, &weights, 3), &of_queries);
                sum = Wide::<B>::binary(Binary::Add, times::<Wide<B>>(sum, &rest), of_block);
                let weighted = weighted::<Wide<B>>(&weights, &found.v);
                result = Wide::<B>::binary(Binary::Add, times::<Wide<B>>(result, &rest), weighted);
                largest = now_largest;
            }
            if step + 1 < count {
                travelling = self.passed_on::<B, 2>(travelling);
            }
        }
        // The largest weight is 1, and their sum is less where there is none.
        let sum = Wide::<B>::binary_scalar(Binary::Max, sum, constant(1.0));
        let log_sums = Wide::<B>::binary(Binary::Add, largest, Wide::<B>::unary(Unary::Ln, sum.clone()));
        let share = Wide::<B>::scalar_binary(Binary::Div, constant(1.0), sum);
        (times::<Wide<B>>(result, &share), log_sums)
    }

    /// The gradients of queries, keys, values, and sinks if there are any.
    fn backward(&self, gradient: &WideOf<B>, result: &WideOf<B>, log_sums: &WideOf<B>) -> Vec<WideOf<B>> {
        let zeros = |x: &ArrayOf<B>| self.filled(0.0, B::sizes(x));
        let common = Wide::<B>::binary(Binary::Mul, gradient.clone(), result.clone());
        let common = Wide::<B>::reshape(&Wide::<B>::reduce(Reduce::Sum, &common, 3), Wide::<B>::sizes(log_sums));
        let q = B::cast::<<B::Elem as Float>::Wide>(&self.q);
        let mut of_q = zeros(&self.q);
        let mut of_others = [zeros(&self.k), zeros(&self.v)];
        let (count, mut travelling) = (self.count(), [self.k.clone(), self.v.clone()]);
        for step in 0..count {
            if let Some(found) = self.scores(step, &travelling) {
                let weights = found.weights(found.masked(), log_sums);
                let of_weights = weighted::<Wide<B>>(gradient, &transposed::<Wide<B>>(&found.v));
                let less = Wide::<B>::broadcast(&common, Wide::<B>::sizes(&of_weights));
                let mut of_scores = Wide::<B>::binary(Binary::Sub, of_weights, less);
                of_scores = Wide::<B>::binary(Binary::Mul, weights.clone(), of_scores);
                if let Some(cap) = self.soft_cap {
                    let share = Wide::<B>::binary_scalar(Binary::Div, found.scores, constant(cap));
                    let square = Wide::<B>::binary(Binary::Mul, share.clone(), share);
                    let slope = Wide::<B>::scalar_binary(Binary::Sub, constant(1.0), square);
                    of_scores = Wide::<B>::binary(Binary::Mul, of_scores, slope);
                }
                of_scores = Wide::<B>::binary_scalar(Binary::Mul, of_scores, constant(self.scale));
                of_q = Wide::<B>::binary(Binary::Add, of_q, weighted::<Wide<B>>(&of_scores, &found.k));
                let [of_k, of_v] = of_others;
                let of_k = Wide::<B>::binary(Binary::Add, of_k, self.product_over_queries(&of_scores, &q));
                let of_v = Wide::<B>::binary(Binary::Add, of_v, self.product_over_queries(&weights, gradient));
                of_others = [of_k, of_v];
            }
            if step + 1 < count {
                travelling = self.passed_on::<B, 2>(travelling);
            }
            // Those of the last step are of the next rank's keys and values.
            of_others = self.passed_on::<Wide<B>, 2>(of_others);
        }
        let [of_k, of_v] = of_others;
        let of_sinks = self.sinks.as_ref().map(|sinks| {
            let away = Wide::<B>::binary(Binary::Sub, self.of_heads(sinks), log_sums.clone());
            let mut of_sinks = Wide::<B>::binary(Binary::Mul, Wide::<B>::unary(Unary::Exp, away), common.clone());
            for axis in [3, 2, 0] {
                of_sinks = Wide::<B>::reduce(Reduce::Sum, &of_sinks, axis);
            }
            Wide::<B>::unary(Unary::Neg, of_sinks)
        });
        [of_q, of_k, of_v].into_iter().chain(of_sinks).collect()
    }

    fn count(&self) -> usize {
        self.ranks.along(self.axis).ranks()
    }

    fn device(&self) -> DeviceOf<B> {
        B::device(&self.q)
    }

    fn filled(&self, value: f64, sizes: &[usize]) -> WideOf<B> {
        Wide::<B>::filled(constant(value), sizes, &self.device())
    }

    /// A number of each head, at each query.
    fn of_heads(&self, numbers: &WideOf<B>) -> WideOf<B> {
        let [batch, heads, queries, _] = four(B::sizes(&self.q));
        Wide::<B>::broadcast(&Wide::<B>::reshape(numbers, &[1, heads, 1, 1]), &[batch, heads, queries, 1])
    }

    /// Arrays to the next rank, in one message, and those of the one before.
    fn passed_on<C: Backend, const N: usize>(&self, arrays: [ArrayOf<C>; N]) -> [ArrayOf<C>; N] {
        let mut found = self.ranks.shifted(self.axis, arrays.iter().flat_map(elements::<C>).collect::<Vec<_>>());
        arrays.map(|x| {
            let behind = found.split_off(C::sizes(&x).iter().product());
            C::from_elements(std::mem::replace(&mut found, behind), C::sizes(&x), &C::device(&x))
        })
    }

    /// The scores of the keys that are here after so many steps; nothing if no query sees one of them.
    fn scores(&self, step: usize, [k, v]: &[ArrayOf<B>; 2]) -> Option<Scores<B>> {
        let along = self.ranks.along(self.axis);
        let ([batch, _, queries, _], [_, _, keys, _]) = (four(B::sizes(&self.q)), four(B::sizes(k)));
        let places = [along.rank(), (along.rank() + self.count() - step) % self.count()];
        let allowed = match visible::<B>(&self.mask, batch, places, [queries, keys], self.count(), &self.device()) {
            Visible::Nothing => return None,
            Visible::All => None,
            Visible::Some(allowed) => Some(allowed),
        };
        let lengths = block_lengths::<B>(&self.mask, places[1], keys);
        let [k, v] = [k, v].map(|x| B::cast::<<B::Elem as Float>::Wide>(&without_padding::<B>(x, &lengths)));
        let mut scores = scores::<Wide<B>>(&B::cast::<<B::Elem as Float>::Wide>(&self.q), &k, self.scale);
        if let Some(cap) = self.soft_cap {
            let share = Wide::<B>::binary_scalar(Binary::Div, scores, constant(cap));
            scores = Wide::<B>::binary_scalar(Binary::Mul, Wide::<B>::unary(Unary::Tanh, share), constant(cap));
        }
        Some(Scores { k, v, scores, allowed })
    }

    /// `xᵀ · y` over the queries of all heads that share a key head: `(batch, key heads, n, m)`.
    fn product_over_queries(&self, x: &WideOf<B>, y: &WideOf<B>) -> WideOf<B> {
        let key_heads = four(B::sizes(&self.k))[1];
        let [x, y] = [x, y].map(|x| {
            let [batch, heads, queries, n] = four(Wide::<B>::sizes(x));
            Wide::<B>::reshape(x, &[batch, key_heads, heads.checked_div(key_heads).unwrap_or(0) * queries, n])
        });
        Wide::<B>::matmul(&transposed::<Wide<B>>(&x), &y)
    }
}

impl<B: Backend<Elem: Float>> Scores<B> {
    /// The scores, and the lowest number where a key is not seen: the difference of two such is no NaN.
    fn masked(&self) -> WideOf<B> {
        let lowest = <<B::Elem as Float>::Wide as Bounded>::min_value();
        let or_lowest = |allowed| or_else::<Wide<B>>(allowed, &self.scores, lowest);
        self.allowed.as_ref().map_or_else(|| self.scores.clone(), or_lowest)
    }

    /// `exp(scores - less)` where a key is seen.
    fn weights(&self, masked: WideOf<B>, less: &WideOf<B>) -> WideOf<B> {
        let less = Wide::<B>::broadcast(less, Wide::<B>::sizes(&masked));
        let weights = Wide::<B>::unary(Unary::Exp, Wide::<B>::binary(Binary::Sub, masked, less));
        match &self.allowed {
            Some(allowed) => or_else::<Wide<B>>(allowed, &weights, constant(0.0)),
            None => weights,
        }
    }
}

/// `x (.., n)` times `y (.., 1)`.
fn times<B: Backend<Elem: Float>>(x: ArrayOf<B>, y: &ArrayOf<B>) -> ArrayOf<B> {
    let y = B::broadcast(y, B::sizes(&x));
    B::binary(Binary::Mul, x, y)
}

fn transposed<B: Backend>(x: &ArrayOf<B>) -> ArrayOf<B> {
    B::permute(x, &[0, 1, 3, 2])
}
