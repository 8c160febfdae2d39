//! Tests of attention to keys and values that are held in less room: what it gives is what it gives of the same numbers widened, but for
//! few queries, which sum fewer keys at a time then.

use super::super::key_mask::Mask;
use super::*;
use crate::backend::{AttentionMask, Backend, composed};
use crate::cpu::Cpu;
use crate::cpu::testing::{assert_near, random};
use half::{bf16, f16};

/// The first positions of an array with room for more, as a cache lends them.
fn held<T: Float>(sizes: [usize; 4], seed: u64) -> Array<T> {
    let [batch, heads, keys, d] = sizes;
    random::<T>(&[batch, heads, keys + 5, d], seed).narrow(2, 0, keys)
}

/// Multiples, and the units of their rows.
fn multiples(sizes: [usize; 4], seed: u64) -> (Array<i8>, Array<f32>) {
    let numbers = random::<f32>(&[sizes[0], sizes[1], sizes[2] + 5, sizes[3]], seed);
    let integers = Array::from_vec(numbers.elements().iter().map(|x| (x * 63.0) as i8).collect(), numbers.sizes());
    let units = random::<f32>(&[sizes[0], sizes[1], sizes[2] + 5, 1], seed + 1);
    (integers.narrow(2, 0, sizes[2]), units.narrow(2, 0, sizes[2]))
}

fn masks(batch: usize, queries: usize, keys: usize) -> Vec<Mask> {
    let allowed = random::<f32>(&[batch, queries, keys], 4);
    let allowed = Array::from_vec(allowed.elements().iter().map(|x| *x > 0.5).collect(), allowed.sizes());
    vec![
        AttentionMask::default(),
        AttentionMask { causal: true, ..Default::default() },
        AttentionMask { causal: true, window: Some(keys / 2 + 1), ..Default::default() },
        AttentionMask {
            lengths: Some((0..batch).map(|b| keys - b * (keys / 3)).collect::<Vec<_>>().into()),
            ..Default::default()
        },
        AttentionMask { allowed: Some(allowed), ..Default::default() },
    ]
}

const SIZES: [[usize; 7]; 5] = [
    [1, 6, 2, 1, 1300, 16, 16],
    [2, 3, 3, 40, 700, 8, 12],
    [2, 4, 2, 1, 65, 5, 3],
    [2, 2, 1, 3, 64, 4, 4],
    [1, 2, 2, 70, 90, 3, 20],
];

#[test]
fn numbers_in_less_room_are_attended_to_as_their_values() {
    let sizes = if cfg!(miri) { &[[2, 2, 1, 3, 20, 4, 5]] } else { &SIZES[..] };
    for &[batch, heads, key_heads, queries, keys, d, e] in sizes {
        let q = random::<f32>(&[batch, heads, queries, d], 1);
        let [k_sizes, v_sizes] = [d, e].map(|size| [batch, key_heads, keys, size]);
        for mask in masks(batch, queries, keys) {
            let attend = |k: &Array<f32>, v: &Array<f32>| attention(&q, k, v, &mask, Options::scaled(0.3));
            let same = |found: Array<f32>, k: &Array<f32>, v: &Array<f32>| {
                if queries * heads / key_heads > 4 {
                    assert_eq!(found.elements(), attend(k, v).elements(), "{keys} keys, {mask:?}");
                }
                let expected: Vec<f64> = attend(k, v).elements().iter().map(|x| f64::from(*x)).collect();
                assert_near(&found, &expected, 1e-5);
            };
            let (k, v) = (held::<f16>(k_sizes, 2), held::<f16>(v_sizes, 3));
            let [lent_k, lent_v] = [&k, &v].map(Array::of_f16);
            let [wide_k, wide_v] = [&k, &v].map(Cpu::<f16>::cast::<f32>);
            same(attend(&lent_k, &lent_v), &wide_k, &wide_v);
            // Any other operation reads the numbers too.
            assert_eq!(lent_k.elements(), wide_k.elements());

            let [k, v] = [(k_sizes, 4), (v_sizes, 6)].map(|(sizes, seed)| multiples(sizes, seed));
            let [lent_k, lent_v] = [&k, &v].map(|(x, units)| Array::of_eight_bits(x, units).unwrap());
            let [wide_k, wide_v] = [&k, &v].map(|(x, units)| composed::of_multiples::<Cpu<f32>>(x, units));
            same(attend(&lent_k, &lent_v), &wide_k, &wide_v);
            assert_eq!(lent_v.elements(), wide_v.elements());

            // All of them narrow: the result is rounded.
            let narrow = [Cpu::<f32>::cast::<bf16>(&q), held(k_sizes, 8), held(v_sizes, 9)];
            let wide = narrow.each_ref().map(Cpu::<bf16>::cast::<f32>);
            let found = attention(&narrow[0], &narrow[1], &narrow[2], &mask, Options::scaled(0.3));
            let expected = attention(&wide[0], &wide[1], &wide[2], &mask, Options::scaled(0.3));
            let expected: Vec<f64> = expected.elements().iter().map(|x| f64::from(*x)).collect();
            assert_near(&found, &expected, 0.005);
        }
    }
}

#[test]
fn what_is_not_finite_stays_where_it_is_masked() {
    let (q, k) = (random::<f32>(&[1, 2, 3, 4], 1), random::<f16>(&[1, 1, 100, 4], 2));
    let mut elements = k.elements().into_owned();
    elements[90 * 4..].fill(f16::NAN);
    let k = Array::from_vec(elements, k.sizes());
    let mask = AttentionMask { lengths: Some(vec![90].into()), ..Default::default() };
    let lent = Array::of_f16(&k);
    let wide = Cpu::<f16>::cast::<f32>(&k);
    let attend = |k: &Array<f32>| attention(&q, k, k, &mask, Options::scaled(0.3)).elements().into_owned();
    assert!(attend(&lent).iter().all(|x| x.is_finite()));
    let near = attend(&lent).into_iter().zip(attend(&wide)).all(|(x, y)| (x - y).abs() < 1e-6);
    assert!(near);
}

#[test]
fn rows_that_are_cut_have_no_units() {
    let (numbers, units) = multiples([1, 1, 3, 8], 1);
    assert!(Array::of_eight_bits(&numbers, &units).is_some());
    assert!(Array::of_eight_bits(&numbers.narrow(3, 0, 4), &units).is_none());
    assert!(Array::of_eight_bits(&numbers.permute(&[0, 1, 3, 2]), &units).is_none());
}
