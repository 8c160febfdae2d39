//! Mixtures of experts.

mod parameters;
mod routing;

pub use routing::{ExpertNames, Routing};

use super::{GatedFeedForward, Linear, WellFormed};
use crate::Error;
use crate::backend::{ArrayOf, Backend, Binary, Epilogue, Float, Reduce, With, constant, elements};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Name, Summed};
use crate::mask::LengthsOf;
use crate::sealed::Sealed;
use crate::shape::{Last, OfAllRanks, Sequence, Shape, Unpadded};
use crate::tensor::{SameBackend, Tensor};

crate::dims! { Routed; }

/// Feed-forward networks `X`, of which a router chooses a few for each token
/// ([Shazeer et al. 2017](https://arxiv.org/abs/1701.06538); as in Mixtral,
/// [Jiang et al. 2024](https://arxiv.org/abs/2401.04088)): the result is the sum of theirs, each times its probability.
///
/// Padding is sent nowhere and counted nowhere: tokens are those of a shape without padding, or of a batch with its lengths.
///
/// ```
/// use congruent::nn::{Mixed, MixtureOfExperts, Routing};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 3; Embed = 4; Hidden = 8; Experts = 4; }
/// let rng = &mut Rng::with_seed(1);
/// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), rng)?;
/// let x = Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng);
/// let Mixed { y, balance, load, .. } = layer.forward(&x);
/// let y: Tensor<(Batch, Seq, Embed)> = y;
/// // The loss of the model, and a little of this.
/// let loss: Tensor<()> = y.square().mean(Embed).mean(Seq).mean(Batch) + balance * 0.01;
/// assert_eq!(load.iter().sum::<usize>(), 2 * 6);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
#[doc(alias("MoE", "SwitchTransformer", "Mixtral"))]
pub struct MixtureOfExperts<E, F, X, B: Backend = Cpu<f32>> {
    router: Linear<E, X, B>,
    experts: Vec<GatedFeedForward<E, F, B>>,
    routing: Routing,
    names: ExpertNames,
}
impl<E: Dense, F: Summed, X: Dim, B: Backend> WellFormed for MixtureOfExperts<E, F, X, B> {
    fn sealed(_: Sealed) {}
}

/// What a mixture of experts gives.
#[derive(Clone)]
pub struct Mixed<S, B: Backend = Cpu<f32>> {
    /// The sum of the results of the experts; zeros where there was padding, or room in none.
    pub y: Tensor<S, B>,
    /// How unevenly tokens are spread, by `X · Σ share · probability` over the experts: the share of the tokens that were sent to one,
    /// before its capacity, and the mean of its probabilities
    /// ([Fedus et al. 2021](https://arxiv.org/abs/2101.03961)). It is the number of experts for each token where all take as many, and has
    /// gradients of the router.
    pub balance: Tensor<(), B>,
    /// How many tokens were sent to each expert, before its capacity.
    pub load: Vec<usize>,
    /// How often there was no room.
    pub dropped: usize,
}

/// That all positions of a shape are tokens: it has no padding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, which would be sent to experts and counted in their load",
    label = "a dimension of this shape may hold padding",
    note = "of a padded batch, `experts.forward_padded(&x, &lengths)` takes the valid positions; in generic code, ask for dimensions without padding: `S: Dense`",
    note = "explained in `congruent::errors::C93`: https://docs.rs/congruent/latest/congruent/errors/C93/"
)]
pub trait AllValid: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: OfAllRanks + Unpadded> AllValid for S {
    fn sealed(_: Sealed) {}
}

impl<E: Dim, F: Dim, X: Dim, B: Backend<Elem: Float>> MixtureOfExperts<E, F, X, B> {
    /// A router, and an expert for each of its outputs.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{GatedFeedForward, Linear, MixtureOfExperts, Routing};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let rng = &mut Rng::with_seed(1);
    /// let router = Linear::random(Embed, Experts, rng);
    /// let experts = vec![GatedFeedForward::random(Embed, Hidden, rng); 3];
    /// assert!(MixtureOfExperts::new(router.clone(), experts.clone(), Routing::new(2)).is_ok());
    /// assert!(MixtureOfExperts::new(router, experts, Routing::new(4)).is_err());
    /// ```
    ///
    /// # Errors
    /// There is another number of experts, a token is sent to none or to more than there are, or the capacity is not above zero.
    pub fn new(
        router: Linear<E, X, B>,
        experts: Vec<GatedFeedForward<E, F, B>>,
        routing: Routing,
    ) -> Result<Self, Error> {
        let (expected, found) = (router.output().size(), experts.len());
        if expected != found {
            let shape = format!("a list of experts for `{}` = {expected}", Name::<X>::new());
            return Err(Error::ElementCount { shape, expected, found });
        }
        if !(1..=expected).contains(&routing.per_token) {
            let (setting, expected) = ("per_token", "a number from 1 to that of the experts");
            return Err(Error::Setting { setting, expected, found: routing.per_token.to_string() });
        }
        if let Some(capacity) = routing.capacity.filter(|capacity| !(capacity.is_finite() && *capacity > 0.0)) {
            let (setting, expected) = ("capacity", "a number above 0");
            return Err(Error::Setting { setting, expected, found: capacity.to_string() });
        }
        Ok(MixtureOfExperts { router, experts, routing, names: ExpertNames::PLAIN })
    }

    /// What says how likely each expert is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// assert_eq!(layer.router().output(), Experts);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn router(&self) -> &Linear<E, X, B> {
        &self.router
    }

    /// The experts, in the order of `X`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// assert_eq!(layer.experts().len(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn experts(&self) -> &[GatedFeedForward<E, F, B>] {
        &self.experts
    }

    /// Which experts a token is sent to.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// assert_eq!(layer.routing().per_token, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// The layer on each position of `x` by itself, whatever stands there, padding too: for inference, where nothing is counted. A
    /// capacity, which is one of all tokens together, does not hold here.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Batch = 2; Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// let x = Tensor::ones((Batch, Embed));
    /// assert_eq!(layer.forward_each(&x).to_vec(), layer.forward(&x).y.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The engine fails.
    pub fn forward_each<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Last<E>,
        Self: WellFormed,
    {
        let (shape, embed) = (x.shape(), self.router.input().size());
        let positions = shape.elements().checked_div(embed).unwrap_or(0);
        let (y, ..) = self.mix(&B::reshape(x.array(), &[positions, embed]), None);
        Tensor::from_parts(shape, B::reshape(&y, x.sizes().as_ref()))
    }

    /// The layer on the last dimension of `x`, where every position is a token. The host reads which experts are chosen.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Batch = 5; Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// let mixed = layer.forward(&Tensor::ones((Batch, Embed)));
    /// assert_eq!(mixed.y.sizes(), [5, 4]);
    /// // Two experts for each of five tokens.
    /// assert_eq!(mixed.load.iter().sum::<usize>(), 10);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The engine fails.
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Mixed<S, B>
    where
        S: Last<E> + AllValid,
        Self: WellFormed,
    {
        let (shape, embed) = (x.shape(), self.router.input().size());
        let tokens = shape.elements().checked_div(embed).unwrap_or(0);
        let (y, balance, load, dropped) = self.mix(&B::reshape(x.array(), &[tokens, embed]), self.routing.capacity);
        Mixed { y: Tensor::from_parts(shape, B::reshape(&y, x.sizes().as_ref())), balance, load, dropped }
    }

    /// The layer on the valid tokens of a batch; zeros in its padding, whatever stands there.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Batch = 2; Seq = 3; Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(1), &mut Rng::with_seed(1))?;
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1])?;
    /// let mixed = layer.forward_padded(&Tensor::ones((Batch, Ragged(Seq), Embed)), &lengths);
    /// assert_eq!(mixed.load.iter().sum::<usize>(), 4);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The engine fails.
    pub fn forward_padded<S>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        lengths: &impl LengthsOf<S::Batch, S::Length>,
    ) -> Mixed<S, B>
    where
        S: Sequence<E>,
        Self: WellFormed,
    {
        let lengths = lengths.lengths();
        let &[batch, longest, embed] = x.sizes().as_ref() else { unreachable!("it has three dimensions") };
        let of_one = |(sequence, length): (usize, &usize)| (0..*length).map(move |at| (sequence * longest + at) as u32);
        let valid: Vec<u32> = lengths.as_slice().iter().enumerate().flat_map(of_one).collect();
        let (count, device) = (valid.len(), x.device());
        let valid = With::<B, u32>::from_elements(valid, &[count], &device);
        let rows = B::gather(&B::reshape(x.array(), &[batch * longest, embed]), &valid);
        let (y, balance, load, dropped) = self.mix(&rows, self.routing.capacity);
        let padding = B::filled(num_traits::zero(), &[batch * longest, embed], &device);
        let y = B::reshape(&B::scatter_add(padding, &valid, &y), x.sizes().as_ref());
        Mixed { y: Tensor::from_parts(x.shape(), y), balance, load, dropped }
    }

    /// The layer on tokens `(T, E)`.
    fn mix(&self, x: &ArrayOf<B>, capacity: Option<f64>) -> (ArrayOf<B>, Tensor<(), B>, Vec<usize>, usize) {
        let &[tokens, embed] = B::sizes(x) else { unreachable!("tokens are a matrix") };
        let (experts, chosen, device) = (self.experts.len(), self.routing.per_token, B::device(x));
        let mut y = B::filled(num_traits::zero(), &[tokens, embed], &device);
        if tokens == 0 {
            let nothing = B::filled(num_traits::zero(), &[], &device);
            return (y, Tensor::from_parts((), nothing), vec![0; experts], 0);
        }
        let after = Epilogue { bias: self.router.bias.as_ref().map(Tensor::array), ..Epilogue::default() };
        let probabilities = B::softmax(B::linear(x, self.router.weight.array(), after), 1);
        let (weights, ids) = B::top_k(&probabilities, chosen);
        let weights = if self.routing.normalized { shares::<B>(weights) } else { weights };
        let weights = B::reshape(&weights, &[tokens * chosen]);

        // For each expert the places, in the list of all choices, of those that it takes: first choices first.
        let ids = elements::<With<B, u32>>(&ids);
        let room = Routing { capacity, ..self.routing }.room(tokens, experts);
        let (mut taken, mut load, mut dropped) = (vec![Vec::new(); experts], vec![0; experts], 0);
        for place in (0..chosen).flat_map(|choice| (0..tokens).map(move |token| token * chosen + choice)) {
            let expert = ids[place] as usize;
            load[expert] += 1;
            if taken[expert].len() < room { taken[expert].push(place as u32) } else { dropped += 1 }
        }
        for (expert, places) in self.experts.iter().zip(taken).filter(|(_, places)| !places.is_empty()) {
            let count = places.len();
            let rows = places.iter().map(|place| place / chosen as u32).collect();
            let rows = With::<B, u32>::from_elements(rows, &[count], &device);
            let places = With::<B, u32>::from_elements(places, &[count], &device);
            let of_expert = Routed::with(count, |count| {
                let x = Tensor::<_, B>::from_parts((count, self.router.input()), B::gather(x, &rows));
                expert.apply(&x, Epilogue::default()).into_array()
            });
            let weights = B::reshape(&B::gather(&weights, &places), &[count, 1]);
            let weighted = B::binary(Binary::Mul, of_expert, B::broadcast(&weights, &[count, embed]));
            y = B::scatter_add(y, &rows, &weighted);
        }

        let shares = load.iter().map(|load| constant(*load as f64 / tokens as f64)).collect();
        let shares = B::from_elements(shares, &[experts], &device);
        let together = B::binary(Binary::Mul, B::reduce(Reduce::Mean, &probabilities, 0), shares);
        let balance = B::binary_scalar(Binary::Mul, B::reduce(Reduce::Sum, &together, 0), constant(experts as f64));
        (y, Tensor::from_parts((), balance), load, dropped)
    }
}

/// Each row by its sum.
fn shares<B: Backend<Elem: Float>>(x: ArrayOf<B>) -> ArrayOf<B> {
    let sizes = B::sizes(&x).to_vec();
    let sums = B::reshape(&B::reduce(Reduce::Sum, &x, 1), &[sizes[0], 1]);
    B::binary(Binary::Div, x, B::broadcast(&sums, &sizes))
}
