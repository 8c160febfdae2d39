//! Attention, a block of queries at a time: the whole matrix of scores is never held.

use super::array::Array;
use super::elementwise::binary_scalar;
use super::in_out::InOut;
use super::live::LiveKeys;
use super::matmul::{Matrix, matmul};
use super::parallel::{cores, for_each_chunk};
use super::simd::{Block, Live};
use super::softmax::masked_softmax;
use crate::backend::{AttentionMask, Binary, Float, Real, Value};
use std::borrow::Cow;
use std::ops::Range;

/// The most queries that are taken at a time, for which keys and values are read once.
const MOST_QUERIES: usize = 256;
/// So few where there are more cores: as many as two vectors have lanes.
const FEWEST_QUERIES: usize = 32;
/// Heads are taken together until they are so much work, in elementary operations.
const WORK: usize = 1 << 15;

/// The result is stored as `(batch, queries, heads, e)`, so that merging the heads copies nothing.
pub fn attention<T: Float>(q: &Array<T>, k: &Array<T>, v: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T> {
    let inputs = Inputs::new(q, k, v, mask, scale);
    let [batch, _, queries, _] = inputs.sizes;
    let mut of_part = MOST_QUERIES;
    while of_part > FEWEST_QUERIES && batch * queries.div_ceil(of_part) < 4 * cores() {
        of_part /= 2;
    }
    inputs.attend(of_part)
}

/// The weights of attention, all of them at once.
pub fn weights<T: Float>(q: &Array<T>, k: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (q.sizes(), k.sizes()) else {
        panic!("queries and keys have four axes");
    };
    // The query heads that share a key head stand side by side: they are more queries of that head.
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let scores = matmul(&q.reshape(&[batch, key_heads, shared, d]), &k.permute(&[0, 1, 3, 2]));
    let scores = scores.reshape(&[batch, heads, queries, keys]);
    masked_softmax(binary_scalar(Binary::Mul, scores, T::from_value(Value::Float(scale))), mask)
}

/// A part of the result that is calculated in one go.
struct Part<'a, T> {
    batch: usize,
    first_query: usize,
    /// `(queries, heads, e)`.
    out: &'a mut [T],
}

/// What is attended to, by what.
struct Inputs<'a, T: Float> {
    q: &'a Array<T>,
    k: &'a Array<T>,
    v: &'a Array<T>,
    live: LiveKeys<'a>,
    scale: T::Wide,
    /// Of the result: batch, heads, queries, and a value's.
    sizes: [usize; 4],
    /// The heads of the queries that share a key head.
    group: usize,
}

impl<'a, T: Float> Inputs<'a, T> {
    fn new(q: &'a Array<T>, k: &'a Array<T>, v: &'a Array<T>, mask: &'a AttentionMask, scale: f64) -> Self {
        let (&[batch, heads, queries, d], &[_, key_heads, keys, _], &[.., e]) = (q.sizes(), k.sizes(), v.sizes())
        else {
            panic!("queries, keys and values have four axes");
        };
        assert_eq!(k.sizes(), [batch, key_heads, keys, d], "keys for queries {:?}", q.sizes());
        assert_eq!(v.sizes(), [batch, key_heads, keys, e], "values for keys {:?}", k.sizes());
        assert!(heads == 0 || heads.is_multiple_of(key_heads), "{heads} query heads share {key_heads} key heads");
        let live = LiveKeys::new(mask, batch, queries, keys);
        let (scale, group) = (T::Wide::constant(scale), heads / key_heads.max(1));
        Inputs { q, k, v, live, scale, sizes: [batch, heads, queries, e], group }
    }

    /// The result, at most so many queries at a time.
    fn attend(&self, of_part: usize) -> Array<T> {
        let [batch, heads, queries, e] = self.sizes;
        let out = Array::build(&[batch, queries, heads, e], |out| {
            if queries == 1 {
                return self.attend_once(out);
            }
            let mut parts = self.parts(out, of_part);
            if self.live.causal {
                // The later ones are more work. With them done first, all cores end at about the same time.
                parts.reverse();
            }
            let largest = parts.iter().map(|part| part.out.len()).max().unwrap_or(0);
            let work = largest / e.max(1) / self.group.max(1) * self.work();
            for_each_chunk(&mut parts, 1, work, |_, parts| {
                for part in parts {
                    self.attend_part([part.batch, part.first_query], 0..heads / self.group, part.out);
                }
            });
        });
        out.permute(&[0, 2, 1, 3])
    }

    /// The result of one query of each sequence: some of its heads at a time.
    fn attend_once(&self, out: &mut [T]) {
        let [_, heads, _, e] = self.sizes;
        let key_heads = heads.checked_div(self.group).unwrap_or(0);
        let wanted = WORK.div_ceil(self.work().max(1)).min(key_heads);
        // As many for each part.
        let some = (1..=wanted).rev().find(|some| key_heads % some == 0).unwrap_or(1);
        for_each_chunk(out, some * self.group * e, some * self.work(), |part, out| {
            let first = part * some % key_heads;
            self.attend_part([part * some / key_heads, 0], first..first + some, out);
        });
    }

    /// What a query costs for the heads that share a key head.
    fn work(&self) -> usize {
        self.group * self.k.sizes()[2] * (self.k.sizes()[3] + self.v.sizes()[3])
    }

    /// The parts of the result: some queries with all their heads.
    fn parts<'out>(&self, out: &'out mut [T], of_part: usize) -> Vec<Part<'out, T>> {
        let [_, heads, queries, e] = self.sizes;
        let mut parts = Vec::new();
        if out.is_empty() {
            return parts;
        }
        for (batch, out) in out.chunks_mut(queries * heads * e).enumerate() {
            let blocks = out.chunks_mut(of_part * heads * e).enumerate();
            parts.extend(blocks.map(|(block, out)| Part { batch, first_query: block * of_part, out }));
        }
        parts
    }

    /// The result `(queries, heads, e)` for the queries from the first on, and the heads that share these key heads.
    fn attend_part(&self, place: [usize; 2], key_heads: Range<usize>, out: &mut [T]) {
        T::calculate(InOut::in_place(out), |mut out| self.attend_wide(place, key_heads, out.to()));
    }

    fn attend_wide(&self, [batch, first_query]: [usize; 2], key_heads: Range<usize>, out: &mut [T::Wide]) {
        let (group, d, e) = (self.group, self.q.sizes()[3], self.v.sizes()[3]);
        let stride = key_heads.len() * group * e;
        let mut counts = [0; MOST_QUERIES];
        let counts = &mut counts[..out.len() / stride];
        let ranges = (0..counts.len()).map(|i| self.live.range(batch, first_query + i));
        // Later queries begin and end at later keys.
        let keys = self.live.range_of_all(batch, first_query..first_query + counts.len());
        counts.iter_mut().zip(ranges).for_each(|(count, range)| *count = range.end - keys.start);
        let allowed = |first, queries| self.live.allowed(batch, first_query + first, queries, keys.clone());
        let all_allowed = allowed(0, counts.len());
        for (i, key_head) in key_heads.enumerate() {
            let out = &mut out[i * group * e..];
            let mut buffers = [None, None, None];
            let [q_buffer, k_buffer, v_buffer] = &mut buffers;
            let (q, q_strides) = rows(self.q, [batch, key_head * group, first_query], [counts.len(), group], q_buffer);
            let (k, k_strides) = rows(self.k, [batch, key_head, keys.start], [keys.len(), 1], k_buffer);
            let (v, v_strides) = rows(self.v, [batch, key_head, keys.start], [keys.len(), 1], v_buffer);
            let block = Block {
                size: [d, e],
                heads: group,
                q,
                q_strides,
                k: Matrix { elements: k, strides: [k_strides[0], 1] },
                v: Matrix { elements: v, strides: [v_strides[0], 1] },
                scale: self.scale,
                live: Live { counts, allowed: all_allowed.as_deref() },
                out_stride: stride,
            };
            if !T::Wide::attend(&block, out) {
                // As few at a time as in the shortest part: what a query gives does not depend on the parts.
                for first in (0..counts.len()).step_by(FEWEST_QUERIES) {
                    let counts = &counts[first..counts.len().min(first + FEWEST_QUERIES)];
                    let allowed = allowed(first, counts.len());
                    let live = Live { counts, allowed: allowed.as_deref() };
                    let q = q.get(first * q_strides[0]..).unwrap_or(&[]);
                    let (block, out) = (Block { q, live, ..block }, &mut out[first * stride..]);
                    if !T::Wide::attend(&block, out) {
                        attend(&block, &self.live, [batch, first_query + first, keys.start], out);
                    }
                }
            }
        }
    }
}

/// Rows of an array `(batch, heads, positions, columns)`, from these indices on, so many positions and heads, as wide
/// numbers that lie together in each row: a copy only where the array has no such rows. The strides are those of positions
/// and heads.
fn rows<'a, T: Float>(
    x: &'a Array<T>,
    [batch, head, position]: [usize; 3],
    [positions, heads]: [usize; 2],
    buffer: &'a mut Option<Array<T::Wide>>,
) -> (&'a [T::Wide], [usize; 2]) {
    let (layout, columns) = (x.layout(), x.sizes()[3]);
    if columns == 0 {
        return (&[], [0, 0]);
    }
    let lie_together = columns == 1 || layout.strides()[3] == 1;
    if lie_together && size_of::<T>() == size_of::<T::Wide>() {
        let elements = x.buffer().get(layout.start(&[batch, head, position])..).unwrap_or(&[]);
        if let Cow::Borrowed(elements) = T::all_widened(elements) {
            return (elements, [layout.strides()[2], layout.strides()[1]]);
        }
    }
    let copy = Array::build(&[positions, heads, columns], |to| {
        for (row, to) in to.chunks_exact_mut(columns).enumerate() {
            let start = layout.start(&[batch, head + row % heads, position + row / heads]);
            if lie_together {
                T::widen_all(&x.buffer()[start..][..columns], to);
            } else {
                let stride = layout.strides()[3];
                to.iter_mut().enumerate().for_each(|(i, to)| *to = x.buffer()[start + i * stride].widened());
            }
        }
    });
    (buffer.insert(copy).buffer(), [heads * columns, columns])
}

/// [`Real::attend`] for every number, by two products and the softmax between them.
fn attend<T: Real>(block: &Block<'_, T>, live: &LiveKeys<'_>, place: [usize; 3], out: &mut [T]) {
    let [batch, first, first_key] = place;
    let Block { size: [d, e], heads, k, v, live: Live { counts, .. }, .. } = *block;
    let (queries, keys) = (counts.len(), counts.iter().copied().max().unwrap_or(0));
    let k = k.transposed();
    for head in 0..heads {
        let mut scores = vec![T::zero(); queries * keys];
        let q = block.q.get(head * block.q_strides[1]..).unwrap_or(&[]);
        let q = Matrix { elements: q, strides: [block.q_strides[0], 1] };
        T::multiply([queries, d, keys], q, k, &mut scores);
        for (query, scores) in scores.chunks_mut(keys.max(1)).enumerate() {
            scores.iter_mut().for_each(|score| *score = *score * block.scale);
            live.softmax(batch, first + query, first_key, scores);
        }
        let mut results = vec![T::zero(); queries * e];
        T::multiply([queries, keys, e], Matrix { elements: &scores, strides: [keys, 1] }, v, &mut results);
        for (query, result) in results.chunks_mut(e).enumerate() {
            // A masked value of infinity or NaN, times zero, is NaN: it must not reach the result.
            if result.iter().any(|x| !x.is_finite()) {
                let range = live.range(batch, first + query);
                let allowed = live.allowed(batch, first + query, 1, range.clone());
                result.fill(T::zero());
                for (i, key) in range.map(|key| key - first_key).enumerate() {
                    if allowed.as_ref().is_some_and(|allowed| !allowed[i]) {
                        continue;
                    }
                    let (score, value) = (scores[query * keys + key], &v.elements[key * v.strides[0]..][..e]);
                    result.iter_mut().zip(value).for_each(|(x, &value)| *x = *x + score * value);
                }
            }
            out[query * block.out_stride + head * e..][..e].copy_from_slice(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;
    use crate::backend::Value;
    use half::{bf16, f16};

    /// Each weight and each value by its definition.
    fn naive(q: &Array<f64>, k: &Array<f64>, v: &Array<f64>, live: impl Fn(usize, usize, usize) -> bool) -> Vec<f64> {
        let (&[batch, heads, queries, d], &[_, key_heads, keys, e]) = (q.sizes(), v.sizes()) else { panic!() };
        let (q, k, v) = (q.elements(), k.elements(), v.elements());
        let mut out = Vec::new();
        for (b, h, i) in
            (0..batch * heads * queries).map(|at| (at / queries / heads, at / queries % heads, at % queries))
        {
            let key_head = b * key_heads + h * key_heads / heads;
            let score = |j: usize| -> f64 {
                let pairs =
                    (0..d).map(|l| q[((b * heads + h) * queries + i) * d + l] * k[(key_head * keys + j) * d + l]);
                (pairs.sum::<f64>() * 0.3).exp()
            };
            let live: Vec<usize> = (0..keys).filter(|&j| live(b, i, j)).collect();
            let total: f64 = live.iter().map(|&j| score(j)).sum();
            out.extend(
                (0..e).map(|l| live.iter().map(|&j| score(j) / total * v[(key_head * keys + j) * e + l]).sum::<f64>()),
            );
        }
        out
    }

    fn inputs(sizes: [usize; 7]) -> [Array<f64>; 3] {
        let [batch, heads, key_heads, queries, keys, d, e] = sizes;
        [
            random(&[batch, heads, queries, d], 1),
            random(&[batch, key_heads, keys, d], 2),
            random(&[batch, key_heads, keys, e], 3),
        ]
    }

    const SIZES: [[usize; 7]; 9] = [
        [2, 3, 3, 5, 5, 4, 6],
        [1, 4, 2, 3, 7, 5, 5],
        [2, 2, 1, 1, 1, 3, 2],
        [1, 1, 1, 70, 75, 3, 2],
        [1, 2, 1, 33, 300, 17, 33],
        [1, 1, 1, 20, 20, 64, 64],
        [0, 2, 2, 3, 3, 2, 2],
        [2, 1, 1, 0, 4, 2, 2],
        [2, 2, 2, 3, 3, 2, 0],
    ];

    #[test]
    fn attention_agrees_with_its_definition_under_every_mask() {
        for sizes in SIZES.into_iter().filter(|sizes| !cfg!(miri) || sizes[3] < 3) {
            let [batch, _, _, queries, keys, _, _] = sizes;
            let [q, k, v] = inputs(sizes);
            let lengths: Vec<usize> = (0..batch).map(|b| if b == 0 { keys } else { keys / 3 }).collect();
            let allowed = random::<f64>(&[batch, queries, keys], 4);
            let allowed = Array::from_vec(allowed.elements().iter().map(|&x| x > -0.5).collect(), allowed.sizes());
            let one = allowed.elements().get(..queries * keys).map_or(vec![], <[bool]>::to_vec);
            // The queries of each sequence are at places of their own.
            let first_query: Vec<usize> = (0..batch).map(|b| (keys - queries) / (b + 1)).collect();
            for choice in (0..48).step_by(if cfg!(miri) { 7 } else { 1 }) {
                let (causal, padded) = (choice & 1 == 1, choice & 2 == 2);
                let (window, placed, kind) = ((choice & 4 == 4).then_some(3), choice & 8 == 8, choice >> 4);
                if kind == 2 && one.len() != queries * keys {
                    continue;
                }
                let given = match kind {
                    1 => Some(allowed.clone()),
                    2 => Some(Array::from_vec(one.clone(), &[queries, keys])),
                    _ => None,
                };
                let mask = AttentionMask {
                    causal,
                    window,
                    first_query: placed.then(|| first_query.as_slice().into()),
                    lengths: padded.then(|| lengths.as_slice().into()),
                    allowed: given,
                };
                let expected = naive(&q, &k, &v, |b, i, j| {
                    let own = i + if placed { first_query[b] } else { keys - queries };
                    (!causal || j <= own)
                        && window.is_none_or(|window| j + window > own)
                        && (!padded || j < lengths[b])
                        && match kind {
                            1 => allowed.elements()[(b * queries + i) * keys + j],
                            2 => one[i * keys + j],
                            _ => true,
                        }
                });
                let found = attention(&q, &k, &v, &mask, 0.3);
                assert_near(&found, &expected, 1e-12);
                let single = cast::<f32>;
                assert_near(&attention(&single(&q), &single(&k), &single(&v), &mask, 0.3), &expected, 1e-5);
                // As views: heads of one array, and columns that do not lie together.
                for order in [[0, 2, 1, 3], [0, 1, 3, 2]] {
                    let [q, k, v] = [&q, &k, &v].map(|x| x.permute(&order).contiguous().permute(&order));
                    assert_near(&attention(&q, &k, &v, &mask, 0.3), &expected, 1e-12);
                    assert_near(&attention(&single(&q), &single(&k), &single(&v), &mask, 0.3), &expected, 1e-5);
                }
            }
        }
    }

    #[test]
    fn repeated_queries_keys_and_values_are_as_many_copies() {
        let [q, k, v] = inputs([1, 2, 2, 1, 1, 3, 4]).map(|x| cast::<f32>(&x));
        for keys in if cfg!(miri) { 2..3 } else { 1..40 } {
            let repeat = |x: &Array<f32>, count: usize| {
                let [batch, heads, _, d] = x.sizes() else { panic!() };
                x.broadcast(&[*batch, *heads, count, *d])
            };
            let [many_q, many_k, many_v] = [repeat(&q, 35), repeat(&k, keys), repeat(&v, keys)];
            let found = attention(&many_q, &many_k, &many_v, &AttentionMask::default(), 1.0);
            let expected: Vec<f64> = repeat(&v, 35).elements().iter().map(|&x| x as f64).collect();
            assert_near(&found, &expected, 1e-6);
        }
    }

    /// The same numbers in another type, in the same places.
    fn cast<T: Float>(x: &Array<f64>) -> Array<T> {
        let mut order = [0, 1, 2, 3];
        order.sort_by_key(|&axis| std::cmp::Reverse(x.layout().strides()[axis]));
        let mut back = [0; 4];
        order.iter().enumerate().for_each(|(to, &axis)| back[axis] = to);
        let stored = x.permute(&order);
        let elements = stored.elements().iter().map(|&x| T::from_value(Value::Float(x))).collect();
        Array::from_vec(elements, stored.sizes()).permute(&back)
    }

    #[test]
    fn every_number_of_queries_and_keys_agrees_with_the_definition() {
        let mut rng = fastrand::Rng::with_seed(1);
        for case in 0..if cfg!(miri) { 2 } else { 150 } {
            let key_heads = rng.usize(1..3);
            let heads = key_heads * rng.usize(1..4);
            let (batch, past) = (rng.usize(1..3), rng.usize(0..90));
            let queries = if cfg!(miri) { 3 + 3 * case } else { rng.usize(1..41) };
            let keys = if cfg!(miri) { queries } else { queries + past };
            let (d, e) = if cfg!(miri) { (5, 18) } else { (rng.usize(1..70), rng.usize(1..70)) };
            let [q, k, v] = inputs([batch, heads, key_heads, queries, keys, d, e]);
            let causal = rng.bool();
            let lengths: Vec<usize> = (0..batch).map(|_| rng.usize(0..keys + 1)).collect();
            let mask = AttentionMask { causal, lengths: Some(lengths.as_slice().into()), ..Default::default() };
            let expected = naive(&q, &k, &v, |b, i, j| (!causal || j <= i + keys - queries) && j < lengths[b]);
            assert_near(&attention(&cast::<f32>(&q), &cast::<f32>(&k), &cast::<f32>(&v), &mask, 0.3), &expected, 2e-5);
            // Of the inputs a narrow number keeps 11 or 8 digits.
            let [q, k, v] = [q, k, v].map(|x| x.permute(&[0, 2, 1, 3]).contiguous().permute(&[0, 2, 1, 3]));
            assert_near(&attention(&cast::<f16>(&q), &cast(&k), &cast(&v), &mask, 0.3), &expected, 0.05);
            assert_near(&attention(&cast::<bf16>(&q), &cast(&k), &cast(&v), &mask, 0.3), &expected, 0.4);
        }
    }

    #[test]
    fn the_result_does_not_depend_on_how_the_work_is_shared() {
        let sizes = if cfg!(miri) { [1, 1, 1, 33, 33, 1, 1] } else { [1, 2, 1, 150, 450, 6, 3] };
        let [q, k, v] = inputs(sizes).map(|x| cast::<f32>(&x));
        for causal in if cfg!(miri) { 1..2 } else { 0..2 } {
            let mask = AttentionMask { causal: causal == 1, ..Default::default() };
            let inputs = Inputs::new(&q, &k, &v, &mask, 0.3);
            let whole = inputs.attend(MOST_QUERIES);
            for of_part in [FEWEST_QUERIES, 2 * FEWEST_QUERIES].into_iter().take(if cfg!(miri) { 1 } else { 2 }) {
                assert_eq!(inputs.attend(of_part).elements(), whole.elements());
            }
        }
    }

    #[test]
    fn merging_the_heads_of_the_result_copies_nothing() {
        let [q, k, v] = inputs([2, 3, 3, 5, 5, 4, 6]).map(|x| cast::<f32>(&x));
        let found = attention(&q, &k, &v, &AttentionMask::default(), 1.0);
        let merged = found.permute(&[0, 2, 1, 3]).reshape(&[2, 5, 18]);
        assert_eq!(merged.as_slice().unwrap().as_ptr(), found.buffer().as_ptr());
    }

    fn masked_numbers_stay_out<T: Float>() {
        let [q, k, v] = inputs([1, 1, 1, 3, 3, 2, 2]);
        let spoil = |x: &Array<f64>| {
            let mut elements = x.elements().into_owned();
            elements[4..].fill(f64::NAN);
            cast::<T>(&Array::from_vec(elements, x.sizes()))
        };
        let (bad_k, bad_v) = (spoil(&k), spoil(&v));
        let allowed = Array::from_vec([true, true, false].repeat(3), &[3, 3]);
        for mask in [
            AttentionMask { lengths: Some([2].into()), ..Default::default() },
            AttentionMask { allowed: Some(allowed), ..Default::default() },
        ] {
            let expected = attention(&q, &k, &v, &mask, 1.0);
            assert_near(&attention(&cast::<T>(&q), &bad_k, &bad_v, &mask, 1.0), &expected.elements(), 1e-5);
        }
        let causal = AttentionMask { causal: true, ..Default::default() };
        let found = attention(&cast::<T>(&q), &bad_k, &bad_v, &causal, 1.0);
        let found: Vec<f64> = found.elements().iter().map(|x| x.to_f64().unwrap()).collect();
        assert!(found[..4].iter().all(|x| x.is_finite()) && found[4].is_nan());
    }

    #[test]
    fn what_is_masked_never_reaches_the_result() {
        masked_numbers_stay_out::<f64>();
        masked_numbers_stay_out::<f32>();
    }

    #[test]
    #[cfg_attr(miri, ignore)] // The bits of NaN are chance there.
    fn what_is_not_finite_does_not_depend_on_the_parts() {
        let queries = 300;
        let [q, k, v] = inputs([1, 1, 1, queries, queries, 3, 2]).map(|x| cast::<f32>(&x));
        let mut spoiled = v.elements().into_owned();
        spoiled[2 * (queries - 1)] = f32::NAN;
        let v = Array::from_vec(spoiled, v.sizes());
        let mask = AttentionMask { causal: true, ..Default::default() };
        let found = [32, 64, 256].map(|of_part| {
            let out = Inputs::new(&q, &k, &v, &mask, 1.0).attend(of_part);
            out.elements().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        });
        assert!(found[0] == found[1] && found[0] == found[2]);
    }

    fn nothing_gives_zeros<T: Float>() {
        let zeros = |q: &Array<f64>, k: &Array<f64>, v: &Array<f64>, mask: &AttentionMask| {
            let found = attention(&cast::<T>(q), &cast::<T>(k), &cast::<T>(v), mask, 1.0);
            found.elements().iter().map(|&x| x == T::zero()).collect::<Vec<_>>()
        };
        let [q, k, v] = inputs([2, 1, 1, 2, 2, 2, 2]);
        let mask = AttentionMask { lengths: Some([0, 1].into()), ..Default::default() };
        assert_eq!(zeros(&q, &k, &v, &mask), [[true; 4], [false; 4]].concat());
        let none = Array::full(false, &[2, 2, 2]);
        let mask = AttentionMask { allowed: Some(none), ..Default::default() };
        assert_eq!(zeros(&q, &k, &v, &mask), [true; 8]);
        // One query of a block with nothing, beside one with something.
        let some = Array::from_vec(vec![false, false, true, true], &[2, 2]);
        let mask = AttentionMask { allowed: Some(some), ..Default::default() };
        assert_eq!(zeros(&q, &k, &v, &mask), [true, true, false, false].repeat(2));
        let [q, k, v] = inputs([2, 1, 1, 2, 0, 2, 2]);
        assert_eq!(zeros(&q, &k, &v, &AttentionMask::default()), [true; 8]);
    }

    #[test]
    fn nothing_to_attend_to_gives_zeros() {
        nothing_gives_zeros::<f64>();
        nothing_gives_zeros::<f32>();
    }
}
