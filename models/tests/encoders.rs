//! RoBERTa with random weights against what the transformers library makes of it: states of a padded batch, and gradients.

mod common;

use common::{Part, assert_near, config};
use congruent::prelude::*;
use congruent_models::Architecture;
use congruent_models::bert::{Bert, Dims};

dims! {
    Batch = 2; Seq = 9; Vocab = 61; Positions = 32; TokenTypes = 1; Embed = 24; Heads = 3; HeadDim = 8; Ffn = 40;
}

#[derive(Clone, Copy)]
struct Small;

macro_rules! dims_of { ($($field:ident: $Dim:ident),*) => {
    impl Dims for Small {
        $(
            type $Dim = $Dim;
            fn $field(self) -> $Dim {
                $Dim
            }
        )*
    }
} }
dims_of!(
    vocab: Vocab, positions: Positions, token_types: TokenTypes, embed: Embed, heads: Heads, head_dim: HeadDim, ffn: Ffn
);

/// The expected values are of double precision; states are up to 3, gradients up to 0.2.
const TOLERANCE: f64 = 1e-5;

#[test]
fn roberta() {
    let Architecture::Bert(config) = Architecture::read(&config("encoders.json", "roberta").to_string()).unwrap()
    else {
        panic!("RoBERTa is a kind of BERT");
    };
    let settings = config.settings().unwrap();
    assert_eq!((settings.layers, settings.first_position), (3, 2));
    let mut model: Bert<Small> = Bert::load(&Part::weights("roberta"), Small, settings).unwrap();
    model.track();
    let expected = Part::expected("roberta");
    let (batch, seq) = (Batch, Ragged(Seq));
    let ids = Ids::new((batch, seq), Vocab, &expected.ids("ids", (Batch, Seq))).unwrap();
    let lengths: Vec<usize> = expected.ids("lengths", (Batch,)).into_iter().map(|length| length as usize).collect();
    let lengths = Lengths::new(batch, seq, &lengths).unwrap();
    let state = model.last_hidden_state(&ids, &lengths).unwrap();
    let states = expected.tensor("states", (batch, seq, Embed)).fill_padding(&lengths, 0.0);
    assert_near("states", &state.fill_padding(&lengths, 0.0), &states, TOLERANCE);

    // The mean over the live elements.
    let live: usize = lengths.as_slice().iter().sum();
    let loss = state.square().masked_sum(&lengths).sum(Embed).sum(Batch) * (1.0 / (live * Embed.size()) as f32);
    let gradient = loss.backward().of(&model.words.weight);
    let expected = expected.tensor("gradient.embeddings.word_embeddings.weight", (Vocab, Embed));
    assert_near("gradient of the embedding of tokens", &gradient, &expected, TOLERANCE);
}

/// The positions of RoBERTa begin behind those of padding: there are two fewer than rows.
#[test]
fn a_text_past_the_positions_is_refused() {
    let Architecture::Bert(config) = Architecture::read(&config("encoders.json", "roberta").to_string()).unwrap()
    else {
        panic!("RoBERTa is a kind of BERT");
    };
    let model: Bert<Small> = Bert::load(&Part::weights("roberta"), Small, config.settings().unwrap()).unwrap();
    dims! { Length; }
    let state = |ids: Vec<u32>| {
        bind!(length: Length = ids.len());
        let ids = Ids::new((N::<1>, length), Vocab, &ids).unwrap();
        model.last_hidden_state(&ids, &Full).map(|state| state.sizes().into_array())
    };
    assert_eq!(state(vec![7; 30]).unwrap(), [1, 30, 24]);
    let error = state(vec![7; 31]).unwrap_err().to_string();
    assert!(error.contains("Positions"), "{error}");
}
