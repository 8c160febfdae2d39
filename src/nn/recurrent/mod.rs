//! Recurrent layers.

mod gru;
mod lstm;

pub use gru::Gru;
pub use lstm::{Lstm, LstmState, LstmStateOf};

use crate::Rng;
use crate::backend::{ArrayOf, Backend, Epilogue, Float};
use crate::dim::{Dim, N, Times};
use crate::io::{Stored, Weights};
use crate::shape::Shape;
use crate::tensor::{SameBackend, Tensor};

/// Parameters of `G` gates, each with a row for each element of the state.
type OfInput<G, In, H, B> = Tensor<(Times<G, H>, In), B>;
type OfState<G, H, B> = Tensor<(Times<G, H>, H), B>;
type Bias<G, H, B> = Tensor<(Times<G, H>,), B>;

/// The part of each gate in `x (batch, gates · hidden)`.
struct Gates<'a, B: Backend>(&'a ArrayOf<B>, usize);

impl<B: Backend> Gates<'_, B> {
    /// So many gates, from this one on.
    fn part(&self, first: usize, count: usize) -> ArrayOf<B> {
        B::narrow(self.0, 1, first * self.1, count * self.1)
    }
}

/// `x · weightᵀ + bias`.
fn affine<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    weight: &ArrayOf<B>,
    bias: &ArrayOf<B>,
    residual: Option<&ArrayOf<B>>,
) -> ArrayOf<B> {
    B::linear(x, weight, Epilogue { bias: Some(bias), activation: None, residual })
}

fn zeros<Batch: Dim, H: Dim, S: Shape, B: Backend<Elem: Float>>(
    shape: (Batch, H),
    beside: &Tensor<S, B>,
) -> Tensor<(Batch, H), B> {
    let sizes = [shape.0.size(), shape.1.size()];
    Tensor::from_parts(shape, B::filled(num_traits::zero(), &sizes, &beside.device()))
}

macro_rules! made_and_loaded {
    ($Layer:ident, $gates:literal) => {
        impl<In: Dim, H: Dim> $Layer<In, H> {
            /// A new layer, its parameters uniform within `1 / √H`, as PyTorch begins.
            ///
            /// ```
            /// # use congruent::prelude::*;
            #[doc = concat!("use congruent::nn::", stringify!($Layer), ";")]
            /// dims! { Embed = 3; Hidden = 4; }
            #[doc = concat!("let layer = ", stringify!($Layer), "::random(Embed, Hidden, &mut Rng::with_seed(1));")]
            /// assert!(layer.weight_ih.to_vec().iter().all(|x| x.abs() <= 0.5));
            /// ```
            pub fn random(input: In, hidden: H, rng: &mut Rng) -> Self {
                let bound = (hidden.size().max(1) as f64).sqrt().recip();
                let (range, gates) = (-bound..bound, Times(N::<$gates>, hidden));
                $Layer {
                    weight_ih: Tensor::uniform((gates, input), range.clone(), rng),
                    weight_hh: Tensor::uniform((gates, hidden), range.clone(), rng),
                    bias_ih: Tensor::uniform((gates,), range.clone(), rng),
                    bias_hh: Tensor::uniform((gates,), range, rng),
                }
            }
        }

        impl<In: Dim, H: Dim, B: Backend<Elem: Stored>> $Layer<In, H, B> {
            /// Takes `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0`: the first layer of PyTorch's.
            ///
            /// ```
            /// # use congruent::prelude::*;
            /// # #[cfg(feature = "safetensors")] {
            #[doc = concat!("use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::", stringify!($Layer), "};")]
            /// dims! { Embed = 3; Hidden = 4; }
            #[doc = concat!("let gates = Times(N::<", $gates, ">, Hidden);")]
            /// let mut writer = Writer::default();
            /// writer.add("rnn.weight_ih_l0", &Tensor::ones((gates, Embed)));
            /// writer.add("rnn.weight_hh_l0", &Tensor::ones((gates, Hidden)));
            /// writer.add("rnn.bias_ih_l0", &Tensor::zeros((gates,)));
            /// writer.add("rnn.bias_hh_l0", &Tensor::zeros((gates,)));
            /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
            #[doc = concat!("let layer = load(&file, |weights: Weights<f32>| ", stringify!($Layer), "::load(&weights.at(\"rnn\"), Embed, Hidden))?;")]
            /// assert_eq!(layer.weight_ih.at(Embed, 0).unwrap().to_vec()[0], 1.0);
            /// # }
            /// # Ok::<(), congruent::io::LoadError>(())
            /// ```
            pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, input: In, hidden: H) -> Self {
                Self::load_part(weights, "l0", input, hidden)
            }

            /// Takes the parameters of another layer or of the other direction: `l1`, `l0_reverse`.
            ///
            /// ```
            /// # use congruent::prelude::*;
            /// # #[cfg(feature = "safetensors")] {
            #[doc = concat!("use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::", stringify!($Layer), "};")]
            /// dims! { Embed = 3; Hidden = 4; }
            #[doc = concat!("let gates = Times(N::<", $gates, ">, Hidden);")]
            /// let mut writer = Writer::default();
            /// writer.add("rnn.weight_ih_l0_reverse", &Tensor::ones((gates, Embed)));
            /// writer.add("rnn.weight_hh_l0_reverse", &Tensor::ones((gates, Hidden)));
            /// writer.add("rnn.bias_ih_l0_reverse", &Tensor::zeros((gates,)));
            /// writer.add("rnn.bias_hh_l0_reverse", &Tensor::zeros((gates,)));
            /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
            #[doc = concat!("let layer = load(&file, |weights: Weights<f32>| ", stringify!($Layer), "::load_part(&weights.at(\"rnn\"), \"l0_reverse\", Embed, Hidden))?;")]
            /// assert_eq!(layer.weight_ih.at(Embed, 0).unwrap().to_vec()[0], 1.0);
            /// # }
            /// # Ok::<(), congruent::io::LoadError>(())
            /// ```
            pub fn load_part(
                weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
                part: &str,
                input: In,
                hidden: H,
            ) -> Self {
                let gates = Times(N::<$gates>, hidden);
                let name = |parameter: &str| format!("{parameter}_{part}");
                $Layer {
                    weight_ih: weights.tensor(&name("weight_ih"), (gates, input)).same(),
                    weight_hh: weights.tensor(&name("weight_hh"), (gates, hidden)).same(),
                    bias_ih: weights.tensor(&name("bias_ih"), (gates,)).same(),
                    bias_hh: weights.tensor(&name("bias_hh"), (gates,)).same(),
                }
            }
        }
    };
}
made_and_loaded!(Gru, 3);
made_and_loaded!(Lstm, 4);
