//! Attention.

use crate::array::Array;
use crate::backend::Burn;
use crate::elementwise::float;
use crate::interface::is_flex;
use burn_backend::ops::{AttentionModuleOptions, BoolTensorOps, FloatTensorOps, ModuleOps};
use burn_dispatch::Dispatch;
use congruent::backend::{AttentionMask, AttentionOptions, Float, composed};

type Mask = AttentionMask<Array>;

fn four(x: &Array) -> [usize; 4] {
    x.sizes().try_into().expect("(batch, heads, queries, keys), or their elements")
}

/// Whether nothing is said but that queries attend to the keys up to their own, the last of which is that of the last query.
fn is_plainly_causal(mask: &Mask) -> bool {
    let Mask { causal, window, first_query, lengths, allowed, .. } = mask;
    *causal && window.is_none() && first_query.is_none() && lengths.is_none() && allowed.is_none()
}

/// `(batch or 1, heads or 1, queries, keys)`: true where attention is not allowed, as burn has its masks; nothing, if it is
/// everywhere.
fn forbidden<T: Float>(mask: &Mask, [batch, queries, keys]: [usize; 3], beside: &Array) -> Option<Array> {
    mask.allowed.iter().for_each(|allowed| beside.meets("attention", allowed));
    if mask.is_full() || is_plainly_causal(mask) && queries == 1 {
        return None;
    }
    let allowed = composed::allowed::<Burn<T>>(mask, [batch, queries, keys], beside)?;
    Some(allowed.map("attention", Dispatch::bool_not))
}

/// Zeros where the condition holds, of which a size may be 1 in place of one of `x`.
fn filled_where(x: Array, condition: &Array, value: f64) -> Array {
    let x = x.calculated_of([condition]);
    let Some(condition) = condition.broadcast(x.sizes()).tensor() else { return x };
    x.map("masked_softmax", |x| Dispatch::float_mask_fill(x, condition, float(value)))
}

/// See [`Backend::masked_softmax`].
pub(crate) fn masked_softmax<T: Float>(scores: Array, mask: &Mask) -> Array {
    let [batch, _, queries, keys] = four(&scores);
    let Some(forbidden) = forbidden::<T>(mask, [batch, queries, keys], &scores) else { return scores.softmax(3) };
    // The lowest number, so that a row of nothing else is no row of NaN; its weights are set to 0 afterwards.
    let lowest = scores.dtype().finfo().expect("scores are floats").min;
    filled_where(filled_where(scores, &forbidden, lowest).softmax(3), &forbidden, 0.0)
}

/// See [`Backend::attention`].
pub(crate) fn attention<T: Float>([q, k, v]: [&Array; 3], mask: &Mask, options: AttentionOptions<'_, Array>) -> Array {
    let ([batch, heads, queries, d], [_, key_heads, keys, _], [.., e]) = (four(q), four(k), four(v));
    q.meets("attention", k);
    q.meets("attention", v);
    let AttentionOptions { scale, soft_cap, bias, sinks, factors } = options;
    [bias, sinks, factors].into_iter().flatten().for_each(|other| q.meets("attention", other));
    let sizes = [batch, heads, queries, e];
    let like = q.without(&sizes, q.dtype()).calculated_of([k, v].into_iter().chain(&mask.allowed).chain(bias));
    if like.failed().is_some() {
        return like;
    }
    let is_recorded = [q, k, v].into_iter().chain(bias).any(|x| x.is_tracked()) && congruent::backend::is_recording();
    // Burn has neither sinks nor factors of weights, and gradients of NaN for a query whose every key has a bias of -∞.
    let is_composed = sinks.is_some() || factors.is_some() || bias.is_some() && is_recorded;
    if is_composed || sizes.contains(&0) || keys == 0 || d == 0 {
        return composed::attention::<Burn<T>>([q, k, v], mask, options);
    }
    // A bias is added to what is masked: where it is NaN or infinite there, it has to go.
    let is_causal = is_plainly_causal(mask) && keys >= queries && queries > 1 && bias.is_none();
    let forbidden = if is_causal { None } else { forbidden::<T>(mask, [batch, queries, keys], q) };
    // Its kernel knows heads that share keys, and masks of all heads; it writes over scores that are masked, whatever they are.
    let by_flex = is_flex(q.place()) && !is_recorded;
    let without_padding = |x| composed::without_padding::<Burn<T>>(x, mask);
    let (k, v) = (if by_flex { k.clone() } else { without_padding(k) }, without_padding(v));
    // Queries that share a key head become more queries of it where all of them may attend to the same; else keys and values
    // are repeated for each.
    let group = heads / key_heads;
    let folds = group > 1 && queries == 1;
    let rows = if folds { [batch, key_heads, group, d] } else { [batch, heads, queries, d] };
    let repeated = |x: Array, width: usize| {
        if folds || group == 1 || by_flex {
            return x;
        }
        let x = x.reshape(&[batch, key_heads, 1, keys, width]);
        x.broadcast(&[batch, key_heads, group, keys, width]).reshape(&[batch, heads, keys, width])
    };
    let of = |x: Array| x.into_tensor().expect("no size is 0");
    let (queries, k, v) = (of(q.reshape(&rows)), of(repeated(k, d)), of(repeated(v, e)));
    let of_heads = |x: Array| {
        let x = x.broadcast(&[batch, heads, q.sizes()[2], keys]);
        of(x.reshape(&[batch, rows[1], rows[2], keys]))
    };
    let bias = bias.map(|bias| {
        let bias = bias.broadcast(&[batch, heads, q.sizes()[2], keys]);
        of_heads(forbidden.as_ref().map_or(bias.clone(), |forbidden| filled_where(bias, forbidden, 0.0)))
    });
    let forbidden = forbidden.map(|x| if by_flex && !folds { of(x) } else { of_heads(x) });
    // Burn's fast kernels know no other scale than this.
    let plain = 1.0 / (d as f64).sqrt();
    let scale = Some(scale).filter(|scale| (scale - plain).abs() > plain * 1e-6);
    let options = AttentionModuleOptions { scale, softcap: soft_cap, is_causal };
    let out = Dispatch::attention(queries, k, v, forbidden, bias, options);
    q.with(out, &[batch, rows[1], rows[2], e]).reshape(&sizes)
}
