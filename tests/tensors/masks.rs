//! Biases, positions and packed texts, against what is calculated one number after another.

use congruent::mask::{SlidingWindow, alibi, alibi_slopes, pack, relative_ids, t5_bucket};
use congruent::nn::{
    AttentionOptions, KeyValueCache, Training, attention_weights_with, attention_with, attention_with_bias,
    scaled_attention_with_bias,
};
use congruent::prelude::*;

dims! { Batch; KeyHeads; Group; Queries; Past; Seq; Texts; One = 1; Size = 3; Value = 2; Positions = 300; Vocab = 50; }

type Double = Cpu<f64>;

/// Numbers from -1 to 1.
fn random<S: Shape>(shape: S, rng: &mut fastrand::Rng) -> Tensor<S, Double> {
    let elements = (0..shape.elements()).map(|_| 2.0 * rng.f64() - 1.0).collect();
    Double::from_vec(shape, elements).unwrap()
}

/// Attention of one query after another: sizes are those of batch, key heads, group, queries and keys.
fn naive(
    [batch, key_heads, group, queries, keys]: [usize; 5],
    [q, k, v]: [&[f64]; 3],
    bias: impl Fn([usize; 4]) -> f64,
    allowed: impl Fn([usize; 4]) -> bool,
    scale: f64,
) -> Vec<f64> {
    let (d, e, heads) = (Size.size(), Value.size(), key_heads * group);
    let mut y = Vec::new();
    for b in 0..batch {
        for h in 0..heads {
            let key_row = |key: usize| (b * key_heads + h / group) * keys + key;
            for i in 0..queries {
                let query = &q[((b * heads + h) * queries + i) * d..][..d];
                let valid: Vec<usize> = (0..keys).filter(|j| allowed([b, h, i, *j])).collect();
                let score = |j: &usize| {
                    let product: f64 = query.iter().zip(&k[key_row(*j) * d..][..d]).map(|(x, y)| x * y).sum();
                    (product * scale + bias([b, h, i, *j])).exp()
                };
                let powers: Vec<f64> = valid.iter().map(score).collect();
                let sum: f64 = powers.iter().sum();
                y.extend((0..e).map(|c| {
                    let terms = valid.iter().zip(&powers).map(|(j, power)| power / sum * v[key_row(*j) * e + c]);
                    terms.sum::<f64>()
                }));
            }
        }
    }
    y
}

fn assert_near(found: &[f64], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (x, y)) in found.iter().zip(expected).enumerate() {
        assert!((x - y).abs() < within, "{x} for {y} at {i}");
    }
}

#[test]
fn attention_with_a_bias_is_that_of_one_query_after_another() {
    let rng = &mut fastrand::Rng::with_seed(1);
    for _ in 0..60 {
        let mut size = |from: usize, most: usize| rng.usize(from..=most);
        let [b, h, g, n, p] = [size(1, 3), size(1, 3), size(1, 3), size(1, 6), size(0, 4)];
        bind!(batch: Batch = b, key_heads: KeyHeads = h, group: Group = g, past: Past = p, queries: Queries = n);
        let (heads, keys) = (Times(key_heads, group), Plus(past, Ragged(queries)));
        let sizes = [b, h, g, n, p + n];
        let q = random((batch, heads, Ragged(queries), Size), rng);
        let bias = random((heads, Ragged(queries), keys), rng);
        let all = random((batch, heads, Ragged(queries), keys), rng);
        let pairs = random((Ragged(queries), keys), rng);
        let lengths: Vec<usize> = (0..b).map(|_| rng.usize(0..=p + n)).collect();
        // Nothing of the padding is seen, not even a NaN.
        let padded = |e: usize, x: Vec<f64>| {
            let row = |i: usize| i / e % (p + n) >= lengths[i / e / (p + n) / h];
            x.into_iter().enumerate().map(|(i, x)| if row(i) { f64::NAN } else { x }).collect::<Vec<_>>()
        };
        let k = padded(3, random((batch, key_heads, keys, Size), rng).to_vec());
        let v = padded(2, random((batch, key_heads, keys, Value), rng).to_vec());
        let inputs = [&q.to_vec()[..], &k, &v];
        let k = Double::from_slice((batch, key_heads, keys, Size), &k).unwrap();
        let v = Double::from_slice((batch, key_heads, keys, Value), &v).unwrap();
        let valid = |[b, _, i, j]: [usize; 4]| j < lengths[b] && j <= p + i;
        let mask = Causal.and(Lengths::new(batch, keys, &lengths).unwrap());
        let root = 3f64.sqrt().recip();

        let (flat, width) = (bias.to_vec(), p + n);
        let found = attention_with_bias(&q, &k, &v, &bias, &mask);
        let of = |[_, h, i, j]: [usize; 4]| flat[(h * n + i) * width + j];
        assert_near(&found.to_vec(), &naive(sizes, inputs, of, valid, root), 1e-12);

        let flat = all.to_vec();
        let found = scaled_attention_with_bias(&q, &k, &v, &all, &mask, 1.0);
        let of = |[b, head, i, j]: [usize; 4]| flat[((b * h * g + head) * n + i) * width + j];
        assert_near(&found.to_vec(), &naive(sizes, inputs, of, valid, 1.0), 1e-12);

        let flat = pairs.to_vec();
        let found = attention_with_bias(&q, &k, &v, &pairs, &mask);
        let of = |[_, _, i, j]: [usize; 4]| flat[i * width + j];
        assert_near(&found.to_vec(), &naive(sizes, inputs, of, valid, root), 1e-12);

        let of_batch = random((batch, Ragged(queries), keys), rng);
        let flat = of_batch.to_vec();
        let found = attention_with(&q, &k, &v, &mask, AttentionOptions::new().bias(&of_batch));
        let of = |[b, _, i, j]: [usize; 4]| flat[(b * n + i) * width + j];
        assert_near(&found.to_vec(), &naive(sizes, inputs, of, valid, root), 1e-12);

        // Masks of each head, beside others.
        let own: Vec<bool> = (0..h * g * n * width).map(|_| rng.bool()).collect();
        let of_each = |head, query: usize, key| own[(head * n + query - p) * width + key];
        let own_mask = Allowed::by_position_of_each(heads, Ragged(queries), keys, of_each);
        let near = Allowed::by_position(Ragged(queries), keys, |query, key| query.abs_diff(key) < 4);
        let found = attention_with_bias(&q, &k, &v, &own_mask, &mask.and(near));
        let allowed =
            |[b, h, i, j]: [usize; 4]| valid([b, h, i, j]) && own[(h * n + i) * width + j] && (p + i).abs_diff(j) < 4;
        assert_near(&found.to_vec(), &naive(sizes, inputs, |_| 0.0, allowed, root), 1e-12);
    }
}

#[test]
fn dropout_zeros_weights_and_scales_the_others_up() {
    let rng = &mut fastrand::Rng::with_seed(4);
    bind!(batch: Batch = 2, heads: KeyHeads = 3, queries: Queries = 20);
    let (q, v) = (random((batch, heads, queries, Size), rng), random((batch, heads, queries, Value), rng));
    let sinks = random((heads,), rng);
    let options = || AttentionOptions::new().sinks(&sinks).soft_cap(2.0);
    let mut numbers = [7, 7].map(Rng::with_seed);
    let mut training = numbers.each_mut().map(Training::new);
    let [first, second] = &mut training;
    let kept = attention_weights_with(&q, &q, &Causal, options().dropout(0.25, first));
    let all = attention_weights_with(&q, &q, &Causal, options()).to_vec();
    let mut zeros = 0;
    for (kept, all) in kept.to_vec().iter().zip(&all) {
        assert!(*kept == 0.0 || (kept - all / 0.75).abs() < 1e-15, "{kept} of {all}");
        zeros += usize::from(*kept == 0.0 && *all > 0.0);
    }
    // Of 1260 weights a quarter, within four standard deviations.
    assert!((315 - 62..315 + 62).contains(&zeros), "{zeros} of 1260");
    let found = attention_with(&q, &q, &v, &Causal, options().dropout(0.25, second));
    assert_near(&found.to_vec(), &kept.matmul(&v).to_vec(), 1e-12);
}

#[test]
fn the_gradients_of_attention_with_a_bias_are_its_differences() {
    bind!(batch: Batch = 2, key_heads: KeyHeads = 2, group: Group = 2, queries: Queries = 4);
    let (rng, heads, seq) = (&mut fastrand::Rng::with_seed(2), Times(key_heads, group), Ragged(queries));
    let shapes = ((batch, heads, seq, Size), (batch, key_heads, seq, Size), (batch, key_heads, seq, Value));
    let inputs = [
        random(shapes.0, rng).to_vec(),
        random(shapes.1, rng).to_vec(),
        random(shapes.2, rng).to_vec(),
        random((heads, seq, seq), rng).to_vec(),
    ];
    let lengths = Lengths::new(batch, seq, &[4, 2]).unwrap();
    let weights = random((batch, heads, seq, Value), rng);
    let loss = |inputs: &[Vec<f64>; 4]| {
        let [q, k, v, bias] = inputs.clone();
        let q = Double::from_vec(shapes.0, q).unwrap().tracked();
        let k = Double::from_vec(shapes.1, k).unwrap().tracked();
        let v = Double::from_vec(shapes.2, v).unwrap().tracked();
        let bias = Double::from_vec((heads, seq, seq), bias).unwrap().tracked();
        let y = attention_with_bias(&q, &k, &v, &bias, &Causal.and(lengths.clone()));
        let all = Lengths::new(batch, seq, &[4, 4]).unwrap();
        let y = rearrange!(y * &weights, "b h s e -> b s h e").fill_padding(&all, 0.0);
        let loss: Tensor<(), Double> = einsum!("b s h e ->", y);
        (loss, q, k, v, bias)
    };
    let (y, q, k, v, bias) = loss(&inputs);
    let gradients = y.backward();
    let found =
        [gradients.of(&q).to_vec(), gradients.of(&k).to_vec(), gradients.of(&v).to_vec(), gradients.of(&bias).to_vec()];
    for (input, found) in found.iter().enumerate() {
        for (at, found) in found.iter().enumerate() {
            let moved = |by: f64| {
                let mut inputs = inputs.clone();
                inputs[input][at] += by;
                loss(&inputs).0.scalar()
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((found - expected).abs() < 1e-8, "{found} for {expected} at {at} of input {input}");
        }
    }
}

/// `_relative_position_bucket` of T5, step by step.
fn naive_bucket(relative: isize, bidirectional: bool, mut buckets: isize, max_distance: isize) -> isize {
    let mut bucket = 0;
    let mut relative = relative;
    if bidirectional {
        buckets /= 2;
        if relative > 0 {
            bucket += buckets;
        }
        relative = relative.abs();
    } else {
        relative = -relative.min(0);
    }
    let exact = buckets / 2;
    if relative < exact {
        return bucket + relative;
    }
    let share = (relative as f64 / exact as f64).ln() / (max_distance as f64 / exact as f64).ln();
    bucket + (exact + (share * (buckets - exact) as f64 + 1e-9) as isize).min(buckets - 1)
}

#[test]
fn buckets_are_those_of_t5_whatever_the_cache_holds() {
    for (buckets, max_distance) in [(32, 128), (8, 20), (64, 256)] {
        for bidirectional in [false, true] {
            for distance in -600..600 {
                let found = t5_bucket(distance, bidirectional, buckets as usize, max_distance as usize);
                let expected = naive_bucket(distance, bidirectional, buckets, max_distance);
                assert_eq!(found as isize, expected, "{distance} of {buckets} and {max_distance}");
            }
        }
    }
    // Numbers that nobody means give no panic.
    for (buckets, max_distance) in [(0, 0), (1, 1), (2, 1), (3, 0)] {
        for distance in [-5, -1, 0, 1, 5, isize::MIN] {
            t5_bucket(distance, true, buckets, max_distance);
            t5_bucket(distance, false, buckets, max_distance);
        }
    }
    bind!(all: Seq = 9);
    let whole = relative_ids(all, all, Positions, |distance| (distance + 8) as u32).unwrap().to_vec();
    bind!(past: Past = 6, new: Seq = 3);
    let part = relative_ids(new, Plus(past, new), Positions, |distance| (distance + 8) as u32).unwrap().to_vec();
    assert_eq!(part, whole[6 * 9..]);
    assert!(relative_ids(new, new, One, |_| 1).is_err());
}

#[test]
fn linear_biases_are_those_of_the_paper() {
    assert_eq!(alibi_slopes(8), [1, 2, 3, 4, 5, 6, 7, 8].map(|power| 0.5f64.powi(power)));
    assert_eq!(alibi_slopes(12)[8..], [1, 3, 5, 7].map(|power| 2f64.powf(-0.5 * power as f64)));
    assert!(alibi_slopes(0).is_empty());
    // A step of a cache has the last rows of the whole.
    bind!(all: Seq = 9, past: Past = 6, new: Seq = 3, heads: Group = 3);
    let (whole, part) = (alibi(heads, all, all).to_vec(), alibi(heads, new, Plus(past, new)).to_vec());
    for head in 0..3 {
        assert_eq!(part[head * 27..][..27], whole[head * 81 + 54..][..27]);
    }
}

#[test]
fn a_window_by_positions_is_the_window_beside_a_cache() {
    bind!(batch: Batch = 2, heads: KeyHeads = 2);
    let mut cache = KeyValueCache::new(batch, heads, Size, Positions, 1);
    for (length, seed) in [(5, 1), (1, 2), (3, 3), (0, 4), (1, 5)] {
        bind!(seq: Seq = length);
        let x = random((batch, heads, seq, Size), &mut fastrand::Rng::with_seed(seed)).cast::<f32>();
        cache
            .step(seq, |step| {
                let (keys, values) = step.append(0, &x, &x);
                let near = Allowed::by_position(seq, step.keys(), |query, key| key <= query && query < key + 3);
                let expected = attention(&x, &keys, &values, &SlidingWindow(3)).cast::<f64>().to_vec();
                assert_near(&attention(&x, &keys, &values, &near).cast::<f64>().to_vec(), &expected, 1e-6);
            })
            .unwrap();
    }
}

#[test]
fn a_packed_text_is_the_text_alone() {
    let rng = &mut fastrand::Rng::with_seed(5);
    for _ in 0..20 {
        let texts: Vec<Vec<u32>> =
            (0..rng.usize(0..7)).map(|_| (0..rng.usize(0..9)).map(|_| rng.u32(0..50)).collect()).collect();
        let table = Tensor::uniform((Vocab, Size), -1.0..1.0, &mut Rng::with_seed(rng.u64(..)));
        let places = Tensor::uniform((Positions, Size), -1.0..1.0, &mut Rng::with_seed(rng.u64(..)));
        let tracked = || (table.clone().tracked(), places.clone().tracked());
        let mut expected = Vec::new();
        let (alone_table, alone_places) = tracked();
        let mut total: Option<Tensor<()>> = None;
        for text in &texts {
            bind!(one: Batch = 1, seq: Seq = text.len(), heads: KeyHeads = 1);
            let ids = Ids::new((one, seq), Vocab, text).unwrap();
            let positions = Ids::new((one, seq), Positions, &(0..text.len() as u32).collect::<Vec<_>>()).unwrap();
            let x = alone_table.lookup(&ids) + alone_places.lookup(&positions);
            let x = x.relabel(Size, Times(One, Size)).split_heads();
            let y = attention(&x, &x, &x, &Causal).merge_heads();
            let _ = heads;
            expected.push(y.to_vec());
            let sum: Tensor<()> = einsum!("b s d ->", y.square());
            total = Some(total.map_or(sum.clone(), |total| total + sum));
        }
        Index::pack::<Batch, Seq, _>(Vocab, &texts, 16, 0, |packed| {
            let (packed_table, packed_places) = tracked();
            let segments = &packed.segments;
            let x = packed_table.lookup(&packed.values) + packed_places.lookup(&segments.positions(Positions).unwrap());
            let x = x.relabel(Size, Times(One, Size)).split_heads();
            let y = attention(&x, &x, &x, &Causal.and(segments.clone())).merge_heads();
            bind!(count: Texts = segments.count(), longest: Ragged<Seq> = 9);
            let (found, lengths) = segments.unpack(&y, count, longest).unwrap();
            assert_eq!(segments.count(), texts.len());
            let rows: Vec<f32> = found.to_vec();
            for (row, text) in packed.rows.concat().into_iter().enumerate() {
                assert_eq!(lengths.as_slice()[row], texts[text].len());
                let valid = &rows[row * 27..][..texts[text].len() * 3];
                let near = valid.iter().zip(&expected[text]).all(|(x, y)| (x - y).abs() < 1e-6);
                assert!(near && valid.len() == expected[text].len(), "{valid:?}\n{:?}", expected[text]);
                assert!(rows[row * 27..][valid.len()..27].iter().all(|x| *x == 0.0));
            }
            let Some(total) = total else { return };
            let valid = einsum!("t s d ->", found.square().fill_padding(&lengths, 0.0));
            let (one, other) = (total.backward(), valid.backward());
            for (x, y) in [
                (one.of(&alone_table).to_vec(), other.of(&packed_table).to_vec()),
                (one.of(&alone_places).to_vec(), other.of(&packed_places).to_vec()),
            ] {
                assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-4), "{x:?}\n{y:?}");
            }
        })
        .unwrap();
    }
}

#[test]
fn losses_of_packed_texts_leave_out_padding_and_what_nothing_follows() {
    bind!(batch: Batch = 2, seq: Packed<Seq> = 5);
    let segments = Segments::new(batch, seq, &[vec![2, 1], vec![3]]).unwrap();
    let losses = Tensor::from_slice((batch, seq), &[1.0, 2.0, 4.0, f32::NAN, 9.0, 8.0, 16.0, 32.0, 9.0, 9.0]).unwrap();
    assert!((segments.mean(&losses).scalar() - 63.0 / 6.0).abs() < 1e-5);
    assert!((segments.mean_of_next(&losses).scalar() - 25.0 / 3.0).abs() < 1e-5);
    let ids = Ids::new((batch, seq), Vocab, &[1, 2, 3, 0, 0, 4, 5, 6, 0, 0]).unwrap();
    let next: Vec<u32> = segments.next_tokens(&ids).to_vec().into_iter().map(Index::get).collect();
    assert_eq!(next, [2, 2, 3, 0, 0, 5, 6, 6, 0, 0]);
    let error = Segments::new(batch, seq, &[vec![2, 4], vec![3]]).unwrap_err();
    assert_eq!(error.to_string(), "sequence 0 has length 6, and `Packed<Seq>` has room for 5");
    assert!(Segments::new(batch, seq, &[vec![2]]).is_err());
    assert!(pack(&[], 4).unwrap().is_empty());
}
