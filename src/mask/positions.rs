//! What depends on where queries and keys stand: by their dimensions, the queries are all keys, or the last part of them.

use super::{Allowed, EndsWith};
use crate::Error;
use crate::dim::{Dim, GivenDim, Whole};
use crate::tensor::{Create, Ids, Tensor};

impl<Q: Dim, K: Whole> Allowed<(Q, K)> {
    /// The mask that allows a query to attend to a key where `allowed(query, key)` of their positions is true.
    ///
    /// Both positions are counted from the first key. Beside a cache, whose keys are `Plus<Past, Seq>`, the first query stands
    /// behind the past. It is asked for all pairs, those with a key behind the query too: compare before you subtract.
    ///
    /// ```
    /// use congruent::nn::KeyValueCache;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Heads = 1; HeadDim = 4; Positions = 64; Seq; }
    /// let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    /// for length in [4, 1] {
    ///     bind!(seq: Seq = length);
    ///     let x = Tensor::ones((Batch, Heads, seq, HeadDim));
    ///     cache.step(seq, |step| {
    ///         let (keys, values) = step.append(0, &x, &x);
    ///         // Every other position before its own.
    ///         let strided = Allowed::by_position(seq, step.keys(), |query, key| key <= query && (query - key) % 2 == 0);
    ///         attention(&x, &keys, &values, &strided)
    ///     })?;
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn by_position<X, Y>(queries: X, keys: Y, mut allowed: impl FnMut(usize, usize) -> bool) -> Self
    where
        X: GivenDim<Q>,
        Y: GivenDim<K>,
        K: EndsWith<Q>,
    {
        let (queries, keys) = (queries.given(), keys.given());
        let first = keys.first_query();
        Allowed(Create::from_fn((queries, keys), |[query, key]| allowed(first + query, key)))
    }
}

impl<X: Dim, Q: Dim, K: Whole> Allowed<(X, Q, K)> {
    /// As [`by_position`](Allowed::by_position), by the number of a sequence of the batch too, or of a head:
    /// `allowed(each, query, key)`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 1; HeadDim = 4; Past = 3; Seq = 2; }
    /// let (q, k) = (Tensor::ones((Batch, Heads, Seq, HeadDim)), Tensor::ones((Batch, Heads, Plus(Past, Seq), HeadDim)));
    /// // Where the document of each sequence begins, of which the text before has no part in it.
    /// let begins = [1, 4];
    /// let own = Allowed::by_position_of_each(Batch, Seq, Plus(Past, Seq), |sequence, query, key| {
    ///     key <= query && (key < begins[sequence]) == (query < begins[sequence])
    /// });
    /// let y: Tensor<(Batch, Heads, Seq, HeadDim)> = attention(&q, &k, &k, &own);
    /// ```
    pub fn by_position_of_each<V, Y, Z>(
        each: V,
        queries: Y,
        keys: Z,
        mut allowed: impl FnMut(usize, usize, usize) -> bool,
    ) -> Self
    where
        V: GivenDim<X>,
        Y: GivenDim<Q>,
        Z: GivenDim<K>,
        K: EndsWith<Q>,
    {
        let (each, queries, keys) = (each.given(), queries.given(), keys.given());
        let first = keys.first_query();
        Allowed(Create::from_fn((each, queries, keys), |[each, query, key]| allowed(each, first + query, key)))
    }
}

/// For each query and key, the id that their distance has in a table `N`: the buckets of a relative bias.
///
/// The distance is that from the query to the key, `key - query`: negative for keys before. Beside a cache, whose keys are
/// `Plus<Past, Seq>`, it counts from where the query stands behind the past.
///
/// ```
/// use congruent::mask::{relative_ids, t5_bucket};
/// use congruent::nn::scaled_attention_with_bias;
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 2; Past = 3; New = 1; HeadDim = 4; Buckets = 32; }
/// let table = Tensor::ones((Buckets, Heads));
/// let keys = Plus(Past, New);
/// let ids = relative_ids(New, keys, Buckets, |distance| t5_bucket(distance, false, Buckets.size(), 128))?;
/// assert_eq!(ids.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [3, 2, 1, 0]);
/// let bias: Tensor<(Heads, New, Plus<Past, New>)> = table.lookup(&ids).permute((Heads, New, keys));
/// let (q, k) = (Tensor::ones((Batch, Heads, New, HeadDim)), Tensor::ones((Batch, Heads, keys, HeadDim)));
/// let y = scaled_attention_with_bias(&q, &k, &k, &bias, &Causal, 1.0);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// An id is past the table.
pub fn relative_ids<Q: Dim, K: Whole + EndsWith<Q>, N: Dim>(
    queries: Q,
    keys: K,
    table: N,
    mut id: impl FnMut(isize) -> u32,
) -> Result<Ids<(Q, K), N>, Error> {
    let first = keys.first_query();
    let positions = (0..queries.size()).flat_map(|query| (0..keys.size()).map(move |key| (first + query, key)));
    let ids: Vec<u32> = positions.map(|(query, key)| id(key as isize - query as isize)).collect();
    Ids::new((queries, keys), table, &ids)
}

/// The bucket of a distance in the relative bias of T5 ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683), section 2.1):
/// near distances have one of their own, farther ones share one by the logarithm of their distance, from `max_distance` on all
/// share the last.
///
/// With `bidirectional`, as in the encoder, the first half of the buckets is for keys up to the query, the second for those after it;
/// without, as in the decoder, keys after the query count as the query's own.
///
/// ```
/// use congruent::mask::t5_bucket;
/// assert_eq!([0, -1, -7, -8, -127, 3].map(|distance| t5_bucket(distance, true, 32, 128)), [0, 1, 7, 8, 15, 19]);
/// ```
pub fn t5_bucket(distance: isize, bidirectional: bool, buckets: usize, max_distance: usize) -> u32 {
    let of_a_side = if bidirectional { buckets / 2 } else { buckets };
    let (far, first) = match (bidirectional, distance > 0) {
        (true, true) => (distance.unsigned_abs(), of_a_side),
        (false, true) => (0, 0),
        _ => (distance.unsigned_abs(), 0),
    };
    let exact = of_a_side / 2;
    let bucket = if far < exact {
        far
    } else {
        // In single precision, as published models were trained.
        let share = (far as f32 / exact as f32).ln() / (max_distance as f32 / exact as f32).ln();
        exact.saturating_add((share * (of_a_side - exact) as f32) as usize).min(of_a_side.saturating_sub(1))
    };
    (first + bucket) as u32
}

/// The slope of each head, by which its scores fall with the distance
/// ([Press et al. 2022](https://arxiv.org/abs/2108.12409)): powers of `2 ^ (-8 / heads)`, and for a number of heads that is no power
/// of two, every other one of those for the next power of two after all of those for the one before.
///
/// ```
/// assert_eq!(congruent::mask::alibi_slopes(3), [0.0625, 0.00390625, 0.25]);
/// ```
pub fn alibi_slopes(heads: usize) -> Vec<f64> {
    let powers = |count: usize| (1..=count).map(move |head| 2f64.powf(-8.0 * head as f64 / count as f64));
    match heads.checked_ilog2() {
        None => Vec::new(),
        Some(log) => {
            let fewer = 1 << log;
            powers(fewer).chain(powers(2 * fewer).step_by(2).take(heads - fewer)).collect()
        }
    }
}

/// The slope of each head that this rank has, among those of all heads.
pub(crate) fn slopes_of(heads: impl Dim) -> Vec<f64> {
    let all = alibi_slopes(heads.whole_size());
    (0..heads.size()).map(|head| all[heads.whole_position(head)]).collect()
}

/// The linear bias of each pair, `-slope · |key - query|` ([Press et al. 2022](https://arxiv.org/abs/2108.12409)), by
/// [`alibi_slopes`]: for [`attention_with_bias`](crate::nn::attention_with_bias). Of heads of which a rank has a part, the slopes are
/// those that they have among all heads.
///
/// ```
/// use congruent::mask::alibi;
/// use congruent::prelude::*;
/// dims! { Heads = 2; Past = 2; New = 1; }
/// let bias: Tensor<(Heads, New, Plus<Past, New>)> = alibi(Heads, New, Plus(Past, New));
/// assert_eq!(bias.to_vec(), [-0.125, -0.0625, 0.0, -0.0078125, -0.00390625, 0.0]);
/// ```
pub fn alibi<H: Dim, Q: Dim, K: Whole + EndsWith<Q>>(heads: H, queries: Q, keys: K) -> Tensor<(H, Q, K)> {
    let (slopes, first) = (alibi_slopes(heads.whole_size()), keys.first_query());
    Tensor::from_fn((heads, queries, keys), |[head, query, key]| {
        (-slopes[head] * (first + query).abs_diff(key) as f64) as f32
    })
}
