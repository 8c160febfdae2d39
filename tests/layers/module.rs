//! `#[derive(Module)]`: which parameters there are, and by which paths.

use congruent::backend::{Backend, Float, With};
use congruent::generic_array::GenericArray;
use congruent::half::bf16;
use congruent::module::{Boxed, Observed, observe};
use congruent::nn::{Activation, Embedding, GatedFeedForward, LayerNorm, Linear, NormOrder, RmsNorm};
use congruent::prelude::*;
use congruent::typenum::U2;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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

/// A tensor that is a model of its own is at no path, which is said where its name would be.
#[test]
#[should_panic(
    expected = "the tensor without a name is (Embed = 4), of sizes [4], and was to become an array of sizes [6]"
)]
fn a_tensor_alone_keeps_its_shape() {
    let mut alone = Tensor::ones((Embed,));
    alone.for_each_mut(|mut parameter| parameter.change(|_| Tensor::ones((Hidden,)).into_array()));
}

#[cfg(feature = "safetensors")]
#[test]
fn a_tensor_alone_is_missing_without_a_name() {
    use congruent::io::{SafeTensors, Weights, Writer, load};
    let mut writer = Writer::default();
    writer.module("weight", &Tensor::ones((Embed,)));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let found = load(&file, |weights: Weights<f32>| weights.at("weight").module(&Tensor::zeros((Embed,)))).unwrap();
    assert_eq!(found.to_vec(), [1.0; 4]);
    let error = load(&file, |weights: Weights<f32>| weights.module(&Tensor::zeros((Embed,)))).unwrap_err();
    assert!(error.to_string().contains("missing: the tensor without a name, expected (Embed = 4)"), "{error}");
}

/// One of two layers, in a box, with others of its own type.
#[derive(Clone, Module)]
#[module(debug)]
struct Node {
    norm: RmsNorm<Embed>,
    children: Vec<Boxed<Node>>,
}

#[test]
fn modules_in_maps_and_behind_pointers() {
    let leaf = Node { norm: norm(), children: Vec::new() };
    let tree = Node { children: vec![Boxed::new(leaf.clone()), Boxed::new(leaf.clone())], ..leaf };
    let paths = ["norm.weight", "children.0.norm.weight", "children.1.norm.weight"];
    assert_eq!(names(&tree), paths.map(|path| format!("{path} (Embed = 4)")));
    assert_eq!(
        format!("{tree:?}"),
        "Node { norm.weight: (Embed = 4), children.0.norm.weight: (Embed = 4), children.1.norm.weight: (Embed = 4) }"
    );
    assert!(format!("{:#?}", tree.norm).contains("    weight: (Embed = 4),\n"));

    let keys: Vec<String> = (0..20).rev().map(|i| format!("head_{i:02}")).collect();
    let hashed: HashMap<String, _> = keys.iter().map(|key| (key.clone(), norm())).collect();
    let sorted: BTreeMap<String, _> = keys.iter().map(|key| (key.clone(), norm())).collect();
    assert_eq!(names(&hashed), names(&sorted));
    assert_eq!(names(&sorted)[19], "head_19.weight (Embed = 4)");
    let mut hashed = hashed;
    let mut order = Vec::new();
    hashed.for_each_mut(|parameter| order.push(format!("{:?}", parameter.as_parameter())));
    assert_eq!(order, names(&sorted));
    assert_eq!(names(&hashed.to_engine::<Cpu<f32>>(&Default::default())), names(&sorted));
    assert_eq!(names(&sorted.to_engine::<Cpu<f32>>(&Default::default())), names(&sorted));

    // What is shared is changed alone.
    let shared = Arc::new(norm());
    let mut own = Arc::clone(&shared);
    own.track();
    assert!(own.weight.is_tracked() && !shared.weight.is_tracked());
    assert_eq!(names(&own.to_engine::<Cpu<f32>>(&Default::default())), ["weight (Embed = 4)"]);
}

type Narrow = Cpu<bf16>;

/// Norms in single precision, weights in half, in a list and beside what has neither.
#[derive(Clone, Module)]
#[module(backend = Cpu<f32>, backend = Narrow, debug)]
struct Mixed {
    #[module(backend = Cpu<f32>)]
    norm: RmsNorm<Embed>,
    #[module(backend = Narrow, name = "w")]
    weight: Tensor<(Embed,), Narrow>,
    #[module(backend = Narrow, buffer)]
    mean: Tensor<(Embed,), Narrow>,
    scale: f64,
    blocks: Vec<Mixed>,
}

#[test]
fn a_module_of_two_element_types_is_one_on_each() {
    let half = || Narrow::ones((Embed,));
    let block = Mixed { norm: norm(), weight: half(), mean: half(), scale: 1.0, blocks: Vec::new() };
    let mut model = Mixed { blocks: vec![block.clone()], ..block };
    assert_eq!(names::<Cpu<f32>>(&model), ["norm.weight (Embed = 4)", "blocks.0.norm.weight (Embed = 4)"]);
    let narrow = ["w", "mean", "blocks.0.w", "blocks.0.mean"].map(|path| format!("{path} (Embed = 4)"));
    assert_eq!(names::<Narrow>(&model), narrow);
    Module::<Narrow>::track(&mut model);
    assert!(model.blocks[0].weight.is_tracked() && !model.mean.is_tracked() && !model.norm.weight.is_tracked());
    let summary = Module::<Cpu<f32>>::summary(&model).and(Module::<Narrow>::summary(&model));
    let total = summary.total();
    assert_eq!((total.parameters, total.tracked, total.bytes), (16, 8, 2 * 16 + 4 * 8));
    assert_eq!(summary.to_depth(1).parts.last().unwrap().path, "mean");
    assert_eq!(
        format!("{:?}", model.blocks[0]),
        "Mixed { norm.weight: (Embed = 4), w: (Embed = 4), mean: (Embed = 4) }"
    );
    assert_eq!(model.scale, 1.0);
}

/// As `Mixed`, on any engine; with what is not trained, and goes along.
#[derive(Clone, Module)]
#[module(backend = B, backend = With<B, bf16>, debug)]
struct MixedOn<B: Backend<Elem = f32> = Cpu<f32>> {
    #[module(backend = B)]
    norm: RmsNorm<Embed, B>,
    #[module(backend = With<B, bf16>, name = "w")]
    weight: Option<Linear<Embed, Classes, With<B, bf16>>>,
    #[module(backend = With<B, bf16>, buffer)]
    mean: TensorOf<(Embed,), bf16, B>,
    #[module(skip, backend = With<B, f64>)]
    exact: TensorOf<(Embed,), f64, B>,
    #[module(skip)]
    ids: TensorOf<(Embed,), Index<Vocab>, B>,
    scale: f64,
    blocks: Vec<MixedOn<B>>,
}

impl<B: Backend<Elem = f32>> MixedOn<B> {
    /// The names of both, as generic code has them.
    fn names(&self) -> Vec<String> {
        [names::<B>(self), names::<With<B, bf16>>(self)].concat()
    }
}

/// On a backend of any elements, of which only one module is made.
#[derive(Module)]
struct Beside<B: Backend> {
    weight: Tensor<(Embed,), B>,
    #[module(skip, backend = With<B, f64>)]
    exact: TensorOf<(Embed,), f64, B>,
}

#[test]
fn two_element_types_on_any_engine() {
    let half = || Narrow::ones((Embed,));
    let weight = Linear { weight: Narrow::full((Classes, Embed), bf16::from_f32(0.5)), bias: None };
    let (exact, ids) = (Cpu::<f64>::full((Embed,), 0.1), Ids::new((Embed,), Vocab, &[0, 1, 2, 4]).unwrap());
    let block = MixedOn {
        norm: norm(),
        weight: Some(weight),
        mean: half(),
        exact: exact.clone(),
        ids: ids.clone(),
        scale: 2.0,
        blocks: Vec::new(),
    };
    let model = MixedOn { weight: None, blocks: vec![block.clone()], ..block };
    let expected = ["norm.weight (Embed = 4)", "blocks.0.norm.weight (Embed = 4)", "mean (Embed = 4)"];
    let narrow = ["blocks.0.w.weight (Classes = 3, Embed = 4)", "blocks.0.mean (Embed = 4)"];
    assert_eq!(model.names(), [&expected[..], &narrow].concat());

    let mut there: MixedOn = Module::<Cpu<f32>>::to_engine::<Cpu<f32>>(&model, &Default::default());
    assert_eq!(there.names(), model.names());
    assert_eq!((there.exact.to_vec(), there.ids.to_vec(), there.scale), (exact.to_vec(), ids.to_vec(), 2.0));
    Module::<Narrow>::track(&mut there);
    let block = &there.blocks[0];
    let weight = &block.weight.as_ref().unwrap().weight;
    assert!(weight.is_tracked() && !block.mean.is_tracked() && !block.norm.weight.is_tracked());
    assert!(format!("{block:?}").starts_with("MixedOn { norm.weight: (Embed = 4), w.weight: "), "{block:?}");
    let gradients = weight.cast::<f32>().square().sum(Classes).sum(Embed).backward();
    assert_eq!(gradients.on::<Narrow>().of(weight).to_vec(), [bf16::ONE; 12]);

    let beside = Beside { weight: Cpu::<f64>::ones((Embed,)), exact };
    let beside: Beside<Cpu<f64>> = beside.to_engine::<Cpu<f64>>(&Default::default());
    assert_eq!((names(&beside), beside.exact.to_vec()[0]), (vec!["weight (Embed = 4)".to_owned()], 0.1));
}

#[cfg(feature = "safetensors")]
#[test]
fn two_element_types_are_saved_and_loaded() {
    use congruent::io::{SafeTensors, Weights, Writer, load};
    let model = |value: f32| MixedOn::<Cpu<f32>> {
        norm: RmsNorm { weight: Tensor::full((Embed,), value), epsilon: 1e-5 },
        weight: None,
        mean: Narrow::full((Embed,), bf16::from_f32(value)),
        exact: Cpu::<f64>::ones((Embed,)),
        ids: Ids::new((Embed,), Vocab, &[0; 4]).unwrap(),
        scale: 1.0,
        blocks: Vec::new(),
    };
    let mut writer = Writer::default();
    writer.module::<Cpu<f32>>("model", &model(3.0));
    writer.module::<Narrow>("model", &model(3.0));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let loaded = load(&file, |weights: Weights<f32>| {
        let weights = weights.at("model");
        weights.of::<bf16>().module(&weights.module(&model(1.0)))
    });
    let loaded = loaded.unwrap();
    assert_eq!(loaded.norm.weight.to_vec(), [3.0; 4]);
    assert_eq!(loaded.mean.to_vec(), [bf16::from_f32(3.0); 4]);
}

/// Layers are seen by their paths, and only inside: of another thread and after a panic neither.
#[test]
fn what_layers_give_is_observed() {
    let rng = &mut Rng::with_seed(1);
    let model = (Embedding::random(Vocab, Embed, rng), vec![GatedFeedForward::random(Embed, Hidden, rng)], norm());
    let ids = Ids::new((Classes,), Vocab, &[0, 4, 4]).unwrap();
    let forward = || {
        let x = model.2.forward(&model.1[0].forward(&model.0.forward(&ids)));
        model.0.logits(&x)
    };
    let paths = |seen: &[Observed]| seen.iter().map(|of| of.path.clone()).collect::<Vec<_>>();
    let (logits, seen) = observe(&model, |_| true, forward);
    assert_eq!(paths(&seen), ["0", "1.0.gate", "1.0.up", "1.0.down", "2", "0"]);
    assert_eq!(seen[0].shape, "(Classes = 3, Embed = 4)");
    assert_eq!(seen[0].to_vec(), model.0.forward(&ids).to_vec());
    assert_eq!(seen[5].to_vec(), logits.to_vec());
    // An inner scope sees for itself, and the outer one goes on after it.
    let ((inner, _), outer) = observe(
        &model,
        |path| path == "2",
        || {
            let inner = observe(&model.1, |path| path.ends_with("up"), forward);
            std::thread::scope(|scope| scope.spawn(forward).join().unwrap());
            let panics = || observe(&model.0, |_| true, || -> () { panic!("of the user") });
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
            (paths(&inner.1), forward())
        },
    );
    assert_eq!((inner, paths(&outer)), (vec!["0.up".to_owned()], vec!["2".to_owned()]));
    // Of another element type nothing is seen, and of a clone nothing.
    let (_, seen) = observe::<_, Narrow, _>(&Narrow::ones((Embed,)), |_| true, forward);
    assert!(seen.is_empty());
    let (_, seen) = observe(&model.2.clone(), |_| true, forward);
    assert!(seen.is_empty());
    assert_eq!(forward().to_vec(), logits.to_vec());
}
