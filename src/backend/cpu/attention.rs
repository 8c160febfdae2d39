//! Attention, a block of queries at a time: the whole matrix of scores is never held.

use super::array::Array;
use super::matmul::{Matrix, widened};
use super::parallel::for_each_chunk;
use super::simd::Live;
use super::softmax::LiveKeys;
use crate::backend::{AttentionMask, Float, Real};
use num_traits::Float as _;

/// How many queries are taken at a time.
const QUERIES: usize = 64;

pub fn attention<T: Float>(q: &Array<T>, k: &Array<T>, v: &Array<T>, mask: &AttentionMask, scale: f64) -> Array<T> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _], &[.., e]) = (q.sizes(), k.sizes(), v.sizes()) else {
        panic!("queries, keys and values have four axes");
    };
    assert_eq!(k.sizes(), [batch, key_heads, keys, d], "keys for queries {:?}", q.sizes());
    assert_eq!(v.sizes(), [batch, key_heads, keys, e], "values for keys {:?}", k.sizes());
    assert!(key_heads == 0 || heads % key_heads == 0, "{heads} query heads share {key_heads} key heads");
    let group = heads / key_heads.max(1);
    let live = LiveKeys::new(mask, batch, queries, keys);
    let scale = <T::Wide as Real>::constant(scale);

    widened!(q, q_elements, q_strides);
    widened!(k, k_elements, k_strides);
    widened!(v, v_elements, v_strides);
    let [q_start, k_start, v_start] = [&q, &k, &v].map(|x| *x.layout());

    let mut out = vec![num_traits::zero::<T::Wide>(); batch * heads * queries * e];
    for_each_chunk(&mut out, queries * e, queries * keys * (d + e), |head, out| {
        let (b, h) = (head / heads, head % heads);
        let key_head = b * key_heads + h / group;
        let q = Matrix { elements: q_elements.get(q_start.matrix(head)..).unwrap_or(&[]), strides: q_strides };
        let k = Matrix { elements: k_elements.get(k_start.matrix(key_head)..).unwrap_or(&[]), strides: k_strides };
        let v = Matrix { elements: v_elements.get(v_start.matrix(key_head)..).unwrap_or(&[]), strides: v_strides };
        for_each_chunk(out, QUERIES * e, QUERIES * keys * (d + e), |block, out| {
            let first = block * QUERIES;
            let mut counts = [0; QUERIES];
            let counts = &mut counts[..out.len() / e];
            counts.iter_mut().enumerate().for_each(|(row, count)| *count = live.count(b, first + row));
            // Where there is nothing to attend to, zeros are the result.
            if counts.iter().any(|&count| count > 0) {
                let qkv = [Matrix { elements: &q.elements[first * q.strides[0]..], ..q }, k, v];
                let block = Live { counts, allowed: live.allowed_block(b, first, counts.len()) };
                if !<T::Wide>::attend([d, e], qkv, scale, block, out) || out.iter().any(|x| !x.is_finite()) {
                    out.fill(num_traits::zero());
                    attend([d, e], qkv, scale, &live, [b, first], out);
                }
            }
        });
    });
    Array::from_vec(T::all_rounded(out), &[batch, heads, queries, e])
}

/// Attention of a block of queries, by two products and the softmax between them.
fn attend<T: Real>(
    [d, e]: [usize; 2],
    [q, k, v]: [Matrix<'_, T>; 3],
    scale: T,
    live: &LiveKeys<'_>,
    [batch, first]: [usize; 2],
    out: &mut [T],
) {
    let rows = out.len() / e;
    // The last query of the block may attend to the most keys.
    let keys = live.count(batch, first + rows - 1);
    let mut scores = vec![T::zero(); rows * keys];
    let k = k.transposed();
    T::multiply([rows, d, keys], q, k, &mut scores);
    for (row, scores) in scores.chunks_mut(keys.max(1)).enumerate() {
        scores.iter_mut().for_each(|score| *score = *score * scale);
        live.softmax(batch, first + row, scores);
    }
    T::multiply([rows, keys, e], Matrix { elements: &scores, strides: [keys, 1] }, v, out);
    // A masked value of infinity or NaN, times zero, is NaN: it must not reach the result.
    for (row, out) in out.chunks_mut(e).enumerate().filter(|(_, out)| out.iter().any(|x| !x.is_finite())) {
        let scores = &scores[row * keys..(row + 1) * keys];
        let allowed = live.allowed(batch, first + row);
        out.fill(T::zero());
        for key in 0..live.count(batch, first + row) {
            if allowed.is_none_or(|allowed| allowed[key]) {
                let value = |i: usize| v.elements[key * v.strides[0] + i * v.strides[1]];
                out.iter_mut().enumerate().for_each(|(i, x)| *x = *x + scores[key] * value(i));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_near, random};
    use super::*;
    use crate::backend::Value;

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
            for choice in 0..12 {
                let (causal, padded, kind) = (choice & 1 == 1, choice & 2 == 2, choice >> 2);
                if kind == 2 && one.len() != queries * keys {
                    continue;
                }
                let given = match kind {
                    1 => Some(allowed.clone()),
                    2 => Some(Array::from_vec(one.clone(), &[queries, keys])),
                    _ => None,
                };
                let mask = AttentionMask { causal, lengths: padded.then(|| lengths.as_slice().into()), allowed: given };
                let expected = naive(&q, &k, &v, |b, i, j| {
                    (!causal || j <= i + keys - queries)
                        && (!padded || j < lengths[b])
                        && match kind {
                            1 => allowed.elements()[(b * queries + i) * keys + j],
                            2 => one[i * keys + j],
                            _ => true,
                        }
                });
                let found = attention(&q, &k, &v, &mask, 0.3);
                assert_near(&found, &expected, 1e-12);
                let single =
                    |x: &Array<f64>| Array::from_vec(x.elements().iter().map(|&x| x as f32).collect(), x.sizes());
                assert_near(&attention(&single(&q), &single(&k), &single(&v), &mask, 0.3), &expected, 1e-5);
                let [strided_q, strided_k, strided_v] =
                    [&q, &k, &v].map(|x| x.permute(&[0, 2, 1, 3]).contiguous().permute(&[0, 2, 1, 3]));
                assert_near(&attention(&strided_q, &strided_k, &strided_v, &mask, 0.3), &expected, 1e-12);
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

    /// The same numbers in another type.
    fn cast<T: Float>(x: &Array<f64>) -> Array<T> {
        Array::from_vec(x.elements().iter().map(|&x| T::from_value(Value::Float(x))).collect(), x.sizes())
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
