//! Mixtures of experts.

use super::{Activation, GatedFeedForward, Linear, WellFormed};
use crate::backend::{ArrayOf, Backend, Binary, DeviceOf, Epilogue, Float, Reduce, With, constant, elements};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Name, Summed};
use crate::io::{Stored, Weights};
use crate::mask::LengthsOf;
use crate::module::{Parameter, ParameterMut, Path, ToEngine, show};
use crate::sealed::Sealed;
use crate::shape::{Last, OfAllRanks, Sequence, Shape, Unpadded};
use crate::tensor::{SameBackend, Tensor};
use crate::{Error, Module, Rng};
use std::fmt::{self, Debug, Formatter};

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

/// Which experts a token is sent to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routing {
    /// How many: those with the largest probabilities.
    pub per_token: usize,
    /// Whether the probabilities of these are divided by their sum, as in Mixtral.
    pub normalized: bool,
    /// How many tokens an expert takes, as a multiple of what each would take if all took as many. Others are left out of it: first those
    /// to whom it matters less, then those that stand later ([Lepikhin et al. 2020](https://arxiv.org/abs/2006.16668)). Without a number it
    /// takes all.
    pub capacity: Option<f64>,
}
crate::module::constants! { [] Routing; }

impl Routing {
    /// To so many experts, with probabilities that are one together, and without a capacity.
    pub fn new(per_token: usize) -> Self {
        Routing { per_token, normalized: true, capacity: None }
    }

    /// How many tokens one of so many experts takes at most.
    fn room(&self, tokens: usize, experts: usize) -> usize {
        let all = tokens * self.per_token;
        self.capacity.map_or(all, |factor| (factor * all as f64 / experts as f64).ceil() as usize)
    }
}

/// The names that the parts of a mixture have in a file, and as parameters: with dots in them, if they lie deeper.
///
/// ```
/// # #[cfg(feature = "safetensors")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use congruent::io::{SafeTensors, Weights, Writer, load};
/// use congruent::nn::{Activation, ExpertNames, MixtureOfExperts, Routing};
/// use congruent::prelude::*;
/// dims! { Embed = 4; Hidden = 8; Experts = 3; }
/// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
/// let mut writer = Writer::default();
/// writer.module("mlp", &layer);
/// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
/// let (names, dims) = (ExpertNames::PLAIN, (Embed, Hidden, Experts));
/// let loaded = load(&file, |weights: Weights<f32>| {
///     MixtureOfExperts::load(&weights.at("mlp"), names, dims, Activation::Silu, Routing::new(2))
/// })?;
/// assert_eq!(loaded.experts()[2].up.weight.to_vec(), layer.experts()[2].up.weight.to_vec());
///
/// let too_many = load(&file, |weights: Weights<f32>| {
///     MixtureOfExperts::load(&weights.at("mlp"), names, dims, Activation::Silu, Routing::new(4))
/// });
/// assert!(too_many.unwrap_err().to_string().contains("`mlp.per_token`: it is 4, expected a number from 1 to that of the experts"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "safetensors"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertNames {
    /// The router.
    pub router: &'static str,
    /// The list of the experts.
    pub experts: &'static str,
    /// Of an expert, what says how much passes.
    pub gate: &'static str,
    /// What passes.
    pub up: &'static str,
    /// Back to the width of the model.
    pub down: &'static str,
}

impl ExpertNames {
    /// Those of the fields of this library.
    pub const PLAIN: Self = ExpertNames { router: "router", experts: "experts", gate: "gate", up: "up", down: "down" };
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
    pub fn router(&self) -> &Linear<E, X, B> {
        &self.router
    }

    /// The experts, in the order of `X`.
    pub fn experts(&self) -> &[GatedFeedForward<E, F, B>] {
        &self.experts
    }

    /// Which experts a token is sent to.
    pub fn routing(&self) -> Routing {
        self.routing
    }

    /// The layer on each position of `x` by itself, whatever stands there, padding too: for inference, where nothing is counted. A
    /// capacity, which is one of all tokens together, does not hold here.
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

impl<E: Dim, F: Dim, X: Dim> MixtureOfExperts<E, F, X> {
    /// A new layer with random parameters: a router without a bias, and experts with SiLU.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn random(embed: E, hidden: F, experts: X, routing: Routing, rng: &mut Rng) -> Result<Self, Error> {
        let router = Linear::random(embed, experts, rng).without_bias();
        let experts = (0..experts.size()).map(|_| GatedFeedForward::random(embed, hidden, rng)).collect();
        Self::new(router, experts, routing)
    }
}

impl<E: Dim, F: Dim, X: Dim, B: Backend<Elem: Float + Stored>> MixtureOfExperts<E, F, X, B> {
    /// Takes a router without a bias and experts, each part below its name: `experts.0.gate.weight` with [`ExpertNames::PLAIN`]. As
    /// parameters they keep these names.
    pub fn load(
        weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
        names: ExpertNames,
        (embed, hidden, experts): (E, F, X),
        activation: Activation,
        routing: Routing,
    ) -> Self {
        let count = experts.size();
        let fits = |found: f64| (1.0..=count as f64).contains(&found);
        weights.check("per_token", routing.per_token as f64, "a number from 1 to that of the experts", fits);
        let capacity = routing.capacity.unwrap_or(1.0);
        weights.check("capacity", capacity, "a number above 0", |found| found.is_finite() && found > 0.0);
        let of_expert = |expert| {
            let weights = weights.at(names.experts).at(expert);
            GatedFeedForward {
                gate: Linear::load_without_bias(&weights.at(names.gate), embed, hidden),
                up: Linear::load_without_bias(&weights.at(names.up), embed, hidden),
                activation,
                down: Linear::load_without_bias(&weights.at(names.down), hidden, embed),
            }
        };
        let router = Linear::load_without_bias(&weights.at(names.router), embed, experts);
        MixtureOfExperts { router, experts: (0..count).map(of_expert).collect(), routing, names }
    }
}

/// Visits the parts by their names.
macro_rules! visit_parts {
    ($visit:ident, $iter:ident, $layer:expr, $path:expr, $visitor:expr) => {{
        let (layer, path, visitor) = ($layer, $path, $visitor);
        let ExpertNames { router, experts, gate, up, down } = layer.names;
        layer.router.$visit(&path.at(router), visitor);
        let path = path.at(experts);
        for (i, expert) in layer.experts.$iter().enumerate() {
            let path = path.position(i);
            expert.gate.$visit(&path.at(gate), visitor);
            expert.up.$visit(&path.at(up), visitor);
            expert.down.$visit(&path.at(down), visitor);
        }
    }};
}

#[diagnostic::do_not_recommend]
impl<E: Dim, F: Dim, X: Dim, B: Backend<Elem: Float>> Module<B> for MixtureOfExperts<E, F, X, B> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        visit_parts!(visit, iter, self, path, visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        visit_parts!(visit_mut, iter_mut, self, path, visitor);
    }
}

#[diagnostic::do_not_recommend]
impl<E, F, X, B: Backend, En: Backend> ToEngine<En> for MixtureOfExperts<E, F, X, B>
where
    Linear<E, X, B>: ToEngine<En, On = Linear<E, X, En>>,
    GatedFeedForward<E, F, B>: ToEngine<En, On = GatedFeedForward<E, F, En>>,
{
    type On = MixtureOfExperts<E, F, X, En>;
    fn transferred(&self, device: &DeviceOf<En>) -> Self::On {
        let (router, experts) = (self.router.transferred(device), self.experts.transferred(device));
        MixtureOfExperts { router, experts, routing: self.routing, names: self.names }
    }
}

impl<E: Dim, F: Dim, X: Dim, B: Backend<Elem: Float>> Debug for MixtureOfExperts<E, F, X, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MixtureOfExperts");
        show::<B>(self, &mut shown);
        shown.finish()
    }
}
