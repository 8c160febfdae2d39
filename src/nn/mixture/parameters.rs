//! The parameters of a mixture: random, out of a file, and visited by their names.

use super::{ExpertNames, MixtureOfExperts, Routing};
use crate::backend::{Backend, DeviceOf, Float};
use crate::dim::Dim;
use crate::io::{Stored, Weights};
use crate::module::{CastTo, Parameter, ParameterMut, Path, ToEngine, show};
use crate::nn::{Activation, GatedFeedForward, Linear};
use crate::tensor::SameBackend;
use crate::{Error, Module, Rng};
use std::fmt::{self, Debug, Formatter};

impl<E: Dim, F: Dim, X: Dim> MixtureOfExperts<E, F, X> {
    /// A new layer with random parameters: a router without a bias, and experts with SiLU.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MixtureOfExperts, Routing};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), &mut Rng::with_seed(1))?;
    /// assert!(layer.router().bias.is_none());
    /// # Ok::<(), Error>(())
    /// ```
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
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::{Activation, ExpertNames, MixtureOfExperts, Routing}};
    /// dims! { Embed = 4; Hidden = 8; Experts = 3; }
    /// let routing = Routing::new(2);
    /// let mut writer = Writer::default();
    /// writer.module("mlp", &MixtureOfExperts::random(Embed, Hidden, Experts, routing, &mut Rng::with_seed(1)).unwrap());
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let layer = load(&file, |weights: Weights<f32>| {
    ///     MixtureOfExperts::load(&weights.at("mlp"), ExpertNames::PLAIN, (Embed, Hidden, Experts), Activation::Silu, routing)
    /// })?;
    /// assert_eq!(layer.experts().len(), 3);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
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

#[diagnostic::do_not_recommend]
impl<E, F, X, B: Backend, En: Backend> CastTo<En> for MixtureOfExperts<E, F, X, B>
where
    Linear<E, X, B>: CastTo<En, On = Linear<E, X, En>>,
    GatedFeedForward<E, F, B>: CastTo<En, On = GatedFeedForward<E, F, En>>,
{
    type On = MixtureOfExperts<E, F, X, En>;
    fn cast_to(&self) -> Self::On {
        let (router, experts) = (self.router.cast_to(), self.experts.cast_to());
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
