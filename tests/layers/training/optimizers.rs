//! Optimizers against PyTorch's, and against the definition of Lion: `make_training.py`.

use crate::common::layers::Inputs;
use crate::common::{Case, reference};
use congruent::half::{bf16, f16};
use congruent::io::{SafeTensors, Weights, Writer, load};
use congruent::nn::Linear;
use congruent::optim::{Adafactor, Adam, AdamW, Lion, LossScale, Muon, MuonLength, Optimizer, Rule, Sgd};
use congruent::prelude::*;

dims! { Stack; Rows; Columns; }

/// Eight steps down `sum((w · a - b)²)`, within `1e-4` of numbers around 1: ours are in single precision. The singular values of a step of
/// Muon pass through five polynomials of degree five whose slopes are up to 3.4. The state of the first three steps goes through a file.
fn check<S: congruent::shape::Unpadded + congruent::shape::OfAllRanks>(
    file: &SafeTensors,
    name: &str,
    rule: impl Rule + 'static,
    shape: S,
) {
    let case = Case { file, name };
    let [mut w, a, b] = ["w", "a", "b"].map(|input| case.input(input, shape));
    let mut optimizer = Optimizer::new(rule);
    for step in 0..8 {
        w.track();
        let squares = (&w * &a - &b).square();
        let loss = congruent::nn::SumOver::all(&squares);
        let sum = loss.mean() * loss.count() as f32;
        optimizer.step(&mut w, &sum.backward(), 1.0);
        if step == 3 {
            let mut writer = Writer::default();
            writer.add("w", &w);
            optimizer.save("optimizer", &mut writer);
            let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
            (w, optimizer) = load(&file, |weights: Weights<f32>| {
                (weights.tensor("w", shape), optimizer.load(&weights.at("optimizer"), &w))
            })
            .unwrap();
        }
    }
    let found = w.to_vec();
    assert!(!found.is_empty());
    for (found, expected) in found.into_iter().zip(case.tensor("out.w", shape).to_vec()) {
        assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{name}: {found} for {expected}");
    }
}

#[test]
fn they_take_the_steps_of_their_definitions() {
    let file = SafeTensors::open(reference("training.safetensors")).unwrap();
    let adafactor = Adafactor { learning_rate: 0.05, ..Adafactor::default() };
    let muon = Muon { learning_rate: 0.02, ..Muon::default() };
    bind!(two: Stack = 2, four: Rows = 4, three: Columns = 3, five: Rows = 5, one: Rows = 1);
    check(&file, "adafactor_matrix", adafactor, (four, three));
    let decays = Adafactor { weight_decay: 0.1, decay: 0.5, clip: 1.5, ..adafactor };
    check(&file, "adafactor_decay", decays, (four, three));
    check(&file, "adafactor_vector", adafactor, (five,));
    check(&file, "adafactor_stack", adafactor, (two, four, three));
    check(&file, "adafactor_row", adafactor, (one, three));
    check(&file, "lion", Lion { learning_rate: 0.01, weight_decay: 0.1, ..Lion::default() }, (four, three));
    check(&file, "muon_wide", muon, (three, five));
    check(&file, "muon_tall", Muon { nesterov: false, weight_decay: 0.0, ..muon }, (five, three));
    check(&file, "muon_as_adamw", Muon { length: MuonLength::AsAdamW, ..muon }, (five, three));
    check(&file, "muon_one", muon, (one, one));
}

/// What is no matrix takes the step of the other rule, bit for bit; a matrix without elements is no error.
#[test]
fn muon_is_for_matrices() {
    dims! { In = 3; Out = 2; None = 0; }
    let others = AdamW { learning_rate: 0.5, ..AdamW::default() };
    let mut by_muon = Linear::random(In, Out, &mut Rng::with_seed(1));
    by_muon.track();
    let mut by_other = by_muon.clone();
    let x = Tensor::ones((In,));
    let stepped = |model: &mut Linear<In, Out>, mut optimizer: Optimizer| {
        let gradients = model.forward(&x).square().sum(Out).backward();
        optimizer.step(model, &gradients, 1.0);
    };
    let rule = Muon { others, ..Muon::default() };
    stepped(&mut by_muon, Optimizer::new(rule));
    stepped(&mut by_other, Optimizer::new(others));
    let [found, expected] = [&by_muon, &by_other].map(|model| model.bias.as_ref().unwrap().to_vec());
    assert_eq!(found, expected);
    assert_ne!(by_muon.weight.to_vec(), by_other.weight.to_vec());

    for mut optimizer in [Optimizer::new(rule), Optimizer::new(Adafactor::default()), Optimizer::new(Lion::default())] {
        let mut empty = Tensor::zeros((None, In)).tracked();
        let gradients = empty.sum(None).sum(In).backward();
        optimizer.step(&mut empty, &gradients, 1.0);
        assert!(empty.to_vec().is_empty());
    }
    stays::<f32>();
    stays::<f16>();
    stays::<bf16>();
}

/// A matrix whose gradient is zero stays as it is.
fn stays<T: congruent::backend::Float>()
where
    Cpu<T>: congruent::backend::Autodiff<Elem = T>,
{
    dims! { Rows = 2; Columns = 3; }
    let muon = Optimizer::<Cpu<T>>::new(Muon { weight_decay: 0.0, ..Muon::default() });
    let adamw = Optimizer::new(AdamW { weight_decay: 0.0, ..AdamW::default() });
    let others = [Optimizer::new(Adafactor::default()), Optimizer::new(Lion::default())];
    for mut optimizer in [muon, adamw, Optimizer::new(Adam::default())].into_iter().chain(others) {
        let mut x = Cpu::<T>::ones((Rows, Columns)).tracked();
        let gradients = (&x - x.clone()).sum(Rows).sum(Columns).backward();
        optimizer.step(&mut x, &gradients, 1.0);
        assert!(x.to_vec().into_iter().all(|x| x == T::one()));
    }
}

/// Gradients that are zero in half precision come through, those that overflow leave out the step, and a resumed run goes on with the
/// factor.
#[test]
fn a_scaled_loss_keeps_small_gradients() {
    dims! { Out = 2; }
    let mut model = Tensor::from_nested((Out,), [1.0, -1.0]).cast::<f16>();
    let slope = 2f32.powi(-14);
    // Each of the two factors is a number of half precision, and their product is none.
    let loss =
        |model: &TensorOf<(Out,), f16>| -> Tensor<()> { (model * f16::from_f32(slope)).cast::<f32>().sum(Out) * slope };
    model.track();
    assert_eq!(loss(&model).backward().of(&model).to_vec(), [f16::ZERO; 2]);
    let mut scale = LossScale { interval: 2, ..LossScale::default() };
    let mut optimizer = Optimizer::<Cpu<f16>>::new(Sgd { learning_rate: 2f64.powi(20), ..Sgd::default() });
    let scaled = scale.backward(loss(&model));
    let gradients = scale.unscaled(scaled, &model).expect("they are finite");
    // 2⁻²⁸ is none of its numbers either; before it is made smaller, it is 2⁻¹².
    assert_eq!((scale.factor, scale.finite), (65536.0, 1));
    drop(gradients);
    // Twice as large in the end, and infinite.
    let large = |model: &TensorOf<(Out,), f16>| -> Tensor<()> { model.cast::<f32>().sum(Out) * 3.0 };
    let scaled = scale.backward(large(&model));
    assert!(scale.unscaled(scaled, &model).is_none());
    assert_eq!((scale.factor, scale.finite), (32768.0, 0));
    scale.factor = 4096.0;
    for _ in 0..2 {
        let scaled = scale.backward(large(&model));
        let gradients = scale.unscaled(scaled, &model).expect("they are finite");
        assert_eq!(gradients.of(&model).to_vec(), [f16::from_f32(3.0); 2]);
        optimizer.step(&mut model, &gradients, 2f64.powi(-20));
    }
    assert_eq!(model.to_vec(), [-5.0, -7.0].map(f16::from_f32));
    assert_eq!((scale.factor, scale.finite), (8192.0, 0));

    scale.finite = 1;
    let mut writer = Writer::default();
    scale.save("scale", &mut writer);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let like = LossScale { interval: 2, ..LossScale::default() };
    let resumed = load(&file, |weights: Weights<f32>| like.load(&weights.at("scale"))).unwrap();
    assert_eq!(resumed, scale);
    let constant = model.detach();
    let text = super::message(|| {
        let scaled = LossScale::default().backward(large(&model));
        LossScale::default().unscaled::<_, Cpu<f16>, _>(scaled, &constant);
    });
    assert!(text.starts_with("nothing is unscaled"), "{text}");
}
