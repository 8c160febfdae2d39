//! A cache cut back, against one that never saw what was dropped, bit for bit; and relative positions beside a cache.

use congruent::mask::{SlidingWindow, alibi, relative_ids, t5_bucket};
use congruent::nn::{CacheStep, KeyValueCache, attention_with_bias};
use congruent::prelude::*;

dims! { Batch; Seq; KeyHeads = 2; Group = 2; Size = 4; Positions = 300; Two = 2; }
type Cache<B> = KeyValueCache<B, KeyHeads, Size, Positions>;

/// Queries, keys and values of a token, from its sequence and its position in it; a token that is to be dropped has others.
fn tokens<B: Dim, S: Dim, H: Dim>(
    (batch, heads, seq): (B, H, S),
    starts: &[usize],
    salt: usize,
) -> Tensor<(B, H, S, Size)> {
    Tensor::from_fn((batch, heads, seq, Size), |[b, h, s, d]| {
        let hash = (starts[b] + s) * 7919 + b * 104_729 + h * 1299 + d * 31 + salt;
        (hash * hash % 1009) as f32 / 500.0 - 1.0
    })
}

/// Appends so many tokens to each sequence, and gives what attention gives for the valid ones.
fn append<B: Dim>(cache: &mut Cache<B>, counts: &[usize], bad: bool) -> Vec<Vec<f32>> {
    let (batch, starts) = (cache.batch(), cache.lengths().to_vec());
    bind!(seq: Ragged<Seq> = counts.iter().copied().max().unwrap());
    let q = tokens((batch, Times(KeyHeads, Group), seq), &starts, 1);
    let [k, v] = [2, 3].map(|salt| tokens((batch, KeyHeads, seq), &starts, salt) * if bad { f32::NAN } else { 1.0 });
    let lengths = Lengths::new(batch, seq, counts).unwrap();
    let step = cache.step_ragged(&lengths, |step| {
        let (keys, values) = step.append(0, &k, &v);
        let y = attention(&q, &keys, &values, step.mask());
        let positions = step.positions().to_vec().iter().map(|id| id.get() as usize).collect::<Vec<_>>();
        (rearrange!(y, "b h s d -> b s h d").to_vec(), positions)
    });
    let (y, positions) = step.unwrap();
    let (width, size) = (4 * Size.size(), seq.size());
    for (b, count) in counts.iter().enumerate() {
        let expected: Vec<usize> = (starts[b]..starts[b] + count).collect();
        assert_eq!(positions[b * size..][..*count], expected);
    }
    counts.iter().enumerate().map(|(b, count)| y[b * size * width..][..count * width].to_vec()).collect()
}

#[test]
fn each_sequence_is_cut_where_it_says_and_goes_on_as_if_it_had_never_been_longer() {
    let rng = &mut fastrand::Rng::with_seed(1);
    for window in [None, Some(1), Some(5), Some(40)] {
        for case in 0..20 {
            bind!(batch: Batch = rng.usize(1..4));
            let new = || {
                let cache = KeyValueCache::new(batch, KeyHeads, Size, Positions, 1);
                let cache = match case % 3 {
                    0 => cache,
                    1 => cache.in_half_precision(),
                    _ => cache.in_eight_bits(),
                };
                window.map_or(cache.clone(), |window| cache.with_window(window))
            };
            let (mut cut, mut never) = (new(), new());
            let mut size = |most: usize| (0..batch.size()).map(|_| rng.usize(0..=most)).collect::<Vec<_>>();
            for round in 0..4 {
                let accepted = size(30);
                let (found, expected) = (append(&mut cut, &accepted, false), append(&mut never, &accepted, false));
                assert_eq!(found, expected, "round {round} of window {window:?}");
                // Drafts that nobody accepts, some of them so long that the memory grows.
                let lengths = cut.lengths().to_vec();
                append(&mut cut, &size(if round == 1 && window.is_none() { 90 } else { 8 }), true);
                // What grew may have forgotten what the window of the shorter text reaches: an error, and nothing changes.
                let held = cut.lengths().to_vec();
                match cut.truncate(&lengths) {
                    Ok(()) => assert_eq!(cut.lengths(), lengths),
                    Err(error) => {
                        assert!(window.is_some(), "{error}");
                        assert_eq!(cut.lengths(), held);
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn sequences_of_one_length_that_forgot_differently_go_on_together() {
    const WINDOW: usize = 50;
    let new = || KeyValueCache::new(Two, KeyHeads, Size, Positions, 1).with_window(WINDOW);
    let (mut together, mut ragged) = (new(), new());
    for counts in [[20, 60], [45, 5]] {
        append(&mut together, &counts, false);
        append(&mut ragged, &counts, false);
    }
    assert_eq!(together.lengths(), [65, 65]);
    let expected = append(&mut ragged, &[3, 3], false);
    bind!(seq: Seq = 3);
    let q = tokens((Two, Times(KeyHeads, Group), seq), &[65, 65], 1);
    let [k, v] = [2, 3].map(|salt| tokens((Two, KeyHeads, seq), &[65, 65], salt));
    let y = together.step(seq, |step| {
        let (keys, values) = step.append(0, &k, &v);
        attention(&q, &keys, &values, &SlidingWindow(WINDOW))
    });
    let found = rearrange!(y.unwrap(), "b h s d -> b s h d").to_vec();
    let near = found.iter().zip(expected.concat()).all(|(x, y)| (x - y).abs() < 1e-6);
    assert!(near, "{found:?}\n{expected:?}");
    assert_eq!(together.lengths(), [68, 68]);
}

#[test]
fn one_number_cuts_one_sequence_and_lists_have_to_be_of_the_batch() {
    let mut one = KeyValueCache::new(N::<1>, KeyHeads, Size, Positions, 1);
    append(&mut one, &[5], false);
    one.truncate(3).unwrap();
    one.truncate(vec![9]).unwrap();
    assert_eq!(one.lengths(), [3]);
    let mut two: Cache<Two> = KeyValueCache::new(Two, KeyHeads, Size, Positions, 1);
    append(&mut two, &[5, 2], false);
    let error = two.truncate([1, 1, 1]).unwrap_err();
    assert_eq!(error.to_string(), "`Two` holds 2 sequences, found 3");
    two.truncate([4; 2]).unwrap();
    assert_eq!(two.lengths(), [4, 2]);
}

dims! { One = 1; Buckets = 8; }

/// The bucket of T5, of so few that many distances share one.
fn bucket(distance: isize) -> u32 {
    t5_bucket(distance, false, Buckets.size(), 20)
}

/// A step with both kinds of relative positions, and what attention gives for the valid tokens.
fn append_by_distance<B: Dim>(cache: &mut Cache<B>, counts: &[usize]) -> [Vec<Vec<f32>>; 2] {
    let (batch, starts) = (cache.batch(), cache.lengths().to_vec());
    let is_dense = counts.iter().all(|count| *count == counts[0]) && starts.iter().all(|start| *start == starts[0]);
    let width = 4 * Size.size();
    fn attend<B: Dim, S: Dim, K: Whole>(
        step: &mut CacheStep<'_, B, KeyHeads, Size, Positions, S, K>,
        starts: &[usize],
    ) -> [Vec<f32>; 2] {
        let (batch, seq, heads) = (step.positions().shape().0, step.new_positions(), Times(KeyHeads, Group));
        let q = tokens((batch, heads, seq), starts, 1);
        let [k, v] = [2, 3].map(|salt| tokens((batch, KeyHeads, seq), starts, salt));
        let ids = step.relative_ids(Buckets, bucket).unwrap();
        let t5 = table().lookup(&ids).permute((batch, heads, seq, step.keys()));
        let alibi = step.alibi(heads);
        let (keys, values) = step.append(0, &k, &v);
        [t5, alibi].map(|bias| {
            let y = attention_with_bias(&q, &keys, &values, &bias, step.mask());
            rearrange!(y, "b h s d -> b s h d").to_vec()
        })
    }
    let size = counts.iter().copied().max().unwrap();
    let found = if is_dense {
        bind!(seq: Seq = size);
        cache.step(seq, |step| attend(step, &starts))
    } else {
        bind!(seq: Ragged<Seq> = size);
        cache.step_ragged(&Lengths::new(batch, seq, counts).unwrap(), |step| attend(step, &starts))
    };
    found
        .unwrap()
        .map(|y| counts.iter().enumerate().map(|(b, count)| y[b * size * width..][..count * width].to_vec()).collect())
}

fn table() -> Tensor<(Buckets, Times<KeyHeads, Group>)> {
    Tensor::from_fn((Buckets, Times(KeyHeads, Group)), |[bucket, head]| (bucket * 7 + head * 3) as f32 % 5.0 - 2.0)
}

/// A sequence of the batch, all at once.
fn whole(b: usize, length: usize, window: usize) -> [Vec<f32>; 2] {
    bind!(seq: Seq = length);
    let heads = Times(KeyHeads, Group);
    fn of<H: Dim, S: Dim>(b: usize, heads: H, seq: S, salt: usize) -> Tensor<(One, H, S, Size)> {
        bind!(batch: Batch = b + 1);
        let all = tokens((batch, heads, seq), &vec![0; b + 1], salt).to_vec();
        let each = all.len() / (b + 1);
        Tensor::from_slice((One, heads, seq, Size), &all[b * each..]).unwrap()
    }
    let (q, k, v) = (of(b, heads, seq, 1), of(b, KeyHeads, seq, 2), of(b, KeyHeads, seq, 3));
    let ids = relative_ids(seq, seq, Buckets, bucket).unwrap();
    let biases = [rearrange!(table().lookup(&ids), "q k h -> h q k"), alibi(heads, seq, seq)];
    biases.map(|bias| {
        let y = attention_with_bias(&q, &k, &v, &bias, &Causal.and(SlidingWindow(window)));
        rearrange!(y, "b h s d -> b s h d").to_vec()
    })
}

#[test]
fn relative_positions_beside_a_cache_are_those_of_the_whole_sequence() {
    let rng = &mut fastrand::Rng::with_seed(3);
    for case in 0..12 {
        bind!(batch: Batch = rng.usize(1..4));
        let window = if case % 2 == 0 { 1000 } else { rng.usize(1..30) };
        let mut cache = KeyValueCache::new(batch, KeyHeads, Size, Positions, 1).with_window(window);
        let mut found = [(); 2].map(|()| vec![Vec::new(); batch.size()]);
        for round in 0..5 {
            // The first ones of one length, so that both kinds of steps are taken, and enough for the memory to grow.
            let same = rng.usize(0..40);
            let counts: Vec<_> = (0..batch.size()).map(|_| if round < 2 { same } else { rng.usize(0..40) }).collect();
            for (found, new) in found.iter_mut().zip(append_by_distance(&mut cache, &counts)) {
                found.iter_mut().zip(new).for_each(|(found, new)| found.extend(new));
            }
        }
        for (b, length) in cache.lengths().iter().enumerate() {
            for (kind, expected) in whole(b, *length, window).iter().enumerate() {
                let far = found[kind][b].iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                assert_eq!(found[kind][b].len(), expected.len());
                // Sums of up to 200 numbers of about 1, in another order.
                assert!(far < 1e-5, "kind {kind} of sequence {b} of {length}, window {window}: off by {far}");
            }
        }
    }
}

dims! { Wide = 64; }

/// Keys and values of normal numbers: the largest of 64 is about 2.5, so that a unit is 0.02 and numbers are off by 0.0057 in the
/// root mean square. A score, a sum of 64 products divided by 8, is off by as much, and so a weight by half a per cent of itself; the
/// values are averaged. The largest of these thousands of elements of about 1 may be off by several times that: 0.03.
#[test]
fn attention_to_keys_in_eight_bits_is_near() {
    attention_is_near(false, 0.03, 0.005);
}

/// Numbers are off by a part in 2048 at most, in the root mean square by a part in 5000. A score is a sum of 64 products divided by 8,
/// off by as much of 1, and so is a weight; the values are averaged. The largest of these thousands of elements may be off by several
/// times that: 0.002.
#[test]
fn attention_to_keys_in_half_precision_is_near() {
    attention_is_near(true, 0.002, 0.0003);
}

fn attention_is_near(in_half: bool, at_most: f32, at_mean: f64) {
    let rng = &mut Rng::with_seed(5);
    let (mut largest, mut squares, mut count) = (0f32, 0.0, 0);
    for (case, window) in [None, Some(7), Some(100), None].into_iter().enumerate() {
        bind!(batch: Batch = case + 1);
        let new = || KeyValueCache::new(batch, KeyHeads, Wide, Positions, 2);
        let new = || window.map_or(new(), |window| new().with_window(window));
        let (mut whole, mut narrow) = (new(), if in_half { new().in_half_precision() } else { new().in_eight_bits() });
        for round in 0..5 {
            let counts: Vec<usize> = (0..batch.size()).map(|b| (b * 7 + round * 13) % 40 + 1).collect();
            bind!(seq: Ragged<Seq> = *counts.iter().max().unwrap());
            let q = Tensor::normal((batch, Times(KeyHeads, Group), seq, Wide), 0.0, 1.0, rng);
            let [k, v] = [(); 2].map(|()| Tensor::normal((batch, KeyHeads, seq, Wide), 0.0, 1.0, rng));
            let lengths = Lengths::new(batch, seq, &counts).unwrap();
            let [expected, found] = [&mut whole, &mut narrow].map(|cache| {
                let step = cache.step_ragged(&lengths, |step| {
                    let last = step.append(1, &v, &k).1.to_vec();
                    let (keys, values) = step.append(0, &k, &v);
                    let near = step.mask().within(9);
                    let y = [attention(&q, &keys, &values, step.mask()), attention(&q, &keys, &values, &near)];
                    assert!(last.iter().all(|x| x.is_finite()));
                    y.map(|y| rearrange!(y, "b h s d -> b s h d").fill_padding(&lengths, 0.0).to_vec()).concat()
                });
                step.unwrap()
            });
            for (found, expected) in found.iter().zip(&expected) {
                largest = largest.max((found - expected).abs());
                squares += f64::from(found - expected).powi(2);
            }
            count += found.len();
            // Cut back, forked and picked as the other is.
            if round == 2 && window.is_none() {
                let cut: Vec<_> = whole.lengths().iter().map(|length| length / 2).collect();
                let ids: Vec<_> = (0..batch.size() as u32).rev().collect();
                let order = Ids::new((batch,), batch, &ids).unwrap();
                for cache in [&mut whole, &mut narrow] {
                    cache.truncate(&cut).unwrap();
                    *cache = cache.select(&order);
                }
            }
        }
    }
    let mean = (squares / count as f64).sqrt();
    println!("off by {mean} in the root mean square, by {largest} at most");
    assert!(largest < at_most && mean < at_mean, "off by {mean}, {largest} at most");
    assert!(largest > 0.0, "nothing was held in less room");
}

#[test]
fn a_cache_goes_on_in_eight_bits() {
    let mut cache: Cache<Two> = KeyValueCache::new(Two, KeyHeads, Size, Positions, 1);
    append(&mut cache, &[5, 2], false);
    let (fork, mut eight) = (cache.clone(), cache.in_eight_bits());
    let (found, expected) = (append(&mut eight, &[3, 3], false), append(&mut fork.in_eight_bits(), &[3, 3], false));
    assert_eq!(found, expected);
    assert_eq!(eight.lengths(), [8, 5]);
    // Zeros stay zeros, and a NaN is seen.
    let lent = |x: f32| {
        let mut cache = KeyValueCache::new(Two, KeyHeads, Size, Positions, 1).in_eight_bits();
        bind!(seq: Seq = 1);
        let x = Tensor::full((Two, KeyHeads, seq, Size), x);
        cache.step(seq, |step| step.append(0, &x, &x).0.to_vec()).unwrap()
    };
    assert!(lent(0.0).iter().all(|x| *x == 0.0));
    assert!(lent(1e-45).iter().all(|x| x.abs() <= 1e-45));
    assert!(lent(f32::NAN).iter().all(|x| x.is_nan()));
    assert!(lent(-254.0).iter().all(|x| *x == -254.0));
}

/// Multiples of a unit are off by half of it at most, of every element type, and what is finite stays so.
#[test]
fn eight_bits_are_half_a_unit_from_numbers_of_any_size() {
    fn lent<T: congruent::backend::Float>(x: [f64; 4]) -> [f64; 4] {
        let mut cache: KeyValueCache<N<1>, N<1>, Size, Positions, Cpu<T>> =
            KeyValueCache::on_backend(N, N, Size, Positions, 1).in_eight_bits();
        bind!(seq: Seq = 1);
        let elements = x.map(|x| T::from_value(congruent::backend::Value::Float(x))).to_vec();
        let x = <Cpu<T>>::from_vec((N::<1>, N::<1>, seq, Size), elements).unwrap();
        let lent = cache.step(seq, |step| step.append(0, &x, &x).0.to_vec()).unwrap();
        std::array::from_fn(|i| lent[i].to_f64().unwrap())
    }
    let mut rng = Rng::with_seed(3);
    for (largest, precision) in [(6e4, 2f64.powi(-11)), (1.0, 2f64.powi(-11)), (1e-3, 2f64.powi(-11)), (1e-5, 1e-2)] {
        let x = [largest, largest * rng.f64(), -largest * rng.f64(), 0.0];
        // Half a unit, and what half precision itself is off by; near its smallest number of 6e-8 that is more.
        let bound = largest * (0.5 / 127.0 + precision);
        for (found, of) in [(lent::<half::f16>(x), "f16"), (lent::<f32>(x), "f32"), (lent::<f64>(x), "f64")] {
            for (found, x) in found.into_iter().zip(x) {
                assert!((found - x).abs() <= bound, "{of}: {found} is not {x}");
            }
        }
    }
    assert_eq!(lent::<half::f16>([65504.0, -65504.0, 1.0, 0.0]), [65504.0, -65504.0, 0.0, 0.0]);
    let [most, least, ..] = lent::<f32>([f64::from(f32::MAX), f64::from(f32::MIN), 1.0, 0.0]);
    assert!(most.is_finite() && most > 3.4e38 && least == -most, "{most} {least}");
    let [infinite, one, ..] = lent::<half::f16>([f64::INFINITY, 1.0, 2.0, 0.0]);
    assert_eq!([infinite, one], [f64::INFINITY, 0.0]);
}
