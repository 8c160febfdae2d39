//! Slopes of dual numbers beside gradients, and gradients of slopes beside differences of gradients.

use congruent::backend::{
    ArrayOf, AttentionMask, AttentionOptions, Autodiff, Backend, Binary, Reduce, Scan, Unary, composed,
};
use congruent::dim::Next;
use congruent::dual::{self, DualOf, hessian_vector_product, jacobian_vector_product, model_along};
use congruent::nn::{Embedding, LayerNorm, Linear, attention, cross_entropy, next_token_loss};
use congruent::prelude::*;

dims! { Count; Batch = 2; Seq = 4; Embed = 6; Heads = 2; HeadDim = 3; Hidden = 5; Classes = 3; }

type C = Cpu<f64>;

/// Numbers between -1 and 1.
fn random<S: Shape>(shape: S, seed: u64) -> Tensor<S, C> {
    let mut rng = Rng::with_seed(seed);
    C::from_vec(shape, (0..shape.elements()).map(|_| 2.0 * rng.f64() - 1.0).collect()).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64, scale: f64, of: &str) {
    let is_near = found == expected || (found - expected).abs() <= 1e-9 * (1.0 + scale);
    assert!(is_near || found.is_nan() && expected.is_nan(), "{of}: found {found}, expected {expected}");
}

/// An operation on any backend.
trait Operation {
    fn run<B: Backend<Elem = f64>>(&self, x: &[ArrayOf<B>]) -> ArrayOf<B>;
}

/// How fast a weighted sum of the results changes along random directions of all inputs: by slopes, and by gradients.
fn check(name: &str, operation: &impl Operation, inputs: &[(&[usize], Vec<f64>)]) {
    let device = Default::default();
    let mut rng = Rng::with_seed(7);
    let mut numbers = |count: usize| (0..count).map(|_| 2.0 * rng.f64() - 1.0).collect::<Vec<_>>();
    let arrays: Vec<_> = inputs.iter().map(|(sizes, x)| C::from_elements(x.clone(), sizes, &device)).collect();
    let directions: Vec<_> = inputs.iter().map(|(_, x)| numbers(x.len())).collect();
    let tracked: Vec<_> = arrays.iter().map(|x| C::track(x.clone())).collect();
    let y = operation.run::<C>(&tracked);
    let count = C::sizes(&y).iter().product();
    let weights = numbers(count);
    let flat = C::reshape(&y, &[count]);
    let values = C::to_vec(&flat).unwrap();
    let weighted = C::binary(Binary::Mul, flat, C::from_elements(weights.clone(), &[count], &device));
    let gradients = C::backward(C::reduce(Reduce::Sum, &weighted, 0));
    let (mut expected, mut scale) = (0.0, 0.0);
    for (x, direction) in tracked.iter().zip(&directions) {
        let Some(gradient) = C::gradient(&gradients, x) else { continue };
        for (gradient, direction) in C::to_vec(&gradient).unwrap().iter().zip(direction) {
            (expected, scale) = (expected + gradient * direction, scale + (gradient * direction).abs());
        }
    }
    // Dual numbers are made by the typed layer alone.
    let duals = arrays.iter().zip(&directions).map(|(x, direction)| {
        Count::with(direction.len(), |count| {
            let flat = |array: &ArrayOf<C>| C::from_vec((count,), C::to_vec(array).unwrap()).unwrap();
            let direction = C::from_vec((count,), direction.clone()).unwrap();
            let dual = flat(x).dual_along(&direction).into_array();
            DualOf::<C>::reshape(&dual, C::sizes(x))
        })
    });
    let y = operation.run::<DualOf<C>>(&duals.collect::<Vec<_>>());
    Count::with(count, |count| {
        let y = Tensor::<_, DualOf<C>>::try_from_array((count,), DualOf::<C>::reshape(&y, &[count.size()])).unwrap();
        for (found, expected) in y.value().to_vec().into_iter().zip(values) {
            near(found, expected, expected.abs(), name);
        }
        let found = y.slope().to_vec().iter().zip(&weights).map(|(slope, weight)| slope * weight).sum();
        near(found, expected, scale, name);
    });
}

#[test]
fn slopes_of_functions_of_numbers() {
    struct OfOne(Unary);
    impl Operation for OfOne {
        fn run<B: Backend<Elem = f64>>(&self, x: &[ArrayOf<B>]) -> ArrayOf<B> {
            B::unary(self.0, x[0].clone())
        }
    }
    struct OfTwo(Binary);
    impl Operation for OfTwo {
        fn run<B: Backend<Elem = f64>>(&self, x: &[ArrayOf<B>]) -> ArrayOf<B> {
            B::binary(self.0, x[0].clone(), x[1].clone())
        }
    }
    for &op in Unary::ALL {
        for x in [0.1, 0.7, 1.9, -0.3, -2.4] {
            check(&format!("{op:?} {x}"), &OfOne(op), &[(&[1], vec![x])]);
        }
    }
    for &op in Binary::ALL {
        for (x, y) in [(0.4, 1.7), (2.3, 0.6), (1.5, 1.5), (2.0, -1.3), (0.0, 2.0), (1.2, 0.0)] {
            check(&format!("{op:?} {x} {y}"), &OfTwo(op), &[(&[1], vec![x]), (&[1], vec![y])]);
        }
        let rows = (1..=6).map(|i| 0.37 * f64::from(i)).collect();
        check(&format!("{op:?} of rows"), &OfTwo(op), &[(&[2, 3], rows), (&[3], vec![0.9, 0.5, 0.8])]);
    }
}

#[test]
fn slopes_of_operations_on_arrays() {
    struct Of<F>(F);
    macro_rules! operation {
        ($B:ident, $x:ident => $y:expr) => {{
            struct Own;
            impl Operation for Own {
                fn run<$B: Backend<Elem = f64>>(&self, $x: &[ArrayOf<$B>]) -> ArrayOf<$B> {
                    $y
                }
            }
            Of(Own)
        }};
    }
    impl<F: Operation> Of<F> {
        fn on(&self, name: &str, sizes: &[&[usize]]) {
            let mut rng = Rng::with_seed(3);
            let inputs = sizes.iter().map(|&sizes| {
                let count = sizes.iter().product::<usize>();
                (sizes, (0..count).map(|_| 2.0 * rng.f64() - 1.0).collect())
            });
            check(name, &self.0, &inputs.collect::<Vec<_>>());
        }
    }
    operation!(B, x => B::reduce(Reduce::Max, &x[0], 1)).on("max", &[&[3, 4]]);
    operation!(B, x => B::reduce(Reduce::Variance, &x[0], 0)).on("variance", &[&[3, 4]]);
    operation!(B, x => composed::product::<B>(&x[0], 1)).on("product", &[&[2, 5]]);
    operation!(B, x => B::scan(Scan::Product, &x[0], 1)).on("cumprod", &[&[2, 5]]);
    operation!(B, x => B::linear_recurrence(&x[0], &x[1], 1)).on("recurrence", &[&[2, 5, 2], &[2, 5, 2]]);
    operation!(B, x => B::softmax(x[0].clone(), 1)).on("softmax", &[&[2, 5]]);
    operation!(B, x => B::top_k(&x[0], 2).0).on("top_k", &[&[2, 5]]);
    operation!(B, x => B::matmul(&x[0], &x[1])).on("matmul", &[&[2, 3, 4], &[4, 5]]);
    operation!(B, x => B::concat(&[&B::permute(&x[0], &[1, 0]), &x[1]], 1)).on("concat", &[&[2, 3], &[3, 1]]);
    operation!(B, x => B::layer_norm(x[0].clone(), &x[1], Some(&x[2]), 0.1)).on("norm", &[&[3, 4], &[4], &[4]]);
    operation!(B, x => B::attention(&x[0], &x[1], &x[2], &AttentionMask::default(), AttentionOptions::scaled(0.7)))
        .on("attention", &[&[1, 2, 3, 4], &[1, 2, 5, 4], &[1, 2, 5, 3]]);
}

/// Parts of a transformer, with whatever numbers.
struct Model<B: Backend<Elem = f64>> {
    norm: LayerNorm<Embed, B>,
    heads: Linear<Embed, Times<Heads, HeadDim>, B>,
    hidden: Linear<Times<Heads, HeadDim>, Hidden, B>,
    output: Linear<Hidden, Classes, B>,
}

fn loss<B: Backend<Elem = f64>>(model: &Model<B>, x: &Tensor<(Batch, Seq, Embed), B>) -> Tensor<(), B> {
    let heads = model.heads.forward(&model.norm.forward(x)).split_heads();
    let attended = attention(&heads, &heads, &heads, &Causal).merge_heads();
    let logits = model.output.forward(&model.hidden.forward(&attended).gelu());
    let targets = Ids::new((Batch, Seq), Classes, &[0, 1, 2, 0, 2, 2, 1, 0]).unwrap();
    let targets = targets.to_engine::<B>(&x.device());
    cross_entropy(&logits, &targets).mean(Seq).mean(Batch)
}

fn model() -> Model<C> {
    Model {
        norm: LayerNorm { weight: random((Embed,), 1), bias: Some(random((Embed,), 2)), epsilon: 1e-5 },
        heads: Linear { weight: random((Times(Heads, HeadDim), Embed), 3), bias: None },
        hidden: Linear { weight: random((Hidden, Times(Heads, HeadDim)), 4), bias: Some(random((Hidden,), 5)) },
        output: Linear { weight: random((Classes, Hidden), 6), bias: None },
    }
}

fn dual(model: &Model<C>) -> Model<DualOf<C>> {
    let bias = |bias: &Option<Tensor<(Hidden,), C>>| bias.as_ref().map(Tensor::dual);
    Model {
        norm: LayerNorm {
            weight: model.norm.weight.dual(),
            bias: model.norm.bias.as_ref().map(Tensor::dual),
            epsilon: model.norm.epsilon,
        },
        heads: Linear { weight: model.heads.weight.dual(), bias: None },
        hidden: Linear { weight: model.hidden.weight.dual(), bias: bias(&model.hidden.bias) },
        output: Linear { weight: model.output.weight.dual(), bias: None },
    }
}

#[test]
fn hessian_vector_products_of_a_transformer() {
    let model = model();
    let (x, direction) = (random((Batch, Seq, Embed), 10), random((Batch, Seq, Embed), 11));
    let step = 1e-5;
    let moved = |by: f64| &x + &direction * by;

    let (value, slope) = jacobian_vector_product(|x| loss(&dual(&model), &x), &x, &direction);
    near(value.scalar(), loss(&model, &x).scalar(), 1.0, "the loss");
    let difference = (loss(&model, &moved(step)) - loss(&model, &moved(-step))).scalar() / (2.0 * step);
    // The difference of losses of about 1 has ten digits, of which the step takes five.
    assert!((slope.scalar() - difference).abs() < 1e-8, "found {slope}, expected {difference}");

    // With respect to the input, and to a weight through which the input goes.
    let gradients = |by: f64| {
        let x = moved(by).tracked();
        let weight = model.hidden.weight.clone().tracked();
        let hidden = Linear { weight: weight.clone(), bias: model.hidden.bias.clone() };
        let model = Model { hidden, ..self::model() };
        let gradients = loss(&model, &x).backward();
        (gradients.of(&x), gradients.of(&weight))
    };
    let ((above, above_weight), (below, below_weight)) = (gradients(step), gradients(-step));
    let product = hessian_vector_product(|x| loss(&dual(&model), &x), &x, &direction);
    let near = |found: &[f64], above: &[f64], below: &[f64]| {
        for ((found, above), below) in found.iter().zip(above).zip(below) {
            let expected = (above - below) / (2.0 * step);
            assert!((found - expected).abs() < 1e-8, "found {found}, expected {expected}");
        }
    };
    near(&product.to_vec(), &above.to_vec(), &below.to_vec());
    assert!(product.to_vec().iter().any(|x| x.abs() > 1e-3), "there is something to be found: {product}");

    let weight = model.hidden.weight.clone().tracked();
    let mut of_duals = dual(&model);
    of_duals.hidden.weight = weight.dual();
    let gradients = loss(&of_duals, &x.dual_along(&direction)).slope().backward();
    near(&gradients.of(&weight).to_vec(), &above_weight.to_vec(), &below_weight.to_vec());
}

#[test]
fn what_does_not_depend_on_the_input_has_no_slope() {
    let x = random((Embed,), 1);
    let product = hessian_vector_product(|x| x.sum(Embed), &x, &x);
    assert_eq!(product.to_vec(), [0.0; 6]);
    let (_, slope) = jacobian_vector_product(|x| x.detach().square(), &x, &x);
    assert_eq!(slope.to_vec(), [0.0; 6]);
    let (_, slope) = jacobian_vector_product(|x| x.floor(), &x, &x);
    assert_eq!(slope.to_vec(), [0.0; 6]);
}

/// Where their terms are larger than any number, the slopes are 0 and 1, as gradients are.
#[test]
fn slopes_of_large_numbers_are_those_of_the_gradients() {
    fn check<T: congruent::backend::Float>(numbers: &[f64]) {
        let number = |x: f64| T::from_value(congruent::backend::Value::Float(x));
        bind!(count: Count = numbers.len());
        let x = <Cpu<T>>::from_vec((count,), numbers.iter().map(|&x| number(x)).collect()).unwrap();
        let ones = <Cpu<T>>::from_vec((count,), vec![number(1.0); numbers.len()]).unwrap();
        macro_rules! check { ($($function:ident)*) => {$(
            let (_, slope) = jacobian_vector_product(|x| x.$function(), &x, &ones);
            for (found, x) in slope.to_vec().into_iter().zip(numbers) {
                let expected = if *x > 0.0 { 1.0 } else { 0.0 };
                // As far as at -60, where the slope is below 1e-24.
                assert!((found.to_f64().unwrap() - expected).abs() < 1e-20, "{}: {slope}", stringify!($function));
            }
        )*} }
        check!(gelu gelu_tanh quick_gelu silu);
    }
    check::<half::f16>(&[66.0, 70.0, -100.0, 6e4, -6e4, f64::INFINITY, f64::NEG_INFINITY]);
    check::<f32>(&[1e30, -1e30, 3e38, -3e38, f64::INFINITY, f64::NEG_INFINITY]);
    // The gradients, of what is finite.
    let x = <Cpu<f32>>::from_vec((N::<4>,), vec![70.0, -70.0, 3e38, -3e38]).unwrap().tracked();
    for y in [x.gelu(), x.gelu_tanh(), x.quick_gelu(), x.silu()] {
        let gradients = y.sum(At::<0>).backward().of(&x).to_vec();
        assert!(gradients.iter().zip([1.0, 0.0, 1.0, 0.0]).all(|(x, y)| (x - y).abs() < 1e-20), "{gradients:?}");
    }
}

/// A model of language, of which ids are the input.
#[derive(Module)]
struct Language<B: Backend = C> {
    embedding: Embedding<Classes, Embed, B>,
    norm: LayerNorm<Embed, B>,
    heads: Linear<Embed, Times<Heads, HeadDim>, B>,
    #[module(buffer)]
    mean: Tensor<(Embed,), B>,
}

impl<B: Backend<Elem = f64>> Language<B> {
    fn loss(&self, ids: &TensorOf<(Batch, Seq), Index<Classes>, B>) -> Tensor<(), B> {
        let x = self.embedding.forward(ids);
        let heads = self.heads.forward(&(self.norm.forward(&x) - &self.mean)).split_heads();
        let attended: Tensor<(Batch, Seq, Times<Heads, HeadDim>), B> =
            attention(&heads, &heads, &heads, &Causal).merge_heads();
        let logits = self.embedding.logits(&(x + attended.relabel(Times(Heads, HeadDim), Embed)));
        next_token_loss(&logits, ids).mean(Next(Seq)).mean(Batch)
    }
}

fn language(seed: u64) -> Language {
    Language {
        embedding: Embedding { weight: random((Classes, Embed), seed) },
        norm: LayerNorm { weight: random((Embed,), seed + 1), bias: Some(random((Embed,), seed + 2)), epsilon: 1e-5 },
        heads: Linear { weight: random((Times(Heads, HeadDim), Embed), seed + 3), bias: None },
        mean: random((Embed,), seed + 4),
    }
}

/// The elements of all parameters but buffers.
fn elements<B: Backend<Elem = f64>>(
    model: &impl Module<B>,
    of: impl Fn(&ArrayOf<B>) -> Option<ArrayOf<B>>,
) -> Vec<f64> {
    let mut elements = Vec::new();
    model.for_each(|parameter| {
        if !parameter.is_buffer() {
            elements.extend(B::to_vec(&of(parameter.array()).expect("every parameter has a gradient")).unwrap());
        }
    });
    elements
}

/// The gradients with respect to all parameters of a model, of which each is moved by so much of the direction.
fn gradients_at<M: Module<C>>(mut model: M, direction: &M, by: f64, loss: impl Fn(&M) -> Tensor<(), C>) -> Vec<f64> {
    let mut directions = Vec::new();
    direction.for_each(|parameter| directions.push(parameter.array().clone()));
    let mut directions = directions.into_iter();
    model.for_each_mut(|mut parameter| {
        let direction = directions.next().unwrap();
        if !parameter.as_parameter().is_buffer() {
            parameter.change(|x| C::binary(Binary::Add, x, C::binary_scalar(Binary::Mul, direction, by)));
        }
    });
    model.track();
    let gradients = C::backward(loss(&model).into_array());
    elements(&model, |x| C::gradient(&gradients, x))
}

#[test]
fn hessian_vector_products_of_all_parameters_of_a_model_of_language() {
    let ids = Ids::new((Batch, Seq), Classes, &[0, 1, 2, 0, 2, 2, 1, 0]).unwrap().to_engine::<C>(&Default::default());
    let (mut model, direction) = (language(1), language(20));
    model.track();
    let slope = model_along(&model, &direction).loss(&ids.dual()).slope();
    let products = C::backward(slope.into_array());
    let found = elements(&model, |x| C::gradient(&products, x));
    let step = 1e-5;
    let [above, below] = [step, -step].map(|by| gradients_at(language(1), &direction, by, |model| model.loss(&ids)));
    assert!(found.iter().any(|x| x.abs() > 1e-2), "there is something to be found");
    for (found, (above, below)) in found.into_iter().zip(above.into_iter().zip(below)) {
        let expected = (above - below) / (2.0 * step);
        assert!((found - expected).abs() < 1e-8, "found {found}, expected {expected}");
    }
}

#[test]
#[should_panic(expected = "the direction has no parameter `1.weight`")]
fn a_direction_has_every_parameter() {
    let layer = || Linear { weight: random((Hidden, Embed), 1), bias: None };
    model_along(&vec![layer(), layer()], &vec![layer()]);
}

#[test]
fn the_gradients_of_a_penalty_on_a_gradient_are_those_of_its_differences() {
    type Critic<B> = Linear<Embed, Hidden, B>;
    fn score<B: Backend<Elem = f64>>(critic: &Critic<B>, x: &Tensor<(Batch, Embed), B>) -> Tensor<(), B> {
        critic.forward(x).tanh().square().sum(Hidden).sum(Batch)
    }
    fn penalty(g: &Tensor<(Batch, Embed), C>) -> Tensor<(), C> {
        (g.norm(Embed) - 1.0).square().mean(Batch)
    }
    let critic = || Linear { weight: random((Hidden, Embed), 1), bias: Some(random((Hidden,), 2)) };
    let x = random((Batch, Embed), 3).tracked();
    let of_x = |critic: &Critic<C>| score(critic, &x).backward().of(&x);

    let mut tracked = critic();
    tracked.track();
    let g = of_x(&tracked).tracked();
    let direction = penalty(&g).backward().of(&g);
    let slope = score(&dual::model(&tracked), &x.detach().dual_along(&direction)).slope();
    let gradients = C::backward(slope.into_array());
    let found = elements(&tracked, |x| C::gradient(&gradients, x));
    assert!(found.iter().any(|x| x.abs() > 1e-2), "there is something to be found");
    let mut at = 0;
    let step = 1e-5;
    for (name, count) in [("weight", 30), ("bias", 5)] {
        for i in 0..count {
            let moved = |by: f64| {
                let mut critic = critic();
                critic.for_each_mut(|mut parameter| {
                    if parameter.as_parameter().path().to_string() == name {
                        parameter.change(|x| {
                            let mut elements = C::to_vec(&x).unwrap();
                            elements[i] += by;
                            C::from_elements(elements, C::sizes(&x), &Default::default())
                        });
                    }
                });
                penalty(&of_x(&critic)).scalar()
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((found[at] - expected).abs() < 1e-8, "{name} {i}: found {}, expected {expected}", found[at]);
            at += 1;
        }
    }
}
