//! Which experts tokens are sent to, and how the parts of a mixture are named.

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
    ///
    /// ```
    /// use congruent::nn::Routing;
    /// assert_eq!(Routing::new(2), Routing { per_token: 2, normalized: true, capacity: None });
    /// ```
    pub fn new(per_token: usize) -> Self {
        Routing { per_token, normalized: true, capacity: None }
    }

    /// How many tokens one of so many experts takes at most.
    pub(super) fn room(&self, tokens: usize, experts: usize) -> usize {
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
