//! Models and tensors go to another engine when they are told to, and nothing goes by itself.

use crate::one::One;
use crate::other::{Device, Other, Transfers, lookups, second, transfers};
use congruent::backend::{Backend, Float};
use congruent::io::{Bytes, Dtype, Entry, load_on};
use congruent::nn::{
    Activation, Embedding, Encoder, EncoderLayer, GatedFeedForward, GroupedQueryAttention, KeyValueCache, LayerNorm,
    Linear, LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout, cross_entropy,
};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

dims! {
    Batch = 2; Seq = 5; Embed = 8; Heads = 2; Group = 2; HeadDim = 4; Small = 2; Hidden = 12; Vocab = 7; Positions = 32;
}

fn rng() -> Rng {
    Rng::with_seed(1)
}

fn input() -> Tensor<(Batch, Seq, Embed)> {
    Tensor::normal((Batch, Seq, Embed), 0.0, 1.0, &mut rng())
}

fn layer() -> EncoderLayer<Embed, Heads, HeadDim, Hidden> {
    EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut rng())
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }
}

/// Nothing comes back but these many elements that were asked for, and nothing goes there but these.
fn assert_transfers(found: Transfers, uploaded: usize, downloaded: usize) {
    assert_eq!(found, Transfers { uploaded, downloaded });
}

#[test]
fn an_encoder_goes_to_a_device_once_and_calculates_there() {
    let (encoder, x) = (Encoder { layers: vec![layer(), layer()] }, input());
    let lengths = Lengths::new(Batch, Seq, &[5, 2]).unwrap();
    let expected = encoder.forward(&x, &lengths).to_vec();
    let (there, moved) = transfers(|| encoder.to_engine::<Other<f32>>(&second()));
    assert_transfers(moved, encoder.parameter_count(), 0);
    let x = x.to_engine::<Other<f32>>(&second());
    let (y, during) = transfers(|| there.forward(&x, &lengths));
    // The lengths once, and of each layer the numbers of keys: for the mask, for keys and for values beyond the lengths.
    assert_transfers(during, 2 + 2 * (5 + 5 + 5), 0);
    assert_eq!(y.device(), Device(1));
    let (found, asked) = transfers(|| y.to_vec());
    assert_transfers(asked, 0, found.len());
    assert_near(&found, &expected);
    // And back.
    let back: Encoder<Embed, Heads, HeadDim, Hidden> = there.to_engine::<Cpu<f32>>(&Default::default());
    assert_eq!(back.layers[1].attention.query.weight.to_vec(), encoder.layers[1].attention.query.weight.to_vec());
}

fn llama() -> LlamaDecoder<Embed, Times<Heads, Group>, Heads, Small, Hidden, Positions> {
    let rng = &mut rng();
    let layer = LlamaLayer {
        attention_norm: RmsNorm::new(Embed, 1e-5),
        attention: GroupedQueryAttention::random(Embed, Times(Heads, Group), Heads, Small, rng),
        feed_forward_norm: RmsNorm::new(Embed, 1e-5),
        feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    };
    let rotary = Rotary::new(Positions, Small, 10000.0, RotaryLayout::Half);
    LlamaDecoder { layers: vec![layer.clone(), layer], norm: RmsNorm::new(Embed, 1e-5), rotary }
}

fn decode<B: Backend<Elem = f32>>(
    model: &LlamaDecoder<Embed, Times<Heads, Group>, Heads, Small, Hidden, Positions, B>,
    embedding: &Embedding<Vocab, Embed, B>,
    cache: &mut KeyValueCache<Batch, Heads, Small, Positions, B>,
    ids: &[u32],
    device: &congruent::backend::DeviceOf<B>,
) -> Tensor<(Batch, N<1>, Vocab), B> {
    let ids = Ids::new((Batch, N::<1>), Vocab, ids).unwrap().to_engine::<B>(device);
    let x = embedding.forward(&ids);
    cache.step(N::<1>, |step| embedding.logits(&model.forward_cached(&x, step))).unwrap()
}

#[test]
fn a_step_of_decoding_uploads_ids_and_positions() {
    let (model, embedding) = (llama(), Embedding::random(Vocab, Embed, &mut rng()));
    let mut cache = KeyValueCache::new(Batch, Heads, Small, Positions, 2);
    let device = second();
    let (there, table) = (model.to_engine::<Other<f32>>(&device), embedding.to_engine::<Other<f32>>(&device));
    let mut cache_there =
        KeyValueCache::<_, _, _, _, Other<f32>>::on_backend(Batch, Heads, Small, Positions, 2).to_device(&device);
    for ids in [[1, 2], [3, 4], [0, 6]] {
        let expected = decode(&model, &embedding, &mut cache, &ids, &Default::default());
        let (y, during) = transfers(|| decode(&there, &table, &mut cache_there, &ids, &device));
        // Two ids and two positions. One query attends to all keys of its sequence, which takes no mask.
        assert_transfers(during, 2 + 2, 0);
        assert_near(&y.to_vec(), &expected.to_vec());
    }
}

#[test]
fn angles_are_looked_up_once_for_all_layers() {
    let (model, embedding, device) = (llama(), Embedding::random(Vocab, Embed, &mut rng()), second());
    let (there, table) = (model.to_engine::<Other<f32>>(&device), embedding.to_engine::<Other<f32>>(&device));
    let mut cache =
        KeyValueCache::<_, _, _, _, Other<f32>>::on_backend(Batch, Heads, Small, Positions, 2).to_device(&device);
    let (_, during) = lookups(|| decode(&there, &table, &mut cache, &[1, 2], &device));
    // The rows of the tokens, the cosines and the sines, for two layers.
    assert_eq!(during, 1 + 2);
}

type Tokens<B> = TensorOf<(Batch, Seq), Index<Vocab>, B>;

/// An embedding, a layer and a product: generic over its backend, with fields of all kinds, and what is on its engine beside its
/// parameters.
#[derive(Clone, Module)]
struct Model<B: Backend = Cpu<f32>> {
    embedding: Embedding<Vocab, Embed, B>,
    layers: [EncoderLayer<Embed, Heads, HeadDim, Hidden, B>; 1],
    norm: Option<LayerNorm<Embed, B>>,
    pair: (Linear<Embed, Vocab, B>, f64),
    #[module(buffer)]
    running: Tensor<(Embed,), B>,
    activation: Activation,
    #[module(skip)]
    positions: TensorOf<(Seq,), Index<Positions>, B>,
    #[module(skip)]
    batches: TensorOf<(), u64, B>,
    #[module(skip)]
    chosen: TensorOf<(Seq,), bool, B>,
    #[module(skip)]
    near: Allowed<(Seq, Seq), B::Engine>,
    #[module(skip)]
    lengths: Lengths<Batch, Seq>,
    #[module(skip)]
    name: String,
}

impl<B: Backend<Elem = f32>> Model<B> {
    fn loss(&self, ids: &Tokens<B>, targets: &Tokens<B>) -> Tensor<(), B> {
        let x = self.layers[0].forward(&self.embedding.forward(ids), &Causal.and(self.near.clone()));
        let x = self.norm.as_ref().map_or(x.clone(), |norm| norm.forward(&x));
        let logits = self.pair.0.forward(&self.activation.forward(&x));
        cross_entropy(&logits, targets).mean(Batch).mean(Seq)
    }
}

fn model() -> Model {
    Model {
        embedding: Embedding::random(Vocab, Embed, &mut rng()),
        layers: [layer()],
        norm: Some(LayerNorm::new(Embed, 1e-5)),
        pair: (Linear::random(Embed, Vocab, &mut rng()), 0.5),
        running: Tensor::ones((Embed,)),
        activation: Activation::Silu,
        positions: Ids::new((Seq,), Positions, &[0, 1, 2, 3, 4]).unwrap(),
        batches: Cpu::from_slice((), &[7]).unwrap(),
        chosen: Cpu::<bool>::from_fn((Seq,), |[s]| s > 1),
        near: Allowed::new(Cpu::<bool>::from_fn((Seq, Seq), |[q, k]| q.abs_diff(k) < 2)),
        lengths: Lengths::new(Batch, Seq, &[5, 2]).unwrap(),
        name: "a name".to_owned(),
    }
}

fn tokens() -> [Ids<(Batch, Seq), Vocab>; 2] {
    let ids = |ids: [u32; 10]| Ids::new((Batch, Seq), Vocab, &ids).unwrap();
    [ids([0, 1, 2, 3, 4, 5, 6, 0, 1, 2]), ids([1, 2, 3, 4, 5, 6, 0, 1, 2, 3])]
}

/// Three steps, and the losses before them.
fn train<B: congruent::backend::Autodiff<Elem = f32>>(model: &mut Model<B>, tokens: &[Tokens<B>; 2]) -> Vec<f32> {
    let mut optimizer = Optimizer::<B>::new(AdamW { learning_rate: 0.01, ..AdamW::default() });
    let step = |_| {
        let loss = model.loss(&tokens[0], &tokens[1]);
        let value = loss.scalar();
        optimizer.step(model, &loss.backward(), 1.0);
        value
    };
    (0..3).map(step).collect()
}

#[test]
fn a_step_of_training_downloads_the_loss() {
    let mut model = model();
    let mut there = model.to_engine::<Other<f32>>(&second());
    assert!(there.running.device() == Device(1) && there.name == "a name" && there.pair.1 == 0.5);
    assert_eq!(
        (there.positions.device(), there.batches.device(), there.chosen.device()),
        (Device(1), Device(1), Device(1))
    );
    assert_eq!((there.positions.to_vec(), there.batches.scalar()), (model.positions.to_vec(), 7));
    assert_eq!((there.chosen.to_vec(), there.lengths.as_slice()), (model.chosen.to_vec(), &[5, 2][..]));
    let tokens = tokens();
    let tokens_there = tokens.each_ref().map(|ids| ids.to_engine::<Other<f32>>(&second()));
    model.track();
    there.track();
    assert!(!there.running.is_tracked() && there.embedding.weight.is_tracked());
    let expected = train(&mut model, &tokens);
    let (found, during) = transfers(|| train(&mut there, &tokens_there));
    assert_near(&found, &expected);
    // A loss comes from each step. What goes there are the numbers of queries and keys, and where the row of each target begins.
    assert_transfers(during, 3 * (5 + 5 + 2 * 5), 3);
    assert_near(&there.embedding.weight.to_vec(), &model.embedding.weight.to_vec());
}

#[test]
fn gradients_are_of_the_engine_where_they_were_calculated() {
    let mut model = model().to_engine::<Other<f32>>(&second());
    model.track();
    let tokens = tokens().map(|ids| ids.to_engine::<Other<f32>>(&second()));
    let mut gradients = model.loss(&tokens[0], &tokens[1]).backward();
    let (norm, during) = transfers(|| gradients.norm(&model));
    // One sum of squares of each parameter.
    let mut parameters = 0;
    model.for_each(|parameter| parameters += usize::from(parameter.is_tracked()));
    assert_transfers(during, 0, parameters);
    let (before, during) = transfers(|| gradients.clip_norm(&model, norm / 2.0));
    assert_eq!((before, during.uploaded), (norm, 0));
    assert!((gradients.norm(&model) - norm / 2.0).abs() < 1e-5 * norm);
}

#[test]
fn the_state_of_an_optimizer_goes_where_its_parameters_go() {
    let mut model = model().to_engine::<Other<f32>>(&second());
    let tokens_on = |device: Device| tokens().map(|ids| ids.to_engine::<Other<f32>>(&device));
    model.track();
    let mut optimizer = Optimizer::<Other<f32>>::new(AdamW { learning_rate: 0.01, ..AdamW::default() });
    let step = |model: &mut Model<_>, optimizer: &mut Optimizer<_>, device| {
        let tokens = tokens_on(device);
        let gradients = model.loss(&tokens[0], &tokens[1]).backward();
        optimizer.step(model, &gradients, 1.0);
    };
    step(&mut model, &mut optimizer, second());
    let mut optimizer_there = optimizer.clone();
    let mut moved = model.to_engine::<Other<f32>>(&Device(2));
    moved.track();
    for _ in 0..2 {
        step(&mut moved, &mut optimizer_there, Device(2));
        step(&mut model, &mut optimizer, second());
    }
    let weights = |model: &Model<Other<f32>>| model.embedding.weight.to_vec();
    assert_eq!(moved.embedding.weight.device(), Device(2));
    assert_eq!(weights(&moved), weights(&model));
}

/// What generic code has: a module whose type is a parameter, a list, and a type that holds itself.
#[derive(Module)]
struct Wrapped<M: Module<B>, B: Backend<Elem: Float>> {
    inner: Vec<M>,
    scale: Tensor<(Embed,), B>,
    children: Vec<Tree<B>>,
}

#[derive(Module)]
enum Tree<B: Backend<Elem: Float>> {
    Leaf(Linear<Embed, Embed, B>),
    Fork { left: Option<Boxed<B>>, right: Vec<Tree<B>> },
}

#[derive(Module)]
struct Boxed<B: Backend<Elem: Float>>(RmsNorm<Embed, B>);

/// A module that is a parameter of its own.
#[derive(Module)]
struct Around<M: Module<B>, B: Backend<Elem: Float>> {
    inner: M,
    scale: Tensor<(Embed,), B>,
}

#[test]
fn a_module_of_any_module_goes_with_it() {
    let inner = Linear::random(Embed, Embed, &mut rng());
    let model = Around { inner, scale: Tensor::<(Embed,)>::ones((Embed,)) };
    let there: Around<Linear<Embed, Embed, Other<f32>>, Other<f32>> = model.to_engine::<Other<f32>>(&second());
    assert_eq!(there.inner.weight.to_vec(), model.inner.weight.to_vec());
    assert_eq!(there.scale.device(), second());
}

#[test]
fn modules_of_modules_go_as_they_are() {
    let linear = || Linear::random(Embed, Embed, &mut rng());
    let leaf = || Tree::Leaf(linear());
    let fork = Tree::Fork { left: Some(Boxed(RmsNorm::new(Embed, 1e-5))), right: vec![leaf()] };
    let model =
        Wrapped { inner: vec![linear()], scale: Tensor::<(Embed,)>::ones((Embed,)), children: vec![leaf(), fork] };
    let there: Wrapped<Linear<Embed, Embed, Other<f32>>, Other<f32>> = model.to_engine::<Other<f32>>(&second());
    assert_eq!(there.parameter_count(), model.parameter_count());
    there.for_each(|parameter| assert_eq!(Other::<f32>::device(parameter.array()), Device(1)));
    // Another device of the engine.
    let other = there.to_engine::<Other<f32>>(&Device(2));
    other.for_each(|parameter| assert_eq!(Other::<f32>::device(parameter.array()), Device(2)));
}

#[test]
#[should_panic(expected = "arrays are on device 1 and device 0")]
fn two_devices_do_not_meet() {
    let x = input().to_engine::<Other<f32>>(&second());
    let y = x.to_device(&Device(0));
    let _ = x + y;
}

#[test]
fn an_engine_without_blocks_says_which_tensor_is_quantised() {
    dims! { Rows = 2; Wide = 32; }
    let bytes = vec![0; 2 * 34];
    let range = 0..bytes.len();
    let entry = Entry { dtype: Dtype::Q8_0, sizes: vec![2, 32], bytes: Bytes::new(std::sync::Arc::new(bytes), range) };
    let file = One(entry);
    for casts in [false, true] {
        let loaded = load_on::<Other<f32>, _>(&file, &second(), |weights| {
            let weights = if casts { weights.casting() } else { weights };
            weights.tensor("weight", (Rows, Wide))
        });
        let error = loaded.err().unwrap().to_string();
        let expected = "data: `weight`: it is quantised, Q8_0, and the engine of device 1 has no such arrays";
        assert!(error.contains(expected), "{error}");
        assert!(
            load_on::<Cpu<f32>, _>(&file, &Default::default(), |weights| weights.tensor("weight", (Rows, Wide)))
                .is_ok()
        );
    }
}

#[cfg(feature = "safetensors")]
#[test]
fn a_model_and_its_optimizer_are_saved_on_one_engine_and_loaded_on_another() {
    use congruent::io::{SafeTensors, Writer};
    let mut model = model();
    model.track();
    let rule = AdamW { learning_rate: 0.01, ..AdamW::default() };
    let mut optimizer: Optimizer = Optimizer::new(rule);
    let tokens = tokens();
    let tokens_there = tokens.each_ref().map(|ids| ids.to_engine::<Other<f32>>(&second()));
    let gradients = model.loss(&tokens[0], &tokens[1]).backward();
    optimizer.step(&mut model, &gradients, 1.0);

    let mut writer = Writer::default();
    writer.module("model", &model);
    optimizer.save("optimizer", &mut writer);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let like = model.to_engine::<Other<f32>>(&second());
    let (mut there, mut optimizer_there) = load_on::<Other<f32>, _>(&file, &second(), |weights| {
        let model = weights.at("model").module(&like);
        let optimizer = Optimizer::<Other<f32>>::new(rule).load(&weights.at("optimizer"), &model);
        (model, optimizer)
    })
    .unwrap();
    there.for_each(|parameter| assert_eq!(Other::<f32>::device(parameter.array()), Device(1)));
    there.track();

    // Both go on alike.
    let gradients = model.loss(&tokens[0], &tokens[1]).backward();
    optimizer.step(&mut model, &gradients, 1.0);
    let gradients = there.loss(&tokens_there[0], &tokens_there[1]).backward();
    optimizer_there.step(&mut there, &gradients, 1.0);
    assert_near(&there.embedding.weight.to_vec(), &model.embedding.weight.to_vec());

    // And what is saved there is loaded here.
    let mut writer = Writer::default();
    writer.module("model", &there);
    optimizer_there.save("optimizer", &mut writer);
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let back = congruent::io::load(&file, |weights: congruent::io::Weights<f32>| {
        let back = weights.at("model").module(&model);
        optimizer.load(&weights.at("optimizer"), &back);
        back
    });
    assert_near(&back.unwrap().embedding.weight.to_vec(), &model.embedding.weight.to_vec());
}
