//! Each note of a message about padding, followed to the letter, gives what the valid part of each sequence gives alone.

use congruent::nn::{Linear, cosine_similarity, cross_entropy, kl_divergence, mean_of_valid, mean_where};
use congruent::prelude::*;

dims! { Batch = 4; Seq = 5; Embed = 3; Out = 2; Valid; Kept = 1; One = 1; Shared = 2; Long = 8; }

const LENGTHS: [usize; 4] = [3, 5, 1, 2];

fn lengths() -> Lengths<Batch, Ragged<Seq>> {
    Lengths::new(Batch, Ragged(Seq), &LENGTHS).unwrap()
}

/// Negative numbers, so that zeros would be the largest.
fn value([b, s, e]: [usize; 3]) -> f32 {
    -1.0 - (b as f32 * 3.7 + s as f32 * 1.3 + e as f32 * 0.9) % 2.1
}

fn padded(padding: f32) -> Tensor<(Batch, Ragged<Seq>, Embed)> {
    Tensor::from_fn((Batch, Ragged(Seq), Embed), |[b, s, e]| if s < LENGTHS[b] { value([b, s, e]) } else { padding })
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(found == expected || (found - expected).abs() < 1e-5, "{found} for {expected}");
    }
}

/// What the operation gives for each sequence without its padding, `$x: (valid, Embed)`, beside what `$masked` gives for all.
macro_rules! assert_as_valid {
    ($y:ident => $masked:expr, [$b:ident $valid:ident $x:ident] => $alone:expr) => {
        for padding in [0.0, 999.0, -999.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            let $y = padded(padding);
            let found: Vec<f32> = $masked;
            let mut expected = Vec::new();
            for $b in 0..4 {
                bind!($valid: Valid = LENGTHS[$b]);
                let $x = Tensor::from_fn(($valid, Embed), |[s, e]| value([$b, s, e]));
                expected.extend::<Vec<f32>>($alone);
            }
            assert_close(&found, &expected);
        }
    };
}

#[test]
fn sums() {
    assert_as_valid!(y => y.masked_sum(&lengths()).to_vec(), [b valid x] => x.sum(valid).to_vec());
    assert_as_valid!(y => y.fill_padding(&lengths(), 0.0).sum(Seq).to_vec(), [b valid x] => x.sum(valid).to_vec());
}

#[test]
fn reductions_of_others() {
    assert_as_valid!(y => y.masked_var(&lengths()).sqrt().to_vec(), [b valid x] => x.std(valid).to_vec());
    assert_as_valid!(y => y.fill_padding(&lengths(), 0.0).norm(Seq).to_vec(), [b valid x] => x.norm(valid).to_vec());
    assert_as_valid!(
        y => y.fill_padding(&lengths(), f32::NEG_INFINITY).logsumexp(Seq).to_vec(),
        [b valid x] => x.logsumexp(valid).to_vec()
    );
    assert_as_valid!(
        y => (y * 0.3).fill_padding(&lengths(), 1.0).prod(Seq).to_vec(),
        [b valid x] => (x * 0.3).prod(valid).to_vec()
    );
}

#[test]
fn conditions() {
    let numbers = |holds: Vec<bool>| holds.into_iter().map(|holds| holds as u8 as f32).collect::<Vec<_>>();
    assert_as_valid!(
        y => numbers(y.greater_than(-1.5).fill_padding(&lengths(), false).any(Seq).to_vec()),
        [b valid x] => numbers(x.greater_than(-1.5).any(valid).to_vec())
    );
    assert_as_valid!(
        y => numbers(y.less_than(-1.5).fill_padding(&lengths(), true).all(Seq).to_vec()),
        [b valid x] => numbers(x.less_than(-1.5).all(valid).to_vec())
    );
    assert_as_valid!(
        y => y.greater_than(-1.5).fill_padding(&lengths(), false).count(Seq).cast::<f32>().to_vec(),
        [b valid x] => x.greater_than(-1.5).count(valid).cast::<f32>().to_vec()
    );
}

#[test]
fn products() {
    let products = |y: Tensor<(Batch, Ragged<Seq>, Embed)>| {
        let y = y.fill_padding(&lengths(), 0.0);
        einsum!("b s d, b s e -> b d e", y, y).to_vec()
    };
    assert_as_valid!(y => products(y), [b valid x] => x.transpose(valid, Embed).matmul(&x).to_vec());
}

#[test]
fn layers_along_positions() {
    let weight = |[out, s]: [usize; 2]| (out * 5 + s) as f32 * 0.1 - 0.3;
    let layer = Linear { weight: Tensor::from_fn((Out, Seq), weight), bias: None };
    assert_as_valid!(
        y => layer.forward(&y.fill_padding(&lengths(), 0.0).permute((Batch, Embed, Seq))).to_vec(),
        [b valid x] => {
            let layer = Linear { weight: Tensor::from_fn((Out, valid), weight), bias: None };
            layer.forward(&x.transpose(valid, Embed)).to_vec()
        }
    );
}

#[test]
fn means_and_variances() {
    assert_as_valid!(y => y.masked_mean(&lengths()).to_vec(), [b valid x] => x.mean(valid).to_vec());
    assert_as_valid!(y => y.masked_var(&lengths()).to_vec(), [b valid x] => x.var(valid).to_vec());
    let mut valid = Vec::new();
    for (b, length) in LENGTHS.into_iter().enumerate() {
        valid.extend((0..length).map(|s| value([b, s, 0])));
    }
    for padding in [999.0, f32::NAN] {
        let losses = padded(padding).fill_padding(&lengths(), padding).at(Embed, 0).unwrap().relabel(Seq, Seq);
        let losses = Tensor::from_vec((Batch, Ragged(Seq)), losses.to_vec()).unwrap();
        let mean = valid.iter().sum::<f32>() / valid.len() as f32;
        assert_close(&[mean_of_valid(&losses, &lengths()).scalar()], &[mean]);
        // Every other one of these.
        let chosen = Cpu::from_fn((Batch, Ragged(Seq)), |[_, s]| s % 2 == 0);
        let kept: Vec<f32> = LENGTHS
            .iter()
            .enumerate()
            .flat_map(|(b, length)| (0..*length).step_by(2).map(move |s| value([b, s, 0])))
            .collect();
        let found = mean_where(&losses.fill_padding(&lengths(), 0.0), &chosen.fill_padding(&lengths(), false));
        assert_close(&[found.scalar()], &[kept.iter().sum::<f32>() / kept.len() as f32]);
    }
}

#[test]
fn the_largest_and_the_smallest() {
    assert_as_valid!(y => y.masked_max(&lengths()).to_vec(), [b valid x] => x.max(valid).to_vec());
    assert_as_valid!(y => y.masked_min(&lengths()).to_vec(), [b valid x] => x.min(valid).to_vec());
    let filled = |y: Tensor<(Batch, Ragged<Seq>, Embed)>| y.fill_padding(&lengths(), f32::NEG_INFINITY);
    let numbers = |ids: Vec<u32>| ids.into_iter().map(|id| id as f32).collect::<Vec<_>>();
    assert_as_valid!(
        y => numbers(filled(y).argmax(Seq).to_vec().iter().map(|id| id.get()).collect()),
        [b valid x] => numbers(x.argmax(valid).to_vec().iter().map(|id| id.get()).collect())
    );
    assert_as_valid!(
        y => filled(y).permute((Batch, Embed, Seq)).top_k(Seq, Kept).unwrap().0.to_vec(),
        [b valid x] => x.transpose(valid, Embed).top_k(valid, Kept).unwrap().0.to_vec()
    );
}

#[test]
fn softmax_and_losses_along_positions() {
    let filled = |y: Tensor<(Batch, Ragged<Seq>, Embed)>| y.fill_padding(&lengths(), f32::NEG_INFINITY);
    // Of probabilities the padding has none, so that a sum with what they weigh is that of the valid.
    let weighted = |y: Tensor<(Batch, Ragged<Seq>, Embed)>| {
        let values = y.fill_padding(&lengths(), 0.0);
        einsum!("b s e, b s d -> b e d", filled(y).softmax(Seq), values).to_vec()
    };
    assert_as_valid!(
        y => weighted(y),
        [b valid x] => x.softmax(valid).transpose(valid, Embed).matmul(&x).to_vec()
    );
    assert_as_valid!(y => filled(y).log_softmax(Seq).max(Seq).to_vec(), [b valid x] => x.log_softmax(valid).max(valid).to_vec());
    // The first of each sequence is to be found.
    assert_as_valid!(
        y => {
            let first = Ids::new((Batch, Embed), Seq, &[0; 12]).unwrap();
            cross_entropy(&filled(y).permute((Batch, Embed, Seq)), &first).to_vec()
        },
        [b valid x] => cross_entropy(&x.transpose(valid, Embed), &Ids::new((Embed,), valid, &[0; 3]).unwrap()).to_vec()
    );
    let other = |[b, s, e]: [usize; 3]| value([b + 1, s, e + 1]);
    assert_as_valid!(
        y => {
            let predicted = Tensor::from_fn((Batch, Ragged(Seq), Embed), other);
            kl_divergence(&filled(predicted).log_softmax(Seq), &filled(y).log_softmax(Seq), Seq).to_vec()
        },
        [b valid x] => {
            let predicted = Tensor::from_fn((valid, Embed), |[s, e]| other([b, s, e]));
            kl_divergence(&predicted.log_softmax(valid), &x.log_softmax(valid), valid).to_vec()
        }
    );
    assert_as_valid!(
        y => {
            let other = Tensor::from_fn((Batch, Ragged(Seq), Embed), other).fill_padding(&lengths(), 0.0);
            cosine_similarity(&y.fill_padding(&lengths(), 0.0), &other, Seq).to_vec()
        },
        [b valid x] => cosine_similarity(&x, &Tensor::from_fn((valid, Embed), |[s, e]| other([b, s, e])), valid).to_vec()
    );
}

#[test]
fn positions() {
    assert_as_valid!(y => y.masked_last(&lengths()).to_vec(), [b valid x] => x.at(valid, LENGTHS[b] - 1).unwrap().to_vec());
    assert_as_valid!(
        y => y.fill_padding(&lengths(), 0.0).at(Seq, 0).unwrap().to_vec(),
        [b valid x] => x.at(valid, 0).unwrap().to_vec()
    );
    assert_as_valid!(
        y => y.fill_padding(&lengths(), 0.0).narrow(Seq, 0, One).unwrap().to_vec(),
        [b valid x] => x.narrow(valid, 0, One).unwrap().to_vec()
    );
}

#[test]
fn of_sequences_without_a_valid_position() {
    let x = Tensor::full((Batch, Ragged(Seq)), f32::NAN);
    let lengths = Lengths::new(Batch, Ragged(Seq), &[0; 4]).unwrap();
    for zeros in [x.masked_sum(&lengths), x.masked_mean(&lengths), x.masked_var(&lengths), x.masked_last(&lengths)] {
        assert_eq!(zeros.to_vec(), [0.0; 4]);
    }
    assert_eq!(x.masked_max(&lengths).to_vec(), [f32::NEG_INFINITY; 4]);
    assert_eq!(x.masked_min(&lengths).to_vec(), [f32::INFINITY; 4]);
}

/// Parts that were put together: each has its own lengths, and padding of the past alone is at the end.
#[test]
fn parts_of_a_sequence() {
    dims! { Past = 2; }
    for padding in [0.0, 999.0, f32::NAN] {
        let past = Tensor::full((Batch, Past, Embed), 2.0);
        let all = past.concat(Past, &padded(padding));
        let keys = Plus(Past, Ragged(Seq));
        let with_past = Lengths::new(Batch, keys, &LENGTHS.map(|length| length + 2)).unwrap();
        let (past, new) = all.unconcat(keys);
        let expected = past.sum(Past) + new.masked_sum(&lengths());
        assert_close(&all.masked_sum(&with_past).to_vec(), &expected.to_vec());
    }
}

/// The same texts as rows of their own and two in a row, of which the second row has padding.
#[test]
fn packed_texts() {
    let [first, second] = [[LENGTHS[0], LENGTHS[1]], [LENGTHS[2], LENGTHS[3]]];
    let segments = Segments::new(Shared, Packed(Long), &[first, second]).unwrap();
    for padding in [0.0, 999.0, f32::NEG_INFINITY, f32::NAN] {
        let packed = Tensor::from_fn((Shared, Packed(Long), Embed), |[row, s, e]| {
            let lengths = [first, second][row];
            match s {
                s if s < lengths[0] => value([2 * row, s, e]),
                s if s < lengths[0] + lengths[1] => value([2 * row + 1, s - lengths[0], e]),
                _ => padding,
            }
        });
        let (texts, lengths) = segments.unpack(&packed, Batch, Ragged(Seq)).unwrap();
        let alone = padded(0.0);
        assert_eq!(texts.masked_sum(&lengths).to_vec(), alone.masked_sum(&lengths).to_vec());
        assert_eq!(texts.masked_mean(&lengths).to_vec(), alone.masked_mean(&lengths).to_vec());
        assert_eq!(texts.masked_max(&lengths).to_vec(), alone.masked_max(&lengths).to_vec());
        assert_eq!(texts.masked_last(&lengths).to_vec(), alone.masked_last(&lengths).to_vec());

        let losses: Tensor<(Shared, Packed<Long>)> = packed.sum(Embed);
        let expected: Tensor<(Batch, Ragged<Seq>)> = alone.sum(Embed);
        assert_close(&segments.mean(&losses).to_vec(), &mean_of_valid(&expected, &lengths).to_vec());
    }
}
