//! What models do, on an engine and by a library: the same numbers.

use crate::clock::Step;
use crate::library::{Library, Training};
use crate::models::{Model, Trained};
use crate::typed::{angles, characters, minilm, parameters, smollm};
use congruent::backend::{Autodiff, Backend, DeviceOf};
use congruent::prelude::*;

/// The elements, if they are asked for.
pub fn read<S: Shape, B: Backend<Elem = f32>>(x: Tensor<S, B>, reads: bool) -> Vec<f32> {
    if reads { x.to_vec() } else { Vec::new() }
}

/// As [`read`], of a library.
pub fn values<L: Library>(library: &L, x: L::Tensor, reads: bool) -> Vec<f32> {
    if reads { library.values(x) } else { Vec::new() }
}

/// Texts of these lengths, as rows of the longest.
fn texts(lengths: &[usize]) -> Vec<u32> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    (0..(lengths.len() * longest) as u32).map(|i| i * 37 % 1000).collect()
}

/// A vector for each text, on an engine.
pub fn embed_on<'a, B: Backend<Elem = f32> + 'a>(
    model: minilm::Model<B>,
    lengths: &'a [usize],
    device: &'a DeviceOf<B>,
) -> Step<'a> {
    dims! { Batch; Seq; }
    let ids = texts(lengths);
    Box::new(move |reads| {
        bind!(batch: Batch = lengths.len(), seq: Seq = ids.len() / lengths.len());
        let ids = Ids::new((batch, Ragged(seq)), minilm::Vocab, &ids).expect("ids of the table");
        let lengths = Lengths::new(batch, Ragged(seq), lengths).expect("a length for each text");
        read(model.embed(&ids.to_engine::<B>(device), &lengths), reads)
    })
}

/// A vector for each text, by a library.
pub fn embed_by<'a, L: Library + Clone + 'a>(library: L, model: &minilm::Model, lengths: &'a [usize]) -> Step<'a> {
    const HEADS: usize = 12;
    let (model, ids) = (Model::new(library.clone(), HEADS, 1, &parameters(model)), texts(lengths));
    let (batch, longest) = (lengths.len(), ids.len() / lengths.len());
    Box::new(move |reads| {
        let of = |position, length| if position < length { 1.0 / length as f32 } else { 0.0 };
        let means: Vec<f32> = lengths.iter().flat_map(|length| (0..longest).map(move |i| of(i, *length))).collect();
        let padded = lengths.iter().any(|length| *length < longest);
        let forbidden = padded.then(|| library.padding(lengths, HEADS, longest));
        let ids = library.ids(&ids, &[batch, longest]);
        values(&library, model.embed(ids, library.tensor(&means, &[batch, 1, longest]), forbidden), reads)
    })
}

/// The token that decoding goes on with.
const TOKEN: u32 = 1000;

/// The logits of the token after a prompt, on an engine.
pub fn decode_on<'a, B: Backend<Elem = f32> + 'a>(model: smollm::Model<B>, device: &DeviceOf<B>) -> Step<'a> {
    let mut decoding = smollm::Decoding::new(model, device);
    Box::new(move |reads| read(decoding.next(TOKEN), reads))
}

/// The logits of the token after a prompt, by a library.
pub fn decode_by<'a, L: Library + Clone + 'a>(library: L, model: &smollm::Model) -> Step<'a> {
    const ROOM: usize = 128;
    let (past, d, heads) = (smollm::Prompt.size(), smollm::HeadDim.size(), smollm::KeyHeads.size());
    let cache = || {
        smollm::prompt().map(|x| {
            let room = library.tensor(&vec![0.0; heads * ROOM * d], &[1, heads, ROOM, d]);
            library.write(room, library.tensor(&x.to_vec(), &[1, heads, past, d]), 2, 0)
        })
    };
    let parameters = parameters(model);
    let mut caches: Vec<_> = (0..parameters.len() / 9).map(|_| Some(cache())).collect();
    let model = Model::new(library.clone(), smollm::HEADS, 1, &parameters);
    let tables = angles(0..smollm::Positions.size(), d, smollm::BASE);
    let tables = tables.map(|table| library.tensor(&table, &[smollm::Positions.size(), d / 2]));
    Box::new(move |reads| {
        let angles = tables.each_ref().map(|table| library.narrow(table.clone(), 0, past, 1));
        values(&library, model.decode(TOKEN, angles, past, &mut caches), reads)
    })
}

/// A step of training, on an engine: its loss.
pub fn train_on<'a, B: Autodiff<Elem = f32> + 'a>(model: characters::Model<B>, device: &DeviceOf<B>) -> Step<'a> {
    let mut training = characters::Training::new(model, device);
    Box::new(move |reads| training.step(reads))
}

/// A step of training, by a library: its loss.
pub fn train_by<'a, L: Training + Clone + 'a>(library: L, model: &characters::Model) -> Step<'a> {
    let (batch, sequence) = (characters::Batch.size(), characters::Seq.size());
    let model = Model::new(library.clone(), characters::Heads.size(), 1, &parameters(model));
    let mut trained = Trained::new(model);
    let ids = library.ids(&characters::ids(0), &[batch, sequence]);
    let targets = library.ids(&characters::ids(1), &[batch * sequence]);
    let d = characters::HeadDim.size();
    let angles = angles(0..sequence, d, characters::BASE).map(|table| library.tensor(&table, &[sequence, d / 2]));
    Box::new(move |reads| {
        let loss = trained.step(ids.clone(), targets.clone(), angles.clone());
        values(&library, loss, reads)
    })
}
