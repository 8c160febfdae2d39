//! A small RoBERTa, whose vocabulary, heads and features of the feed-forward networks may be parts.

use super::{KNOWN, Part, config};
use congruent::dim::{Filled, Vocabulary};
use congruent::prelude::*;
use congruent_models::{Architecture, bert};

dims! {
    pub Vocab = 61; pub Positions = 32; pub TokenTypes = 1; pub Embed = 24; pub Heads = 3; pub HeadDim = 8; pub Ffn = 40;
}

/// The dimensions: of the vocabulary, of the heads and of the features.
#[derive(Clone, Copy)]
pub struct Small<V, H, F>(pub V, pub H, pub F);

macro_rules! dims_of {
    ($($field:ident: $Dim:ident = $is:ty = $value:expr),*; $self:ident) => {
        impl<V: Vocabulary, H: Filled, F: Filled> bert::Dims for Small<V, H, F> {
            $(
                type $Dim = $is;
                fn $field($self) -> $is {
                    $value
                }
            )*
        }
    };
}
dims_of!(
    vocab: Vocab = V = self.0, heads: Heads = H = self.1, ffn: Ffn = F = self.2, positions: Positions = Positions = Positions,
    token_types: TokenTypes = TokenTypes = TokenTypes, embed: Embed = Embed = Embed, head_dim: HeadDim = HeadDim = HeadDim;
    self
);

/// The file, and what its configuration says.
pub fn roberta() -> (Part, bert::Settings) {
    let Architecture::Bert(config) = Architecture::read(&config("encoders.json", "roberta").to_string()).unwrap()
    else {
        panic!("RoBERTa is a kind of BERT");
    };
    assert_eq!(config.vocab_size, KNOWN);
    (Part::weights("roberta"), config.settings().unwrap())
}
