//! Another engine: it calculates as the processor's does, has devices, and counts what goes to them and what comes back.

// Each test uses some of it.
#![allow(dead_code)]

use congruent::backend::{
    ArrayOf, Autodiff, Backend, Binary, Compare, DeviceOf, Element, Engine, Failure, Float, Number, Primitive,
    PrimitiveOf, Reduce, Unary,
};
use congruent::cpu::{self, Cpu};
use std::cell::Cell;
use std::fmt::{self, Display, Formatter};
use std::marker::PhantomData;

/// The backend.
#[derive(Clone, Copy, Debug)]
pub struct Other<T>(PhantomData<fn() -> T>);

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Others;

/// One of its devices, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device(pub usize);

/// An array on a device.
#[derive(Clone, Debug)]
pub struct Array<P: Primitive> {
    inner: cpu::Array<P>,
    device: Device,
}

/// How many elements went to devices and came from them, of this thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    pub uploaded: usize,
    pub downloaded: usize,
}

thread_local! {
    static TRANSFERS: Cell<Transfers> = const { Cell::new(Transfers { uploaded: 0, downloaded: 0 }) };
}

/// What `f` transfers.
pub fn transfers<R>(f: impl FnOnce() -> R) -> (R, Transfers) {
    TRANSFERS.set(Transfers::default());
    let result = f();
    (result, TRANSFERS.get())
}

impl Display for Device {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "device {}", self.0)
    }
}

impl Engine for Others {
    type Array<P: Primitive> = Array<P>;
    type Device = Device;
    type Backend<T: Element> = Other<T>;
    fn sizes<P: Primitive>(x: &Array<P>) -> &[usize] {
        x.inner.sizes()
    }
    fn device<P: Primitive>(x: &Array<P>) -> Device {
        x.device
    }
}

impl<P: Primitive> Array<P> {
    /// What the processor makes of arrays on one device.
    fn of<Q: Primitive>(&self, inner: cpu::Array<Q>) -> Array<Q> {
        Array { inner, device: self.device }
    }
    fn beside<Q: Primitive>(&self, other: &Array<Q>) {
        assert_eq!(self.device, other.device, "arrays are on {} and {}", self.device, other.device);
    }
}

impl<T: Element> Backend for Other<T> {
    type Engine = Others;
    type Elem = T;

    fn from_elements(elements: Vec<PrimitiveOf<Self>>, sizes: &[usize], device: &Device) -> ArrayOf<Self> {
        let before = TRANSFERS.get();
        TRANSFERS.set(Transfers { uploaded: before.uploaded + elements.len(), ..before });
        Array { inner: Cpu::<T>::from_elements(elements, sizes, &Default::default()), device: *device }
    }
    fn filled(value: PrimitiveOf<Self>, sizes: &[usize], device: &Device) -> ArrayOf<Self> {
        Array { inner: Cpu::<T>::filled(value, sizes, &Default::default()), device: *device }
    }
    fn to_vec(x: &ArrayOf<Self>) -> Result<Vec<PrimitiveOf<Self>>, Failure> {
        let elements = Cpu::<T>::to_vec(&x.inner)?;
        let before = TRANSFERS.get();
        TRANSFERS.set(Transfers { downloaded: before.downloaded + elements.len(), ..before });
        Ok(elements)
    }
    fn is_tracked(x: &ArrayOf<Self>) -> bool {
        Cpu::<T>::is_tracked(&x.inner)
    }
    fn tracked_like(x: ArrayOf<Self>, like: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Float,
    {
        Array { inner: Cpu::<T>::tracked_like(x.inner, &like.inner), device: x.device }
    }
    fn detach(x: ArrayOf<Self>) -> ArrayOf<Self> {
        Array { inner: Cpu::<T>::detach(x.inner), device: x.device }
    }
    fn permute(x: &ArrayOf<Self>, order: &[usize]) -> ArrayOf<Self> {
        x.of(Cpu::<T>::permute(&x.inner, order))
    }
    fn reshape(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.of(Cpu::<T>::reshape(&x.inner, sizes))
    }
    fn narrow(x: &ArrayOf<Self>, axis: usize, start: usize, len: usize) -> ArrayOf<Self> {
        x.of(Cpu::<T>::narrow(&x.inner, axis, start, len))
    }
    fn broadcast(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.of(Cpu::<T>::broadcast(&x.inner, sizes))
    }
    fn concat(parts: &[&ArrayOf<Self>], axis: usize) -> ArrayOf<Self> {
        parts.iter().for_each(|part| parts[0].beside(part));
        parts[0].of(Cpu::<T>::concat(&parts.iter().map(|part| &part.inner).collect::<Vec<_>>(), axis))
    }
    fn gather(table: &ArrayOf<Self>, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self> {
        table.beside(ids);
        table.of(Cpu::<T>::gather(&table.inner, &ids.inner))
    }
    fn cast<U: Number>(x: &ArrayOf<Self>) -> ArrayOf<Self, U>
    where
        T: Number,
    {
        x.of(Cpu::<T>::cast::<U>(&x.inner))
    }
    fn unary(op: Unary, x: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Float,
    {
        Array { inner: Cpu::<T>::unary(op, x.inner), device: x.device }
    }
    fn binary(op: Binary, x: ArrayOf<Self>, y: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        x.beside(&y);
        Array { inner: Cpu::<T>::binary(op, x.inner, y.inner), device: x.device }
    }
    fn compare(op: Compare, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self, bool>
    where
        T: PartialOrd,
    {
        x.beside(y);
        x.of(Cpu::<T>::compare(op, &x.inner, &y.inner))
    }
    fn select(condition: &ArrayOf<Self, bool>, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self> {
        x.beside(y);
        x.beside(condition);
        x.of(Cpu::<T>::select(&condition.inner, &x.inner, &y.inner))
    }
    fn reduce(op: Reduce, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        T: Number,
    {
        x.of(Cpu::<T>::reduce(op, &x.inner, axis))
    }
    fn matmul(x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        x.beside(y);
        x.of(Cpu::<T>::matmul(&x.inner, &y.inner))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Float> Autodiff for Other<T> {
    type Gradients = Gradients;

    fn track(x: ArrayOf<Self>) -> ArrayOf<Self> {
        Array { inner: Cpu::<T>::track(x.inner), device: x.device }
    }
    fn backward(x: ArrayOf<Self>) -> Gradients {
        Gradients(Cpu::<T>::backward(x.inner))
    }
    fn gradient(gradients: &Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>> {
        Cpu::<T>::gradient(&gradients.0, &x.inner).map(|inner| x.of(inner))
    }
    fn set_gradient(gradients: &mut Gradients, x: &ArrayOf<Self>, gradient: ArrayOf<Self>) {
        Cpu::<T>::set_gradient(&mut gradients.0, &x.inner, gradient.inner);
    }
}

/// The gradients of a number.
#[derive(Debug)]
pub struct Gradients(cpu::Gradients);

/// A device that is not the default.
pub fn second() -> DeviceOf<Other<f32>> {
    Device(1)
}
