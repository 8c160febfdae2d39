//! Typed operations against plain loops over their elements, on random shapes.

use congruent::half::f16;
use congruent::prelude::*;

dims! { Batch; Seq; Keys; Heads; HeadDim; Embed; Vocab; Past; New; Top; }

/// Sizes from 0 to 5, a seed for each case.
fn sizes<const COUNT: usize>(seed: u64) -> ([usize; COUNT], Rng) {
    let mut rng = Rng::with_seed(seed);
    let mut sizes = [0; COUNT];
    sizes.fill_with(|| (rng.u64() % 6) as usize);
    (sizes, rng)
}

/// Sums of up to 6 numbers below 2 in another order.
const TOLERANCE: f32 = 1e-5;

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= TOLERANCE), "{found:?} for {expected:?}");
}

#[test]
fn einsum_multiplies_and_sums() {
    for seed in 0..30 {
        let ([b, h, q, k, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, heads: Heads = h, queries: Seq = q, keys: Keys = k, dim: HeadDim = d);
        let x = Tensor::uniform((batch, heads, queries, dim), -1.0..1.0, &mut rng);
        let y = Tensor::uniform((keys, batch, dim, heads), -1.0..1.0, &mut rng);
        let (xs, ys) = (x.to_vec(), y.to_vec());
        let expected = Tensor::from_fn((keys, heads, queries, batch), |[l, j, i, c]| {
            let product = |m| xs[((c * h + j) * q + i) * d + m] * ys[((l * b + c) * d + m) * h + j];
            (0..d).map(product).sum()
        });
        let found = einsum!("b h q d, k b d h -> k h q b", x, y);
        assert_near(&found.to_vec(), &expected.to_vec());
        // One letter of each side alone is summed before.
        let found = einsum!("b h q d, k b d h -> b d", x, y);
        let expected = Tensor::from_fn((batch, dim), |[c, m]| {
            let pairs = (0..h).flat_map(|j| (0..q).flat_map(move |i| (0..k).map(move |l| (j, i, l))));
            pairs.map(|(j, i, l)| xs[((c * h + j) * q + i) * d + m] * ys[((l * b + c) * d + m) * h + j]).sum()
        });
        assert!(found.to_vec().iter().zip(expected.to_vec()).all(|(x, y)| (x - y).abs() <= 1e-4));
    }
}

#[test]
fn the_rest_of_a_pattern_is_any_number_of_dimensions() {
    for seed in 0..30 {
        let ([b, h, q, k, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, heads: Heads = h, queries: Seq = q, keys: Keys = k, dim: HeadDim = d);
        let x = Tensor::uniform((batch, heads, queries, dim), -1.0..1.0, &mut rng).tracked();
        let y = Tensor::uniform((batch, heads, keys, dim), -1.0..1.0, &mut rng);
        let weight = Tensor::uniform((keys, dim), -1.0..1.0, &mut rng);
        // Two dimensions at the begin, one of them, and none.
        let found: Tensor<(_, _, _, _)> = einsum!(".. i d, .. j d -> .. i j", x, y);
        let expected = einsum!("b h i d, b h j d -> b h i j", x, y);
        assert_near(&found.to_vec(), &expected.to_vec());
        let found: Tensor<(_, _, _)> = einsum!("h .. i d, h .. j d -> h .. j", x, y);
        let expected = einsum!("b h i d, b h j d -> b h j", x, y);
        assert_near(&found.to_vec(), &expected.to_vec());
        let matrix = x.sum(At::<0>).sum(At::<0>);
        assert_near(
            &einsum!(".. i d, j d .. -> .. j i", matrix, weight).to_vec(),
            &einsum!("i d, j d -> j i", matrix, weight).to_vec(),
        );
        // At the end, in the middle, and in one tensor of three.
        assert_near(&einsum!("b .. -> .. b", x).to_vec(), &einsum!("b h i d -> h i d b", x).to_vec());
        assert_near(&einsum!("b .. d -> d .. b", x).to_vec(), &einsum!("b h i d -> d h i b", x).to_vec());
        let [found, expected] = [
            einsum!("k d, .. d, e k -> .. e", weight, x, weight.transpose(keys, dim)),
            einsum!("k d, b h i d, e k -> b h i e", weight, x, weight.transpose(keys, dim)),
        ];
        let close = |(x, y): (f32, f32)| (x - y).abs() <= 1e-4;
        assert!(found.to_vec().into_iter().zip(expected.to_vec()).all(close));
        let [found, expected] = [found, expected].map(|y| {
            let square = y.square().sum(dim).sum(queries).sum(heads).sum(batch);
            square.backward().of(&x).to_vec()
        });
        assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() <= 1e-3 * (1.0 + y.abs())));
    }
}

#[test]
fn rearrange_moves_every_element_where_the_pattern_says() {
    for seed in 0..30 {
        let ([b, s, h, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, heads: Heads = h, dim: HeadDim = d);
        let x = Tensor::uniform((batch, seq, Times(heads, dim)), -1.0..1.0, &mut rng);
        let xs = x.to_vec();
        let expected = Tensor::from_fn((heads, Times(seq, batch), dim), |[j, sb, m]| {
            xs[((sb % b) * s + sb / b) * h * d + j * d + m]
        });
        assert_eq!(rearrange!(x, "b s (h d) -> h (s b) d").to_vec(), expected.to_vec());
    }
}

#[test]
fn heads_are_split_and_put_together_again() {
    for seed in 0..30 {
        let ([b, s, h, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, heads: Heads = h, dim: HeadDim = d);
        let x = Tensor::uniform((batch, seq, Times(heads, dim)), -1.0..1.0, &mut rng);
        let xs = x.to_vec();
        let expected = Tensor::from_fn((batch, heads, seq, dim), |[c, j, i, m]| xs[((c * s + i) * h + j) * d + m]);
        let split = x.split_heads();
        assert_eq!(split.to_vec(), expected.to_vec());
        assert_eq!(split.merge_heads().to_vec(), xs);
        assert_eq!(x.split(Times(heads, dim)).merge(heads, dim).to_vec(), xs);
    }
}

#[test]
fn ids_along_a_product_are_those_of_its_factors() {
    bind!(heads: Heads = 3, vocab: Vocab = 5);
    let product = Times(heads, vocab);
    let all = Ids::new((product,), product, &Vec::from_iter(0..15)).unwrap();
    let (first, second) = all.unravel(product);
    for (i, (first, second)) in first.to_vec().into_iter().zip(second.to_vec()).enumerate() {
        assert_eq!((first.get() as usize, second.get() as usize), (i / 5, i % 5));
    }
    assert_eq!(first.equal_to(Index::new(heads, 1).unwrap()).cast::<f32>().sum(product).scalar(), 5.0);
    assert!(second.less(&second).to_vec().iter().all(|less| !less));
}

#[test]
fn what_was_concatenated_comes_apart() {
    for seed in 0..30 {
        let ([b, p, n, d], mut rng) = sizes(seed);
        bind!(batch: Batch = b, past: Past = p, new: New = n, dim: HeadDim = d);
        let (x, y) = (
            Tensor::uniform((batch, past, dim), -1.0..1.0, &mut rng),
            Tensor::uniform((batch, new, dim), -1.0..1.0, &mut rng),
        );
        let (xs, ys) = (x.to_vec(), y.to_vec());
        let joined = x.concat(past, &y);
        let expected = Tensor::from_fn((batch, Plus(past, new), dim), |[c, i, m]| {
            if i < p { xs[(c * p + i) * d + m] } else { ys[(c * n + i - p) * d + m] }
        });
        assert_eq!(joined.to_vec(), expected.to_vec());
        let (first, second) = joined.unconcat(Plus(past, new));
        assert_eq!((first.to_vec(), second.to_vec()), (xs, ys));
    }
}

#[test]
fn a_suffix_is_repeated() {
    for seed in 0..30 {
        let ([b, s, e], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e);
        let x = Tensor::uniform((batch, seq, embed), -1.0..1.0, &mut rng);
        let bias = Tensor::uniform((seq, embed), -1.0..1.0, &mut rng);
        let (xs, ys) = (x.to_vec(), bias.to_vec());
        let expected = Tensor::from_fn((batch, seq, embed), |[c, i, m]| xs[(c * s + i) * e + m] - ys[i * e + m]);
        assert_eq!((&x - &bias).to_vec(), expected.to_vec());
        assert_eq!((-(&bias - &x)).to_vec(), expected.to_vec());
        assert_eq!((&x - &bias.expand(batch)).to_vec(), expected.to_vec());
        assert_eq!(x.select(&bias.less_than(0.0), &bias).to_vec(), {
            let chosen =
                |[c, i, m]: [usize; 3]| if ys[i * e + m] < 0.0 { xs[(c * s + i) * e + m] } else { ys[i * e + m] };
            Tensor::from_fn((batch, seq, embed), chosen).to_vec()
        });
    }
}

#[test]
fn axes_are_reduced_by_name_wherever_they_stand() {
    for seed in 0..30 {
        let ([b, s, e], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e);
        let x = Tensor::uniform((batch, seq, embed), -1.0..1.0, &mut rng);
        let xs = x.to_vec();
        let expected = Tensor::from_fn((batch, embed), |[c, m]| (0..s).map(|i| xs[(c * s + i) * e + m]).sum::<f32>());
        assert_near(&x.sum(seq).to_vec(), &expected.to_vec());
        assert_near(&x.permute((seq, embed, batch)).sum(seq).transpose(embed, batch).to_vec(), &expected.to_vec());
        let ones = x.softmax(seq).sum(seq);
        assert!(s == 0 || ones.to_vec().iter().all(|sum| (sum - 1.0).abs() < TOLERANCE));
    }
}

/// Along any axis against loops, and the slopes against differences, in double precision: these are of steps of 1e-6, so that they have
/// half of the digits. A row of zeros stays one.
#[test]
fn normalized_vectors_are_of_length_one() {
    type Double = Cpu<f64>;
    for seed in 0..10 {
        let ([b, s, e], mut rng) = sizes(seed);
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e);
        let shape = (batch, seq, embed);
        let mut xs: Vec<f64> = (0..b * s * e).map(|_| rng.f64() * 4.0 - 2.0).collect();
        let factors: Vec<f64> = xs.iter().map(|_| rng.f64()).collect();
        // The first vector along `seq` is zero.
        let is_zero = |at: usize| at / (s * e) == 0 && at.is_multiple_of(e);
        xs.iter_mut().enumerate().filter(|(at, _)| is_zero(*at)).for_each(|(_, x)| *x = 0.0);
        let normalized = |xs: &[f64]| -> Vec<f64> {
            let of = |at: usize| {
                let (c, m) = (at / (s * e), at % e);
                let norm = (0..s).map(|i| xs[(c * s + i) * e + m].powi(2)).sum::<f64>().sqrt();
                xs[at] / norm.max(1e-12)
            };
            (0..xs.len()).map(of).collect()
        };
        let x = Double::from_vec(shape, xs.clone()).unwrap().tracked();
        let found = x.normalize(seq);
        let expected = normalized(&xs);
        let moved = x.permute((seq, embed, batch)).normalize(seq).permute(shape);
        for found in [&found, &moved] {
            let found = found.to_vec();
            assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-14), "{found:?} for {expected:?}");
        }
        let loss = found * Double::from_vec(shape, factors.clone()).unwrap();
        let slopes = loss.sum_all().backward().of(&x).to_vec();
        for at in (0..xs.len()).filter(|at| !is_zero(*at)) {
            let along = |step: f64| {
                let mut xs = xs.clone();
                xs[at] += step;
                normalized(&xs).iter().zip(&factors).map(|(x, factor)| x * factor).sum::<f64>()
            };
            let expected = (along(1e-6) - along(-1e-6)) / 2e-6;
            assert!((slopes[at] - expected).abs() < 1e-6 * expected.abs().max(1.0), "{} for {expected}", slopes[at]);
        }
        // Where the vector is zero, it is divided by 1e-12.
        for at in (0..xs.len()).filter(|at| is_zero(*at)) {
            assert!((slopes[at] / (factors[at] * 1e12) - 1.0).abs() < 1e-12, "{}", slopes[at]);
        }
    }
}

/// Half precision has no 1e-12: zeros stay zeros, and their slopes are numbers.
#[test]
fn zeros_are_normalized_in_half_precision() {
    let x = Cpu::<f16>::from_vec((N::<3>,), [0.0, 0.0, 0.0].map(f16::from_f32).to_vec()).unwrap().tracked();
    let found = x.normalize(N::<3>);
    assert_eq!(found.to_vec(), [f16::ZERO; 3]);
    assert!(found.sum(N::<3>).backward().of(&x).to_vec().into_iter().all(f16::is_finite));
}

#[test]
fn chosen_elements_are_those_of_the_ids() {
    for seed in 0..30 {
        let ([b, v, k], mut rng) = sizes(seed);
        bind!(batch: Batch = b, vocab: Vocab = v + 1, top: Top = k);
        let x = Tensor::uniform((batch, vocab), -1.0..1.0, &mut rng);
        let best = x.argmax(vocab);
        assert_eq!(x.gather(&best).to_vec(), x.max(vocab).to_vec());
        match x.top_k(vocab, top) {
            Ok((values, ids)) => {
                for (c, row) in x.to_vec().chunks(v + 1).enumerate() {
                    let mut sorted = row.to_vec();
                    sorted.sort_by(|x, y| y.total_cmp(x));
                    assert_eq!(values.to_vec()[c * k..(c + 1) * k], sorted[..k]);
                    let chosen =
                        ids.to_vec()[c * k..(c + 1) * k].iter().map(|id| row[id.get() as usize]).collect::<Vec<_>>();
                    assert_eq!(chosen, sorted[..k]);
                }
            }
            Err(error) => assert!(k > v + 1, "{error}"),
        }
    }
}

#[test]
fn padding_never_reaches_what_is_masked() {
    for seed in 0..30 {
        let ([b, e], mut rng) = sizes(seed);
        let list: Vec<Vec<f32>> = (0..b).map(|_| (0..rng.u64() % 5).map(|_| rng.f64() as f32).collect()).collect();
        bind!(batch: Batch = b, seq: Ragged<Seq> = congruent::mask::longest(&list), embed: Embed = e);
        let padded = Padded::new((batch, seq), &list, f32::NAN).unwrap();
        assert_eq!(padded.to_list(), list);
        let x = einsum!("b s, e -> b s e", padded.values, Tensor::ones((embed,)));
        let mean = x.masked_mean(&padded.lengths).to_vec();
        for (row, values) in list.iter().enumerate() {
            let expected = values.iter().sum::<f32>() / values.len().max(1) as f32;
            assert!(mean[row * e..(row + 1) * e].iter().all(|x| (x - expected).abs() < TOLERANCE));
        }
        assert!(x.fill_padding(&padded.lengths, 0.0).to_vec().iter().all(|x| x.is_finite()));
        let heads = x.expand(N::<1>).permute((batch, N, seq, embed));
        let attended = attention(&heads, &heads, &heads, &padded.lengths);
        let valid = rearrange!(attended, "b h s e -> h b s e").at(N::<1>, 0).unwrap();
        assert!(valid.fill_padding(&padded.lengths, 0.0).to_vec().iter().all(|x| x.is_finite()));
    }
}

#[test]
fn errors_name_what_is_wrong() {
    bind!(batch: Batch = 2, seq: Seq = 3, vocab: Vocab = 10);
    let message = |error: Error| error.to_string();
    let ids = Padded::ids((batch, Ragged(seq)), vocab, &[vec![1, 2], vec![3, 10]], 0).unwrap_err();
    assert_eq!(message(ids), "id 10 at position [1, 1] is not in `Vocab`, which has 10 rows");
    let long = Padded::ids((batch, Ragged(seq)), vocab, &[vec![1; 4], vec![]], 0).unwrap_err();
    assert_eq!(message(long), "sequence 0 has length 4, and `Ragged<Seq>` has room for 3");
    let many = Padded::ids((batch, Ragged(seq)), vocab, &[[1u32]], 0).unwrap_err();
    assert_eq!(message(many), "`Batch` holds 2 sequences, found 1");
    let sizes = Equal::check(batch, seq).unwrap_err();
    assert_eq!(message(sizes), "`Batch` (2) and `Seq` (3) are different sizes");
    let rank = Tensor::<_, Cpu<f32>>::try_from_array((batch, seq), Tensor::ones((seq,)).into_array()).unwrap_err();
    assert_eq!(message(rank), "expected (Batch = 2, Seq = 3), found sizes [3]");
    let slice = Tensor::from_slice((batch, seq), &[1.0; 7]).unwrap_err();
    assert_eq!(message(slice), "(Batch = 2, Seq = 3) has 6 elements, found 7");
}

#[test]
fn a_tensor_shows_its_dimensions() {
    bind!(batch: Batch = 2, seq: Seq = 9);
    let x = Tensor::from_fn((batch, seq), |[b, s]| (b * 10 + s) as f32);
    let expected = "(Batch = 2, Seq = 9)
[[0.0000, 1.0000, 2.0000, …, 6.0000, 7.0000, 8.0000],
 [10.0000, 11.0000, 12.0000, …, 16.0000, 17.0000, 18.0000]]";
    assert_eq!(x.to_string(), expected);
    assert_eq!(format!("{:?}", Tensor::ones(())), "Tensor ()\n1.0000");
    assert_eq!(
        format!("{:.1}", Tensor::ones((N::<2>, Times(N::<0>, batch)))),
        "(N<2> = 2, Times<N<0>, Batch> = 0)\n[[],\n []]"
    );
}

#[test]
fn generic_arrays_go_in_and_come_out() {
    use congruent::generic_array::{GenericArray, arr};
    use congruent::typenum::{U2, U3};
    dims! { Rows = 2; Columns = 3; }
    let nested: GenericArray<GenericArray<f32, U3>, U2> = arr![arr![1.0, 2.0, 3.0], arr![4.0, 5.0, 6.0]];
    let x = Tensor::from_nested((Rows, Columns), nested);
    assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let back: GenericArray<GenericArray<f32, U3>, U2> = x.transpose(Rows, Columns).transpose(Rows, Columns).to_nested();
    assert_eq!(back, nested);
    let rows = x.unstack(Rows).into_generic_array();
    let rows = Each::<Rows, _>::from_generic_array(rows);
    assert_eq!(Tensor::stack(Rows, &rows).to_vec(), x.to_vec());
}

#[test]
fn empty_batches_and_sequences_of_none_and_one_go_everywhere() {
    use congruent::nn::{Encoder, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
    dims! { Width = 4; Parts = 2; Part = 2; Hidden = 6; }
    let rng = &mut Rng::with_seed(1);
    let layer = EncoderLayer {
        attention: MultiHeadAttention::random(Width, Parts, Part, rng),
        attention_norm: LayerNorm::new(Width, 1e-5),
        feed_forward: FeedForward {
            up: Linear::random(Width, Hidden, rng),
            activation: Default::default(),
            down: Linear::random(Hidden, Width, rng),
        },
        feed_forward_norm: LayerNorm::new(Width, 1e-5),
        order: NormOrder::Pre,
    };
    let encoder = Encoder { layers: vec![layer.clone(), layer] };
    for (batch, length) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 0)] {
        bind!(batch: Batch = batch, seq: Ragged<Seq> = length);
        let lengths = Lengths::new(batch, seq, &vec![length; batch.size()]).unwrap();
        let y = encoder.forward(&Tensor::ones((batch, seq, Width)), &Causal.and(lengths.clone()));
        assert_eq!(y.sizes(), [batch.size(), length, 4]);
        assert!(y.to_vec().iter().all(|x| x.is_finite()));
        let mean = y.masked_mean(&lengths).to_vec();
        assert!(mean.len() == batch.size() * 4 && (length > 0 || mean.iter().all(|&x| x == 0.0)));
    }
}
