//! Losses against their definitions in double precision, and their gradients against differences.

use congruent::LogProbabilities;
use congruent::backend::{Autodiff, Backend};
use congruent::dim::{Dense, Next};
use congruent::half::f16;
use congruent::nn::{
    absolute_error, binary_cross_entropy, cosine_similarity, cross_entropy, huber, info_nce, kl_divergence,
    mean_of_valid, next_token_log_probabilities, next_token_loss, smoothed_cross_entropy, squared_error,
};
use congruent::num_traits;
use congruent::prelude::*;

dims! { Batch = 3; Vocab = 4; Seq = 5; }

type Double = Cpu<f64>;
type Rows<B = Double> = Tensor<(Batch, Vocab), B>;

fn rows(elements: &[f64]) -> Rows {
    Double::from_vec((Batch, Vocab), elements.to_vec()).unwrap()
}

fn random(seed: u64) -> Vec<f64> {
    let mut rng = Rng::with_seed(seed);
    (0..12).map(|_| rng.f64() * 4.0 - 2.0).collect()
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} for {expected}");
    }
}

/// A loss of two matrices against its definition, and the gradients of its sum, each loss times another factor, with respect
/// to both against differences.
fn check<S: Shape>(
    [x, y]: [&[f64]; 2],
    loss: impl Fn(&Rows, &Rows) -> Tensor<S, Double>,
    definition: impl Fn(&[f64], &[f64]) -> Vec<f64>,
) {
    assert_near(&loss(&rows(x), &rows(y)).to_vec(), &definition(x, y), 1e-12);
    let sum = |losses: &[f64]| losses.iter().enumerate().map(|(i, loss)| loss * (i as f64 - 1.3)).sum::<f64>();
    let inputs = [rows(x).tracked(), rows(y).tracked()];
    let losses = loss(&inputs[0], &inputs[1]);
    let count = losses.shape().elements();
    let factors = (0..count).map(|i| i as f64 - 1.3).collect();
    let factors = Double::from_elements(factors, losses.sizes().as_ref(), &losses.device());
    let terms = Double::binary(congruent::backend::Binary::Mul, losses.array().clone(), factors);
    let total = Double::reduce(congruent::backend::Reduce::Sum, &Double::reshape(&terms, &[count]), 0);
    let gradients = Double::backward(total);
    for (number, input) in inputs.iter().enumerate() {
        let found = Double::to_vec(&Double::gradient(&gradients, input.array()).unwrap()).unwrap();
        let expected: Vec<f64> = (0..12)
            .map(|at| {
                let at_distance = |distance: f64| {
                    let mut both = [x.to_vec(), y.to_vec()];
                    both[number][at] += distance;
                    sum(&definition(&both[0], &both[1]))
                };
                (at_distance(1e-5) - at_distance(-1e-5)) / 2e-5
            })
            .collect();
        assert_near(&found, &expected, 1e-7);
    }
}

fn each(f: impl Fn(f64, f64) -> f64) -> impl Fn(&[f64], &[f64]) -> Vec<f64> {
    move |x, y| x.iter().zip(y).map(|(&x, &y)| f(x, y)).collect()
}

fn each_row(f: impl Fn(&[f64], &[f64]) -> f64) -> impl Fn(&[f64], &[f64]) -> Vec<f64> {
    move |x, y| x.chunks(4).zip(y.chunks(4)).map(|(x, y)| f(x, y)).collect()
}

fn cosine(x: &[f64], y: &[f64]) -> f64 {
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(x, y) / (product(x, x) * product(y, y)).sqrt()
}

#[test]
fn distances() {
    let (x, y) = (random(1), random(2));
    check([&x, &y], squared_error, each(|x, y| (x - y).powi(2)));
    check([&x, &y], absolute_error, each(|x, y| (x - y).abs()));
    for delta in [0.3, 1.0, 9.0] {
        let definition = move |x: f64, y: f64| match (x - y).abs() {
            near if near <= delta => near * near / 2.0,
            far => delta * (far - delta / 2.0),
        };
        check([&x, &y], |x, y| huber(x, y, delta), each(definition));
    }
}

#[test]
fn probabilities() {
    let (x, y) = (random(1), random(2));
    let shares: Vec<f64> = y.iter().map(|y| y / 4.0 + 0.5).collect();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let definition = move |x: f64, t: f64| -t * sigmoid(x).ln() - (1.0 - t) * (1.0 - sigmoid(x)).ln();
    check([&x, &shares], binary_cross_entropy, each(definition));
    let definition = |q: &[f64], p: &[f64]| q.iter().zip(p).map(|(q, p)| p.exp() * (p - q)).sum();
    let divergence = |q: &Rows, p: &Rows| {
        let [q, p] = [q, p].map(|x| LogProbabilities::from_logarithms(x.clone(), Vocab));
        kl_divergence(&q, &p, Vocab)
    };
    check([&x, &y], divergence, each_row(definition));
}

#[test]
fn similarities() {
    let (x, y) = (random(1), random(2));
    check([&x, &y], |x, y| cosine_similarity(x, y, Vocab), each_row(cosine));
    for temperature in [0.2, 1.0] {
        let definition = move |x: &[f64], y: &[f64]| {
            let of_row = |(i, x): (usize, &[f64])| {
                let exps: Vec<f64> = y.chunks(4).map(|y| (cosine(x, y) / temperature).exp()).collect();
                -(exps[i] / exps.iter().sum::<f64>()).ln()
            };
            x.chunks(4).enumerate().map(of_row).collect()
        };
        check([&x, &y], |x, y| info_nce(x, y, temperature), definition);
    }
}

#[test]
fn certain_predictions_keep_their_digits() {
    let logits = Tensor::from_nested((Vocab,), [40.0, -40.0, 0.0, 0.0]).tracked();
    let losses = binary_cross_entropy(&logits, &Tensor::from_nested((Vocab,), [1.0, 0.0, 1.0, 0.0]));
    let (small, ln_2) = (4.248354e-18, 2f32.ln());
    let expected = [small, small, ln_2, ln_2];
    assert!(losses.to_vec().iter().zip(expected).all(|(x, expected)| (x - expected).abs() <= 1e-6 * expected));
    let slopes = losses.sum(Vocab).backward().of(&logits).to_vec();
    let expected = [-small, small, -0.5, 0.5];
    assert!(slopes.iter().zip(expected).all(|(x, expected)| (x - expected).abs() <= 1e-6 * expected.abs()));
}

fn nothing_and_zeros_are_numbers<B: Autodiff<Elem = T>, T: congruent::backend::Float>() {
    let tensor = |elements: [f64; 4]| -> Tensor<(Vocab,), B> {
        B::from_vec((Vocab,), elements.map(|x| T::from_value(congruent::backend::Value::Float(x))).to_vec()).unwrap()
    };
    let is_near = |x: T, expected: f64| (x.to_f64().unwrap() - expected).abs() < 1e-2;
    // No probability at all, of one and of both.
    let none = f64::NEG_INFINITY;
    let (q, p) = (tensor([0.5f64.ln(), 0.5f64.ln(), none, none]).tracked(), tensor([0.0, none, none, none]).tracked());
    let [of_q, of_p] = [&q, &p].map(|x| LogProbabilities::from_logarithms(x.clone(), Vocab));
    let loss = kl_divergence(&of_q, &of_p, Vocab);
    assert!(is_near(loss.scalar(), 2f64.ln()));
    let gradients = loss.backward();
    assert!(gradients.of(&q).to_vec().into_iter().zip([-1.0, 0.0, 0.0, 0.0]).all(|(x, expected)| is_near(x, expected)));
    assert!(gradients.of(&p).to_vec().into_iter().all(|x| x.to_f64().unwrap().is_finite()));
    // A vector without a direction.
    let (x, y) = (tensor([0.0; 4]).tracked(), tensor([1.0, 2.0, 3.0, 4.0]).tracked());
    let cosine = cosine_similarity(&x, &y, Vocab);
    assert!(cosine.scalar() == num_traits::zero());
    let gradients = cosine.backward();
    assert!(gradients.of(&y).to_vec().into_iter().all(|x| x == num_traits::zero()));
    assert!(gradients.of(&x).to_vec().into_iter().all(|x| x.to_f64().unwrap().is_finite()));
}

#[test]
fn nothing_and_zeros_are_numbers_of_any_type() {
    nothing_and_zeros_are_numbers::<Cpu<f32>, f32>();
    nothing_and_zeros_are_numbers::<Cpu<f64>, f64>();
    nothing_and_zeros_are_numbers::<Cpu<f16>, f16>();
}

#[test]
fn padding_has_no_part() {
    let seq = Ragged(Seq);
    let valid = |[b, s]: [usize; 2]| b == 0 && s < 2 || b == 2 && s == 0;
    let lengths = Lengths::new(Batch, seq, &[2, 0, 1]).unwrap();
    let logits = Tensor::from_fn((Batch, seq, Vocab), |[b, s, v]| {
        if valid([b, s]) { (b + 2 * s) as f32 * 0.3 - v as f32 } else { f32::NAN }
    });
    let logits = logits.tracked();
    let targets = Ids::new((Batch, seq), Vocab, &[1; 15]).unwrap();
    for smoothing in [0.0, 0.2] {
        let loss = mean_of_valid(&smoothed_cross_entropy(&logits, &targets, smoothing), &lengths);
        assert!(loss.scalar().is_finite());
        let gradient = loss.backward().of(&logits).to_vec();
        for (position, row) in gradient.chunks(4).enumerate() {
            assert_eq!(row.iter().any(|&x| x != 0.0), valid([position / 5, position % 5]), "{row:?}");
            assert!(row.iter().all(|x| x.is_finite()));
        }
    }
    let none = Lengths::new(Batch, seq, &[0; 3]).unwrap();
    let loss = mean_of_valid(&cross_entropy(&logits, &targets), &none);
    assert_eq!(loss.scalar(), 0.0);
    assert_eq!(loss.backward().of(&logits).to_vec(), [0.0; 60]);
}

/// Code for any dimensions needs no bound for the loss to shift.
fn of_texts<N: Dense, S: Dense, V: Dense>(logits: &Tensor<(N, S, V)>, tokens: &Ids<(N, S), V>) -> Tensor<(N, Next<S>)> {
    next_token_loss(logits, tokens)
}

/// Each position predicts the token after it.
#[test]
fn the_next_token() {
    let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3, 0, 3, 3, 1, 1, 2, 2, 0, 2, 0, 1]).unwrap();
    let logits = Tensor::uniform((Batch, Seq, Vocab), -2.0..2.0, &mut Rng::with_seed(1)).tracked();
    let losses: Tensor<(Batch, Next<Seq>)> = next_token_loss(&logits, &tokens);
    let by_parts = cross_entropy(&logits.without_last(Seq), &tokens.next(Seq));
    assert_eq!(losses.to_vec(), by_parts.to_vec());
    assert_eq!(losses.to_vec(), of_texts(&logits, &tokens).to_vec());
    dims! { Predicted = 4; }
    let logarithms = logits.log_softmax(Vocab).narrow(Seq, 0, Predicted).unwrap();
    let expected = logarithms.gather(&tokens.narrow(Seq, 1, Predicted).unwrap()).to_vec();
    let near = |found: &[f32]| found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-5);
    assert!(near(&next_token_log_probabilities(&logits, &tokens).to_vec()));
    assert!(near(&(-&losses).to_vec()));
    // The last predicts what nobody knows.
    let gradient = losses.mean(Next(Seq)).mean(Batch).backward().of(&logits);
    let last = gradient.at(Seq, 4).unwrap().to_vec();
    assert!(last.iter().all(|slope| *slope == 0.0) && gradient.at(Seq, 3).unwrap().to_vec().iter().all(|x| *x != 0.0));

    // Masks are of the tokens.
    let chosen = Cpu::from_vec((Batch, Seq), (0..15).map(|i| i % 5 > 2).collect()).unwrap();
    assert_eq!(chosen.next(Seq).to_vec(), [false, false, true, true].repeat(3));

    // Sequences of one token, and of none, have no next one.
    dims! { One = 1; Zero = 0; }
    let one = Ids::new((Batch, One), Vocab, &[0; 3]).unwrap();
    assert_eq!(next_token_loss(&Tensor::zeros((Batch, One, Vocab)), &one).sizes(), [3, 0]);
    let none = Ids::new((Batch, Zero), Vocab, &[]).unwrap();
    assert_eq!(next_token_loss(&Tensor::zeros((Batch, Zero, Vocab)), &none).sizes(), [3, 0]);
}

#[test]
fn the_next_token_of_padded_texts() {
    let tokens = [0, 1, 2, 3, 0, 3, 3, 1, 0, 0, 2, 0, 0, 0, 0];
    let tokens = Ids::new((Batch, Ragged(Seq)), Vocab, &tokens).unwrap();
    let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 3, 1]).unwrap();
    let x = Tensor::uniform((Batch, Seq, Vocab), -2.0..2.0, &mut Rng::with_seed(1));
    let logits = Tensor::from_vec((Batch, Ragged(Seq), Vocab), x.to_vec()).unwrap();
    let losses: Tensor<(Batch, Ragged<Next<Seq>>)> = next_token_loss(&logits, &tokens);
    let all = losses.to_vec();
    let expected = all[..4].iter().chain(&all[4..6]).sum::<f32>() / 6.0;
    let loss = mean_of_valid(&losses, &lengths.next());
    assert!((loss.scalar() - expected).abs() < 1e-6);
    let by_parts = cross_entropy(&logits.without_last(Ragged(Seq)), &tokens.next(Ragged(Seq)));
    assert_eq!(by_parts.to_vec(), all);
}

/// Logarithms of probabilities are a tensor wherever one is read.
#[test]
fn logarithms_of_probabilities() {
    let x = Tensor::uniform((Batch, Vocab), -2.0..2.0, &mut Rng::with_seed(1)).tracked();
    let logarithms = x.log_softmax(Vocab);
    let tensor: Tensor<(Batch, Vocab)> = logarithms.clone().into_tensor();
    fn sum<S: Shape>(x: &Tensor<S>) -> f32 {
        x.to_vec().iter().sum()
    }
    assert_eq!(sum(&logarithms), sum(&tensor));
    assert_eq!(format!("{logarithms} {logarithms:?}"), format!("{tensor} {tensor:?}"));
    let row = Tensor::from_nested((Vocab,), [1.0, 2.0, 3.0, 4.0]);
    for (found, expected) in [
        (&logarithms + &row, &tensor + &row),
        (&row - &logarithms, &row - &tensor),
        (logarithms.clone() * row.clone(), tensor.clone() * row.clone()),
        (row.clone() / logarithms.clone(), row.clone() / tensor.clone()),
        (&logarithms - &logarithms, &tensor - &tensor),
        (&logarithms * 2.0 - 1.0, &tensor * 2.0 - 1.0),
        (-&logarithms, -&tensor),
        (logarithms.clone().into(), tensor.clone()),
    ] {
        assert_eq!(found.to_vec(), expected.to_vec());
    }
    assert!(logarithms.is_tracked() && !logarithms.detach().is_tracked());
    let divergence = kl_divergence(&logarithms, &logarithms.detach(), Vocab);
    assert_eq!(divergence.to_vec(), [0.0; 3]);
    // Along another axis they are something else, and have another type.
    let along: LogProbabilities<(Batch, Vocab), Batch> = x.log_softmax(Batch);
    assert!((along.exp().sum(Batch).sum(Vocab).scalar() - 4.0).abs() < 1e-5);
}

/// What it panics with, if it does.
fn panic_of<R>(f: impl FnOnce() -> R) -> Option<String> {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err()?;
    Some(
        payload
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| payload.downcast_ref::<&str>().unwrap().to_string()),
    )
}

/// The loss of a softmax of a softmax falls too, and to no good end.
#[test]
fn probabilities_are_no_logits() {
    let targets = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2]).unwrap();
    let x = Tensor::from_fn((Batch, Seq, Vocab), |[r, s, v]| (r + s * v) as f32);
    for x in [x.clone(), x.tracked()] {
        let probabilities = x.softmax(Vocab);
        let found = panic_of(|| cross_entropy(&probabilities, &targets)).unwrap();
        assert!(
            found.starts_with("`cross_entropy` takes logits, and these are probabilities that `softmax` made"),
            "{found}"
        );
        // Views of them are probabilities, and what is calculated of them need not be.
        let moved = probabilities.permute((Seq, Batch, Vocab)).permute((Batch, Seq, Vocab));
        assert!(panic_of(|| next_token_loss(&moved, &targets)).unwrap().starts_with("`next_token_loss`"));
        assert!(
            panic_of(|| probabilities.log_softmax(Vocab)).unwrap().starts_with("`log_softmax` of what `softmax` gave")
        );
        let gates = x.sigmoid();
        assert!(panic_of(|| binary_cross_entropy(&gates, &gates)).unwrap().contains("that `sigmoid` made"));
        assert!(panic_of(|| binary_cross_entropy(&x, &gates)).is_none());
        for logits in [x.softmax(Vocab) * 2.0, x.softmax(Vocab).ln(), &probabilities - 0.5, x.sigmoid().maximum(&x)] {
            assert!(panic_of(|| cross_entropy(&logits, &targets)).is_none());
        }
        assert!(panic_of(|| x.softmax(Vocab).softmax(Vocab)).is_none());
    }
}
