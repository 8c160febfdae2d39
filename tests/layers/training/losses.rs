//! Losses and their gradients against PyTorch's: `make_training.py`.

use crate::common::layers::Inputs;
use crate::common::{Case, reference};
use congruent::backend::{Autodiff, Backend};
use congruent::dim::Next;
use congruent::io::SafeTensors;
use congruent::nn::{
    LogLikelihood, Preference, Triplet, binary_cross_entropy, binary_focal_loss, cross_entropy, ctc_loss, dice_loss,
    focal_loss, log_likelihood, next_token_log_probabilities,
};
use congruent::prelude::*;

dims! { Batch; Frames; Labels; Vocab; Embed; }

/// Within `1e-5` of numbers around 1: expected values were calculated in double precision.
fn assert_near(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let near = found == expected || (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
        assert!(near, "{name}: {found} for {expected}");
    }
}

#[test]
fn ctc_is_that_of_pytorch() {
    let file = SafeTensors::open(reference("training.safetensors")).unwrap();
    for (name, blank) in [("ctc", 0), ("ctc_blank_last", 3), ("ctc_one_frame", 0)] {
        let case = Case { file: &file, name };
        let ([n, t, v], [_, s]) = (case.sizes("in.x"), case.sizes("targets"));
        bind!(n: Batch = n, t: Frames = t, v: Vocab = v, s: Labels = s);
        let lengths = |name| case.of::<i32, _>(name, (n,)).to_vec().into_iter().map(|x| x as usize).collect::<Vec<_>>();
        let frames = Lengths::new(n, Ragged(t), &lengths("lengths")).unwrap();
        let labels = Lengths::new(n, Ragged(s), &lengths("target_lengths")).unwrap();
        let targets: Vec<u32> = case.of::<i32, _>("targets", (n, s)).to_vec().into_iter().map(|x| x as u32).collect();
        let targets = Ids::new((n, Ragged(s)), v, &targets).unwrap();
        let mut x = case.input("x", (n, Ragged(t), v)).to_vec();
        // Padding holds anything.
        for (sequence, length) in frames.as_slice().iter().enumerate() {
            let row = t.size() * v.size();
            x[sequence * row..][..row][length * v.size()..].fill(f32::NAN);
        }
        let x = Tensor::from_vec((n, Ragged(t), v), x).unwrap().tracked();
        let losses = ctc_loss(&x.log_softmax(v), &frames, &targets, &labels, Index::new(v, blank).unwrap());
        assert_near(name, &losses.to_vec(), &case.tensor("out.y", (n,)).to_vec());
        let cot = case.input("cot", (n,));
        let possible = losses.less_than(f32::INFINITY);
        let loss = congruent::nn::sum_where(&(losses * cot), &possible);
        let gradients = (loss.mean() * loss.count() as f32).backward();
        let (mut found, expected) = (gradients.of(&x).to_vec(), case.tensor("grad.x", (n, Ragged(t), v)).to_vec());
        // The slope of a softmax at NaN is NaN; of a padded frame nothing else depends on it.
        found.iter_mut().for_each(|x| *x = if x.is_nan() { 0.0 } else { *x });
        assert_near(name, &found, &expected);
    }
}

/// No frames give labels with the blank among them; behind the labels it has no part.
#[test]
fn ctc_of_a_blank_label_is_infinite() {
    bind!(n: Batch = 3, t: Frames = 3, v: Vocab = 3, s: Labels = 2);
    let x = Cpu::<f32>::zeros((n, t, v)).tracked();
    let frames = Lengths::new(n, t, &[3; 3]).unwrap();
    let labels = Lengths::new(n, Ragged(s), &[2, 2, 1]).unwrap();
    let targets = Ids::new((n, Ragged(s)), v, &[1, 0, 0, 1, 1, 0]).unwrap();
    let losses = ctc_loss(&x.log_softmax(v), &frames, &targets, &labels, Index::new(v, 0).unwrap());
    // Of 27 ways, six read 1: 111, 110, 011, 100, 010, 001.
    assert_near("blank", &losses.to_vec(), &[f32::INFINITY, f32::INFINITY, (27f32 / 6.0).ln()]);
    let possible = losses.less_than(f32::INFINITY);
    let gradients = congruent::nn::sum_where(&losses, &possible).mean().backward();
    assert!(gradients.of(&x).to_vec().iter().all(|x| x.is_finite()));
}

#[test]
fn triplets_are_those_of_pytorch() {
    let file = SafeTensors::open(reference("training.safetensors")).unwrap();
    for name in ["triplet", "triplet_one"] {
        let case = Case { file: &file, name };
        let [n, e] = case.sizes("in.anchor");
        bind!(n: Batch = n, e: Embed = e);
        let names = ["anchor", "positive", "negative"];
        let [anchor, positive, negative] = &names.map(|name| case.input(name, (n, e)).tracked());
        let losses = Triplet { anchor, positive, negative }.loss(e, 1.0);
        assert_near(name, &losses.to_vec(), &case.tensor("out.y", (n,)).to_vec());
        let gradients = (losses * case.input("cot", (n,))).sum(n).backward();
        for (of, x) in names.into_iter().zip([anchor, positive, negative]) {
            assert_near(name, &gradients.of(x).to_vec(), &case.tensor(&format!("grad.{of}"), (n, e)).to_vec());
        }
    }
}

/// The losses of a function of one matrix against a definition in double precision, and the gradients of their sum against differences.
fn check<S: Shape>(
    x: &[f64],
    loss: impl Fn(&Tensor<(Rows, Columns), Double>) -> Tensor<S, Double>,
    definition: impl Fn(&[f64]) -> Vec<f64>,
) {
    let tensor = Double::from_vec((Rows, Columns), x.to_vec()).unwrap().tracked();
    let losses = loss(&tensor);
    for (found, expected) in losses.to_vec().into_iter().zip(definition(x)) {
        assert!((found - expected).abs() < 1e-10, "{found} for {expected}");
    }
    let count = losses.shape().elements();
    let total = Double::reduce(congruent::backend::Reduce::Sum, &Double::reshape(losses.array(), &[count]), 0);
    let found = Double::gradient(&Double::backward(total), tensor.array()).unwrap();
    for (at, found) in Double::to_vec(&found).unwrap().into_iter().enumerate() {
        let beside = |distance: f64| {
            let mut x = x.to_vec();
            x[at] += distance;
            definition(&x).into_iter().sum::<f64>()
        };
        let expected = (beside(1e-5) - beside(-1e-5)) / 2e-5;
        assert!((found - expected).abs() < 1e-7 * expected.abs().max(1.0), "{found} for {expected} at {at}");
    }
}

type Double = Cpu<f64>;
dims! { Rows = 3; Columns = 4; }

#[test]
fn focal_and_dice_are_their_definitions() {
    let mut rng = Rng::with_seed(3);
    let x: Vec<f64> = (0..12).map(|_| rng.f64() * 6.0 - 3.0).collect();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let ids = [3u32, 0, 2];
    let targets = Ids::new((Rows,), Columns, &ids).unwrap();
    let answers: Vec<f64> = (0..12).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let binary = Double::from_vec((Rows, Columns), answers.clone()).unwrap();
    for gamma in [0.0, 0.5, 1.0, 2.0, 3.5] {
        let of_classes = |x: &[f64]| {
            let row = |(row, id): (&[f64], &u32)| {
                let p = row[*id as usize].exp() / row.iter().map(|x| x.exp()).sum::<f64>();
                -(1.0 - p).powf(gamma) * p.ln()
            };
            x.chunks(4).zip(&ids).map(row).collect()
        };
        check(&x, |x| focal_loss(x, &targets, gamma), of_classes);
        let each = |(x, t): (&f64, &f64)| {
            let p = if *t == 1.0 { sigmoid(*x) } else { 1.0 - sigmoid(*x) };
            -(1.0 - p).powf(gamma) * p.ln()
        };
        check(&x, |x| binary_focal_loss(x, &binary, gamma), |x| x.iter().zip(&answers).map(each).collect());
    }
    // Without a power it is the loss that it is made of, and certain predictions have numbers for losses and slopes.
    let x32 = Tensor::from_nested((Columns,), [90.0, -90.0, 0.0, 90.0]).tracked();
    let answers32 = Tensor::from_nested((Columns,), [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(binary_focal_loss(&x32, &answers32, 0.0).to_vec(), binary_cross_entropy(&x32, &answers32).to_vec());
    let id = Ids::new((), Columns, &[0]).unwrap();
    assert_eq!(focal_loss(&x32, &id, 0.0).to_vec(), cross_entropy(&x32, &id).to_vec());
    for gamma in [0.5, 1.0, 2.0] {
        let losses = binary_focal_loss(&x32, &answers32, gamma);
        assert!(losses.to_vec()[0] < 1e-6 && (losses.to_vec()[3] - 90.0).abs() < 1e-3);
        assert!(losses.sum(Columns).backward().of(&x32).to_vec().iter().all(|slope| slope.is_finite()));
    }

    for smooth in [0.0, 1.0] {
        let of_rows = |x: &[f64]| {
            let row = |(x, t): (&[f64], &[f64])| {
                let sum = |f: fn(f64, f64) -> f64| x.iter().zip(t).map(|(x, t)| f(sigmoid(*x), *t)).sum::<f64>();
                1.0 - (2.0 * sum(|p, t| p * t) + smooth) / (sum(|p, t| p + t) + smooth)
            };
            x.chunks(4).zip(answers.chunks(4)).map(row).collect()
        };
        check(&x, |x| dice_loss(x, &binary, Columns, smooth), of_rows);
        let of_columns = |x: &[f64]| {
            let column = |c: usize| {
                let of =
                    |f: fn(f64, f64) -> f64| (0..3).map(|r| f(sigmoid(x[4 * r + c]), answers[4 * r + c])).sum::<f64>();
                1.0 - (2.0 * of(|p, t| p * t) + smooth) / (of(|p, t| p + t) + smooth)
            };
            (0..4).map(column).collect()
        };
        check(&x, |x| dice_loss(x, &binary, Rows, smooth), of_columns);
    }
    let text = super::message(|| drop(dice_loss(&x32.sigmoid(), &answers32, Columns, 1.0)));
    assert!(text.starts_with("`dice_loss` takes logits"), "{text}");
}

#[test]
fn preferences_are_their_definition() {
    let mut rng = Rng::with_seed(4);
    let x: Vec<f64> = (0..12).map(|_| -rng.f64() * 6.0).collect();
    let beta = 0.3;
    // The reference is a constant: the definition does not move with it.
    let reference: Vec<f64> = x[4..8].iter().map(|x| x + 0.5).collect();
    let definition = |x: &[f64]| {
        let loss = |c: usize| {
            let gain = (x[c] - reference[c]) - ((x[8 + c] - 1.0) - (c as f64 - 2.0));
            (1.0 + (-beta * gain).exp()).ln()
        };
        (0..4).map(loss).collect()
    };
    let loss = |t: &Tensor<(Rows, Columns), Double>| {
        let row = |i: usize| t.at(Rows, i).unwrap();
        let likelihood = LogLikelihood::from_logarithms;
        let reference_chosen = likelihood(row(1) + 0.5);
        let reference_rejected = likelihood(Double::from_vec((Columns,), vec![-2.0, -1.0, 0.0, 1.0]).unwrap());
        let (chosen, rejected) = (&likelihood(row(0)), &likelihood(row(2) - 1.0));
        let (reference_chosen, reference_rejected) = (&reference_chosen, &reference_rejected);
        Preference { chosen, rejected, reference_chosen, reference_rejected }.loss(beta)
    };
    check(&x, loss, definition);

    // A likelihood is the sum over the answer, whatever stands in the rest.
    dims! { Two = 2; Seq = 3; Words = 4; }
    let mut logits: Vec<f32> = (0..24).map(|_| rng.f64() as f32).collect();
    let tokens = Ids::new((Two, Seq), Words, &[0, 1, 2, 3, 3, 0]).unwrap();
    let scores =
        next_token_log_probabilities(&Tensor::from_slice((Two, Seq, Words), &logits).unwrap(), &tokens).to_vec();
    logits[16..20].fill(f32::NAN);
    let logits = Tensor::from_vec((Two, Seq, Words), logits).unwrap();
    let is_answer = Cpu::from_vec((Two, Next(Seq)), vec![true, true, true, false]).unwrap();
    let found = log_likelihood(&logits, &tokens, &is_answer).into_tensor().to_vec();
    assert_near("likelihood", &found, &[scores[0] + scores[1], scores[2]]);
}
