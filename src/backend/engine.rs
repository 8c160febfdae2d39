//! Engines: arrays, devices, and what of them a backend has.

use super::{AttentionMask, AttentionOptions, Backend, Collective, Element, Primitive, composed, is_recording};
use crate::mesh_axes::{MeshAxes, MeshAxis};
use half::f16;
use std::any::type_name;
use std::fmt::{Debug, Display};

/// The array that the engine of `B` uses for elements of type `T`: by default, those of `B`.
pub type ArrayOf<B, T = <B as Backend>::Elem> = <<B as Backend>::Engine as Engine>::Array<<T as Element>::Primitive>;

/// The backend for elements of type `T` on the engine of `B`.
pub type With<B, T> = <<B as Backend>::Engine as Engine>::Backend<T>;

/// The device type of the engine of `B`.
pub type DeviceOf<B> = <<B as Backend>::Engine as Engine>::Device;

/// What the engine of `B` stores of an element.
pub type PrimitiveOf<B> = <<B as Backend>::Elem as Element>::Primitive;

/// Which keys each query may attend to, on the engine of `B`.
pub type MaskOf<B> = AttentionMask<ArrayOf<B, bool>>;

/// Which keys each query may attend to, on an engine.
pub type MaskIn<E> = AttentionMask<<E as Engine>::Array<bool>>;

/// How weights are made of the products of queries and keys, on the engine of `B`.
pub type OptionsOf<'a, B> = AttentionOptions<'a, ArrayOf<B>>;

/// The most axes of an array: the typed layer needs 6, a split axis in between more.
pub const MAX_RANK: usize = 8;

/// Where arrays are, and what they are.
pub trait Engine: Copy + Debug + Send + Sync + 'static {
    /// An array: its sizes and a shared, immutable buffer on a device. Cloning one copies no elements.
    type Array<P: Primitive>: Clone + Debug + Send + Sync + 'static;
    /// Where arrays lie. An engine that has one place alone says so by a type of one value. The default is where tensors are
    /// made if nobody says where.
    type Device: Clone + Debug + Display + PartialEq + Default + Send + Sync;
    /// The operations on arrays of elements `T`.
    type Backend<T: Element>: Backend<Elem = T, Engine = Self>;

    /// The size of each axis.
    fn sizes<P: Primitive>(x: &Self::Array<P>) -> &[usize];
    /// Where the array lies.
    fn device<P: Primitive>(x: &Self::Array<P>) -> Self::Device;

    /// `value`, which was made of `x` by other means than the operations of this engine, with a backward pass: from the gradient of
    /// `value` that of `x`. An engine without gradients gives `value`; one that has them and leaves this out trains on no mesh.
    fn made_of<P: Primitive>(
        x: &Self::Array<P>,
        value: Self::Array<P>,
        backward: impl Fn(Self::Array<P>) -> Self::Array<P> + Send + Sync + 'static,
    ) -> Self::Array<P> {
        let _ = (x, backward);
        value
    }

    /// The numbers, each the nearest one of half precision, without their gradient: for keys and values that are held so.
    fn to_half_precision(x: &Self::Array<f32>) -> Self::Array<f16> {
        <Self::Backend<f32> as Backend>::cast::<f16>(&<Self::Backend<f32> as Backend>::detach(x.clone()))
    }
    /// The numbers in single precision, for attention to keys and values that are held in half of it: an engine that widens some at a
    /// time as it attends need not have all of them at once.
    fn of_half_precision(x: &Self::Array<f16>) -> Self::Array<f32> {
        <Self::Backend<f16> as Backend>::cast::<f32>(x)
    }
    /// As [`of_half_precision`](Self::of_half_precision), of integers that are multiples of a unit: there is one for each row, the last
    /// axis, which is of size 1 there.
    fn of_multiples(numbers: &Self::Array<i8>, units: &Self::Array<f32>) -> Self::Array<f32> {
        composed::of_multiples::<Self::Backend<f32>>(numbers, units)
    }

    /// The axes of a mesh along which ranks have different parts of the array, or have it at all. An engine of one rank has none.
    fn varies<P: Primitive>(x: &Self::Array<P>) -> MeshAxes {
        let _ = x;
        MeshAxes::NONE
    }
    /// The array, of which each rank along these axes has a part of its own.
    fn placed<P: Primitive>(x: Self::Array<P>, axes: MeshAxes) -> Self::Array<P> {
        let _ = axes;
        x
    }
    /// What the ranks along an axis of the mesh do together, each with its array.
    ///
    /// # Panics
    /// The engine has no ranks: it is not that of [`OnMesh`](crate::mesh::OnMesh).
    #[track_caller]
    fn together<P: Primitive>(collective: Collective, x: &Self::Array<P>, axis: MeshAxis) -> Self::Array<P> {
        let _ = (x, axis);
        let engine = type_name::<Self>();
        panic!(
            "{collective:?} on `{engine}`, which has no ranks: tensors go to those of a mesh by `to_engine::<OnMesh<_>>`"
        );
    }
}

/// What was made of an array, with a backward pass.
///
/// # Panics
/// The engine calculates gradients, and takes no such pass: they would be lost.
pub(crate) fn made_of<B: Backend>(
    x: &ArrayOf<B>,
    value: ArrayOf<B>,
    backward: impl Fn(ArrayOf<B>) -> ArrayOf<B> + Send + Sync + 'static,
) -> ArrayOf<B> {
    let y = B::Engine::made_of::<PrimitiveOf<B>>(x, value, backward);
    let is_kept = B::is_tracked(&y) || !B::is_tracked(x) || !is_recording();
    assert!(is_kept, "`{}` has no `Engine::made_of`, which gradients on a mesh need", type_name::<B>());
    y
}
