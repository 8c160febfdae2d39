//! Models on each device beside the processor's engine, with what goes to the device and comes back.
//!
//! The widths are those of all-MiniLM-L6-v2, of SmolLM2-135M and of `examples/train`; a device that is slow has fewer layers.

mod common;

use common::{assert_near, counted, devices};
use congruent::backend::{Autodiff, Backend, DeviceOf};
use congruent::module::Module;
use congruent::nn::{
    Embedding, Encoder, EncoderLayer, GatedFeedForward, GroupedQueryAttention, KeyValueCache, LayerNorm, LlamaDecoder,
    LlamaLayer, RmsNorm, Rotary, RotaryLayout, cross_entropy,
};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use congruent_burn::{Burn, Device, Transfers};

dims! { Batch = 3; Vocab = 1000; Positions = 64; }

fn rng() -> Rng {
    Rng::with_seed(1)
}

/// How many layers such a device calculates in a few seconds, of so many.
fn layers(device: &Device, most: usize) -> usize {
    if device.to_string() == "flex" { most } else { 2 }
}

fn parameters<B: Backend<Elem = f32>>(model: &impl Module<B>) -> usize {
    let mut count = 0;
    model.for_each(|_| count += 1);
    count
}

mod minilm {
    use super::*;
    dims! { Seq = 16; Embed = 384; Heads = 12; HeadDim = 32; Hidden = 1536; }

    #[derive(Module)]
    struct Model<B: Backend = Cpu<f32>> {
        words: Embedding<Vocab, Embed, B>,
        norm: LayerNorm<Embed, B>,
        encoder: Encoder<Embed, Heads, HeadDim, Hidden, B>,
    }

    impl<B: Backend<Elem = f32>> Model<B> {
        fn embed(
            &self,
            ids: &TensorOf<(Batch, Ragged<Seq>), Index<Vocab>, B>,
            lengths: &Lengths<Batch, Ragged<Seq>>,
        ) -> Tensor<(Batch, Embed), B> {
            let x = self.norm.forward(&self.words.forward(ids));
            self.encoder.forward(&x, lengths).masked_mean(lengths)
        }
    }

    #[test]
    fn texts_are_embedded_as_by_the_processor() {
        for device in devices() {
            let layer = |_| EncoderLayer::random(Embed, Heads, HeadDim, Hidden, &mut rng());
            let model = Model {
                words: Embedding::random(Vocab, Embed, &mut rng()),
                norm: LayerNorm::new(Embed, 1e-12),
                encoder: Encoder { layers: (0..layers(&device, 6)).map(layer).collect() },
            };
            let ids: Vec<u32> = (0..3 * 16).map(|i| i * 37 % 1000).collect();
            let ids = Ids::new((Batch, Ragged(Seq)), Vocab, &ids).unwrap();
            let lengths = || Lengths::new(Batch, Ragged(Seq), &[16, 9, 1]).unwrap();
            let expected = model.embed(&ids, &lengths()).to_vec();
            let (there, moved) = counted(|| model.to_engine::<Burn<f32>>(&device));
            assert_eq!(moved, Transfers { sent: parameters(&model), fetched: 0 });
            // The ids go there, and what is known of the lengths: no more with more layers.
            let (found, moved) = counted(|| there.embed(&ids.to_engine::<Burn<f32>>(&device), &lengths()));
            assert!(moved.sent <= 4 && moved.fetched == 0, "{device}: {moved:?}");
            let (found, moved) = counted(|| found.to_vec());
            assert_eq!(moved, Transfers { sent: 0, fetched: 1 });
            assert_near(&device.to_string(), &found, &expected, 1e-5);
        }
    }
}

mod llama {
    use super::*;
    dims! { Prompt = 7; Embed = 576; KeyHeads = 3; Group = 3; HeadDim = 64; Hidden = 1536; }

    type Decoder<B> = LlamaDecoder<Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Hidden, Positions, B>;
    type Cache<B> = KeyValueCache<Batch, KeyHeads, HeadDim, Positions, B>;

    fn decoder(layers: usize) -> Decoder<Cpu<f32>> {
        let rng = &mut rng();
        let layers = (0..layers).map(|_| LlamaLayer {
            attention_norm: RmsNorm::new(Embed, 1e-5),
            attention: GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, rng),
            feed_forward_norm: RmsNorm::new(Embed, 1e-5),
            feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
        });
        let layers = layers.collect();
        let rotary = Rotary::new(Positions, HeadDim, 1e5, RotaryLayout::Interleaved);
        LlamaDecoder { layers, norm: RmsNorm::new(Embed, 1e-5), rotary }
    }

    /// The logits of a prompt and of some tokens after it, and what each call transfers.
    fn logits<B: Backend<Elem = f32>>(
        decoder: &Decoder<B>,
        table: &Embedding<Vocab, Embed, B>,
        device: &DeviceOf<B>,
    ) -> Vec<(Vec<f32>, Transfers)> {
        let mut cache = Cache::<B>::on_backend(Batch, KeyHeads, HeadDim, Positions, decoder.layers.len());
        cache = cache.to_device(device);
        let prompt: Vec<u32> = (0..3 * 7).map(|i| i * 37 % 1000).collect();
        let prompt = Ids::new((Batch, Prompt), Vocab, &prompt).unwrap().to_engine::<B>(device);
        let x = table.forward(&prompt);
        let (y, moved) =
            counted(|| cache.step(Prompt, |step| table.logits(&decoder.forward_cached(&x, step))).unwrap());
        let mut found = vec![(y.to_vec(), moved)];
        for ids in [[1, 2, 3], [500, 0, 999], [7, 7, 7]] {
            let (y, moved) = counted(|| {
                let ids = Ids::new((Batch, N::<1>), Vocab, &ids).unwrap().to_engine::<B>(device);
                let x = table.forward(&ids);
                cache.step(N::<1>, |step| table.logits(&decoder.forward_cached(&x, step))).unwrap()
            });
            found.push((y.to_vec(), moved));
        }
        found
    }

    #[test]
    fn tokens_follow_as_by_the_processor() {
        for device in devices() {
            let (decoder, table) = (decoder(layers(&device, 6)), Embedding::random(Vocab, Embed, &mut rng()));
            let expected = logits(&decoder, &table, &Default::default());
            let (there, moved) = counted(|| decoder.to_engine::<Burn<f32>>(&device));
            // And two tables of angles.
            assert_eq!(moved, Transfers { sent: parameters(&decoder) + 2, fetched: 0 });
            let found = logits(&there, &table.to_engine::<Burn<f32>>(&device), &device);
            for (step, ((found, moved), (expected, _))) in found.iter().zip(&expected).enumerate() {
                assert_near(&format!("step {step} on {device}"), found, expected, 1e-4);
                // Ids of new tokens, and their positions.
                assert!(moved.sent <= 2 && moved.fetched == 0, "step {step} on {device}: {moved:?}");
            }
        }
    }
}

mod training {
    use super::*;
    dims! { Seq = 32; Embed = 128; Heads = 4; HeadDim = 32; Hidden = 352; }

    #[derive(Module)]
    struct Model<B: Backend = Cpu<f32>> {
        characters: Embedding<Vocab, Embed, B>,
        decoder: LlamaDecoder<Embed, Heads, Heads, HeadDim, Hidden, Positions, B>,
    }

    fn model(layers: usize) -> Model {
        let rng = &mut rng();
        let layers = (0..layers).map(|_| LlamaLayer {
            attention_norm: RmsNorm::new(Embed, 1e-5),
            attention: GroupedQueryAttention::random(Embed, Heads, Heads, HeadDim, rng),
            feed_forward_norm: RmsNorm::new(Embed, 1e-5),
            feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
        });
        let layers = layers.collect();
        let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
        let decoder = LlamaDecoder { layers, norm: RmsNorm::new(Embed, 1e-5), rotary };
        Model { characters: Embedding { weight: Tensor::normal((Vocab, Embed), 0.0, 0.02, rng) }, decoder }
    }

    /// Some steps: the loss before each, and what each transfers.
    fn train<B: Autodiff<Elem = f32>>(model: &mut Model<B>, device: &DeviceOf<B>) -> Vec<(f32, Transfers)> {
        let ids = |begin: u32| -> TensorOf<(Batch, Seq), Index<Vocab>, B> {
            let ids: Vec<u32> = (0..3 * 32).map(|i| (begin + i) * 37 % 1000).collect();
            Ids::new((Batch, Seq), Vocab, &ids).unwrap().to_engine::<B>(device)
        };
        let positions: Vec<u32> = (0..3).flat_map(|_| 0..32).collect();
        let positions = Ids::new((Batch, Seq), Positions, &positions).unwrap().to_engine::<B>(device);
        let mut optimizer = Optimizer::<B>::new(AdamW { learning_rate: 0.001, ..AdamW::default() });
        let (texts, targets) = (ids(0), ids(1));
        let step = |_| {
            counted(|| {
                let x = model.decoder.forward(&model.characters.forward(&texts), &positions, &Causal);
                let loss = cross_entropy(&model.characters.logits(&x), &targets).mean(Batch).mean(Seq);
                let value = loss.scalar();
                optimizer.step(model, &loss.backward(), 1.0);
                value
            })
        };
        (0..3).map(step).collect()
    }

    #[test]
    fn steps_of_training_are_those_of_the_processor() {
        for device in devices() {
            let mut model = model(layers(&device, 4));
            let mut there = model.to_engine::<Burn<f32>>(&device);
            model.track();
            there.track();
            let (expected, found) = (train(&mut model, &Default::default()), train(&mut there, &device));
            for (step, ((found, moved), (expected, _))) in found.iter().zip(&expected).enumerate() {
                assert_near(&format!("loss {step} on {device}"), &[*found], &[*expected], 1e-4);
                // The loss comes back, and nothing goes there.
                assert_eq!(*moved, Transfers { sent: 0, fetched: 1 }, "step {step} on {device}");
            }
            // AdamW divides by the size of gradients: where these are next to nothing, a step may go either way.
            let mut all: Vec<Vec<f32>> = Vec::new();
            model.for_each(|x| all.push(Cpu::<f32>::to_vec(x.array()).unwrap()));
            let mut all = all.into_iter();
            there.for_each(|x| {
                let (found, expected) = (Burn::<f32>::to_vec(x.array()).unwrap(), all.next().unwrap());
                let far = found.iter().zip(&expected).filter(|(x, y)| (*x - *y).abs() > 1e-4).count();
                assert!(far * 1000 <= found.len(), "{}: {far} of {} differ", x.path(), found.len());
            });
        }
    }
}
