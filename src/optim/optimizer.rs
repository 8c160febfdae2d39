//! What all optimizers share: which rule is for which parameter, and the state of each parameter.

use super::{Rule, State, StepGradients};
use crate::backend::{ArrayOf, Autodiff, no_grad};
use crate::cpu::Cpu;
use crate::io::{Stored, Weights};
use crate::mesh::Sharing;
use crate::module::{Module, Parameter, quoted, without_gradients};
use crate::shape::{AnyShape, Part};
use crate::tensor::SameBackend;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

type Chosen<B> = Arc<dyn Fn(&Parameter<'_, B>) -> bool + Send + Sync>;

/// Changes the parameters of a model by their gradients: rules, and their state.
///
/// Cloning one copies no elements, and the two go on apart.
#[derive(Clone)]
pub struct Optimizer<B: Autodiff = Cpu<f32>> {
    pub(super) rule: Arc<dyn Rule<B>>,
    pub(super) groups: Vec<(Arc<dyn Rule<B>>, Chosen<B>)>,
    pub(super) states: BTreeMap<String, State<B>>,
    /// Of parameters of which this rank has a part.
    parts: BTreeMap<String, Part>,
    /// The ranks that divide the state.
    pub(super) sharing: Option<Sharing>,
    /// Whether an array lies on their mesh.
    pub(super) lies_on: fn(&ArrayOf<B>, &Sharing) -> bool,
    /// The sizes of parameters of whose state this rank has a share.
    pub(super) shared: BTreeMap<String, Vec<usize>>,
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
        Optimizer {
            rule: Arc::new(rule),
            groups: Vec::new(),
            states: BTreeMap::new(),
            parts: BTreeMap::new(),
            sharing: None,
            lies_on: |_, _| true,
            shared: BTreeMap::new(),
        }
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
        self.check_sharing();
        self
    }

    /// Asserts that a state that is divided is of rules that go element by element.
    #[track_caller]
    pub(super) fn check_sharing(&self) {
        let mut rules = self.groups.iter().map(|(rule, _)| rule).chain([&self.rule]);
        assert!(
            self.sharing.is_none() || rules.all(|rule| rule.is_elementwise()),
            "a sharded optimizer changes each element by its own gradient, and one of its rules reads all of a parameter, as \
             Adafactor and Muon do"
        );
    }

    /// The ranks that divide the state of this parameter, if they do: one that they have alike.
    pub(super) fn sharing_of(&self, parameter: &Parameter<'_, B>) -> Option<&Sharing> {
        self.sharing.as_ref().filter(|sharing| sharing.divides::<B>(parameter.array()))
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
    /// The gradients are [shares](super::ShardedGradients), and the state is not divided along the same axis of the same mesh.
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
    pub fn step<M, G>(&mut self, model: &mut M, gradients: &G, factor: f64)
    where
        // The backend is known by the gradients, before the model is asked for its parameters on it.
        G: StepGradients<B>,
        M: Module<B>,
    {
        gradients.check(self.sharing.as_ref());
        model.for_each(|parameter| {
            let Some(gradient) = gradients.of_parameter(self.sharing_of(&parameter), &parameter) else { return };
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
        let mut shares = Vec::new();
        model.for_each_mut(|mut parameter| {
            let shown = parameter.as_parameter();
            let Some(gradient) = gradients.of_parameter(self.sharing_of(&shown), &shown) else { return };
            is_changed = true;
            let rule = self.rule_for(&shown);
            rule.check();
            let sizes = B::sizes(&gradient).to_vec();
            let (name, kept, part) = (shown.path().to_string(), rule.state(&sizes), shown.any_shape().part());
            let sharing = self.sharing_of(&shown).cloned();
            let is_here = self.sharing.as_ref().is_none_or(|sharing| (self.lies_on)(shown.array(), sharing));
            assert!(is_here, "{} lies on another mesh than that of the optimizer", quoted(&name));
            let is_of_elements = rule.is_elementwise() && kept.iter().all(|kept| *kept == sizes);
            assert!(
                is_of_elements || part.is_none() && sharing.is_none(),
                "the rule for {} reads all of a parameter, of which this rank has a part: {}",
                quoted(&name),
                shown.shape()
            );
            self.parts.extend(part.map(|part| (name.clone(), part)));
            let zeros = |sizes: &Vec<usize>| B::filled(num_traits::zero(), sizes, &B::device(shown.array()));
            let new = || State { steps: 0, moments: kept.iter().map(zeros).collect() };
            assert!(paths.insert(name.clone()), "two parameters of the model have the path `{name}`");
            // Taken out, so that what a rule leaves behind when it panics is not taken for a state.
            let mut state = self.states.remove(&name).unwrap_or_else(new);
            state.check(&name, &kept);
            state.steps += 1;
            let step = |array| {
                let array = no_grad(|| rule.step(array, gradient, &mut state, factor));
                state.check(&name, &kept);
                if let Some(failure) = state.moments.iter().chain([&array]).find_map(B::failure) {
                    panic!("{}: {failure}", quoted(&name));
                }
                array
            };
            match sharing {
                Some(sharing) => {
                    shares.push((step(sharing.share::<B>(shown.array())), shown.sizes().to_vec()));
                    self.shared.insert(name.clone(), shown.sizes().to_vec());
                }
                None => parameter.change(|array| B::track(step(B::detach(array)))),
            }
            self.states.insert(name, state);
        });
        assert!(is_changed, "the step changes nothing: {}", without_gradients(model));
        self.put_together(model, &shares, &paths);
    }

    /// Parameters of the shares of all ranks, which have come in the order of the model: of those that were changed, by their paths.
    fn put_together<M: Module<B>>(
        &self,
        model: &mut M,
        shares: &[(ArrayOf<B>, Vec<usize>)],
        changed: &BTreeSet<String>,
    ) {
        let Some(sharing) = &self.sharing else { return };
        let mut whole = no_grad(|| sharing.gather::<B>(shares)).into_iter();
        model.for_each_mut(|mut parameter| {
            let shown = parameter.as_parameter();
            if sharing.divides::<B>(shown.array()) && changed.contains(&shown.path().to_string()) {
                let array = whole.next().expect("a share of each parameter that has a gradient");
                parameter.change(|_| B::track(array));
            }
        });
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
        let (mut states, mut parts, mut shared) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        model.for_each(|parameter| {
            let name = parameter.path().to_string();
            parts.extend(parameter.any_shape().part().map(|part| (name.clone(), part)));
            let weights = weights.at(&name);
            // A parameter without a step has nothing.
            if weights.has("steps") {
                let steps = weights.number("steps");
                let kept = self.rule_for(&parameter).state(parameter.sizes());
                let moment = |(i, sizes): (usize, Vec<usize>)| {
                    let described = format!("{sizes:?}");
                    let is_like = sizes == parameter.sizes();
                    let shape: &dyn AnyShape = if is_like { parameter.any_shape() } else { &described };
                    weights.array(&i.to_string(), &sizes, shape)
                };
                let mut moments: Vec<_> = kept.into_iter().enumerate().map(moment).collect();
                if let Some(sharing) = self.sharing_of(&parameter) {
                    moments = moments.iter().map(|moment| sharing.share::<B>(moment)).collect();
                    shared.insert(name.clone(), parameter.sizes().to_vec());
                }
                states.insert(name, State { steps, moments });
            }
        });
        Optimizer { states, parts, shared, ..self.clone() }
    }

    /// Adds the state to a file: for each parameter that had a step, below `name` and its path, `steps` and the moments by
    /// number. What ranks of a mesh have parts or shares of is whole there, so that all of them call this.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Source, Writer}, optim::{Adam, Optimizer}};
    /// dims! { Embed = 2; }
    /// #[derive(Module)]
    /// struct Model {
    ///     weight: Tensor<(Embed,)>,
    /// }
    /// let mut model = Model { weight: Tensor::ones((Embed,)).tracked() };
    /// let mut optimizer = Optimizer::new(Adam::default());
    /// let gradients = model.weight.square().sum(Embed).backward();
    /// optimizer.step(&mut model, &gradients, 1.0);
    /// let mut writer = Writer::default();
    /// optimizer.save("optimizer", &mut writer);
    /// let names = ["optimizer.weight.0", "optimizer.weight.1", "optimizer.weight.steps"];
    /// assert_eq!(SafeTensors::from_bytes(writer.to_bytes()?)?.names(), names);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    #[cfg(any(feature = "gguf", feature = "safetensors"))]
    pub fn save(&self, name: &str, writer: &mut crate::io::Writer) {
        for (path, State { steps, moments }) in &self.states {
            writer.add_elements(format!("{name}.{path}.steps"), &[], &[*steps]);
            let shared = self.sharing.as_ref().zip(self.shared.get(path));
            for (i, moment) in moments.iter().enumerate() {
                let whole =
                    shared.map(|(sharing, sizes)| sharing.gather::<B>(&[(moment.clone(), sizes.clone())]).remove(0));
                let moment = whole.as_ref().unwrap_or(moment);
                writer.add_array::<B>(format!("{name}.{path}.{i}"), moment, self.parts.get(path).cloned());
            }
        }
    }
}

impl<B: Autodiff> Debug for Optimizer<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Optimizer with the state of {} parameters", self.states.len())
    }
}
