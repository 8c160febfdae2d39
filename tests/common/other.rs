//! Another engine: it calculates as the processor's does, has devices that may fail, and counts what goes to them and what comes
//! back.

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
    /// Of the sizes that it should have, if it failed too.
    inner: cpu::Array<P>,
    device: Device,
    failed: Option<Failure>,
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

thread_local! {
    static LOOKUPS: Cell<usize> = const { Cell::new(0) };
    static PRODUCTS: Cell<usize> = const { Cell::new(0) };
}

/// How often `f` multiplies matrices.
pub fn products<R>(f: impl FnOnce() -> R) -> (R, usize) {
    PRODUCTS.set(0);
    let result = f();
    (result, PRODUCTS.get())
}

/// How often `f` chooses rows of a table.
pub fn lookups<R>(f: impl FnOnce() -> R) -> (R, usize) {
    LOOKUPS.set(0);
    let result = f();
    (result, LOOKUPS.get())
}

/// What the devices of this thread can do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How large an array may be.
    pub bytes: usize,
    /// After how many operations a device is lost.
    pub operations: usize,
}

impl Limits {
    pub const NONE: Limits = Limits { bytes: usize::MAX, operations: usize::MAX };
}

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(Limits::NONE) };
}

/// What `f` gives while devices can do no more than that.
pub fn limited<R>(limits: Limits, f: impl FnOnce() -> R) -> R {
    struct Restored(Limits);
    impl Drop for Restored {
        fn drop(&mut self) {
            LIMITS.set(self.0);
        }
    }
    let _restored = Restored(LIMITS.replace(limits));
    f()
}

thread_local! {
    static WRONG: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// What `f` gives while this operation gives arrays of another shape, or another number of elements.
pub fn wrong<R>(operation: &'static str, f: impl FnOnce() -> R) -> R {
    struct Restored;
    impl Drop for Restored {
        fn drop(&mut self) {
            WRONG.set(None);
        }
    }
    let _restored = Restored;
    WRONG.set(Some(operation));
    f()
}

/// What the device says to an operation that makes so many bytes.
fn refused(operation: &str, bytes: usize, device: Device) -> Option<Failure> {
    let limits = LIMITS.get();
    let failure = |reason: String| Failure { operation: operation.to_owned(), device: device.to_string(), reason };
    if limits.operations == 0 {
        return Some(failure("the device is lost".to_owned()));
    }
    if limits.operations < usize::MAX {
        LIMITS.set(Limits { operations: limits.operations - 1, ..limits });
    }
    (bytes > limits.bytes).then(|| failure(format!("{bytes} bytes asked for, and {} are free", limits.bytes)))
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
    fn made_of<P: Primitive>(
        x: &Array<P>,
        value: Array<P>,
        backward: impl Fn(Array<P>) -> Array<P> + Send + Sync + 'static,
    ) -> Array<P> {
        let Array { inner, device, failed } = value;
        let backward = move |inner| backward(Array { inner, device, failed: None }).inner;
        Array { inner: <Cpu<P> as Backend>::Engine::made_of::<P>(&x.inner, inner, backward), device, failed }
    }
}

impl<P: Primitive> Array<P> {
    fn new(operation: &str, inner: cpu::Array<P>, device: Device, failed: Option<Failure>) -> Self {
        let inner = match WRONG.get() == Some(operation) {
            true => Cpu::<P>::reshape(&inner, &[&[1], inner.sizes()].concat()),
            false => inner,
        };
        let is_view = ["permute", "reshape", "narrow", "broadcast"].contains(&operation);
        let bytes = if is_view { 0 } else { inner.sizes().iter().product::<usize>() * size_of::<P>() };
        let failed = failed.or_else(|| refused(operation, bytes, device));
        Array { inner, device, failed }
    }
    /// What the processor makes of arrays on one device.
    fn of<Q: Primitive>(&self, operation: &str, inner: cpu::Array<Q>) -> Array<Q> {
        Array::new(operation, inner, self.device, self.failed.clone())
    }
    /// The same array, for what is calculated of it and another.
    fn beside<Q: Primitive>(&self, other: &Array<Q>) -> Array<P> {
        assert_eq!(self.device, other.device, "arrays are on {} and {}", self.device, other.device);
        Array { failed: self.failed.clone().or_else(|| other.failed.clone()), ..self.clone() }
    }
}

impl<T: Element> Backend for Other<T> {
    type Engine = Others;
    type Elem = T;

    fn from_elements(elements: Vec<PrimitiveOf<Self>>, sizes: &[usize], device: &Device) -> ArrayOf<Self> {
        let before = TRANSFERS.get();
        TRANSFERS.set(Transfers { uploaded: before.uploaded + elements.len(), ..before });
        Array::new("from_elements", Cpu::<T>::from_elements(elements, sizes, &Default::default()), *device, None)
    }
    fn filled(value: PrimitiveOf<Self>, sizes: &[usize], device: &Device) -> ArrayOf<Self> {
        Array::new("filled", Cpu::<T>::filled(value, sizes, &Default::default()), *device, None)
    }
    fn to_vec(x: &ArrayOf<Self>) -> Result<Vec<PrimitiveOf<Self>>, Failure> {
        if let Some(failure) = x.failed.clone().or_else(|| refused("to_vec", 0, x.device)) {
            return Err(failure);
        }
        let mut elements = Cpu::<T>::to_vec(&x.inner)?;
        if WRONG.get() == Some("to_vec") {
            elements.pop();
        }
        let before = TRANSFERS.get();
        TRANSFERS.set(Transfers { downloaded: before.downloaded + elements.len(), ..before });
        Ok(elements)
    }
    fn failure(x: &ArrayOf<Self>) -> Option<Failure> {
        x.failed.clone()
    }
    fn as_slice(x: &ArrayOf<Self>) -> Option<&[PrimitiveOf<Self>]> {
        // That it has more elements than the array.
        (WRONG.get() == Some("as_slice")).then(|| &*vec![Cpu::<T>::to_vec(&x.inner).unwrap()[0]; 99].leak())
    }
    fn is_tracked(x: &ArrayOf<Self>) -> bool {
        Cpu::<T>::is_tracked(&x.inner)
    }
    fn tracked_like(x: ArrayOf<Self>, like: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Float,
    {
        Array { inner: Cpu::<T>::tracked_like(x.inner, &like.inner), ..x }
    }
    fn detach(x: ArrayOf<Self>) -> ArrayOf<Self> {
        Array { inner: Cpu::<T>::detach(x.inner), ..x }
    }
    fn permute(x: &ArrayOf<Self>, order: &[usize]) -> ArrayOf<Self> {
        x.of("permute", Cpu::<T>::permute(&x.inner, order))
    }
    fn reshape(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.of("reshape", Cpu::<T>::reshape(&x.inner, sizes))
    }
    fn narrow(x: &ArrayOf<Self>, axis: usize, start: usize, len: usize) -> ArrayOf<Self> {
        x.of("narrow", Cpu::<T>::narrow(&x.inner, axis, start, len))
    }
    fn broadcast(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.of("broadcast", Cpu::<T>::broadcast(&x.inner, sizes))
    }
    fn concat(parts: &[&ArrayOf<Self>], axis: usize) -> ArrayOf<Self> {
        let all = parts.iter().fold(parts[0].clone(), |all, part| all.beside(part));
        all.of("concat", Cpu::<T>::concat(&parts.iter().map(|part| &part.inner).collect::<Vec<_>>(), axis))
    }
    fn gather(table: &ArrayOf<Self>, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self> {
        LOOKUPS.set(LOOKUPS.get() + 1);
        table.beside(ids).of("gather", Cpu::<T>::gather(&table.inner, &ids.inner))
    }
    fn cast<U: Number>(x: &ArrayOf<Self>) -> ArrayOf<Self, U>
    where
        T: Number,
    {
        x.of("cast", Cpu::<T>::cast::<U>(&x.inner))
    }
    fn unary(op: Unary, x: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Float,
    {
        Array::new("unary", Cpu::<T>::unary(op, x.inner), x.device, x.failed)
    }
    fn binary(op: Binary, x: ArrayOf<Self>, y: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        let x = x.beside(&y);
        Array::new("binary", Cpu::<T>::binary(op, x.inner, y.inner), x.device, x.failed)
    }
    fn compare(op: Compare, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self, bool>
    where
        T: PartialOrd,
    {
        x.beside(y).of("compare", Cpu::<T>::compare(op, &x.inner, &y.inner))
    }
    fn select(condition: &ArrayOf<Self, bool>, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self> {
        x.beside(y).beside(condition).of("select", Cpu::<T>::select(&condition.inner, &x.inner, &y.inner))
    }
    fn reduce(op: Reduce, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        T: Number,
    {
        x.of("reduce", Cpu::<T>::reduce(op, &x.inner, axis))
    }
    fn matmul(x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        PRODUCTS.set(PRODUCTS.get() + 1);
        x.beside(y).of("matmul", Cpu::<T>::matmul(&x.inner, &y.inner))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Float> Autodiff for Other<T> {
    type Gradients = Gradients;

    fn track(x: ArrayOf<Self>) -> ArrayOf<Self> {
        Array { inner: Cpu::<T>::track(x.inner), ..x }
    }
    fn backward(x: ArrayOf<Self>) -> Gradients {
        let failed = x.failed.or_else(|| refused("backward", 0, x.device));
        Gradients { inner: Cpu::<T>::backward(x.inner), failed }
    }
    fn gradient(gradients: &Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>> {
        let inner = Cpu::<T>::gradient(&gradients.inner, &x.inner)?;
        Some(Array { inner, device: x.device, failed: gradients.failed.clone() })
    }
    fn set_gradient(gradients: &mut Gradients, x: &ArrayOf<Self>, gradient: ArrayOf<Self>) {
        Cpu::<T>::set_gradient(&mut gradients.inner, &x.inner, gradient.inner);
        gradients.failed = gradients.failed.take().or(gradient.failed);
    }
}

/// The gradients of a number.
#[derive(Debug)]
pub struct Gradients {
    inner: cpu::Gradients,
    failed: Option<Failure>,
}

/// A device that is not the default.
pub fn second() -> DeviceOf<Other<f32>> {
    Device(1)
}
