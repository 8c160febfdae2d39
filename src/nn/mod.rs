//! Layers. Each is generic over its dimensions, and works alike for static and run-time sizes.
//!
//! The fields of a layer are its parameters, in the layout of PyTorch. A layer is made anew (`random`, and norms by `new`),
//! built of tensors, or loaded: see [`io`](crate::io).

mod activation;
mod adapter;
mod adaptive;
mod attention;
mod attention_bias;
mod attention_dropout;
mod attention_with;
mod cache;
mod channel_norm;
mod conv;
mod dropout;
mod embedding;
mod feed_forward;
mod fresh;
mod gated;
mod grouped_query;
mod linear;
mod llama;
mod loss;
mod mixture;
mod multi_head;
mod norm;
mod patches;
mod positions;
mod recurrent;
mod rotary;
mod sequence_parallel;
mod soft_cap;
mod stack;
mod training;
mod transformer;
mod well_formed;

pub use crate::backend::RotaryLayout;
pub use activation::Activation;
pub use adapter::{AdaptedLinear, LowRank};
pub use adaptive::{AdaptiveLayerNorm, Modulation};
pub use attention::{attention, attention_weights, scaled_attention};
#[doc(hidden)]
pub use attention_bias::{Added, OfBatch, OfHeads};
pub use attention_bias::{HeadSinks, NoBias, NoSinks, PairBias};
pub use attention_dropout::{DropoutOfWeights, DropsWeights, NoDropout};
pub use attention_with::{
    AttentionOptions, attention_weights_with, attention_with, attention_with_bias, scaled_attention_with_bias,
};
pub use cache::{CacheMask, CacheStep, Cached, CutTo, KeyValueCache, KeysAndValues, OneSequence, Past};
pub use channel_norm::{BatchNorm, GroupNorm};
pub use conv::{Conv, Conv1d, Conv2d, ConvTranspose};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use feed_forward::FeedForward;
pub use gated::GatedFeedForward;
pub use grouped_query::GroupedQueryAttention;
pub use linear::Linear;
pub use llama::{LlamaDecoder, LlamaLayer};
pub use loss::{
    LogLikelihood, MeanOver, Preference, SpreadOver, SumOver, Triplet, absolute_error, binary_cross_entropy,
    binary_focal_loss, cosine_similarity, cross_entropy, ctc_loss, dice_loss, focal_loss, huber, info_nce,
    kl_divergence, log_likelihood, mean_of_valid, mean_where, next_token_log_probabilities, next_token_loss,
    similarities, smoothed_cross_entropy, squared_error, sum_of_valid, sum_where,
};
pub use mixture::{AllValid, ExpertNames, Mixed, MixtureOfExperts, Routing};
pub use multi_head::{Memory, MultiHeadAttention};
pub use norm::{LayerNorm, OffsetRmsNorm, RmsNorm};
pub use patches::PatchEmbedding;
pub use positions::{LearnedPositions, SinusoidalPositions};
pub use recurrent::{Gru, Lstm, LstmState, LstmStateOf};
pub use rotary::{Rotary, RotaryAngles, RotaryOf, rotary_frequencies};
pub use soft_cap::soft_cap;
pub use stack::{Decoder, Encoder};
pub use training::{InTraining, Training};
pub use transformer::{DecoderLayer, EncoderLayer, NormOrder};
pub use well_formed::WellFormed;

crate::module::constants! { [] Activation; [] Dropout; [] NormOrder; }
