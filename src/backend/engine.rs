//! Engines: arrays, devices, and what of them a backend has.

use super::{AttentionMask, AttentionOptions, Backend, Element, Primitive};
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
}
