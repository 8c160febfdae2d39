//! What all optimizers share: which rule is for which parameter, and the state of each parameter.

use crate::backend::{ArrayOf, Autodiff, Backend, Float, no_grad};
use crate::cpu::Cpu;
use crate::io::{Stored, Weights};
use crate::module::{Module, Parameter, without_gradients};
use crate::tensor::{Gradients, GradientsFor, SameBackend};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

/// What an optimizer does to one parameter.
///
/// What a rule gives is compared with the sizes of the parameter before it is stored: see [`Optimizer::step`].
pub trait Rule<B: Backend<Elem: Float> = Cpu<f32>>: Send + Sync {
    /// Asked where an [`Optimizer`] gets the rule, and before each step of a parameter, when nothing has changed yet.
    ///
    /// # Panics
    /// A setting is out of its range: the parameter would become NaN, or go the wrong way.
    #[track_caller]
    fn check(&self) {}

    /// The sizes of each array in the state of a parameter of these sizes. They begin as zeros.
    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>>;

    /// The parameter after a step. `factor` is what the learning rate of the rule is multiplied by.
    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B>;
}

/// The state of an optimizer for one parameter.
pub struct State<B: Backend = Cpu<f32>> {
    /// How many steps there were, with the one that is being calculated.
    pub steps: u64,
    /// Arrays of the sizes that [`Rule::state`] says.
    pub moments: Vec<ArrayOf<B>>,
}

impl<B: Backend> Clone for State<B> {
    fn clone(&self) -> Self {
        State { steps: self.steps, moments: self.moments.clone() }
    }
}

impl<B: Backend> State<B> {
    /// Puts what `f` makes of an array in its place, and gives it. `f` holds the array alone, and may write into it.
    pub fn change(&mut self, moment: usize, f: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>) -> ArrayOf<B>
    where
        B::Elem: Float,
    {
        let empty = B::filled(num_traits::zero(), &[0], &B::device(&self.moments[moment]));
        let after = f(std::mem::replace(&mut self.moments[moment], empty));
        self.moments[moment] = after.clone();
        after
    }

    /// Asserts that it is one of a parameter of this name.
    fn check(&self, name: &str, expected: &[Vec<usize>]) {
        let found: Vec<_> = self.moments.iter().map(B::sizes).collect();
        assert!(found == expected, "the state of `{name}` has arrays of sizes {expected:?}, and found are {found:?}");
    }
}

type Chosen<B> = Arc<dyn Fn(&Parameter<'_, B>) -> bool + Send + Sync>;

/// Changes the parameters of a model by their gradients: rules, and their state.
///
/// Cloning one copies no elements, and the two go on apart.
#[derive(Clone)]
pub struct Optimizer<B: Autodiff = Cpu<f32>> {
    rule: Arc<dyn Rule<B>>,
    groups: Vec<(Arc<dyn Rule<B>>, Chosen<B>)>,
    states: BTreeMap<String, State<B>>,
}

impl<B: Autodiff> Optimizer<B> {
    /// An optimizer with one rule for all parameters.
    ///
    /// # Panics
    /// A setting of the rule is out of its range: a learning rate is negative, say.
    ///
    /// ```should_panic
    /// use congruent::optim::{AdamW, Optimizer};
    /// let optimizer: Optimizer = Optimizer::new(AdamW { learning_rate: -0.1, ..AdamW::default() });
    /// ```
    #[track_caller]
    pub fn new(rule: impl Rule<B> + 'static) -> Self {
        rule.check();
        Optimizer { rule: Arc::new(rule), groups: Vec::new(), states: BTreeMap::new() }
    }

    /// With another rule for the parameters for which `chosen` holds, unless they are of a group that was given before.
    ///
    /// ```
    /// use congruent::optim::{AdamW, Optimizer};
    /// let rule = AdamW { weight_decay: 0.1, ..AdamW::default() };
    /// // Norms and biases do not decay.
    /// let optimizer: Optimizer = Optimizer::new(rule).group(AdamW { weight_decay: 0.0, ..rule }, |x| x.sizes().len() < 2);
    /// ```
    ///
    /// # Panics
    /// A setting of the rule is out of its range.
    #[track_caller]
    pub fn group(
        mut self,
        rule: impl Rule<B> + 'static,
        chosen: impl Fn(&Parameter<'_, B>) -> bool + Send + Sync + 'static,
    ) -> Self {
        rule.check();
        self.groups.push((Arc::new(rule), Arc::new(chosen)));
        self
    }

    fn rule_for(&self, parameter: &Parameter<'_, B>) -> Arc<dyn Rule<B>> {
        let group = self.groups.iter().find(|(_, chosen)| chosen(parameter));
        group.map_or(&self.rule, |(rule, _)| rule).clone()
    }

    /// Changes every parameter of the model that is [tracked](crate::Tensor::tracked) and has a gradient; what is frozen,
    /// has no part in the loss, or is a buffer, stays as it is.
    ///
    /// The learning rate stands in the rule. `factor` is what it is multiplied by in this step: 1, or what a
    /// [`Schedule`](super::Schedule) says.
    ///
    /// The parameters after a step are new ones, with no gradient until a loss is calculated of them. So gradients are for
    /// one step, and a loop calculates the loss in each of its turns.
    ///
    /// Parameters and their states are known by their paths, and the state of a parameter that went to another device of the
    /// engine goes there with it. On another engine, an optimizer begins anew or with a state that was saved, by
    /// [`load`](Self::load). Where nobody else holds a parameter, the new one is
    /// written into its memory: a loss holds those that it was calculated of, so drop it before.
    ///
    /// # Panics
    /// No parameter of the model has a gradient, so that the step would change nothing: `track` was not called, or only after
    /// the loss was calculated, or the gradients are of another model or of an earlier step.
    ///
    /// Two parameters have one path: the state of one would be the other's.
    ///
    /// A gradient is what an engine failed to calculate, as far as the engine knows by then. No parameter is changed.
    ///
    /// A setting of a rule is out of its range. The parameters before have had their step.
    ///
    /// The engine has failed at the gradients, or at the state of a parameter: nothing has changed.
    ///
    /// The engine fails at the step of a parameter, as far as that is known by then; or a rule gives a parameter or moments of other sizes, or another number of moments, or the state has other
    /// sizes than the parameter. Nothing of it is stored. The elements of a parameter whose rule has panicked are NaN, as
    /// after [`ParameterMut::change`](crate::module::ParameterMut::change), and its state is gone; those before
    /// it have had their step.
    ///
    /// ```should_panic
    /// use congruent::optim::{AdamW, Optimizer};
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let mut model = Tensor::ones((Embed,)).tracked();
    /// let gradients = model.square().sum(Embed).backward();
    /// let mut optimizer = Optimizer::new(AdamW::default());
    /// optimizer.step(&mut model, &gradients, 1.0);
    /// // The gradients are those of the parameters before.
    /// optimizer.step(&mut model, &gradients, 1.0);
    /// ```
    #[track_caller]
    pub fn step<M, C>(&mut self, model: &mut M, gradients: &Gradients<C>, factor: f64)
    where
        // The backend is known by the gradients, before the model is asked for its parameters on it.
        C: GradientsFor<B>,
        M: Module<B>,
    {
        let gradients: &Gradients<B> = C::taken(gradients);
        model.for_each(|parameter| {
            let Some(gradient) = gradients.of_parameter(&parameter) else { return };
            let device = B::device(parameter.array());
            let state = self.states.get_mut(&parameter.path().to_string());
            let moments = state.iter().flat_map(|state| &state.moments);
            let moments: Vec<_> = moments.map(|moment| B::to_device(moment, &device)).collect();
            if let Some(failure) = moments.iter().chain([&gradient]).find_map(B::failure) {
                panic!("the step changes nothing: {failure}");
            }
            if let Some(state) = state {
                state.moments = moments;
            }
        });
        let (mut is_changed, mut paths) = (false, BTreeSet::new());
        model.for_each_mut(|mut parameter| {
            let shown = parameter.as_parameter();
            let Some(gradient) = gradients.of_parameter(&shown) else { return };
            is_changed = true;
            let rule = self.rule_for(&shown);
            rule.check();
            let (name, kept) = (shown.path().to_string(), rule.state(shown.sizes()));
            let zeros = |sizes: &Vec<usize>| B::filled(num_traits::zero(), sizes, &B::device(shown.array()));
            let new = || State { steps: 0, moments: kept.iter().map(zeros).collect() };
            assert!(paths.insert(name.clone()), "two parameters of the model have the path `{name}`");
            // Taken out, so that what a rule leaves behind when it panics is not taken for a state.
            let mut state = self.states.remove(&name).unwrap_or_else(new);
            state.check(&name, &kept);
            state.steps += 1;
            parameter.change(|array| {
                let array = no_grad(|| rule.step(B::detach(array), gradient, &mut state, factor));
                state.check(&name, &kept);
                if let Some(failure) = state.moments.iter().chain([&array]).find_map(B::failure) {
                    panic!("`{name}`: {failure}");
                }
                B::track(array)
            });
            self.states.insert(name, state);
        });
        assert!(is_changed, "the step changes nothing: {}", without_gradients(model));
    }
}

/// Saving and restoring: an optimizer with the state of another goes on as that one would have, bit for bit.
impl<B: Autodiff<Elem: Stored>> Optimizer<B> {
    /// An optimizer with the same rules, and the state that a file has for the parameters of the model.
    ///
    /// ```
    /// # #[cfg(feature = "safetensors")]
    /// # fn main() -> Result<(), congruent::io::LoadError> {
    /// use congruent::io::{SafeTensors, Weights, Writer, load};
    /// use congruent::optim::{Adam, Optimizer};
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let mut model = Tensor::ones((Embed,)).tracked();
    /// let mut optimizer = Optimizer::new(Adam::default());
    /// let gradients = model.square().sum(Embed).backward();
    /// optimizer.step(&mut model, &gradients, 1.0);
    ///
    /// let mut writer = Writer::default();
    /// writer.module("model", &model);
    /// optimizer.save("optimizer", &mut writer);
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let (model, optimizer) = load(&file, |weights: Weights<f32>| {
    ///     let model = weights.at("model").module(&model);
    ///     let optimizer = optimizer.load(&weights.at("optimizer"), &model);
    ///     (model, optimizer)
    /// })?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "safetensors"))]
    /// # fn main() {}
    /// ```
    pub fn load(&self, weights: &Weights<'_, B::Elem, impl SameBackend<B>>, model: &impl Module<B>) -> Self {
        let mut states = BTreeMap::new();
        model.for_each(|parameter| {
            let name = parameter.path().to_string();
            let weights = weights.at(&name);
            // A parameter without a step has nothing.
            if weights.has("steps") {
                let steps = weights.number("steps");
                let kept = self.rule_for(&parameter).state(parameter.sizes());
                let moment = |(i, sizes): (usize, Vec<usize>)| {
                    let described = format!("{sizes:?}");
                    let is_like = sizes == parameter.sizes();
                    let shape: &dyn fmt::Display = if is_like { parameter.shape() } else { &described };
                    weights.array(&i.to_string(), &sizes, shape)
                };
                let moments = kept.into_iter().enumerate().map(moment).collect();
                states.insert(name, State { steps, moments });
            }
        });
        Optimizer { states, ..self.clone() }
    }

    /// Adds the state to a file: for each parameter that had a step, below `name` and its path, `steps` and the moments by
    /// number.
    #[cfg(feature = "safetensors")]
    pub fn save(&self, name: &str, writer: &mut crate::io::Writer) {
        for (path, State { steps, moments }) in &self.states {
            writer.add_elements(format!("{name}.{path}.steps"), &[], &[*steps]);
            for (i, moment) in moments.iter().enumerate() {
                writer.add_array::<B>(format!("{name}.{path}.{i}"), moment);
            }
        }
    }
}

impl<B: Autodiff> Debug for Optimizer<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Optimizer with the state of {} parameters", self.states.len())
    }
}
