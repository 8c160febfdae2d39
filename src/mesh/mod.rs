//! Many machines: a mesh of ranks, dimensions that are divided among them, and sums that are pending.
//!
//! A *mesh* is a number of processes, the ranks, in a grid of one or more axes, each of which is a dimension: its size is how many ranks
//! there are along it. All ranks run one program.
//!
//! - A tensor is the same on all ranks, unless its type says otherwise.
//! - [`Shard<D, M>`](crate::dim::Shard) is a dimension of which each rank along `M` has a part. What reads across it does not compile:
//!   a softmax, a norm, a mean, a product over it.
//! - [`Partial<S, M>`] is a sum that is pending: each rank along `M` has a term of it. It is added to others, and scaled, and becomes
//!   a tensor by [`all_reduce`](Partial::all_reduce) or [`reduce_scatter`](Partial::reduce_scatter). A bias, a function that is not
//!   linear, or a product of it with another does not compile.
//! - Gradients need nothing: [`OnMesh`] knows of each array along which axes it varies. What is the same on all ranks, and meets what
//!   varies, has a gradient that is a sum over the ranks, which the backward pass adds up.
//!
//! The layers of [`nn`](crate::nn) are those of one process. A feed-forward layer whose hidden dimension is a `Shard` is a
//! tensor-parallel one, and so is attention whose heads are ([Shoeybi et al. 2019](https://arxiv.org/abs/1909.08053)): its output
//! layer adds what the ranks have, and its bias after that, once.
//!
//! ```
//! use congruent::dim::Shard;
//! use congruent::mesh::{Mesh, OnMesh, in_threads};
//! use congruent::nn::FeedForward;
//! use congruent::prelude::*;
//! dims! { Model = 2; Batch = 4; Embed = 8; Hidden = 16; }
//!
//! let x = Tensor::<(Batch, Embed)>::uniform((Batch, Embed), -1.0..1.0, &mut Rng::with_seed(2));
//! let whole = FeedForward::random(Embed, Hidden, &mut Rng::with_seed(1)).forward(&x);
//! // Two ranks, as threads; `congruent-mpi` has those of MPI.
//! in_threads(2, |world| {
//!     let mesh = Mesh::new(world, (Model,)).unwrap();
//!     let hidden: Shard<Hidden, Model> = mesh.shard(Hidden, Model);
//!     let layer = FeedForward::random(Embed, hidden, &mut Rng::with_seed(1));
//!     let layer = layer.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
//!     let y = layer.forward(&x.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()));
//!     assert!(y.to_vec().iter().zip(whole.to_vec()).all(|(y, expected)| (y - expected).abs() < 1e-5));
//! });
//! ```
//!
//! A vocabulary is divided as well: `Embedding<Shard<Vocab, Model>, Embed>` takes ids of the whole `Vocab`, it or a `Linear` makes
//! logits `(.., Shard<Vocab, Model>)`, and [`cross_entropy`](crate::nn::cross_entropy) takes these with labels of `Vocab`. A sampler
//! reads all logits of the last position, by [`of_all_ranks`](crate::Tensor::of_all_ranks). Generic code over a
//! [`Vocabulary`](crate::dim::Vocabulary) takes one that is divided, or not.
//!
//! Ranks that have the parameters alike divide the state of an optimizer, and its gradients, by
//! [`Optimizer::sharded`](crate::optim::Optimizer::sharded). All ranks write a file together by `Mesh::write`, and open it by
//! `Mesh::open`: what is in parts on a mesh is whole in the file, and loads on any other one. Ranks that disagree, in sizes, versions,
//! files, settings ([`Mesh::agree`]) or the model that they begin with (`Mesh::agree_on`), end with one message.
//!
//! A sequence that is longer than a rank holds is a `Shard` too. What treats its positions one by one, as a norm or a feed-forward layer does, is
//! what it always was; attention is told how queries reach the keys of the other ranks, in place of its mask:
//! [`RingAttention`] sends keys and values around ([Liu et al. 2023](https://arxiv.org/abs/2310.01889)), [`AllToAllAttention`] exchanges
//! positions for heads (DeepSpeed-Ulysses, [Jacobs et al. 2023](https://arxiv.org/abs/2309.14509)). Beside tensor parallelism,
//! [`EncoderLayer::forward_sequence_parallel`](crate::nn::EncoderLayer::forward_sequence_parallel) and
//! [`LlamaDecoder::forward_sequence_parallel`](crate::nn::LlamaDecoder::forward_sequence_parallel) have norms, and what is added to, of a
//! part of the sequence ([Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198)). Where a sequence or a batch does not divide, padding fills
//! it up: `mesh.shard(Ragged(Padded), axis)`, with the lengths of the whole, and [`mean_of_valid`](crate::nn::mean_of_valid) counts what
//! is valid on all ranks.
//!
//! The rules are those of JAX's `shard_map` with its varying axes, and of `spmd_types` of PyTorch (2026), which check them while a
//! program runs.

mod across;
mod agree;
mod array;
mod attention;
mod autodiff;
mod backend;
#[cfg(feature = "safetensors")]
mod checkpoint;
mod collectives;
mod communicator;
mod counted;
mod engine;
mod partial;
mod ranks;
mod ring;
mod shards;
mod shares;
mod sharing;
mod terms;
mod threads;
mod valid;
mod visible;

pub use array::OnRanks;
pub use attention::{AllToAllAttention, RingAttention};
pub use communicator::{Alone, Combine, Communicator, Numbers};
pub use counted::{Counted, Traffic};
pub use engine::{MeshDevice, MeshOf, OnMesh};
pub use partial::Partial;
pub use shards::{DividedBy, Mesh};
pub use shares::MeshBackend;
pub(crate) use sharing::Sharing;
pub use terms::{FactorOf, Summand, Together};
pub use threads::in_threads;
