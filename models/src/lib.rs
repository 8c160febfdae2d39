//! Published models by the layers of [`congruent`], a file a family: generic over dimensions, engines and element types, loaded
//! from the files that they are published as.
//!
//! | family | module |
//! |---|---|
//! | Llama, Mistral, Mixtral, Qwen 2 and 3, Qwen 2 and 3 MoE, Gemma 1 to 3 | [`decoder`] |
//! | GPT-2 | [`gpt2`] |
//! | BERT, RoBERTa | [`bert`] |
//! | ModernBERT | [`modern_bert`] |
//! | T5, and its version 1.1 | [`t5`] |
//! | ViT | [`vit`] |
//! | CLIP | [`clip`] |
//! | Whisper | [`whisper`] |
//! | Silero VAD | [`silero`] |
//! | MTCNN | [`mtcnn`] |
//! | DiT | [`dit`] |
//!
//! On a mesh of ranks, heads, features of the feed-forward networks and the vocabulary may each be a
//! [`Shard`](congruent::dim::Shard), where a family has them: each rank reads its part of the same files, and ids are of the whole
//! vocabulary.
//!
//! A folder as Hugging Face's library writes it, which goes on with a prompt:
//!
//! ```no_run
//! use congruent::generate::{Request, Sampler, Sampling, generate};
//! use congruent::prelude::*;
//! use congruent_models::decoder::{HUGGING_FACE, Llama, configured};
//! use congruent_models::{Architecture, Texts, weights};
//! let folder = std::path::Path::new("qwen3");
//! let Architecture::Decoder(config) = Architecture::open(folder)? else { panic!("another family") };
//! // Sizes that only the file knows; a model of sizes that the program knows takes `Dims` of its own.
//! let dims = config.dims()?;
//! let model: configured::Model =
//!     Llama::load(&weights(folder)?, dims, &config.settings, &HUGGING_FACE, &Default::default(), || ())?;
//! let prompt = [9707, 11].map(|id| Index::new(dims.vocab, id)).into_iter().collect::<Result<_, _>>()?;
//! let request = Request { prompt, sampler: Sampler::new(Sampling::GREEDY, 1)?, end: vec![], maximum: 20 };
//! let texts = generate(&mut Texts::new(&model, N::<1>), vec![request])?;
//! println!("{:?}", texts[0].ids);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod bert;
pub mod clip;
mod config;
pub mod decoder;
pub mod dit;
mod error;
mod files;
pub mod gpt2;
mod language;
pub mod modern_bert;
pub mod mtcnn;
mod published_layer;
pub mod silero;
pub mod t5;
pub mod vit;
pub mod whisper;

pub use config::Architecture;
pub use error::Error;
pub(crate) use error::ensure;
pub use files::weights;
pub use language::{Decoder, Dims, LanguageModel, Texts};
pub use published_layer::{LayerNames, PartNames, PublishedLayer};
