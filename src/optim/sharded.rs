//! The state of an optimizer, divided among the ranks along an axis of a mesh.

use super::{Optimizer, StepGradients};
use crate::backend::{ArrayOf, Autodiff, Binary, constant, no_grad};
use crate::dim::Dim;
use crate::mesh::{Mesh, MeshBackend, Sharing};
use crate::module::{Module, Parameter, squares, without_gradients};
use crate::sealed::Sealed;
use crate::shape::{Axis, Is, OneNumber, Shape};
use crate::tensor::Tensor;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

/// The state, and the gradients, divided among ranks: ZeRO, stages 1 and 2.
impl<B: Autodiff> Optimizer<B> {
    /// The same optimizer with its state divided among the ranks along an axis of the mesh, which have the parameters alike: those
    /// along which the batch is divided ([Rajbhandari et al. 2019](https://arxiv.org/abs/1910.02054)).
    ///
    /// Each rank keeps the state of its share of each parameter, changes that, and gets what the others have changed: in one message.
    /// Of `n` elements it has `n / ranks`, rounded up. Of a parameter of which ranks have parts along that axis, each keeps the state
    /// of its part as before. Results are bit for bit those of the same mesh without shares.
    ///
    /// [`step`](Self::step) takes the gradients of [`Tensor::backward`], which each rank has all of (stage 1). It takes those of
    /// [`backward`](Self::backward) as well, where each rank gets the sums of its shares alone (stage 2): half of the bytes of the
    /// former message, and a share of the memory once the backward pass has ended.
    ///
    /// ```
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// use congruent::prelude::*;
    /// dims! { Data = 2; Batch = 4; Embed = 6; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let batch = mesh.shard(Batch, Data);
    ///     let mut model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let x = Tensor::ones((batch, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let mut optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let loss = (&x * &model).square().mean(Embed).partial_mean(batch).all_reduce();
    ///     let mut gradients = optimizer.backward(loss);
    ///     gradients.clip_norm(&model, 1.0);
    ///     optimizer.step(&mut model, &gradients, 1.0);
    ///     // Two means of Adam, of three elements of six.
    ///     assert_eq!(optimizer.state_elements(), 6);
    /// });
    /// ```
    ///
    /// # Panics
    /// A rule reads all of a parameter ([`Rule::is_elementwise`](super::Rule::is_elementwise)). The state is divided already.
    #[track_caller]
    #[doc(alias("zero", "ZeroRedundancyOptimizer", "fsdp"))]
    pub fn sharded<A, M, Position>(mut self, mesh: &Mesh<A>, axis: M) -> Self
    where
        B: MeshBackend,
        A: Shape + Axis<M, Position, Dim = M>,
        M: Dim,
    {
        assert!(self.sharing.is_none(), "the state of the optimizer is divided already");
        let sharing = mesh.sharing(axis);
        for (path, state) in &mut self.states {
            let Some(first) = state.moments.first().filter(|first| sharing.divides::<B>(first)) else { continue };
            self.shared.insert(path.clone(), B::sizes(first).to_vec());
            state.moments = state.moments.iter().map(|moment| sharing.share::<B>(moment)).collect();
        }
        (self.sharing, self.lies_on) = (Some(sharing), B::lies_on);
        self.check_sharing();
        self
    }

    /// The gradients of a loss, of which this rank has its share: the sums of all ranks along the axis of [`sharded`](Self::sharded),
    /// in one message.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let mut model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let mut optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let gradients = optimizer.backward(model.square().sum(Embed));
    ///     optimizer.step(&mut model, &gradients, 1.0);
    ///     assert!(model.to_vec().iter().all(|x| *x < 1.0));
    /// });
    /// ```
    ///
    /// # Panics
    /// As [`Tensor::backward`]; the optimizer is not [`sharded`](Self::sharded).
    #[track_caller]
    pub fn backward<S, X>(&self, loss: Tensor<S, B>) -> ShardedGradients<B>
    where
        B: MeshBackend,
        S: Shape + Is<X>,
        X: OneNumber,
    {
        let sharing = divided(self.sharing.as_ref());
        assert!(
            loss.is_tracked(),
            "the loss depends on nothing that is tracked: call `track` on the model before it is calculated, and calculate it \
             outside of `no_grad`"
        );
        assert!(B::lies_on(loss.array(), sharing), "the loss lies on another mesh than the optimizer's");
        let shares = no_grad(|| B::backward_in_shares(loss.into_array(), sharing));
        let key = |(leaf, share): (Arc<_>, _)| (address(&leaf), (leaf, share));
        ShardedGradients { shares: shares.into_iter().map(key).collect(), sharing: sharing.clone() }
    }

    /// How many elements of its state this rank has.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let mut model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let mut optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     assert_eq!(optimizer.state_elements(), 0);
    ///     let gradients = optimizer.backward(model.square().sum(Embed));
    ///     optimizer.step(&mut model, &gradients, 1.0);
    ///     // Two means of Adam, of two elements of four.
    ///     assert_eq!(optimizer.state_elements(), 4);
    /// });
    /// ```
    pub fn state_elements(&self) -> usize {
        let moments = self.states.values().flat_map(|state| &state.moments);
        moments.map(|moment| B::sizes(moment).iter().product::<usize>()).sum()
    }
}

/// The gradients of a loss with respect to the parameters of a model, of each of which this rank has a share:
/// [`Optimizer::backward`].
pub struct ShardedGradients<B: Autodiff> {
    /// By the address of what tells parameters apart, which is held.
    shares: BTreeMap<usize, (Arc<dyn Any + Send + Sync>, ArrayOf<B>)>,
    sharing: Sharing,
}

#[track_caller]
fn divided(sharing: Option<&Sharing>) -> &Sharing {
    sharing.expect("the state of the optimizer is not divided: `optimizer.sharded(&mesh, axis)`")
}

fn address(leaf: &Arc<dyn Any + Send + Sync>) -> usize {
    Arc::as_ptr(leaf).cast::<()>().addr()
}

impl<B: MeshBackend> ShardedGradients<B> {
    /// The length of the gradients of the model as one vector: of all shares.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let gradients = optimizer.backward((&model * 3.0).sum(Embed));
    ///     assert_eq!(gradients.norm(&model), 6.0);
    /// });
    /// ```
    pub fn norm<M: Module<B>>(&self, model: &M) -> f64 {
        self.norms(model).into_iter().map(|(_, norm)| norm * norm).sum::<f64>().sqrt()
    }

    /// The length of the gradient of each parameter, by its path, in the order of the model: of those that have one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let gradients = optimizer.backward((&model * 3.0).sum(Embed));
    ///     // A model of one parameter, which has no name.
    ///     assert_eq!(gradients.norms(&model), [(String::new(), 6.0)]);
    /// });
    /// ```
    pub fn norms<M: Module<B>>(&self, model: &M) -> Vec<(String, f64)> {
        let mut gradients = Vec::new();
        model.for_each(|parameter| {
            gradients.extend(self.share_of(&parameter).map(|share| (parameter.path().to_string(), share)));
        });
        squares::<B>(gradients).into_iter().map(|(path, square)| (path, square.sqrt())).collect()
    }

    /// Makes the gradients of the model smaller by one factor, so that their [`norm`](Self::norm) is at most `largest`. Returns the
    /// norm before: as [`Gradients::clip_norm`](crate::tensor::Gradients::clip_norm).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let mut gradients = optimizer.backward((&model * 3.0).sum(Embed));
    ///     assert_eq!(gradients.clip_norm(&model, 1.0), 6.0);
    ///     assert!((gradients.norm(&model) - 1.0).abs() < 1e-6);
    /// });
    /// ```
    pub fn clip_norm<M: Module<B>>(&mut self, model: &M, largest: f64) -> f64 {
        let norm = self.norm(model);
        if norm.is_finite() && norm > largest {
            self.scale(model, |_| largest / norm);
        }
        norm
    }

    /// Multiplies the gradient of each parameter by what `factor` says of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let mut gradients = optimizer.backward((&model * 3.0).sum(Embed));
    ///     gradients.scale(&model, |_| 0.5);
    ///     assert_eq!(gradients.norm(&model), 3.0);
    /// });
    /// ```
    pub fn scale<M: Module<B>>(&mut self, model: &M, mut factor: impl FnMut(&Parameter<'_, B>) -> f64) {
        model.for_each(|parameter| {
            if let Some(share) = self.get_mut(&parameter) {
                let factor = constant(factor(&parameter));
                *share = no_grad(|| B::binary_scalar(Binary::Mul, share.clone(), factor));
            }
        });
    }

    /// Adds those of another loss of the same model, which has not changed between the two.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::optim::{AdamW, Optimizer};
    /// dims! { Data = 2; Embed = 4; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Data,)).unwrap();
    ///     let model = Tensor::ones((Embed,)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
    ///     let optimizer = Optimizer::new(AdamW::default()).sharded(&mesh, Data);
    ///     let mut gradients = optimizer.backward((&model * 3.0).sum(Embed));
    ///     gradients.accumulate(&model, &optimizer.backward(model.sum(Embed)));
    ///     assert_eq!(gradients.norm(&model), 8.0);
    /// });
    /// ```
    ///
    /// # Panics
    /// One of the two has no gradient of a parameter of the model: it is of a loss of another model, or the model has changed since.
    #[track_caller]
    pub fn accumulate<M: Module<B>>(&mut self, model: &M, other: &Self) {
        let mut is_any = [false; 2];
        model.for_each(|parameter| {
            let (own, addend) = (self.share_of(&parameter), other.share_of(&parameter));
            is_any = [is_any[0] | own.is_some(), is_any[1] | addend.is_some()];
            let (Some(leaf), Some(addend)) = (B::leaf(parameter.array()), addend) else { return };
            let sum = own.map_or(addend.clone(), |own| no_grad(|| B::binary(Binary::Add, own, addend)));
            self.shares.insert(address(&leaf), (leaf, sum));
        });
        assert!(is_any == [true; 2], "nothing is accumulated: {}", without_gradients(model));
    }

    fn share_of(&self, parameter: &Parameter<'_, B>) -> Option<ArrayOf<B>> {
        let leaf = B::leaf(parameter.array()).filter(|_| !parameter.is_buffer())?;
        self.shares.get(&address(&leaf)).map(|(_, share)| share.clone())
    }

    fn get_mut(&mut self, parameter: &Parameter<'_, B>) -> Option<&mut ArrayOf<B>> {
        let leaf = B::leaf(parameter.array()).filter(|_| !parameter.is_buffer())?;
        self.shares.get_mut(&address(&leaf)).map(|(_, share)| share)
    }
}

impl<B: MeshBackend> StepGradients<B> for ShardedGradients<B> {
    #[track_caller]
    fn check(&self, sharing: Option<&Sharing>) {
        let (own, other) = (divided(sharing), &self.sharing);
        let is_one = own.axis() == other.axis() && Arc::ptr_eq(own.ranks(), other.ranks());
        assert!(is_one, "these gradients are divided {other:?}, and the state of the optimizer {own:?}");
    }
    fn of_parameter(&self, _: Option<&Sharing>, parameter: &Parameter<'_, B>) -> Option<ArrayOf<B>> {
        self.share_of(parameter)
    }
    fn sealed(_: Sealed) {}
}

impl<B: Autodiff> Debug for ShardedGradients<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Shares of the gradients of {} arrays, {:?}", self.shares.len(), self.sharing)
    }
}
