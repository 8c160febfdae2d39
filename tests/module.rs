//! `#[derive(Module)]`: which parameters there are, and by which paths.

use congruent::backend::{Backend, Float};
use congruent::generic_array::GenericArray;
use congruent::nn::{Activation, Embedding, GatedFeedForward, LayerNorm, Linear, NormOrder, RmsNorm};
use congruent::prelude::*;
use congruent::typenum::U2;

dims! { Vocab = 5; Embed = 4; Hidden = 6; Classes = 3; }

fn names<B: Backend<Elem: Float>>(module: &impl Module<B>) -> Vec<String> {
    let mut names = Vec::new();
    module.for_each(|parameter| names.push(format!("{} {}", parameter.path(), parameter.shape())));
    names
}

fn norm() -> RmsNorm<Embed> {
    RmsNorm::new(Embed, 1e-5)
}

#[derive(Module)]
enum Norm<E> {
    Layer(LayerNorm<E>),
    Scale { scale: Tensor<(E,)> },
    None,
}

/// Generic over dimensions, a layer and the backend; with fields that have no parameters.
#[derive(Module)]
struct Parts<V, E, L: Module<B>, B: Backend<Elem: Float>> {
    embedding: Embedding<V, E, B>,
    layers: Vec<L>,
    #[module(name = "ln_f")]
    r#final: RmsNorm<E, B>,
    #[module(skip)]
    #[allow(dead_code)]
    cache: Option<std::collections::HashMap<String, usize>>,
    scale: f64,
    order: NormOrder,
    activation: Activation,
    vocabulary: V,
}

#[derive(Module)]
struct Wrapper(Linear<Embed, Classes>);

#[derive(Module)]
struct Pair(RmsNorm<Embed>, [RmsNorm<Embed>; 2]);

#[derive(Module)]
#[module(backend = Cpu<f64>)]
struct Double {
    weight: Tensor<(Embed,), Cpu<f64>>,
}

#[test]
fn paths_are_the_names_of_the_fields() {
    let mut rng = Rng::with_seed(1);
    let parts = Parts {
        embedding: Embedding { weight: Tensor::ones((Vocab, Embed)) },
        layers: vec![GatedFeedForward::random(Embed, Hidden, &mut rng); 2],
        r#final: norm(),
        cache: None,
        scale: 1.0,
        order: NormOrder::Pre,
        activation: Activation::Gelu,
        vocabulary: Vocab,
    };
    let expected = [
        "embedding.weight (Vocab = 5, Embed = 4)",
        "layers.0.gate.weight (Hidden = 6, Embed = 4)",
        "layers.0.up.weight (Hidden = 6, Embed = 4)",
        "layers.0.down.weight (Embed = 4, Hidden = 6)",
        "layers.1.gate.weight (Hidden = 6, Embed = 4)",
        "layers.1.up.weight (Hidden = 6, Embed = 4)",
        "layers.1.down.weight (Embed = 4, Hidden = 6)",
        "ln_f.weight (Embed = 4)",
    ];
    assert_eq!(names(&parts), expected);
    assert_eq!(parts.parameter_count(), 5 * 4 + 6 * 24 + 4);
    assert!(parts.scale == 1.0 && parts.order == NormOrder::Pre && parts.activation == Activation::Gelu);
    assert_eq!(parts.vocabulary.size(), 5);
}

#[test]
fn tuples_and_lists_have_positions() {
    let linear = Linear::random(Embed, Classes, &mut Rng::with_seed(1));
    assert_eq!(names(&Wrapper(linear.clone())), ["weight (Classes = 3, Embed = 4)", "bias (Classes = 3)"]);
    let weight = "weight (Embed = 4)";
    let three = [format!("0.{weight}"), format!("1.0.{weight}"), format!("1.1.{weight}")];
    assert_eq!(names(&Pair(norm(), [norm(), norm()])), three);
    assert_eq!(names(&(norm(), [norm(), norm()])), three);
    let array: GenericArray<_, U2> = GenericArray::from([norm(), norm()]);
    assert_eq!(names(&array), [format!("0.{weight}"), format!("1.{weight}")]);
    assert_eq!(names(&Some(linear.without_bias())), ["weight (Classes = 3, Embed = 4)"]);
    assert!(names(&None::<RmsNorm<Embed>>).is_empty());
    assert_eq!(names(&Double { weight: Cpu::<f64>::ones((Embed,)) }), ["weight (Embed = 4)"]);
}

#[test]
fn an_enumeration_has_the_parameters_of_its_alternative() {
    assert_eq!(names(&Norm::Layer(LayerNorm::new(Embed, 1e-5))), ["weight (Embed = 4)", "bias (Embed = 4)"]);
    assert_eq!(names(&Norm::Scale { scale: Tensor::ones((Embed,)) }), ["scale (Embed = 4)"]);
    assert!(names(&Norm::<Embed>::None).is_empty());
}

#[test]
fn parameters_are_tracked_and_frozen() {
    let mut pair = Pair(norm(), [norm(), norm()]);
    pair.track();
    pair.1[1].freeze();
    let mut tracked = Vec::new();
    pair.for_each(|parameter| tracked.push(parameter.is_tracked()));
    assert_eq!(tracked, [true, true, false]);
    // Tracking again forgets what led to a parameter.
    pair.0.weight = pair.0.weight.square();
    let before = pair.0.weight.clone();
    pair.track();
    let gradients = pair.0.weight.sum(Embed).backward();
    assert_eq!(gradients.of(&pair.0.weight).to_vec(), [1.0; 4]);
    assert!(gradients.get(&before).is_none());
}

#[test]
#[should_panic(expected = "`0.weight` is (Embed = 4)")]
fn a_parameter_keeps_its_shape() {
    let mut pair = Pair(norm(), [norm(), norm()]);
    pair.for_each_mut(|mut parameter| parameter.change(|_| Tensor::ones((Hidden,)).into_array()));
}
